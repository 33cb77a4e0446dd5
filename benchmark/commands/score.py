"""``ganrepro score``: a finished run's generator under other protocols, without training."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import get_args

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.devices import resolve_device
from benchmark.commands.planned_records import check_scores, run_of
from benchmark.registry import did_you_mean
from benchmark.reporting.sidecars import grid_rows
from benchmark.runs import sidecars
from benchmark.runs.files import read_as
from benchmark.runs.sidecars import ProtocolGrid

Values = dict[str, float | None]


def score_options(to: argparse.ArgumentParser) -> None:
    opt.finished_run(to)
    to.add_argument("--protocols", nargs="+", metavar="AXIS", help="what to vary, one at a time; default: everything")
    to.add_argument("--score", action="append", metavar="NAME", help="only these scores; repeatable")
    to.add_argument(
        "--counts", nargs="+", type=opt.positive, metavar="N", help="instead of 1/4, 1/2 and 2 of the spec's"
    )
    opt.add(to, "--results", "--data-root", "--device", "--json")


def score(options: argparse.Namespace) -> int:
    from benchmark.evaluation.rescoring import AXES, Axis, Scorer

    results = opt.existing_results(options.results)
    run, stored = run_of(results, options.run_id, options.paper)
    known = run.setup.scores
    check_scores(run, options.score or ())
    axes: list[Axis] = []
    for word in options.protocols or AXES:
        if word not in get_args(Axis):
            raise opt.UsageError(f"no protocol axis '{word}', there are: {', '.join(AXES)}{did_you_mean(word, AXES)}")
        axes.append(word)
    if not known:
        raise opt.NothingSelectedError(f"run {run.run_id} has no scores")
    scorer = Scorer(
        run, stored.record, stored.folder, places.data_folder(options.data_root), resolve_device(options.device)
    )
    place = results / ProtocolGrid.FOLDER / f"{run.run_id}.json"
    earlier = read_as(place, ProtocolGrid) if place.is_file() else None
    grid = scorer.grid(options.score or list(known), axes, options.counts or (), terminal.say)
    whole, lost = (grid, []) if earlier is None else beside(grid, earlier)
    file = sidecars.keep(results, whole)
    if lost:
        otherwise = "on another device, by other code or with another value of it"
        terminal.say(f"replaced what was scored before of {', '.join(lost)}: {otherwise}")
    if options.json:
        terminal.as_json(grid.model_dump(mode="json"))
    else:
        print("\n".join(lines(grid)))
        print(f"kept in {places.shown(file)}")
    return 0


def beside(grid: ProtocolGrid, earlier: ProtocolGrid) -> tuple[ProtocolGrid, list[str]]:
    """``grid`` with what was scored before and not again, and the scores of which that is lost.

    It is lost where device, code, iteration or the value under the spec's own protocol is another.
    """
    alike = all(getattr(grid, name) == getattr(earlier, name) for name in ("device", "code", "iteration"))
    kept = {name for name, value in earlier.again.items() if alike and grid.again.get(name, value) == value}
    anew = {(variant.score, variant.axis, variant.setting) for variant in grid.variants}
    before = [one for one in earlier.variants if one.score in kept and (one.score, one.axis, one.setting) not in anew]
    lines = {line.score: line for line in earlier.extrapolated if line.score in kept}
    lines |= {line.score: line for line in grid.extrapolated}

    def both(old: Values, new: Values) -> Values:
        return {**{name: value for name, value in old.items() if name in kept}, **new}

    whole: dict[str, object] = {
        "recorded": both(earlier.recorded, grid.recorded),
        "again": both(earlier.again, grid.again),
        "variants": [*before, *grid.variants],
        "extrapolated": [*lines.values()],
    }
    return grid.model_copy(update=whole), sorted(earlier.again.keys() - kept)


def lines(grid: ProtocolGrid) -> Iterator[str]:
    """The grid for a terminal."""
    yield f"{grid.paper}/{grid.experiment} seed {grid.seed}, iteration {grid.iteration}, scored again"
    rows = [row[1:] for row in grid_rows([grid], [grid.run_id])]
    yield terminal.table(("score", "changed", "setting", "value", "change"), rows)
    for name in grid.recorded:
        mine = [variant for variant in grid.variants if variant.score == name and variant.change is not None]
        noise = max((abs(variant.change or 0) for variant in mine if variant.axis == "noise"), default=None)
        changes = [(abs(variant.change or 0), variant.axis) for variant in mine if variant.axis != "noise"]
        if changes:
            most, axis = max(changes)
            other = "" if noise is None else f"; other draws of noise by up to {noise:.4g}"
            yield f"the protocol alone moves {name} by up to {most:.4g} ({axis}){other}"
