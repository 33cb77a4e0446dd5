"""A finished run's generator scored again without training, one setting of the protocol changed at a time.

So it is known how far two papers' scores may differ by their protocols alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from pydantic import ValidationError
from torch import nn

from benchmark.evaluation import scoring
from benchmark.parts.metrics import infinity
from benchmark.runs.anchored import anchor_code
from benchmark.runs.files import StoreError
from benchmark.runs.plan import Run
from benchmark.runs.records import RunRecord, ScoreRecord
from benchmark.runs.sidecars import Extrapolated, ProtocolGrid, Variant
from benchmark.spec.parts import Data, DataError, Metric, MetricError
from benchmark.training import checkpoint
from benchmark.training.numerics import prepare
from benchmark.training.subject import TrainedSubject
from benchmark.training.trainer import Trainer

Axis = Literal[
    "count", "reference", "reference_count", "resize", "extractor", "rounding", "mode", "checkpoint", "noise"
]
AXES: tuple[Axis, ...] = get_args(Axis)

#: counts of generated examples, as shares of the spec's
_SHARES = (0.25, 0.5, 2.0)
#: fields of metrics by what they decide
_CHOICES: dict[Axis, tuple[str, ...]] = {
    "reference": ("reference",),
    "resize": ("resize", "filter"),
    "extractor": ("extractor", "classifier"),
}
_COUNTS = ("samples", "pairs")
#: other draws of noise: how far a value moves under one and the same protocol
_DRAWS = 3


@dataclass(frozen=True)
class _Change:
    """One departure from the spec's protocol: another metric, or other samples of the same generator."""

    axis: Axis
    setting: str
    metric: Metric
    subject: dict[str, Any]


def trained(run: Run, record: RunRecord, folder: Path, data_root: Path, device: str) -> tuple[Trainer, dict[str, Any]]:
    """The trainer of a run at the end of its training, and its checkpoint; ``folder`` is the record's.

    A checkpoint that is missing or not of the run's end is a :class:`StoreError`, other data a
    :class:`DataError`.
    """
    prepare(run.numerics, None)
    data: Data = run.setup.dataset.load(data_root, device)
    if data.fingerprint != record.hashes.get("dataset"):
        raise DataError(f"{run.setup.dataset.name} below {data_root} is not what this run was trained on")
    state = checkpoint.load_newest(folder / "checkpoints", device, run.run_id)
    if state is None or state["iteration"] != run.iterations:
        raise StoreError(f"{folder / 'checkpoints'}: no checkpoint of the end, {run.iterations} iterations")
    trainer = Trainer(run, data, device)
    try:
        trainer.restore({**state, "curves": {name: curve.cpu() for name, curve in state["curves"].items()}})
    except ValueError as error:
        raise StoreError(f"{folder / 'checkpoints'}: {error}") from error
    return trainer, state


class Scorer:
    """The generator of a run at the end of its training, scored under any protocol."""

    def __init__(self, run: Run, record: RunRecord, folder: Path, data_root: Path, device: str) -> None:
        """Load the run; raises what :func:`trained` does."""
        self.run, self.record, self.device, self.root = run, record, device, data_root
        self.trainer, state = trained(run, record, folder, data_root, device)
        self.data: Data = self.trainer.data
        self._best: dict[str, int] = state["best"]
        self._best_weights: dict[int, dict[str, Any]] = state["best_weights"]

    def grid(
        self,
        scores: Sequence[str],
        axes: Sequence[Axis],
        counts: Sequence[int] = (),
        say: Callable[[str], None] = lambda _text: None,
    ) -> ProtocolGrid:
        """Score again under the spec's protocol and under each that differs from it in one way.

        ``counts`` replaces the shares of the spec's count of generated examples.
        """
        variants: list[Variant] = []
        extrapolated: list[Extrapolated] = []
        again: dict[str, float | None] = {}
        with torch.random.fork_rng():
            for name in scores:
                score = self.run.setup.scores[name]
                base = self._measure(name, score.metric, {})
                again[name] = base.value
                if base.value is None:
                    say(f"{name}: {base.reason}")
                    continue
                if score.metric.looks_at == "curves":
                    continue  # no setting of how samples are made or measured can move it
                for change in self._changes(score.metric, axes, counts):
                    say(f"{name}: {change.axis} {change.setting}")
                    record = self._measure(name, change.metric, change.subject)
                    variants.append(_variant(name, change.axis, change.setting, record, base.value))
                if "count" in axes:
                    variants += _refused(name, score.metric, counts)
                if "checkpoint" in axes:
                    variants += self._at_best(name, base.value)
                if "count" in axes and infinity.extrapolates(score.metric):
                    try:
                        line = infinity.frechet_line(score.metric, TrainedSubject(self.trainer, self.root))
                        extrapolated.append(Extrapolated(score=name, **vars(line)))
                    except MetricError as error:
                        reason = str(error)
                        variants.append(Variant(score=name, axis="count", setting="endless", value=None, reason=reason))
        return ProtocolGrid(
            schema_version=1,
            run_id=self.run.run_id,
            paper=self.run.paper,
            experiment=self.run.experiment,
            tier=self.run.tier,
            seed=self.run.seed,
            iteration=self.trainer.iteration,
            device=self.device,
            code=anchor_code(),
            recorded={name: self.record.scores[name].at_end() for name in scores},
            again=again,
            variants=variants,
            extrapolated=extrapolated,
        )

    def _measure(self, name: str, metric: Metric, other: dict[str, Any]) -> ScoreRecord:
        score = self.run.setup.scores[name].model_copy(update={"metric": metric})
        subject = TrainedSubject(self.trainer, self.root, **other)
        return scoring.measure(score, self.run.setup, subject, self.trainer.iteration)

    def _at_best(self, name: str, base: float) -> list[Variant]:
        """The generator of the score's best evaluation in training, scored again as the last one is."""
        series = self.record.scores[name].series
        if name not in self._best or len(series) < 2:
            return []
        last, weights = self.trainer.weights(), self._best_weights[self._best[name]]
        end = self.trainer.iteration
        self.trainer.use(weights, self._best[name])
        try:
            record = self._measure(name, self.run.setup.scores[name].metric, {})
        finally:
            self.trainer.use(last, end)
        setting = f"best of {len(series)} evaluations, iteration {self._best[name]}"
        return [_variant(name, "checkpoint", setting, record, base)]

    def _changes(self, metric: Metric, axes: Iterable[Axis], counts: Sequence[int]) -> Iterator[_Change]:
        for axis in axes:
            if axis == "count":
                yield from self._counts(metric, counts)
            elif axis == "reference_count":
                yield from self._reference_counts(metric)
            elif axis in _CHOICES:
                yield from _choices(axis, metric)
            elif axis == "rounding" and self.run.setup.dataset.kind == "images":
                yield _Change(axis, "down instead of nearest", metric, {"rounding": "down"})
            elif axis == "mode" and self._normalised():
                other = {"running_statistics": "batch_statistics", "batch_statistics": "running_statistics"}
                mode = other[self.run.setup.generator_mode]
                yield _Change(axis, mode, metric, {"generator_mode": mode})
            elif axis == "noise":
                for draw in range(2, 2 + _DRAWS):
                    yield _Change(axis, f"draw {draw}", metric, {"noise": f"evaluation.{draw}"})

    def _counts(self, metric: Metric, counts: Sequence[int]) -> Iterator[_Change]:
        for name in _COUNTS:
            wanted = getattr(metric, name, None)
            if not isinstance(wanted, int):
                continue
            for count in counts or [round(wanted * share) for share in _SHARES]:
                changed = _with(metric, name, count)
                if changed is not None and count != wanted:
                    yield _Change("count", f"{count} {name} instead of {wanted}", changed, {})

    def _reference_counts(self, metric: Metric) -> Iterator[_Change]:
        wanted = getattr(metric, "reference_images", None)
        if wanted is None or self.data.count is None:
            return
        for count in ("all", self.data.count // 2, self.data.count // 4):
            changed = _with(metric, "reference_images", count)
            if changed is not None and count not in (wanted, 0):
                yield _Change("reference_count", f"{count} real instead of {wanted}", changed, {})

    def _normalised(self) -> bool:
        return any(
            isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
            for network in self.trainer.networks.values()
            for module in network.modules()
        )


def _choices(axis: Axis, metric: Metric) -> Iterator[_Change]:
    """Every other value that the metric's own settings allow."""
    for name in _CHOICES[axis]:
        field = type(metric).model_fields.get(name)
        choice = getattr(metric, name, None)
        for value in get_args(field.annotation) if field is not None else ():
            changed = _with(metric, name, value)
            if value != choice and changed is not None:
                yield _Change(axis, f"{value} instead of {choice}", changed, {})


def _refused(score: str, metric: Metric, counts: Sequence[int]) -> Iterator[Variant]:
    """Counts that were asked for and that a metric does not take."""
    for name in (name for name in _COUNTS if isinstance(getattr(metric, name, None), int)):
        for count in (count for count in counts if _with(metric, name, count) is None):
            setting, reason = f"{count} {name}", f"{metric.label} does not take so many or so few"
            yield Variant(score=score, axis="count", setting=setting, value=None, reason=reason)


def _with(metric: Metric, name: str, value: object) -> Metric | None:
    """``metric`` with one setting replaced; None where the metric does not allow it."""
    try:
        return metric.changed(**{name: value})
    except ValidationError:
        return None


def _variant(name: str, axis: str, setting: str, score: ScoreRecord, base: float) -> Variant:
    if score.value is None:
        return Variant(score=name, axis=axis, setting=setting, value=None, reason=score.reason)
    return Variant(score=name, axis=axis, setting=setting, value=score.value, change=score.value - base)
