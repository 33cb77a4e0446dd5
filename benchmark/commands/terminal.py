"""Text for a terminal: tables that fit its width, wrapped sentences, colour only where a person looks."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

_COLOURS = {"good": "32", "better": "32", "test": "32", "bad": "31", "open": "33", "partly": "33", "strong": "1"}
_QUIET = "2"
_GAP = 2
#: no column becomes narrower than this before others have
_NARROWEST = 8


def as_json(facts: Any) -> int:
    """Print what ``--json`` asks for; all is well."""
    print(json.dumps(facts, indent=1, sort_keys=True))
    return 0


def say(text: str) -> None:
    """Tell a person something that is no answer: it goes to stderr at once."""
    print(text, file=sys.stderr, flush=True)


def width() -> int:
    """Columns of the terminal, or COLUMNS; 100 where there is neither."""
    return max(40, shutil.get_terminal_size((100, 24)).columns)


def coloured(text: str, tone: str) -> str:
    """``text`` in a tone, on a terminal whose user has not set NO_COLOR."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return text
    return f"\x1b[{_COLOURS.get(tone, _QUIET)}m{text}\x1b[0m"


def wrapped(text: str, indent: int = 0, first: str | None = None) -> str:
    """``text`` in lines that fit, indented; the first line begins with ``first`` instead where that is given."""
    return textwrap.fill(
        text,
        width(),
        initial_indent=" " * indent if first is None else first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def problem(text: str) -> str:
    """A line on what is wrong with the evidence."""
    return wrapped(text, 4, "  ! ")


def table(head: Sequence[str], rows: Sequence[Sequence[str] | str], right: Sequence[int] = ()) -> str:
    """Rows under a head, texts wrapped so that it fits the terminal; numbers, ``right``, are never broken.

    A row that is one text is a heading across all columns.
    """
    columns = list(zip(head, *(row for row in rows if not isinstance(row, str)), strict=True))
    widths = [max(1, *(len(cell) for cell in column)) for column in columns]
    whole = [max(len(word) for cell in column for word in _Cell(1)._split(cell) or ("",)) for column in columns]
    room = width() - _GAP * (len(widths) - 1)
    texts = [place for place in range(len(widths)) if place not in right]
    for least in (whole, [_NARROWEST] * len(widths)):  # words are broken only where nothing else helps
        while sum(widths) > room and (wide := [place for place in texts if widths[place] > least[place]]):
            widths[max(wide, key=lambda place: widths[place])] -= 1
    lines = []
    for row in (head, *rows):
        if isinstance(row, str):
            lines.append(coloured(wrapped(row), "strong"))
            continue
        cells = [_Cell(wide).wrap(cell) for cell, wide in zip(row, widths, strict=True)]
        for pieces in zip_longest(*cells, fillvalue=""):
            line = (" " * _GAP).join(
                piece.rjust(wide) if place in right else piece.ljust(wide)
                for place, (piece, wide) in enumerate(zip(pieces, widths, strict=True))
            )
            lines.append(coloured(line.rstrip(), "strong") if row is head else line.rstrip())
    return "\n".join(lines)


class _Cell(textwrap.TextWrapper):
    """Breaks a cell at blanks, and after the underscores and slashes of a name; a word that is too long is cut."""

    def _split(self, text: str) -> list[str]:
        return re.findall(r"[^\s_/]*[_/]+|[^\s_/]+|\s+", text)


def duration(seconds: float) -> str:
    """Seconds as a person says them: ``41 s``, ``3 min``, ``2 h 10 min``, ``47 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes < 600 else f"{minutes / 60:,.0f} h"
