"""Text made plain for Markdown and for LaTeX: nothing in it acts."""

from __future__ import annotations

import re
import unicodedata

from benchmark.spec.words import MINUS, PLUS_MINUS

_MARKDOWN = re.compile(r"([\\`*_\[\]#|~<>&$])")


def markdown(text: str) -> str:
    """``text`` on one line, with everything that Markdown or HTML would act upon made plain."""
    line = " ".join(text.split())
    line = _MARKDOWN.sub(lambda match: f"&#{ord(match.group())};" if match.group() in "<>&|" else rf"\{match[0]}", line)
    # bare addresses would turn into links, a leading mark or number into a list
    line = re.sub(r"(?i)\b(https?|ftp|www)(?=[:.])", r"\1&#8203;", line)
    return re.sub(r"^([-+=]|\d+(?=[.)]\s))", r"\\\1" if line[:1] in "-+=" else r"\1&#8203;", line)


_LATEX = {
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


def latex(text: str) -> str:
    """``text`` on one line as LaTeX prints it; characters that no plain engine knows become a question mark."""
    line = " ".join(text.split())
    return "".join(_LATEX.get(character) or _plain(character) for character in line)


def _plain(character: str) -> str:
    known = character.isascii() or unicodedata.name(character, "").startswith("LATIN ")
    return character if known and character.isprintable() else "?"
