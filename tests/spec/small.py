"""The small valid spec beside this module, and broken variants of it."""

from __future__ import annotations

from pathlib import Path

from benchmark.spec.load import loads
from benchmark.spec.source import SpecError

FILE = Path(__file__).with_name("small.yaml")
TEXT = FILE.read_text(encoding="utf-8")
#: in a replacement: the problem must be reported at the character that follows
MARK = "§"


def edited(*changes: str) -> str:
    """The small spec with ``old, new, old, new, ...`` replaced, each at its first occurrence."""
    text = TEXT
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text, f"'{old}' is not in {FILE.name}"
        text = text.replace(old, new, 1)
    return text


def unmarked(text: str) -> tuple[str, list[str]]:
    """``text`` without marks, and the ``line:column`` that they stood at."""
    places = []
    while MARK in text:
        before, _, after = text.partition(MARK)
        places.append(f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}")
        text = before + after
    return text, places


def problems(text: str | bytes) -> list[str]:
    """The problems of a spec as ``line:column: message``; none if it loads."""
    try:
        loads(text, "x.yaml")
    except SpecError as error:
        found = error
    else:
        return []
    lines = str(found).split("\n")
    assert len(lines) == len(found.problems), "each problem is one line"
    assert all(line.startswith("x.yaml:") for line in lines)
    return [line.removeprefix("x.yaml:") for line in lines]
