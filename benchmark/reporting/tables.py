"""Published numbers as a reader sees them: tables in the paper's own layout, each cell beside what was measured.

Each state of a verdict has a word, a symbol and a tone, so that colour alone never carries meaning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import escape

from benchmark.judging.verdict import CellVerdict, Interval, PaperVerdicts, Values
from benchmark.reporting.charts import Row, dots
from benchmark.reporting.drawing import Dot, Drawing, Mark, Path
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


_INCONCLUSIVE = State("INCONCLUSIVE", "?", "open", "the seeds at hand do not decide")
_INTERIM = State(
    "INTERIM", "\N{HORIZONTAL ELLIPSIS}", "open", "fewer seeds than planned, and no bound for early looks passed"
)
_NOT_MEASURED = State("NOT MEASURED", "\N{WHITE CIRCLE}", "idle", "runs are there, this quantity of them is not")
_NOT_COMPARABLE = State(
    "NOT COMPARABLE", "\N{NOT ALMOST EQUAL TO}", "apart", "another protocol, a proxy score, or a reduced tier"
)
_NOT_RUN = State("NOT RUN", "\N{WHITE CIRCLE}", "idle", "nothing was measured; the reason is given")
_NOT_ASSESSABLE = State("NOT ASSESSABLE", "\N{EM DASH}", "idle", "no measurement can decide it as the paper words it")

CLAIM_STATES: dict[str, State] = {
    state.word: state
    for state in (
        State("HOLDS", "\N{CHECK MARK}", "good", "decided in the claim's favour over training seeds"),
        State("HOLDS IN PART", "\N{CIRCLE WITH LEFT HALF BLACK}", "partly", "some parts hold, others are opposed"),
        State("REVERSED IN PART", "\N{CIRCLE WITH LEFT HALF BLACK}", "bad", "parts are opposed, the rest undecided"),
        State("REVERSED", "\N{BALLOT X}", "bad", "decided against the whole claim over training seeds"),
        _INTERIM,
        _INCONCLUSIVE,
        _NOT_COMPARABLE,
        _NOT_MEASURED,
        _NOT_RUN,
        _NOT_ASSESSABLE,
        State("VERIFIED BY TEST", "\N{WHITE SQUARE CONTAINING BLACK SMALL SQUARE}", "test", "of the method, not of "
              "measurements: a test of this repository checks it"),
    )
}  # fmt: skip
CELL_STATES: dict[str, State] = {
    state.word: state
    for state in (
        State("REPRODUCED", "\N{CHECK MARK}", "good", "the interval lies within the margin around the published value"),
        State(
            "REPRODUCED IF",
            "\N{CHECK MARK}?",
            "good",
            "within the margin, if the paper measured as is assumed where it is silent",
        ),
        State("NOT REPRODUCED", "\N{BALLOT X}", "bad", "the interval lies beyond the margin on the worse side"),
        State(
            "NOT REPRODUCED IF",
            "\N{BALLOT X}?",
            "bad",
            "beyond the margin, if the paper measured as is assumed where it is silent",
        ),
        State("BETTER THAN PUBLISHED", "\N{BLACK UP-POINTING TRIANGLE}", "better", "beyond the margin, better side"),
        _INTERIM,
        _INCONCLUSIVE,
        _NOT_COMPARABLE,
        _NOT_MEASURED,
        _NOT_RUN,
        _NOT_ASSESSABLE,
        State("QUOTED", "\N{REFERENCE MARK}", "idle", "the paper copied this number from another one"),
    )
}


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


def strip(value: Interval | None, margin: float | None, tone: str, says: str) -> Drawing | None:
    """The small drawing beside a verdict: an interval against zero and, for a published number, its margin."""
    if value is None:
        return None
    width, edge = 132.0, 8.0
    known = [abs(number) for number in (value.estimate, value.low, value.high, margin) if number is not None]
    reach = 1.12 * max(known) or 1.0

    def x(number: float) -> float:
        return width / 2 + (width / 2 - edge) * number / reach

    marks: list[Mark] = []
    if margin is not None:
        low, high = x(-margin), x(margin)
        marks.append(Path([(low, 1), (high, 1), (high, 17), (low, 17)], "idle", filled=0.2))
    marks += [Path([(2, 9), (width - 2, 9)], "rule"), Path([(width / 2, 0), (width / 2, 18)], "ink")]
    if value.low is not None or value.high is not None:
        ends = edge if value.low is None else x(value.low), width - edge if value.high is None else x(value.high)
        marks.append(Path([(ends[0], 9), (ends[1], 9)], tone, 2.2))
        for end, bound, side in ((ends[0], value.low, -1), (ends[1], value.high, 1)):
            arrow = [(end + 6 * side, 9), (end, 5), (end, 13)]
            marks.append(Path(arrow, tone, filled=1) if bound is None else Path([(end, 5), (end, 13)], tone, 1.6))
    return Drawing(width, 18, [*marks, Dot(x(value.estimate), 9, 4, tone)], says)


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
