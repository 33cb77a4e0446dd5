"""Readings: other ways to fill what a paper leaves open, each a named edit of the spec's file.

A reading changes values where the file writes them, so what inherits a value follows. The paper under a reading is a
spec like any other: the same experiments, claims and tables with other values, planned, run and judged as the base is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import combinations, product
from typing import Any

from pydantic import ValidationError

from benchmark.registry import did_you_mean
from benchmark.spec import provenance
from benchmark.spec.check import Fitting
from benchmark.spec.check import check as check_spec
from benchmark.spec.expand import Complaint, at_point, expand, places
from benchmark.spec.experiments import Setup
from benchmark.spec.messages import complaints
from benchmark.spec.paper import PaperSpec, Reading
from benchmark.spec.resolve import ReplaceError, replaced
from benchmark.spec.shapes import resolve_sizes
from benchmark.spec.source import Path_, Source, dotted
from benchmark.spec.systems import Network, System

#: the spec as it stands, without any reading
BASE = "base"
_RESERVED = {BASE: "the spec without readings", "all": "all readings"}
_SECTIONS = ("networks", "systems", "experiments", "claims")
#: what names another item of the file, whose values the ledger covers there
_REFERENCES: dict[tuple[Any, Any], str] = {("experiments", "system"): "systems", ("systems", "networks"): "networks"}
#: what moves no score; what is observed already, claims may read
_FREE = {("experiments", "snapshots"), ("systems", "observe")}
#: what is said of a value, or counted of it
_PROSE = {"says", "where", "label", "note", "parameters"}
_NUMBER = re.compile(r"(?<![\w.])\d+(\.\d+)?(e[+-]?\d+)?")
_ABSENT: Any = object()


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
    def _whole(self) -> dict[str, Any]:
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
        return {name: there for name, there in joined.items() if self._edited(there) != self._edited(name)}

    def _touched(self, name: str) -> list[Path_]:
        return list(_differences(self.source.data, self._edited(name), ()))

    def _affected(self, name: str, than: str = BASE) -> list[str]:
        before, after = self.under(than), self.under(name)
        return [experiment for experiment in after.experiments if self._differs(before, after, experiment)]

    def _differs(self, before: PaperSpec, after: PaperSpec, experiment: str) -> bool:
        """Whether an experiment's runs differ; what the experiment sets itself is no network's."""
        if before.experiments.get(experiment) != after.experiments[experiment]:
            return True
        return any(
            setup.system not in before.systems
            or self._system(before, setup) != self._system(after, setup)
            or any(
                _at_sizes(before.networks.get(network), setup) != _at_sizes(after.networks.get(network), setup)
                for network in self._system(after, setup).networks.values()
                if before.networks.get(network) is not after.networks.get(network)
            )
            for setup in _setups(after, experiment)
            if setup.system in after.systems
        )

    def _system(self, spec: PaperSpec, setup: Setup) -> System:
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
        edited = self._moved(self._edited(name))
        new = expand(Source(self.source.file, edited, self.source.positions)).data
        changed: dict[str, dict[str, Any]] = {
            section: {key: item for key, item in new[section].items() if item != self._whole[section].get(key)}
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

    def _edited(self, name: str) -> dict[str, Any]:
        """The file's data under a reading."""
        data = self.source.data
        for part in self.parts(name):
            for pattern, value in self.spec.readings[part].change.items():
                try:
                    data = self._with(data, pattern, value)
                    self._keeps_its_form(data)
                except ReadingError as error:
                    raise ReadingError(str(error), ("readings", part, "change", pattern)) from error
        return data

    def _keeps_its_form(self, data: Mapping[str, Any]) -> None:
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

    def _with(self, data: dict[str, Any], pattern: str, value: Any) -> dict[str, Any]:
        """``data`` with the values at a path replaced; an inherited one is then written by the heir itself."""
        steps = pattern.split(".")
        if steps[0] not in _SECTIONS:
            raise ReadingError(f"must be a path below {', '.join(_SECTIONS)}")
        values: dict[str, Any]
        values, fits = _replaced(data, steps, value)
        if not fits and _leads(self._whole, steps):
            values = _written(data, [str(step) for step in at_point(data, tuple(steps))], value)
        elif not fits:
            raise ReadingError("fits nothing that the file writes or inherits there")
        return values

    def check(self, fitting: Fitting) -> Iterator[Complaint]:
        """All problems of the readings of a paper that is sound without them; ``fitting`` is what fits there."""
        sound = True
        for name, reading in self.spec.readings.items():
            for complaint in self._named(name, reading):
                sound = False
                yield complaint
        for ground, name in product((None, *self.grounds), self.spec.readings) if sound else ():
            try:
                self._edited(f"{ground}+{name}" if ground else name)
            except ReadingError as error:
                sound = False
                yield Complaint(error.place, f"on top of '{ground}', {error}" if ground else str(error))
        edits: dict[str, str] = {}
        for name in self.spec.readings if sound else ():
            first = edits.setdefault(self._edit(name), name)
            if first != name:
                yield Complaint(("readings", name), f"changes what '{first}' changes, and would count twice")
        for name in self.planned if sound else ():
            for complaint in self._fits(name, fitting):
                sound = False
                yield complaint
        for ground in self.grounds if sound else ():
            yield from self._idle(ground)

    def _idle(self, ground: str) -> Iterator[Complaint]:
        """Readings that change runs which a ground changes too, and no longer do on top of it."""
        on_ground = set(self.affected(ground))
        for name, there in self.on(ground).items():
            both = on_ground & set(self.affected(name))
            tests = self.under(name).claims != self.spec.claims
            if both and not tests and not both & set(self.affected(there, ground)):
                message = (
                    f"on top of '{ground}' it changes nothing of {min(both)}, as alone: name its grounds, without this"
                )
                yield Complaint(("readings", name), message)

    def _edit(self, name: str) -> str:
        """All that a reading changes, and what it makes of it."""
        data = self._edited(name)
        return repr(sorted((dotted(path), _at(data, path)) for path in self.touched(name)))

    def _named(self, name: str, reading: Reading) -> Iterator[Complaint]:
        """What is wrong with a reading as it is written."""
        if name in _RESERVED:
            yield Complaint(("readings", name), f"'{name}' is no name of a reading: it stands for {_RESERVED[name]}")
        for index, ground in enumerate(reading.grounds):
            if ground not in (known := [BASE, *self.grounds]):
                message = f"no ground '{ground}', known: {', '.join(known)}{did_you_mean(ground, known)}"
                yield Complaint(("readings", name, "grounds", index), message)
        yield from self._combination(name, reading) if reading.combines else self._single(name, reading)

    def _single(self, name: str, reading: Reading) -> Iterator[Complaint]:
        """Whether a reading changes what its entries cover, and nothing else."""
        place: Path_ = ("readings", name)
        used: set[str] = set()
        entries = [*self.spec.unstated, *self.spec.contradictions, *(f"claims.{claim}" for claim in self.spec.claims)]
        for index, entry in enumerate(reading.of):
            if entry not in entries:
                message = f"no unstated value, contradiction or claim '{entry}'{did_you_mean(entry, entries)}"
                yield Complaint((*place, "of", index), message)
                used.add(entry)
        for pattern, value in reading.change.items():
            problem, covering = self._change(reading, pattern, value)
            used |= covering
            if problem is not None:
                yield Complaint((*place, "change", pattern), problem)
                used |= set(reading.of)  # what it covers cannot be told
        for index, entry in enumerate(reading.of):
            if entry not in used:
                yield Complaint((*place, "of", index), f"the reading changes nothing that '{entry}' covers")

    def _change(self, reading: Reading, pattern: str, value: Any) -> tuple[str | None, set[str]]:
        """What is wrong with one change, and the entries that cover it."""
        try:
            data = self._with(self.source.data, pattern, value)
            self._keeps_its_form(data)
        except ReadingError as error:
            return str(error), set()
        paths = list(_differences(self.source.data, data, ()))
        if not paths:
            return "is what the base has", set()
        used: set[str] = set()
        for path in paths:
            entries = self._covering(reading, path, _at(data, path))
            if not isinstance(entries, str):
                used |= entries
            elif _at(self._whole, path) != _at(data, path):  # an heir may write what it inherits
                return f"{dotted(path)} {entries}", used
        return None, used

    def _covering(self, reading: Reading, path: Path_, value: Any) -> set[str] | str:
        """Entries of ``of`` that cover a value changed to ``value``; why it may not be changed, where none does."""
        section, old = (path[0], path[2] if len(path) > 2 else None), _at(self.source.data, path)
        if path[0] == "claims":
            entry = dotted(path[:2])
            if section[1] != "predicate":
                return "is no part of the claim's test"
            if "statistic" not in path and _numberless(old) != _numberless(value):
                return "is what the claim compares: a reading changes numbers and statistics of its test"
            return {entry} if entry in reading.of else f"belongs to '{entry}', which 'of' does not name"
        if path[-1] in _PROSE and old is not _ABSENT:
            return "is said of a value and is none"
        if section in _REFERENCES:
            named = _REFERENCES[section]
            entries = {entry for entry in reading.of if entry.partition(".")[0] in (section[0], named)}
            entries |= set(reading.of) & set(self.spec.contradictions)
            return entries or f"names another item of {named}, of which 'of' has no entry"
        if section in _FREE and (path[-1] != "signal" or old is _ABSENT):
            return set()
        written = list(places(self.source.data, path))
        contradictions = self.spec.contradictions
        entries = {
            entry
            for entry in reading.of
            for pattern in (contradictions[entry].paths if entry in contradictions else (entry,))
            if any(provenance.covers(pattern, place) for place in written)
        }
        if section == ("experiments", "tiers"):  # reduced forms are ours in any case
            return entries
        absent = [_absent(self.source.data, place) for place in written]
        keys = zip(map(self._deciding, written), absent, strict=True)
        # what is stated of an heir is stated of what it writes, and not of what it inherits
        known = next(
            (key for key, steps in keys if key and (key not in self.spec.stated or steps == min(absent))), None
        )
        if known in self.spec.stated and not entries & set(contradictions):
            return f"is stated: {self.spec.stated[known]}"
        if not entries:
            return "is covered by nothing" if known is None else f"is covered by '{known}', which 'of' does not name"
        return entries

    @cached_property
    def _deciding(self) -> provenance.Deciding:
        return provenance.deciding(self.spec)

    def _combination(self, name: str, reading: Reading) -> Iterator[Complaint]:
        known = [other for other, reading in self.spec.readings.items() if not reading.combines]
        for index, part in enumerate(reading.combines):
            if part not in known:
                message = f"unknown reading '{part}', known: {', '.join(known)}{did_you_mean(part, known)}"
                yield Complaint(("readings", name, "combines", index), message)
        if set(reading.combines) <= set(known):
            for first, second in combinations(reading.combines, 2):
                try:
                    pairs = [(a, b) for a in self.touched(first) for b in self.touched(second)]
                except ReadingError:  # said of that reading itself
                    continue
                for place in [min(a, b, key=len) for a, b in pairs if a[: len(b)] == b[: len(a)]][:1]:
                    message = f"'{first}' and '{second}' both change {dotted(place)}"
                    yield Complaint(("readings", name, "combines"), message)

    def _fits(self, name: str, fitting: Fitting) -> Iterator[Complaint]:
        """Whether the paper under a reading is sound: what has not changed is not looked at again."""
        try:
            read = self.under(name)
        except ReadingError as error:
            yield Complaint(error.place, str(error))
            return
        experiments, place = self.affected(name), ("readings", self.parts(name)[-1])
        if not experiments and read.claims == self.spec.claims:
            yield Complaint(place, f"under '{name}' nothing is trained, sampled, scored or judged otherwise")
        for experiment in experiments:
            base = self.spec.experiments.get(experiment)
            if base is None:
                yield Complaint(place, f"under '{name}', experiments.{experiment} is one more than the paper has")
                return
            for score in base.scores.keys() - read.experiments[experiment].scores.keys():
                message = (
                    f"under '{name}', experiments.{experiment}.scores.{score} is gone, which claims or tables may read"
                )
                yield Complaint(place, message)
        setups = [setup for experiment in experiments for setup in _setups(read, experiment)]
        setups = [setup for setup in setups if setup.system in read.systems]
        systems = {setup.system for setup in setups}
        networks = {network for system in systems for network in read.systems[system].networks.values()}
        named = {network for setup in setups for network in self._system(read, setup).networks.values()}
        networks |= named & read.networks.keys()
        claims = {name for name, claim in read.claims.items() if claim is not self.spec.claims[name]}
        keep = {"networks": networks, "systems": systems, "experiments": set(experiments), "claims": claims}
        small = {
            section: {name: item for name, item in getattr(read, section).items() if name in names}
            for section, names in keep.items()
        }
        rest = {
            (section, name) for section, names in keep.items() for name in getattr(read, section) if name not in names
        }
        lean = read.model_copy(update={**small, "tables": {}, "figures": {}})
        for complaint in check_spec(lean, self.source.data, rest, ("figures", "stated", "unstated"), fitting):
            message = f"under '{name}', {dotted(complaint.path)}: {complaint.message}"
            yield Complaint(place, message)


def _numberless(value: Any) -> Any:
    """A value of a claim's test without its numbers, also those of an expression."""
    if isinstance(value, str):
        return _NUMBER.sub("0", value)
    return 0 if isinstance(value, int | float) and not isinstance(value, bool) else value


def _at(node: Any, path: Path_) -> Any:
    """The value at a path; absent where there is none."""
    for step in path:
        items = node if isinstance(node, dict) else dict(enumerate(node)) if isinstance(node, list) else {}
        node = items.get(step, _ABSENT)
    return node


def _absent(node: Any, path: Path_) -> int:
    """How many of the last steps of a path lead to nothing."""
    return next(steps for steps in range(len(path) + 1) if _at(node, path[: len(path) - steps]) is not _ABSENT)


def _at_sizes(network: Network | None, setup: Setup) -> Network | None:
    """A network at a setup's sizes, without the count of the spec's."""
    if network is None:
        return None
    return network.model_copy(update={"sizes": resolve_sizes(network, setup.sizes), "parameters": None})


def _setups(spec: PaperSpec, experiment: str) -> list[Setup]:
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


def _leads(node: Any, steps: Sequence[str]) -> bool:
    """Whether mappings alone lead to a value; items of lists are not inherited one by one."""
    for step in steps:
        if not isinstance(node, dict) or step not in node:
            return False
        node = node[step]
    return True


def _written(node: Mapping[str, Any], steps: Sequence[str], value: Any) -> dict[str, Any]:
    """``node`` with a value at a path of mappings, which are made where there are none; else :class:`ReadingError`."""
    step, *rest = steps
    if not rest:
        return {**node, step: value}
    inner = {} if node.get(step) is None else node[step]
    if not isinstance(inner, dict):
        raise ReadingError(f"'{step}' is no mapping there, so nothing lies below it")
    return {**node, step: _written(inner, rest, value)}


def _differences(old: Any, new: Any, path: Path_) -> Iterator[Path_]:
    """Paths of values that differ; a list of another length differs as a whole."""
    if old is new or old == new:
        return
    if all(value is _ABSENT or isinstance(value, dict) for value in (old, new)):
        before, after = ({} if value is _ABSENT else value for value in (old, new))
        for key in {**before, **after}:
            yield from _differences(before.get(key, _ABSENT), after.get(key, _ABSENT), (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (first, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(first, other, (*path, index))
    else:
        yield path
