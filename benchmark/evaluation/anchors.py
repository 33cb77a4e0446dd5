"""Floors and ceilings of every score: the same metric on real data, a copier, an untrained generator and noise.

Each is measured once for a dataset, a metric's settings and the code that measures, and kept beside the records.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError

from benchmark.evaluation import scoring
from benchmark.runs import sidecars
from benchmark.runs.anchored import anchored
from benchmark.runs.plan import Run
from benchmark.runs.records import RunRecord
from benchmark.runs.sidecars import KINDS, Anchor, Companions, Kind
from benchmark.spec.base import canonical
from benchmark.spec.parts import Data, DataError, Dataset, Metric, MetricError, Subject
from benchmark.training.numerics import prepare
from benchmark.training.streams import Streams
from benchmark.training.subject import TrainedSubject
from benchmark.training.trainer import Trainer

_SEED = 0
#: the real data are split twice, each half against the other
_ORDERS = 2
#: endless data: points drawn for the range that noise fills
_RANGE_POINTS = 10_000
#: examples that a stand-in makes at once
_AT_ONCE = 256
#: bytes of one half of the real images, of a set that is larger the halves are not all of it
_HALF_BYTES = 1 << 34


@dataclass(frozen=True)
class Wanted:
    """An anchor that some record's score asks for."""

    run: Run
    score: str
    identity: dict[str, Any]

    @property
    def kind(self) -> Kind:
        """What stands in a generator's place."""
        kind: Kind = self.identity["kind"]
        return kind

    @property
    def numbers(self) -> float:
        """Values that are looked at; infinite where a large extractor looks at them."""
        setup = self.run.setup
        metric = setup.scores[self.score].metric
        settings = metric.model_dump()
        if "extractor" in settings:
            return math.inf
        size = math.prod(setup.dataset.example_shape())
        count = setup.dataset.example_count() or 0
        return float(size * (count + sum(_counts(metric).values())))


def wanted(runs: Iterable[tuple[Run, RunRecord]], known: Companions, code: str) -> list[Wanted]:
    """Anchors that scores of these runs ask for and that today's code has not measured, each once."""
    have = {canonical(anchor.identity) for anchor in known.anchors if anchor.code == code}
    anchors: dict[str, Wanted] = {}
    for run, record in runs:
        fingerprint = record.hashes.get("dataset")
        if fingerprint is None:
            continue
        for name, score in run.setup.scores.items():
            if not anchored(score.metric):
                continue
            for kind in KINDS:
                identity = sidecars.identity(kind, record.determinant, fingerprint, name)
                text = canonical(identity)
                if text not in have:
                    anchors.setdefault(text, Wanted(run, name, identity))
    return list(anchors.values())


def measure_all(
    wanted: Iterable[Wanted], data_root: Path, device: str, *, code: str, go_on: Callable[[], bool] = lambda: True
) -> Iterator[Anchor]:
    """Measure anchors while ``go_on()``; raises :class:`DataError` where the data are not those of the run."""
    groups: dict[str, list[Wanted]] = {}
    for anchor in wanted:
        settings = anchor.run.setup.dataset.model_dump(mode="json")
        # a reading's generator may differ from the base's
        untrained = sidecars.identity("untrained", anchor.run.determinant(), None, anchor.score)
        key = canonical([anchor.run.setup.dataset.name, settings, untrained["generator"]])
        groups.setdefault(f"{key} {anchor.run.experiment}", []).append(anchor)
    for group in groups.values():
        if not go_on():
            return
        run = replace(group[0].run, seed=_SEED)
        prepare(run.numerics, None)
        with torch.random.fork_rng():
            data = run.setup.dataset.load(data_root, device)
            if data.fingerprint != group[0].identity["dataset"]:
                raise DataError(f"{run.setup.dataset.name} below {data_root} is not what {run.experiment} was run on")
            subject = TrainedSubject(Trainer(run, data, device), data_root)
            for anchor in group:
                if not go_on():
                    return
                yield _measured(anchor, subject, code)


def _measured(wanted: Wanted, subject: TrainedSubject, code: str) -> Anchor:
    began = time.perf_counter()
    score = wanted.run.setup.scores[wanted.score]
    values: list[float] = []
    reason: str | None = None
    protocol: dict[str, Any] = {}
    reduced: dict[str, list[int | str]] = {}
    for order in range(_ORDERS if wanted.kind == "real" else 1):
        try:
            stand = stand_in(wanted.kind, subject, score.metric, order)
            metric, reduced = fitted(score.metric, stand.generated, stand.half)
        except (MetricError, DataError) as error:
            reason = str(error)
            break
        record = scoring.measure(score.model_copy(update={"metric": metric}), wanted.run.setup, stand, 0)
        if record.value is None:
            reason = record.reason
            break
        values.append(record.value)
        protocol = record.protocol
    return Anchor(
        schema_version=1,
        identity=wanted.identity,
        code=code,
        values=values if reason is None else [],
        reason=reason,
        protocol=protocol,
        reduced=reduced,
        seconds=round(time.perf_counter() - began, 3),
    )


@dataclass
class Portion(Data):
    """A part of a dataset, as metrics see it; its examples are the subject's."""

    fingerprint: str
    count: int | None
    shape: tuple[int, ...]
    resident: bool = False


@dataclass
class Stand(Subject):
    """What a metric looks at with something else in a trained generator's place."""

    dataset: Dataset
    data: Data
    root: Path
    device: str
    #: that many examples, in parts that need not be held at once
    parts: Callable[[int], Iterator[np.ndarray]]
    real: Callable[[int | None], np.ndarray]
    #: how many examples it can give out; None for any number
    generated: int | None
    #: real examples in an order, so many at a time; None where all may be held
    real_parts: Callable[[np.ndarray, int], Iterator[np.ndarray]] | None = None
    #: how many real examples there are where they are half of a dataset
    half: int | None = None
    iterations_per_epoch: float | None = None

    def samples(self, count: int) -> np.ndarray:
        return np.concatenate(list(self.parts(count)))

    def reals(self, count: int | None) -> np.ndarray:
        return self.real(count)

    def samples_in_parts(self, count: int) -> Iterator[np.ndarray]:
        return self.parts(count)

    def reals_in_parts(self, order: np.ndarray, size: int) -> Iterator[np.ndarray]:
        return self.real_parts(order, size) if self.real_parts else _picked(self.real(len(order)), order, size)


def stand_in(kind: Kind, subject: Subject, metric: Metric, order: int) -> Stand:
    """What stands in the generator's place; of the real data, the ``order``-th half of two."""
    random = np.random.default_rng([_SEED, order])
    about = (subject.dataset, subject.data, subject.root, subject.device)
    whole = Stand(*about, subject.samples_in_parts, subject.reals, None, subject.reals_in_parts)
    if kind == "untrained":
        return whole
    if kind == "noise":
        return replace(whole, parts=_noise(subject, random))
    if subject.data.count is None:
        if kind == "copier" or not isinstance(subject, TrainedSubject):
            raise MetricError("the data are drawn afresh: there is no training set to copy")
        streams = Streams(_SEED, subject.device)

        def fresh(count: int) -> Iterator[np.ndarray]:
            yield subject.given_out(subject.data.draw(count, streams.generator("anchors", order)).cpu())

        return replace(whole, parts=fresh)
    reals = subject.reals(None)  # mapped, not read, where it is large
    if kind == "copier":
        return replace(whole, parts=lambda count: _picked(reals, random.integers(0, len(reals), count)))
    shuffled = np.random.default_rng(_SEED).permutation(len(reals))
    if getattr(metric, "reference", None) == "test":  # the training data are apart from those by themselves
        return replace(
            whole,
            parts=lambda count: _picked(reals, np.roll(shuffled, order * count)[:count]),
            generated=len(shuffled),
        )
    half = min(len(shuffled) // 2, max(1, _HALF_BYTES // reals[:1].nbytes))
    first, second = shuffled[:half], shuffled[half : 2 * half]
    ours, theirs = (first, second) if order == 0 else (second, first)
    # statistics of references are kept by fingerprint: halves must not pass for the whole, nor for one another
    fingerprint = hashlib.sha256(f"{subject.data.fingerprint} half {order}".encode()).hexdigest()
    return replace(
        whole,
        data=Portion(fingerprint, half, subject.data.shape),
        parts=lambda count: _picked(reals, ours[:count]),
        real=lambda count: reals[theirs[:count]],
        generated=half,
        real_parts=lambda chosen, size: _picked(reals, theirs[chosen], size),
        half=half,
    )


def _picked(every: np.ndarray, chosen: np.ndarray, size: int = _AT_ONCE) -> Iterator[np.ndarray]:
    return (every[chosen[start : start + size]] for start in range(0, len(chosen), size))


def _noise(subject: Subject, random: np.random.Generator) -> Callable[[int], Iterator[np.ndarray]]:
    """Uniform over 0 to 255, or over the smallest box around real points."""
    shape = subject.dataset.example_shape()

    def parts(make: Callable[[tuple[int, ...]], np.ndarray]) -> Callable[[int], Iterator[np.ndarray]]:
        return lambda count: (make((min(_AT_ONCE, count - start), *shape)) for start in range(0, count, _AT_ONCE))

    if subject.dataset.kind == "images":
        return parts(lambda form: random.integers(0, 256, form, dtype=np.uint8))
    reals = subject.reals(_RANGE_POINTS if subject.data.count is None else None)
    low, high = reals.min(axis=0), reals.max(axis=0)
    return parts(lambda form: random.uniform(low, high, form).astype(np.float32))


def _counts(metric: Metric) -> dict[str, int]:
    """Fields of a metric that count examples, and how many examples each means."""
    counts = {}
    for name, per_unit in (("samples", 1), ("pairs", 2), ("reference_images", 1)):
        value = getattr(metric, name, None)
        if isinstance(value, int):
            counts[name] = value * per_unit
    return counts


def fitted(metric: Metric, generated: int | None, reals: int | None) -> tuple[Metric, dict[str, list[int | str]]]:
    """``metric`` with its counts cut to what there is, and what was cut as {setting: [asked, used]}.

    None stands for as many as asked for.
    """
    cut: dict[str, list[int | str]] = {}
    for name, examples in _counts(metric).items():
        at_hand = (reals,) if name == "reference_images" else (generated, reals)
        most = min((count for count in at_hand if count is not None), default=examples)
        if examples > most:
            asked = getattr(metric, name)
            cut[name] = [asked, asked * most // examples]
    if getattr(metric, "reference_images", None) == "all" and reals is not None:
        cut["reference_images"] = ["all", reals]
    try:
        return metric.changed(**{name: used for name, (asked, used) in cut.items() if asked != "all"}), cut
    except ValidationError as error:
        least = error.errors(include_url=False)[0]["msg"].lower()
        raise MetricError(f"half of the real data is too little: {least}") from error
