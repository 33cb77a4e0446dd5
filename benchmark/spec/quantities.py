"""What claims speak of: numbers per training seed, measured or computed from measured ones, and statistics of curves.

A :class:`Quantity` gives one number per training seed, a :class:`Computed` one from several quantities. ``curves``
computes the statistics; nothing here does.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from benchmark.spec import words
from benchmark.spec.base import ByKey, Model, Name, Positive, PositiveInt, Text
from benchmark.spec.expression import ExpressionError, in_words, names, parse


def _expression(text: str) -> str:
    try:
        parse(text)
    except ExpressionError as error:
        raise PydanticCustomError("expression", "{reason}", {"reason": str(error)}) from error
    return text


Expression = Annotated[str, AfterValidator(_expression)]


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

    def of(self, curve: str) -> str:
        """What it is of a curve, in words."""
        raise NotImplementedError


class Mean(_OfCurve):
    """Mean of the curve in the window."""

    better = "as the curve"
    mean: Window

    def of(self, curve: str) -> str:
        return f"mean of {curve} over {self.mean}"


class Median(_OfCurve):
    """Median of the curve in the window."""

    better = "as the curve"
    median: Window

    def of(self, curve: str) -> str:
        return f"median of {curve} over {self.median}"


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
    deviation: Window

    def of(self, curve: str) -> str:
        return f"standard deviation of {curve} over {self.deviation}"


class Fluctuation(_OfCurve):
    """Standard deviation of first differences of the curve in the window.

    With ``around`` it is that of the curve's distance from its centred moving average of so many iterations, an odd
    number, and iterations of the window whose average would reach beyond it are left out; with ``around: line`` that of
    its distance from the line fitted to the window, which leaves a steady drift out. With ``middle`` it is not the
    deviation but the width of the band that holds this share of them, as many above it as below, which a few outliers
    do not move.
    """

    better = "lower"
    fluctuation: Window
    around: OddInt | Literal["line"] | None = None
    middle: Annotated[float, Field(gt=0, lt=1)] | None = None

    def of(self, curve: str) -> str:
        centre = "its fitted line" if self.around == "line" else f"its mean of {self.around} iterations"
        about = "" if self.around is None else f" about {centre}"
        kind = "" if self.middle is None else f"middle {words.number(100 * self.middle)} % of the "
        return f"{kind}fluctuation of {curve}{about} over {self.fluctuation}"


class Peak(_OfCurve):
    """Largest value of the curve in the window, over its median in the window ``early``."""

    peak: Window
    early: Window

    def of(self, curve: str) -> str:
        return f"peak of {curve} over {self.peak}, as a multiple of its median over {self.early}"


class Slope(_OfCurve):
    """Least-squares slope in the window, as change over the whole window divided by the mean absolute level.

    -0.1 means: over the window the fitted line falls by 10 % of the curve's mean absolute level.
    """

    slope: Window

    def of(self, curve: str) -> str:
        return f"relative slope of {curve} over {self.slope}"


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

    falling: Window
    parts: Annotated[int, Field(ge=3)]

    def of(self, curve: str) -> str:
        return f"share of falls of {curve} from one of {self.parts} equal parts of {self.falling} to the next"


class Movement(_OfCurve):
    """How far the curve moves: from the lowest to the highest trimmed mean of ``parts`` equal parts of the window.

    Trimmed as for ``lowest``. It is taken times the root of the share of the means' variance that noise within the
    parts does not explain, but at least by half. So drifts, steps and slow swings count in full, noise about one level
    by half.
    """

    better = "lower"
    movement: Window
    parts: Annotated[int, Field(ge=2)]

    def of(self, curve: str) -> str:
        return f"movement of {curve} between {self.parts} equal parts of {self.movement}, less noise"


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


class Quantity(Model):
    """One number per seed: a score of an experiment, a statistic of one of its curves, its training time or outcome.

    A score with a ``statistic`` is read over all its evaluations in training, which needs the score's ``every``.
    ``training_seconds`` is the time of all iterations at the rate after the warm-up, ``seconds_per_iteration`` that
    rate; evaluation and checkpoints are no part of either. They are only compared within one device.
    ``outcome: diverged`` is 1 for a run whose training broke down and 0 for one that came to its end.
    ``printed`` is a number of a table that nothing regenerates, by its place, ``T1, row, column``, and nothing else.
    """

    experiment: Name = ""
    printed: str | None = Field(default=None, description="a printed number instead: 'T1, row, column'")
    score: Name | None = None
    curve: Expression | None = Field(default=None, description="expression over the run's curves")
    statistic: Statistic | None = None
    time: Literal["training_seconds", "seconds_per_iteration"] | None = None
    outcome: Literal["diverged"] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Quantity:
        sources = (self.score, self.curve, self.time, self.outcome)
        if (self.printed is not None) == bool(self.experiment):
            raise PydanticCustomError("quantity", "needs either an experiment or a printed number")
        if self.printed is not None:
            if any((*sources, self.statistic)):
                raise PydanticCustomError("quantity", "a printed number takes nothing else")
            return self
        lacks = self.curve is not None and self.statistic is None
        plain = self.time is not None or self.outcome is not None
        if sum(source is not None for source in sources) != 1 or lacks or (plain and self.statistic):
            raise PydanticCustomError("quantity", "needs either score, or curve and statistic, or time, or outcome")
        if self.score is not None and isinstance(self.statistic, Peak | Settled | FirstBelow):
            raise PydanticCustomError("quantity", "peak, settled and first_below are for curves")
        return self

    @property
    def bare(self) -> str:
        """In words, without its experiment."""
        plain = self.outcome or (self.time or "").replace("_", " ") or self.score or ""
        if self.statistic is None:
            return plain
        return self.statistic.of(in_words(self.curve) if self.curve is not None else f"{plain} over its evaluations")

    @property
    def text(self) -> str:
        """In words: ``fid (gan_cifar)``, ``mean of generator_loss over ... (gan_cifar)``."""
        return self.printed or f"{self.bare} ({self.experiment})"

    @property
    def defined(self) -> str:
        """In words that say what it is computed from."""
        return self.text


class Computed(Model):
    """A number computed from several quantities of one seed, such as the gain ``1 - augmented / plain``.

    Its quantities must be measured alike. Two computed numbers may refer to different data, which is what a gain on
    one set against that on another is about.
    """

    compute: Annotated[Expression, Field(description="expression over the names of 'of'")]
    of: Annotated[dict[Name, Quantity], Field(min_length=1)]
    says: Annotated[Text, Field(description="what it is, in a few words")]

    @model_validator(mode="after")
    def _complete(self) -> Computed:
        used, known = names(self.compute), set(self.of)
        if used != known:
            odd = min(used ^ known)
            where = "in 'compute', not in 'of'" if odd in used else "in 'of', not in 'compute'"
            raise PydanticCustomError("computed", "'{odd}' is {where}", {"odd": odd, "where": where})
        if any(quantity.time is not None for quantity in self.of.values()):
            raise PydanticCustomError("time", "seconds depend on the device: compare times by order or ratio")
        return self

    @property
    def text(self) -> str:
        """In words."""
        return self.says

    @property
    def defined(self) -> str:
        """In words that say what it is computed from."""
        return f"{self.says} [{self.compute}]"


def _operand(value: Any) -> str:
    present = value if isinstance(value, dict) else vars(value) if isinstance(value, Model) else {}
    return "compute" if "compute" in present or "of" in present else "experiment"


#: what predicates compare
Operand = Annotated[
    Annotated[Quantity, Tag("experiment")] | Annotated[Computed, Tag("compute")], Discriminator(_operand)
]


def no_seconds(*operand: Operand) -> None:
    """Refuse a time among quantities whose numbers, and not only their order or ratio, count."""
    if any(isinstance(quantity, Quantity) and quantity.time is not None for quantity in operand):
        raise PydanticCustomError("time", "seconds depend on the device: compare times by order or ratio")
