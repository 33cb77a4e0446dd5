"""A paper's empirical statements as typed predicates over measured quantities.

A :class:`Quantity` gives one number per training seed, a :class:`Computed` one from several quantities; a predicate
turns the seeds' numbers into a statistic whose sign decides. ``judging`` evaluates them; nothing here computes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from benchmark.spec.base import Many, Model, Name, Positive, PositiveInt, Text
from benchmark.spec.expression import ExpressionError, names, parse


def _expression(text: str) -> str:
    try:
        parse(text)
    except ExpressionError as error:
        raise PydanticCustomError("expression", "{reason}", {"reason": str(error)}) from error
    return text


#: how a union's error begins, before the keys that decide
NEEDS_KEY = "needs one of the keys "


def _by_key(*keys: str) -> Discriminator:
    """Choose a union's member by the one key that only it has, so that errors speak of that member alone."""

    def choose(value: Any) -> str | None:
        present = value if isinstance(value, dict) else vars(value) if isinstance(value, Model) else {}
        return next((key for key in keys if present.get(key) is not None), None)

    return Discriminator(
        choose,
        custom_error_type="union",
        custom_error_message=NEEDS_KEY + ", ".join(keys),
    )


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


class Mean(Model):
    """Mean of the curve in the window."""

    mean: Window


class Median(Model):
    """Median of the curve in the window."""

    median: Window


class Lowest(Model):
    """Smallest value of the curve in the window."""

    lowest: Window


class Highest(Model):
    """Largest value of the curve in the window."""

    highest: Window


class Deviation(Model):
    """Standard deviation (N - 1) of the curve in the window."""

    deviation: Window


class Fluctuation(Model):
    """Standard deviation of first differences of the curve in the window.

    With ``around`` it is that of the curve's distance from its centred moving average of so many iterations, an odd
    number; iterations of the window whose average would reach beyond it are left out.
    """

    fluctuation: Window
    around: OddInt | None = None


class Peak(Model):
    """Largest value of the curve in the window, over its median in the window ``early``."""

    peak: Window
    early: Window


class Slope(Model):
    """Least-squares slope in the window, as change over the whole window divided by the mean absolute level.

    -0.1 means: over the window the fitted line falls by 10 % of the curve's mean absolute level.
    """

    slope: Window


class Share(Model):
    """Share of the window's iterations at which the curve lies below / above a bound."""

    share: Window
    below: float | None = None
    above: float | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Share:
        if (self.below is None) == (self.above is None):
            raise PydanticCustomError("share", "needs exactly one of below and above")
        return self


class Settled(Model):
    """First iteration (or epoch) from which the moving average stays within ``tolerance`` of its final value.

    ``tolerance`` is a share of the final value's magnitude; ``average`` is the moving average's length, in ``unit``.
    """

    settled: Literal["iterations", "epochs"]
    average: PositiveInt
    tolerance: Positive


class FirstBelow(Model):
    """First iteration from which the moving average of ``average`` iterations stays below the bound."""

    first_below: float
    average: PositiveInt


Statistic = Annotated[
    Annotated[Mean, Tag("mean")]
    | Annotated[Median, Tag("median")]
    | Annotated[Lowest, Tag("lowest")]
    | Annotated[Highest, Tag("highest")]
    | Annotated[Deviation, Tag("deviation")]
    | Annotated[Fluctuation, Tag("fluctuation")]
    | Annotated[Peak, Tag("peak")]
    | Annotated[Slope, Tag("slope")]
    | Annotated[Share, Tag("share")]
    | Annotated[Settled, Tag("settled")]
    | Annotated[FirstBelow, Tag("first_below")],
    _by_key(
        "mean",
        "median",
        "lowest",
        "highest",
        "deviation",
        "fluctuation",
        "peak",
        "slope",
        "share",
        "settled",
        "first_below",
    ),
]


class Quantity(Model):
    """One number per seed: a score of an experiment, a statistic of one of its curves, its training time or outcome.

    A score with a ``statistic`` is read over all its evaluations in training, which needs the score's ``every``.
    ``training_seconds`` is the time of all iterations at the rate after the warm-up, ``seconds_per_iteration`` that
    rate; evaluation and checkpoints are no part of either. They are only compared within one device.
    ``outcome: diverged`` is 1 for a run whose training broke down and 0 for one that came to its end.
    """

    experiment: Name
    score: Name | None = None
    curve: Expression | None = Field(default=None, description="expression over the run's curves")
    statistic: Statistic | None = None
    time: Literal["training_seconds", "seconds_per_iteration"] | None = None
    outcome: Literal["diverged"] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Quantity:
        sources = (self.score, self.curve, self.time, self.outcome)
        lacks = self.curve is not None and self.statistic is None
        plain = self.time is not None or self.outcome is not None
        if sum(source is not None for source in sources) != 1 or lacks or (plain and self.statistic):
            raise PydanticCustomError("quantity", "needs either score, or curve and statistic, or time, or outcome")
        if self.score is not None and isinstance(self.statistic, Peak | Settled | FirstBelow):
            raise PydanticCustomError("quantity", "peak, settled and first_below are for curves")
        return self


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
        asked, known = names(self.compute), set(self.of)
        if asked != known:
            odd = min(asked ^ known)
            where = "in 'compute', not in 'of'" if odd in asked else "in 'of', not in 'compute'"
            raise PydanticCustomError("computed", "'{odd}' is {where}", {"odd": odd, "where": where})
        if any(one.time is not None for one in self.of.values()):
            raise PydanticCustomError("time", "seconds depend on the device: compare times by order or ratio")
        return self


def _operand(value: Any) -> str:
    present = value if isinstance(value, dict) else vars(value) if isinstance(value, Model) else {}
    return "compute" if "compute" in present or "of" in present else "experiment"


#: what predicates compare
Operand = Annotated[
    Annotated[Quantity, Tag("experiment")] | Annotated[Computed, Tag("compute")], Discriminator(_operand)
]


def _no_seconds(*asked: Operand) -> None:
    if any(isinstance(one, Quantity) and one.time is not None for one in asked):
        raise PydanticCustomError("time", "seconds depend on the device: compare times by order or ratio")


class Order(Model):
    """Each quantity is smaller than the next."""

    order: Annotated[Many[Operand], Field(min_length=2)]


class Smallest(Model):
    """The first quantity is the smallest of all."""

    smallest: Annotated[Many[Operand], Field(min_length=2)]


class Largest(Model):
    """The first quantity is the largest of all."""

    largest: Annotated[Many[Operand], Field(min_length=2)]


class Bound(Model):
    """A quantity lies above ``above`` and below ``below`` (at least one of them given)."""

    bound: Operand
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _some(self) -> Bound:
        if self.above is None and self.below is None:
            raise PydanticCustomError("bound", "needs above, below or both")
        _no_seconds(self.bound)
        return self


class Ratio(Model):
    """The ratio of two quantities, numerator first, lies above ``above`` and below ``below``."""

    ratio: Annotated[Many[Operand], Field(min_length=2, max_length=2)]
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _some(self) -> Ratio:
        if self.above is None and self.below is None:
            raise PydanticCustomError("ratio", "needs above, below or both")
        return self


class Equal(Model):
    """Two quantities differ by less than ``margin``."""

    equal: Annotated[Many[Operand], Field(min_length=2, max_length=2)]
    margin: Positive

    @model_validator(mode="after")
    def _no_time(self) -> Equal:
        _no_seconds(*self.equal)
        return self


class Exactly(Model):
    """A quantity that counts takes one exact value, in more than ``share`` of the seeds."""

    exactly: Quantity
    value: float
    share: Annotated[float, Field(ge=0, lt=1)]

    @model_validator(mode="after")
    def _no_time(self) -> Exactly:
        _no_seconds(self.exactly)
        return self


class InSeeds(Model):
    """A predicate holds, each seed taken by itself, in more than ``share`` of the seeds."""

    in_seeds: Predicate
    share: Annotated[float, Field(ge=0, lt=1)]


class AllOf(Model):
    """Every part holds."""

    all_of: Annotated[Many[Predicate], Field(min_length=2)]


class AnyOf(Model):
    """At least one part holds."""

    any_of: Annotated[Many[Predicate], Field(min_length=2)]


class Given(Model):
    """Among the seeds in which ``given`` is true, ``then`` holds; all of one experiment, since it is about its runs."""

    given: Bound
    then: Predicate

    @model_validator(mode="after")
    def _one_experiment(self) -> Given:
        experiments = sorted({one.experiment for one in quantities(self)})
        if len(experiments) > 1:
            raise PydanticCustomError(
                "given", "speaks of the runs of one experiment, found {found}", {"found": ", ".join(experiments)}
            )
        return self


Predicate = Annotated[
    Annotated[Order, Tag("order")]
    | Annotated[Smallest, Tag("smallest")]
    | Annotated[Largest, Tag("largest")]
    | Annotated[Bound, Tag("bound")]
    | Annotated[Ratio, Tag("ratio")]
    | Annotated[Equal, Tag("equal")]
    | Annotated[Exactly, Tag("exactly")]
    | Annotated[InSeeds, Tag("in_seeds")]
    | Annotated[AllOf, Tag("all_of")]
    | Annotated[AnyOf, Tag("any_of")]
    | Annotated[Given, Tag("given")],
    _by_key(
        "order",
        "smallest",
        "largest",
        "bound",
        "ratio",
        "equal",
        "exactly",
        "in_seeds",
        "all_of",
        "any_of",
        "given",
    ),
]
InSeeds.model_rebuild()
AllOf.model_rebuild()
AnyOf.model_rebuild()
Given.model_rebuild()


class Claim(Model):
    """One empirical statement of the paper, paraphrased, with where it stands and how it is tested."""

    where: Text
    says: Text
    predicate: Predicate | None = None
    verified_by: Annotated[
        Text | None, Field(description="a statement about the method, not a measurement: the test that checks it")
    ] = None
    not_assessable: Annotated[Text | None, Field(description="why no measurement can decide it")] = None
    min_seeds: Annotated[int, Field(ge=2)] | None = None
    across: Annotated[
        Many[Name],
        Field(description="protocol fields in which the claim itself compares unlike measurements; otherwise none may"),
    ] = ()
    note: Text | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Claim:
        ways = [self.predicate, self.verified_by, self.not_assessable]
        if sum(way is not None for way in ways) != 1:
            raise PydanticCustomError("claim", "needs exactly one of predicate, verified_by and not_assessable")
        if (self.predicate is not None) != (self.min_seeds is not None):
            raise PydanticCustomError("claim", "min_seeds goes with predicate")
        if self.across and self.predicate is None:
            raise PydanticCustomError("claim", "across goes with predicate")
        return self


def quantities(predicate: Predicate) -> list[Quantity]:
    """All measured quantities of a predicate, in order, repeats included."""
    return [quantity for _, quantity in located(predicate)]


def located(predicate: Predicate) -> list[tuple[tuple[str | int, ...], Quantity]]:
    """All measured quantities of a predicate with their paths below it, in order."""
    found: list[tuple[tuple[str | int, ...], Quantity]] = []
    for path, operand in operands(predicate):
        match operand:
            case Computed(of=parts):
                found += [((*path, "of", name), quantity) for name, quantity in parts.items()]
            case Quantity():
                found.append((path, operand))
    return found


def operands(predicate: Predicate) -> list[tuple[tuple[str | int, ...], Quantity | Computed]]:
    """What a predicate compares, with the paths below it, in order."""
    match predicate:
        case AllOf(all_of=parts) | AnyOf(any_of=parts):
            key = "all_of" if isinstance(predicate, AllOf) else "any_of"
            return [
                ((key, index, *path), operand) for index, part in enumerate(parts) for path, operand in operands(part)
            ]
        case Given(given=condition, then=then):
            return [
                ((key, *path), operand)
                for key, part in (("given", condition), ("then", then))
                for path, operand in operands(part)
            ]
        case InSeeds(in_seeds=part):
            return [(("in_seeds", *path), operand) for path, operand in operands(part)]
        case Bound(bound=one):
            return [(("bound",), one)]
        case Exactly(exactly=counted):
            return [(("exactly",), counted)]
        case Order(order=several):
            key = "order"
        case Smallest(smallest=several):
            key = "smallest"
        case Largest(largest=several):
            key = "largest"
        case Ratio(ratio=several):
            key = "ratio"
        case Equal(equal=several):
            key = "equal"
    return [((key, index), operand) for index, operand in enumerate(several)]
