"""A paper's claims held against its own published numbers: no run is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmark.judging.predicates import number
from benchmark.judging.verdict import PartVerdict
from benchmark.spec import words
from benchmark.spec.base import grouped
from benchmark.spec.claims import Bound, Predicate
from benchmark.spec.paper import PaperSpec
from benchmark.spec.printed import Printed
from benchmark.spec.quantities import Operand, Quantity

Outcome = Literal["holds", "fails", "holds in part"]

#: columns of a table that say when or how, not how good
_NOT_SCORES = ("iterations", "setting")


class Numbers:
    """Published numbers of a paper by what regenerates them, and what they say of its claims."""

    def __init__(self, spec: PaperSpec) -> None:
        self.places = {entry.place: entry for entry in spec.printed}
        measured = [(entry.cell.experiment, entry) for entry in spec.printed if entry.cell.experiment is not None]
        #: by (experiment, score), and training times by experiment
        self.scores = grouped(
            ((experiment, entry.cell.score), entry)
            for experiment, entry in measured
            if entry.cell.score is not None and entry.source.quantity not in _NOT_SCORES
        )
        self.times = grouped(pair for pair in measured if pair[1].source.quantity == "seconds")

    def outcome(self, predicate: Predicate) -> tuple[Outcome | None, str]:
        """Evaluate a predicate on the printed numbers; None with the reason where it does not rest on them alone."""
        logic = _Print(self)
        try:
            line = predicate.ask(logic)
        except NotPrinted as error:
            return None, str(error)
        wanted = [text for true, text in line.parts if not true or line.outcome == "holds"]
        return line.outcome, "; ".join([*wanted, *_caveats(list(logic.used.values()))])

    def parts(self, predicate: Predicate) -> list[PartVerdict]:
        """The statements of a conjunction by what the printed numbers say of each; empty for one statement."""
        try:
            parts = predicate.ask(_Print(self)).parts
        except NotPrinted:
            return []
        if len(parts) == 1:
            return []
        return [
            PartVerdict(test=text, state="HOLDS" if true else "REVERSED", reason="as printed") for true, text in parts
        ]

    def values(self, predicate: Predicate) -> dict[Quantity, float]:
        """The printed numbers that a predicate rests on; raises :class:`NotPrinted`."""
        logic = _Print(self)
        predicate.ask(logic)
        return {quantity: printed.cell.value for quantity, printed in logic.used.items()}


class NotPrinted(ValueError):
    """A predicate that does not rest on printed numbers alone; the message says why."""


@dataclass(frozen=True)
class _Told:
    """What printed numbers say of a predicate: its statements, each true or not, in words."""

    outcome: Outcome
    parts: list[tuple[bool, str]]


def _told(*parts: tuple[bool, str]) -> _Told:
    true = sum(true for true, _ in parts)
    return _Told("holds" if true == len(parts) else "fails" if true == 0 else "holds in part", list(parts))


class _Print:
    """Answers of the printed numbers; a ``spec.claims.Logic``."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        #: numbers that answers rest on
        self.used: dict[Quantity, Printed] = {}

    def less(self, first: Operand, second: Operand) -> _Told:
        true = self._value(first) < self._value(second)
        return _told((true, f"{self._shown(first)} is {'' if true else 'not '}below {self._shown(second)}"))

    def within(self, operand: Operand, above: float | None, below: float | None) -> _Told:
        return _within(self._value(operand), self._shown(operand), above, below)

    def ratio(self, first: Operand, second: Operand, above: float | None, below: float | None) -> _Told:
        if self._value(second) == 0:
            return _told((False, f"{self._shown(second)} is zero, so there is no ratio"))
        value = self._value(first) / self._value(second)
        what = f"{self._shown(first)} / {self._shown(second)} = {words.number(value)}"
        return _within(value, what, above, below)

    def close(self, first: Operand, second: Operand, margin: float) -> _Told:
        difference = abs(self._value(first) - self._value(second))
        return _within(difference, f"difference of {self._shown(first)} and {self._shown(second)}", None, margin)

    def exactly(self, operand: Operand, value: float, share: float) -> _Told:
        true = self._value(operand) == value
        return _told((true, f"{self._shown(operand)} is {'' if true else 'not '}{words.number(value)}"))

    def in_seeds(self, part: Predicate, share: float) -> _Told:
        return part.ask(self)

    def given(self, condition: Bound, then: Predicate) -> _Told:
        raise NotPrinted("it speaks of single runs, of which the paper prints no numbers")

    def every(self, parts: Sequence[_Told]) -> _Told:
        return _told(*(part for told in parts for part in told.parts))

    def whole(self, answer: _Told) -> _Told:
        """True where all of it is; else in the words of what is not."""
        true = answer.outcome == "holds"
        return _told((true, "; ".join(text for holds, text in answer.parts if holds == true)))

    def some(self, parts: Sequence[_Told]) -> _Told:
        """The first part that holds; else how far any does, as one statement."""
        holding = next((told for told in parts if told.outcome == "holds"), None)
        if holding is not None:
            return _Told("holds", [(True, "; ".join(text for _, text in holding.parts))])
        outcome: Outcome = "fails" if all(told.outcome == "fails" for told in parts) else "holds in part"
        return _Told(outcome, [(False, "; ".join(text for told in parts for true, text in told.parts if not true))])

    def _value(self, operand: Operand) -> float:
        if isinstance(operand, Quantity):
            return self._printed(operand).cell.value
        value = number(operand, {name: self._printed(quantity).cell.value for name, quantity in operand.of.items()})
        if value is None:
            raise NotPrinted(f"{operand.text} has no value on its printed numbers")
        return value

    def _shown(self, operand: Operand) -> str:
        text = self._printed(operand).text if isinstance(operand, Quantity) else words.number(self._value(operand))
        return f"{operand.text} {text}"

    def _printed(self, quantity: Quantity) -> Printed:
        if quantity.printed is not None:
            return self.used.setdefault(quantity, self.numbers.places[quantity.printed])
        if quantity.statistic is not None:
            what = "curves" if quantity.score is None else f"the course of {quantity.score} over training"
            raise NotPrinted(f"it rests on {what}, of which the paper prints no numbers")
        if quantity.outcome is not None:
            raise NotPrinted("it rests on single runs, of which the paper prints no numbers")
        if quantity.score is not None:
            numbers = self.numbers.scores.get((quantity.experiment, quantity.score), [])
        else:  # the paper's seconds are of whole runs
            numbers = self.numbers.times.get(quantity.experiment, []) if quantity.time == "training_seconds" else []
        if not numbers:
            raise NotPrinted(f"the paper prints no number for {quantity.text}")
        if len({number.cell.value for number in numbers}) > 1:
            both = " and ".join(f"{number.text} ({number.place})" for number in numbers)
            raise NotPrinted(f"the paper prints different numbers for {quantity.text}: {both}")
        return self.used.setdefault(quantity, numbers[0])


def _within(value: float, what: str, above: float | None, below: float | None) -> _Told:
    """One statement: on the wrong side of one bound, the other is no merit."""
    sides = [(value > above, "above", above)] if above is not None else []
    sides += [(value < below, "below", below)] if below is not None else []
    true, side, bound = next((side for side in sides if not side[0]), sides[0])
    return _told((true, f"{what} is {'' if true else 'not '}{side} {words.number(bound)}"))


def _caveats(printed: Sequence[Printed]) -> list[str]:
    quoted = sorted({number.cell.quoted_from for number in printed if number.cell.quoted_from is not None})
    caveats = [f"with numbers quoted from {', '.join(quoted)}"] if quoted else []
    kinds = dict.fromkeys(number.source.quantity for number in printed)
    for kind in kinds:
        unequal = unequal_protocols([number for number in printed if number.source.quantity == kind])
        caveats += [f"measured by unequal protocols: {line}" for line in unequal]
    return caveats


def unequal_protocols(printed: Sequence[Printed]) -> list[str]:
    """Fields of their protocols in which published numbers differ, with who has which value."""
    lines = []
    for name in sorted({name for entry in printed for name in entry.protocol}):
        places = grouped(
            (str(entry.protocol.get(name, "not given")), f"{entry.row} / {entry.column}") for entry in printed
        )
        if len(places) > 1:
            text = "; ".join(f"{value} ({', '.join(dict.fromkeys(places_of))})" for value, places_of in places.items())
            lines.append(f"'{name}' is {text}")
    return lines
