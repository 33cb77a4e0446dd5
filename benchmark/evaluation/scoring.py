"""One score of one trained system: the number with its whole protocol, or the reason why there is none."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.runs.records import ScoreRecord
from benchmark.spec.experiments import Score, Setup
from benchmark.spec.parts import Metric, MetricError, Subject


@dataclass
class Kept:
    """What a value can be computed from again; ``shared`` holds what other runs keep as well."""

    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    shared: Mapping[str, np.ndarray] = field(default_factory=dict)


def unmeasured(score: Score, reason: str) -> ScoreRecord:
    """The record of a score that could not be measured."""
    return ScoreRecord(metric=score.metric.name, checkpoint=score.checkpoint, value=None, reason=reason)


def anywhere(reason: str, root: Path) -> str:
    """A reason without the data root's place on this machine: one run has one record, wherever it is done."""
    return re.sub(rf"(?<![\w./-]){re.escape(str(root))}(?=/)", "DATA", reason)


def measure(score: Score, setup: Setup, subject: Subject, iteration: int, kept: Kept | None = None) -> ScoreRecord:
    """Measure ``score`` after ``iteration`` iterations; degenerate input gives a reason instead of a number.

    What the number can be computed from again goes into ``kept``.
    """
    reason = score.metric.unavailable(subject.root)
    if reason is not None:
        return unmeasured(score, anywhere(reason, subject.root))
    try:
        result = score.metric.measure(subject)
    except MetricError as error:
        return unmeasured(score, anywhere(str(error), subject.root))
    if not math.isfinite(result.value):
        return unmeasured(score, "the metric gave a number that is not finite")
    if kept is not None:
        kept.arrays, kept.shared = result.arrays, result.shared
    protocol = {
        "metric": score.metric.name,
        **score.metric.model_dump(mode="json"),
        "checkpoint": score.checkpoint,
        "dataset": subject.data.fingerprint,
        **(_sampling(setup) if score.metric.looks_at == "samples" else {}),
        **result.protocol,
    }
    return ScoreRecord(
        metric=score.metric.name,
        checkpoint=score.checkpoint,
        value=float(result.value),
        iteration=iteration,
        protocol=protocol,
        details=dict(result.details),
    )


def _sampling(setup: Setup) -> dict[str, Any]:
    """How examples are generated and given out."""
    facts: dict[str, Any] = {
        "generator_mode": setup.generator_mode,
        "quantisation": "8 bit, rounded" if setup.dataset.kind == "images" else "none",
    }
    if setup.generator_mode == "batch_statistics":  # then what is generated depends on how many are generated at once
        facts["generated_at_once"] = setup.batch_size
    return facts


def better(score: Score, new: ScoreRecord, old: ScoreRecord | None) -> bool:
    """Whether ``new`` replaces ``old`` under the score's checkpoint rule; a tie keeps the older."""
    if old is None or old.value is None or score.checkpoint == "last":
        return True
    return new.value is not None and improves(score.metric, new.value, [old.value])


def improves(metric: Metric, value: float, others: Iterable[float]) -> bool:
    """Whether ``value`` is better than all ``others``; where less is not worse, as with most distances, less is."""
    return all(value > other if metric.direction == "higher" else value < other for other in others)
