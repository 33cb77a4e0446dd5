"""Records of a results folder together with the runs that today's specs plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from benchmark import places
from benchmark.commands.options import UsageError
from benchmark.commands.select_runs import load_papers
from benchmark.registry import did_you_mean
from benchmark.runs.files import StoreError
from benchmark.runs.integrity import edited
from benchmark.runs.plan import Run, make_plan, make_run
from benchmark.runs.records import RunRecord, Stored, read_records
from benchmark.spec.base import TIERS
from benchmark.spec.load import Loaded
from benchmark.spec.paper import PaperSpec
from benchmark.spec.readings import BASE, ReadingError

#: of a record that judging passes over
UNPLANNED = "the spec plans no such run (another seed, or it has changed since), so it judges nothing"
#: readings that are named where records are of others than the one asked for
_MOST_SHOWN = 8


def planned(specs: Iterable[PaperSpec], stored: Iterable[Stored], numerics: str) -> list[tuple[Run, Stored]]:
    """Records that specs plan, with their runs, in the order of the plan."""
    records = {run.record.run_id: run for run in stored}
    runs = [run for spec in specs for tier in TIERS for run in make_plan(spec, tier, numerics=numerics)]
    return [*{run.run_id: (run, records[run.run_id]) for run in runs if run.run_id in records}.values()]


def readings_of(papers: Iterable[Loaded], stored: Iterable[Stored]) -> Iterator[tuple[Loaded, str | None]]:
    """Every paper as it stands, under each ground, and under each reading that a record of it names."""
    named = [(run.record.paper, run.record.reading) for run in stored]
    for loaded in papers:
        own = [reading for paper, reading in named if paper == loaded.spec.paper.id and reading is not None]
        for reading in dict.fromkeys([None, *loaded.readings.grounds, *own]):
            try:
                loaded.under(reading)
            except ReadingError:  # of an older spec
                continue
            yield loaded, reading


def by_readings(records: Iterable[RunRecord]) -> str:
    """How many records are of which reading, and how to ask: ``narrow (30), narrow+x (5) (--reading narrow)``.

    Joined ones come last: what is tried on top of a reading is told under it.
    """
    counts = Counter(record.reading or BASE for record in records)
    if not counts:
        return ""
    ranked = sorted(counts, key=lambda reading: ("+" in reading, -counts[reading]))
    shown = ", ".join(f"{reading} ({counts[reading]})" for reading in ranked[:_MOST_SHOWN])
    more = f" and {len(ranked) - _MOST_SHOWN} more" if len(ranked) > _MOST_SHOWN else ""
    return f"{shown}{more} (--reading {ranked[0]})"


def check_scores(run: Run, names: Iterable[str]) -> None:
    """Refuse a score that a run does not have."""
    known = run.setup.scores
    for name in names:
        if name not in known:
            there = f"there are: {', '.join(known)}{did_you_mean(name, known)}"
            raise UsageError(f"run {run.run_id} has no score '{name}', {there}")


def run_behind(loaded: Loaded, stored: Stored) -> Run | None:
    """The run of a spec that a record is of, planned or of another seed or numerics tier; None where there is none."""
    record = stored.record
    for _, reading in readings_of([loaded], [stored]):
        with suppress(KeyError):
            run = make_run(loaded.under(reading), record.experiment, record.tier, record.seed, record.numerics)
            if run.run_id == record.run_id:
                return run
    return None


def run_of(results: Path, run_id: str, paper: str | None) -> tuple[Run, Stored]:
    """The finished run whose id begins with ``run_id``, and its record; ``paper`` is its spec where it has moved."""
    stored = [run for run in read_records(results) if run.record.run_id.startswith(run_id)]
    if len(stored) != 1:
        known = f"{len(stored)} runs have" if stored else "no run has"
        raise UsageError(f"{known} an id that begins with '{run_id}' in {places.shown(results)}")
    record = stored[0].record
    if record.status != "finished":
        raise UsageError(f"run {record.run_id} {record.status}: {record.reason}")
    (loaded,) = load_papers([paper or record.paper])
    if (problem := edited(stored[0])) is not None:
        raise StoreError(problem)
    if (run := run_behind(loaded, stored[0])) is not None:
        return run, stored[0]
    same = record.paper == loaded.spec.paper.id
    why = "the spec has changed since" if same else f"it is a run of {record.paper}"
    raise UsageError(f"{places.shown(loaded.file)} gives no run {record.run_id}: {why}")
