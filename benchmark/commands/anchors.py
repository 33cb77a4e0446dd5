"""``ganrepro anchors``: floors and ceilings for every score in a results folder, each measured once."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.devices import resolve_device
from benchmark.commands.planned_records import planned, readings_of
from benchmark.commands.select_runs import load_papers
from benchmark.runs import sidecars
from benchmark.runs.anchored import anchor_code
from benchmark.runs.plan import Run
from benchmark.runs.records import Stored, read_records
from benchmark.runs.sidecars import KINDS, Anchor, Kind
from benchmark.spec.load import Loaded
from benchmark.spec.parts import DataError

#: after a run: no new anchor begins after these seconds, and none that looks at more numbers than these
_SECONDS = 5.0
_NUMBERS = 4e6


def anchors_options(to: argparse.ArgumentParser) -> None:
    opt.add(to, opt.papers, "--numerics", "--results", "--data-root", "--device", "--json")


def anchors(options: argparse.Namespace) -> int:
    results, root = opt.existing_results(options.results), places.data_folder(options.data_root)
    papers = load_papers(options.papers)
    added = _measure(papers, results, root, resolve_device(options.device), options.numerics, quick=False)
    known = sidecars.read(results)
    rows: dict[tuple[str, str, str, str, str], dict[Kind, Anchor]] = {}
    for run, stored in _ended(papers, results, options.numerics):
        for name in run.setup.scores:
            known_anchor = known.of(stored.record, name, anchor_code())
            if known_anchor:
                rows.setdefault((run.paper, run.experiment, run.tier, run.reading or "", name), known_anchor)
    if not rows:
        raise opt.NothingSelectedError(
            f"no run of these papers has ended in {options.numerics}, or none has scores: {places.shown(results)}"
        )
    if options.json:
        listed = [
            {
                "paper": paper,
                "experiment": experiment,
                "tier": tier,
                "reading": reading or None,
                "score": name,
                "anchors": {k: v.model_dump() for k, v in of.items()},
            }
            for (paper, experiment, tier, reading, name), of in rows.items()
        ]
        return terminal.as_json(listed)
    table = [(*key, *(_value(of.get(kind)) for kind in KINDS)) for key, of in rows.items()]
    print(terminal.table(("paper", "experiment", "tier", "reading", "score", *KINDS), table, right=range(5, 9)))
    for reason in dict.fromkeys(values.reason for of in rows.values() for values in of.values() if values.reason):
        print(f"none: {reason}")
    print(f"{added} measured now, kept in {places.shown(results / sidecars.ANCHORS)}")
    return 0


def _ended(papers: Iterable[Loaded], results: Path, numerics: str) -> list[tuple[Run, Stored]]:
    """Runs that have ended well or diverged, with their records; one that cannot be read is passed over."""
    unreadable: list[str] = []
    stored = [run for run in read_records(results, unreadable) if run.record.status != "failed"]
    for line in unreadable:
        terminal.say(f"ganrepro: passed over: {line}")
    found = {
        run.run_id: (replace(run, reading=run_stored.record.reading), run_stored)
        for loaded, reading in readings_of(papers, stored)
        for run, run_stored in planned([loaded.under(reading)], stored, numerics)
    }
    return [*found.values()]


def after_run(papers: Iterable[Loaded], results: Path, root: Path, device: str, numerics: str) -> None:
    """Measure the anchors that cost next to nothing; the others are for ``ganrepro anchors``."""
    try:
        _measure(papers, results, root, device, numerics, quick=True)
    except DataError as error:  # records of other data lie there too: no reason to go without a report
        terminal.say(f"floors and ceilings not measured: {error}")


def _measure(papers: Iterable[Loaded], results: Path, root: Path, device: str, numerics: str, *, quick: bool) -> int:
    from benchmark.evaluation.anchors import measure_all, wanted

    code = anchor_code()
    runs = [(run, stored.record) for run, stored in _ended(papers, results, numerics)]
    missing = wanted(runs, sidecars.read(results), code)
    if quick:
        missing = sorted(
            (anchor for anchor in missing if anchor.numbers <= _NUMBERS), key=lambda anchor: anchor.numbers
        )
    began, added = time.monotonic(), 0
    for anchor in measure_all(
        missing, root, device, code=code, go_on=lambda: not quick or time.monotonic() - began < _SECONDS
    ):
        sidecars.keep_anchor(results, anchor)
        added += 1
        if not quick:
            terminal.say(f"{anchor.kind}, {anchor.label}: {_value(anchor)} in {anchor.seconds:.1f} s")
    return added


def _value(anchor: Anchor | None) -> str:
    if anchor is None:
        return ""
    return f"{sum(anchor.values) / len(anchor.values):.5g}" if anchor.values else "none"
