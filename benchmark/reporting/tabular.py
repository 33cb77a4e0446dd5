"""Published and measured numbers, and claims, as CSV that a spreadsheet cannot mistake for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence

from benchmark.judging.verdict import Interval
from benchmark.reporting.sheets import Maker, Value
from benchmark.reporting.view import PaperView

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

CELL_COLUMNS = (
    "paper", "table", "row", "column", "quantity", "direction", "published", "published_spread", "state", "tier",
    "measured_mean", "measured_deviation", "seeds", "deviation", "deviation_low", "deviation_high", "confidence",
    "margin", "seeds_needed", "runs_diverged", "per_seed", "experiment", "quoted_from", "reason", "command",
)  # fmt: skip
CLAIM_COLUMNS = (
    "paper", "claim", "where", "says", "test", "state", "tier", "preview", "statistic", "statistic_low",
    "statistic_high", "confidence", "p", "p_holm", "seeds", "min_seeds", "seeds_needed", "share_of_seeds",
    "runs_diverged", "on_published", "reason",
)  # fmt: skip


def safe(value: Value) -> str | int | float:
    """Text that would start a formula gets a leading apostrophe; numbers stay numbers; None is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, str) and value.lstrip(" ").startswith(_STARTS_FORMULA):
        return f"'{value}"
    return value


def cells_csv(views: Sequence[PaperView]) -> str:
    """One line per published number."""
    return _csv(CELL_COLUMNS, (row for view in views for row in _cells(view)))


def claims_csv(views: Sequence[PaperView]) -> str:
    """One line per claim."""
    return _csv(CLAIM_COLUMNS, (row for view in views for row in _claims(view)))


def sheet_csv(make: Maker) -> Callable[[Sequence[PaperView]], str]:
    """Writer of one sheet of all papers."""

    def write(views: Sequence[PaperView]) -> str:
        sheets = [(view.id, make(view)) for view in views]
        head = sheets[0][1].head if sheets else []
        return _csv(["paper", *head], ([paper, *row] for paper, sheet in sheets for row in sheet.rows))

    return write


def _csv(head: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([safe(value) for value in row] for row in rows)
    return stream.getvalue()


def _cells(view: PaperView) -> Iterable[Sequence[Value]]:
    for one in view.tables:
        for row, column, cell in one.cells:
            verdict = cell.verdict
            measured = verdict.measured if verdict else None
            yield (
                view.id, one.id, row, column, one.table.quantity, one.table.direction,
                cell.cell.value, cell.cell.spread,
                cell.state.word, cell.tier,
                measured.mean if measured else None, measured.deviation if measured else None,
                None if measured is None else sum(value is not None for value in measured.seeds.values()),
                *_interval(verdict.deviation if verdict else None),
                verdict.margin if verdict else None, verdict.seeds_needed if verdict else None,
                verdict.diverged[0] if verdict else None,
                "; ".join(f"{one.seed}: {one.value}" for one in cell.seeds) or None,
                measured.experiment if measured else None, cell.cell.quoted_from, cell.reason,
                view.command(cell.cell.experiment) if cell.cell.experiment and not cell.cell.quoted_from else None,
            )  # fmt: skip


def _claims(view: PaperView) -> Iterable[Sequence[Value]]:
    for claim in view.claims:
        verdict = claim.verdict
        yield (
            view.id, verdict.claim, verdict.where, verdict.says, verdict.test, verdict.state, verdict.tier,
            verdict.preview, *_interval(verdict.statistic), verdict.p, verdict.p_holm, verdict.seeds,
            verdict.min_seeds, verdict.seeds_needed, verdict.share, verdict.diverged[0], verdict.on_published,
            verdict.reason,
        )  # fmt: skip


def _interval(value: Interval | None) -> tuple[Value, ...]:
    return (None,) * 4 if value is None else (value.estimate, value.low, value.high, value.confidence)
