"""A paper's claims held against its own published numbers: no run is needed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmark.judging import words
from benchmark.judging.computed import number
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
    quantities,
)
from benchmark.spec.paper import Cell, PaperSpec, Table
from benchmark.spec.quantities import Computed, Quantity

Outcome = Literal["holds", "fails", "holds in part"]

#: columns of a table that say when or how, not how good
_NOT_SCORES = ("iterations", "setting")


@dataclass(frozen=True)
class Printed:
    """A published number and where it stands."""

    table: str
    row: str
    column: str
    cell: Cell
    source: Table

    @property
    def place(self) -> str:
        """``T3, SVHN, GAN``."""
        return f"{self.table}, {self.row}, {self.column}"

    @property
    def protocol(self) -> dict[str, str | int | float]:
        """How it was measured, as far as known: as the table says, but for what the cell says."""
        return {**self.source.protocol, **self.cell.protocol}

    @property
    def text(self) -> str:
        """The number with the decimals of the paper."""
        return f"{self.cell.value:.{self.cell.decimals}f}"


def cells(spec: PaperSpec) -> list[Printed]:
    """All published numbers, in reading order."""
    return [
        Printed(name, row.label, column, row.cells[column], table)
        for name, table in spec.tables.items()
        for row in table.rows
        for column in table.columns
        if column in row.cells
    ]


def scores(spec: PaperSpec) -> dict[tuple[str, str], list[Printed]]:
    """Published numbers by the (experiment, score) that regenerates them."""
    found: dict[tuple[str, str], list[Printed]] = {}
    for one in cells(spec):
        if one.cell.experiment is not None and one.cell.score is not None and one.source.quantity not in _NOT_SCORES:
            found.setdefault((one.cell.experiment, one.cell.score), []).append(one)
    return found


def times(spec: PaperSpec) -> dict[str, list[Printed]]:
    """Published training times by the experiment that regenerates them."""
    found: dict[str, list[Printed]] = {}
    for one in cells(spec):
        if one.cell.experiment is not None and one.source.quantity == "seconds":
            found.setdefault(one.cell.experiment, []).append(one)
    return found


def on_published(spec: PaperSpec, predicate: Predicate) -> tuple[Outcome | None, str]:
    """Evaluate a predicate on the printed numbers; None with the reason where it does not rest on them alone."""
    printed: dict[Quantity, Printed] = {}
    by_score, by_time = scores(spec), times(spec)
    if _of_single_runs(predicate):
        return None, "it speaks of single runs, of which the paper prints no numbers"
    for asked in quantities(predicate):
        if asked.statistic is not None:
            return None, "it rests on curves, of which the paper prints no numbers"
        if asked.outcome is not None:
            return None, "it rests on single runs, of which the paper prints no numbers"
        if asked.score is not None:
            found = by_score.get((asked.experiment, asked.score), [])
        else:  # the paper's seconds are of whole runs
            found = by_time.get(asked.experiment, []) if asked.time == "training_seconds" else []
        if not found:
            return None, f"the paper prints no number for {words.quantity(asked)}"
        if len({one.cell.value for one in found}) > 1:
            both = " and ".join(f"{one.text} ({one.place})" for one in found)
            return None, f"the paper prints different numbers for {words.quantity(asked)}: {both}"
        printed[asked] = found[0]
    try:
        outcome, parts = _evaluate(predicate, printed)
    except ArithmeticError as error:
        return None, str(error)
    told = [text for true, text in parts if not true] if outcome != "holds" else [text for _, text in parts]
    return outcome, "; ".join([*told, *_caveats(list(printed.values()))])


def _of_single_runs(predicate: Predicate) -> bool:
    match predicate:
        case AllOf(all_of=parts) | AnyOf(any_of=parts):
            return any(_of_single_runs(part) for part in parts)
    return isinstance(predicate, Given)


def _caveats(printed: Sequence[Printed]) -> list[str]:
    quoted = sorted({one.cell.quoted_from for one in printed if one.cell.quoted_from is not None})
    caveats = [f"with numbers quoted from {', '.join(quoted)}"] if quoted else []
    kinds = dict.fromkeys(one.source.quantity for one in printed)
    for kind in kinds:
        unequal = unequal_protocols([one for one in printed if one.source.quantity == kind])
        caveats += [f"measured by unequal protocols: {line}" for line in unequal]
    return caveats


def unequal_protocols(printed: Sequence[Printed]) -> list[str]:
    """Fields of their protocols in which published numbers differ, with who has which value."""
    lines = []
    for name in sorted({name for one in printed for name in one.protocol}):
        places: dict[str, list[str]] = {}
        for one in printed:
            places.setdefault(str(one.protocol.get(name, "not given")), []).append(f"{one.row} / {one.column}")
        if len(places) > 1:
            told = "; ".join(f"{value} ({', '.join(dict.fromkeys(several))})" for value, several in places.items())
            lines.append(f"'{name}' is {told}")
    return lines


_Parts = list[tuple[bool, str]]


def _evaluate(predicate: Predicate, printed: dict[Quantity, Printed]) -> tuple[Outcome, _Parts]:
    match predicate:
        case AllOf(all_of=several):
            inner = [_evaluate(part, printed) for part in several]
            outcomes = {outcome for outcome, _ in inner}
            return (
                outcomes.pop() if len(outcomes) == 1 else "holds in part",
                [part for _, parts in inner for part in parts],
            )
        case AnyOf(any_of=several):
            inner = [_evaluate(part, printed) for part in several]
            holding = [parts for outcome, parts in inner if outcome == "holds"]
            if holding:
                return "holds", holding[0]
            return (
                "fails" if all(outcome == "fails" for outcome, _ in inner) else "holds in part",
                [part for _, parts in inner for part in parts],
            )
        case InSeeds(in_seeds=part):
            return _evaluate(part, printed)
    parts = _elementary(predicate, printed)
    true = sum(one for one, _ in parts)
    return "holds" if true == len(parts) else "fails" if true == 0 else "holds in part", parts


def _elementary(predicate: Predicate, printed: dict[Quantity, Printed]) -> _Parts:
    def value_of(asked: Quantity | Computed) -> float:
        if isinstance(asked, Quantity):
            return printed[asked].cell.value
        value = number(asked, {name: printed[one].cell.value for name, one in asked.of.items()})
        if value is None:
            raise ArithmeticError(f"{words.quantity(asked)} has no value on its printed numbers")
        return value

    def shown(asked: Quantity | Computed) -> str:
        text = printed[asked].text if isinstance(asked, Quantity) else words.number(value_of(asked))
        return f"{words.quantity(asked)} {text}"

    def less(a: Quantity | Computed, b: Quantity | Computed) -> tuple[bool, str]:
        true = value_of(a) < value_of(b)
        return true, f"{shown(a)} {'<' if true else 'is not below'} {shown(b)}"

    def within(value: float, what: str, above: float | None, below: float | None) -> _Parts:
        parts: _Parts = []
        if above is not None:
            parts.append(_side(value > above, what, "above", above))
        if below is not None:
            parts.append(_side(value < below, what, "below", below))
        # a number on the wrong side of one bound fails the pair, the other bound is no merit
        return [(all(true for true, _ in parts), next((text for true, text in parts if not true), parts[0][1]))]

    match predicate:
        case Order(order=several):
            return [less(a, b) for a, b in itertools.pairwise(several)]
        case Smallest(smallest=several):
            return [less(several[0], other) for other in several[1:]]
        case Largest(largest=several):
            return [less(other, several[0]) for other in several[1:]]
        case Bound(bound=one, above=above, below=below):
            return within(value_of(one), shown(one), above, below)
        case Ratio(ratio=(first, second), above=above, below=below):
            if value_of(second) == 0:
                return [(False, f"{shown(second)} is zero, so there is no ratio")]
            value = value_of(first) / value_of(second)
            return within(value, f"{shown(first)} / {shown(second)} = {words.number(value)}", above, below)
        case Equal(equal=(first, second), margin=margin):
            difference = abs(value_of(first) - value_of(second))
            return [_side(difference < margin, f"difference of {shown(first)} and {shown(second)}", "below", margin)]
        case Exactly(exactly=counted, value=value):
            true = value_of(counted) == value
            return [(true, f"{shown(counted)} is {'' if true else 'not '}{words.number(value)}")]
    raise AssertionError(f"unknown predicate {type(predicate).__name__}")


def _side(true: bool, what: str, side: str, bound: float) -> tuple[bool, str]:
    return true, f"{what} is {'' if true else 'not '}{side} {words.number(bound)}"
