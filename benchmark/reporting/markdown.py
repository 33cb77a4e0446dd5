"""The report as Markdown, for a README, a pull request or a review."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from benchmark.reporting.audited import audit_facts
from benchmark.reporting.beside import calibration_rows, grid_rows
from benchmark.reporting.judged import CellView, ClaimView, SeedValue, TableView
from benchmark.reporting.numbers import duration, hours, signed
from benchmark.reporting.runs import ScoreRow, score_rows, time_rows, unfinished, unmeasured
from benchmark.reporting.sealed import seal_view, selection_rows
from benchmark.reporting.states import CELL_STATES, CLAIM_STATES, State
from benchmark.reporting.view import PaperView, banner

_SPECIAL = re.compile(r"([\\`*_\[\]#|~<>&$])")


def escape(text: str) -> str:
    """``text`` on one line, with everything that Markdown or HTML would act upon made plain."""
    line = " ".join(text.split())
    line = _SPECIAL.sub(lambda match: f"&#{ord(match.group())};" if match.group() in "<>&|" else rf"\{match[0]}", line)
    # bare addresses would turn into links, a leading mark or number into a list
    line = re.sub(r"(?i)\b(https?|ftp|www)(?=[:.])", r"\1&#8203;", line)
    return re.sub(r"^([-+=]|\d+(?=[.)]\s))", r"\\\1" if line[:1] in "-+=" else r"\1&#8203;", line)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A pipe table; cells must be escaped already."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows), ""]


def markdown_page(views: Sequence[PaperView]) -> str:
    """The whole report."""
    lines = ["# Do these papers' numbers and claims hold?", ""]
    warning = banner(views)
    if warning:
        lines += [f"> **{escape(warning)}.**", ""]
    lines += ["## Summary", ""]
    rows = [
        [escape(view.id), escape(view.spec.paper.question), _runs(view), escape(hours(view.device_seconds))]
        for view in views
    ]
    lines += table(["paper", "question", "runs", "device time"], rows)
    lines += ["Claims by state", "", *_matrix(views, CLAIM_STATES, [view.claim_counts for view in views])]
    lines += ["Published numbers by state", "", *_matrix(views, CELL_STATES, [view.cell_counts for view in views])]
    for view in views:
        lines += _paper(view)
    return "\n".join(lines).rstrip() + "\n"


def _matrix(
    views: Sequence[PaperView], states: dict[str, State], counts: Sequence[Sequence[tuple[State, int]]]
) -> list[str]:
    rows = [
        [escape(view.id), *(str(count) for _, count in of_paper)]
        for view, of_paper in zip(views, counts, strict=True)
    ]  # fmt: skip
    return table(["paper", *(str(state) for state in states.values())], rows)


def _runs(view: PaperView) -> str:
    return escape("; ".join(f"{one.tier}: {one.words}" for one in view.progress) or "none planned")


def _paper(view: PaperView) -> list[str]:
    paper = view.spec.paper
    cited = f"{escape(view.authors)}. *{escape(paper.title)}*. {escape(paper.venue)}, {paper.year}."
    links = " ".join(f"[{escape(text)}](<{address}>)" for text, address in view.links)
    lines = [f"## {escape(view.id)}", "", f"{cited} {links}".rstrip(), "", escape(paper.question), ""]
    if view.banner:
        lines += [f"> **{escape(view.banner)}.**", ""]
    lines += _seal(view)
    for one in view.tables:
        lines += _table(one)
    if view.claims:
        lines += ["### Claims", ""]
        lines += table(
            ["claim", "where", "what the paper says", "test", "verdict", "why", "statistic", "seeds"],
            [_claim(claim) for claim in view.claims],
        )
    scores = score_rows(view.evidence, view.given.beside)
    if scores:
        lines += ["### Measured scores", ""]
        lines += table(
            ["experiment", "tier", "score", "mean over seeds", "floors and ceilings", "per seed"],
            [
                [
                    escape(row.experiment),
                    row.tier,
                    escape(row.label) + (" (proxy)" if row.proxy else ""),
                    row.summary or "not measured",
                    _anchors(row),
                    _seeds(row.seeds),
                ]
                for row in scores
            ],
        )
    lines += _selection(view)
    grid = grid_rows(view.given.beside.grids, (stored.record.run_id for stored in view.given.stored))
    if grid:
        lines += ["### How far the protocol alone moves a score", ""]
        lines += table(
            ["run", "score", "changed", "setting", "value", "change"],
            [
                [escape(text) for text in (row.run, row.score, row.axis, row.setting, row.value, row.change)]
                for row in grid
            ],
        )
    times = time_rows(view.evidence)
    if times:
        lines += ["### Training time", ""]
        lines += table(
            ["experiment", "tier", "device", "training", "ratio"],
            [
                [
                    escape(row.experiment),
                    row.tier,
                    escape(row.device),
                    row.seconds,
                    escape(f"{row.ratio} x {row.against}") if row.ratio else "",
                ]
                for row in times
            ],
        )
    calibrated = calibration_rows(view.given.beside.calibrations, view.id)
    lines += [f"* {escape(device)}: {escape(did)}" for device, did in calibrated] + ([""] if calibrated else [])
    return lines + _recipe(view) + _gaps(view)


def _seal(view: PaperView) -> list[str]:
    seal = seal_view(view.verdicts)
    if seal is None or seal.tone is None:
        return []
    lines = [f"> **{escape(seal.says)}.**", ""]
    rows = [[escape(text) for text in change] for change in seal.changes]
    return lines + (table(["how", "rule", "as sealed", "today"], rows) if rows else [])


def _selection(view: PaperView) -> list[str]:
    rows = [
        [
            escape(row.experiment),
            row.tier,
            escape(row.score),
            row.evaluations,
            f"{row.own} ({row.rule})",
            row.last,
            row.best,
            row.median,
            row.gain,
            row.luck,
            row.says,
        ]
        for row in selection_rows(view.verdicts)
    ]
    if not rows:
        return []
    head = ["experiment", "tier", "score", "evaluations", "own rule", "last", "best", "median", "best gains"]
    return ["### What choosing the checkpoint is worth", "", *table([*head, "luck alone", "so"], rows)]


def _table(one: TableView) -> list[str]:
    lines = [f"### {escape(one.id)}: {escape(one.table.caption)}", "", f"{escape(one.table.where)}.", ""]
    head = ["", *(escape(column) for column in one.table.columns)]
    return lines + table(
        head, [[escape(label), *(_cell(cell) for cell in cells)] for label, cells in one.rows]
    )  # fmt: skip


def _cell(cell: CellView | None) -> str:
    if cell is None:
        return ""
    parts = [f"published {cell.published}"]
    if cell.measured is not None:
        parts.append(f"measured {cell.measured}" + (f" {cell.half_width}" if cell.half_width else ""))
    if cell.verdict is not None and cell.verdict.deviation is not None:
        parts.append(f"deviation {signed(cell.verdict.deviation.estimate, cell.verdict.decimals)}")
    return "<br>".join([*parts, f"**{cell.state}**"])


def _claim(claim: ClaimView) -> list[str]:
    verdict = claim.verdict
    preview = f" (preview: {verdict.preview})" if verdict.preview else ""
    return [
        escape(verdict.claim),
        escape(verdict.where),
        escape(verdict.says),
        escape(verdict.test),
        f"**{claim.state}**{preview}",
        escape(verdict.reason),
        escape(claim.statistic or ""),
        escape(claim.seeds or ""),
    ]


def _anchors(row: ScoreRow) -> str:
    parts = [f"{one.name} {one.value}" for one in row.anchors if one.value is not None]
    return "<br>".join(escape(part) for part in (*parts, *([row.flag] if row.flag else [])))


def _seeds(seeds: Sequence[SeedValue]) -> str:
    return escape("; ".join(f"{one.seed}: {one.value}" + (f" ({one.reason})" if one.reason else "") for one in seeds))


def _recipe(view: PaperView) -> list[str]:
    spec = view.spec
    lines = ["### What the paper leaves open", ""]
    lines += [f"* {escape(what)}: {escape(value)}" for what, value in audit_facts(view.given.audit)] + [""]
    if spec.contradictions:
        lines += table(
            ["contradiction", "where", "finding"],
            [[escape(name), escape(one.where), escape(one.finding)] for name, one in spec.contradictions.items()],
        )
    if spec.departures:
        lines += table(
            ["departure", "paper", "here", "why"],
            [
                [escape(name), escape(one.paper), escape(one.here), escape(one.why)]
                for name, one in spec.departures.items()
            ],
        )
    if spec.unstated:
        lines += table(
            ["value not given", "chosen", "known from", "source", "alternatives"],
            [
                [escape(path), escape(one.chosen), one.tag, escape(one.source), escape("; ".join(one.alternatives))]
                for path, one in spec.unstated.items()
            ],
        )
    return lines


def _gaps(view: PaperView) -> list[str]:
    lines = ["### Gaps and provenance", ""]
    ended = unfinished(view.given.stored)
    if ended:
        lines += table(
            ["run", "experiment", "tier", "seed", "status", "why"],
            [
                [one.run_id, one.experiment, one.tier, str(one.seed), one.status, escape(one.reason or "")]
                for one in ended
            ],
        )
    blank = unmeasured(score_rows(view.evidence))
    if blank:
        lines += table(
            ["experiment", "tier", "score not measured", "seeds", "why"],
            [[escape(text) for text in row] for row in blank],
        )
    for line in [*view.verdicts.damage, *sorted(view.evidence.unreadable)]:
        lines.append(f"* damaged: {escape(line)}")
    seal = seal_view(view.verdicts)
    if seal is not None:
        lines.append(f"* rules sealed: {escape(seal.sealed)}; {escape(seal.says)}")
    lines += [f"* training {duration(view.training_seconds)}, spec {escape(view.verdicts.spec_sha256)}", ""]
    return [*lines, "```", *(command for _, command in view.commands), "```", ""]
