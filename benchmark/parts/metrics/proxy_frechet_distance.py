"""Fréchet distance on a small shipped classifier's features: FID's formula (Heusel et al. 2017), other numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmark.parts.extractors.classifier import DIMENSIONS
from benchmark.parts.metrics import frechet
from benchmark.parts.metrics.classified import RESIZE, ClassifierMetric
from benchmark.parts.metrics.frechet_inception_distance import distance_to_reference
from benchmark.parts.metrics.inputs import Reference
from benchmark.spec.parts import METRICS, Dataset, Measurement, Needs, Subject


@METRICS.register("proxy_frechet_distance")
class ProxyFrechetDistance(ClassifierMetric):
    """Fréchet distance between 64 classifier features of generated and of real images."""

    label = "proxy Fréchet distance"
    direction = "lower"
    possible = (0, math.inf)
    count_power = 1.0
    rounding = frechet.ROUNDING
    reference: Reference

    def unavailable(self, root: Path) -> str | None:
        return frechet.too_few(self.samples, DIMENSIONS, "generated") or super().unavailable(root)

    def needs(self, dataset: Dataset) -> Needs:
        return frechet.needs_of_moments(super().needs(dataset), DIMENSIONS)

    def measure(self, subject: Subject) -> Measurement:
        return distance_to_reference(
            subject,
            self.network(subject),
            samples=self.samples,
            reference=self.reference,
            reference_images=self.reference_images,
            resize=RESIZE,
        )

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return frechet.distance_again(kept)
