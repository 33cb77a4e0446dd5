"""Fréchet Inception distance (Heusel et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from benchmark.extractors import inception
from benchmark.extractors.inception import DIMENSIONS, Resize
from benchmark.metrics import frechet
from benchmark.metrics.frechet import finite, frechet_distance, moments
from benchmark.metrics.inputs import Count, CountOrAll, Reference, generated
from benchmark.metrics.reference import reference_moments
from benchmark.spec.parts import METRICS, Measurement, Metric, Subject

if TYPE_CHECKING:
    import numpy as np


@METRICS.register("frechet_inception_distance")
class FrechetInceptionDistance(Metric):
    """Fréchet distance between Inception's 2048 pool features of generated and of real images, 8 bits a level.

    It falls with ``samples`` for one and the same generator: values of different counts are not comparable.
    """

    label = "FID"
    direction = "lower"
    rounding = frechet.ROUNDING
    kinds = ("images",)
    samples: Count
    reference: Reference
    reference_images: CountOrAll
    resize: Resize
    extractor: Literal["inception_2015_12_05"]

    def unavailable(self, root: Path) -> str | None:
        if self.samples < frechet.least_images(DIMENSIONS):
            return frechet.too_few(self.samples, DIMENSIONS, "generated")
        return inception.unavailable(root)

    def measure(self, subject: Subject) -> Measurement:
        images = generated(subject, self.samples, least=frechet.least_images(DIMENSIONS), distinct=True)
        network = inception.load(subject.root, subject.device, self.resize)
        theirs, facts = reference_moments(
            subject, network, reference=self.reference, images=self.reference_images, resize=self.resize
        )
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

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return frechet.distance_again(kept)
