"""How evenly generated images spread over the classes that a classifier of the real images knows.

The effective number is Hill's of order 1 (1973).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from benchmark.parts.extractors.classifier import CLASSES
from benchmark.parts.metrics.inputs import ClassifierMetric
from benchmark.spec.parts import METRICS, Measurement, Subject


@METRICS.register("class_coverage")
class ClassCoverage(ClassifierMetric):
    """Effective number of classes: exp of the entropy of the classes assigned, 1 (one class) to 10 (all alike)."""

    label = "effective classes"
    direction = "higher"
    possible = (1, CLASSES)

    def measure(self, subject: Subject) -> Measurement:
        ours, theirs, facts = self.probabilities(subject)
        counts = _counts(ours)
        details = {"shares": (counts / len(ours)).round(6).tolist(), "real": _effective(_counts(theirs))}
        return Measurement(_effective(counts), protocol=facts, details=details, arrays={"images_per_class": counts})

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return _effective(kept["images_per_class"])


def _counts(probabilities: np.ndarray) -> np.ndarray:
    """Images assigned to each class, (classes,)."""
    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])


def _effective(counts: np.ndarray) -> float:
    from scipy.special import entr

    return math.exp(entr(counts / counts.sum()).sum())
