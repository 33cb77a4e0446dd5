"""What a shipped classifier sees in generated images; proxy metrics build on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from benchmark.parts.extractors import classifier as classifiers
from benchmark.parts.extractors.base import Extractor
from benchmark.parts.extractors.classifier import Classifier, ClassifierName
from benchmark.parts.metrics.frechet import finite
from benchmark.parts.metrics.inputs import Count, CountOrAll, generated, real, with_features
from benchmark.spec.parts import Dataset, Metric, Needs, Subject

#: how images come to a classifier's size, as the keys of kept statistics name it
RESIZE = "antialiased_bilinear"


class OnClassifier(Metric):
    """A proxy on a shipped classifier; images of another size are brought to its size, bilinear and antialiased."""

    kinds = ("images",)
    proxy: ClassVar[bool] = True
    classifier: ClassifierName
    samples: Count

    def unavailable(self, root: Path) -> str | None:
        return classifiers.unavailable(self.classifier)

    def needs(self, dataset: Dataset) -> Needs:
        return with_features(
            super().needs(dataset),
            operations=classifiers.OPERATIONS,
            dimensions=classifiers.DIMENSIONS,
            batch_bytes=classifiers.BATCH_BYTES,
        )

    def network(self, subject: Subject) -> Classifier:
        """The classifier on the subject's device."""
        return classifiers.load(self.classifier, subject.device)


class ClassifierMetric(OnClassifier):
    """A proxy that looks at a number of real images beside the generated ones."""

    reference_images: CountOrAll

    def probabilities(self, subject: Subject) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        """Class probabilities (n, classes) of generated and of real images, and what they add to the protocol."""
        network = self.network(subject)
        images = generated(subject, self.samples, distinct=True)
        reals = real(subject, self.reference_images)
        facts = {"weights_sha256": network.weights_sha256, "n_real": len(reals)}
        return _probabilities(network, images, "generated"), _probabilities(network, reals, "real"), facts


def class_logits(network: Extractor, images: np.ndarray, what: str) -> np.ndarray:
    """Class logits (n, classes) of images; any that are not finite are a :class:`MetricError`."""
    return finite(network.logits(finite(network.features(images), what)), what)


def _probabilities(network: Extractor, images: np.ndarray, what: str) -> np.ndarray:
    from scipy.special import softmax

    return np.asarray(softmax(class_logits(network, images, what), axis=1))
