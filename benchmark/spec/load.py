"""From a YAML file to a checked :class:`PaperSpec`; every problem with file, line and column, all at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchmark.registry import did_you_mean
from benchmark.spec.base import TIERS
from benchmark.spec.check import Complaint, check
from benchmark.spec.keys import valid_keys
from benchmark.spec.paper import PaperSpec, Setup
from benchmark.spec.source import Path_, Problem, Source, SpecError, dotted, parse, read

#: fields that hold a part: an override with another part's name replaces it whole
_PART_FIELDS = {"dataset", "optimizer", "metric"}
_SETUP_FIELDS = set(Setup.model_fields)


@dataclass(frozen=True)
class Loaded:
    """A checked paper, the file as written, and the SHA-256-ready canonical text of its meaning."""

    spec: PaperSpec
    source: Source


def load(file: Path) -> Loaded:
    """Load ``file``; raises :class:`SpecError` with every problem."""
    return _validated(read(file))


def loads(text: str, file: str = "<text>") -> Loaded:
    """As :func:`load`, from text."""
    return _validated(parse(text.encode(), file))


def _validated(source: Source) -> Loaded:
    problems: list[Problem] = []
    expanded = _expand(source, problems)
    try:
        spec = PaperSpec.model_validate(expanded)
    except ValidationError as error:
        problems += [_problem(source, details) for details in error.errors(include_url=False)]
        raise SpecError(source.file, problems) from None
    problems += [_at(source, complaint) for complaint in check(spec, source.data)]
    if problems:
        raise SpecError(source.file, problems)
    return Loaded(spec, source)


def canonical(data: Any) -> str:
    """JSON text that is equal for equal data: sorted keys, no spaces, no NaN."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


# --- what is written briefly, spelled out ---------------------------------------------------------------------------


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``over`` laid on top: mappings merge, everything else is replaced.

    A part (``dataset``, ``optimizer``, ``metric``) with another name replaces the base's part whole.
    """
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and not (key in _PART_FIELDS and set(old) != set(value)):
            result[key] = merge(old, value)
        else:
            result[key] = value
    return result


def _expand(source: Source, problems: list[Problem]) -> dict[str, Any]:
    data = dict(source.data)
    if isinstance(data.get("networks"), dict):
        data["networks"] = {
            name: _with_defaults(source, ("networks", name), network, problems)
            for name, network in data["networks"].items()
        }
    for section in ("systems", "experiments"):
        if isinstance(data.get(section), dict):
            data[section] = {name: _extended(source, section, name, data[section], problems) for name in data[section]}
    if isinstance(data.get("experiments"), dict):
        data["experiments"] = {name: _with_tiers(experiment) for name, experiment in data["experiments"].items()}
    return data


def _with_defaults(source: Source, path: Path_, network: Any, problems: list[Problem]) -> Any:
    """Lay each layer's settings over the network's ``defaults`` for its kind."""
    if not isinstance(network, dict) or not isinstance(network.get("layers"), list):
        return network
    network = dict(network)
    defaults = network.pop("defaults", None) or {}
    if not isinstance(defaults, dict):
        problems.append(_at(source, Complaint((*path, "defaults"), "must map a layer's name to settings")))
        return network
    used = set()
    layers = []
    for layer in network["layers"]:
        kind = layer if isinstance(layer, str) else next(iter(layer), None) if isinstance(layer, dict) else None
        if kind in defaults and isinstance(defaults[kind], dict):
            used.add(kind)
            settings = {} if isinstance(layer, str) else layer[kind]
            if settings is None or isinstance(settings, dict):
                layer = {kind: merge(defaults[kind], settings or {})}
        layers.append(layer)
    problems += [
        _at(source, Complaint((*path, "defaults", kind), "no layer of this network uses it"))
        for kind in defaults
        if kind not in used
    ]
    network["layers"] = layers
    return network


def _extended(source: Source, kind: str, name: str, section: dict[str, Any], problems: list[Problem]) -> Any:
    """Lay an item over the one that it ``extends``: in the same section, one level."""
    path: Path_ = (kind, name)
    item = section[name]
    if not isinstance(item, dict) or "extends" not in item:
        return item
    item = dict(item)
    base_name = item.pop("extends")
    base = section.get(base_name) if isinstance(base_name, str) else None
    if not isinstance(base, dict):
        hint = did_you_mean(str(base_name), section)
        problems.append(_at(source, Complaint((*path, "extends"), f"'{base_name}' is not defined{hint}")))
        return item
    if "extends" in base:
        problems.append(_at(source, Complaint((*path, "extends"), f"'{base_name}' extends another: one level only")))
        return item
    inherited = {key: value for key, value in base.items() if key not in ("says", "where")}
    return merge(inherited, item)


def _with_tiers(experiment: Any) -> Any:
    """Lay each tier's overrides over the experiment's full setup."""
    if not isinstance(experiment, dict) or not isinstance(experiment.get("tiers"), dict):
        return experiment
    full = {key: value for key, value in experiment.items() if key in _SETUP_FIELDS}
    tiers = {
        tier: merge(full, override) if isinstance(override, dict) and tier in TIERS else override
        for tier, override in experiment["tiers"].items()
    }
    return {**experiment, "tiers": tiers}


# --- messages -------------------------------------------------------------------------------------------------------


def _at(source: Source, complaint: Complaint) -> Problem:
    position = source.position(complaint.path)
    return Problem(position.line, position.column, f"{dotted(complaint.path)}: {complaint.message}")


def _problem(source: Source, details: Any) -> Problem:
    """One pydantic error in our words."""
    path = _written_path(source, details["loc"])
    kind, context, found = details["type"], details.get("ctx", {}), details.get("input")
    if kind == "extra_forbidden":
        valid = valid_keys(PaperSpec, details["loc"][:-1])
        message = f"unknown key, valid: {', '.join(sorted(valid))}{did_you_mean(str(path[-1]), valid)}"
    elif kind == "missing":
        message = "missing"
    elif kind in ("string_pattern_mismatch",):
        message = f"{found!r} must match {context.get('pattern')}"
    elif isinstance(found, str | int | float | bool):
        message = f"{details['msg'][0].lower()}{details['msg'][1:]}, found {found!r}"
    else:
        message = f"{details['msg'][0].lower()}{details['msg'][1:]}"
    if isinstance(details.get("input"), float | int) and kind == "literal_error":
        message = f"must be {context.get('expected')}, found {found!r}"
    return _at(source, Complaint(path, message))


def _written_path(source: Source, loc: tuple[str | int, ...]) -> Path_:
    """``loc`` without the steps that pydantic adds for unions; the last step stays, it may be a missing key."""
    path: Path_ = ()
    for index, step in enumerate(loc):
        if (*path, step) in source.positions or (index == len(loc) - 1 and step not in path[-1:]):
            path = (*path, step)
    return path
