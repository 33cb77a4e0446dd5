"""Records of a results folder together with the runs that today's specs plan."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmark import places
from benchmark.commands import terminal
from benchmark.commands.options import UsageError
from benchmark.commands.select_runs import load_all, spec_files
from benchmark.runs.plan import Run, make_plan, make_run
from benchmark.runs.records import Stored, read_records
from benchmark.spec.base import TIERS
from benchmark.spec.load import Loaded


def planned(papers: Iterable[tuple[Path, Loaded]], results: Path, numerics: str) -> list[tuple[Run, Stored]]:
    """Records of ended runs that a spec of ``papers`` plans, in the order of the plan."""
    unreadable: list[str] = []
    records = {run.record.run_id: run for run in read_records(results, unreadable)} if results.is_dir() else {}
    for line in unreadable:
        terminal.say(f"ganrepro: passed over: {line}")
    runs = [run for _, loaded in papers for tier in TIERS for run in make_plan(loaded.spec, tier, numerics=numerics)]
    kept = {run.run_id: (run, records[run.run_id]) for run in runs if run.run_id in records}
    return [pair for pair in kept.values() if pair[1].record.status != "failed"]


def run_of(results: Path, run_id: str, paper: str | None) -> tuple[Run, Stored]:
    """The finished run whose id begins with ``run_id``, and its record; ``paper`` is its spec where it has moved."""
    stored = [run for run in read_records(results) if run.record.run_id.startswith(run_id)]
    if len(stored) != 1:
        known = f"{len(stored)} runs have" if stored else "no run has"
        raise UsageError(f"{known} an id that begins with '{run_id}' in {places.shown(results)}")
    record = stored[0].record
    if record.status != "finished":
        raise UsageError(f"run {record.run_id} {record.status}: {record.reason}")
    ((file, loaded),) = load_all(spec_files([paper or record.paper]))
    if record.experiment in loaded.spec.experiments:
        try:
            run = make_run(loaded.spec, record.experiment, record.tier, record.seed, record.numerics)
        except KeyError:
            run = None
        if run is not None and run.run_id == record.run_id:
            return run, stored[0]
    raise UsageError(f"{places.shown(file)} plans no run {record.run_id}: the spec has changed since")
