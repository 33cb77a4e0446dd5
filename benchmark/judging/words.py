"""Predicates, quantities and numbers in plain words."""

from __future__ import annotations

import math

from benchmark.spec.claims import (
    AllOf,
    AnyOf,
    Bound,
    Equal,
    Exactly,
    Given,
    InSeeds,
    Largest,
    Order,
    Predicate,
    Ratio,
    Smallest,
)
from benchmark.spec.quantities import (
    Computed,
    Deviation,
    Falling,
    FirstBelow,
    Fluctuation,
    Highest,
    Lowest,
    Mean,
    Median,
    Peak,
    Quantile,
    Quantity,
    Settled,
    Share,
    Slope,
    Window,
)


def number(value: float) -> str:
    """Four significant digits, whole numbers in full: 31.97, 0.0003, 3160, 'infinity'."""
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if value == round(value) and abs(value) < 1e9:
        return str(round(value))
    return f"{value:.4g}"


def p_value(p: float) -> str:
    """``p = 0.012``, two significant digits; ``p < 0.0001`` below that."""
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"


def shown(value: object) -> str:
    """A protocol's value, long ones (hashes) cut."""
    if value is None:
        return "not recorded"
    text = str(value)
    return text if len(text) <= 24 else f"{text[:12]}..."


def counted(count: int, noun: str) -> str:
    """``1 seed``, ``3 seeds``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def describe(predicate: Predicate) -> str:
    """A predicate in words, experiments in brackets: ``modes (toy_minimax) = 1 in more than half of the seeds``."""
    match predicate:
        case Order(order=several):
            return " < ".join(_defined(one) for one in several)
        case Smallest(smallest=several):
            return _extreme("<", several)
        case Largest(largest=several):
            return _extreme(">", several)
        case Bound(bound=one, above=above, below=below):
            return between(_defined(one), above, below)
        case Ratio(ratio=(first, second), above=above, below=below):
            return between(f"{_defined(first)} / {_defined(second)}", above, below)
        case Equal(equal=(first, second), margin=margin):
            return f"{_defined(first)} and {_defined(second)} differ by less than {number(margin)}"
        case Exactly(exactly=one, value=value, share=share):
            return f"{_defined(one)} = {number(value)} in {_seeds(share)}"
        case InSeeds(in_seeds=part, share=share):
            return f"{_bracketed(part)} in {_seeds(share)}"
        case AllOf(all_of=parts):
            return " and ".join(_bracketed(part) for part in parts)
        case AnyOf(any_of=parts):
            return " or ".join(_bracketed(part) for part in parts)
        case Given(given=condition, then=then):
            return f"where {describe(condition)}: {_bracketed(then)}"
    raise AssertionError(f"unknown predicate {type(predicate).__name__}")


def quantity(asked: Quantity | Computed) -> str:
    """A quantity with its experiment: ``fid (gan_cifar)``, ``mean of generator_loss over ... (gan_cifar)``."""
    if isinstance(asked, Computed):
        return asked.says
    return f"{bare(asked)} ({asked.experiment})"


def bare(asked: Quantity) -> str:
    """A quantity without its experiment."""
    if asked.outcome is not None:
        return asked.outcome
    if asked.score is not None and asked.statistic is None:
        return asked.score
    if asked.time is not None:
        return asked.time.replace("_", " ")
    curve = asked.curve.strip() if asked.curve is not None else f"{asked.score} over its evaluations"
    match asked.statistic:
        case Mean(mean=window):
            return f"mean of {curve} over {_window(window)}"
        case Median(median=window):
            return f"median of {curve} over {_window(window)}"
        case Quantile(quantile=window, at=share):
            return f"{number(share)} quantile of {curve} over {_window(window)}"
        case Lowest(lowest=window, parts=parts):
            return f"lowest {_means(parts)}{curve} of {_window(window)}"
        case Highest(highest=window, parts=parts):
            return f"highest {_means(parts)}{curve} of {_window(window)}"
        case Deviation(deviation=window):
            return f"standard deviation of {curve} over {_window(window)}"
        case Fluctuation(fluctuation=window, around=length, middle=middle):
            centre = "its fitted line" if length == "line" else f"its mean of {length} iterations"
            about = "" if length is None else f" about {centre}"
            what = "fluctuation" if middle is None else f"middle {number(100 * middle)} % of the fluctuation"
            return f"{what} of {curve}{about} over {_window(window)}"
        case Peak(peak=window, early=early):
            return f"peak of {curve} over {_window(window)}, as a multiple of its median over {_window(early)}"
        case Slope(slope=window):
            return f"relative slope of {curve} over {_window(window)}"
        case Share(share=window, below=below, above=above):
            return f"share of {_window(window)} with {between(curve, above, below)}"
        case Falling(falling=window, parts=parts):
            return f"share of falls of {curve} from one of {parts} equal parts of {_window(window)} to the next"
        case Settled(settled=unit, average=average, tolerance=tolerance, until=until):
            end = "its end value" if until is None else f"its value after {until} {unit}"
            within = f"{number(100 * tolerance)} % of {end}"
            return f"{unit} until {curve}, averaged over {average} {unit}, settles within {within}"
        case FirstBelow(first_below=bound, average=average):
            return f"iterations until {curve}, averaged over {average} iterations, stays below {number(bound)}"
    raise AssertionError("a curve goes with a statistic")


def _means(parts: int | None) -> str:
    return "" if parts is None else f"of {parts} successive trimmed means of "


def between(what: str, above: float | None, below: float | None) -> str:
    """``1.7 < what < 2.3``, ``what < 2.3`` or ``what > 1.7``."""
    if above is not None and below is not None:
        return f"{number(above)} < {what} < {number(below)}"
    if below is not None:
        return f"{what} < {number(below)}"
    assert above is not None
    return f"{what} > {number(above)}"


def _defined(asked: Quantity | Computed) -> str:
    return quantity(asked) if isinstance(asked, Quantity) else f"{asked.says} [{asked.compute}]"


def _extreme(sign: str, several: tuple[Quantity | Computed, ...]) -> str:
    first, *others = (_defined(one) for one in several)
    if len(others) == 1:
        return f"{first} {sign} {others[0]}"
    return f"{first} {sign} each of {', '.join(others)}"


def _bracketed(part: Predicate) -> str:
    words = describe(part)
    return f"[{words}]" if isinstance(part, AllOf | AnyOf | Given) else words


def _seeds(share: float) -> str:
    if share == 0:
        return "at least one seed"
    if share == 0.5:
        return "more than half of the seeds"
    return f"more than {number(100 * share)} % of the seeds"


def _window(window: Window) -> str:
    if window.unit != "share":
        return f"{window.unit} {number(window.start)} to {number(window.end)}"
    if (window.start, window.end) == (0, 1):
        return "the whole run"
    if window.end == 1:
        return f"the last {number(100 * (1 - window.start))} % of the run"
    if window.start == 0:
        return f"the first {number(100 * window.end)} % of the run"
    return f"{number(100 * window.start)} to {number(100 * window.end)} % of the run"
