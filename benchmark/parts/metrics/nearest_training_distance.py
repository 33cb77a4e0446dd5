"""Memorising: whether generated examples lie closer to training examples than these to each other.

Figures of nearest neighbours, which many papers print (DCGAN 2016, PGGAN 2018), as one number. How far a copy may be
shifted and still be found in features is the extractor's matter: the small classifiers take a shifted digit for fresh.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from benchmark.parts.metrics.inputs import Count, CountOrAll, OnClassifier, OnExamples, OnInception, generated, real
from benchmark.parts.metrics.nearest import mean_length, nearest_distances, needs_of_distances, usual
from benchmark.spec.parts import METRICS, Dataset, Measurement, Needs, Subject


@METRICS.register("nearest_training_distance")
class NearestTrainingDistance(OnExamples):
    """Median distance of generated examples to the nearest training examples, over that among training examples.

    An example's distance is the mean over its ``neighbours`` nearest ones.
    0 for a copier, near 1 for fresh examples like the data. Blurred images lie close to everything and score below 1
    too, so that a low value alone is no proof of copying. Distances are of pixels or coordinates.
    """

    label = "distance to training data"
    direction = "two_sided"
    possible = (0, math.inf)
    reference_images: CountOrAll
    neighbours: Count

    def needs(self, dataset: Dataset) -> Needs:
        return needs_of_distances(super().needs(dataset), self.width(dataset))

    def measure(self, subject: Subject) -> Measurement:
        reals = real(subject, self.reference_images, least=self.neighbours + 2)
        ours, theirs, facts = self.of_both(subject, generated(subject, self.samples), reals)
        device, count = subject.device, self.neighbours
        kept = {
            "generated": nearest_distances(ours, theirs, device, neighbours=count),
            "real": nearest_distances(theirs[: len(ours)], theirs, device, self_at=0, neighbours=count),
        }
        among = usual(kept["real"], self.same * mean_length(theirs))
        details = {
            "median_distance": float(np.median(kept["generated"])),
            "real_median_distance": among,
            "copies": float((kept["generated"] <= self.same * among).mean()),
        }
        return Measurement(
            self.recomputed(kept),
            protocol={**facts, "n_real": len(reals)},
            details=details,
            arrays={"generated": kept["generated"]},
            shared={"real": kept["real"]},
        )

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return float(np.median(kept["generated"])) / usual(kept["real"])


@METRICS.register("nearest_training_features")
class NearestTrainingFeatures(NearestTrainingDistance, OnInception):
    """As ``nearest_training_distance``, between Inception's pool features: these follow what is shown, not where."""

    label = "feature distance to training data"


@METRICS.register("proxy_nearest_training_features")
class ProxyNearestTrainingFeatures(NearestTrainingDistance, OnClassifier):
    """As ``nearest_training_features``, between 64 features of a shipped classifier."""

    label = "proxy feature distance to training data"
