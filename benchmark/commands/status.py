"""``ganrepro status``: what is done, running, failed and left, read from the results folder while others write it."""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.plan import standing
from benchmark.commands.planned_records import by_readings
from benchmark.commands.select_runs import has_runs, select, spec_files
from benchmark.runs.continued import saved
from benchmark.runs.files import StoreError, read_as
from benchmark.runs.integrity import spoilt
from benchmark.runs.pace import PROGRESS, Progress
from benchmark.runs.plan import Run
from benchmark.runs.records import RECORD, RunRecord, Stored, read_record
from benchmark.spec import names, words
from benchmark.spec.base import TIERS, grouped
from benchmark.spec.paper import PaperSpec

#: a run of another machine that has said nothing for so long has ended without a word
_SILENT_SECONDS = 600.0
#: states of runs that nothing was done for, and what two of them mean
#: columns of the table
_KINDS = (
    *("finished", "held", "diverged", "failed", "unreadable", "damaged"),
    *("running", "interrupted", "waiting", "left"),
)
_NOT_BEGUN = ("held", "waiting", "left")
_TOLD = {"held": " (by another run's record)", "waiting": " (for another run, whose record will hold them)"}
#: what names a run's folder
_ID = ("paper", "experiment", "run_id")


def status_options(to: argparse.ArgumentParser) -> None:
    opt.papers(to)
    opt.experiments(to, "every tier")
    opt.add(to, "--reading", "--seeds", "--numerics", "--results", "--json")


def status(options: argparse.Namespace) -> int:
    results = opt.existing_results(options.results, options.papers)
    idle: list[str] = []
    if not (options.papers or options.experiment or options.table or options.claim or options.figure):
        files = spec_files([])
        options.papers = [str(file) for file in files if has_runs(results, file.stem)]
        idle = [file.stem for file in files if options.papers and str(file) not in options.papers]
    selections = select(options, [options.tier] if options.tier else TIERS)
    specs = {selection.loaded.spec.paper.id: selection.loaded.spec for selection in selections}
    rows = [row for selection in selections for row in _states(selection.runs, results)]
    if options.json:
        return terminal.as_json(rows)
    print(_text(rows, specs))
    for text in _beside(rows, results):
        print(text)
    if idle:
        print(terminal.wrapped(f"no run here is of {', '.join(idle)}", 2, ""))
    return 0


def _beside(rows: Sequence[dict[str, Any]], results: Path) -> Iterator[str]:
    """What records there are of these experiments beside those of the rows, and which cannot be read."""
    planned, about = ({tuple(row[key] for key in keys) for row in rows} for keys in (_ID, _ID[:2]))
    asked, of_readings, unreadable, others = {row["reading"] for row in rows}, list[RunRecord](), list[str](), 0
    for file in sorted(results.glob(f"*/*/*/{RECORD}")):
        place = file.parent.relative_to(results).parts
        if place in planned or place[:2] not in about:
            continue
        try:
            record = read_record(file)
        except StoreError as error:
            unreadable.append(str(error))
            continue
        if record.origin is None and record.reading not in (None, *asked):
            of_readings.append(record)
        else:
            others += 1
    if of_readings:
        counted = words.counted(len(of_readings), "record")
        yield terminal.wrapped(f"{counted} of other readings: {by_readings(of_readings)}", 2, "")
    if others:
        kinds = "of other seeds, tiers or numerics, of readings that they do not name, or brought"
        yield terminal.wrapped(f"{words.counted(others, 'record')} beside these, {kinds}", 2, "")
    yield from (terminal.problem(line) for line in unreadable)


def _states(runs: Sequence[Run], results: Path) -> list[dict[str, Any]]:
    """How every run stands, with those that another's record holds or will hold."""
    stand = standing(runs, results)
    named = {run.run_id: "held" for run in stand.held} | {run.run_id: "waiting" for run in stand.waiting}
    rows = [state_of(run, results) for run in runs]
    return [{**row, "state": named.get(row["run_id"], "left")} if row["state"] == "left" else row for row in rows]


def state_of(run: Run, results: Path) -> dict[str, Any]:
    """One run as its folder shows it: state, reason, how far it is and, while it runs, its pace and the time left."""
    folder = results / run.folder
    about: dict[str, Any] = {
        "paper": run.paper,
        "experiment": run.experiment,
        "tier": run.tier,
        "seed": run.seed,
        "run_id": run.run_id,
    }
    about |= {"reading": run.reading, "planned": run.iterations}
    if (folder / RECORD).is_file():
        try:
            record = read_record(folder / RECORD)
        except StoreError as error:
            return {**about, "state": "unreadable", "iterations": 0, "reason": str(error)}
        problem = spoilt(Stored(record, folder))
        state, reason = (record.status, record.reason) if problem is None else ("damaged", problem)
        return {**about, "state": state, "iterations": record.iterations, "reason": reason}
    iterations, owner = saved(folder), _owner(folder)
    if owner is not None and _alive(folder, owner):
        return {**about, "state": "running", "iterations": iterations, "reason": owner, **_pace(run, folder)}
    begun = iterations or owner is not None or (folder / ".heartbeat").is_file()
    return {**about, "state": "interrupted" if begun else "left", "iterations": iterations, "reason": None}


def _owner(folder: Path) -> str | None:
    """Who took a run and has not ended it with a record."""
    try:
        return (folder / ".owner").read_text(errors="replace")
    except OSError:
        return None


def _alive(folder: Path, owner: str) -> bool:
    """Whether the process that took a run is there: asked on its own machine, elsewhere told by what it writes."""
    _, number, _, machine, *_ = [*owner.split(maxsplit=3), "", "", "", ""]
    if machine != platform.node() or not number.isdigit():
        files = [folder / name for name in (".owner", ".heartbeat", PROGRESS)]
        return (
            time.time() - max((file.stat().st_mtime for file in files if file.is_file()), default=0) < _SILENT_SECONDS
        )
    try:
        os.kill(int(number), 0)
    except PermissionError:  # another user's
        return True
    except (OSError, OverflowError):
        return False
    return True


def _pace(run: Run, folder: Path) -> dict[str, Any]:
    """Where a run is, iterations a second in this session, evaluation included, and the seconds left at that pace."""
    try:
        far = read_as(folder / PROGRESS, Progress)
    except (StoreError, OSError):
        return {}
    done = far.iteration - far.first
    if done <= 0:
        return {"iterations": far.iteration}
    left = (run.iterations - far.iteration) * far.seconds / done
    return {"iterations": far.iteration, "pace": done / far.seconds, "seconds_left": max(0.0, left)}


def _text(rows: list[dict[str, Any]], specs: dict[str, PaperSpec]) -> str:
    lines = []
    groups = grouped(((row["paper"], row["experiment"], row["tier"], row["reading"] or ""), row) for row in rows)
    begun = {key: group for key, group in groups.items() if any(row["state"] not in _NOT_BEGUN for row in group)}
    if begun:
        kinds = (
            "finished",
            "held",
            "diverged",
            "failed",
            "unreadable",
            "damaged",
            "running",
            "interrupted",
            "waiting",
            "left",
        )
        used = [kind for kind in kinds if any(row["state"] == kind for group in begun.values() for row in group)]
        table = [
            [*key, *(str(sum(row["state"] == kind for row in group) or "") for kind in used)]
            for key, group in begun.items()
        ]
        head = ("paper", "experiment", "tier", "reading", *used)
        if not any(row["reading"] for row in rows):
            head, table = (*head[:3], *head[4:]), [row[:3] + row[4:] for row in table]
        lines.append(terminal.table(head, table, right=range(len(head) - len(used), len(head))))
    for row in rows:
        where = f"{row['paper']}, {names.of_experiment(specs[row['paper']], row['experiment'])}"
        where += f", reading {row['reading']}" if row["reading"] else ""
        where += f", seed {row['seed']}"
        if row["state"] == "running":
            at = f"iteration {row['iterations']:,} of {row['planned']:,}"
            if "pace" in row:
                at += f", {row['pace']:.3g} a second, about {terminal.duration(row['seconds_left'])} left"
            lines.append(terminal.wrapped(f"running: {where}: {at}; {row['reason']}", 2))
        elif row["reason"]:
            lines.append(terminal.wrapped(f"{row['state']}: {where}: {row['reason']}", 2))
    by_tier = grouped((row["tier"], row["state"]) for row in rows)
    counts = [
        (tier, ", ".join(f"{count} {state}{_TOLD.get(state, '')}" for state, count in Counter(states).items()))
        for tier, states in by_tier.items()
    ]
    told = "; ".join(f"tier {tier}: {text}" if len(counts) > 1 else text for tier, text in counts)
    return "\n".join([*lines, terminal.wrapped(told, 2, "")])
