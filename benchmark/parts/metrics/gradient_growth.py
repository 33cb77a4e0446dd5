"""Exploding gradients, seen in the curve of a gradient's norm."""

from __future__ import annotations

import math

from benchmark.parts.metrics.of_curves import CurveMetric
from benchmark.spec.parts import METRICS, CurveName
from benchmark.spec.quantities import Peak, Statistic, Window


@METRICS.register("gradient_growth")
class GradientGrowth(CurveMetric):
    """Largest value of a gradient's norm in the window, over its median in the window ``early`` (HDCGAN 2017).

    ``curve`` is an observation ``gradient_norm``. Above 100 gradients are usually said to explode.
    """

    label = "gradient growth"
    direction = "lower"
    possible = (0, math.inf)
    curve: CurveName
    window: Window
    early: Window

    def reading(self) -> tuple[str, Statistic]:
        return self.curve, Peak(peak=self.window, early=self.early)
