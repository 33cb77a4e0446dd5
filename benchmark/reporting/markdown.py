"""The report as Markdown, for a README, a pull request or a review."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from benchmark.judging.verdict import CellVerdict, ClaimVerdict
from benchmark.reporting.cover import recipe_facts, sections
from benchmark.reporting.sealed import seal_view
from benchmark.reporting.tables import CellView, State
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


def markdown_page(
    views: Sequence[PaperView], reference: Sequence[PaperView] = (), grounds: Sequence[PaperView] = ()
) -> str:
    """What the cover says, and each paper's tables and claims."""
    lines = ["# Do these papers' numbers and claims hold?", ""]
    warning = banner((*views, *grounds))
    lines += [f"> **{escape(warning)}.**", ""] if warning else []
    for section in sections(views, reference, grounds):
        lines += [f"## {escape(section.title)}", "", escape(section.note), ""]
        rows = [
            [
                f"**{finding.state}**",
                escape(finding.paper),
                escape(finding.place),
                escape(finding.says),
                escape(finding.effect),
            ]
            for finding in section.findings
        ]
        lines += table(["", "paper", "place", "what", "found"], rows)
    for view in (*views, *grounds):
        lines += _paper(view)
    return "\n".join(lines).rstrip() + "\n"


def _paper(view: PaperView) -> list[str]:
    paper = view.spec.paper
    cited = f"{escape(view.authors)}. *{escape(paper.title)}*. {escape(paper.venue)}, {paper.year}."
    links = " ".join(f"[{escape(text)}](<{address}>)" for text, address in view.links)
    runs = escape("; ".join(f"{row.tier}: {row.words}" for row in view.progress) or "none planned")
    lines = [
        f"## {escape(f'{view.id}, {view.ground}' if view.ground else view.id)}",
        "",
        f"{cited} {links}".rstrip(),
        "",
        f"{escape(paper.question)} Runs: {runs}.",
        "",
    ]
    seal = seal_view(view.verdicts)
    lines += [f"> **{escape(seal.says)}.**", ""] if seal is not None and seal.tone is not None else []
    for table_view in view.tables:
        lines += [
            f"### {escape(table_view.id)}: {escape(table_view.table.caption)}",
            "",
            f"{escape(table_view.table.where)}.",
            "",
        ]
        head = ["", *(escape(column) for column in table_view.table.columns)]
        pairs = zip(table_view.table.rows, table_view.rows, strict=True)
        lines += table(
            head,
            [
                [
                    escape(label),
                    *(
                        _cell(cell, row.blank.get(name))
                        for name, cell in zip(table_view.table.columns, cells, strict=True)
                    ),
                ]
                for row, (label, cells) in pairs
            ],
        )
        own = [
            (each.label, f"{each.row}, {each.column}", each.published, each.measured, each.deviation, each.outcome)
            for each in view.ours(table_view.id)
        ]
        lines += [f"Ours beside {escape(table_view.id)}, comparisons and no verdicts on the paper:", ""] if own else []
        head = ["ours", "beside", "printed", "ours", "deviation, plus is worse", "so"]
        lines += table(head, [[escape(text) for text in each] for each in own])
    if view.claims:
        rows = [
            [escape(text) for text in (claim.verdict.claim, claim.verdict.where, claim.verdict.says)]
            + [_state(claim.state, claim.verdict), escape(claim.effect), escape(claim.reason)]
            for claim in view.claims
        ]
        lines += [
            "### Claims",
            "",
            *table(["claim", "where", "what the paper says", "verdict", "measured", "why"], rows),
        ]
    for column in view.verdicts.brought:
        decides = "accepted" if column.accepted else "not accepted: decides nothing"
        lines += [f"### Evidence {escape(column.says)} ({decides})", ""]
        states: list[tuple[str, str, str]] = [(claim.claim, claim.state, claim.reason) for claim in column.claims]
        states += [(cell.place, cell.state, cell.reason) for cell in column.cells]
        lines += table(["about", "verdict", "why"], [[escape(text) for text in row] for row in states])
        lines += [f"Nobody here checked {escape('; '.join(column.unchecked))}.", ""] if column.unchecked else []
    facts = "; ".join(f"{what} {value}" for what, value in recipe_facts(view.given.audit))
    return [*lines, f"Recipe: {escape(facts)}.", ""] if facts else lines


def _state(state: State, verdict: ClaimVerdict | CellVerdict | None) -> str:
    """A verdict, and whose word it rests on where nobody here trained it."""
    return f"**{state}**" + (f" {escape(verdict.rests_on)}" if verdict and verdict.word != "trained" else "")


def _cell(cell: CellView | None, blank: str | None) -> str:
    """A cell; of one without a number what the paper has in its place."""
    if cell is None:
        return escape(blank or "")
    parts = [f"published {cell.published}"]
    parts += [f"measured {cell.measured}" + (f" {cell.half_width}" if cell.half_width else "")] if cell.measured else []
    parts += [f"deviation {cell.deviation}"] if cell.deviation else []
    return "<br>".join([*parts, _state(cell.state, cell.verdict)])
