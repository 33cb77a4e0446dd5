"""Scores: one number of one trained system with its whole protocol, and all that is measured of a run while it trains.

``samples.npz`` holds: ``iterations`` (s,), ``samples`` (s, n, *shape) uint8 images or float32 points from one fixed
noise, ``real`` (n, *shape), where asked for ``value_surface`` (s, p, p) raw outputs with ``extent``, and of images what
``training.neighbours`` finds near the first of the last samples.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmark.runs.files import keep_shared, packed, write_atomic
from benchmark.runs.plan import Run
from benchmark.runs.records import CURVES, MEASURED, SAMPLES, ScoreRecord
from benchmark.spec.experiments import Score, Setup
from benchmark.spec.parts import Metric, MetricError, Subject
from benchmark.training.neighbours import nearest_training_examples
from benchmark.training.subject import TrainedSubject, value_surface
from benchmark.training.trainer import Diverged, Trainer

#: generated images that are shown beside training images, and how many beside each
_LOOKED_UP, _NEIGHBOURS = 8, 5


@dataclass
class Kept:
    """What a value can be computed from again; ``shared`` holds what other runs keep as well."""

    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    shared: Mapping[str, np.ndarray] = field(default_factory=dict)


def unmeasured(score: Score, reason: str) -> ScoreRecord:
    """The record of a score that could not be measured."""
    return ScoreRecord(metric=score.metric.name, checkpoint=score.checkpoint, value=None, reason=reason)


def anywhere(reason: str, root: Path) -> str:
    """A reason without the path of the data root, so that records are alike on all machines."""
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
    """Whether ``value`` is better than all ``others``: higher where the metric says so, else lower."""
    return all(value > other if metric.direction == "higher" else value < other for other in others)


class Measurements:
    """Scores and samples of one run so far: taken at its pauses, kept in its checkpoints, written at its end."""

    def __init__(self, run: Run, results: Path, data_root: Path) -> None:
        self.run = run
        self.results = results
        self.data_root = data_root
        self.series: dict[str, list[tuple[int, float]]] = {name: [] for name in run.setup.scores}
        self.measured: dict[str, ScoreRecord] = {}
        self.kept: dict[str, np.ndarray] = {}
        #: score: iteration of its best evaluation so far; and the weights of those iterations
        self.best: dict[str, int] = {}
        self.best_weights: dict[int, dict[str, Any]] = {}
        self.snapshots: dict[str, list[np.ndarray]] = {"samples": [], "value_surface": []}
        self.snapshot_iterations: list[int] = []
        self.until = -1

    def pauses(self) -> list[int]:
        """Iterations at which training pauses to measure or to keep samples, ascending; the last is the end."""
        setup = self.run.setup
        pauses = {0, self.run.iterations, *self.run.moments(setup.snapshots.every)}
        for score in setup.scores.values():
            pauses.update(self.run.moments(score.every))
        return sorted(pauses)

    def at_pause(self, trainer: Trainer, iteration: int) -> None:
        """Take snapshots and recurring scores; samples that are none are :class:`Diverged`."""
        setup, subject = self.run.setup, self._subject(trainer)
        with torch.random.fork_rng():
            if iteration == 0 or iteration in self.run.moments(setup.snapshots.every):
                self._snapshot(subject, iteration)
            for name, score in setup.scores.items():
                if score.every is not None and iteration in self.run.moments(score.every):
                    self._score(name, subject, trainer)

    def _subject(self, trainer: Trainer) -> TrainedSubject:
        return TrainedSubject(trainer, self.data_root, generator_mode=self.run.setup.generator_mode)

    def at_end(self, trainer: Trainer, diverged: str | None) -> None:
        """Measure what is measured once, at the end; a run that diverged has no last score."""
        subject = None if diverged else self._subject(trainer)
        for name, score in self.run.setup.scores.items():
            if subject is not None and score.every is None:
                with torch.random.fork_rng():
                    self._score(name, subject, trainer)
            elif diverged and (score.checkpoint == "last" or name not in self.measured):
                self.measured[name] = unmeasured(score, f"the run diverged: {diverged}")

    def _snapshot(self, subject: TrainedSubject, iteration: int) -> None:
        snapshots = self.run.setup.snapshots
        try:
            samples = subject.fixed_samples(snapshots.samples)
        except MetricError as error:
            raise Diverged(f"iteration {iteration}: {error}") from error
        self.snapshots["samples"].append(samples)
        surface = snapshots.value_surface
        if surface is not None:
            self.snapshots["value_surface"].append(
                value_surface(subject, surface.network, surface.extent, surface.points)
            )
        self.snapshot_iterations.append(iteration)

    def _score(self, name: str, subject: TrainedSubject, trainer: Trainer) -> None:
        """Measure one score; keep it as the last one, or as the best one where the spec asks for that."""
        score = self.run.setup.scores[name]
        kept = Kept()
        new = measure(score, self.run.setup, subject, trainer.iteration, kept)
        if new.value is not None:
            self._keep_if_best(name, new.value, trainer)
            self.series[name].append((trainer.iteration, new.value))
        if better(score, new, self.measured.get(name)):
            shared = keep_shared(self.results, kept.shared) if kept.shared else None
            self.measured[name] = new.model_copy(update={"shared": shared})
            self.kept = {key: value for key, value in self.kept.items() if not key.startswith(f"{name}.")}
            self.kept |= {f"{name}.{key}": value for key, value in kept.arrays.items()}

    def _keep_if_best(self, name: str, value: float, trainer: Trainer) -> None:
        """Keep the weights of a recurring score's best evaluation, so that it can be scored again."""
        score = self.run.setup.scores[name]
        if score.every is None or score.metric.direction not in ("lower", "higher"):
            return
        so_far = [known for _, known in self.series[name]]
        if so_far and not improves(score.metric, value, so_far):
            return
        self.best[name] = trainer.iteration
        if trainer.iteration not in self.best_weights:
            self.best_weights[trainer.iteration] = trainer.weights()
        self.best_weights = {at: kept for at, kept in self.best_weights.items() if at in self.best.values()}

    def facts(self) -> dict[str, Any]:
        """What a checkpoint keeps as JSON."""
        return {
            "series": self.series,
            "measured": {name: score.model_dump(mode="json") for name, score in self.measured.items()},
            "snapshot_iterations": self.snapshot_iterations,
            "measured_until": self.until,
        }

    def tensors(self) -> dict[str, Any]:
        """What a checkpoint keeps as tensors."""
        return {
            "snapshots": {key: torch.from_numpy(np.stack(values)) for key, values in self.snapshots.items() if values},
            "arrays": {name: torch.from_numpy(value) for name, value in self.kept.items()},
            "best": self.best,
            "best_weights": self.best_weights,
        }

    def restore(self, facts: Mapping[str, Any], tensors: Mapping[str, Any]) -> None:
        """Continue from what :meth:`facts` and :meth:`tensors` gave."""
        self.series = {name: [(step, value) for step, value in pairs] for name, pairs in facts["series"].items()}
        self.measured = {name: ScoreRecord.model_validate(score) for name, score in facts["measured"].items()}
        self.snapshot_iterations, self.until = facts["snapshot_iterations"], facts["measured_until"]
        self.snapshots = {
            key: list(tensors["snapshots"][key].cpu().numpy()) if key in tensors["snapshots"] else []
            for key in self.snapshots
        }
        self.kept = {name: value.cpu().numpy() for name, value in tensors["arrays"].items()}
        self.best, self.best_weights = tensors["best"], tensors["best_weights"]

    def pictures(self, trainer: Trainer) -> dict[str, np.ndarray]:
        """The arrays of ``samples.npz``."""
        setup, count, subject = self.run.setup, trainer.data.count, self._subject(trainer)
        arrays: dict[str, np.ndarray] = {
            "iterations": np.array(self.snapshot_iterations, dtype=np.int64),
            "real": subject.reals(min(setup.snapshots.samples, count or 2**31)),
        }
        arrays |= {key: np.stack(values) for key, values in self.snapshots.items() if values}
        if setup.dataset.kind == "images" and count is not None and "samples" in arrays:
            arrays |= nearest_training_examples(subject, arrays["samples"][-1][:_LOOKED_UP], _NEIGHBOURS)
        surface = setup.snapshots.value_surface
        if surface is not None:
            arrays["extent"] = np.array(surface.extent)
        return arrays

    def write(self, folder: Path, pictures: Mapping[str, np.ndarray], curves: Mapping[str, np.ndarray]) -> list[str]:
        """Write the files beside the record and give the scores their series; returns the files' names."""
        write_atomic(folder / SAMPLES, packed(pictures))
        write_atomic(folder / CURVES, packed(curves))
        for name, pairs in self.series.items():
            self.measured[name] = self.measured[name].model_copy(update={"series": pairs})
        kept = {key: value for key, value in self.kept.items() if self._has_value(key.partition(".")[0])}
        if not kept:
            return [CURVES, SAMPLES]
        write_atomic(folder / MEASURED, packed(kept, compressed=False))
        return [CURVES, SAMPLES, MEASURED]

    def _has_value(self, name: str) -> bool:
        return self.measured[name].value is not None

    def scores(self, otherwise: str) -> dict[str, ScoreRecord]:
        """Every score of the spec; ``otherwise`` is why one was not measured at all."""
        missing = {name: unmeasured(score, otherwise) for name, score in self.run.setup.scores.items()}
        return {**missing, **self.measured}
