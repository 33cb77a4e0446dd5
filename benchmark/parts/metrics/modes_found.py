"""Mode coverage of a mixture whose centres are known, counted as in VEEGAN (Srivastava et al. 2017, table 1)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from benchmark.parts.metrics.inputs import generated
from benchmark.spec.parts import METRICS, Measurement, Metric, MetricError, Subject


class _NearCentres(Metric):
    """Generated points and the centre that each of them lies near."""

    kinds = ("points",)
    samples: Annotated[int, Field(ge=100)]
    within_deviations: Annotated[float, Field(gt=0)]

    def near(self, subject: Subject) -> np.ndarray:
        """Generated points within ``within_deviations`` standard deviations of each centre, (modes,)."""
        dataset: Any = subject.dataset
        if not hasattr(dataset, "modes"):
            raise MetricError(f"'{dataset.name}' names no centres that points could lie near")
        centres, deviation = dataset.modes()
        points = generated(subject, self.samples)
        distances = np.linalg.norm(points[:, None, :] - centres[None, :, :], axis=2)
        nearest = distances.argmin(axis=1)
        near = distances.min(axis=1) <= self.within_deviations * deviation
        return np.bincount(nearest[near], minlength=len(centres))


@METRICS.register("modes_found")
class ModesFound(_NearCentres):
    """Number of modes that at least ``least_share`` of all generated points lie near."""

    label = "modes found"
    direction = "higher"
    counts = True
    possible = (0, math.inf)
    of_kept = frozenset({"least_share"})
    least_share: Annotated[float, Field(gt=0, lt=1)]

    def measure(self, subject: Subject) -> Measurement:
        counts = self.near(subject)
        arrays = {"points_per_mode": counts}
        return Measurement(self.recomputed(arrays), details={"points_per_mode": counts.tolist()}, arrays=arrays)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return int((kept["points_per_mode"] >= self.least_share * self.samples).sum())


@METRICS.register("good_samples")
class GoodSamples(_NearCentres):
    """Share of generated points that lie near some mode."""

    label = "share of good samples"
    direction = "higher"
    possible = (0, 1)

    def measure(self, subject: Subject) -> Measurement:
        arrays = {"points_per_mode": self.near(subject)}
        return Measurement(self.recomputed(arrays), arrays=arrays)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return float(kept["points_per_mode"].sum() / self.samples)
