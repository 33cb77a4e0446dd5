"""Mode coverage of a mixture whose centres are known, counted as in VEEGAN (Srivastava et al. 2017, table 1)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from benchmark.parts.metrics.inputs import generated
from benchmark.spec.parts import METRICS, Measurement, Metric, MetricError, Subject


class _NearCentres(Metric):
    """Generated points and the centre that each of them lies near."""

    kinds = ("points",)
    of_kept: ClassVar = {"within_deviations": {"deviations"}}
    samples: Annotated[int, Field(ge=100)]
    within_deviations: Annotated[float, Field(gt=0)]

    def near(self, subject: Subject) -> dict[str, np.ndarray]:
        """The ``nearest`` centre of each generated point and how many ``deviations`` it is away, both (samples,)."""
        dataset: Any = subject.dataset
        if not hasattr(dataset, "modes"):
            raise MetricError(f"'{dataset.name}' names no centres that points could lie near")
        centres, deviation = dataset.modes()
        points = generated(subject, self.samples)
        distances = np.linalg.norm(points[:, None, :] - centres[None, :, :], axis=2)
        return {"nearest": distances.argmin(axis=1).astype(np.uint16), "deviations": distances.min(axis=1) / deviation}

    def counts_of(self, kept: Mapping[str, np.ndarray], modes: int = 0) -> np.ndarray:
        """Points within ``within_deviations`` of each centre, (modes,); what runs kept at first were these counts."""
        if "points_per_mode" in kept:
            return kept["points_per_mode"]
        return np.bincount(kept["nearest"][kept["deviations"] <= self.within_deviations], minlength=modes)


@METRICS.register("modes_found")
class ModesFound(_NearCentres):
    """Number of modes that at least ``least_share`` of all generated points lie near."""

    label = "modes found"
    direction = "higher"
    counts = True
    possible = (0, math.inf)
    of_kept: ClassVar = {**_NearCentres.of_kept, "least_share": {"deviations", "points_per_mode"}}
    least_share: Annotated[float, Field(gt=0, lt=1)]

    def measure(self, subject: Subject) -> Measurement:
        arrays = self.near(subject)
        dataset: Any = subject.dataset
        counts = self.counts_of(arrays, len(dataset.modes()[0]))
        return Measurement(self.recomputed(arrays), details={"points_per_mode": counts.tolist()}, arrays=arrays)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return int((self.counts_of(kept) >= self.least_share * self.samples).sum())


@METRICS.register("good_samples")
class GoodSamples(_NearCentres):
    """Share of generated points that lie near some mode."""

    label = "share of good samples"
    direction = "higher"
    possible = (0, 1)

    def measure(self, subject: Subject) -> Measurement:
        arrays = self.near(subject)
        return Measurement(self.recomputed(arrays), arrays=arrays)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return float(self.counts_of(kept).sum() / self.samples)
