"""How many generated images a classifier of the real ones recognises."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from benchmark.metrics.classified import ClassifierMetric
from benchmark.metrics.recognisability import share_sure
from benchmark.spec.parts import METRICS, Measurement, Subject


@METRICS.register("recognised_share")
class RecognisedShare(ClassifierMetric):
    """Share of generated images whose largest class probability is greater than ``above``; real images' beside it."""

    label = "share of recognised images"
    direction = "higher"
    above: Annotated[float, Field(gt=0, lt=1)]

    def measure(self, subject: Subject) -> Measurement:
        ours, theirs, facts = self.probabilities(subject)
        return Measurement(
            share_sure(ours, self.above), protocol=facts, details={"real": share_sure(theirs, self.above)}
        )
