"""What ``ganrepro verify`` holds against what is stored: scores, verdicts and tables, computed again.

Scores are computed from what a run kept of them, without torch, its images or its networks.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from benchmark.registry import RegistryError
from benchmark.runs.files import SHARED, StoreError, read_arrays, sha256, shared_file
from benchmark.runs.records import MEASURED, ScoreRecord, Stored
from benchmark.spec.parts import METRICS, Metric, MetricError
from benchmark.spec.words import cut

Arrays = dict[str, np.ndarray]

_DIGEST = frozenset("0123456789abcdef")
#: numbers that other versions of the numerical libraries may give differ by less
_RELATIVE = 1e-9


class Rescoring:
    """Computes scores of a results folder again; what runs share is read and hashed once."""

    def __init__(self, results: Path) -> None:
        self.results = results
        self.recomputed = 0
        #: why scores were not computed again: reason and their number
        self.without: Counter[str] = Counter()
        #: shared arrays, or why there are none
        self._read_shared = cache(self._checked)
        self._wanted: set[str] = set()

    def problems(self, run: Stored) -> Iterator[str]:
        """What does not agree between one run's scores and what it kept of them."""
        arrays: Arrays = {}
        if MEASURED in run.record.files and (run.folder / MEASURED).is_file():
            try:
                arrays = read_arrays(run.folder / MEASURED)
            except StoreError as error:
                yield str(error)
                return
        for name in sorted({key.partition(".")[0] for key in arrays}):
            if name not in run.record.scores or run.record.scores[name].value is None:
                yield f"{MEASURED} holds arrays of {name}, which has no value"
        for name, score in sorted(run.record.scores.items()):
            own = {key.partition(".")[2]: value for key, value in arrays.items() if key.partition(".")[0] == name}
            if score.shared is not None:
                self._wanted.add(score.shared)
            if score.value is None and score.shared is not None:
                yield f"{name} has no value, and names arrays that it rests on"
            if score.value is not None:
                yield from self._score(name, score, own, run)

    def _score(self, name: str, score: ScoreRecord, own: Arrays, run: Stored) -> Iterator[str]:
        try:
            metric = _metric(run, name)
        except (RegistryError, ValidationError, ValueError) as error:
            yield f"{name}: no metric '{score.metric}' with these settings here ({str(error).splitlines()[0]})"
            return
        origin = run.record.origin
        reported = origin is not None and origin.kind == "reported"
        if (why := "reported by others" if reported else metric.not_recomputed) is not None:
            self.without[why] += 1
            return
        shared = self._read_shared(score.shared) if score.shared is not None else {}
        if isinstance(shared, str):
            yield f"{name}: {shared}"
            return
        if not own:
            yield f"{name} has a value and nothing is kept that it could be computed from"
            return
        try:
            value = metric.recomputed(own | shared)
        except (KeyError, ValueError, TypeError, IndexError, ZeroDivisionError, MetricError) as error:
            yield f"{name}: what is kept of it gives no score ({type(error).__name__}: {error})"
            return
        self.recomputed += 1
        if not math.isclose(value, score.value or 0.0, rel_tol=metric.rounding, abs_tol=metric.rounding):
            yield f"{name} is recorded as {score.value!r}, what is kept of it gives {value!r}"

    def _checked(self, digest: str) -> Arrays | str:
        if len(digest) != 64 or not _DIGEST.issuperset(digest):
            return f"'{ascii(digest)[1:65]}' is no SHA-256 of shared arrays"
        file = shared_file(self.results, digest)
        where = file.relative_to(self.results)
        if not file.is_file():
            return f"{where} is missing"
        try:
            arrays = read_arrays(file)
        except StoreError as error:
            return str(error).replace(str(file), str(where))
        return arrays if sha256(file) == digest else f"{where} has changed since it was written"

    def shared_problems(self) -> Iterator[str]:
        """Shared arrays that are not what their name says, or that no score here rests on."""
        for file in sorted((self.results / SHARED).glob("*")):
            where = file.relative_to(self.results)
            if file.stem not in self._wanted:
                yield f"{where} belongs to no score"
            elif sha256(file) != file.stem:
                yield f"{where} has changed since it was written"


def _metric(run: Stored, name: str) -> Metric:
    """The metric of a score with the settings that the run was asked for."""
    setup = run.record.determinant.get("setup")
    score = setup.get("scores", {}).get(name) if isinstance(setup, dict) else None
    if not isinstance(score, dict) or not isinstance(score.get("metric"), dict):
        raise ValueError("the run was not asked for it")
    ((metric, settings),) = score["metric"].items()
    return METRICS.get(metric).model_validate(settings)


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
    """Rows of a table that are not what the records give, by the columns that both have; a line if the head differs."""
    before, after = (list(csv.reader(io.StringIO(text.decode(errors="replace")))) for text in (old, new))
    heads = [rows.pop(0) if rows else [] for rows in (before, after)]
    if heads[0] != heads[1]:
        apart = ", ".join(sorted({*heads[0]} ^ {*heads[1]})) or "their order"
        yield f"tables/{name}: its columns are not those that are written here: {cut(apart)}"
    for number, (left, two) in enumerate(zip(before, after, strict=False), start=2):
        then, now = (dict(zip(head, row, strict=False)) for head, row in zip(heads, (left, two), strict=True))
        if len(left) != len(heads[0]) or not all(_same_text(then[one], now[one]) for one in then.keys() & now.keys()):
            yield f"tables/{name}: row {number} is not what the records give: {cut(', '.join(left))}"
    if len(before) != len(after):
        yield f"tables/{name}: {len(before) + 1} rows, the records give {len(after) + 1}"


def _same_text(old: str, new: str) -> bool:
    try:
        return old == new or _equal(float(old), float(new))
    except ValueError:
        return False
