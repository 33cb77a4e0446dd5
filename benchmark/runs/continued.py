"""Finished runs that another need not train again: its beginning, which differs from it in nothing but length, or its
whole training, whose end it samples otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmark.runs.derived import together, training_alone
from benchmark.runs.environment import code_hash
from benchmark.runs.files import StoreError
from benchmark.runs.integrity import damage
from benchmark.runs.plan import Run, id_of
from benchmark.runs.records import RECORD, RunRecord, Stored, device_of, read_record
from benchmark.spec.base import grouped
from benchmark.spec.parts import Data

#: what a run's seconds are counted for
ACCOUNTS = ("training", "processor", "evaluation", "redone", "warmup")


def checkpoint_of(stored: Stored) -> Path:
    """The checkpoint that a finished run left at its end."""
    return stored.folder / "checkpoints" / f"{stored.record.iterations:09d}.pt"


def saved(folder: Path) -> int:
    """Iterations up to the newest checkpoint in a run's folder; 0 where it has none."""
    return max((int(file.stem) for file in (folder / "checkpoints").glob("*.pt") if file.stem.isdecimal()), default=0)


def beginnings(run: Run, stored: Iterable[Stored], device: str) -> list[Stored]:
    """Those of ``stored`` that ``run`` can go on from on ``device`` ('cpu', 'cuda:0'), the longest first.

    They ended where ``run`` evaluates all that recurs, and kept pictures of their course.
    """
    ends = _ends(run)
    budget = {"budget": run.setup.budget.model_dump(mode="json")}

    def begins(record: RunRecord) -> bool:
        whole = {**record.determinant, "setup": record.determinant["setup"] | budget}
        pictures = "sampled_from" not in record.environment
        return record.iterations in ends and pictures and id_of(whole) == run.run_id

    return sorted(_left(run, stored, device, begins), key=lambda one: -one.record.iterations)


def trained(run: Run, stored: Iterable[Stored], device: str) -> list[Stored]:
    """Those of ``stored`` whose end on ``device`` is all that ``run`` measures, which has another reading's samples.

    None where a score of ``run`` recurs: that needs the weights of those moments.
    """
    if not _measured_at_its_end(run):
        return []
    wanted = training_alone(run.determinant())

    def whole(record: RunRecord) -> bool:
        alike = record.iterations == run.iterations and training_alone(record.determinant) == wanted
        return alike and id_of(record.determinant) == record.run_id

    return _left(run, stored, device, whole)


def trainings(runs: Sequence[Run], stored: Iterable[Stored], device: str) -> tuple[list[Run], list[list[Run]]]:
    """Those of ``runs`` whose training has ended, which are only sampled, and the others ``together``."""
    by_length = grouped(((one.record.seed, one.record.iterations), one) for one in stored)
    over = [run for run in runs if trained(run, by_length.get((run.seed, run.iterations), ()), device)]
    folders = {run.folder for run in over}
    return over, together([run for run in runs if run.folder not in folders])


def end_of(
    one: Stored, state: dict[str, Any], run: Run, data: Data, data_root: Path, here: Mapping[str, Any]
) -> dict[str, Any] | None:
    """``state``, the checkpoint of a finished run's end, less what was measured at its end alone, for ``run`` to go on
    from in the environment ``here``; None where anything is not as it was or not as it would be here, times included.
    """
    record, scores = one.record, run.setup.scores
    if damage(one) or record.hashes != {"code": code_hash(run), "dataset": data.fingerprint}:
        return None
    then = record.environment
    if device_of(then) != device_of(here) or then["packages"]["torch"] != here["packages"]["torch"]:
        return None
    kept, curves = json.loads(state["kept"]), one.curves()
    alike = {name: values.cpu().numpy().tobytes() for name, values in state["curves"].items()}
    until, threads = record.iterations, here["threads"] if here["device"] == "cpu" else kept["threads"]
    if (
        alike != {name: values.tobytes() for name, values in curves.items()}
        or (state["iteration"], kept["measured_until"], kept["threads"]) != (until, until, threads)
        or kept["seconds"].keys() != set(ACCOUNTS)
        or not {"sessions", "warmup_iterations"} <= kept.keys()
    ):
        return None
    for name, score in scores.items():
        wanted = [moment for moment in run.moments(score.every) if moment <= until]
        wanted = [] if score.metric.unavailable(data_root) is not None else wanted
        if score.every is not None and [moment for moment, _ in kept["series"][name]] != wanted:
            return None
    ended = {name for name, score in scores.items() if score.every is None}
    kept["series"] |= dict.fromkeys(ended, ())
    kept["measured"] = {name: score for name, score in kept["measured"].items() if name not in ended}
    arrays = {name: value for name, value in state["arrays"].items() if name.partition(".")[0] not in ended}
    return {**state, "kept": json.dumps(kept), "arrays": arrays, "others": {}}


def _left(run: Run, stored: Iterable[Stored], device: str, suits: Callable[[RunRecord], bool]) -> list[Stored]:
    """Those of the paper and seed of ``run`` that suit, were trained here on that kind of device by this code, and left
    their last checkpoint. Whether data and checkpoint are what they were is seen when ``run`` begins.
    """
    found = []
    for one in stored:
        record = one.record
        with suppress(KeyError, TypeError, AttributeError):  # what an edited record says it was
            if (
                (record.status, record.origin, record.paper, record.seed) == ("finished", None, run.paper, run.seed)
                and _kind(str(record.environment["device"])) == _kind(device)
                and suits(record)
                and record.hashes["code"] == code_hash(run)
                and checkpoint_of(one).is_file()
            ):
                found.append(one)
    return found


def candidates(run: Run, results: Path) -> Iterator[Stored]:
    """Records of a results folder with a checkpoint where what ``run`` need not train can end; no others are read."""
    ends = _ends(run) | ({run.iterations} if _measured_at_its_end(run) else set())
    for file in sorted(results.glob(f"{run.paper}/*/*/checkpoints/*.pt")) if ends else ():
        if file.stem.isdecimal() and int(file.stem) in ends:
            with suppress(StoreError):
                yield Stored(read_record(file.parents[1] / RECORD), file.parents[1])


def _ends(run: Run) -> set[int]:
    """Iterations before the last at which ``run`` evaluates all that recurs."""
    recurring = [run.setup.snapshots.every, *(score.every for score in run.setup.scores.values() if score.every)]
    return set.intersection(*(set(run.moments(every)) for every in recurring)) - {run.iterations}


def _measured_at_its_end(run: Run) -> bool:
    """Whether no score recurs. A base's run is always trained."""
    return run.reading is not None and all(score.every is None for score in run.setup.scores.values())


def _kind(device: str) -> str:
    return device.partition(":")[0]
