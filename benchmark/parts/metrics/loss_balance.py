"""How much of training two players' losses are close to each other, and from when on."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from benchmark.parts.metrics.of_curves import GapMetric
from benchmark.spec.parts import METRICS
from benchmark.spec.quantities import FirstBelow, Share, Statistic, Window

Bound = Annotated[float, Field(gt=0)]


@METRICS.register("loss_balance")
class LossBalance(GapMetric):
    """Share of the window's iterations at which two losses lie less than ``bound`` apart (FaceGANs 2018)."""

    label = "share in balance"
    possible = (0, 1)
    bound: Bound
    window: Window

    def reading(self) -> tuple[str, Statistic]:
        return self.gap, Share(share=self.window, below=self.bound)


@METRICS.register("balance_iteration")
class BalanceIteration(GapMetric):
    """First iteration from which two losses, their distance averaged over ``average`` iterations, stay near.

    Near is closer than ``bound``, up to the run's end; without such an iteration there is no number (FaceGANs 2018).
    """

    label = "first iteration in balance"
    possible = (1, math.inf)
    bound: Bound
    average: Annotated[int, Field(ge=1)]

    def reading(self) -> tuple[str, Statistic]:
        return self.gap, FirstBelow(first_below=self.bound, average=self.average)
