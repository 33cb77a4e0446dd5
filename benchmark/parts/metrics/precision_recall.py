"""Improved precision and recall (Kynkäänniemi et al. 2019) on Inception's pool features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from benchmark.parts.extractors.inception import DIMENSIONS
from benchmark.parts.metrics.inputs import AgainstReference, OnInception
from benchmark.parts.metrics.nearest import HELD_BYTES, nearest_squared, squared_distances
from benchmark.spec.parts import METRICS, Dataset, Measurement, Needs, Subject

#: what 64-bit arithmetic takes in place of 32-bit
_DOUBLE = 2


class _PrecisionRecall(AgainstReference, OnInception):
    """A sample counts if it lies in some ball around the other set's points, out to their ``neighbours``-th nearest.

    The authors use VGG-16 features; on Inception's the values differ.
    """

    direction = "higher"
    possible = (0, 1)
    neighbours: Annotated[int, Field(ge=1)]

    def unavailable(self, root: Path) -> str | None:
        if self.samples <= self.neighbours:
            return f"{self.samples} generated images are too few, the minimum is {self.neighbours + 1}"
        return super().unavailable(root)

    def needs(self, dataset: Dataset) -> Needs:
        needs = super().needs(dataset)
        pairs = (needs.generated + needs.real) ** 2
        work = _DOUBLE * 2.0 * DIMENSIONS * pairs
        return replace(needs, operations=needs.operations + work, memory=needs.memory + HELD_BYTES)

    def measure(self, subject: Subject) -> Measurement:
        ours, theirs, facts = self.features(subject, least=self.neighbours + 1)
        hits = {
            "precision": inside(ours, theirs, self.neighbours, subject.device),
            "recall": inside(theirs, ours, self.neighbours, subject.device),
        }
        mine = hits.pop(self.name)
        details = {name: float(other.mean()) for name, other in hits.items()}
        return Measurement(float(mine.mean()), protocol=facts, details=details, arrays={"inside": mine})

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return float(kept["inside"].mean())


def inside(points: np.ndarray, others: np.ndarray, neighbours: int, device: str) -> np.ndarray:
    """Whether each of ``points`` (n, d) lies in a ball around some of ``others``, in float64."""
    radii = nearest_squared(others, others, device, within=True, neighbours=neighbours)[:, -1]
    hits = np.zeros(len(points), bool)
    for rows, columns, squared in squared_distances(points, others, device):
        hits[rows] |= (squared <= radii[columns]).any(dim=1).cpu().numpy()
    return hits


@METRICS.register("precision")
class Precision(_PrecisionRecall):
    """Share of generated images that lie among the real ones: fidelity."""

    label = "precision"


@METRICS.register("recall")
class Recall(_PrecisionRecall):
    """Share of real images that lie among the generated ones: diversity."""

    label = "recall"
