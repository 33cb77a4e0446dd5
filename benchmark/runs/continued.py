"""Finished runs that are the beginning of a longer one: the two differ in nothing but length."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from benchmark.runs.plan import Run, id_of
from benchmark.runs.records import Stored


def checkpoint_of(stored: Stored) -> Path:
    """The checkpoint that a finished run left at its end."""
    return stored.folder / "checkpoints" / f"{stored.record.iterations:09d}.pt"


def beginnings(run: Run, stored: Iterable[Stored], device: str) -> list[Stored]:
    """Those of ``stored`` that ``run`` can go on from on ``device`` ('cpu', 'cuda:0'), the longest first.

    They were trained on that kind of device, ended where ``run`` evaluates all that recurs, and left their checkpoint.
    Whether code, data and checkpoint are what they were is seen when the run begins.
    """
    recurring = [run.setup.snapshots.every, *(score.every for score in run.setup.scores.values() if score.every)]
    ends = set.intersection(*(set(run.moments(every)) for every in recurring)) - {run.iterations}
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


def _kind(device: str) -> str:
    return device.partition(":")[0]
