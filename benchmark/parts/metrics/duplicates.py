"""Generated examples that repeat each other more closely than real ones do.

After the birthday test of Arora, Risteski and Zhang (2018), the eye replaced by a limit that the real data set. How far
a repeat may be shifted and still be found in features is the extractor's matter, as in ``nearest_training_distance``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from benchmark.parts.metrics.inputs import OnClassifier, OnExamples, OnInception, generated, real
from benchmark.parts.metrics.nearest import mean_length, nearest_distances, needs_of_distances, usual
from benchmark.spec.parts import METRICS, Dataset, Measurement, Needs, Subject


@METRICS.register("duplicates")
class Duplicates(OnExamples):
    """Share of generated examples that are closer to another one than the ``quantile`` of real nearest distances.

    As many real examples are used as generated ones, since nearest distances shrink with their number. A generator
    like the data scores ``quantile``. Distances are of pixels or coordinates.
    """

    label = "share of duplicates"
    direction = "lower"
    possible = (0, 1)
    quantile: Annotated[float, Field(gt=0, lt=1)]

    def needs(self, dataset: Dataset) -> Needs:
        return needs_of_distances(replace(super().needs(dataset), real=self.samples), self.width(dataset))

    def measure(self, subject: Subject) -> Measurement:
        reals = real(subject, self.samples, least=3)
        examples = generated(subject, self.samples, least=3)
        ours, theirs, facts = self.of_both(subject, examples, reals)
        kept = {
            "generated": nearest_distances(ours, ours, subject.device, self_at=0),
            "real": nearest_distances(theirs, theirs, subject.device, self_at=0),
        }
        among = usual(kept["real"], self.same * mean_length(theirs))
        details = {
            "limit": float(np.quantile(kept["real"], self.quantile)),
            "copies": float((kept["generated"] <= self.same * among).mean()),
            "median_distance": float(np.median(kept["generated"])),
            "real_median_distance": among,
        }
        return Measurement(
            self.recomputed(kept),
            protocol={**facts, "n_real": len(reals)},
            details=details,
            arrays={"generated": kept["generated"]},
            shared={"real": kept["real"]},
        )

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        ours, theirs = kept["generated"], kept["real"]
        close = (ours < float(np.quantile(theirs, self.quantile))) | (ours <= self.same * usual(theirs))
        return float(close.mean())


@METRICS.register("duplicate_features")
class DuplicateFeatures(Duplicates, OnInception):
    """As ``duplicates``, between Inception's pool features: these follow what is shown, not where."""

    label = "share of duplicate features"


@METRICS.register("proxy_duplicate_features")
class ProxyDuplicateFeatures(Duplicates, OnClassifier):
    """As ``duplicate_features``, between 64 features of a shipped classifier."""

    label = "proxy share of duplicate features"
