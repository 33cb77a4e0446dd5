"""Stored verdicts and tables against recomputed ones: what differs, where, and in which claim or cell."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

#: numbers that other versions of the numerical libraries may give differ by less
_RELATIVE = 1e-9


def cut(text: str | None) -> str:
    """A value as a line shows it."""
    return "nothing" if text is None else text if len(text) <= 80 else f"{text[:77]}..."


def comparable(verdicts: Any, same_rules: bool, same_code: bool) -> Any:
    """Verdicts without what their seal says of the code that judged, unless it is known to be the code here."""
    if same_code or not isinstance(verdicts, dict) or not isinstance(verdicts.get("seal"), dict):
        return verdicts
    seal = verdicts["seal"]
    kept = {key: value for key, value in seal.items() if key not in ("says", "status", "changes", "agrees")}
    changes = seal.get("changes")
    if isinstance(changes, list):
        kept["changes"] = [change for change in changes if not isinstance(change, dict) or change.get("kind") != "code"]
    if seal.get("status") in ("damaged", "absent"):
        kept["status"] = seal["status"]
    return {**verdicts, "seal": kept if same_rules else None}


def named(place: str, verdicts: Mapping[str, Any]) -> str:
    """A path with the claim or the cell it leads to in words."""
    section, _, rest = place.partition("[")
    index, closed, tail = rest.partition("]")
    entries = verdicts.get(section)
    if not closed or not isinstance(entries, list) or int(index) >= len(entries):
        return place
    entry = entries[int(index)]
    match section:
        case "claims":
            return f"claim {entry['claim']}{tail}"
        case "cells":
            return f"{entry['table']}, {entry['row']}, {entry['column']}{tail}"
        case "experiments":
            return f"{entry['experiment']} at {entry['tier']}{tail}"
    return place


def differences(old: Any, new: Any, place: str = "") -> Iterator[tuple[str, str | None, str | None]]:
    """(path, old, new) of every value that differs; numbers within rounding of one another do not."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            inner = f"{place}.{key}" if place else str(key)
            if key not in old or key not in new:
                yield inner, json.dumps(old[key]) if key in old else None, json.dumps(new[key]) if key in new else None
            else:
                yield from differences(old[key], new[key], inner)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from differences(before, after, f"{place}[{index}]")
    elif not _equal(old, new):
        yield place, json.dumps(old), json.dumps(new)


def _equal(old: Any, new: Any) -> bool:
    numbers = (int, float)
    if isinstance(old, numbers) and isinstance(new, numbers) and bool not in (type(old), type(new)):
        return math.isclose(old, new, rel_tol=_RELATIVE, abs_tol=1e-12)
    return type(old) is type(new) and bool(old == new)


def rows_that_differ(name: str, old: bytes, new: bytes) -> Iterator[str]:
    """Rows of a table that are not what the records give."""
    before, after = (list(csv.reader(io.StringIO(text.decode(errors="replace")))) for text in (old, new))
    for number, (left, two) in enumerate(zip(before, after, strict=False), start=1):
        if len(left) != len(two) or not all(map(_same_text, left, two)):
            yield f"tables/{name}: row {number} is not what the records give: {cut(', '.join(left))}"
    if len(before) != len(after):
        yield f"tables/{name}: {len(before)} rows, the records give {len(after)}"


def _same_text(old: str, new: str) -> bool:
    try:
        return old == new or _equal(float(old), float(new))
    except ValueError:
        return False
