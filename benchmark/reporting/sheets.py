"""What the report says beside published tables and claims, as plain tables that Markdown, LaTeX and CSV share.

Numbers stay numbers: CSV writes them in full, the others with four significant digits.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmark.reporting.judged import SeedValue
from benchmark.reporting.numbers import short
from benchmark.reporting.runs import run_rows, score_rows, time_rows, unfinished, unmeasured
from benchmark.reporting.sealed import says
from benchmark.reporting.sidecars import ANCHOR_NAMES, anchors, calibration_rows, too_good
from benchmark.reporting.view import PaperView
from benchmark.runs.sidecars import KINDS

Value = str | int | float | None


@dataclass(frozen=True)
class Sheet:
    """A table: its columns with their relative widths on paper, and its rows."""

    title: str
    columns: Sequence[tuple[str, int]]
    rows: Sequence[Sequence[Value]]

    @property
    def head(self) -> list[str]:
        """Names of the columns."""
        return [name for name, _ in self.columns]


def text(value: Value) -> str:
    """A cell for a reader."""
    return "" if value is None else value if isinstance(value, str) else short(value)


def seed_text(seeds: Sequence[SeedValue]) -> str:
    """Per-seed values on one line, with the reason where there is none."""
    return "; ".join(f"{one.seed}: {one.value}" + (f" ({one.reason})" if one.reason else "") for one in seeds)


def _scores(view: PaperView) -> Sheet:
    rows: list[list[Value]] = []
    beside = view.given.beside
    groups = {group.experiment: group for group in view.evidence.groups}
    for row in score_rows(view.evidence, beside):
        group = groups[row.experiment]
        found = anchors(beside, group, row.score)
        levels = [
            statistics.fmean(found[kind].values) if kind in found and found[kind].values else None for kind in KINDS
        ]
        rows.append(
            [
                row.experiment,
                row.tier,
                f"{row.label} ({row.score}, {row.checkpoint} checkpoint{', proxy' if row.proxy else ''})",
                row.direction,
                row.mean,
                row.deviation,
                *levels,
                seed_text(row.seeds),
                too_good(beside, group, row.score),
            ]
        )
    kinds = [(ANCHOR_NAMES[kind], 3) for kind in KINDS]
    head = [("experiment", 5), ("tier", 2), ("score", 5), ("better", 3), ("mean", 3), ("s.d.", 3), *kinds]
    return Sheet("Measured scores, with their floors and ceilings", [*head, ("per seed", 8), ("warning", 4)], rows)


def _selection(view: PaperView) -> Sheet:
    names = "experiment tier score evaluations seeds rule own last best median window noise gain luck so"
    widths = {"experiment": 5, "score": 4, "so": 6}
    return Sheet(
        "What choosing the checkpoint is worth",
        [(name, widths.get(name, 2)) for name in names.split()],
        [
            [
                one.experiment, one.tier, one.label, one.evaluations, one.seeds, one.rule, one.own, one.last, one.best,
                one.median_of_last, one.window, one.noise, one.gain, one.luck, says(one),
            ]
            for one in view.verdicts.selection
        ],
    )  # fmt: skip


def _protocols(view: PaperView) -> Sheet:
    ran = {stored.record.run_id for stored in view.given.stored}
    rows: list[list[Value]] = []
    for grid in view.given.beside.grids:
        if grid.run_id not in ran:
            continue
        start: list[Value] = [grid.experiment, grid.seed]
        for name, again in grid.again.items():
            rows.append([*start, name, "as in the record", "", grid.recorded[name], None, None])
            rows.append([*start, name, "as in the spec", "", again, None, None])
            rows += [
                [*start, name, one.axis, one.setting, one.value, one.change, one.reason]
                for one in grid.variants
                if one.score == name
            ]
            rows += [
                [
                    *start,
                    name,
                    "count",
                    f"endless: line against 1/N from {one.counts[0]} to {one.counts[-1]}",
                    one.intercept,
                    None if again is None else one.intercept - again,
                    f"standard error {short(one.intercept_error)}",
                ]
                for one in grid.extrapolated
                if one.score == name
            ]
    columns = [("experiment", 4), ("seed", 1), ("score", 3), ("changed", 3), ("setting", 4), ("value", 2)]
    return Sheet("How far the protocol alone moves a score", [*columns, ("change", 2), ("note", 4)], rows)


def _times(view: PaperView) -> Sheet:
    columns = [("experiment", 4), ("tier", 2), ("device", 5), ("seeds", 2), ("training", 4), ("1,000 iterations", 3)]
    return Sheet(
        "Training time",
        [*columns, ("evaluation", 3), ("ratio", 2), ("to", 4), ("ratio in print", 2)],
        [
            [
                row.experiment, row.tier, f"{row.device}, {row.numerics}", row.seeds, row.seconds, row.per_thousand,
                row.evaluation, row.ratio, row.against, row.published,
            ]
            for row in time_rows(view.evidence)
        ],
    )  # fmt: skip


def _devices(view: PaperView) -> Sheet:
    return Sheet(
        "What the devices do",
        [("device", 1), ("rates", 3)],
        calibration_rows(view.given.beside.calibrations, view.id),
    )


def _contradictions(view: PaperView) -> Sheet:
    return Sheet(
        "Contradictions of the paper",
        [("id", 1), ("where", 2), ("finding", 6)],
        [(name, one.where, one.finding) for name, one in view.spec.contradictions.items()],
    )


def _departures(view: PaperView) -> Sheet:
    return Sheet(
        "Departures of this reproduction",
        [("id", 1), ("paper", 3), ("here", 3), ("why", 4)],
        [(name, one.paper, one.here, one.why) for name, one in view.spec.departures.items()],
    )


def _unstated(view: PaperView) -> Sheet:
    return Sheet(
        "Values that the paper does not give",
        [("value", 4), ("chosen", 3), ("known from", 2), ("source", 4), ("alternatives", 3)],
        [
            (path, one.chosen, one.tag, one.source, "; ".join(one.alternatives))
            for path, one in view.spec.unstated.items()
        ],
    )


_RUN = (
    ("run", 3),
    ("experiment", 4),
    ("tier", 1),
    ("seed", 1),
    ("status", 2),
    ("iterations", 2),
    ("of", 2),
    ("why", 5),
)


def _unfinished(view: PaperView) -> Sheet:
    return Sheet(
        "Failed and diverged runs",
        _RUN,
        [
            (
                one.run_id, one.experiment, one.tier, one.seed, one.status, one.iterations, one.planned_iterations,
                one.reason,
            )
            for one in unfinished(view.given.stored)
        ],
    )  # fmt: skip


def _unmeasured(view: PaperView) -> Sheet:
    columns = [("experiment", 3), ("tier", 1), ("score", 2), ("seeds", 1), ("why", 6)]
    return Sheet("Scores that were not measured", columns, unmeasured(score_rows(view.evidence)))


def _runs(view: PaperView) -> Sheet:
    return Sheet(
        "All runs",
        (*_RUN, ("training seconds", 2), ("evaluation seconds", 2), ("command", 6)),
        [
            (
                one.run_id, one.experiment, one.tier, one.seed, one.status, one.iterations, one.planned_iterations,
                one.reason, one.timing.training_seconds, one.timing.evaluation_seconds, view.command(one.experiment),
            )
            for one in run_rows(view.given.stored)
        ],
    )  # fmt: skip


Maker = Callable[[PaperView], Sheet]
MEASURED: dict[str, Maker] = {
    "scores": _scores,
    "selection": _selection,
    "protocols": _protocols,
    "times": _times,
    "devices": _devices,
}
LEDGER: dict[str, Maker] = {
    "contradictions": _contradictions,
    "departures": _departures,
    "unstated": _unstated,
    "unfinished": _unfinished,
    "unmeasured": _unmeasured,
}
#: too long to read, so only for programs
RUNS: dict[str, Maker] = {"runs": _runs}
