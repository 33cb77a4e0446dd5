"""Metrics on a run's curves: statistics of an expression, computed where claims have theirs from."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from benchmark.spec.curve_statistics import Course, CurveError, statistic_value
from benchmark.spec.fields import CurveName
from benchmark.spec.parts import METRICS, Measurement, Metric, MetricError, Subject
from benchmark.spec.statistic import FirstBelow, Fluctuation, Mean, OddInt, Peak, Share, Statistic, Window


class CurveMetric(Metric):
    """A statistic of an expression over the curves that training recorded up to the moment of measuring."""

    looks_at: ClassVar[Literal["samples", "curves"]] = "curves"
    not_recomputed: ClassVar[str | None] = "on curves, where every judgement computes it again"
    direction: ClassVar[Literal["lower", "higher", "two_sided", "none"]] = "none"
    kinds = ("images", "points")

    @abstractmethod
    def reading(self) -> tuple[str, Statistic]:
        """The expression and what is read off it."""

    def measure(self, subject: Subject) -> Measurement:
        curves = dict(subject.curves())
        expression, statistic = self.reading()
        try:
            value = statistic_value(Course(curves, subject.iterations_per_epoch), expression, statistic)
        except CurveError as error:
            raise MetricError(str(error)) from error
        return Measurement(value, protocol={"iterations": max(map(len, curves.values()))})


class GapMetric(CurveMetric):
    """A statistic of the distance |first - second| between two losses."""

    first: CurveName
    second: CurveName

    @property
    def gap(self) -> str:
        """The distance as an expression."""
        return f"abs({self.first} - {self.second})"


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
