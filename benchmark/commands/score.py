"""``ganrepro score``: a finished run's generator under other protocols, without training."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, get_args

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.options import NothingSelectedError, UsageError

if TYPE_CHECKING:
    from benchmark.runs.sidecars import ProtocolGrid


def register(subparsers: opt.Subparsers) -> None:
    scores = opt.command(
        subparsers, score, "a finished run's generator under other protocols: how far these alone move it", None
    )
    scores.add_argument("run_id", metavar="RUN", help="a run's id or its beginning")
    scores.add_argument("paper", nargs="?", metavar="PAPER", help="its spec, where it is not found by the paper's id")
    scores.add_argument(
        "--protocols", nargs="+", metavar="AXIS", help="what to vary, one at a time; default: everything"
    )
    scores.add_argument("--score", action="append", metavar="NAME", help="only these scores; repeatable")
    scores.add_argument(
        "--counts", nargs="+", type=opt.positive, metavar="N", help="instead of 1/4, 1/2 and 2 of the spec's"
    )
    opt.add(scores, opt.results, opt.data_root, opt.device, opt.as_json)


def score(options: argparse.Namespace) -> int:
    from benchmark.commands.devices import resolve_device
    from benchmark.commands.planned_records import run_of
    from benchmark.evaluation.rescoring import AXES, Axis, Scorer
    from benchmark.registry import did_you_mean
    from benchmark.runs import sidecars

    results = opt.existing_results(options.results)
    run, stored = run_of(results, options.run_id, options.paper)
    known = run.setup.scores
    for name in options.score or ():
        if name not in known:
            raise UsageError(f"run {run.run_id} has no score '{name}', there are: {', '.join(known)}")
    axes: list[Axis] = []
    for word in options.protocols or AXES:
        if word not in get_args(Axis):
            raise UsageError(f"no protocol axis '{word}', there are: {', '.join(AXES)}{did_you_mean(word, AXES)}")
        axes.append(word)
    if not known:
        raise NothingSelectedError(f"run {run.run_id} has no scores")
    scorer = Scorer(
        run, stored.record, stored.folder, places.data_folder(options.data_root), resolve_device(options.device)
    )
    grid = scorer.grid(options.score or list(known), axes, options.counts or (), terminal.say)
    file = sidecars.write_grid(results, grid)
    if options.json:
        terminal.as_json(grid.model_dump(mode="json"))
    else:
        print("\n".join(lines(grid)))
        print(f"kept in {places.shown(file)}")
    return 0


def lines(grid: ProtocolGrid) -> Iterator[str]:
    """The grid for a terminal."""
    yield f"{grid.paper}/{grid.experiment} seed {grid.seed}, iteration {grid.iteration}"
    for name, recorded in grid.recorded.items():
        again = grid.again[name]
        yield f"{name}: {_shown(recorded)} in the record, {_shown(again)} scored again"
        mine = [variant for variant in grid.variants if variant.score == name]
        for run in mine:
            text = run.reason if run.value is None else f"{_shown(run.value)} ({run.change or 0:+.4g})"
            yield f"  {run.axis:<16} {run.setting:<52} {text}"
        for line in (line for line in grid.extrapolated if line.score == name):
            text = f"{line.intercept:.4g}, error of the fit alone {line.intercept_error:.2g}"
            yield f"  {'count':<16} {f'endless, from {line.counts[0]} to {line.counts[-1]} in 15 steps':<52} {text}"
        noise = max((abs(run.change) for run in mine if run.change is not None and run.axis == "noise"), default=None)
        changes = [(abs(run.change), run.axis) for run in mine if run.change is not None and run.axis != "noise"]
        if changes:
            most, axis = max(changes)
            other = "" if noise is None else f"; other draws of noise by up to {noise:.4g}"
            yield f"  the protocol alone moves it by up to {most:.4g} ({axis}){other}"


def _shown(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.6g}"
