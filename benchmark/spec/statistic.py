"""Statistics of curves as a spec writes them: what each is and its words. ``curve_statistics`` computes them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from benchmark.spec import words
from benchmark.spec.base import ByKey, Model, Positive, PositiveInt


def _odd(number: int) -> int:
    if number < 3 or number % 2 == 0:
        raise PydanticCustomError("odd", "must be an odd number of at least 3")
    return number


OddInt = Annotated[int, AfterValidator(_odd)]


class Window(Model):
    """Part of a run. Bounds are iterations, epochs, or shares of the run (0 to 1); both ends belong to it."""

    unit: Literal["iterations", "epochs", "share"]
    start: float
    end: float

    @model_validator(mode="after")
    def _ordered(self) -> Window:
        top = 1.0 if self.unit == "share" else float("inf")
        if not 0 <= self.start < self.end <= top:
            raise PydanticCustomError("window", "needs 0 <= start < end" + (" <= 1" if top == 1 else ""))
        return self

    def __str__(self) -> str:
        """``the last 10 % of the run``, ``epochs 1 to 5``."""
        if self.unit != "share":
            return f"{self.unit} {words.number(self.start)} to {words.number(self.end)}"
        start, end = words.number(100 * self.start), words.number(100 * self.end)
        if (self.start, self.end) == (0, 1):
            return "the whole run"
        if self.end == 1:
            return f"the last {words.number(100 * (1 - self.start))} % of the run"
        return f"the first {end} % of the run" if self.start == 0 else f"{start} to {end} % of the run"


class _OfCurve(Model):
    #: which way is better: as of the curve itself, or one way whatever the curve is; training that breaks down is the
    #: least steady
    better: ClassVar[Literal["as the curve", "lower", "none"]] = "none"

    #: what it is of a ``{curve}``, in words, its settings by their names
    phrase: ClassVar[str] = ""

    def of(self, curve: str) -> str:
        """What it is of a curve, in words."""
        return self.phrase.format(curve=curve, **dict(self))


class Mean(_OfCurve):
    """Mean of the curve in the window."""

    better = "as the curve"
    phrase = "mean of {curve} over {mean}"
    mean: Window


class Median(_OfCurve):
    """Median of the curve in the window."""

    better = "as the curve"
    phrase = "median of {curve} over {median}"
    median: Window


class Quantile(_OfCurve):
    """Value that the share ``at`` of the window's values lie below: above nine tenths of them where ``at`` is 0.9."""

    better = "as the curve"
    quantile: Window
    at: Annotated[float, Field(gt=0, lt=1)]

    def of(self, curve: str) -> str:
        return f"{words.number(self.at)} quantile of {curve} over {self.quantile}"


def _means(parts: int | None) -> str:
    return "" if parts is None else f"of {parts} successive trimmed means of "


class Lowest(_OfCurve):
    """Smallest value of the curve in the window; with ``parts``, of the trimmed means of so many equal parts of it.

    A trimmed mean leaves out the lowest and the highest tenth, at least one value each. It hides noise and single
    outliers of a part, and shows drifts, steps and slow swings.
    """

    better = "as the curve"
    lowest: Window
    parts: Annotated[int, Field(ge=2)] | None = None

    def of(self, curve: str) -> str:
        return f"lowest {_means(self.parts)}{curve} of {self.lowest}"


class Highest(_OfCurve):
    """Largest value of the curve in the window; with ``parts``, of the trimmed means of so many equal parts of it."""

    better = "as the curve"
    highest: Window
    parts: Annotated[int, Field(ge=2)] | None = None

    def of(self, curve: str) -> str:
        return f"highest {_means(self.parts)}{curve} of {self.highest}"


class Deviation(_OfCurve):
    """Standard deviation (N - 1) of the curve in the window."""

    better = "lower"
    phrase = "standard deviation of {curve} over {deviation}"
    deviation: Window


class Fluctuation(_OfCurve):
    """Standard deviation of first differences of the curve in the window.

    With ``around`` it is that of the curve's distance from its centred moving average of so many iterations, an odd
    number, and iterations of the window whose average would reach beyond it are left out; with ``around: line`` that of
    its distance from the line fitted to the window, which leaves a steady drift out. With ``middle`` it is not the
    deviation but the width of the band that holds this share of them, as many above it as below, which a few outliers
    do not move. With ``parts`` the curve is that of the trimmed means of so many equal parts, as for ``lowest``, which
    leaves noise from iteration to iteration out.
    """

    better = "lower"
    fluctuation: Window
    around: OddInt | Literal["line"] | None = None
    middle: Annotated[float, Field(gt=0, lt=1)] | None = None
    parts: Annotated[int, Field(ge=3)] | None = None

    @model_validator(mode="after")
    def _of_one_length(self) -> Self:
        if self.parts is not None and isinstance(self.around, int):
            raise PydanticCustomError(
                "parts", "of parts is about its line or about nothing: around must be line or left out"
            )
        return self

    def of(self, curve: str) -> str:
        centre = "its fitted line" if self.around == "line" else f"its mean of {self.around} iterations"
        about = "" if self.around is None else f" about {centre}"
        kind = "" if self.middle is None else f"middle {words.number(100 * self.middle)} % of the "
        return f"{kind}fluctuation {_means(self.parts) or 'of '}{curve}{about} over {self.fluctuation}"


class Peak(_OfCurve):
    """Largest value of the curve in the window, over its median in the window ``early``."""

    phrase = "peak of {curve} over {peak}, as a multiple of its median over {early}"
    peak: Window
    early: Window


class Slope(_OfCurve):
    """Least-squares slope in the window, as change over the whole window divided by the mean absolute level.

    -0.1 means: over the window the fitted line falls by 10 % of the curve's mean absolute level.
    """

    phrase = "relative slope of {curve} over {slope}"
    slope: Window


class Share(_OfCurve):
    """Share of the window's iterations at which the curve lies below / above a bound."""

    share: Window
    below: float | None = None
    above: float | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Share:
        if (self.below is None) == (self.above is None):
            raise PydanticCustomError("share", "needs exactly one of below and above")
        return self

    def of(self, curve: str) -> str:
        return f"share of {self.share} with {curve} {words.between(self.above, self.below)}"


class Falling(_OfCurve):
    """Share of steps down: how many of the window's ``parts`` equal parts have a lower mean than the part before.

    1 for a curve that falls steadily, 0 for one that rises steadily, about 0.5 for noise about any level.
    """

    phrase = "share of falls of {curve} from one of {parts} equal parts of {falling} to the next"
    falling: Window
    parts: Annotated[int, Field(ge=3)]


class Movement(_OfCurve):
    """How far the curve moves: from the lowest to the highest trimmed mean of ``parts`` equal parts of the window.

    Trimmed as for ``lowest``. It is taken times the root of the share of the means' variance that noise within the
    parts does not explain, but at least by half. So drifts, steps and slow swings count in full, noise about one level
    by half.
    """

    better = "lower"
    phrase = "movement of {curve} between {parts} equal parts of {movement}, less noise"
    movement: Window
    parts: Annotated[int, Field(ge=2)]


class Settled(_OfCurve):
    """First iteration (or epoch) from which the moving average stays within ``tolerance`` of its final value.

    ``tolerance`` is a share of the final value's magnitude, which counts as ``least`` where it is smaller; ``average``
    is the moving average's length, in ``unit``.
    With ``until``, in ``unit`` too, the run is read up to there, so that runs of unlike length have one horizon.
    """

    settled: Literal["iterations", "epochs"]
    average: PositiveInt
    tolerance: Positive
    until: PositiveInt | None = None
    least: Positive | None = None

    def of(self, curve: str) -> str:
        end = "its end value" if self.until is None else f"its value after {self.until} {self.settled}"
        within = f"settles within {words.number(100 * self.tolerance)} % of {end}"
        within += "" if self.least is None else f", or of {words.number(self.least)} if that is more"
        return f"{self.settled} until {curve}, averaged over {self.average} {self.settled}, {within}"


class FirstBelow(_OfCurve):
    """First iteration from which the moving average of ``average`` iterations stays below the bound."""

    first_below: float
    average: PositiveInt

    def of(self, curve: str) -> str:
        below = words.number(self.first_below)
        return f"iterations until {curve}, averaged over {self.average} iterations, stays below {below}"


Statistic = Annotated[
    Mean
    | Median
    | Quantile
    | Lowest
    | Highest
    | Deviation
    | Fluctuation
    | Peak
    | Slope
    | Share
    | Falling
    | Movement
    | Settled
    | FirstBelow,
    ByKey(),
]
