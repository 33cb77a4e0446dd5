"""Memorising: whether generated examples lie closer to training examples than these to each other.

Figures of nearest neighbours, which many papers print (DCGAN 2016, PGGAN 2018), as one number.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from benchmark.extractors import inception
from benchmark.extractors.base import Extractor
from benchmark.extractors.inception import Resize
from benchmark.metrics.classified import ClassifierMetric
from benchmark.metrics.frechet import finite
from benchmark.metrics.inputs import Count, CountOrAll, generated, real
from benchmark.metrics.nearest import SAME_FEATURES, to_training_data
from benchmark.spec.parts import METRICS, Measurement, Metric, Subject


@METRICS.register("nearest_training_distance")
class NearestTrainingDistance(Metric):
    """Median distance of generated examples to the nearest training example, over that among training examples.

    0 for a copier, near 1 for fresh examples like the data. Blurred images lie close to everything and score below 1
    too, so that a low value alone is no proof of copying. Distances are of pixels or coordinates.
    """

    label = "distance to training data"
    direction = "two_sided"
    kinds = ("images", "points")
    samples: Count
    reference_images: CountOrAll

    def measure(self, subject: Subject) -> Measurement:
        reals = real(subject, self.reference_images, least=3)
        ratio, details = to_training_data(generated(subject, self.samples), reals, subject.device)
        return Measurement(ratio, protocol={"n_real": len(reals)}, details=details)


def _between_features(subject: Subject, network: Extractor, samples: int, reference_images: CountOrAll) -> Measurement:
    reals = real(subject, reference_images, least=3)
    ours = finite(network.features(generated(subject, samples)), "generated")
    theirs = finite(network.features(reals), "real")
    ratio, details = to_training_data(ours, theirs, subject.device, same=SAME_FEATURES)
    protocol = {"weights_sha256": network.weights_sha256, "n_real": len(reals)}
    return Measurement(ratio, protocol=protocol, details=details)


@METRICS.register("nearest_training_features")
class NearestTrainingFeatures(Metric):
    """As ``nearest_training_distance``, between Inception's pool features: copies are found when shifted too."""

    label = "feature distance to training data"
    direction = "two_sided"
    kinds = ("images",)
    samples: Count
    reference_images: CountOrAll
    resize: Resize
    extractor: Literal["inception_2015_12_05"]

    def unavailable(self, root: Path) -> str | None:
        return inception.unavailable(root)

    def measure(self, subject: Subject) -> Measurement:
        network = inception.load(subject.root, subject.device, self.resize)
        return _between_features(subject, network, self.samples, self.reference_images)


@METRICS.register("proxy_nearest_training_features")
class ProxyNearestTrainingFeatures(ClassifierMetric):
    """As ``nearest_training_features``, between 64 features of a shipped classifier."""

    label = "proxy feature distance to training data"
    direction = "two_sided"

    def measure(self, subject: Subject) -> Measurement:
        return _between_features(subject, self.extractor(subject), self.samples, self.reference_images)
