"""How unsteadily a loss, or any other curve, moves."""

from __future__ import annotations

import math
from typing import Literal

from benchmark.parts.metrics.of_curves import CurveMetric
from benchmark.spec.parts import METRICS, CurveName
from benchmark.spec.quantities import Fluctuation, OddInt, Statistic, Window


@METRICS.register("loss_fluctuation")
class LossFluctuation(CurveMetric):
    """Standard deviation of a loss about what it is expected to be (FaceGANs 2018, section 3.2).

    ``around: previous`` takes the changes from one iteration to the next; a number takes the distance from the centred
    moving average of so many iterations. Both follow the loss's level: halved losses fluctuate half as much.
    """

    label = "loss fluctuation"
    possible = (0, math.inf)
    curve: CurveName
    window: Window
    around: OddInt | Literal["previous"]

    def reading(self) -> tuple[str, Statistic]:
        length = None if self.around == "previous" else self.around
        return self.curve, Fluctuation(fluctuation=self.window, around=length)
