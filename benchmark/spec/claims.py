"""A paper's empirical statements as typed predicates over the quantities of ``spec.quantities``.

A predicate turns the seeds' numbers into a statistic whose sign decides. ``judging`` evaluates them; nothing here
computes.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from benchmark.spec.base import Many, Model, Name, Positive, Text, by_key
from benchmark.spec.quantities import Computed, Operand, Quantity, no_seconds


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
        no_seconds(self.bound)
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
        no_seconds(*self.equal)
        return self


class Exactly(Model):
    """A quantity that counts takes one exact value, in more than ``share`` of the seeds."""

    exactly: Quantity
    value: float
    share: Annotated[float, Field(ge=0, lt=1)]

    @model_validator(mode="after")
    def _no_time(self) -> Exactly:
        no_seconds(self.exactly)
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
    by_key(
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
