"""What a classifier of the real images makes of generated ones: over which classes they spread, and how sure it is.

The effective number of classes is Hill's of order 1 (1973). That it is sure is one of the two things that the Inception
score asks for (Salimans et al. 2016), by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from benchmark.parts.extractors.classifier import CLASSES
from benchmark.parts.metrics.inputs import ClassifierMetric
from benchmark.spec.parts import METRICS, Measurement, Subject

_SURE = 0.9


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


@METRICS.register("recognisability")
class Recognisability(ClassifierMetric):
    """Mean over generated images of the classifier's largest class probability; real images' value beside it."""

    label = "recognisability"
    direction = "higher"
    possible = (0, 1)
    rewards: ClassVar[str | None] = "a classifier is as sure of blank images, and of some noise, as of good ones"

    def measure(self, subject: Subject) -> Measurement:
        ours, theirs, facts = self.probabilities(subject)
        details = {
            "share_above_0.9": share_sure(ours, _SURE),
            "real": float(theirs.max(axis=1).mean()),
            "real_share_above_0.9": share_sure(theirs, _SURE),
        }
        arrays = {"largest": ours.max(axis=1)}
        return Measurement(self.recomputed(arrays), protocol=facts, details=details, arrays=arrays)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return float(kept["largest"].mean())


@METRICS.register("recognised_share")
class RecognisedShare(ClassifierMetric):
    """Share of generated images whose largest class probability is greater than ``above``; real images' beside it."""

    label = "share of recognised images"
    direction = "higher"
    possible = (0, 1)
    rewards = Recognisability.rewards
    above: Annotated[float, Field(gt=0, lt=1)]

    def measure(self, subject: Subject) -> Measurement:
        ours, theirs, facts = self.probabilities(subject)
        arrays = {"largest": ours.max(axis=1)}
        details = {"real": share_sure(theirs, self.above)}
        return Measurement(self.recomputed(arrays), protocol=facts, details=details, arrays=arrays)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return float((kept["largest"] > self.above).mean())


def share_sure(probabilities: np.ndarray, above: float) -> float:
    """Share of rows (n, classes) whose largest probability is greater than ``above``."""
    return float((probabilities.max(axis=1) > above).mean())
