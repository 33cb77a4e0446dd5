"""Whether a classifier of the real images is sure what generated images show.

That is one of the two things that the Inception score asks for (Salimans et al. 2016), by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from benchmark.parts.metrics.inputs import ClassifierMetric
from benchmark.spec.parts import METRICS, Measurement, Subject

_SURE = 0.9


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
