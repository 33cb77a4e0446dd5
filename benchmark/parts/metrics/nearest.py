"""Distances to nearest neighbours among examples or their features: copies of training images, and repeats.

Figures of nearest neighbours, which many papers print (DCGAN 2016, PGGAN 2018), as one number; and the birthday test of
Arora, Risteski and Zhang (2018), the eye replaced by a limit that the real data set. How far a copy or a repeat may be
shifted and still be found in features is the extractor's matter: the small classifiers take a shifted digit for fresh.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from benchmark.batches import batches
from benchmark.parts.metrics.inputs import Count, CountOrAll, OnClassifier, OnExamples, OnInception, generated, real
from benchmark.spec.levels import on_host
from benchmark.spec.parts import METRICS, Dataset, Measurement, MetricError, Needs, Subject

if TYPE_CHECKING:
    from torch import Tensor

#: examples on either side that are held as float64 at once, and how many numbers at most: 512 MB
_BLOCK = 1024
_NUMBERS = 2**26
#: bytes that distances take at once: both blocks in float64, and one between them
HELD_BYTES = 3 * 8 * _NUMBERS


def nearest_distances(
    examples: np.ndarray, others: np.ndarray, device: str, *, within: bool = False, neighbours: int = 1
) -> np.ndarray:
    """Mean Euclidean distance (n,) of each example to its nearest ``neighbours`` among ``others``.

    ``within``: ``examples`` are the first of ``others``, and none of them is a neighbour of itself.
    """
    nearest = nearest_squared(examples, others, device, within=within, neighbours=neighbours)
    return np.asarray(nearest.clamp_min(0).sqrt().mean(dim=1).cpu().numpy())


def nearest_squared(examples: np.ndarray, others: np.ndarray, device: str, *, within: bool, neighbours: int) -> Tensor:
    """Squared distances (n, neighbours) of each example to its nearest ones, ascending; arguments as above."""
    import torch

    nearest: Tensor | None = None
    for rows, columns, squared in squared_distances(examples, others, device):
        if nearest is None:
            nearest = squared.new_full((len(examples), neighbours), torch.inf)
        if within and rows.start == columns.start:
            squared.fill_diagonal_(torch.inf)
        nearest[rows] = torch.cat([nearest[rows], squared], dim=1).topk(neighbours, dim=1, largest=False).values
    assert nearest is not None
    return nearest


def squared_distances(examples: np.ndarray, others: np.ndarray, device: str) -> Iterator[tuple[slice, slice, Tensor]]:
    """Squared distances of some ``examples`` to some ``others`` at a time, and which these are.

    In float64 those of uint8 images come out exact, so that a copy has distance 0.
    """
    import torch

    place = device if device.startswith("cuda") else "cpu"  # float64 is not on every device
    rows, columns = (on_host(np.ascontiguousarray(array)).flatten(1).to(place) for array in (examples, others))
    size = min(_BLOCK, max(1, _NUMBERS // columns.shape[1]))
    starts = range(0, len(rows), size)
    ours = [rows[start : start + size].double().square().sum(dim=1, keepdim=True) for start in starts]
    for first in batches(len(columns), size, "nearest neighbours"):
        near = columns[first : first + size].double()
        lengths = near.square().sum(dim=1)
        for start, own in zip(starts, ours, strict=True):
            squared = torch.addmm(lengths, rows[start : start + size].double(), near.T, alpha=-2)
            yield slice(start, start + size), slice(first, first + size), squared.add_(own)


def usual(distances: np.ndarray, rounding: float = 0.0) -> float:
    """Median of nearest distances among real examples; one no greater than ``rounding`` is a :class:`MetricError`."""
    middle = float(np.median(distances))
    if middle <= rounding:
        raise MetricError("most training examples occur twice: there is no distance among them to compare with")
    return middle


def mean_length(examples: np.ndarray) -> float:
    """Mean Euclidean norm: what rounding within examples is measured by."""
    return float(np.mean([np.linalg.norm(example.astype(np.float64)) for example in examples]))


class _Nearest(OnExamples):
    """A metric on nearest distances of generated examples and of real ones. Not a part by itself."""

    @abstractmethod
    def pair(self, subject: Subject) -> tuple[np.ndarray, np.ndarray]:
        """Real and generated examples."""

    @abstractmethod
    def distances(self, ours: np.ndarray, theirs: np.ndarray, device: str) -> tuple[np.ndarray, np.ndarray]:
        """Nearest distances of generated and of real examples, or of their features."""

    def needs(self, dataset: Dataset) -> Needs:
        """Distances of both sides to all real examples in 64 bits, and what is kept of them."""
        needs = super().needs(dataset)
        real = needs.real or needs.generated  # as many, where no number is asked for
        work = 2 * 2.0 * self.width(dataset) * real * (needs.generated + min(needs.generated, real))
        return replace(needs, real=real, operations=needs.operations + work, memory=needs.memory + HELD_BYTES)

    def measure(self, subject: Subject) -> Measurement:
        reals, examples = self.pair(subject)
        ours, theirs, facts = self.of_both(subject, examples, reals)
        near, between = self.distances(ours, theirs, subject.device)
        among = usual(between, self.same * mean_length(theirs))
        details = {
            "copies": float((near <= self.same * among).mean()),
            "median_distance": float(np.median(near)),
            "real_median_distance": among,
            **self.further(between),
        }
        return Measurement(
            self.recomputed({"generated": near, "real": between}),
            protocol={**facts, "n_real": len(reals)},
            details=details,
            arrays={"generated": near},
            shared={"real": between},
        )

    def further(self, between: np.ndarray) -> dict[str, float]:
        """Details besides those that all have, from distances between real examples."""
        return {}


@METRICS.register("nearest_training_distance")
class NearestTrainingDistance(_Nearest):
    """Median distance of generated examples to the nearest training examples, over that among training examples.

    An example's distance is the mean over its ``neighbours`` nearest ones.
    0 for a copier, near 1 for fresh examples like the data. Blurred images lie close to everything and score below 1
    too, so that a low value alone is no proof of copying. Distances are of pixels or coordinates.
    """

    label = "distance to training data"
    direction = "two_sided"
    possible = (0, math.inf)
    reference_images: CountOrAll
    neighbours: Count

    def pair(self, subject: Subject) -> tuple[np.ndarray, np.ndarray]:
        reals = real(subject, self.reference_images, least=self.neighbours + 2)
        return reals, generated(subject, self.samples)

    def distances(self, ours: np.ndarray, theirs: np.ndarray, device: str) -> tuple[np.ndarray, np.ndarray]:
        near = nearest_distances(ours, theirs, device, neighbours=self.neighbours)
        some = theirs[: len(ours)]
        return near, nearest_distances(some, theirs, device, within=True, neighbours=self.neighbours)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return float(np.median(kept["generated"])) / usual(kept["real"])


@METRICS.register("nearest_training_features")
class NearestTrainingFeatures(NearestTrainingDistance, OnInception):
    """As ``nearest_training_distance``, between Inception's pool features: these follow what is shown, not where."""

    label = "feature distance to training data"


@METRICS.register("proxy_nearest_training_features")
class ProxyNearestTrainingFeatures(NearestTrainingDistance, OnClassifier):
    """As ``nearest_training_features``, between 64 features of a shipped classifier."""

    label = "proxy feature distance to training data"


@METRICS.register("duplicates")
class Duplicates(_Nearest):
    """Share of generated examples that are closer to another one than the ``quantile`` of real nearest distances.

    As many real examples are used as generated ones, since nearest distances shrink with their number. A generator
    like the data scores ``quantile``. Distances are of pixels or coordinates.
    """

    label = "share of duplicates"
    direction = "lower"
    possible = (0, 1)
    quantile: Annotated[float, Field(gt=0, lt=1)]

    def pair(self, subject: Subject) -> tuple[np.ndarray, np.ndarray]:
        return real(subject, self.samples, least=3), generated(subject, self.samples, least=3)

    def distances(self, ours: np.ndarray, theirs: np.ndarray, device: str) -> tuple[np.ndarray, np.ndarray]:
        return nearest_distances(ours, ours, device, within=True), nearest_distances(
            theirs, theirs, device, within=True
        )

    def further(self, between: np.ndarray) -> dict[str, float]:
        return {"limit": float(np.quantile(between, self.quantile))}

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        ours, theirs = kept["generated"], kept["real"]
        close = (ours < float(np.quantile(theirs, self.quantile))) | (ours <= self.same * usual(theirs))
        return float(close.mean())


@METRICS.register("duplicate_features")
class DuplicateFeatures(Duplicates, OnInception):
    """As ``duplicates``, between Inception's pool features: these follow what is shown, not where."""

    label = "share of duplicate features"


@METRICS.register("proxy_duplicate_features")
class ProxyDuplicateFeatures(Duplicates, OnClassifier):
    """As ``duplicate_features``, between 64 features of a shipped classifier."""

    label = "proxy share of duplicate features"
