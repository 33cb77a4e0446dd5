"""What somebody else brings to a paper becomes records: who vouches, reported values and curves, and the record itself.

Nothing is written here before everything has been read and checked.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.registry import did_you_mean
from benchmark.runs.files import StoreError, keep_shared, packed, sha256, write_atomic
from benchmark.runs.plan import Run, id_of, make_run
from benchmark.runs.records import (
    CURVES,
    MEASURED,
    SAMPLES,
    Origin,
    RunRecord,
    ScoreRecord,
    Stored,
    Timing,
    write_record,
)
from benchmark.spec.base import canonical, digest
from benchmark.spec.dataflow import curve_names
from benchmark.spec.paper import PaperSpec

#: how a foreign training was computed nobody here knows
NUMERICS = "unknown"
#: what brings a record's own facts to those that a run of the spec is determined by
_BROUGHT = "brought"
UNCHECKED = {
    "measured": [
        "that the samples are of networks trained as the paper says",
        "that every seed was trained by itself, and none was left out or chosen",
    ],
    "reported": [
        "the values themselves, and that they were measured under the protocol told",
        "that every seed was trained by itself, and none was left out or chosen",
    ],
}
#: why a record has no value of a score that nothing was said of
NOT_BROUGHT = "not brought"
_VALUES = ("experiment", "score", "seed", "value", "source")
_CURVES = ("experiment", "seed", "iteration")
#: facts of a protocol that a metric adds to its settings
_FACTS = ("checkpoint", "generator_mode", "quantisation", "n_real", "dataset", "reference_sha256", "weights_sha256")


class BroughtError(Exception):
    """Something brought that is not what it must be; the message names file and line."""


@dataclass
class Brought:
    """What one record holds: scores, and the arrays of its files."""

    run: Run
    origin: Origin
    scores: dict[str, ScoreRecord] = field(default_factory=dict)
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    samples: dict[str, np.ndarray] = field(default_factory=dict)
    #: what scores are computed from again, as ``<score>.<array>``, and by score what other records share
    kept: dict[str, np.ndarray] = field(default_factory=dict)
    shared: dict[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    #: SHA-256 of what was brought, and of the dataset it was measured against
    content: str = ""
    dataset: str | None = None


def run_of(spec: PaperSpec, experiment: str, seed: int, where: str) -> Run:
    """The run of the paper's own budget that something brought stands for."""
    if experiment not in spec.experiments:
        names = list(spec.experiments)
        raise BroughtError(
            f"{where}: {spec.paper.id} has no experiment '{experiment}'{did_you_mean(experiment, names)}"
        )
    try:
        return make_run(spec, experiment, "full", seed, NUMERICS)
    except KeyError as error:
        raise BroughtError(f"{where}: {error.args[0]}") from error


def of_todays_spec(spec: PaperSpec, record: RunRecord) -> bool:
    """Whether a brought record is of what ``spec`` asks today."""
    if record.experiment not in spec.experiments or record.tier != "full":
        return False
    facts = {key: value for key, value in record.determinant.items() if key != _BROUGHT}
    run = make_run(spec, record.experiment, "full", record.seed, NUMERICS)
    return id_of(facts) == run.run_id and run.iterations == record.planned_iterations


def _rows(file: Path, needed: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows as ``file:line`` and cells by column, blank ones left out."""
    if file.exists() and not file.is_file():  # a pipe or a device may never end
        raise BroughtError(f"{file}: is no file")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BroughtError(f"{file}: not a readable CSV file ({error})") from error
    reader = csv.reader(io.StringIO(text))
    head = [name.strip() for name in next(reader, [])]
    for name in needed:
        if name not in head:
            raise BroughtError(f"{file}:1: no column '{name}', needed are, with commas: {','.join(needed)}")
    if len(set(head)) != len(head):
        raise BroughtError(f"{file}:1: a column occurs twice")
    for cells in reader:
        where = f"{file}:{reader.line_num}"
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(head):
            raise BroughtError(f"{where}: {len(cells)} cells, the head has {len(head)}")
        row = {name: cell.strip() for name, cell in zip(head, cells, strict=True) if cell.strip()}
        missing = [name for name in needed if name not in row]
        if missing:
            raise BroughtError(f"{where}: no {missing[0]}")
        yield where, row


def _whole(text: str, what: str, where: str) -> int:
    if not text.isdigit() or not text.isascii() or int(text) >= 2**32:
        raise BroughtError(f"{where}: {what} '{text}' is no whole number from 0 on")
    return int(text)


def _number(text: str, what: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BroughtError(f"{where}: {what} '{text}' is no number")
    return value


def read_values(spec: PaperSpec, file: Path, origin: Origin) -> list[Brought]:
    """Reported values: a row for a score and a seed; further columns are fields of its protocol, blank if not told."""
    runs: dict[tuple[str, int], Brought] = {}
    for where, row in _rows(file, _VALUES):
        seed = _whole(row["seed"], "seed", where)
        run = run_of(spec, row["experiment"], seed, where)
        name, known = row["score"], run.setup.scores
        if name not in known:
            raise BroughtError(f"{where}: {run.experiment} has no score '{name}'{did_you_mean(name, known)}")
        brought = runs.setdefault((run.experiment, seed), Brought(run, origin))
        if name in brought.scores:
            raise BroughtError(f"{where}: seed {seed} of {run.experiment} has its {name} a second time")
        told = {key: text for key, text in row.items() if key not in _VALUES}
        value = _number(row["value"], "value", where)
        brought.scores[name] = _reported(run, name, value, told, row["source"], where)
    return list(runs.values())


def _reported(run: Run, name: str, value: float, told: Mapping[str, str], source: str, where: str) -> ScoreRecord:
    """A reported score. It has no value if its protocol is not the paper's."""
    score = run.setup.scores[name]
    settings = {
        **score.metric.model_dump(mode="json"),
        "checkpoint": score.checkpoint,
        "generator_mode": run.setup.generator_mode,
    }
    fields = {*settings, *_FACTS}
    protocol: dict[str, Any] = {"metric": score.metric.name}
    reason = None
    for key, text in told.items():
        if key not in fields:
            raise BroughtError(
                f"{where}: the protocol of {name} has no field '{key}'{did_you_mean(key, sorted(fields))}"
            )
        protocol[key] = _as_asked(text, settings[key]) if key in settings else text
        if key in settings and canonical(protocol[key]) != canonical(settings[key]):
            reason = f"reported with {key} {text}, the paper's protocol here has {settings[key]}"
    low, high = score.metric.possible
    if not low <= value <= high:
        raise BroughtError(f"{where}: {value:g} is no value of {score.metric.label}")
    return ScoreRecord(
        metric=score.metric.name,
        value=value if reason is None else None,
        reason=reason,
        checkpoint=score.checkpoint,
        protocol=protocol if reason is None else {},
        details={"source": source},
    )


def _as_asked(text: str, value: object) -> object:
    """A field's text as a value of the type that the protocol has."""
    if isinstance(value, str):
        return value if text.lower() == value.lower() else text
    try:
        return json.loads(text.lower())
    except ValueError:
        return text


def read_curves(spec: PaperSpec, file: Path, origin: Origin) -> list[Brought]:
    """Curves over training: one row for an iteration of a seed, 1 to the end of the budget, one column for a curve."""
    series: dict[tuple[str, int], list[dict[str, float]]] = {}
    runs: dict[tuple[str, int], Run] = {}
    ends: dict[tuple[str, int], str] = {}
    for where, row in _rows(file, _CURVES):
        key = (row["experiment"], _whole(row["seed"], "seed", where))
        if key not in runs:
            runs[key] = run_of(spec, *key, where)
            names = curve_names(runs[key].system)
            for name in row:
                if name not in (*_CURVES, *names):
                    raise BroughtError(f"{where}: {key[0]} has no curve '{name}'{did_you_mean(name, names)}")
        rows = series.setdefault(key, [])
        iteration = _whole(row["iteration"], "iteration", where)
        if iteration != len(rows) + 1:
            raise BroughtError(f"{where}: iteration {iteration} of seed {key[1]} where {len(rows) + 1} belongs")
        rows.append({name: _number(text, name, where) for name, text in row.items() if name not in _CURVES})
        if rows[-1].keys() != rows[0].keys():
            raise BroughtError(f"{where}: other curves than at iteration 1")
        ends[key] = where
    read = []
    for key, rows in series.items():
        run = runs[key]
        if len(rows) != run.iterations:
            raise BroughtError(
                f"{ends[key]}: seed {key[1]} of {key[0]} ends at iteration {len(rows):,}, "
                f"the paper's budget is {run.iterations:,}"
            )
        curves = {name: np.array([row[name] for row in rows], np.float32) for name in rows[0]}
        read.append(Brought(run, origin, curves=curves))
    return read


def merged(values: Sequence[Brought], curves: Sequence[Brought]) -> list[Brought]:
    """Values and curves of one seed as one record."""
    runs = {(value.run.experiment, value.run.seed): value for value in values}
    for read_curve in curves:
        runs.setdefault((read_curve.run.experiment, read_curve.run.seed), read_curve).curves = read_curve.curves
    for read_curve in runs.values():
        told = {name: score.model_dump(mode="json") for name, score in read_curve.scores.items()}
        arrays = {name: hashlib.sha256(curve.tobytes()).hexdigest() for name, curve in read_curve.curves.items()}
        read_curve.content = digest([told, arrays])
    return list(runs.values())


def record_of(brought: Brought) -> RunRecord:
    """The record without its files. Its id is a hash of what the spec asks, who vouches, and the content."""
    run = brought.run
    facts = {**run.determinant(), _BROUGHT: {**brought.origin.model_dump(mode="json"), "content": brought.content}}
    facts[_BROUGHT]["experiment"] = run.experiment
    scores = {
        name: brought.scores.get(name)
        or ScoreRecord(metric=score.metric.name, value=None, reason=NOT_BROUGHT, checkpoint=score.checkpoint)
        for name, score in run.setup.scores.items()
    }
    return RunRecord(
        **{**run.facts(), "run_id": id_of(facts), "determinant": facts},
        origin=brought.origin,
        status="finished",
        reason=None,
        iterations=run.iterations,
        scores=scores,
        timing=Timing.none(run.iterations),
        hashes={} if brought.dataset is None else {"dataset": brought.dataset},
        environment={},
        files={},
    )


def check_new(known: Iterable[Stored], supplied: Iterable[tuple[Run, Origin]]) -> None:
    """Refuse a seed that the same people brought before, with the same or with other content."""
    there = [(old.record.origin, old.record.experiment, old.record.seed, old.folder) for old in known]
    for run, origin in supplied:
        for *of, folder in there:
            if of == [origin, run.experiment, run.seed]:
                what = f"seed {run.seed} of {run.experiment}"
                raise BroughtError(f"{what} has been brought before; was that a mistake, delete {folder}")


def write(results: Path, brought: Brought, record: RunRecord) -> Path:
    """Write one record with its files."""
    folder = results / record.paper / record.experiment / record.run_id
    shared = {name: keep_shared(results, arrays) for name, arrays in brought.shared.items() if arrays}
    scores = {
        name: score.model_copy(update={"shared": shared[name]}) if name in shared else score
        for name, score in record.scores.items()
    }
    files = {}
    for name, arrays, small in (
        (CURVES, brought.curves, True),
        (SAMPLES, brought.samples, True),
        (MEASURED, brought.kept, False),
    ):
        if arrays:
            write_atomic(folder / name, packed(arrays, compressed=small))
            files[name] = sha256(folder / name)
    try:
        write_record(folder, record.model_copy(update={"files": files, "scores": scores}))
    except StoreError as error:
        raise BroughtError(str(error)) from error
    return folder
