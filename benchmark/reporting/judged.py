"""Verdicts as a reader sees them: tables in the paper's own layout, and claims."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark.judging import hypothesis_tests
from benchmark.judging.verdict import CellVerdict, ClaimVerdict, Interval, PaperVerdicts, PartVerdict, Values
from benchmark.reporting.charts import Row, dots, strip
from benchmark.reporting.drawing import Drawing
from benchmark.reporting.gallery import printed
from benchmark.reporting.run_groups import Evidence
from benchmark.reporting.states import CELL_STATES, CLAIM_STATES, State
from benchmark.spec import names, words
from benchmark.spec.claims import Bound, Given, InSeeds, Largest, Order, Predicate, Ratio, Smallest, quantities
from benchmark.spec.paper import PaperSpec
from benchmark.spec.printed import Cell, Table
from benchmark.spec.quantities import Quantity
from benchmark.spec.words import PLUS_MINUS, fixed, percent, short, signed, with_spread

_ARROWS = {"lower": "lower is better", "higher": "higher is better", "two_sided": "neither way is better", "none": ""}
#: an axis of deviations reaches no further than so many margins
_MARGINS = 6.0
_CHARTS = 3


@dataclass(frozen=True)
class SeedValue:
    """One seed's number, or why it has none."""

    seed: int
    value: str
    reason: str | None


@dataclass(frozen=True)
class CellView:
    """One cell of a published table, all numbers with the published decimals."""

    cell: Cell
    published: str
    spread: str | None
    state: State
    reason: str
    measured: str | None = None
    half_width: str | None = None
    deviation: str | None = None
    percent: str | None = None
    #: what else there is to know, by name
    facts: Sequence[tuple[str, str]] = ()
    seeds: Sequence[SeedValue] = ()
    strip: Drawing | None = None
    verdict: CellVerdict | None = None


@dataclass(frozen=True)
class TableView:
    """A published table with what was measured, row by row; a cell that the paper leaves empty is None."""

    id: str
    table: Table
    #: what its numbers are and which way is better
    about: str
    rows: Sequence[tuple[str, Sequence[CellView | None]]]
    chart: Drawing | None

    @property
    def cells(self) -> list[tuple[str, str, CellView]]:
        """(row, column, cell) of every cell that has a published number."""
        return [
            (label, column, cell)
            for label, cells in self.rows
            for column, cell in zip(self.table.columns, cells, strict=True)
            if cell is not None
        ]

    @property
    def counts(self) -> list[tuple[State, int]]:
        """States of its numbers, in their order."""
        counts = Counter(cell.state.word for _, _, cell in self.cells)
        return [(state, counts[word]) for word, state in CELL_STATES.items() if counts[word]]


@dataclass(frozen=True)
class PartView:
    """One statement of a conjunction."""

    test: str
    state: State
    reason: str
    statistic: str


@dataclass(frozen=True)
class ClaimView:
    """One claim as text; ``verdict`` has the plain data."""

    verdict: ClaimVerdict
    state: State
    #: means of what it speaks of, each under its name
    effect: str
    test: str
    reason: str
    parts: Sequence[PartView]
    #: what decides and how surely, by name
    facts: Sequence[tuple[str, str]]
    published: str | None
    published_parts: Sequence[PartView]
    strip: Drawing | None
    charts: Sequence[Drawing]
    quantities: Sequence[tuple[str, str, str, Sequence[SeedValue]]]


def table_views(spec: PaperSpec, verdicts: PaperVerdicts) -> list[TableView]:
    """All tables of the paper; a label that occurs in several rows takes its verdicts in order."""
    say = names.in_prose(spec)
    waiting: dict[tuple[str, str, str], list[CellVerdict]] = {}
    for verdict in verdicts.cells:
        waiting.setdefault((verdict.table, verdict.row, verdict.column), []).append(verdict)
    views = []
    for key, table in spec.tables.items():
        rows = []
        for row in table.rows:
            cells: list[CellView | None] = []
            for column in table.columns:
                cell = row.cells.get(column)
                due = waiting.get((key, row.label, column), [])
                cells.append(None if cell is None else _cell(cell, due.pop(0) if due else None, say))
            rows.append((row.label, cells))
        about = ", ".join(part for part in (names.of_quantity(table.quantity), _ARROWS[table.direction]) if part)
        views.append(TableView(key, table, about, rows, _table_chart(key, table, rows)))
    return views


def _cell(cell: Cell, verdict: CellVerdict | None, say: names.Say) -> CellView:
    """One cell beside its verdict; a cell that was not judged says so."""
    published = fixed(cell.value, cell.decimals)
    spread = None
    if cell.spread is not None:
        over = "" if cell.spread_means in (None, "unknown") else f" over {cell.spread_means}"
        spread = f"{PLUS_MINUS} {fixed(cell.spread, cell.decimals)}{over}"
    if verdict is None:
        state = CELL_STATES["QUOTED" if cell.quoted_from else "NOT RUN"]
        return CellView(cell, published, spread, state, "no verdict on this cell was given to the report")
    decimals, change, state = verdict.decimals, verdict.deviation, CELL_STATES[verdict.state]
    relative = half_width = None
    if change is not None and verdict.published != 0:
        relative = f"{signed(100 * change.estimate / abs(verdict.published), 1)} %"
    if change is not None and change.low is not None and change.high is not None:
        half_width = f"{PLUS_MINUS} {fixed((change.high - change.low) / 2, decimals)}"
    mean = verdict.measured.mean if verdict.measured is not None else None
    margin = None if verdict.margin is None else f"{PLUS_MINUS} {short(verdict.margin)}"
    deviation = None if change is None else change.text(decimals, sign=True)
    return CellView(
        cell=cell,
        published=published,
        spread=spread,
        state=state,
        reason=say(verdict.reason),
        measured=None if mean is None else fixed(mean, decimals),
        half_width=half_width,
        deviation=None if change is None else signed(change.estimate, decimals),
        percent=relative,
        facts=[(name, text) for name, text in _cell_facts(cell, verdict, deviation, margin, say) if text],
        seeds=() if verdict.measured is None else seed_values(verdict.measured, decimals),
        strip=strip(
            change, verdict.margin, state.tone, f"deviation {deviation}, margin {margin or 'none'}; right is worse"
        ),
        verdict=verdict,
    )


def _cell_facts(
    cell: Cell, verdict: CellVerdict, deviation: str | None, margin: str | None, say: names.Say
) -> list[tuple[str, str | None]]:
    measured, again = verdict.measured, verdict.prediction
    decide = None if verdict.seeds_needed is None else f"about {verdict.seeds_needed} seeds would"
    surprise = ", where the printed number does not lie" if verdict.surprising else ""
    return [
        ("deviation", deviation),
        ("margin", margin),
        ("holds if as assumed", ", ".join(verdict.conditions).replace("_", " ")),
        ("one more run would give", None if again is None else f"{again.span(verdict.decimals)}{surprise}"),
        ("measured as", say(f"{measured.label} ({measured.experiment}), {measured.tier} tier") if measured else None),
        ("diverged", _of(verdict.diverged)),
        ("decide", decide),
        ("the paper quotes it from", cell.quoted_from),
        ("note", cell.note),
    ]


def _table_chart(key: str, table: Table, rows: Sequence[tuple[str, Sequence[CellView | None]]]) -> Drawing | None:
    """Deviations of all cells on one axis, in margins of each cell; None where none has both."""
    numbers = []
    for label, cells in rows:
        for column, cell in zip(table.columns, cells, strict=True):
            verdict = cell.verdict if cell is not None else None
            if cell is None or verdict is None or verdict.deviation is None or not verdict.margin:
                continue
            change, margin = verdict.deviation, verdict.margin
            ends = [None if end is None else end / margin for end in (change.low, change.high)]
            scaled = Interval(
                estimate=change.estimate / margin, low=ends[0], high=ends[1], confidence=change.confidence
            )
            name = f"{label}, {column}" if len(table.columns) > 1 else label
            text = f"{cell.state.symbol} {change.span(verdict.decimals, sign=True)}"
            numbers.append(Row(name, scaled, text, tone=cell.state.tone))
    if not numbers:
        return None
    says = f"Deviations of {key} in margins, plus is worse: " + "; ".join(f"{row.name} {row.text}" for row in numbers)
    return dots(
        numbers, "deviation from the published number, in margins (right is worse)", says, zone=(-1, 1), most=_MARGINS,
        caption="Dots are means over seeds with their confidence interval; the grey zone is the margin.",
    )  # fmt: skip


def claim_views(spec: PaperSpec, verdicts: PaperVerdicts, evidence: Evidence) -> list[ClaimView]:
    """All claims, in the order of the verdicts."""
    say = names.in_prose(spec)
    return [_claim(spec, verdict, evidence, say) for verdict in verdicts.claims]


def _claim(spec: PaperSpec, verdict: ClaimVerdict, evidence: Evidence, say: names.Say) -> ClaimView:
    state = CLAIM_STATES[verdict.state]
    predicate = spec.claims[verdict.claim].predicate if verdict.claim in spec.claims else None
    wanted = list(dict.fromkeys(quantities(predicate))) if predicate is not None else []
    groups = _groups(spec, wanted, verdict, say)
    of = next(iter(groups)) if len(groups) == 1 else None
    statistic = None if verdict.statistic is None else verdict.statistic.text(sign=True)
    return ClaimView(
        verdict=verdict,
        state=state,
        effect=_effect(spec, groups),
        test=say(verdict.test),
        reason=say(verdict.reason),
        parts=_parts(verdict.parts, say),
        facts=[(name, text) for name, text in _claim_facts(verdict, predicate, statistic, of) if text],
        published=_published(verdict, say),
        published_parts=_parts(verdict.on_published_parts, say),
        strip=None
        if verdict.parts or verdict.preview
        else strip(verdict.statistic, None, state.tone, f"statistic {statistic}; right is as claimed"),
        charts=_claim_charts(spec, groups, evidence),
        quantities=[
            (
                say(values.label),
                f"{names.of_experiment(spec, values.experiment)}, {values.tier} tier",
                _summary(values),
                seed_values(values, None),
            )
            for values in verdict.quantities
        ],
    )


_Groups = Mapping[str, list[tuple[Quantity | None, Values]]]


def _groups(spec: PaperSpec, quantities: Sequence[Quantity], verdict: ClaimVerdict, say: names.Say) -> _Groups:
    """Measured values by what they are of, whatever the window."""
    several: Sequence[Quantity | None] = (
        quantities if len(quantities) == len(verdict.quantities) else [None] * len(verdict.quantities)
    )
    groups: dict[str, list[tuple[Quantity | None, Values]]] = {}
    for quantity, values in zip(several, verdict.quantities, strict=True):
        if values.mean is not None:
            label = _name(spec, quantity) or brief(say(values.label))
            if any(values.experiment == other.experiment for _, other in groups.get(label, ())):
                label = say(values.label)  # two windows of one run are not alike
            groups.setdefault(label, []).append((quantity, values))
    return groups


def _name(spec: PaperSpec, quantity: Quantity | None) -> str | None:
    """Label of a plain score."""
    if quantity is None or quantity.score is None or quantity.statistic is not None:
        return None
    return names.of_score(spec, quantity.experiment, quantity.score)


def brief(label: str) -> str:
    """A quantity without its window: ``mean of loss over the last 20 % of the run`` is ``loss``."""
    label = re.sub(r", averaged over [^,]*, settles.*", " settles", label)
    if label.startswith("share of "):
        return re.sub(r"^share of .*? with ", "share of iterations with ", label)
    return re.split(r" over (?:the|iterations|epochs|its) | of the (?:last|first|whole) |, as a", label)[
        0
    ].removeprefix("mean of ")


def _effect(spec: PaperSpec, groups: _Groups) -> str:
    told = []
    for label, several in groups.items():
        pairs = ", ".join(
            f"{names.of_experiment(spec, values.experiment)} {short(values.mean)}"
            for _, values in several
            if values.mean is not None
        )
        told.append(f"{label}: {pairs}")
    return "; ".join(told)


def _claim_charts(spec: PaperSpec, groups: _Groups, evidence: Evidence) -> list[Drawing]:
    """Where several experiments were measured alike, their means with intervals, and what the paper prints of each."""
    drawn = []
    for label, several in groups.items():
        if len({values.experiment for _, values in several}) < 2:
            continue
        rows = [_chart_row(spec, quantity, values, evidence) for quantity, values in several]
        told = "; ".join(
            f"{row.name} {row.text}" + (f", published {short(row.published)}" if row.published is not None else "")
            for row in rows
        )
        drawn.append(dots(rows, label, f"Dots of {label}, {several[0][1].tier} tier: {told}"))
    return drawn[:_CHARTS]


def _chart_row(spec: PaperSpec, quantity: Quantity | None, values: Values, evidence: Evidence) -> Row:
    numbers = [(seed, value) for seed, value in sorted(values.seeds.items()) if value is not None]
    low = high = None
    if len(numbers) > 1:
        low, high = hypothesis_tests.one_sample([value for _, value in numbers]).interval()
    assert values.mean is not None
    group = evidence.group(values.experiment) if values.experiment in spec.experiments else None
    score = quantity.score if quantity is not None and quantity.statistic is None else None
    return Row(
        names.of_experiment(spec, values.experiment),
        Interval(estimate=values.mean, low=low, high=high, confidence=0.9),
        _summary(values),
        numbers,
        printed(spec, group, score) if group is not None and score is not None else None,
    )


def _parts(several: Sequence[PartVerdict], say: names.Say) -> list[PartView]:
    return [
        PartView(
            say(quantity.test),
            CLAIM_STATES[quantity.state],
            say(quantity.reason.removeprefix(f"{quantity.test}: ")),
            "" if quantity.statistic is None else quantity.statistic.text(sign=True),
        )
        for quantity in several
    ]


def _claim_facts(
    verdict: ClaimVerdict, predicate: Predicate | None, statistic: str | None, of: str | None
) -> list[tuple[str, str | None]]:
    decides = statistic_name(predicate, of) if predicate is not None else "statistic"
    if verdict.preview is not None:
        seeds = words.counted(verdict.seeds, "seed")
        return [("preview, not a verdict", f"{verdict.preview} ({verdict.tier} tier, {seeds})")]
    count = None
    if verdict.min_seeds is not None and verdict.seeds:
        planned = f" of {verdict.planned} planned" if verdict.planned else ""
        count = f"{verdict.seeds}{planned}, at least {verdict.min_seeds} needed"
        if verdict.seeds_needed is not None:
            count += f"; about {verdict.seeds_needed} would decide"
    return [
        (decides, f"{statistic}; plus is as claimed" if statistic and not verdict.parts else None),
        ("test", p_text(verdict)),
        ("holds in", None if verdict.share is None else f"{percent(verdict.share)} of the seeds"),
        ("seeds", count),
        ("diverged", _of(verdict.diverged)),
    ]


def statistic_name(predicate: Predicate, of: str | None) -> str:
    """What the statistic of a claim is, whose positive values are as claimed; ``of`` is what it compares."""
    match predicate:
        case Order(order=several) | Smallest(smallest=several) | Largest(largest=several):
            return f"{'smallest ' if len(several) > 2 else ''}difference{f' in {of}' if of else ''}"
        case Ratio(above=above, below=below):
            return f"distance of the ratio from {_bounds(above, below)}"
        case Bound(bound=operand, above=above, below=below):
            label = of or brief(operand.bare if isinstance(operand, Quantity) else operand.says)
            return f"distance of {label} from {_bounds(above, below)}"
        case InSeeds(in_seeds=part) | Given(then=part):
            return statistic_name(part, of)
    return "deciding difference"


def _bounds(above: float | None, below: float | None) -> str:
    known = [words.number(bound) for bound in (above, below) if bound is not None]
    return known[0] if len(known) == 1 else "the nearer bound"


def p_text(verdict: ClaimVerdict) -> str | None:
    """``p = 0.003 as claimed, p = 0.015 after Holm``: of the direction that the seeds point to."""
    if verdict.p is None:
        return None
    against = verdict.p_against is not None and verdict.p_against < verdict.p
    p, holm = (verdict.p_against, verdict.p_against_holm) if against else (verdict.p, verdict.p_holm)
    assert p is not None
    after = "" if holm is None else f", {words.p_value(holm)} after Holm"
    return f"{words.p_value(p)} {'against the claim' if against else 'as claimed'}{after}"


def _published(verdict: ClaimVerdict, say: names.Say) -> str | None:
    if verdict.on_published is None:
        return None
    told = f": {say(verdict.on_published_reason)}" if verdict.on_published_reason else ""
    return f"{verdict.on_published}{told}"


def seed_values(values: Values, decimals: int | None) -> list[SeedValue]:
    """One entry per seed, ascending; ``decimals`` None means four significant digits."""
    return [
        SeedValue(seed, "none", values.reasons.get(seed, "not measured"))
        if value is None
        else SeedValue(seed, short(value) if decimals is None else fixed(value, decimals), None)
        for seed, value in sorted(values.seeds.items())
    ]


def _summary(values: Values) -> str:
    if values.mean is None:
        return "none"
    return with_spread(values.mean, values.deviation)


def _of(counts: tuple[int, int]) -> str | None:
    return f"{counts[0]} of {counts[1]} runs diverged" if counts[0] else None
