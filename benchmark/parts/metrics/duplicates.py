"""Generated examples that repeat each other more closely than real ones do.

After the birthday test of Arora, Risteski and Zhang (2018), the eye replaced by a limit that the real data set. How far
a repeat may be shifted and still be found in features is the extractor's matter, as in ``nearest_training_distance``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from benchmark.parts.extractors import classifier, inception
from benchmark.parts.extractors.base import Extractor
from benchmark.parts.metrics.classified import OnClassifier
from benchmark.parts.metrics.frechet import finite
from benchmark.parts.metrics.inputs import Count, generated, real
from benchmark.parts.metrics.nearest import SAME_FEATURES, needs_of_distances, repeats, share_of_repeats
from benchmark.parts.metrics.on_inception import OnInception
from benchmark.spec.parts import METRICS, Dataset, Measurement, Metric, Needs, Subject

Quantile = Annotated[float, Field(gt=0, lt=1)]


@METRICS.register("duplicates")
class Duplicates(Metric):
    """Share of generated examples that are closer to another one than the ``quantile`` of real nearest distances.

    As many real examples are used as generated ones, since nearest distances shrink with their number. A generator
    like the data scores ``quantile``. Distances are of pixels or coordinates.
    """

    label = "share of duplicates"
    direction = "lower"
    possible = (0, 1)
    kinds = ("images", "points")
    samples: Count
    quantile: Quantile

    def needs(self, dataset: Dataset) -> Needs:
        needs = super().needs(dataset)
        return needs_of_distances(replace(needs, real=self.samples), math.prod(dataset.example_shape()))

    def measure(self, subject: Subject) -> Measurement:
        reals = real(subject, self.samples, least=3)
        examples = generated(subject, self.samples, least=3)
        return repeats(examples, reals, subject.device, {}, quantile=self.quantile)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return share_of_repeats(kept, self.quantile)


def _among_features(subject: Subject, network: Extractor, samples: int, quantile: float) -> Measurement:
    reals = real(subject, samples, least=3)
    ours = finite(network.features(generated(subject, samples, least=3)), "generated")
    theirs = finite(network.features(reals), "real")
    facts = {"weights_sha256": network.weights_sha256}
    return repeats(ours, theirs, subject.device, facts, quantile=quantile, same=SAME_FEATURES)


@METRICS.register("duplicate_features")
class DuplicateFeatures(OnInception):
    """As ``duplicates``, between Inception's pool features: these follow what is shown, not where."""

    label = "share of duplicate features"
    direction = "lower"
    possible = (0, 1)
    quantile: Quantile

    def needs(self, dataset: Dataset) -> Needs:
        needs = super().needs(dataset)
        return needs_of_distances(replace(needs, real=self.samples), inception.DIMENSIONS)

    def measure(self, subject: Subject) -> Measurement:
        return _among_features(subject, self.network(subject), self.samples, self.quantile)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return share_of_repeats(kept, self.quantile, SAME_FEATURES)


@METRICS.register("proxy_duplicate_features")
class ProxyDuplicateFeatures(OnClassifier):
    """As ``duplicate_features``, between 64 features of a shipped classifier."""

    label = "proxy share of duplicate features"
    direction = "lower"
    possible = (0, 1)
    quantile: Quantile

    def needs(self, dataset: Dataset) -> Needs:
        needs = super().needs(dataset)
        return needs_of_distances(replace(needs, real=self.samples), classifier.DIMENSIONS)

    def measure(self, subject: Subject) -> Measurement:
        return _among_features(subject, self.network(subject), self.samples, self.quantile)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return share_of_repeats(kept, self.quantile, SAME_FEATURES)
