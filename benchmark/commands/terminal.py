"""Text for a terminal: tables that fit its width, wrapped sentences, colour only where a person looks."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from itertools import zip_longest

_TONES = {"good": "32", "bad": "31", "open": "33", "quiet": "2", "strong": "1"}
_GAP = 2
#: no column becomes narrower than this before others have
_NARROWEST = 8


def width() -> int:
    """Columns of the terminal, or COLUMNS; 100 where there is neither."""
    return max(40, shutil.get_terminal_size((100, 24)).columns)


def coloured(text: str, tone: str | None) -> str:
    """``text`` in a tone, on a terminal whose user has not set NO_COLOR."""
    if tone is None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return text
    return f"\x1b[{_TONES[tone]}m{text}\x1b[0m"


def wrapped(text: str, indent: int = 0, first: str = "") -> str:
    """``text`` in lines that fit, indented; ``first`` stands in the indentation of the first line."""
    begin = first.ljust(indent)
    return textwrap.fill(
        text,
        width(),
        initial_indent=begin,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def tone_of(state: str) -> str | None:
    """How a verdict is coloured."""
    if state in ("HOLDS", "REPRODUCED", "REPRODUCED IF", "BETTER THAN PUBLISHED", "VERIFIED BY TEST"):
        return "good"
    if state.startswith(("REVERSED", "NOT REPRODUCED")):
        return "bad"
    return "open" if state in ("HOLDS IN PART", "INTERIM", "INCONCLUSIVE") else "quiet"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows under a head, texts wrapped so that it fits the terminal; numbers, ``right``, are never broken."""
    columns = list(zip(head, *rows, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    room = width() - _GAP * (len(widths) - 1)
    texts = [place for place in range(len(widths)) if place not in right]
    while sum(widths) > room and texts and max(widths[place] for place in texts) > _NARROWEST:
        widths[max(texts, key=lambda place: widths[place])] -= 1
    lines = []
    for row in (head, *rows):
        cells = [
            textwrap.wrap(cell, wide, break_on_hyphens=False) or [""] for cell, wide in zip(row, widths, strict=True)
        ]
        for pieces in zip_longest(*cells, fillvalue=""):
            line = (" " * _GAP).join(
                piece.rjust(wide) if place in right else piece.ljust(wide)
                for place, (piece, wide) in enumerate(zip(pieces, widths, strict=True))
            )
            lines.append(coloured(line.rstrip(), "strong") if row is head else line.rstrip())
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Seconds as a person says them: ``41 s``, ``3 min``, ``2 h 10 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
