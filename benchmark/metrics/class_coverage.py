"""How evenly generated images spread over the classes that a classifier of the real images knows.

The effective number is Hill's of order 1 (1973).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchmark.metrics.classified import ClassifierMetric
from benchmark.spec.parts import METRICS, Measurement, Subject

if TYPE_CHECKING:
    import numpy as np


@METRICS.register("class_coverage")
class ClassCoverage(ClassifierMetric):
    """Effective number of classes: exp of the entropy of the classes assigned, 1 (one class) to 10 (all alike)."""

    label = "effective classes"
    direction = "higher"

    def measure(self, subject: Subject) -> Measurement:
        ours, theirs, facts = self.probabilities(subject)
        shares = _shares(ours)
        details = {"shares": shares.round(6).tolist(), "real": _effective(_shares(theirs))}
        return Measurement(_effective(shares), protocol=facts, details=details)


def _shares(probabilities: np.ndarray) -> np.ndarray:
    """Share of images assigned to each class, (classes,)."""
    import numpy as np

    classes = probabilities.shape[1]
    return np.bincount(probabilities.argmax(axis=1), minlength=classes) / len(probabilities)


def _effective(shares: np.ndarray) -> float:
    from scipy.special import entr

    return math.exp(entr(shares).sum())
