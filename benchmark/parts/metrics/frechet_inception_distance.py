"""Fréchet Inception distance (Heusel et al. 2017)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmark.parts.extractors.base import Extractor
from benchmark.parts.extractors.inception import DIMENSIONS
from benchmark.parts.metrics import frechet
from benchmark.parts.metrics.frechet import finite, frechet_distance, moments
from benchmark.parts.metrics.inputs import CountOrAll, Reference, generated
from benchmark.parts.metrics.on_inception import AgainstReference
from benchmark.parts.metrics.reference import reference_moments
from benchmark.spec.parts import METRICS, Dataset, Measurement, Needs, Subject


def distance_to_reference(
    subject: Subject,
    network: Extractor,
    *,
    samples: int,
    reference: Reference,
    reference_images: CountOrAll,
    resize: str,
) -> Measurement:
    """Measure the distance between an extractor's features of ``samples`` generated and of the reference's images."""
    images = generated(subject, samples, least=frechet.least_images(network.dimensions), distinct=True)
    theirs, facts = reference_moments(subject, network, reference=reference, images=reference_images, resize=resize)
    ours = moments(finite(network.features(images), "generated"), "generated")
    difference = ours.mean - theirs.mean
    return Measurement(
        # the reference leads: its covariance, of more images, is the better one to take the root of
        frechet_distance(theirs, ours),
        protocol=facts,
        details={"mean_term": float(difference @ difference)},
        arrays=frechet.kept("generated", ours),
        shared=frechet.kept("reference", theirs),
    )


@METRICS.register("frechet_inception_distance")
class FrechetInceptionDistance(AgainstReference):
    """Fréchet distance between Inception's 2048 pool features of generated and of real images, 8 bits a level.

    It falls with ``samples`` for one and the same generator: values of different counts are not comparable.
    """

    label = "FID"
    direction = "lower"
    possible = (0, math.inf)
    count_power = 1.0
    usual_margin = (0.1, 0.5)
    rounding = frechet.ROUNDING

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
            resize=self.resize,
        )

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return frechet.distance_again(kept)
