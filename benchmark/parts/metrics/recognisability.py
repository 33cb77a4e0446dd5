"""Whether a classifier of the real images is sure what a generated image shows.

That is one of the two things that the Inception score asks for (Salimans et al. 2016), by itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmark.parts.metrics.classified import ClassifierMetric
from benchmark.spec.parts import METRICS, Measurement, Subject

_SURE = 0.9


@METRICS.register("recognisability")
class Recognisability(ClassifierMetric):
    """Mean over generated images of the classifier's largest class probability; real images' value beside it."""

    label = "recognisability"
    direction = "higher"
    possible = (0, 1)
    rewards = "a classifier is as sure of blank images, and of some noise, as of good ones"

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


def share_sure(probabilities: np.ndarray, above: float) -> float:
    """Share of rows (n, classes) whose largest probability is greater than ``above``."""
    return float((probabilities.max(axis=1) > above).mean())
