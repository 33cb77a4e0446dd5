"""Published and measured numbers, and claims, as CSV that a spreadsheet cannot mistake for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence

from benchmark.judging.verdict import Interval
from benchmark.reporting.claims import told_across
from benchmark.reporting.curve_charts import bands, score_bands
from benchmark.reporting.view import PaperView
from benchmark.runs.records import device_of
from benchmark.spec import names
from benchmark.spec.base import canonical

Value = str | int | float | None
Rows = Iterable[Sequence[Value]]

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

CELL_COLUMNS = (
    "paper", "reading", "table", "row", "column", "quantity", "direction", "published", "published_spread", "state",
    "tier", "measured_mean", "measured_deviation", "seeds", "planned_seeds", "deviation", "deviation_low",
    "deviation_high", "confidence", "margin", "seeds_needed", "runs_diverged", "per_seed", "experiment", "quoted_from",
    "reason", "command", "rests_on",
)  # fmt: skip
CLAIM_COLUMNS = (
    "paper", "reading", "claim", "where", "says", "test", "state", "tier", "preview", "statistic", "statistic_low",
    "statistic_high", "confidence", "p", "p_holm", "p_against", "p_against_holm", "seeds", "planned_seeds", "min_seeds",
    "seeds_needed", "share_of_seeds", "runs_diverged", "on_published", "reason", "rests_on",
    "readings",
)  # fmt: skip
MEASUREMENT_COLUMNS = (
    "paper", "reading", "experiment", "method", "tier", "seed", "run", "status", "score", "label", "direction", "proxy",
    "checkpoint", "iteration", "value", "reason", "numerics", "device", "training_seconds", "protocol",
)  # fmt: skip
CURVE_COLUMNS = (
    "paper", "reading", "experiment", "method", "tier", "curve", "iteration", "median", "least", "greatest", "seeds",
)  # fmt: skip
_CURVE_POINTS = 400


def safe(value: Value) -> str | int | float:
    """Text that would start a formula gets a leading apostrophe; numbers stay numbers; None is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, str) and value.lstrip(" ").startswith(_STARTS_FORMULA):
        return f"'{value}"
    return value


def _cells(view: PaperView) -> Rows:
    """One line per published number."""
    for table in view.tables:
        for row, column, cell in table.cells:
            verdict = cell.verdict
            measured = verdict.measured if verdict else None
            yield (
                view.id, view.verdicts.reading, table.id, row, column, table.table.quantity, table.table.direction,
                cell.cell.value, cell.cell.spread,
                cell.state.word, verdict.tier if verdict else None,
                measured.mean if measured else None, measured.deviation if measured else None,
                None if measured is None else sum(value is not None for value in measured.seeds.values()),
                verdict.planned or None if verdict else None,
                *_interval(verdict.deviation if verdict else None),
                verdict.allowed if verdict else None, verdict.seeds_needed if verdict else None,
                verdict.diverged[0] if verdict else None,
                "; ".join(f"{seed.seed}: {seed.value}" for seed in cell.seeds) or None,
                measured.experiment if measured else None, cell.cell.quoted_from, cell.reason,
                view.command(f"--experiment {cell.cell.experiment}")
                if cell.cell.experiment and not cell.cell.quoted_from
                else None,
                verdict.rests_on if verdict and verdict.tier else None,
            )  # fmt: skip


def _claims(view: PaperView) -> Rows:
    """One line per claim."""
    for verdict in view.verdicts.claims:
        yield (
            view.id, view.verdicts.reading, verdict.claim, verdict.where, verdict.says, verdict.test, verdict.state,
            verdict.tier, verdict.preview, *_interval(verdict.statistic), verdict.p, verdict.p_holm,
            verdict.p_against, verdict.p_against_holm, verdict.seeds, verdict.planned or None, verdict.min_seeds,
            verdict.seeds_needed, verdict.share, verdict.diverged[0], verdict.on_published, verdict.reason,
            verdict.rests_on if verdict.tier else None,
            "; ".join(told_across(one) for one in view.verdicts.readings if one.claim == verdict.claim) or None,
        )  # fmt: skip


def _measurements(view: PaperView) -> Rows:
    """One line per experiment, score and seed, with its protocol: what a table program should read."""
    for group in view.evidence.groups:
        for record in (stored.record for stored in group.runs):
            planned = (view.id, view.verdicts.reading, group.experiment, group.label, record.tier)
            about = (*planned, record.seed, record.run_id, record.status)
            run = (record.numerics, device_of(record.environment), record.timing.training_seconds)
            for key, score in sorted(record.scores.items()):
                label = names.of_score(view.spec, group.experiment, key)
                protocol = canonical(score.protocol) if score.protocol else None
                yield (
                    *about, key, label, score.direction, int(score.proxy), score.checkpoint, score.iteration,
                    score.value, score.reason, *run, protocol,
                )  # fmt: skip


def _curves(view: PaperView) -> Rows:
    """One line per experiment, curve and block of iterations: what the charts draw."""
    for group in view.evidence.groups:
        about = (view.id, view.verdicts.reading, group.experiment, group.label, group.tier)
        for key, band in {**bands(view.evidence, group, _CURVE_POINTS), **score_bands(group)}.items():
            for position, *values in zip(band.positions, band.median, band.low, band.high, strict=True):
                yield (*about, key, float(position), *(float(value) for value in values), band.seeds)


def _interval(value: Interval | None) -> tuple[Value, ...]:
    return (None,) * 4 if value is None else (value.estimate, value.low, value.high, value.confidence)


#: by file: the head, and the lines of one paper
TABLES: Mapping[str, tuple[Sequence[str], Callable[[PaperView], Rows]]] = {
    "measurements.csv": (MEASUREMENT_COLUMNS, _measurements),
    "tables.csv": (CELL_COLUMNS, _cells),
    "claims.csv": (CLAIM_COLUMNS, _claims),
    "curves.csv": (CURVE_COLUMNS, _curves),
}


def table_csv(file: str, views: Sequence[PaperView]) -> str:
    """The text of one of :data:`TABLES`."""
    head, rows = TABLES[file]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([safe(value) for value in row] for view in views for row in rows(view))
    return stream.getvalue()
