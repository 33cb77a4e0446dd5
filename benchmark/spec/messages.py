"""pydantic's errors in an author's words: what is valid, what was found, what was perhaps meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from pydantic_core import ErrorDetails

from benchmark.registry import did_you_mean, nearest
from benchmark.spec.base import IDENTIFIER, NAME, NEEDS_KEY
from benchmark.spec.expand import Complaint
from benchmark.spec.keys import locate, valid_keys
from benchmark.spec.source import Path_, shorten

_PATTERNS = {
    NAME: "must be a name: lower-case letters, digits and _, beginning with a letter, at most 64",
    IDENTIFIER: "must be an identifier: letters, digits, . and -, beginning with a capital, at most 32",
}

_MAPPING = "must be a mapping of settings"

#: pydantic's kind of error -> what is valid, from the error's context
_VALID: dict[str, Callable[[dict[str, Any]], str]] = {
    "int_type": lambda _: "must be a whole number",
    "float_type": lambda _: "must be a number",
    "bool_type": lambda _: "must be true or false",
    "string_type": lambda _: "must be text",
    "tuple_type": lambda _: "must be a list",
    "dict_type": lambda _: "must be a mapping",
    "model_type": lambda _: _MAPPING,
    "model_attributes_type": lambda _: _MAPPING,
    "literal_error": lambda context: f"must be {context['expected']}",
    "greater_than": lambda context: f"must be above {context['gt']}",
    "greater_than_equal": lambda context: f"must be at least {context['ge']}",
    "less_than": lambda context: f"must be below {context['lt']}",
    "less_than_equal": lambda context: f"must be at most {context['le']}",
    "too_short": lambda context: f"needs at least {_items(context['min_length'])}",
    "too_long": lambda context: f"takes at most {_items(context['max_length'])}",
    "string_too_short": lambda _: "must not be empty",
    "string_too_long": lambda context: f"must be at most {context['max_length']} characters long",
    "string_pattern_mismatch": lambda context: _PATTERNS.get(context["pattern"], f"must match {context['pattern']}"),
}

#: our own kinds of error that are about a value, and not about a mapping's keys
_OF_VALUES = {"part", "size", "url"}


def complaints(errors: Iterable[ErrorDetails], incomplete: list[Path_]) -> list[Complaint]:
    """Errors as complaints, without those that only follow from others."""
    errors = list(errors)
    misspelt: set[Path_] = set()
    faulty = {tuple(error["loc"]) for error in errors}
    complaints: list[Complaint] = []
    for error in errors:
        path, _ = locate(error["loc"])
        if error["type"] == "extra_forbidden":
            kind, valid = valid_keys(error["loc"][:-1])
            name = str(path[-1])
            if kind != "key":
                message = f"unknown {kind} '{shorten(name)}', known: {', '.join(valid)}{did_you_mean(name, valid)}"
            else:
                message = f"unknown key, valid: {', '.join(valid)}{did_you_mean(name, valid)}"
            meant = nearest(name, valid)
            if meant is not None:
                misspelt.add((*path[:-1], meant))
            complaints.append(Complaint(path, message))
    hollow = [*incomplete, *(path[:-1] for path in misspelt if path[-1] == "extends")]
    for error in errors:
        path, is_key = locate(error["loc"])
        if error["type"] == "extra_forbidden":
            continue
        if error["type"] == "missing":
            if path not in misspelt and not any(path[: len(above)] == above for above in hollow):
                complaints.append(Complaint(path, "is missing"))
        elif error["type"] == "union":
            complaints.append(_no_tag(path, error))
        elif not (error["type"] == "too_short" and _counts_only_valid_items(error, faulty)):
            complaints.append(Complaint(path, _message(error, is_key)))
    return complaints


def _counts_only_valid_items(error: ErrorDetails, faulty: set[tuple[str | int, ...]]) -> bool:
    """pydantic counts a tuple's valid items only: is the list long enough as written?"""
    place = error["loc"]
    return any(other[: len(place)] == place and len(other) > len(place) for other in faulty)


def _no_tag(path: Path_, error: ErrorDetails) -> Complaint:
    """A union whose deciding key is absent: perhaps it is misspelt."""
    given, valid = error["input"], error["msg"].removeprefix(NEEDS_KEY).split(", ")
    if isinstance(given, dict):
        meant = {key: nearest(str(key), valid) for key in given}
        key = next((key for key, near in meant.items() if near is not None), None)
        if key is not None:
            message = f"unknown key, one of these is needed: {', '.join(valid)}{did_you_mean(key, valid)}"
            return Complaint((*path, key), message)
    return Complaint(path, f"{error['msg']}{_found(given)}")


def _message(error: ErrorDetails, is_key: bool) -> str:
    kind, context, problem = error["type"], error.get("ctx", {}), error.get("input")
    words = _VALID[kind](context) if kind in _VALID else error["msg"]
    if is_key:
        words = f"the key {words}"
    elif not (isinstance(problem, str) and shorten(problem) in words) and (kind in _OF_VALUES or kind in _VALID):
        words += _found(problem)
    if kind == "literal_error" and isinstance(problem, str):
        words += did_you_mean(problem, re.findall(r"'([^']*)'", context["expected"]))
    return words


def _found(value: Any) -> str:
    """``, found ...``; nothing for what is too large to show."""
    if value is None:
        return ", found nothing"
    if isinstance(value, bool):
        return f", found {str(value).lower()}"
    if isinstance(value, str):
        return f", found {shorten(value)!r}"
    if isinstance(value, int | float):
        return f", found {value}"
    if isinstance(value, list):
        return f", found a list of {len(value)}"
    if isinstance(value, dict):
        keys = ", ".join(shorten(str(key)) for key in list(value)[:6])
        return f", found a mapping of {keys}" if keys else ", found an empty mapping"
    return ""


def _items(count: int) -> str:
    return f"{count} item" + ("" if count == 1 else "s")
