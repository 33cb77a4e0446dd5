"""The papers' tables and claims as LaTeX that an article can take as it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from benchmark.judging.verdict import ClaimVerdict
from benchmark.reporting.claims import ClaimView, p_text
from benchmark.reporting.tables import CellView, TableView
from benchmark.reporting.view import PaperView
from benchmark.spec.words import MINUS, PLUS_MINUS

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


def latex_page(views: Sequence[PaperView], grounds: Sequence[PaperView] = ()) -> str:
    """The papers' tables, one float each, what of one's own stands beside them, and claims; of ``grounds`` claims."""
    lines = [r"% \usepackage{array,booktabs,longtable}", ""]
    for view in views:
        if view.banner:
            lines += [r"\par\noindent\textbf{" + escape(f"{view.id}: {view.banner}.") + "}", ""]
        for table in view.tables:
            lines += _table(view, table)
        lines += _own(view)
        if view.claims:
            lines += _claims(view)
    for view in grounds:
        lines += _claims(view)
    return "\n".join(lines).rstrip() + "\n"


def _columns(*shares: float) -> str:
    """Ragged columns that share the line, the space between them included."""
    cells = (rf"p{{\dimexpr{share:.3f}\linewidth-2\tabcolsep\relax}}" for share in shares)
    return "".join(rf">{{\raggedright\arraybackslash\hspace{{0pt}}}}{cell}" for cell in cells)


def _table(view: PaperView, table: TableView) -> list[str]:
    columns = table.table.columns
    states = ", ".join(f"{_code(state.word)} {state.word.lower()}" for state, _ in table.counts)
    where = f"{table.id}, {table.table.where} of {view.id}"
    caption = f"{table.table.caption} ({where}). Published, measured, deviation; {states}."
    words = {cell.verdict.word for _, _, cell in table.cells if cell.verdict is not None and cell.verdict.tier}
    text = "; ".join(f"{mark} {what}" for word, (mark, what) in _WORDS.items() if word in words)
    caption += f" Marked {text}." if text else ""
    empty = [[row.blank.get(column) for column in columns] for row in table.table.rows]
    size = r"\small" if len(columns) < 4 else r"\scriptsize"
    return [
        r"\begin{table}",
        rf"\centering{size}\setlength{{\tabcolsep}}{{2pt}}",
        rf"\caption{{{escape(caption)}}}",
        rf"\label{{tab:{_label(view.id)}-{_label(table.id)}}}",
        rf"\begin{{tabular}}{{{_columns(0.2, *([0.79 / len(columns)] * len(columns)))}}}",
        r"\toprule",
        " & ".join(["", *(escape(column) for column in columns)]) + r" \\",
        r"\midrule",
        *(
            " & ".join([escape(label), *(_cell(*pair) for pair in zip(cells, blanks, strict=True))]) + r" \\"
            for (label, cells), blanks in zip(table.rows, empty, strict=True)
        ),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
        "",
    ]


#: marks of verdicts that rest on the word of others
_WORDS = {"measured": ("m", "measured here on samples that were supplied"), "reported": ("r", "as reported by others")}


def _cell(cell: CellView | None, blank: str | None) -> str:
    """What is published, measured and how far apart, each on a line, and the code of the verdict.

    Of a cell without a number: what the paper has in its place.
    """
    if cell is None:
        return escape(blank or "")
    published = escape(cell.published)
    lines = [rf"\textbf{{{published}}}" if cell.cell.bold else published]
    lines += [escape(" ".join(part for part in (cell.measured, cell.half_width) if part))] if cell.measured else []
    lines += [escape(cell.deviation)] if cell.deviation else []
    mark, _ = _WORDS.get(cell.verdict.word if cell.verdict is not None and cell.verdict.tier else "", ("", ""))
    code = rf"\textsc{{{_code(cell.state.word)}}}" + (rf"\textsuperscript{{{mark}}}" if mark else "")
    return r"\newline ".join([*lines[:-1], f"{lines[-1]} {code}"])


def _code(state: str) -> str:
    """``NOT REPRODUCED IF`` is ``nri``."""
    return "".join(word[0].lower() for word in state.split())


def _claims(view: PaperView) -> list[str]:
    title = f"Claims of {view.id}{f', {view.ground}' if view.ground else ''}"
    return [
        r"\begingroup\small\setlength{\tabcolsep}{3pt}\sloppy",
        rf"\begin{{longtable}}{{{_columns(0.11, 0.37, 0.17, 0.34)}}}",
        rf"\caption{{{escape(title)}}}\label{{tab:{_label(view.page.removesuffix('.html'))}-claims}}\\",
        r"\toprule",
        r"Claim & Statement & Verdict & Measured \\",
        r"\midrule\endhead",
        *(_claim(claim) for claim in view.claims),
        r"\bottomrule",
        r"\end{longtable}",
        r"\endgroup",
        "",
    ]


def _own(view: PaperView) -> list[str]:
    """Experiments of one's own beside printed numbers: comparisons, and no verdicts on the paper."""
    several = [(table.id, own) for table in view.tables for own in view.ours(table.id)]
    if not several:
        return []
    rows = [
        (
            own.label,
            f"{table}, {own.row}, {own.column}",
            own.published,
            own.measured or "--",
            own.deviation,
            own.outcome,
        )
        for table, own in several
    ]
    return [
        r"\begingroup\small\setlength{\tabcolsep}{3pt}\sloppy",
        rf"\begin{{longtable}}{{{_columns(0.22, 0.22, 0.1, 0.1, 0.16, 0.19)}}}",
        rf"\caption{{{escape(f'Ours beside {view.id}: comparisons with printed numbers, no verdicts on the paper')}}}"
        rf"\label{{tab:{_label(view.id)}-ours}}\\",
        r"\toprule",
        r"Ours & Beside & Printed & Ours & Deviation, plus is worse & So \\",
        r"\midrule\endhead",
        *(" & ".join(escape(cell) for cell in row) + r" \\" for row in rows),
        r"\bottomrule",
        r"\end{longtable}",
        r"\endgroup",
        "",
    ]


def _verdict(verdict: ClaimVerdict) -> str:
    """A state, and whose word it rests on where nobody here trained it."""
    return verdict.state.lower() + (f", {verdict.rests_on}" if verdict.word != "trained" else "")


def _claim(claim: ClaimView) -> str:
    verdict = claim.verdict
    measured = "; ".join(part for part in (claim.effect, p_text(verdict)) if part)
    cells = [verdict.claim, f"{verdict.says} ({verdict.where})", _verdict(verdict), measured]
    head, *rest = (escape(cell) for cell in cells)
    return " & ".join([head.replace("-", r"-\hspace{0pt}"), *rest]) + r" \\"


def _label(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "-", text)
