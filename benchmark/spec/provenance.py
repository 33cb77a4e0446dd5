"""How each written value of a recipe is known: the paper states it, or the ledger of unstated values covers it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmark.spec.base import Tag
from benchmark.spec.expand import expand, places
from benchmark.spec.paper import PaperSpec
from benchmark.spec.resolve import system_of
from benchmark.spec.source import Path_, Source

#: section -> keys of its items whose values can move a score
_SECTIONS = {
    "networks": {"sizes", "input", "layers", "defaults", "initialise"},
    "systems": {"batches", "noise", "players", "schedule", "signals", "sample", "average"},
    "experiments": {
        *("dataset", "batch_size", "last_batch", "budget", "generator_mode", "scores", "seeds", "sizes", "replace"),
        "sweep",
    },
}
#: a point of a sweep says besides what it is and how it is reduced
_NO_RECIPE = {"label", "says", "where", "tiers"}
#: no step of a ledger key: those are what stands between dots
_END = "."


@dataclass(frozen=True)
class ValueOrigin:
    """How one written value is known; ``pattern`` is the ledger's key that covers it."""

    path: Path_
    value: Any
    tag: Tag
    pattern: str
    where: str


def recipe_values(data: dict[str, Any]) -> Iterator[tuple[Path_, Any]]:
    """Every value of the file as written that can move a score, with its path.

    Inherited values (``extends``) are written once, so they are counted once; reduced tiers are ours, not the paper's,
    and a network that readings alone name is theirs.
    """
    of_readings = _of_readings(data)
    yield from ((path, value) for path, value in written_values(data) if path[:2] not in of_readings)


def written_values(data: dict[str, Any]) -> Iterator[tuple[Path_, Any]]:
    """The same, with those of networks that readings alone name."""
    for section, keys in _SECTIONS.items():
        items = data.get(section)
        for name, item in items.items() if isinstance(items, dict) else ():
            for key in item if isinstance(item, dict) else ():
                if key in keys:
                    value = _recipes(item[key]) if key == "sweep" else item[key]
                    yield from _leaves(value, (section, name, key))


def _of_readings(data: dict[str, Any]) -> set[Path_]:
    """Networks, as paths, that readings name, and neither a system, an experiment nor another network."""
    networks, readings = data.get("networks"), data.get("readings")
    if not isinstance(networks, dict) or not isinstance(readings, dict):
        return set()
    parents = [item.get("extends") for item in networks.values() if isinstance(item, dict)]
    theirs = {*_texts(readings)} - {*_texts([data.get("systems"), data.get("experiments"), parents])}
    return {("networks", name) for name in networks if name in theirs}


def _texts(value: Any) -> Iterator[str]:
    for _, leaf in _leaves(value, ()):
        if isinstance(leaf, str):
            yield leaf


def own_values(spec: PaperSpec, data: dict[str, Any]) -> set[Path_]:
    """Paths of the written values that the paper's own experiments are made of, wherever they were inherited from.

    Seeds are left out, and scores by metrics that no table of the paper prints: those are this project's.
    """
    spelt = expand(Source("", data)).data
    written = {path for path, _ in recipe_values(data)}
    reported = {table.quantity for table in spec.tables.values()}
    chosen: dict[str, set[str]] = {section: set() for section in _SECTIONS}
    for name, experiment in spec.experiments.items():
        if experiment.role == "own" and spec.systems[experiment.system].role == "own":
            chosen["experiments"].add(name)
            chosen["systems"].add(experiment.system)
            chosen["networks"] |= set(system_of(spec, experiment).networks.values())
    own: set[Path_] = set()
    for section, keys in _SECTIONS.items():
        for name in chosen[section]:
            item = {key: value for key, value in spelt[section][name].items() if key in keys and key != "seeds"}
            if section == "experiments":
                item["scores"] = {
                    score: written_score
                    for score, written_score in item["scores"].items()
                    if spec.experiments[name].scores[score].metric.name in reported
                }
            for path, _ in _leaves(item, (section, name)):
                own |= set(_origin(data, path, written))
    return own


def _origin(data: dict[str, Any], path: Path_, written: set[Path_]) -> Iterator[Path_]:
    """Where the file wrote the spelled-out value at ``path``; of a default, also the part that it is laid under."""
    for place in places(data, path):
        above = next((place[:depth] for depth in range(len(place), 2, -1) if place[:depth] in written), None)
        if above is not None:
            yield above
            if above == place:
                return


def _recipes(points: Any) -> Any:
    """The points of a sweep without what moves no score at full budget."""
    if not isinstance(points, dict):
        return points
    return {
        name: {key: value for key, value in point.items() if key not in _NO_RECIPE}
        if isinstance(point, dict)
        else point
        for name, point in points.items()
    }


def _leaves(value: Any, path: Path_) -> Iterator[tuple[Path_, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            if key != "label":
                yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    else:
        yield path, value


#: the key of the ledger that tells how the value at a path is known
Deciding = Callable[[Path_], str | None]


def covers(pattern: str, path: Path_) -> bool:
    """Whether a ledger key covers ``path``: it equals the path or a part above it; ``*`` stands for any one step."""
    steps = pattern.split(".")
    return len(steps) <= len(path) and all(step in ("*", str(real)) for step, real in zip(steps, path, strict=False))


class Keys:
    """Many ledger keys as one tree of their steps, to find those that cover a path in a few lookups."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._root: dict[str, Any] = {}
        for pattern in patterns:
            node = self._root
            for step in pattern.split("."):
                node = node.setdefault(step, {})
            node[_END] = pattern

    def covering(self, path: Path_) -> Iterator[str]:
        """Keys that :func:`covers` says cover ``path``, the shortest first."""
        nodes = [self._root]
        for step in path:
            nodes = [node[name] for node in nodes for name in dict.fromkeys((str(step), "*")) if name in node]
            yield from (node[_END] for node in nodes if _END in node)


def deciding(spec: PaperSpec) -> Deciding:
    """Which key of the ledger tells how the value at a path is known.

    The most specific key wins: the longest, then the one with fewest ``*``, then a stated one, then the first.
    """
    patterns = (*spec.stated, *spec.unstated)
    order = {key: (-key.count("."), key.count("*"), rank) for rank, key in enumerate(patterns)}
    keys = Keys(patterns)
    return lambda path: min(keys.covering(path), key=order.__getitem__, default=None)


def origins(spec: PaperSpec, data: dict[str, Any]) -> tuple[list[ValueOrigin], list[Path_]]:
    """How every written value of the recipe is known, and the paths that nothing covers."""
    ledger: dict[str, tuple[Tag, str]] = {key: ("stated", where) for key, where in spec.stated.items()}
    ledger = {key: (entry.tag, entry.source) for key, entry in spec.unstated.items()} | ledger
    decides = deciding(spec)
    known: list[ValueOrigin] = []
    bare: list[Path_] = []
    for path, value in recipe_values(data):
        pattern = decides(path)
        if pattern is None:
            bare.append(path)
        else:
            known.append(ValueOrigin(path, value, ledger[pattern][0], pattern, ledger[pattern][1]))
    return known, bare


def uncovered(spec: PaperSpec, data: dict[str, Any]) -> list[tuple[Path_, int]]:
    """Paths below which nothing is covered, as few and as high as possible, with the number of values of each."""
    bare = origins(spec, data)[1]
    total, lacking = Counter[Path_](), Counter[Path_]()
    for counter, paths in ((total, [path for path, _ in recipe_values(data)]), (lacking, bare)):
        counter.update(path[:depth] for path in paths for depth in range(1, len(path) + 1))
    tops = dict.fromkeys(
        next(path[:depth] for depth in range(1, len(path) + 1) if lacking[path[:depth]] == total[path[:depth]])
        for path in bare
    )
    return [(top, lacking[top]) for top in tops]


def unused_patterns(spec: PaperSpec, data: dict[str, Any]) -> list[str]:
    """Ledger keys that cover nothing that is written."""
    patterns = [*spec.stated, *spec.unstated]
    keys = Keys(patterns)
    used = {pattern for path, _ in written_values(data) for pattern in keys.covering(path)}
    return [pattern for pattern in patterns if pattern not in used]
