"""Fréchet distance on a small shipped classifier's features: FID's formula (Heusel et al. 2017), other numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.extractors.classifier import DIMENSIONS
from benchmark.metrics import frechet
from benchmark.metrics.classified import ClassifierMetric
from benchmark.metrics.frechet import finite, frechet_distance, moments
from benchmark.metrics.inputs import Reference, generated
from benchmark.metrics.reference import reference_moments
from benchmark.spec.parts import METRICS, Measurement, Subject

if TYPE_CHECKING:
    import numpy as np


@METRICS.register("proxy_frechet_distance")
class ProxyFrechetDistance(ClassifierMetric):
    """Fréchet distance between 64 classifier features of generated and of real images."""

    label = "proxy Fréchet distance"
    direction = "lower"
    rounding = frechet.ROUNDING
    reference: Reference

    def unavailable(self, root: Path) -> str | None:
        if self.samples < frechet.least_images(DIMENSIONS):
            return frechet.too_few(self.samples, DIMENSIONS, "generated")
        return super().unavailable(root)

    def measure(self, subject: Subject) -> Measurement:
        images = generated(subject, self.samples, least=frechet.least_images(DIMENSIONS), distinct=True)
        network = self.extractor(subject)
        theirs, facts = reference_moments(
            subject, network, reference=self.reference, images=self.reference_images, resize="antialiased_bilinear"
        )
        ours = moments(finite(network.features(images), "generated"), "generated")
        difference = ours.mean - theirs.mean
        return Measurement(
            frechet_distance(theirs, ours),
            protocol=facts,
            details={"mean_term": float(difference @ difference)},
            arrays=frechet.kept("generated", ours),
            shared=frechet.kept("reference", theirs),
        )

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return frechet.distance_again(kept)
