"""Run records: what a finished run leaves on disk, written atomically and read without torch.

<results>/<paper>/<experiment>/<run_id>/
    record.json   this module's RunRecord; written once, when the run has ended
    record.sha256 its SHA-256, as ``sha256sum --check`` reads it
    curves.npz    one float32 array per curve; element i belongs to iteration i + 1
    samples.npz   see evaluation.scoring: samples from fixed noise over training, real examples, nearest ones
    measured.npz  what each score can be computed from again, as ``<score>.<array>``
    checkpoints/  see training.checkpoint; not evidence, never committed
<results>/shared/<SHA-256>.npz
    what several runs' scores are computed from (moments of a reference), named by its content
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import Field, Strict, model_validator

from benchmark.runs.files import StoreError, read_arrays, read_as, to_json, write_atomic
from benchmark.spec.base import Model, Tier
from benchmark.spec.parts import METRICS, Direction

M = TypeVar("M", bound=Model)

SCHEMA_VERSION = 1
RECORD = "record.json"
RECORD_HASH = "record.sha256"
CURVES = "curves.npz"
SAMPLES = "samples.npz"
MEASURED = "measured.npz"
#: in a score's details: it was counted again by another rule, of one evaluation
RECOUNTED = "recounted"


class OfMetric(Model):
    """Something measured by a metric. Its label, and which way is better, are looked up in the metric.

    Files of older versions carry copies of it, which are not read.
    """

    @model_validator(mode="before")
    @classmethod
    def _without_copies(cls, written: Any) -> Any:
        if not isinstance(written, dict):
            return written
        return {key: value for key, value in written.items() if key not in ("label", "direction", "proxy")}

    @property
    def metric_name(self) -> str:
        """The metric's name in the registry."""
        raise NotImplementedError

    @property
    def label(self) -> str:
        known = METRICS.find(self.metric_name)
        return self.metric_name if known is None else known.label

    @property
    def direction(self) -> Direction:
        """Which way is better; of a metric that is unknown here nobody knows."""
        known = METRICS.find(self.metric_name)
        return "none" if known is None else known.direction

    @property
    def proxy(self) -> bool:
        """Whether it must not stand beside a published number. An unknown metric must not."""
        known = METRICS.find(self.metric_name)
        return known is None or known.proxy


class ScoreRecord(OfMetric):
    """One score of a run. ``value`` is None exactly when it was not measured, and then ``reason`` says why."""

    metric: str
    value: float | None
    reason: str | None = None
    iteration: int | None = None
    checkpoint: Literal["last", "best"]
    #: everything that must agree before two values may be compared
    protocol: dict[str, Any] = {}
    details: dict[str, Any] = {}
    #: SHA-256 of the file in ``shared/`` that the value is computed from besides the run's own arrays
    shared: str | None = None
    #: (iteration, value) of every evaluation over training
    series: list[Annotated[tuple[int, float], Strict(False)]] = Field(default=[], strict=False)

    @property
    def metric_name(self) -> str:
        return self.metric

    def at_end(self) -> float | None:
        """The value at the end of training, whichever checkpoint counts."""
        return self.series[-1][1] if self.series else self.value


class Timing(Model):
    """Seconds of wall time. Training alone: evaluation, pictures, checkpoints and data preparation apart."""

    training_seconds: float
    #: what all threads of the process worked during training: less than training_seconds where others were in the way
    processor_seconds: float | None = None
    evaluation_seconds: float
    #: training that was lost with an interruption and done again, not part of training_seconds
    redone_seconds: float
    #: the first iterations of each session, which carry allocation and tuning; part of training_seconds
    warmup_seconds: float
    warmup_iterations: int
    sessions: int

    @classmethod
    def none(cls, warmup_iterations: int = 0) -> Timing:
        """For a record without times."""
        seconds = dict.fromkeys(("training_seconds", "evaluation_seconds", "redone_seconds", "warmup_seconds"), 0.0)
        return cls(**seconds, warmup_iterations=warmup_iterations, sessions=1)

    def rate(self, iterations: int) -> float | None:
        """Seconds per iteration after the warm-up of a run of ``iterations``; None where the warm-up is all of it."""
        rest = iterations - self.warmup_iterations
        return (self.training_seconds - self.warmup_seconds) / rest if rest > 0 else None


class Origin(Model):
    """Who vouches for a record that was not trained here, and what nobody here checked."""

    #: ``measured``: here, on samples that were supplied; ``reported``: by others
    kind: Literal["measured", "reported"]
    who: Annotated[str, Field(min_length=1)]
    code: Annotated[str, Field(min_length=1)]
    commit: Annotated[str, Field(min_length=1)]
    unchecked: list[str]


class RunRecord(Model):
    """One run: immutable once written."""

    schema_version: Literal[1]
    run_id: str
    paper: str
    experiment: str
    tier: Tier
    seed: int
    numerics: str
    #: None for a run that was trained here
    origin: Origin | None = None
    #: under which reading it was run; None for the base. What decides stands in ``determinant``
    reading: str | None = None
    status: Literal["finished", "diverged", "failed"]
    reason: str | None
    #: what was hashed into run_id
    determinant: dict[str, Any]
    iterations: int
    planned_iterations: int
    iterations_per_epoch: float | None
    scores: dict[str, ScoreRecord]
    timing: Timing
    #: dataset, parts' sources: SHA-256
    hashes: dict[str, str]
    environment: dict[str, Any]
    #: file name -> SHA-256, for every file that is evidence
    files: dict[str, str]


@dataclass(frozen=True)
class Stored:
    """A record and the folder it lies in."""

    record: RunRecord
    folder: Path
    #: where the record is the beginning of a longer run's: its number of iterations
    until: int | None = None

    def curves(self) -> dict[str, np.ndarray]:
        """The run's curves by name, float32; empty where it recorded none."""
        curves = read_arrays(self.folder / CURVES)
        for name, curve in curves.items():
            if curve.ndim != 1 or curve.dtype.kind != "f":
                raise StoreError(f"{self.folder / CURVES}: '{name}' is no row of floats: {curve.dtype} {curve.shape}")
        return {name: curve[: self.until] for name, curve in curves.items()}

    def samples(self) -> dict[str, np.ndarray]:
        """The run's samples; see ``evaluation.scoring``. Empty where it kept none."""
        return read_arrays(self.folder / SAMPLES)


def write_record(folder: Path, record: RunRecord) -> None:
    """Write ``record`` into its run's folder with its hash; a record that is there already is never replaced."""
    file = folder / RECORD
    if file.exists():
        raise StoreError(f"{file} exists, records are immutable")
    content = to_json(record.model_dump(mode="json"))
    write_record_hash(folder, content)
    write_atomic(file, content)


def write_record_hash(folder: Path, content: bytes) -> None:
    """Write the hash of a record whose file has this content."""
    write_atomic(folder / RECORD_HASH, f"{hashlib.sha256(content).hexdigest()}  {RECORD}\n".encode())


def read_record(file: Path) -> RunRecord:
    """Read one record; raises :class:`StoreError` naming the file."""
    return read_as(file, RunRecord)


def device_of(environment: Mapping[str, Any]) -> str:
    """The device's name as far as a record's environment tells."""
    for key in ("gpu", "processor", "device"):
        value = environment.get(key)
        if isinstance(value, dict):
            value = value.get("name")
        if isinstance(value, str) and value:
            return value
    return "not recorded"


def finished_record(folder: Path) -> RunRecord | None:
    """The record of a run that has ended well or diverged; None where there is none, or the run failed."""
    if not os.path.lexists(folder / RECORD):
        return None
    record = read_record(folder / RECORD)
    return None if record.status == "failed" else record


def read_records(results: Path, unreadable: list[str] | None = None, *, brought: bool = False) -> Iterator[Stored]:
    """All records below ``results``, ordered by path: of what was trained here, and where asked of what was brought.

    Why one cannot be read is added to ``unreadable`` or raised.
    """
    for file in sorted(results.glob(f"*/*/*/{RECORD}")):
        try:
            record = read_record(file)
        except StoreError as error:
            if unreadable is None:
                raise
            unreadable.append(str(error))
            continue
        if brought or record.origin is None:
            yield Stored(record, file.parent)


def unread(results: Path, paper: str, read: Iterable[Stored]) -> set[str]:
    """Ids of a paper's runs whose records lie below ``results`` and are not among those that could be ``read``."""
    known = {name for run in read for name in (run.record.run_id, run.folder.name)}
    return {file.parent.name for file in results.glob(f"{paper}/*/*/{RECORD}")} - known
