"""The report as Markdown, for a README, a pull request or a review."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from benchmark.reporting.audited import audit_facts
from benchmark.reporting.judged import CellView, ClaimView, TableView
from benchmark.reporting.numbers import duration, hours, signed
from benchmark.reporting.sealed import seal_view
from benchmark.reporting.sheets import LEDGER, MEASURED, Maker, text
from benchmark.reporting.states import MATRIX
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
    lines += ["Verdicts, by paper, on its claims and on the numbers of each of its tables", "", *_matrix(views)]
    for view in views:
        lines += _paper(view)
    return "\n".join(lines).rstrip() + "\n"


def _matrix(views: Sequence[PaperView]) -> list[str]:
    columns = list(dict.fromkeys(MATRIX.values()))
    rows = [
        [escape(view.id), escape(row.name), *(str(row.counts[column] or "") for column in columns)]
        for view in views
        for row in view.matrix
    ]
    return table(["paper", "on", *(f"{column.symbol} {' / '.join(column.words)}" for column in columns)], rows)


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
    return [*lines, *_sheets(view, MEASURED), *_recipe(view), *_sheets(view, LEDGER), *_provenance(view)]


def _sheets(view: PaperView, makers: Mapping[str, Maker]) -> list[str]:
    lines = []
    for sheet in (make(view) for make in makers.values()):
        if sheet.rows:
            lines += [f"### {sheet.title}", ""]
            lines += table(sheet.head, [[escape(text(value)) for value in row] for row in sheet.rows])
    return lines


def _seal(view: PaperView) -> list[str]:
    seal = seal_view(view.verdicts)
    if seal is None or seal.tone is None:
        return []
    lines = [f"> **{escape(seal.says)}.**", ""]
    rows = [[escape(text) for text in change] for change in seal.changes]
    return lines + (table(["how", "rule", "as sealed", "today"], rows) if rows else [])


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


def _recipe(view: PaperView) -> list[str]:
    facts = audit_facts(view.given.audit)
    lines = ["### What the paper leaves open", ""] if facts else []
    return lines + [f"* {escape(what)}: {escape(value)}" for what, value in facts] + [""] * bool(facts)


def _provenance(view: PaperView) -> list[str]:
    lines = ["### Provenance, and how to run it again", ""]
    lines += [f"* damaged: {escape(line)}" for line in (*view.verdicts.damage, *sorted(view.evidence.unreadable))]
    seal = seal_view(view.verdicts)
    if seal is not None:
        lines.append(f"* rules sealed: {escape(seal.sealed)}; {escape(seal.says)}")
    lines += [f"* training {duration(view.training_seconds)}, spec {escape(view.verdicts.spec_sha256)}", ""]
    return [*lines, "```", *(command for _, command in view.commands), "```", ""]
