"""``ganrepro anchors``: floors and ceilings for every score in a results folder, each measured once."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal

if TYPE_CHECKING:
    from benchmark.runs.sidecars import Anchor, Kind
    from benchmark.spec.load import Loaded

#: after a run: no new anchor begins after these seconds, and none that looks at more numbers than these
_SECONDS = 5.0
_NUMBERS = 4e6


def register(subparsers: opt.Subparsers) -> None:
    measures = opt.command(
        subparsers, anchors, "floors and ceilings of every score: real data, copier, untrained generator, noise"
    )
    opt.add(measures, opt.numerics, opt.results, opt.data_root, opt.device, opt.as_json)


def anchors(options: argparse.Namespace) -> int:
    from benchmark.commands.devices import resolve_device
    from benchmark.commands.planned_records import planned
    from benchmark.commands.select_runs import load_all, spec_files
    from benchmark.runs import sidecars
    from benchmark.runs.sidecars import KINDS

    results, root = opt.existing_results(options.results), places.data_folder(options.data_root)
    papers = load_all(spec_files(options.papers))
    added = _measure(papers, results, root, resolve_device(options.device), options.numerics, quick=False)
    known = sidecars.read(results)
    rows: dict[tuple[str, str, str], dict[Kind, Anchor]] = {}
    for run, stored in planned(papers, results, options.numerics):
        for name in run.setup.scores:
            known_anchor = known.of(stored.record, name)
            if known_anchor:
                rows.setdefault((run.paper, run.experiment, name), known_anchor)
    if options.json:
        listed = [
            {
                "paper": paper,
                "experiment": experiment,
                "score": name,
                "anchors": {k: v.model_dump() for k, v in of.items()},
            }
            for (paper, experiment, name), of in rows.items()
        ]
        return terminal.as_json(listed)
    print(f"{'paper':<20} {'experiment':<26} {'score':<18}" + "".join(f"{kind:>12}" for kind in KINDS))
    for (paper, experiment, name), of in rows.items():
        values = "".join(f"{_value(of.get(kind)):>12}" for kind in KINDS)
        print(f"{paper:<20} {experiment:<26} {name:<18}{values}")
    for reason in dict.fromkeys(values.reason for of in rows.values() for values in of.values() if values.reason):
        print(f"none: {reason}")
    print(f"{added} measured now, kept in {places.shown(results / sidecars.ANCHORS)}")
    return 0


def after_run(papers: Iterable[tuple[Path, Loaded]], results: Path, root: Path, device: str, numerics: str) -> None:
    """Measure the anchors that cost next to nothing; the others are for ``ganrepro anchors``."""
    from benchmark.spec.parts import DataError

    try:
        _measure(papers, results, root, device, numerics, quick=True)
    except DataError as error:  # records of other data lie there too: no reason to go without a report
        terminal.say(f"floors and ceilings not measured: {error}")


def _measure(
    papers: Iterable[tuple[Path, Loaded]], results: Path, root: Path, device: str, numerics: str, *, quick: bool
) -> int:
    from benchmark.commands.planned_records import planned
    from benchmark.evaluation.anchors import code_version, measure_all, wanted
    from benchmark.runs import sidecars

    code = code_version()
    runs = [(run, stored.record) for run, stored in planned(papers, results, numerics)]
    missing = wanted(runs, sidecars.read(results), code)
    if quick:
        missing = sorted(
            (anchor for anchor in missing if anchor.numbers <= _NUMBERS), key=lambda anchor: anchor.numbers
        )
    began, added = time.monotonic(), 0
    for anchor in measure_all(
        missing, root, device, code=code, go_on=lambda: not quick or time.monotonic() - began < _SECONDS
    ):
        sidecars.write_anchor(results, anchor)
        added += 1
        if not quick:
            terminal.say(f"{anchor.kind}, {anchor.label}: {_value(anchor)} in {anchor.seconds:.1f} s")
    return added


def _value(anchor: Anchor | None) -> str:
    if anchor is None:
        return ""
    return f"{sum(anchor.values) / len(anchor.values):.5g}" if anchor.values else "none"
