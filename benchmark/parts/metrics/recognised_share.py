"""How many generated images a classifier of the real ones recognises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import Field

from benchmark.parts.metrics.classified import ClassifierMetric
from benchmark.parts.metrics.recognisability import share_sure
from benchmark.spec.parts import METRICS, Measurement, Subject


@METRICS.register("recognised_share")
class RecognisedShare(ClassifierMetric):
    """Share of generated images whose largest class probability is greater than ``above``; real images' beside it.

    That a classifier is sure is what Salimans et al. (2016) take for an image that shows something.
    """

    label = "share of recognised images"
    direction = "higher"
    possible = (0, 1)
    rewards = "a classifier is as sure of blank images, and of some noise, as of good ones"
    above: Annotated[float, Field(gt=0, lt=1)]

    def measure(self, subject: Subject) -> Measurement:
        ours, theirs, facts = self.probabilities(subject)
        arrays = {"largest": ours.max(axis=1)}
        details = {"real": share_sure(theirs, self.above)}
        return Measurement(self.recomputed(arrays), protocol=facts, details=details, arrays=arrays)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return float((kept["largest"] > self.above).mean())
