"""Claims of an order as slope charts: one column per quantity, one thin line per seed, the mean thick.

Positions are in the drawing's own units, y downwards. What the paper prints of the same quantities gets a panel and an
axis of its own: it was measured elsewhere.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmark.judging import computed, published
from benchmark.judging.verdict import ClaimVerdict, Values
from benchmark.reporting.numbers import short
from benchmark.spec.claims import (
    AllOf,
    AnyOf,
    Claim,
    InSeeds,
    Largest,
    Order,
    Predicate,
    Smallest,
    quantities,
)
from benchmark.spec.paper import PaperSpec
from benchmark.spec.quantities import Computed, Quantity

#: between columns, at the sides, above and below the plotted part
STEP, SIDE, TOP, PLOT = 86.0, 52.0, 54.0, 110.0
_LINE = 12.0
_LETTERS = 16
_ROWS = 3


@dataclass(frozen=True)
class Column:
    """One quantity: where it stands, its name over several lines, and a note on seeds without a value."""

    x: float
    name: Sequence[str]
    note: str | None


@dataclass(frozen=True)
class Mark:
    """A mean or a printed number."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Check:
    """One claimed comparison: whether it holds for the means, and in how many of the seeds that have both."""

    x: float
    holds: bool
    seeds: str | None


@dataclass(frozen=True)
class Panel:
    """Columns with what was measured, or with what the paper prints; ``says`` tells all of it in words."""

    title: str
    width: float
    height: float
    columns: Sequence[Column]
    #: (seed, points) of every unbroken piece of a seed's line
    seeds: Sequence[tuple[int, Sequence[tuple[float, float]]]]
    #: pieces of the thick line
    line: Sequence[Sequence[tuple[float, float]]]
    marks: Sequence[Mark]
    checks: Sequence[Check]
    says: str


@dataclass(frozen=True)
class SlopeChart:
    """One order, smallest or largest of a claim."""

    what: str
    claimed: str
    panels: Sequence[Panel]


def slope_charts(spec: PaperSpec, claim: Claim, verdict: ClaimVerdict) -> list[SlopeChart]:
    """A chart for every ordering within the claim of which something was measured or printed."""
    if claim.predicate is None:
        return []
    asked = list(dict.fromkeys(quantities(claim.predicate)))
    measured = dict(zip(asked, verdict.quantities, strict=True)) if len(asked) == len(verdict.quantities) else {}
    charts = [_chart(spec, one, measured, verdict) for one in orderings(claim.predicate)]
    return [chart for chart in charts if chart.panels]


def orderings(predicate: Predicate) -> Iterator[Order | Smallest | Largest]:
    """The orderings within a predicate, in order."""
    match predicate:
        case Order() | Smallest() | Largest():
            yield predicate
        case AllOf(all_of=parts) | AnyOf(any_of=parts):
            for part in parts:
                yield from orderings(part)
        case InSeeds(in_seeds=part):
            yield from orderings(part)


def _chart(
    spec: PaperSpec, one: Order | Smallest | Largest, measured: Mapping[Quantity, Values], verdict: ClaimVerdict
) -> SlopeChart:
    several, pairs, claimed = _claimed(one)
    what, names = _names(several)
    panels = []
    by_seed = [_by_seed(asked, measured) for asked in several]
    if sum(bool(column) for column in by_seed) > 1:
        notes = [
            None if len(column) == planned else f"{len(column)} of {planned} seeds"
            for column, planned in (
                (column, _planned(asked, measured)) for column, asked in zip(by_seed, several, strict=True)
            )
        ]
        title = f"measured, {verdict.tier} tier" if verdict.tier else "measured"
        panels.append(_panel(title, what, claimed, names, by_seed, notes, pairs, seeded=True))
    printed = [printed_value(spec, asked) for asked in several]
    if sum(value is not None for value in printed) > 1:
        alone: list[dict[int, float]] = [{} if value is None else {0: value} for value in printed]
        notes = ["not printed" if value is None else None for value in printed]
        panels.append(_panel("published", what, claimed, names, alone, notes, pairs, seeded=False))
    return SlopeChart(what, claimed, panels)


def _parts(asked: Quantity | Computed) -> Mapping[str, Quantity]:
    """The quantities behind a column; one that is nothing but itself has no name."""
    return asked.of if isinstance(asked, Computed) else {"": asked}


def _number(asked: Quantity | Computed, values: Mapping[str, float]) -> float | None:
    return computed.number(asked, values) if isinstance(asked, Computed) else values[""]


def _by_seed(asked: Quantity | Computed, measured: Mapping[Quantity, Values]) -> dict[int, float]:
    """The column's value in each seed that has all of its quantities."""
    parts = {name: measured[one].seeds for name, one in _parts(asked).items() if one in measured}
    if len(parts) < len(_parts(asked)):
        return {}
    found = {}
    for seed in sorted(set.intersection(*(set(seeds) for seeds in parts.values()))):
        values = {name: value for name, seeds in parts.items() if (value := seeds[seed]) is not None}
        value = _number(asked, values) if len(values) == len(parts) else None
        if value is not None:
            found[seed] = value
    return found


def _planned(asked: Quantity | Computed, measured: Mapping[Quantity, Values]) -> int:
    """Seeds in which any of the column's quantities was to be measured."""
    return len({seed for one in _parts(asked).values() if one in measured for seed in measured[one].seeds})


@dataclass(frozen=True)
class _Pair:
    """Columns of which one is claimed to be lower, and the column or middle of two at which it is checked."""

    low: int
    high: int
    at: float


def _claimed(one: Order | Smallest | Largest) -> tuple[Sequence[Quantity | Computed], list[_Pair], str]:
    """Quantities, what is claimed of which of them, and the claim in words."""
    match one:
        case Order(order=several):
            pairs = [_Pair(index, index + 1, index + 0.5) for index in range(len(several) - 1)]
            return several, pairs, "rising from left to right"
        case Smallest(smallest=several):
            return several, [_Pair(0, index, index) for index in range(1, len(several))], "the first is the smallest"
        case Largest(largest=several):
            return several, [_Pair(index, 0, index) for index in range(1, len(several))], "the first is the largest"


def printed_value(spec: PaperSpec, asked: Quantity | Computed) -> float | None:
    """The number that the paper prints, or that its numbers give; None where it prints none, or several."""
    values = {name: value for name, one in _parts(asked).items() if (value := _printed(spec, one)) is not None}
    return _number(asked, values) if len(values) == len(_parts(asked)) else None


def _printed(spec: PaperSpec, asked: Quantity) -> float | None:
    if (
        asked.outcome is not None
        or asked.statistic is not None
        or asked.curve is not None
        or asked.time == "seconds_per_iteration"
    ):
        return None
    if asked.score is not None:
        found = published.scores(spec).get((asked.experiment, asked.score), [])
    else:
        found = published.times(spec).get(asked.experiment, [])
    values = {one.cell.value for one in found}
    return values.pop() if len(values) == 1 else None


def _names(several: Sequence[Quantity | Computed]) -> tuple[str, list[str]]:
    """What all columns have in common, and what each is called beside that."""
    plain = [asked for asked in several if isinstance(asked, Quantity)]
    if len(plain) < len(several):
        return "", [asked.text for asked in several]
    bare = [asked.bare for asked in plain]
    if len(set(bare)) == 1:
        return bare[0], [asked.experiment for asked in plain]
    experiments = {asked.experiment for asked in plain}
    if len(experiments) == 1:
        return experiments.pop(), bare
    shared = [
        words_at[0] for words_at in itertools.takewhile(_alike, zip(*(name.split() for name in bare), strict=False))
    ]
    if shared and len(experiments) == len(several):
        return f"{' '.join(shared)} \N{HORIZONTAL ELLIPSIS}", [asked.experiment for asked in plain]
    return "", [asked.text for asked in several]


def _alike(words_at: Sequence[str]) -> bool:
    """Whether all names have the same word at one place."""
    return len(set(words_at)) == 1


def _panel(
    title: str,
    what: str,
    claimed: str,
    names: Sequence[str],
    by_seed: Sequence[Mapping[int, float]],
    notes: Sequence[str | None],
    pairs: Sequence[_Pair],
    *,
    seeded: bool,
) -> Panel:
    known = [value for column in by_seed for value in column.values()]
    least, most = min(known), max(known)

    def place(column: int, value: float) -> tuple[float, float]:
        share = 0.5 if most == least else (most - value) / (most - least)
        return SIDE + STEP * column, round(TOP + PLOT * share, 1)

    means = [statistics.fmean(column.values()) if column else None for column in by_seed]
    seeds = sorted({seed for column in by_seed for seed in column}) if seeded else []
    lines = [
        (seed, piece)
        for seed in seeds
        for piece in _pieces([place(i, c[seed]) if seed in c else None for i, c in enumerate(by_seed)])
    ]
    wrapped = [_wrapped(name) for name in names]
    height = TOP + PLOT + 20 + _LINE * (max(map(len, wrapped)) + any(notes))
    checks = [check for pair in pairs if (check := _check(pair, by_seed, means, seeded)) is not None]
    return Panel(
        title=title,
        width=2 * SIDE + STEP * (len(names) - 1),
        height=height,
        columns=[
            Column(SIDE + STEP * index, lines, note)
            for index, (lines, note) in enumerate(zip(wrapped, notes, strict=True))
        ],
        seeds=lines if len(seeds) > 1 else [],
        line=_pieces([None if mean is None else place(index, mean) for index, mean in enumerate(means)]),
        marks=[Mark(*place(index, mean), short(mean)) for index, mean in enumerate(means) if mean is not None],
        checks=checks,
        says=_says(title, what, claimed, names, means, checks),
    )


def _pieces(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """Runs of neighbouring points that are there."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            pieces.append([])
        else:
            pieces[-1].append(point)
    return [piece for piece in pieces if piece]


def _check(
    pair: _Pair, by_seed: Sequence[Mapping[int, float]], means: Sequence[float | None], seeded: bool
) -> Check | None:
    lower, higher = means[pair.low], means[pair.high]
    if lower is None or higher is None:
        return None
    low, high = by_seed[pair.low], by_seed[pair.high]
    shared = sorted(set(low) & set(high)) if seeded else []
    true = sum(low[seed] < high[seed] for seed in shared)
    return Check(SIDE + STEP * pair.at, lower < higher, f"{true} of {len(shared)}" if shared else None)


def _wrapped(name: str) -> list[str]:
    """A name over at most three lines, broken at spaces and after underscores."""
    lines = [""]
    for piece in re.findall(r"[^ _]+[ _]*", name):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > _LETTERS:
            lines.append("")
        lines[-1] += piece
    lines = [line.strip() for line in lines]
    if len(lines) > _ROWS:
        lines = [*lines[: _ROWS - 1], lines[_ROWS - 1] + "\N{HORIZONTAL ELLIPSIS}"]
    return lines


def _says(
    title: str,
    what: str,
    claimed: str,
    names: Sequence[str],
    means: Sequence[float | None],
    checks: Sequence[Check],
) -> str:
    told = ", ".join(
        f"{name} {'nothing' if mean is None else short(mean)}" for name, mean in zip(names, means, strict=True)
    )
    holding = sum(check.holds for check in checks)
    in_seeds = ", ".join(check.seeds for check in checks if check.seeds is not None)
    return (
        f"Slope chart{f' of {what}' if what else ''}, {title}: {told}. Claimed: {claimed}; "
        f"so in {holding} of {len(checks)} comparisons{f' (in seeds: {in_seeds})' if in_seeds else ''}."
    )
