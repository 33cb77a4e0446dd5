"""What a spec writes briefly, spelled out: ``defaults`` of a network, ``extends``, and tiers.

:func:`places` is the way back: from a path in the spelled-out data to the places where the file may have written it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmark.registry import did_you_mean
from benchmark.spec.experiments import Setup
from benchmark.spec.source import Path_, Source

#: fields that hold one of several things under its own key (a part, an interval): another key replaces the whole
_CHOICES = {"dataset", "of", "optimizer", "metric", "normalisation", "budget", "every"}
_SETUP_FIELDS = set(Setup.model_fields)
#: what an item does not inherit from the one that it extends
INHERITED_NOT = ("label", "says", "role", "where", "parameters")
_EXTENDING = ("networks", "systems", "experiments")


@dataclass(frozen=True)
class Complaint:
    """A problem and the path of the value it is about, in the spelled-out data."""

    path: Path_
    message: str


@dataclass
class Expanded:
    """A spec spelled out. Below ``incomplete`` paths values are absent because a reference to them is wrong."""

    data: dict[str, Any]
    complaints: list[Complaint] = field(default_factory=list)
    incomplete: list[Path_] = field(default_factory=list)


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``over`` laid on top: mappings merge, everything else is replaced.

    A choice (a part, an interval) that is written under another key than the base's replaces it whole.
    """
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and not (key in _CHOICES and set(old) != set(value)):
            result[key] = merge(old, value)
        else:
            result[key] = value
    return result


def expand(source: Source) -> Expanded:
    """Spell out the data of ``source``; what is malformed is left as it is, for the model to complain about."""
    expanded = Expanded(dict(source.data))
    for section in _EXTENDING:
        items = source.data.get(section)
        if isinstance(items, dict):
            expanded.data[section] = {name: _extended(expanded, section, name, items) for name in items}
    networks = expanded.data.get("networks")
    if isinstance(networks, dict):
        expanded.data["networks"] = {
            name: _with_defaults(expanded, name, network) for name, network in networks.items()
        }
    experiments = expanded.data.get("experiments")
    if isinstance(experiments, dict):
        experiments = _swept(expanded, experiments)
        expanded.data["experiments"] = {name: _with_tiers(experiment) for name, experiment in experiments.items()}
    return expanded


def experiments_before_tiers(source: Source) -> dict[str, Any]:
    """Experiments with what they extend and every point of a sweep, their tiers as written."""
    expanded, items = Expanded(dict(source.data)), source.data.get("experiments") or {}
    return _swept(expanded, {name: _extended(expanded, "experiments", name, items) for name in items})


def _with_defaults(expanded: Expanded, name: str, network: Any) -> Any:
    """Lay each layer's settings over the network's ``defaults`` for its kind."""
    if not isinstance(network, dict) or not isinstance(network.get("layers"), list) or "defaults" not in network:
        return network
    network = dict(network)
    defaults = network.pop("defaults")
    path: Path_ = ("networks", name, "defaults")
    if not isinstance(defaults, dict):
        expanded.complaints.append(Complaint(path, "must map names of layers to settings"))
        expanded.incomplete.append(("networks", name, "layers"))
        return network
    kinds = {_kind(layer) for layer in network["layers"]} - {None}
    for kind, settings in defaults.items():
        if not isinstance(settings, dict):
            expanded.complaints.append(Complaint((*path, kind), "must be a mapping of settings"))
        elif kind not in kinds:
            hint = did_you_mean(kind, {other for other in kinds if other is not None})
            expanded.complaints.append(Complaint((*path, kind), f"no layer of this network is a '{kind}'{hint}"))
        else:
            continue
        expanded.incomplete.append(("networks", name, "layers"))
    network["layers"] = [_over_default(layer, defaults) for layer in network["layers"]]
    return network


def _kind(layer: Any) -> str | None:
    """Name of a layer as written; None for what is not one layer."""
    if isinstance(layer, dict) and len(layer) == 1:
        layer = next(iter(layer))
    return layer if isinstance(layer, str) else None


def _over_default(layer: Any, defaults: Mapping[str, Any]) -> Any:
    kind = _kind(layer)
    default = defaults.get(kind) if kind is not None else None
    settings = layer[kind] if isinstance(layer, dict) and kind is not None else {}
    if not isinstance(default, dict) or not isinstance(settings, dict | None):
        return layer
    return {kind: merge(default, settings or {})}


def _extended(expanded: Expanded, section: str, name: str, items: dict[str, Any]) -> Any:
    """Lay an item over the one that it ``extends``: in the same section, one level."""
    item = items[name]
    if not isinstance(item, dict) or "extends" not in item:
        return item
    item = dict(item)
    base_name = item.pop("extends")
    base = items.get(base_name) if isinstance(base_name, str) else None
    others = sorted(set(items) - {name})
    if not isinstance(base_name, str):
        problem = "must be the name of one other item of this section"
    elif base_name == name or base is None:
        problem = f"unknown item '{base_name}', known: {', '.join(others) or 'none'}{did_you_mean(base_name, others)}"
    elif isinstance(base, dict) and "extends" in base:
        problem = f"'{base_name}' extends another itself, only one level is allowed"
    elif isinstance(base, dict):
        return merge({key: value for key, value in base.items() if key not in INHERITED_NOT}, item)
    else:
        problem = f"'{base_name}' is not a mapping"
    expanded.complaints.append(Complaint((section, name, "extends"), problem))
    expanded.incomplete.append((section, name))
    return item


def _swept(expanded: Expanded, experiments: dict[str, Any]) -> dict[str, Any]:
    """Put in place of an experiment with a ``sweep`` one experiment for each of its points, ``<name>_<point>``."""
    result: dict[str, Any] = {}
    for name, experiment in experiments.items():
        points = experiment.get("sweep") if isinstance(experiment, dict) else None
        if points is None:
            result[name] = experiment
        elif not isinstance(points, dict) or not points or not all(isinstance(over, dict) for over in points.values()):
            message = "must map names of points to what differs there"
            expanded.complaints.append(Complaint(("experiments", name, "sweep"), message))
            expanded.incomplete.append(("experiments", name))
        else:
            base = {key: value for key, value in experiment.items() if key != "sweep"}
            for point, over in points.items():
                if f"{name}_{point}" in experiments:
                    message = f"there is an experiment '{name}_{point}' already"
                    expanded.complaints.append(Complaint(("experiments", name, "sweep", point), message))
                result[f"{name}_{point}"] = merge(base, over)
    return result


def _point(items: Mapping[str, Any], name: str) -> tuple[str, str] | None:
    """The experiment and the point of its sweep that ``name`` was expanded from."""
    for origin, item in items.items():
        base_name = item.get("extends") if isinstance(item, dict) else None
        base = items.get(base_name) if isinstance(base_name, str) else None
        for owner in (item, base):
            points = owner.get("sweep") if isinstance(owner, dict) else None
            if isinstance(points, dict) and name.startswith(f"{origin}_") and name[len(origin) + 1 :] in points:
                return origin, name[len(origin) + 1 :]
    return None


def _with_tiers(experiment: Any) -> Any:
    """Lay each tier's overrides over the experiment's full setup."""
    if not isinstance(experiment, dict) or not isinstance(experiment.get("tiers"), dict):
        return experiment
    full = {key: value for key, value in experiment.items() if key in _SETUP_FIELDS}
    tiers = {
        tier: merge(full, override) if isinstance(override, dict) else override
        for tier, override in experiment["tiers"].items()
    }
    return {**experiment, "tiers": tiers}


def at_point(data: Mapping[str, Any], path: Path_) -> Path_:
    """``path``, or where the file writes it of the point of a sweep, for an experiment that a sweep makes."""
    items = data.get(str(path[0])) if len(path) > 1 else None
    place = _point(items, str(path[1])) if isinstance(items, dict) and path[1] not in items else None
    return path if place is None else (path[0], place[0], "sweep", place[1], *path[2:])


def places(data: Mapping[str, Any], path: Path_) -> Iterator[Path_]:
    """Where the file may have written the value at ``path``: there itself, then what it inherits from, in order."""
    yield path
    if len(path) < 2 or path[0] not in _EXTENDING:
        return
    section, name, rest = path[0], path[1], path[2:]
    default = ("defaults", *rest[2:]) if section == "networks" and rest[:1] == ("layers",) and len(rest) > 2 else None
    if default is not None:
        yield (section, name, *default)
    items = data.get(str(section))
    if rest[:1] == ("sweep",) and len(rest) > 1:
        yield from places(data, (section, name, *rest[2:]))
        return
    point = at_point(data, path)
    if point != path:
        name = point[1]
        yield point
        yield (section, name, *rest)
    item = items.get(name) if isinstance(items, dict) else None
    base = item.get("extends") if isinstance(item, dict) else None
    owners = [name, base] if isinstance(base, str) else [name]
    if isinstance(base, str):
        yield (section, base, *rest)
        if default is not None:
            yield (section, base, *default)
    if rest[:1] == ("tiers",) and rest[2:3] and rest[2] in _SETUP_FIELDS:
        for owner in owners:
            yield (section, owner, *rest[2:])
