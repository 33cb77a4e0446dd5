"""``ganrepro plan``: what would run, what is done, what is missing; without torch."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.select_runs import Selection, select
from benchmark.judging.power import planned_power, power_summary
from benchmark.runs import sidecars
from benchmark.runs.continued import trainings
from benchmark.runs.costs import BASES, STATED, Cost, TimedDevice, added, anchors, cost, known_devices
from benchmark.runs.derived import to_train
from benchmark.runs.files import StoreError
from benchmark.runs.integrity import spoilt
from benchmark.runs.plan import Run
from benchmark.runs.records import RECORD, RunRecord, Stored, finished_record, read_record, read_records
from benchmark.runs.sidecars import Anchor
from benchmark.spec.base import TIERS, Tier
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import Dataset
from benchmark.spec.readings import BASE
from benchmark.spec.words import counted


def plan_options(to: argparse.ArgumentParser) -> None:
    opt.papers(to)
    opt.runs(to, "every tier")
    to.add_argument("--all", action="store_true", help="all papers, as without PAPER")
    to.add_argument("--todo", action="store_true", help="only the commands of what is not done, one for each training")
    to.add_argument(
        "--device", metavar="cpu|cuda|NAME", help="hours of this device; default: what `ganrepro speed` measured last"
    )
    opt.add(to, "--json")


def is_done(run: Run, results: Path) -> bool:
    return finished_record(results / run.folder) is not None


@dataclass(frozen=True)
class Standing:
    """How planned runs stand: each is in one of these."""

    #: that have results, by their own record
    ended: list[Run]
    #: whose results a finished run's record holds
    held: list[Run]
    #: that are to be trained
    left: list[Run]
    #: whose results the record of one that is left will hold
    waiting: list[Run]
    #: whose record cannot be read or is spoilt, the reason by its folder: nothing is written over somebody's result
    unreadable: dict[str, str]


def standing(runs: Sequence[Run], results: Path) -> Standing:
    """How ``runs`` stand in a results folder."""
    ended: list[Run] = []
    left: list[Run] = []
    unreadable: dict[str, str] = {}
    for run in runs:
        folder = results / run.folder
        try:
            record = finished_record(folder)
            if record is not None and (problem := spoilt(Stored(record, folder))) is not None:
                unreadable[run.folder] = problem
            else:
                (left if record is None else ended).append(run)
        except StoreError as error:
            unreadable[run.folder] = str(error)
    if all(run.reading is None for run in left):
        return Standing(ended, [], left, [], unreadable)
    stored: list[Stored] = []
    for folder in dict.fromkeys((results / run.folder).parent for run in runs):
        for file in sorted(folder.glob(f"*/{RECORD}")):
            with contextlib.suppress(StoreError):  # named above, if it is one of these runs
                stored.append(Stored(read_record(file), file.parent))
    kept, held = to_train(left, stored)
    told = {run.folder for run in (*kept, *held)}
    return Standing(ended, held, kept, [run for run in left if run.folder not in told], unreadable)


def not_measured(runs: Iterable[Run], root: Path) -> list[str]:
    """Scores that cannot be measured here, in a line for each reason."""
    reasons: dict[str, set[tuple[str, str]]] = {}
    for run in {(run.paper, run.experiment, run.reading, run.tier): run for run in runs}.values():
        for score in run.setup.scores.values():
            reason = score.metric.unavailable(root)
            if reason is not None:
                reasons.setdefault(reason, set()).add(
                    (f"{run.paper}/{run.experiment}", score.label or score.metric.label)
                )
    return [
        f"will not be measured: {', '.join(sorted({name for _, name in scores}))} of "
        f"{counted(len({experiment for experiment, _ in scores}), 'experiment')}: {reason}"
        for reason, scores in reasons.items()
    ]


def data_problems(runs: Iterable[Run], root: Path) -> dict[Dataset, str]:
    """Why datasets cannot be trained on; each is looked at once."""
    looked = {dataset: dataset.problem(root) for dataset in dict.fromkeys(run.setup.dataset for run in runs)}
    return {dataset: problem for dataset, problem in looked.items() if problem is not None}


def plan(options: argparse.Namespace) -> int:
    results, root = places.results_folder(options.results), places.data_folder(options.data_root)
    stored = [*read_records(results, [])]
    records = [run.record for run in stored]
    device = _device(options.device, results, records)
    tiers: tuple[Tier, ...] = (options.tier,) if options.tier else TIERS
    rows: list[dict[str, Any]] = []
    left: list[tuple[Run, Path]] = []
    unreadable: dict[str, str] = {}
    specs: dict[str, PaperSpec] = {}
    selections = select(options, tiers)
    everything = [run for selection in selections for run in selection.runs]
    problems = data_problems(everything, root)
    lacking_anchors = anchors(everything, records, sidecars.read_all(results, Anchor, []), device, root)
    for selection in selections:
        specs[selection.loaded.spec.paper.id] = selection.loaded.spec
        stand = standing(selection.runs, results)
        unreadable |= stand.unreadable
        left += [(run, selection.loaded.file) for run in stand.left]
        shares = added(stand.left, device, root, stored, results)
        for key in dict.fromkeys((run.experiment, run.reading) for run in selection.runs):
            runs = [run for run in selection.runs if (run.experiment, run.reading) == key]
            row = _plan_row(runs, stand, problems.get(runs[0].setup.dataset), cost(runs[0], device, root))
            mine = [shares[run.run_id] for run in runs if run.run_id in shares]
            row["device_hours"] = sum(share.hours for share in mine)
            row["trainings"] = sum(share.trained for share in mine)
            row["images_left"] = sum(share.images for share in mine)
            row["resumed"] = sum(share.resumed for share in mine)
            row["continued"] = sum(share.continued for share in mine)
            row["sampled"] = sum(share.sampled for share in mine)
            floors = [lacking_anchors[run.run_id] for run in runs if run.run_id in lacking_anchors]
            row["anchors"] = sum(count for count, _ in floors)
            row["anchor_hours"] = sum(hours for _, hours in floors)
            rows.append(row)
    # data that are absent can still be fetched; another set under their name cannot be trained on
    wrong = any(dataset.missing(root) is None for dataset in problems)
    lacking = [f"data: {row['missing']}" for row in rows if row["missing"] and row["left"]]
    lacking = list(dict.fromkeys([*lacking, *not_measured((run for run, _ in left), root)]))
    for line in unreadable.values():
        terminal.say(f"ganrepro: {line}; its run is not done again before that file is mended or its folder removed")
    if options.todo:
        for line in lacking:
            terminal.say(f"ganrepro: {line}")
        files = {run.folder: file for run, file in left}
        sampled, groups = trainings([run for run, _ in left], stored, device.kind)
        for group in (*([run] for run in sampled), *groups):
            print(_command(group, files[group[0].folder], options))
        return opt.CHECK_FAILED if lacking or unreadable else opt.OK
    if options.json:
        terminal.as_json(rows)
    else:
        print(_table(rows, device))
        print(terminal.wrapped(_in_all(rows, device), 2))
        for line in lacking:
            print(terminal.wrapped(line, 2))
        if "full" in tiers:
            seeds = len(options.seeds) if options.seeds else None
            planned = f"with {counted(seeds, 'seed')}" if seeds else "with the seeds that the spec plans"
            for paper, spec in specs.items():
                told = power_summary(planned_power(spec, seeds))
                print(terminal.wrapped(f"power over all of {paper} {planned}: {told}", 2))
            for selection in selections:
                if names := [*_in_passing(selection, {run.run_id for run, _ in left})]:
                    line = (
                        f"readings that only sample or score otherwise: {', '.join(names)}; asked for with these runs"
                    )
                    print(terminal.wrapped(f"{line} (--reading) they need no training, later they may", 2))
    return opt.CHECK_FAILED if unreadable or wrong else opt.OK


def _in_passing(selection: Selection, left: Collection[str]) -> Iterator[str]:
    """Readings that runs which are left could be measured under as well, without a training of their own."""
    readings = selection.loaded.readings
    asked = {run.reading or BASE for run in selection.runs}
    for ground in asked & {BASE, *readings.grounds}:
        mine = {run.experiment for run in selection.runs if run.run_id in left and (run.reading or BASE) == ground}
        for name, there in readings.on(ground).items():
            if there not in asked and readings.samples_only(name) and mine.intersection(readings.affected(name)):
                yield there


def _device(word: str | None, results: Path, records: Sequence[RunRecord]) -> TimedDevice:
    """The device that hours are told of: by its name or kind; without a word the one that was calibrated last."""
    known = known_devices(results, records)
    if word is None:
        return known[0] if known else STATED["cpu"]
    fitting = [device for device in known if word in (device.kind, device.name) or word.lower() in device.name.lower()]
    if fitting:
        return fitting[0]
    if word in ("cpu", "cuda"):
        return STATED["cpu"] if word == "cpu" else STATED["cuda"]
    there = ", ".join(device.name for device in known) or "none"
    raise opt.UsageError(
        f"no device '{word}': measured here are {there}; `ganrepro speed` measures one; or cpu or cuda"
    )


def _in_all(rows: list[dict[str, Any]], device: TimedDevice) -> str:
    """What is left, in one sentence."""
    left = [row for row in rows if row["left"]]
    runs, trainings = sum(row["left"] for row in left), sum(row["trainings"] for row in left)
    text = f"{runs} of {sum(row['runs'] for row in rows)} runs left"
    number, floors = sum(row["anchors"] for row in rows), sum(row["anchor_hours"] for row in rows)
    apart = f"~{terminal.duration(3600 * floors)} for {number} floors and ceilings that scores lack "
    apart += "(`ganrepro anchors`), by counted operations"
    if not runs:
        return f"{text}; {apart}" if number else text
    resumed, continued, sampled = (sum(row[key] for row in rows) for key in ("resumed", "continued", "sampled"))
    alike = trainings + sampled < runs
    text += f" in {counted(trainings, 'training')}, what is alike is trained once" if alike else ""
    text += f"; {resumed} go on from their last checkpoint" if resumed else ""
    text += f"; {continued} go on from the end of a finished shorter run, if that is sound" if continued else ""
    text += f"; {sampled} sample the end of a finished training, if that is sound" if sampled else ""
    waiting = sum(row["waiting"] for row in rows)
    text += f"; {waiting} more need no training, since the records of those will hold their results" if waiting else ""
    hours = floors + sum(row["device_hours"] for row in left)
    images = sum(row["images_left"] for row in left)
    disk = sum(row["left"] * row["disk_bytes"] for row in left)
    text += f": {terminal.duration(3600 * hours)} of {device.name} one after another, evaluation included"
    text += f" and {apart}" if number else ""
    bases = [basis for basis in BASES if any(row["basis"] == basis for row in left)]
    text += f" (by {', '.join(bases)}; ~ is estimated)"
    gpu = max(row["device_bytes"] for row in left)
    text += f"; at most {_bytes(max(row['host_bytes'] for row in left))} of memory"
    text += f" and {_bytes(gpu)} of a GPU" if gpu else ""
    return f"{text} for each run, {_bytes(disk)} of disk for all; {images:,} images to train on"


def _table(rows: list[dict[str, Any]], device: TimedDevice) -> str:
    """A line for each experiment, under headings for what several have in common."""
    gpu = device.kind == "cuda"
    head = ("experiment", "runs", "done", "left", "iterations", "each", "memory", *(("GPU",) * gpu), "disk")
    lines: list[Sequence[str] | str] = []
    for heading, group in itertools.groupby(rows, key=_heading):
        lines.append(heading)
        lines += [
            (
                f"  {row['experiment']}",
                str(row["runs"]),
                str(row["done"]),
                str(row["left"]),
                f"{row['iterations']:,}",
                *(_needs(row, gpu) if row["ended"] + row["left"] else ["-"] * (3 + gpu)),
            )
            for row in group
        ]
    return terminal.table(head, lines, right=range(1, len(head)))


def _needs(row: dict[str, Any], gpu: bool) -> list[str]:
    """What one run of a row takes; runs that another's record holds take nothing."""
    time = terminal.duration(row["training_seconds"] + row["evaluation_seconds"])
    sizes = ("host_bytes", *(("device_bytes",) * gpu), "disk_bytes")
    return [f"{'' if row['measured'] else '~'}{time}", *(_bytes(row[key]) for key in sizes)]


def _heading(row: dict[str, Any]) -> str:
    reading = f", reading {row['reading']}" if row["reading"] else ""
    return f"{row['paper']}, tier {row['tier']}, on {row['dataset']}{reading}"


def _command(group: Sequence[Run], file: Path, options: argparse.Namespace) -> str:
    """The command that does these runs in one training, with the options that plan was given."""
    run, readings = group[0], [one.reading for one in group]
    words = ["ganrepro", "run-one", *dict.fromkeys(one.run_id for one in group), places.shown(file), "--tier", run.tier]
    words += ["--numerics", run.numerics] if run.numerics != "fp32" else []
    words += ["--seeds", str(run.seed)] if options.seeds else []
    for reading in dict.fromkeys(readings) if any(readings) else ():
        words += ["--reading", reading or BASE]
    for flag, value in (("--results", options.results), ("--data-root", options.data_root)):
        words += [flag, str(value)] if value is not None else []
    return shlex.join(words)


def _plan_row(runs: list[Run], stand: Standing, missing: str | None, cost: Cost) -> dict[str, Any]:
    first, ids = runs[0], {run.run_id for run in runs}
    ended, held, left, waiting = (
        sum(run.run_id in ids for run in part) for part in (stand.ended, stand.held, stand.left, stand.waiting)
    )
    return {
        "paper": first.paper,
        "experiment": first.experiment,
        "tier": first.tier,
        "reading": first.reading,
        "runs": len(runs),
        "done": ended + held,
        "ended": ended,
        "left": left,
        "waiting": waiting,
        "unreadable": sum(run.folder in stand.unreadable for run in runs),
        "iterations": first.iterations,
        "images": first.images,
        "parameters": first.parameter_count,
        **asdict(cost),
        "measured": cost.measured,
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
