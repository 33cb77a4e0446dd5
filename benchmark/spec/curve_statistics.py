"""Statistics of a run's curves, as ``spec.quantities`` defines them; element i of a curve belongs to iteration i + 1.

Claims read them off records, and metrics on curves (``metrics.of_curves``) make scores of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.spec.expression import ExpressionError, evaluate, names
from benchmark.spec.statistic import (
    Deviation,
    Falling,
    FirstBelow,
    Fluctuation,
    Highest,
    Lowest,
    Mean,
    Median,
    Movement,
    Peak,
    Quantile,
    Settled,
    Share,
    Slope,
    Statistic,
    Window,
)

Array = NDArray[np.float64]

#: slack in iterations for window bounds that are products of floats
_SLACK = 1e-6
#: the share of a movement's square that noise never explains: half of the movement
_LEAST_MOVEMENT = 0.25


class CurveError(ValueError):
    """Why a curve has no such number; ``beyond`` when the event lies after the end of the run, if anywhere."""

    def __init__(self, reason: str, *, beyond: bool = False) -> None:
        super().__init__(reason)
        self.beyond = beyond


@dataclass(frozen=True)
class Course:
    """A run's curves (iterations,) by name, and how many iterations make an epoch (None for endless data)."""

    curves: Mapping[str, NDArray[np.float32]]
    iterations_per_epoch: float | None


def statistic_value(course: Course, expression: str, statistic: Statistic) -> float:
    """The statistic of an expression over a run's curves; raises :class:`CurveError`."""
    values = curve_values(course, expression)
    match statistic:
        case Mean(mean=window):
            result = float(_part(course, values, window, 1).mean())
        case Median(median=window):
            result = float(np.median(_part(course, values, window, 1)))
        case Quantile(quantile=window, at=share):
            result = float(np.quantile(_part(course, values, window, 1), share))
        case Lowest(lowest=window, parts=parts):
            result = float(_smoothed(_part(course, values, window, parts or 1), parts).min())
        case Highest(highest=window, parts=parts):
            result = float(_smoothed(_part(course, values, window, parts or 1), parts).max())
        case Deviation(deviation=window):
            result = float(_part(course, values, window, 2).std(ddof=1))
        case Fluctuation(fluctuation=window, around=None, middle=middle, parts=parts):
            part = _smoothed(_part(course, values, window, parts or 3), parts)
            result = _width(part[1:] - part[:-1], middle)
        case Fluctuation(fluctuation=window, around="line", middle=middle, parts=parts):
            result = _width(_off_line(_smoothed(_part(course, values, window, parts or 3), parts)), middle)
        case Fluctuation(fluctuation=window, around=int(length), middle=middle):
            result = _width(_residual(_part(course, values, window, length + 1), length), middle)
        case Peak(peak=window, early=early):
            result = _over_median(_part(course, values, window, 1), _part(course, values, early, 1))
        case Slope(slope=window):
            result = _slope(_part(course, values, window, 2))
        case Share(share=window, below=below, above=above):
            part = _part(course, values, window, 1)
            result = float((part < below).mean() if below is not None else (part > (above or 0.0)).mean())
        case Falling(falling=window, parts=parts):
            result = _falling(_part(course, values, window, parts), parts)
        case Movement(movement=window, parts=parts):
            result = _movement(_part(course, values, window, 2 * parts), parts)
        case Settled(settled=unit, average=average, tolerance=tolerance, until=until, least=least):
            result = _settled(course, _head(course, values, unit, until), unit, average, tolerance, least or 0.0)
        case FirstBelow(first_below=bound, average=average):
            result = _first_below(_moving_average(values, average), bound, average)
    if not math.isfinite(result):
        raise CurveError("the statistic is not a finite number")
    return result


def series_value(
    series: Sequence[tuple[int, float]], iterations: int, iterations_per_epoch: float | None, statistic: Statistic
) -> float:
    """The statistic over a score's evaluations (iteration, value) in a run of ``iterations``; a step is one evaluation.

    Windows are of the run, as for curves. Raises :class:`CurveError`.
    """
    if isinstance(statistic, Peak | Settled | FirstBelow):  # those of more windows than one, or of none
        raise CurveError("this statistic is for curves")
    field = next(iter(type(statistic).model_fields))
    window: Window = getattr(statistic, field)
    scale = {"iterations": 1.0, "share": float(iterations), "epochs": iterations_per_epoch}[window.unit]
    if scale is None:
        raise CurveError("endless data has no epochs")
    if window.end * scale > iterations + _SLACK:
        raise CurveError(f"the window ends at iteration {window.end * scale:.0f}, the run has {iterations}")
    low, high = window.start * scale - _SLACK, window.end * scale + _SLACK
    part = np.array([value for iteration, value in series if low <= iteration <= high])
    if not part.size:
        raise CurveError(f"no evaluation over training lies in {window}")
    whole = Window(unit="share", start=0.0, end=1.0)
    return statistic_value(Course({"score": part}, None), "score", statistic.model_copy(update={field: whole}))


def curve_values(course: Course, expression: str) -> Array:
    """The expression at every iteration, as float64; raises :class:`CurveError` for a curve that is not there."""
    wanted = names(expression)
    missing = sorted(wanted - set(course.curves))
    if missing:
        raise CurveError(f"the run recorded no curve '{missing[0]}'")
    if not wanted:
        raise CurveError(f"'{expression}' names no curve")
    curves = {name: np.asarray(course.curves[name], dtype=np.float64) for name in sorted(wanted)}
    if len({len(curve) for curve in curves.values()}) != 1:
        raise CurveError("its curves differ in length")
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused where it is used
            return np.asarray(evaluate(expression, curves), dtype=np.float64)
    except (ExpressionError, ValueError, ZeroDivisionError) as error:
        raise CurveError(f"'{expression}' cannot be computed: {error}") from error


def _part(course: Course, values: Array, window: Window, least: int) -> Array:
    """Values within the window, both ends included; refuses one that the run does not reach."""
    scale = _per_epoch(course) if window.unit == "epochs" else float(len(values)) if window.unit == "share" else 1.0
    first = max(1, math.ceil(window.start * scale - _SLACK))
    last = math.floor(window.end * scale + _SLACK)
    if last > len(values):
        raise CurveError(f"the window ends at iteration {last}, the run has {len(values)}")
    part = values[first - 1 : last]
    if len(part) < least:
        raise CurveError(f"the window holds {len(part)} iterations, {least} are needed")
    if not np.isfinite(part).all():
        raise CurveError("the curve is not finite in the window")
    return part


def _head(course: Course, values: Array, unit: Literal["iterations", "epochs"], until: int | None) -> Array:
    """The curve up to ``until``."""
    if until is None:
        return values
    last = round(until * (_per_epoch(course) if unit == "epochs" else 1.0))
    if last > len(values):
        raise CurveError(f"is read until iteration {last}, the run has {len(values)}")
    return values[:last]


def _per_epoch(course: Course) -> float:
    if course.iterations_per_epoch is None:
        raise CurveError("endless data has no epochs")
    return course.iterations_per_epoch


def _slope(part: Array) -> float:
    """Rise of the fitted line from the window's first to its last iteration, over the mean absolute level."""
    level = float(np.abs(part).mean())
    if level == 0:
        raise CurveError("the curve is zero throughout, so a relative slope has no meaning")
    time = np.arange(len(part), dtype=np.float64)
    time -= time.mean()
    gradient = float(time @ (part - part.mean()) / (time @ time))
    return gradient * (len(part) - 1) / level


def _residual(part: Array, length: int) -> Array:
    """Distance from the centred moving average of ``length`` values, where there is one."""
    half = length // 2
    return part[half : len(part) - half] - _moving_average(part, length)


def _off_line(part: Array) -> Array:
    """Distance from the least-squares line."""
    time = np.arange(len(part), dtype=np.float64)
    time -= time.mean()
    off: Array = part - part.mean() - time * float(time @ part / (time @ time))
    return off


def _width(values: Array, middle: float | None) -> float:
    """Standard deviation, or the width of the band that holds the middle share of the values."""
    if middle is None:
        return float(values.std(ddof=1))
    low, high = np.quantile(values, [(1 - middle) / 2, (1 + middle) / 2])
    return float(high - low)


def _smoothed(part: Array, parts: int | None) -> Array:
    """Trimmed means of so many equal parts, or the values themselves."""
    return part if parts is None else np.array([_trimmed_mean(piece) for piece in np.array_split(part, parts)])


def _trimmed_mean(values: Array) -> float:
    cut = max(1, len(values) // 10) if len(values) > 2 else 0
    return float(np.sort(values)[cut : len(values) - cut].mean())


def _falling(part: Array, parts: int) -> float:
    means = np.array([piece.mean() for piece in np.array_split(part, parts)])
    return float((np.diff(means) < 0).mean())


def _movement(part: Array, parts: int) -> float:
    """Range of the parts' means; their noise by the median of the parts' variances, which single outliers leave."""
    means, noise = _smoothed(part, parts), [piece.var(ddof=1) / len(piece) for piece in np.array_split(part, parts)]
    variance = float(means.var(ddof=1))
    if variance == 0:
        return 0.0
    return float(np.ptp(means)) * math.sqrt(max(_LEAST_MOVEMENT, 1 - float(np.median(noise)) / variance))


def _over_median(part: Array, early: Array) -> float:
    usual = float(np.median(early))
    if usual <= 0:
        raise CurveError(f"the early median is {usual:g}, so nothing is a multiple of it")
    return float(part.max()) / usual


def _moving_average(values: Array, length: int) -> Array:
    """Mean of the last ``length`` values, from iteration ``length`` on."""
    if len(values) < length:
        raise CurveError(f"the run has {len(values)} iterations, the moving average needs {length}")
    if not np.isfinite(values).all():
        raise CurveError("the curve is not finite throughout")
    if length == 1:
        return values
    total = np.concatenate([[0.0], np.cumsum(values)])
    averages: Array = (total[length:] - total[:-length]) / length
    return averages


def _settled(course: Course, values: Array, unit: str, average: int, tolerance: float, least: float) -> float:
    per_unit = _per_epoch(course) if unit == "epochs" else 1.0
    length = max(1, round(average * per_unit))
    averages = _moving_average(values, length)
    final = float(averages[-1])
    scale = max(abs(final), least)
    if scale == 0:
        raise CurveError("the final value is zero, so a relative tolerance has no scale")
    outside = np.flatnonzero(np.abs(averages - final) > tolerance * scale)
    start = int(outside[-1]) + 1 if len(outside) else 0
    return (start + length) / per_unit


def _first_below(averages: Array, bound: float, length: int) -> float:
    outside = np.flatnonzero(averages >= bound)
    start = int(outside[-1]) + 1 if len(outside) else 0
    if start == len(averages):
        iterations = len(averages) + length - 1
        raise CurveError(f"does not stay below {bound:g} within {iterations} iterations", beyond=True)
    return float(start + length)
