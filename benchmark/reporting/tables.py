"""Published numbers as a reader sees them: tables in the paper's own layout, each cell beside what was measured.

Each state of a verdict has a word, a symbol and a tone, so that colour alone never carries meaning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from markupsafe import escape

from benchmark.judging.verdict import CellState, CellVerdict, ClaimState, ClaimVerdict, Interval, PaperVerdicts, Values
from benchmark.reporting.charts import MethodRow, dots, strip
from benchmark.reporting.drawing import Drawing
from benchmark.spec import names
from benchmark.spec.paper import PaperSpec
from benchmark.spec.printed import Cell, Table
from benchmark.spec.words import PLUS_MINUS, fixed, short, signed

_ARROWS = {"lower": "lower is better", "higher": "higher is better", "two_sided": "neither way is better", "none": ""}
#: an axis of deviations reaches no further than so many margins
_MARGINS = 6.0


@dataclass(frozen=True)
class State:
    """One state of a verdict. ``tone`` names its colour in the style sheet; ``means`` explains it in the legend."""

    word: str
    symbol: str
    tone: str
    means: str

    def __str__(self) -> str:
        return f"{self.symbol} {self.word}"

    def __html__(self) -> str:
        """As a page shows it."""
        return f'<span class="badge {self.tone}"><i>{escape(self.symbol)}</i>{escape(self.word)}</span>'


_HALF, _IF = "\N{CIRCLE WITH LEFT HALF BLACK}", "if the paper measured as is assumed where it is silent"
_STATES = {
    row[0]: State(*row)
    for row in (
        ("HOLDS", "\N{CHECK MARK}", "good", "decided in the claim's favour over training seeds"),
        ("HOLDS IN PART", _HALF, "partly", "some parts hold, others are opposed"),
        ("REVERSED IN PART", _HALF, "bad", "parts are opposed, the rest undecided"),
        ("REVERSED", "\N{BALLOT X}", "bad", "decided against the whole claim over training seeds"),
        ("REPRODUCED", "\N{CHECK MARK}", "good", "the interval lies within the margin around the published value"),
        ("REPRODUCED IF", "\N{CHECK MARK}?", "good", f"within the margin, {_IF}"),
        ("NOT REPRODUCED", "\N{BALLOT X}", "bad", "the interval lies beyond the margin on the worse side"),
        ("NOT REPRODUCED IF", "\N{BALLOT X}?", "bad", f"beyond the margin, {_IF}"),
        ("BETTER THAN PUBLISHED", "\N{BLACK UP-POINTING TRIANGLE}", "better", "beyond the margin, better side"),
        ("INTERIM", "\N{HORIZONTAL ELLIPSIS}", "open", "fewer seeds than planned, and no bound for early looks passed"),
        ("INCONCLUSIVE", "?", "open", "the seeds at hand do not decide"),
        ("NOT COMPARABLE", "\N{NOT ALMOST EQUAL TO}", "apart", "another protocol, device or tier, or a proxy score"),
        ("NOT MEASURED", "\N{WHITE CIRCLE}", "idle", "runs are there, this quantity of them is not"),
        ("NOT RUN", "\N{WHITE CIRCLE}", "idle", "nothing was measured; the reason is given"),
        ("NOT ASSESSABLE", "\N{EM DASH}", "idle", "no measurement can decide it as the paper words it"),
        ("VERIFIED BY TEST", "\N{WHITE SQUARE CONTAINING BLACK SMALL SQUARE}", "test",
         "of the method, not of measurements: a test of this repository checks it"),
        ("QUOTED", "\N{REFERENCE MARK}", "idle", "the paper copied this number from another one"),
    )
}  # fmt: skip
CLAIM_STATES = {word: _STATES[word] for word in get_args(ClaimState)}
CELL_STATES = {word: _STATES[word] for word in get_args(CellState)}


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


def table_views(spec: PaperSpec, verdicts: PaperVerdicts) -> list[TableView]:
    """All tables of the paper."""
    say = names.in_prose(spec)
    known = {(verdict.table, verdict.row, verdict.column): verdict for verdict in verdicts.cells}
    views = []
    for key, table in spec.tables.items():
        rows = []
        for row in table.rows:
            cells: list[CellView | None] = []
            for column in table.columns:
                cell = row.cells.get(column)
                cells.append(None if cell is None else _cell(cell, known.get((key, row.label, column)), say))
            rows.append((row.label, cells))
        about = ", ".join(part for part in (names.of_quantity(table.quantity), _ARROWS[table.direction]) if part)
        views.append(TableView(key, table, about, rows, _table_chart(key, table, rows)))
    return views


def seeds_so_far(verdict: ClaimVerdict | CellVerdict | None) -> str:
    """``3 of 5 seeds``: of how many a verdict is, where some are missing."""
    if verdict is None or not verdict.interim:
        return ""
    seeds = verdict.seeds if isinstance(verdict, ClaimVerdict) else verdict.diverged[1]
    return f"{seeds} of {verdict.planned} seeds"


def stands_on(verdict: ClaimVerdict | CellVerdict | None) -> str:
    """Whose word a verdict rests on, if nobody here trained for it, and of how many seeds, if some are missing."""
    word = "" if verdict is None or verdict.word == "trained" else verdict.rests_on
    return ", ".join(filter(None, (word, seeds_so_far(verdict))))


def margin_text(verdict: CellVerdict) -> str | None:
    """``± 5.05 (5, and 0.05 that print rounds off)``; None where no margin is fixed."""
    if verdict.margin is None or verdict.allowed is None:
        return None
    of = f" ({short(verdict.margin)}, and {short(verdict.rounding)} that print rounds off)" if verdict.rounding else ""
    return f"{PLUS_MINUS} {short(verdict.allowed)}{of}"


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
    margin = margin_text(verdict)
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
            change, verdict.allowed, state.tone, f"deviation {deviation}, margin {margin or 'none'}; right is worse"
        ),
        verdict=verdict,
    )


def _cell_facts(
    cell: Cell, verdict: CellVerdict, deviation: str | None, margin: str | None, say: names.Say
) -> list[tuple[str, str | None]]:
    measured, again = verdict.measured, verdict.prediction
    known = verdict.seeds_needed is not None and verdict.deviation is not None
    decide = None if not known else f"about {verdict.seeds_needed} seeds would"
    surprise = ", where the printed number does not lie" if verdict.surprising else ""
    return [
        ("deviation", deviation),
        ("margin", margin),
        ("holds if as assumed", ", ".join(verdict.conditions).replace("_", " ")),
        ("one more run would give", None if again is None else f"{again.span(verdict.decimals)}{surprise}"),
        ("measured as", say(f"{measured.label} ({measured.experiment}), {measured.tier} tier") if measured else None),
        ("diverged", diverged(verdict.diverged)),
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
            if cell is None or verdict is None or verdict.deviation is None or not verdict.allowed:
                continue
            change, margin = verdict.deviation, verdict.allowed
            ends = [None if end is None else end / margin for end in (change.low, change.high)]
            scaled = Interval(
                estimate=change.estimate / margin, low=ends[0], high=ends[1], confidence=change.confidence
            )
            name = f"{label}, {column}" if len(table.columns) > 1 else label
            text = f"{cell.state.symbol} {change.span(verdict.decimals, sign=True)}"
            numbers.append(MethodRow(name, scaled, text, tone=cell.state.tone))
    if not numbers:
        return None
    says = f"Deviations of {key} in margins, plus is worse: " + "; ".join(f"{row.name} {row.text}" for row in numbers)
    return dots(
        numbers, "deviation from the published number, in margins (right is worse)", says, zone=(-1, 1), most=_MARGINS,
        caption="Dots are means over seeds with their confidence interval; the grey zone is the margin.",
    )  # fmt: skip


def seed_values(values: Values, decimals: int | None) -> list[SeedValue]:
    """One entry per seed, ascending; ``decimals`` None means four significant digits."""
    return [seed_value(seed, value, values.reasons.get(seed), decimals) for seed, value in sorted(values.seeds.items())]


def seed_value(seed: int, value: float | None, reason: str | None, decimals: int | None = None) -> SeedValue:
    """What one seed gave; ``decimals`` as in :func:`seed_values`."""
    if value is None:
        return SeedValue(seed, "none", reason or "not measured")
    return SeedValue(seed, short(value) if decimals is None else fixed(value, decimals), None)


def diverged(counts: tuple[int, int]) -> str | None:
    return f"{counts[0]} of {counts[1]} runs diverged" if counts[0] else None
