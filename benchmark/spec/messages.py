"""pydantic's errors in an author's words: what is valid, what was found, what was perhaps meant.

What a spec accepts where is read off the models' own annotations, for the editors' schema too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from benchmark.registry import did_you_mean, nearest
from benchmark.spec.base import IDENTIFIER, NAME, NEEDS_KEY
from benchmark.spec.expand import Complaint
from benchmark.spec.experiments import Experiment
from benchmark.spec.fields import PartOf
from benchmark.spec.paper import PaperSpec
from benchmark.spec.source import Path_, shorten
from benchmark.spec.systems import Network, System
from benchmark.spec.words import counted

#: keys that the loader expands before the models see them
WRITTEN_KEYS: dict[type[BaseModel], tuple[str, ...]] = {
    Network: ("extends", "defaults"),
    System: ("extends",),
    Experiment: ("extends", "sweep"),
}
#: how pydantic marks that a mapping's key, not its value, is at fault
_KEY = "[key]"
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
    "too_short": lambda context: f"needs at least {counted(context['min_length'], 'item')}",
    "too_long": lambda context: f"takes at most {counted(context['max_length'], 'item')}",
    "string_too_short": lambda _: "must not be empty",
    "string_too_long": lambda context: f"must be at most {context['max_length']} characters long",
    "string_pattern_mismatch": lambda context: _PATTERNS.get(context["pattern"], f"must match {context['pattern']}"),
}

#: our own kinds of error that are about a value, and not about a mapping's keys
_OF_VALUES = {"part", "size", "url", "number"}


def locate(location: tuple[str | int, ...]) -> tuple[Path_, bool]:
    """A pydantic error's location as a path of the spec, and whether it is a mapping's key that is at fault."""
    is_key = location[-1:] == (_KEY,)
    return _walk(location[:-1] if is_key else location)[0], is_key


def valid_keys(location: tuple[str | int, ...]) -> tuple[str, list[str]]:
    """What is named at a pydantic location ("key", or a kind of part) and the names that are accepted there."""
    places = _walk(location)[1]
    kind = next((place.registry.kind for place in places if isinstance(place, PartOf)), "key")
    return kind, sorted(key for place in places for key in _keys(place))


def _walk(location: tuple[str | int, ...]) -> tuple[Path_, list[Any]]:
    """The path of the spec that a pydantic location stands for, and the models and containers there."""
    places: list[Any] = [PaperSpec]
    path: Path_ = ()
    for step in location:
        if len(_models(places)) > 1:  # a tagged union is entered by its tag, which is no step of the file
            places = [place for place in _models(places) if str(step) in _keys(place)]
        else:
            places = [inner for place in places for inner in _below(place, step)]
            path = (*path, step)
    return path, places


def _models(places: list[Any]) -> list[Any]:
    """Those places that are models; more than one only in a union."""
    return [place for place in places if isinstance(place, type) and issubclass(place, BaseModel)]


def _members(annotation: Any) -> list[Any]:
    """The models, parts and containers that an annotation stands for."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        part = next((mark for mark in metadata if isinstance(mark, PartOf)), None)
        return [part] if part else _members(inner)
    if get_origin(annotation) in (Union, UnionType):
        return [member for option in get_args(annotation) for member in _members(option)]
    return [annotation]


def _below(place: Any, step: str | int) -> list[Any]:
    """What lies one step below ``place``."""
    if isinstance(place, PartOf):
        return [part for name, part in place.registry.items() if name == step]
    if isinstance(place, type) and issubclass(place, BaseModel):
        info = place.model_fields.get(str(step))
        if info is None:
            return []
        part = next((mark for mark in info.metadata if isinstance(mark, PartOf)), None)
        return [part] if part else _members(info.annotation)
    origin, arguments = get_origin(place), get_args(place)
    if origin is dict:
        return _members(arguments[1])
    if origin is tuple:
        return _members(arguments[0])
    return []


def _keys(place: Any) -> list[str]:
    if isinstance(place, PartOf):
        return place.registry.names()
    if isinstance(place, type) and issubclass(place, BaseModel):
        return [*place.model_fields, *WRITTEN_KEYS.get(place, ())]
    return []


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
