"""How far two players' losses lie apart."""

from __future__ import annotations

import math

from benchmark.parts.metrics.of_curves import GapMetric
from benchmark.spec.parts import METRICS
from benchmark.spec.quantities import Mean, Statistic, Window


@METRICS.register("loss_gap")
class LossGap(GapMetric):
    """Mean distance |first - second| of two losses in the window (FaceGANs 2018, section 3.1).

    Losses have no common scale: a small gap is no merit by itself, and 0 is reached at no equilibrium of most games.
    """

    label = "loss gap"
    possible = (0, math.inf)
    window: Window

    def reading(self) -> tuple[str, Statistic]:
        return self.gap, Mean(mean=self.window)
