"""``ganrepro status``: what is done, running, failed and left, read from the results folder while others write it."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.commands import options as opt
from benchmark.commands import terminal

if TYPE_CHECKING:
    from benchmark.runs.plan import Run

#: a run that has saved nothing for so long has ended without a word
_SILENT_SECONDS = 300.0


def register(subparsers: opt.Subparsers) -> None:
    added = opt.command(
        subparsers, "status", "runs that are done, running, failed and left; also while another terminal trains", status
    )
    opt.runs(added)
    opt.as_json(added)


def status(options: argparse.Namespace) -> int:
    from benchmark.commands.select_runs import select
    from benchmark.spec.base import TIERS

    results = opt.existing_results(options.results)
    rows: list[dict[str, Any]] = []
    for tier in [options.tier] if options.tier else TIERS:
        options.tier = tier
        try:
            selections = select(options)
        except opt.NothingSelectedError:
            continue
        rows += [state_of(run, results) for selection in selections for run in selection.runs]
    if not rows:
        raise opt.NothingSelectedError("no experiment has that tier")
    if options.json:
        print(json.dumps(rows, indent=1, sort_keys=True))
        return 0
    print(_text(rows))
    return 0


def state_of(run: Run, results: Path) -> dict[str, Any]:
    """One run as its folder shows it: state, reason and the iteration of its newest checkpoint."""
    from benchmark.runs.files import StoreError
    from benchmark.runs.records import RECORD, read_record

    folder = results / run.folder
    about = {"paper": run.paper, "experiment": run.experiment, "tier": run.tier, "seed": run.seed, "run_id": run.run_id}
    if (folder / RECORD).is_file():
        try:
            record = read_record(folder / RECORD)
        except StoreError as error:
            return {**about, "state": "unreadable", "iterations": 0, "reason": str(error)}
        return {**about, "state": record.status, "iterations": record.iterations, "reason": record.reason}
    saved = sorted((folder / "checkpoints").glob("[0-9]*.pt"))
    iterations = int(saved[-1].stem) if saved else 0
    owner = folder / ".owner"
    signs = [file.stat().st_mtime for file in (owner, folder / ".heartbeat") if file.is_file()]
    if signs and time.time() - max(signs) < _SILENT_SECONDS:
        return {**about, "state": "running", "iterations": iterations, "reason": owner.read_text() or None}
    return {**about, "state": "interrupted" if saved or signs else "left", "iterations": iterations, "reason": None}


def _text(rows: list[dict[str, Any]]) -> str:
    counts = {
        state: sum(row["state"] == state for row in rows) for state in dict.fromkeys(row["state"] for row in rows)
    }
    lines = []
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["paper"], row["experiment"], row["tier"]), []).append(row)
    begun = {key: group for key, group in groups.items() if any(row["state"] != "left" for row in group)}
    if begun:
        kinds = ("finished", "diverged", "failed", "unreadable", "running", "interrupted", "left")
        used = [kind for kind in kinds if any(row["state"] == kind for group in begun.values() for row in group)]
        table = [
            [*key, *(str(sum(row["state"] == kind for row in group) or "") for kind in used)]
            for key, group in begun.items()
        ]
        head = ("paper", "experiment", "tier", *used)
        lines.append(terminal.table(head, table, right=range(3, len(head))))
    for row in rows:
        where = f"{row['paper']}/{row['experiment']} seed {row['seed']}"
        if row["state"] == "running":
            lines.append(f"running: {where}, saved at iteration {row['iterations']:,}, {row['reason']}")
        elif row["reason"]:
            lines.append(terminal.wrapped(f"{row['state']}: {where}: {row['reason']}", 2))
    return "\n".join([*lines, ", ".join(f"{count} {state}" for state, count in counts.items())])
