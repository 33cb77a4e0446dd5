"""The papers' tables and claims as LaTeX for booktabs; compiles in any document that loads it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from benchmark.reporting.judged import CellView, ClaimView, TableView
from benchmark.reporting.numbers import MINUS, PLUS_MINUS
from benchmark.reporting.sheets import LEDGER, MEASURED, Sheet, text
from benchmark.reporting.view import PaperView

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    # at the start of a row these would be read as an option of the line break before it
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "`": r"\textasciigrave{}",
    MINUS: "$-$",
    PLUS_MINUS: r"$\pm$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{LESS-THAN OR EQUAL TO}": r"$\leq$",
    "\N{GREATER-THAN OR EQUAL TO}": r"$\geq$",
    "\N{EN DASH}": "--",
    "\N{EM DASH}": "---",
    "\N{GREEK SMALL LETTER SIGMA}": r"$\sigma$",
    "\N{GREEK SMALL LETTER LAMDA}": r"$\lambda$",
    "\N{GREEK SMALL LETTER ALPHA}": r"$\alpha$",
    "\N{GREEK SMALL LETTER BETA}": r"$\beta$",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
}


def escape(text: str) -> str:
    """``text`` on one line as LaTeX prints it; characters that no plain engine knows become a question mark."""
    line = " ".join(text.split())
    return "".join(_SPECIAL.get(character) or _plain(character) for character in line)


def _plain(character: str) -> str:
    known = character.isascii() or unicodedata.name(character, "").startswith("LATIN ")
    return character if known and character.isprintable() else "?"


def latex_page(views: Sequence[PaperView]) -> str:
    """Tables of all papers, one float each."""
    lines = [r"% \usepackage{booktabs,longtable}; long tables break over pages", ""]
    for view in views:
        if view.banner:
            lines += [r"\par\noindent\textbf{" + escape(f"{view.id}: {view.banner}.") + "}", ""]
        for one in view.tables:
            lines += _table(view, one)
        if view.claims:
            lines += _claims(view)
        for name, make in {**MEASURED, **LEDGER}.items():
            lines += _sheet(view, name, make(view))
    return "\n".join(lines).rstrip() + "\n"


def _table(view: PaperView, one: TableView) -> list[str]:
    columns = one.table.columns
    caption = f"{one.table.caption} ({one.id}, {one.table.where} of {view.id}; published, measured, verdict)"
    lines = [
        r"\begin{table}",
        r"\centering\small",
        rf"\caption{{{escape(caption)}}}",
        rf"\label{{tab:{_label(view.id)}-{_label(one.id)}}}",
        rf"\begin{{tabular}}{{l{'l' * len(columns)}}}",
        r"\toprule",
        " & ".join(["", *(escape(column) for column in columns)]) + r" \\",
        r"\midrule",
    ]
    for label, cells in one.rows:
        for index, content in enumerate(zip(*(_cell(cell) for cell in cells), strict=True)):
            if any(content) or index == 0:
                lines.append(" & ".join([escape(label) if index == 0 else "", *content]) + r" \\")
    return [*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]


def _cell(cell: CellView | None) -> tuple[str, str, str]:
    """Three lines: published, measured, state."""
    if cell is None:
        return ("", "", "")
    published = escape(cell.published)
    measured = escape(" ".join(part for part in (cell.measured, cell.half_width) if part))
    state = rf"\textsc{{{escape(cell.state.word.lower())}}}"
    return (rf"\textbf{{{published}}}" if cell.cell.bold else published, measured, state)


def _claims(view: PaperView) -> list[str]:
    return [
        r"\begin{longtable}{p{0.15\linewidth}p{0.4\linewidth}p{0.14\linewidth}p{0.2\linewidth}}",
        rf"\caption{{{escape(f'Claims of {view.id}')}}}\label{{tab:{_label(view.id)}-claims}}\\",
        r"\toprule",
        r"Claim & Statement & Verdict & Statistic \\",
        r"\midrule\endhead",
        *(_claim(claim) for claim in view.claims),
        r"\bottomrule",
        r"\end{longtable}",
        "",
    ]


def _sheet(view: PaperView, name: str, sheet: Sheet) -> list[str]:
    """A long table whose columns share the line by their widths; nothing where it has no rows."""
    if not sheet.rows:
        return []
    whole = sum(width for _, width in sheet.columns)
    widths = "".join(rf"p{{{0.9 * width / whole:.3f}\linewidth}}" for _, width in sheet.columns)
    caption = escape(f"{sheet.title} ({view.id})")
    return [
        r"\begingroup\scriptsize\setlength{\tabcolsep}{2pt}",
        rf"\begin{{longtable}}{{{widths}}}",
        rf"\caption{{{caption}}}\label{{tab:{_label(view.id)}-{name}}}\\",
        r"\toprule",
        " & ".join(escape(column) for column in sheet.head) + r" \\",
        r"\midrule\endhead",
        *(" & ".join(escape(text(value)) for value in row) + r" \\" for row in sheet.rows),
        r"\bottomrule",
        r"\end{longtable}",
        r"\endgroup",
        "",
    ]


def _claim(claim: ClaimView) -> str:
    verdict = claim.verdict
    cells = [f"{verdict.claim} ({verdict.where})", verdict.says, verdict.state.lower(), claim.statistic or ""]
    return " & ".join(escape(cell) for cell in cells) + r" \\"


def _label(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "-", text)
