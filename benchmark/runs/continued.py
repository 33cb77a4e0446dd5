"""Finished runs that are the beginning of a longer one: the two differ in nothing but length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from benchmark.runs.files import StoreError
from benchmark.runs.plan import Run, id_of
from benchmark.runs.records import RECORD, Stored, read_record


def checkpoint_of(stored: Stored) -> Path:
    """The checkpoint that a finished run left at its end."""
    return stored.folder / "checkpoints" / f"{stored.record.iterations:09d}.pt"


def beginnings(run: Run, stored: Iterable[Stored], device: str) -> list[Stored]:
    """Those of ``stored`` that ``run`` can go on from on ``device`` ('cpu', 'cuda:0'), the longest first.

    They were trained on that kind of device, ended where ``run`` evaluates all that recurs, and left their checkpoint.
    Whether code, data and checkpoint are what they were is seen when the run begins.
    """
    ends = _ends(run)
    budget = {"budget": run.setup.budget.model_dump(mode="json")}
    found = []
    for one in stored:
        record = one.record
        with suppress(KeyError, TypeError):  # what an edited record says it was
            if (
                (record.status, record.origin, record.seed) == ("finished", None, run.seed)
                and record.iterations in ends
                and _kind(str(record.environment["device"])) == _kind(device)
                and id_of({**record.determinant, "setup": record.determinant["setup"] | budget}) == run.run_id
                and checkpoint_of(one).is_file()
            ):
                found.append(one)
    return sorted(found, key=lambda one: -one.record.iterations)


def shorter(run: Run, results: Path) -> Iterator[Stored]:
    """Records of a results folder with a checkpoint where a beginning of ``run`` can end; no others are read."""
    ends = _ends(run)
    for file in sorted(results.glob(f"{run.paper}/*/*/checkpoints/*.pt")) if ends else ():
        if file.stem.isdecimal() and int(file.stem) in ends:
            with suppress(StoreError):
                yield Stored(read_record(file.parents[1] / RECORD), file.parents[1])


def _ends(run: Run) -> set[int]:
    """Iterations before the last at which ``run`` evaluates all that recurs."""
    recurring = [run.setup.snapshots.every, *(score.every for score in run.setup.scores.values() if score.every)]
    return set.intersection(*(set(run.moments(every)) for every in recurring)) - {run.iterations}


def _kind(device: str) -> str:
    return device.partition(":")[0]
