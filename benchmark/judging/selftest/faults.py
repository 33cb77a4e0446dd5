"""Faults planted in made-up records and in the rules that judge, one at a time: each must be found, and named."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmark.judging.judge import judge, under_seal_in
from benchmark.judging.seal import make_seal, seal_file
from benchmark.judging.selftest import paper
from benchmark.judging.selftest.record_faults import Fault, edit, nothing, of_records, open_faults
from benchmark.judging.verdict import PaperVerdicts
from benchmark.runs.files import to_json, write_atomic
from benchmark.runs.records import read_records
from benchmark.spec.base import Model

_ORDER = "[{experiment: penalised, score: fid}, {experiment: plain, score: fid}]"
_TURNED = "[{experiment: plain, score: fid}, {experiment: penalised, score: fid}]"
_SECOND = "  MU-C2:" + paper.TEXT.partition("  MU-C2:")[2].partition("stated: {}")[0]
_NOTHING = "none: "
_HONEST = Fault("honest records", nothing, "")


def of_rules() -> Iterator[Fault]:
    """What judging finds by the seal under which the evidence came to be."""

    def rule(name: str, old: str, new: str, named: str) -> Fault:
        assert paper.TEXT.count(old) == 1, f"'{old}' must be one place of the made-up paper"
        return Fault(name, nothing, named, paper.TEXT.replace(old, new))

    yield rule("margin widened afterwards", "margin: 3.0", "margin: 6.0", "margin changed from 3.0 to 6.0")
    yield rule("claim loosened afterwards", "below: 0.1", "below: 0.9", "predicate.below changed from 0.1 to 0.9")
    yield rule("claim turned around afterwards", _ORDER, _TURNED, "claims.MU-C1 predicate.order")
    yield rule("seeds left out afterwards", "seeds: [0, 1, 2, 3, 4]", "seeds: [0, 1, 2]", "seeds changed from")
    yield rule("published number moved", "value: 30.0", "value: 30.4", "value changed from 30.0 to 30.4")
    yield rule("claim withdrawn afterwards", _SECOND, "", "claims.MU-C2 removed")
    margin = {"items/tables.T1, digits, plain/margin": 6.0}
    yield Fault("seal edited to fit", lambda results: edit(_seal(results), margin), "the seal itself has been edited")
    yield Fault("seal removed", lambda results: _seal(results).unlink(), "no rules were sealed")


def _seal(results: Path) -> Path:
    return seal_file(results, paper.PAPER)


class Caught(Model):
    """Whether a planted fault was found; ``finding`` is the line that names it, or what would be needed."""

    fault: str
    caught: bool
    finding: str

    @property
    def honest(self) -> bool:
        """Whether nothing was planted, so that ``caught`` means that nothing was found."""
        return self.fault.startswith(_NOTHING)


def honest(results: Path) -> None:
    """Ten runs in agreement with themselves, under a seal."""
    for experiment, seed in paper.runs():
        paper.made(experiment, seed).write(results)
    seal = make_seal(paper.loaded().spec, "2026-01-01T00:00:00+00:00", 0)
    write_atomic(_seal(results), to_json(seal.model_dump(mode="json")))


def findings(results: Path, text: str = paper.TEXT) -> list[str]:
    """All that judging says against the evidence in ``results``: damage, the seal, and verdicts that are withheld."""
    verdicts = verdicts_in(results, text)
    lines = list(verdicts.damage)
    if verdicts.seal is not None and verdicts.seal.status not in ("intact", "code changed"):
        lines.append(f"seal {verdicts.seal.status}: {verdicts.seal.says}")
        lines += [
            f"{change.item} {change.path} {change.kind} from {change.old} to {change.new}".replace("  ", " ")
            for change in verdicts.seal.changes
            if change.kind != "code"
        ]
    said = [
        *((cell.state, cell.reason) for cell in verdicts.cells),
        *((claim.state, claim.reason) for claim in verdicts.claims),
    ]
    return lines + [reason for state, reason in said if state not in ("REPRODUCED", "HOLDS") or "missing" in reason]


def verdicts_in(results: Path, text: str = paper.TEXT) -> PaperVerdicts:
    """Verdicts on the made-up paper from ``results``."""
    spec, stored = paper.loaded(text).spec, list(read_records(results))
    verdicts = judge(spec, "0" * 64, stored, paper.expected(text))
    return under_seal_in(results, spec, verdicts, stored)


def planted() -> list[Caught]:
    """Plant every fault in a fresh copy of honest records, and look."""
    faults = []
    for fault, lines in _looked([_HONEST, *of_records(), *of_rules()]):
        faults.append(peaceful(fault.name, lines) if fault == _HONEST else named(fault, lines))
    return faults


def unseen() -> list[Caught]:
    """Plant what records alone cannot show: ``caught`` is whether something was said all the same."""
    looked = _looked(open_faults())
    return [Caught(fault=fault.name, caught=bool(lines), finding=fault.named) for fault, lines in looked]


def _looked(faults: Iterable[Fault]) -> Iterator[tuple[Fault, list[str]]]:
    """Every fault with the findings on a fresh copy of honest records that it was planted in."""
    with tempfile.TemporaryDirectory(prefix="ganrepro-") as scratch:
        clean = Path(scratch) / "clean"
        honest(clean)
        for number, fault in enumerate(faults):
            results = Path(scratch) / f"fault-{number}"
            shutil.copytree(clean, results)
            fault.plant(results)
            yield fault, [line.replace(f"{results}/", "") for line in findings(results, fault.text)]


def named(fault: Fault, lines: Sequence[str]) -> Caught:
    """Whether one of the findings names the fault."""
    naming = next((line for line in lines if fault.named in line), None)
    return Caught(fault=fault.name, caught=naming is not None, finding=naming or "; ".join(lines) or "nothing said")


def peaceful(what: str, lines: Sequence[str]) -> Caught:
    """The other half of a test: where nothing was planted, nothing may be found."""
    return Caught(fault=f"{_NOTHING}{what}", caught=not lines, finding=next(iter(lines), "no finding"))
