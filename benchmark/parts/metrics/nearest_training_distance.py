"""Memorising: whether generated examples lie closer to training examples than these to each other.

Figures of nearest neighbours, which many papers print (DCGAN 2016, PGGAN 2018), as one number. How far a copy may be
shifted and still be found in features is the extractor's matter: the small classifiers take a shifted digit for fresh.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from benchmark.parts.extractors import classifier, inception
from benchmark.parts.extractors.base import Extractor
from benchmark.parts.metrics.classified import ClassifierMetric
from benchmark.parts.metrics.frechet import finite
from benchmark.parts.metrics.inputs import Count, CountOrAll, generated, real
from benchmark.parts.metrics.nearest import SAME_FEATURES, needs_of_distances, ratio_to_real, to_training_data
from benchmark.parts.metrics.on_inception import OnInception
from benchmark.spec.parts import METRICS, Dataset, Measurement, Metric, Needs, Subject


@METRICS.register("nearest_training_distance")
class NearestTrainingDistance(Metric):
    """Median distance of generated examples to the nearest training examples, over that among training examples.

    An example's distance is the mean over its ``neighbours`` nearest ones.
    0 for a copier, near 1 for fresh examples like the data. Blurred images lie close to everything and score below 1
    too, so that a low value alone is no proof of copying. Distances are of pixels or coordinates.
    """

    label = "distance to training data"
    direction = "two_sided"
    possible = (0, math.inf)
    kinds = ("images", "points")
    samples: Count
    reference_images: CountOrAll
    neighbours: Count

    def needs(self, dataset: Dataset) -> Needs:
        return needs_of_distances(super().needs(dataset), math.prod(dataset.example_shape()))

    def measure(self, subject: Subject) -> Measurement:
        reals = real(subject, self.reference_images, least=self.neighbours + 2)
        images = generated(subject, self.samples)
        return to_training_data(images, reals, subject.device, {}, neighbours=self.neighbours)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return ratio_to_real(kept)


def _between_features(
    subject: Subject, network: Extractor, samples: int, reference_images: CountOrAll, neighbours: int
) -> Measurement:
    reals = real(subject, reference_images, least=neighbours + 2)
    ours = finite(network.features(generated(subject, samples)), "generated")
    theirs = finite(network.features(reals), "real")
    facts = {"weights_sha256": network.weights_sha256}
    return to_training_data(ours, theirs, subject.device, facts, neighbours=neighbours, same=SAME_FEATURES)


@METRICS.register("nearest_training_features")
class NearestTrainingFeatures(OnInception):
    """As ``nearest_training_distance``, between Inception's pool features: these follow what is shown, not where."""

    label = "feature distance to training data"
    direction = "two_sided"
    possible = (0, math.inf)
    reference_images: CountOrAll
    neighbours: Count

    def needs(self, dataset: Dataset) -> Needs:
        return needs_of_distances(super().needs(dataset), inception.DIMENSIONS)

    def measure(self, subject: Subject) -> Measurement:
        network = self.network(subject)
        return _between_features(subject, network, self.samples, self.reference_images, self.neighbours)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return ratio_to_real(kept)


@METRICS.register("proxy_nearest_training_features")
class ProxyNearestTrainingFeatures(ClassifierMetric):
    """As ``nearest_training_features``, between 64 features of a shipped classifier."""

    label = "proxy feature distance to training data"
    direction = "two_sided"
    possible = (0, math.inf)
    neighbours: Count

    def needs(self, dataset: Dataset) -> Needs:
        return needs_of_distances(super().needs(dataset), classifier.DIMENSIONS)

    def measure(self, subject: Subject) -> Measurement:
        network = self.network(subject)
        return _between_features(subject, network, self.samples, self.reference_images, self.neighbours)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return ratio_to_real(kept)
