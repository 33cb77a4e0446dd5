"""What metrics on a run's curves share: a statistic of an expression, computed where claims have theirs from."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

from benchmark.spec.curve_statistics import Course, CurveError, statistic_value
from benchmark.spec.parts import CurveName, Measurement, Metric, MetricError, Subject
from benchmark.spec.quantities import Statistic


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
