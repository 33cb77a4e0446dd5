"""Verdicts as a reader sees them: tables in the paper's own layout, and claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.judging.verdict import CellVerdict, ClaimVerdict, PaperVerdicts, Values
from benchmark.reporting.numbers import PLUS_MINUS, fixed, interval, p_value, percent, short, signed
from benchmark.reporting.states import CELL_STATES, CLAIM_STATES, State
from benchmark.reporting.strips import Strip, strip_of
from benchmark.spec.paper import Cell, PaperSpec, Table

_ARROWS = {"lower": "lower is better", "higher": "higher is better", "two_sided": "neither way is better", "none": ""}


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
    measured: str | None
    half_width: str | None
    deviation: str | None
    percent: str | None
    margin: str | None
    tier: str | None
    seeds: Sequence[SeedValue]
    diverged: str | None
    strip: Strip | None
    verdict: CellVerdict | None


@dataclass(frozen=True)
class TableView:
    """A published table with what was measured, row by row; a cell that the paper leaves empty is None."""

    id: str
    table: Table
    better: str
    rows: Sequence[tuple[str, Sequence[CellView | None]]]

    @property
    def cells(self) -> list[tuple[str, str, CellView]]:
        """(row, column, cell) of every cell that has a published number."""
        return [
            (label, column, cell)
            for label, cells in self.rows
            for column, cell in zip(self.table.columns, cells, strict=True)
            if cell is not None
        ]


@dataclass(frozen=True)
class ClaimView:
    """One claim as text; ``verdict`` has the plain data."""

    verdict: ClaimVerdict
    state: State
    statistic: str | None
    p: str | None
    seeds: str | None
    share: str | None
    diverged: str | None
    published: str | None
    strip: Strip | None
    quantities: Sequence[tuple[Values, str, Sequence[SeedValue]]]


def table_views(spec: PaperSpec, verdicts: PaperVerdicts) -> list[TableView]:
    """All tables of the paper; a label that occurs in several rows takes its verdicts in order."""
    waiting: dict[tuple[str, str, str], list[CellVerdict]] = {}
    for verdict in verdicts.cells:
        waiting.setdefault((verdict.table, verdict.row, verdict.column), []).append(verdict)
    views = []
    for name, table in spec.tables.items():
        rows = []
        for row in table.rows:
            cells: list[CellView | None] = []
            for column in table.columns:
                cell = row.cells.get(column)
                found = waiting.get((name, row.label, column), [])
                cells.append(None if cell is None else cell_view(cell, found.pop(0) if found else None))
            rows.append((row.label, cells))
        views.append(TableView(name, table, _ARROWS[table.direction], rows))
    return views


def cell_view(cell: Cell, verdict: CellVerdict | None) -> CellView:
    """One cell beside its verdict; a cell that was not judged says so."""
    published = fixed(cell.value, cell.decimals)
    spread = None
    if cell.spread is not None:
        over = "" if cell.spread_means in (None, "unknown") else f" over {cell.spread_means}"
        spread = f"{PLUS_MINUS} {fixed(cell.spread, cell.decimals)}{over}"
    if verdict is None:
        state = CELL_STATES["QUOTED" if cell.quoted_from else "NOT RUN"]
        reason = "no verdict on this cell was given to the report"
        return CellView(
            cell, published, spread, state, reason, None, None, None, None, None, None, (), None, None, None,
        )  # fmt: skip
    decimals = verdict.decimals
    change = verdict.deviation
    relative = None
    if change is not None and verdict.published != 0:
        relative = f"{signed(100 * change.estimate / abs(verdict.published), 1)} %"
    half_width = None
    if change is not None and change.low is not None and change.high is not None:
        half_width = f"{PLUS_MINUS} {fixed((change.high - change.low) / 2, decimals)}"
    mean = verdict.measured.mean if verdict.measured is not None else None
    margin = None if verdict.margin is None else f"{PLUS_MINUS} {short(verdict.margin)}"
    deviation = None if change is None else interval(change, decimals, sign=True)
    return CellView(
        cell=cell,
        published=published,
        spread=spread,
        state=CELL_STATES[verdict.state],
        reason=verdict.reason,
        measured=None if mean is None else fixed(mean, decimals),
        half_width=half_width,
        deviation=deviation,
        percent=relative,
        margin=margin,
        tier=verdict.tier,
        seeds=() if verdict.measured is None else seed_values(verdict.measured, decimals),
        diverged=_diverged(verdict.diverged),
        strip=strip_of(
            change, verdict.margin, f"deviation {deviation}, margin {margin or 'none'}; to the right is worse"
        ),
        verdict=verdict,
    )


def claim_views(verdicts: PaperVerdicts) -> list[ClaimView]:
    """All claims, in the order of the verdicts."""
    return [_claim(verdict) for verdict in verdicts.claims]


def _claim(verdict: ClaimVerdict) -> ClaimView:
    statistic = None if verdict.statistic is None else interval(verdict.statistic, sign=True)
    p = None
    if verdict.p is not None:
        p = p_value(verdict.p)
        if verdict.p_holm is not None:
            p += f" ({p_value(verdict.p_holm).removeprefix('p ')} after Holm)".replace("(= ", "(")
    published = None
    if verdict.on_published is not None:
        reason = f": {verdict.on_published_reason}" if verdict.on_published_reason else ""
        published = f"{verdict.on_published}{reason}"
    seeds = None
    if verdict.min_seeds is not None:
        seeds = f"{verdict.seeds} of at least {verdict.min_seeds}"
        if verdict.seeds_needed is not None:
            seeds += f"; about {verdict.seeds_needed} would decide"
    return ClaimView(
        verdict=verdict,
        state=CLAIM_STATES[verdict.state],
        statistic=statistic,
        p=p,
        seeds=seeds,
        share=None if verdict.share is None else f"{percent(verdict.share)} of seeds",
        diverged=_diverged(verdict.diverged),
        published=published,
        strip=strip_of(verdict.statistic, None, f"statistic {statistic}; to the right is as claimed"),
        quantities=[(values, _summary(values), seed_values(values, None)) for values in verdict.quantities],
    )


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
    spread = "" if values.deviation is None else f" {PLUS_MINUS} {short(values.deviation)}"
    return f"{short(values.mean)}{spread}"


def _diverged(counts: tuple[int, int]) -> str | None:
    return f"{counts[0]} of {counts[1]} runs diverged" if counts[0] else None
