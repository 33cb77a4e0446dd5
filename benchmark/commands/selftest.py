"""``ganrepro selftest``: the harness's own error rates, and planted faults that must be found."""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.pack import about, members_of
from benchmark.commands.verify import tables, verified
from benchmark.judging.selftest import faults, paper, rates
from benchmark.judging.selftest.faults import Caught
from benchmark.judging.selftest.rates import LIMIT
from benchmark.judging.selftest.record_faults import forged_in_packs
from benchmark.runs.bundle import write_pack
from benchmark.spec.words import cut

_FLIPS = 40


def selftest_options(to: argparse.ArgumentParser) -> None:
    to.add_argument("--real", action="store_true", help="tiny real runs too: minutes, needs torch")
    opt.add(to, "--json")


def selftest(options: argparse.Namespace) -> int:
    began = time.perf_counter()
    measured, planted, silent = rates.rates(), [*faults.planted(), *packed_faults()], faults.unseen()
    real: list[Caught] = []
    if options.real:
        from benchmark.commands.real_faults import real_faults

        real = real_faults()
    good = all(fault.caught for fault in (*planted, *real)) and all(rate.passed for rate in measured)
    if options.json:
        facts = {
            "limit": LIMIT,
            "rates": [{**rate.model_dump(mode="json"), "rate": rate.rate} for rate in measured],
            "planted": [fault.model_dump(mode="json") for fault in planted],
            "real": [fault.model_dump(mode="json") for fault in real],
            "not_shown_by_records": [fault.model_dump(mode="json") for fault in silent],
            "passed": good,
        }
        terminal.as_json(facts)
        return 0 if good else 1
    print(f"WRONG VERDICTS on made-up records of known truth (limit {100 * LIMIT:.0f} %)")
    for rate in measured:
        mark = "  " if rate.passed else "! "
        line = f"{mark}{rate.kind:<12} {100 * rate.rate:5.1f} %  {rate.wrong:>3} of {rate.judged:<5} {rate.about}"
        held = (
            "" if rate.law == "normal" else f", seeds {rate.law}: {'holds' if rate.rate <= LIMIT else 'does NOT hold'}"
        )
        print(f"{line}{held}")
    _print("PLANTED FAULTS, each must be found", planted)
    if real:
        _print("TINY REAL RUNS, trained one way and recorded as another", real)
    print("\nWHAT RECORDS ALONE CANNOT SHOW, and what would")
    for fault in silent:
        said = " (something was said all the same)" if fault.caught else ""
        print(f"  {fault.fault}{said}\n      {fault.finding}")
    for kind in ("false pass", "false alarm"):
        worst = max(rate.rate for rate in measured if rate.kind == kind and rate.law == "normal")
        print(f"\nlargest {kind} rate {100 * worst:.1f} %", end="")
    print()
    for honest, what in ((False, "false passes among planted faults"), (True, "false alarms on honest evidence")):
        alike = [fault for fault in (*planted, *real) if fault.honest == honest]
        print(f"{what}: {sum(not fault.caught for fault in alike)} of {len(alike)}")
    print(f"{'passed' if good else 'FAILED'}, {time.perf_counter() - began:.0f} s")
    return 0 if good else 1


def _print(title: str, faults: Sequence[Caught]) -> None:
    print(f"\n{title}")
    for fault in faults:
        print(f"  {'found ' if fault.caught else 'MISSED'} {fault.fault}\n           {cut(fault.finding, 110)}")


def packed_faults() -> list[Caught]:
    """One byte changed anywhere in an audit pack, many times; and the faults that records alone do not show."""
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="ganrepro-") as scratch:
        root = Path(scratch)
        faults.honest(root / "results")
        file = root / "bundle.zip"
        write_made_up(root / "results", file)
        outcomes.append(faults.peaceful("honest pack", pack_findings(file)))
        content = file.read_bytes()
        draw = random.Random(1)
        missed = []
        for place in sorted(draw.sample(range(len(content)), _FLIPS)):
            file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            if not pack_findings(file):
                missed.append(place)
        says = f"{_FLIPS - len(missed)} of {_FLIPS} found" + (f", missed at {missed[:5]}" if missed else "")
        outcomes.append(Caught(fault="one bit of a pack flipped", caught=not missed, finding=says))
        file.write_bytes(content)
        for number, fault in enumerate(forged_in_packs()):
            forged = root / f"forged-{number}"
            faults.honest(forged)
            fault.plant(forged)
            write_made_up(forged, root / "forged.zip", verdicts_of=root / "results" if fault.verdicts_left else None)
            outcomes.append(faults.named(fault, pack_findings(root / "forged.zip")))
    return outcomes


def write_made_up(results: Path, file: Path, verdicts_of: Path | None = None) -> None:
    """A pack of the made-up paper; its verdicts may be those of other records."""
    members, judged = members_of(paper.loaded(), paper.TEXT.encode(), results, "fp32")
    if verdicts_of is not None:
        theirs, judged = members_of(paper.loaded(), paper.TEXT.encode(), verdicts_of, "fp32")
        members |= {name: content for name, content in theirs.items() if name.startswith("results/verdicts/")}
    members |= {f"tables/{name}": content for name, content in tables([judged]).items()}
    write_pack(file, about("fp32", [paper.PAPER]), members)


def pack_findings(file: Path) -> list[str]:
    """What ``ganrepro verify`` holds against a pack."""
    return verified(file, [], "fp32").problems
