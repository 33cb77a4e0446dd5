"""``ganrepro plan``: what would run, what is done, what is missing; without torch."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.options import NothingSelectedError

if TYPE_CHECKING:
    from benchmark.runs.plan import Run
    from benchmark.spec.base import Tier
    from benchmark.spec.paper import PaperSpec
    from benchmark.spec.parts import Dataset


def register(subparsers: opt.Subparsers) -> None:
    plans = opt.command(
        subparsers, "plan", "what would run: iterations, images, disk, what is done, what is missing", plan
    )
    opt.runs(plans)
    plans.add_argument("--todo", action="store_true", help="only what to give to run-one for each run that is not done")
    opt.as_json(plans)


def is_done(run: Run, results: Path) -> bool:
    from benchmark.runs.records import finished_record

    return finished_record(results / run.folder) is not None


def left_to_train(runs: Sequence[Run], results: Path) -> list[Run]:
    """Runs that are not finished and that the record of no other one holds, finished or to come."""
    from benchmark.runs.derived import to_train
    from benchmark.runs.records import RECORD, read_record

    left = [run for run in runs if not is_done(run, results)]
    if all(run.reading is None for run in left):
        return left
    folders = dict.fromkeys((results / run.folder).parent for run in runs)
    return to_train(left, (read_record(file) for folder in folders for file in sorted(folder.glob(f"*/{RECORD}"))))


def missing_data(runs: Iterable[Run], root: Path) -> dict[str, list[str]]:
    """What is wrong with datasets, each with the experiments that need it."""
    missing: dict[str, list[str]] = {}
    looked: dict[Dataset, str | None] = {}
    for run in runs:
        message = data_problem(run, root, looked)
        if message is not None:
            names = missing.setdefault(message, [])
            if run.experiment not in names:
                names.append(run.experiment)
    return missing


def data_problem(run: Run, root: Path, looked: dict[Dataset, str | None]) -> str | None:
    """Why a run's data cannot be trained on; each dataset is looked at once."""
    dataset = run.setup.dataset
    if dataset not in looked:
        looked[dataset] = dataset.problem(root)
    return looked[dataset]


def plan(options: argparse.Namespace) -> int:
    from benchmark.commands.select_runs import select
    from benchmark.judging.power import planned_power, power_summary
    from benchmark.spec.base import TIERS

    results, root = places.results_folder(options.results), places.data_folder(options.data_root)
    tiers: tuple[Tier, ...] = (options.tier,) if options.tier else TIERS
    rows: list[dict[str, Any]] = []
    todo: list[str] = []
    specs: dict[str, PaperSpec] = {}
    looked: dict[Dataset, str | None] = {}
    for tier in tiers:
        options.tier = tier
        try:
            selections = select(options)
        except NothingSelectedError:
            continue
        for selection in selections:
            specs[selection.loaded.spec.paper.id] = selection.loaded.spec
            unfinished = left_to_train(selection.runs, results)
            for key in dict.fromkeys((run.experiment, run.reading) for run in selection.runs):
                experiment = key[0]
                runs = [run for run in selection.runs if (run.experiment, run.reading) == key]
                left = [run for run in unfinished if (run.experiment, run.reading) == key]
                rows.append(_plan_row(experiment, tier, runs, len(left), data_problem(runs[0], root, looked)))
                rows[-1]["label"] = selection.loaded.spec.experiments[experiment].label
                todo += [_arguments(run, selection.file, options) for run in left]
    if not rows:
        raise NothingSelectedError("no experiment has that tier")
    if options.todo:
        for message in _missing(rows):
            print(f"ganrepro: missing: {message}", file=sys.stderr)
        for line in dict.fromkeys(todo):
            print(line)
        return 0
    if options.json:
        print(json.dumps(rows, indent=1, sort_keys=True))
        return 0
    print(_table(rows))
    left = sum(row["runs"] - row["done"] for row in rows)
    images = sum((row["runs"] - row["done"]) * row["images"] for row in rows)
    print(
        f"{left} of {sum(row['runs'] for row in rows)} runs left: {images:,} images to train on{_hours(rows, results)}"
    )
    for message in _missing(rows):
        print(terminal.wrapped(f"missing: {message}", 2))
    if "full" in tiers:
        for paper, spec in specs.items():
            print(terminal.wrapped(f"power of {paper}, {power_summary(planned_power(spec))}", 2))
    return 0


def _missing(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["missing"] for row in rows if row["missing"] and row["done"] < row["runs"]))


def _hours(rows: list[dict[str, Any]], results: Path) -> str:
    """What the runs left would take on one device at a rate that ``ganrepro speed`` or finished runs have measured."""
    from benchmark.runs.records import read_records

    seconds: dict[tuple[str, str, str], list[float]] = {}
    for one in read_records(results):
        record, timing = one.record, one.record.timing
        if record.status == "finished":
            seconds.setdefault((record.paper, record.experiment, record.tier), []).append(
                timing.training_seconds + timing.evaluation_seconds
            )
    need = [row for row in rows if row["done"] < row["runs"]]
    known = [row for row in need if (row["paper"], row["experiment"], row["tier"]) in seconds]
    if not known:
        return ""
    total = sum(
        (row["runs"] - row["done"]) * fmean(seconds[row["paper"], row["experiment"], row["tier"]]) for row in known
    )
    rest = "" if len(known) == len(need) else f" for {len(known)} of {len(need)} experiments"
    return f", {terminal.duration(total)}{rest} one after another, as finished runs here took"


def _table(rows: list[dict[str, Any]]) -> str:
    head = ("paper", "experiment", "tier", "runs", "done", "iterations", "images", "disk", "dataset")
    cells = [
        (
            row["paper"],
            row["experiment"] + "".join(f" ({about})" for about in (row["label"], row["reading"]) if about),
            row["tier"],
            str(row["runs"]),
            str(row["done"]),
            f"{row['iterations']:,}",
            f"{row['images']:,}",
            _bytes(row["disk_bytes"]),
            row["dataset"],
        )
        for row in rows
    ]
    return terminal.table(head, cells, right=range(3, 8))


def _arguments(run: Run, file: Path, options: argparse.Namespace) -> str:
    """What follows ``ganrepro run-one`` to do this run, with the options that plan was given."""
    words = [run.run_id, places.shown(file), "--tier", run.tier]
    words += ["--numerics", run.numerics] if run.numerics != "fp32" else []
    words += ["--seeds", str(run.seed)] if options.seeds else []
    for flag, value in (("--results", options.results), ("--data-root", options.data_root)):
        words += [flag, str(value)] if value is not None else []
    return shlex.join(words)


def _plan_row(experiment: str, tier: Tier, runs: list[Run], left: int, missing: str | None) -> dict[str, Any]:
    first = runs[0]
    return {
        "paper": first.paper,
        "experiment": experiment,
        "tier": tier,
        "reading": first.reading,
        "runs": len(runs),
        "done": len(runs) - left,
        "iterations": first.iterations,
        "images": first.images,
        "parameters": first.parameter_count,
        "disk_bytes": first.disk_bytes,
        "dataset": first.setup.dataset.name,
        "missing": missing,
        "seeds": [run.seed for run in runs],
        "run_ids": [run.run_id for run in runs],
    }


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError
