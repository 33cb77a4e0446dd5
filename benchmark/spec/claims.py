"""A paper's empirical statements as typed predicates over the quantities of ``spec.quantities``.

A predicate knows its operands, its words, and of which elementary statements it is made: ``ask`` puts these to a
:class:`Logic`. One logic answers from seeds (``judging.predicates``), another from printed numbers
(``judging.published``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Protocol, TypeVar

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from benchmark.spec import words
from benchmark.spec.base import ByKey, Identifier, Many, Model, Name, Positive, Text
from benchmark.spec.quantities import Computed, NoTime, Operand, Quantity, no_seconds

Steps = tuple[str | int, ...]


T = TypeVar("T")
B = TypeVar("B", bound="Bound | Ratio")
C = TypeVar("C", bound="_Ordering | Ratio | Equal")


class Logic(Protocol[T]):
    """Answers to elementary statements, and how answers combine."""

    def less(self, first: Operand, second: Operand) -> T:
        """``first`` is smaller than ``second``."""

    def within(self, operand: Operand, above: float | None, below: float | None) -> T:
        """A quantity lies between bounds, of which one may be absent."""

    def ratio(self, first: Operand, second: Operand, above: float | None, below: float | None) -> T:
        """``first / second`` lies between bounds, of which one may be absent."""

    def close(self, first: Operand, second: Operand, margin: float) -> T:
        """Two quantities differ by less than ``margin``."""

    def exactly(self, quantity: Quantity, value: float, share: float) -> T:
        """A quantity takes one value in more than ``share`` of the seeds."""

    def in_seeds(self, part: Predicate, share: float) -> T:
        """A predicate holds in more than ``share`` of the seeds."""

    def given(self, condition: Bound, then: Predicate) -> T:
        """A predicate holds among the seeds in which a bound is true."""

    def every(self, parts: Sequence[T]) -> T:
        """All parts hold."""

    def some(self, parts: Sequence[T]) -> T:
        """At least one part holds."""

    def whole(self, answer: T) -> T:
        """``answer`` as one statement, whatever it was made of: being below all but one is no part of being lowest."""


class _Predicate(Model):
    #: whether its words need brackets within another's
    compound: ClassVar[bool] = False

    @property
    def text(self) -> str:
        """In words, experiments in brackets: ``modes (toy_minimax) is 1 in more than half of the seeds``."""
        raise NotImplementedError

    @property
    def bracketed(self) -> str:
        """Its words as part of another predicate's."""
        return f"[{self.text}]" if self.compound else self.text

    def ask(self, logic: Logic[T]) -> T:
        """What a logic answers."""
        raise NotImplementedError

    def operands(self) -> Iterator[tuple[Steps, Operand]]:
        """What it compares, with the paths below it, in order."""
        for name in type(self).model_fields:
            yield from _operands((name,), getattr(self, name))


def _operands(path: Steps, value: object) -> Iterator[tuple[Steps, Operand]]:
    if isinstance(value, Quantity | Computed):
        yield path, value
    elif isinstance(value, _Predicate):
        yield from (((*path, *steps), operand) for steps, operand in value.operands())
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from _operands((*path, index), inner)


def _of_two(predicate: C) -> C:
    for first, second in predicate.pairs:
        if first == second:
            raise PydanticCustomError("same", "compares {what} with itself", {"what": first.defined})
    return predicate


class _Ordering(_Predicate):
    _valid = model_validator(mode="after")(_of_two)

    @property
    def pairs(self) -> list[tuple[Operand, Operand]]:
        """(smaller, larger) of every comparison that it claims."""
        raise NotImplementedError

    def ask(self, logic: Logic[T]) -> T:
        return logic.whole(logic.every([logic.less(first, second) for first, second in self.pairs]))


class Order(_Ordering):
    """Each quantity is smaller than the next; every step is a statement."""

    order: Annotated[Many[Operand], Field(min_length=2)]

    def ask(self, logic: Logic[T]) -> T:
        return logic.every([logic.less(first, second) for first, second in self.pairs])

    @property
    def pairs(self) -> list[tuple[Operand, Operand]]:
        return [*itertools.pairwise(self.order)]

    @property
    def text(self) -> str:
        return " is below ".join(operand.defined for operand in self.order[:2]) + "".join(
            f", and that below {operand.defined}" for operand in self.order[2:]
        )


class Smallest(_Ordering):
    """The first quantity is the smallest of all."""

    smallest: Annotated[Many[Operand], Field(min_length=2)]

    @property
    def pairs(self) -> list[tuple[Operand, Operand]]:
        return [(self.smallest[0], other) for other in self.smallest[1:]]

    @property
    def text(self) -> str:
        return _extreme("below", self.smallest)


class Largest(_Ordering):
    """The first quantity is the largest of all."""

    largest: Annotated[Many[Operand], Field(min_length=2)]

    @property
    def pairs(self) -> list[tuple[Operand, Operand]]:
        return [(other, self.largest[0]) for other in self.largest[1:]]

    @property
    def text(self) -> str:
        return _extreme("above", self.largest)


def _extreme(side: str, operands: Sequence[Operand]) -> str:
    first, *others = (value.defined for value in operands)
    return f"{first} is {side} {'each of ' if len(others) > 1 else ''}{', '.join(others)}"


def _bounded(predicate: B) -> B:
    if predicate.above is None and predicate.below is None:
        raise PydanticCustomError("bound", "needs above, below or both")
    return predicate


class Bound(_Predicate):
    """A quantity lies above ``above`` and below ``below`` (at least one of them given)."""

    bound: NoTime
    above: float | None = None
    below: float | None = None
    _valid = model_validator(mode="after")(_bounded)

    @property
    def text(self) -> str:
        return f"{self.bound.defined} is {words.between(self.above, self.below)}"

    def ask(self, logic: Logic[T]) -> T:
        return logic.within(self.bound, self.above, self.below)


class Ratio(_Predicate):
    """The ratio of two quantities, numerator first, lies above ``above`` and below ``below``."""

    ratio: Annotated[Many[Operand], Field(min_length=2, max_length=2)]
    above: float | None = None
    below: float | None = None
    _valid = model_validator(mode="after")(_bounded)
    _unlike = model_validator(mode="after")(_of_two)

    @property
    def pairs(self) -> list[tuple[Operand, Operand]]:
        """Numerator and denominator."""
        return [(self.ratio[0], self.ratio[1])]

    @property
    def text(self) -> str:
        return f"{self.ratio[0].defined} / {self.ratio[1].defined} is {words.between(self.above, self.below)}"

    def ask(self, logic: Logic[T]) -> T:
        return logic.ratio(self.ratio[0], self.ratio[1], self.above, self.below)


class Equal(_Predicate):
    """Two quantities differ by less than ``margin``."""

    equal: Annotated[Many[NoTime], Field(min_length=2, max_length=2)]
    margin: Positive
    _unlike = model_validator(mode="after")(_of_two)

    @property
    def pairs(self) -> list[tuple[Operand, Operand]]:
        """The two."""
        return [(self.equal[0], self.equal[1])]

    @property
    def text(self) -> str:
        return f"{self.equal[0].defined} and {self.equal[1].defined} differ by less than {words.number(self.margin)}"

    def ask(self, logic: Logic[T]) -> T:
        return logic.close(self.equal[0], self.equal[1], self.margin)


class Exactly(_Predicate):
    """A quantity that counts takes one exact value, in more than ``share`` of the seeds."""

    exactly: Annotated[Quantity, AfterValidator(no_seconds)]
    value: float
    share: Annotated[float, Field(ge=0, lt=1)]

    @property
    def text(self) -> str:
        return f"{self.exactly.defined} is {words.number(self.value)} in {words.share_of_seeds(self.share)}"

    def ask(self, logic: Logic[T]) -> T:
        return logic.exactly(self.exactly, self.value, self.share)


class InSeeds(_Predicate):
    """A predicate holds, each seed taken by itself, in more than ``share`` of the seeds."""

    in_seeds: Predicate
    share: Annotated[float, Field(ge=0, lt=1)]

    @property
    def text(self) -> str:
        return f"{self.in_seeds.bracketed} in {words.share_of_seeds(self.share)}"

    def ask(self, logic: Logic[T]) -> T:
        return logic.in_seeds(self.in_seeds, self.share)


class _Parts(_Predicate):
    compound = True
    #: the word between the parts
    joint: ClassVar[str]

    @property
    def text(self) -> str:
        ((_, parts),) = self
        return self.joint.join(part.bracketed for part in parts)

    def answers(self, logic: Logic[T]) -> list[T]:
        """What a logic answers to each part."""
        ((_, parts),) = self
        return [part.ask(logic) for part in parts]


class AllOf(_Parts):
    """Every part holds; each is a statement of the sentence, which may hold in part."""

    joint = "; and "
    all_of: Annotated[Many[Predicate], Field(min_length=2)]

    def ask(self, logic: Logic[T]) -> T:
        return logic.every(self.answers(logic))


class Together(_Parts):
    """Every part holds; together they are one statement, of which none says anything alone."""

    joint = " and "
    together: Annotated[Many[Predicate], Field(min_length=2)]

    def ask(self, logic: Logic[T]) -> T:
        return logic.whole(logic.every(self.answers(logic)))


class AnyOf(_Parts):
    """At least one part holds."""

    joint = " or "
    any_of: Annotated[Many[Predicate], Field(min_length=2)]

    def ask(self, logic: Logic[T]) -> T:
        return logic.some(self.answers(logic))


class Given(_Predicate):
    """Among the seeds in which ``given`` is true, ``then`` holds; all of one experiment, since it is about its runs."""

    compound = True
    given: Bound
    then: Predicate

    @model_validator(mode="after")
    def _one_experiment(self) -> Given:
        experiments = sorted({quantity.experiment for _, quantity in located(self)})
        if len(experiments) > 1:
            raise PydanticCustomError(
                "given", "speaks of the runs of one experiment, found {found}", {"found": ", ".join(experiments)}
            )
        return self

    @property
    def text(self) -> str:
        return f"where {self.given.text}: {self.then.bracketed}"

    def ask(self, logic: Logic[T]) -> T:
        return logic.given(self.given, self.then)


Predicate = Annotated[
    Order | Smallest | Largest | Bound | Ratio | Equal | Exactly | InSeeds | AllOf | Together | AnyOf | Given, ByKey()
]
for _kind in (InSeeds, AllOf, Together, AnyOf, Given):
    _kind.model_rebuild()


class Claim(Model):
    """One empirical statement of the paper, paraphrased, with where it stands and how it is tested."""

    where: Text
    figures: Annotated[Many[Identifier], Field(description="keys of the figures that it is read off")] = ()
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


def located(predicate: Predicate) -> list[tuple[Steps, Quantity]]:
    """All measured quantities of a predicate with their paths below it, in order."""
    quantities: list[tuple[Steps, Quantity]] = []
    for path, operand in predicate.operands():
        if isinstance(operand, Quantity):
            quantities.append((path, operand))
        else:
            quantities += [((*path, "of", name), quantity) for name, quantity in operand.of.items()]
    return quantities
