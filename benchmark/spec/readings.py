"""Readings: other ways to fill what a paper leaves open, each a named edit of the spec's file.

A reading changes values where the file writes them, so what inherits a value follows. The paper under a reading is a
spec like any other: the same experiments, claims and tables with other values, planned, run and judged as the base is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from pydantic import ValidationError

from benchmark.registry import did_you_mean
from benchmark.spec.expand import at_point, expand
from benchmark.spec.experiments import Setup
from benchmark.spec.messages import complaints
from benchmark.spec.paper import PaperSpec
from benchmark.spec.resolve import ReplaceError, replaced
from benchmark.spec.shapes import resolve_sizes
from benchmark.spec.source import Path_, Source, dotted
from benchmark.spec.systems import Network, System

#: the spec as it stands, without any reading
BASE = "base"
_SECTIONS = ("networks", "systems", "experiments", "claims")
#: a value that is not there
ABSENT: Any = object()


class ReadingError(ValueError):
    """A reading that there is none of, or that does not fit; ``place`` is its path in the spec."""

    def __init__(self, message: str, place: Path_ = ("readings",)) -> None:
        super().__init__(message)
        self.place = place


class Readings:
    """The readings of one paper. A name may join several by ``+``, of which the last one decides where two differ."""

    def __init__(self, spec: PaperSpec, source: Source) -> None:
        self.spec = spec
        self.source = source
        #: paths of the file's values that a reading changes
        self.touched = cache(self._touched)
        #: the paper under a reading, in which what it leaves alone are the very objects of the base; raises
        #: :class:`ReadingError` where a change fits nothing or gives what no spec may be
        self.under = cache(self._under)
        #: experiments whose runs a reading changes, the base's or those under another reading
        self.affected = cache(self._affected)
        #: readings that are tried on a ground, and their names there; what replaces all of the ground is none
        self.on = cache(self._on)
        self._seen: dict[tuple[int, str], System] = {}

    @cached_property
    def whole(self) -> dict[str, Any]:
        """The file spelled out, without any reading."""
        return expand(self.source).data

    def parts(self, name: str) -> tuple[str, ...]:
        """The readings that ``name`` stands for, each once; none of the base."""
        known: dict[str, None] = {}
        for piece in name.split("+") if name != BASE else ():
            if piece == BASE:
                raise ReadingError(f"'{name}': {BASE} is the spec without readings, and is joined with none")
            if piece not in self.spec.readings:
                names = [BASE, *self.spec.readings]
                raise ReadingError(f"unknown reading '{piece}', known: {', '.join(names)}{did_you_mean(piece, names)}")
            known |= dict.fromkeys(self.spec.readings[piece].combines or [piece])
        return tuple(known)

    def stray(self, name: str) -> str | None:
        """What is wrong with a name that tries a reading on none of the grounds that the reading is for, in words."""
        pieces = name.split("+")
        here = {piece for piece in pieces if piece in self.grounds} or {BASE}
        for piece in dict.fromkeys((*pieces, *self.parts(name))):
            grounds = self.spec.readings[piece].grounds if piece in self.spec.readings else ()
            if grounds and here.isdisjoint(grounds):
                names = [f"{piece} by itself" if ground == BASE else f"{ground}+{piece}" for ground in grounds]
                return f"'{piece}' is for other grounds: {' or '.join(names)}"
        return None

    @cached_property
    def planned(self) -> list[str]:
        """All that the paper plans: each reading alone, and the others on top of each ground."""
        return [name for ground in (BASE, *self.grounds) for name in self.on(ground).values()]

    @cached_property
    def grounds(self) -> list[str]:
        """Readings that the others are tried on top of."""
        return [name for name, reading in self.spec.readings.items() if reading.ground]

    def samples_only(self, name: str) -> bool:
        """Whether a reading changes nothing but what is sampled and scored."""
        paths, free = self.touched(name), {"scores", "generator_mode"}
        return bool(paths) and all(path[0] == "experiments" and free.intersection(path) for path in paths)

    def _on(self, ground: str) -> dict[str, str]:
        tried = [name for name, reading in self.spec.readings.items() if ground in (reading.grounds or (ground,))]
        if ground == BASE:
            return {name: name for name in tried}
        joined = {name: f"{ground}+{name}" for name in tried if name not in self.grounds}
        return {name: there for name, there in joined.items() if self.edited(there) != self.edited(name)}

    def _touched(self, name: str) -> list[Path_]:
        return list(differences(self.source.data, self.edited(name), ()))

    def _affected(self, name: str, than: str = BASE) -> list[str]:
        before, after = self.under(than), self.under(name)
        return [experiment for experiment in after.experiments if self._differs(before, after, experiment)]

    def _differs(self, before: PaperSpec, after: PaperSpec, experiment: str) -> bool:
        """Whether an experiment's runs differ; what the experiment sets itself is no network's."""
        if before.experiments.get(experiment) != after.experiments[experiment]:
            return True
        return any(
            setup.system not in before.systems
            or self.system(before, setup) != self.system(after, setup)
            or any(
                _at_sizes(before.networks.get(network), setup) != _at_sizes(after.networks.get(network), setup)
                for network in self.system(after, setup).networks.values()
                if before.networks.get(network) is not after.networks.get(network)
            )
            for setup in setups(after, experiment)
            if setup.system in after.systems
        )

    def system(self, spec: PaperSpec, setup: Setup) -> System:
        """A setup's system, after the setup's replacements where they fit."""
        system = spec.systems[setup.system]
        key = (id(system), repr(setup.replace))  # all specs under readings are kept, so no other object has this id
        if key not in self._seen:
            try:
                self._seen[key] = replaced(system, setup)
            except ReplaceError:
                self._seen[key] = system
        return self._seen[key]

    def _under(self, name: str) -> PaperSpec:
        names = self.parts(name)
        if not names:
            return self.spec
        edited = self._moved(self.edited(name))
        new = expand(Source(self.source.file, edited, self.source.positions)).data
        changed: dict[str, dict[str, Any]] = {
            section: {key: item for key, item in new[section].items() if item != self.whole[section].get(key)}
            for section in _SECTIONS
        }
        for network in changed["networks"].values():
            network.pop("parameters", None)  # the count is the base's
        try:
            spec = PaperSpec.model_validate({"schema_version": 1, "paper": new["paper"], "stated": {}, **changed})
        except ValidationError as error:
            first = complaints(error.errors(include_url=False), [])[0]
            message = f"{dotted(first.path)}: {first.message}"
            raise ReadingError(message, ("readings", names[-1], "change")) from error
        return self.spec.model_copy(
            update={section: {**getattr(self.spec, section), **getattr(spec, section)} for section in _SECTIONS}
        )

    def edited(self, name: str) -> dict[str, Any]:
        """The file's data under a reading."""
        data = self.source.data
        for part in self.parts(name):
            for pattern, value in self.spec.readings[part].change.items():
                try:
                    data = self.with_value(data, pattern, value)
                except ReadingError as error:
                    raise ReadingError(str(error), ("readings", part, "change", pattern)) from error
        return data

    def _moved(self, data: dict[str, Any]) -> dict[str, Any]:
        """An edited file's data, of its items only those that an edit can have moved: edited ones and their heirs.

        What these extend stays too.
        """
        small = dict(data)
        for section in _SECTIONS:
            old, new = self.source.data.get(section, {}), data.get(section, {})
            edited = {name for name, item in new.items() if item is not old.get(name)}
            extends = {name: item.get("extends") for name, item in new.items() if isinstance(item, dict)}
            moved = edited | {name for name, origin in extends.items() if origin in edited}
            kept = moved | {extends.get(name) for name in moved}
            small[section] = {name: item for name, item in new.items() if name in kept}
        return small

    def with_value(self, data: dict[str, Any], pattern: str, value: Any) -> dict[str, Any]:
        """``data`` with the values at a path replaced; an inherited one is then written by the heir itself."""
        steps = pattern.split(".")
        if steps[0] not in _SECTIONS:
            raise ReadingError(f"must be a path below {', '.join(_SECTIONS)}")
        values: dict[str, Any]
        values, fits = _replaced(data, steps, value)
        inherited = [] if fits else [*_leading(self.whole, steps)]
        for path in inherited:
            values = _written(values, [str(step) for step in at_point(data, path)], value)
        if not fits and not inherited:
            raise ReadingError("fits nothing that the file writes or inherits there")
        _keep_their_form(values)
        return values


def _keep_their_form(data: Mapping[str, Any]) -> None:
    """Raise :class:`ReadingError` where a section or an item is no mapping, or extends no one name."""
    for section in _SECTIONS:
        items = data.get(section, {})
        if not isinstance(items, dict):
            raise ReadingError(f"{section} must be a mapping")
        for name, item in items.items():
            if not isinstance(item, dict):
                raise ReadingError(f"{section}.{name} must be a mapping")
            if not isinstance(item.get("extends", ""), str):
                raise ReadingError(f"{section}.{name}.extends must be one name")


def at(node: Any, path: Path_) -> Any:
    """The value at a path; absent where there is none."""
    for step in path:
        items = node if isinstance(node, dict) else dict(enumerate(node)) if isinstance(node, list) else {}
        node = items.get(step, ABSENT)
    return node


def _at_sizes(network: Network | None, setup: Setup) -> Network | None:
    """A network at a setup's sizes, without the count of the spec's."""
    if network is None:
        return None
    return network.model_copy(update={"sizes": resolve_sizes(network, setup.sizes), "parameters": None})


def setups(spec: PaperSpec, experiment: str) -> list[Setup]:
    return [spec.experiments[experiment], *spec.experiments[experiment].tiers.values()]


def _replaced(node: Any, steps: Sequence[str], value: Any) -> tuple[Any, bool]:
    """``node`` with ``value`` at a path below it (``*`` is any one step), and whether the path leads anywhere."""
    if not steps:
        return value, True
    step, *rest = steps
    items = list(node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ())
    made = [
        (key, *(_replaced(inner, rest, value) if step in ("*", str(key)) else (inner, False))) for key, inner in items
    ]
    if not any(fits for _, _, fits in made):
        return node, False
    return [inner for _, inner, _ in made] if isinstance(node, list) else {key: inner for key, inner, _ in made}, True


def _leading(node: Any, steps: Sequence[str]) -> Iterator[Path_]:
    """Paths of mappings alone that fit ``steps``, ``*`` any one; items of lists are not inherited one by one."""
    if not steps:
        yield ()
    for key, inner in node.items() if steps and isinstance(node, dict) else ():
        if steps[0] in ("*", key):
            for rest in _leading(inner, steps[1:]):
                yield (key, *rest)


def _written(node: Mapping[str, Any], steps: Sequence[str], value: Any) -> dict[str, Any]:
    """``node`` with a value at a path of mappings, which are made where there are none; else :class:`ReadingError`."""
    step, *rest = steps
    if not rest:
        return {**node, step: value}
    inner = {} if node.get(step) is None else node[step]
    if not isinstance(inner, dict):
        raise ReadingError(f"'{step}' is no mapping there, so nothing lies below it")
    return {**node, step: _written(inner, rest, value)}


def differences(old: Any, new: Any, path: Path_) -> Iterator[Path_]:
    """Paths of values that differ; a list of another length differs as a whole."""
    if old is new or old == new:
        return
    if all(value is ABSENT or isinstance(value, dict) for value in (old, new)):
        before, after = ({} if value is ABSENT else value for value in (old, new))
        for key in {**before, **after}:
            yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (first, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(first, other, (*path, index))
    else:
        yield path
