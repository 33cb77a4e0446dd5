"""What no reading may be: each changes values that its entries cover, and gives a sound spec that differs.

A reading is looked at as it is written, on the base, and on top of each ground that it is tried on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import combinations, product
from typing import Any

from benchmark.registry import did_you_mean
from benchmark.spec import provenance
from benchmark.spec.check import Fitting
from benchmark.spec.check import check as check_spec
from benchmark.spec.claims import quantities
from benchmark.spec.expand import Complaint, places
from benchmark.spec.paper import Reading
from benchmark.spec.readings import ABSENT, BASE, ReadingError, Readings, at, differences, setups
from benchmark.spec.source import Path_, dotted

_RESERVED = {BASE: "the spec without readings", "all": "all readings"}
#: what names another item of the file, whose values the ledger covers there
_REFERENCES: dict[tuple[Any, Any], str] = {("experiments", "system"): "systems", ("systems", "networks"): "networks"}
#: what moves no score; what is observed already, claims may read
_FREE = {("experiments", "snapshots"), ("systems", "observe")}
#: what is said of a value, or counted of it
_PROSE = {"says", "where", "label", "note", "parameters"}
_NUMBER = re.compile(r"(?<![\w.])\d+(\.\d+)?(e[+-]?\d+)?")


def check_readings(readings: Readings, fitting: Fitting) -> Iterator[Complaint]:
    """All problems of the readings of a paper that is sound without them; ``fitting`` is what fits there."""
    return _Checks(readings, fitting).all()


class _Checks:
    def __init__(self, readings: Readings, fitting: Fitting) -> None:
        self.readings = readings
        self.spec = readings.spec
        self.source = readings.source
        self.fitting = fitting

    def all(self) -> Iterator[Complaint]:
        """All problems."""
        sound = True
        for name, reading in self.spec.readings.items():
            for complaint in self._named(name, reading):
                sound = False
                yield complaint
        for ground, name in product((None, *self.readings.grounds), self.spec.readings) if sound else ():
            try:
                self.readings.edited(f"{ground}+{name}" if ground else name)
            except ReadingError as error:
                sound = False
                yield Complaint(error.place, f"on top of '{ground}', {error}" if ground else str(error))
        edits: dict[str, str] = {}
        for name in self.spec.readings if sound else ():
            first = edits.setdefault(self._edit(name), name)
            if first != name:
                yield Complaint(("readings", name), f"changes what '{first}' changes, and would count twice")
        for name in self.readings.planned if sound else ():
            for complaint in self._fits(name):
                sound = False
                yield complaint
        for ground in self.readings.grounds if sound else ():
            yield from self._idle(ground)
        tried = {name for ground in (BASE, *self.readings.grounds) if sound for name in self.readings.on(ground)}
        for name in self.spec.readings if sound else ():
            if name not in tried:
                message = "is tried on none of them: it replaces all that they change"
                yield Complaint(("readings", name, "grounds"), message)

    def _idle(self, ground: str) -> Iterator[Complaint]:
        """Readings that would change what claims see of runs that a ground changes, and do not on top of it."""
        of_ground = set(self.readings.affected(ground))
        claims = [
            {quantity.experiment for quantity in quantities(claim.predicate)}
            for claim in self.readings.under(ground).claims.values()
            if claim.predicate is not None
        ]
        for name, there in self.readings.on(ground).items():
            if self.readings.under(there).claims != self.readings.under(ground).claims:
                continue
            alone = set(self.readings.affected(name)) if name in self.readings.on(BASE) else of_ground
            moved = set(self.readings.affected(there, ground))
            if (
                alone & of_ground
                and not moved & of_ground
                and not any(seen & of_ground and seen & moved for seen in claims)
            ):
                changed = min(alone & of_ground)
                message = f"on top of '{ground}' it no longer changes {changed}: 'grounds' names what it is tried on"
                yield Complaint(("readings", name), message)

    def _edit(self, name: str) -> str:
        """All that a reading changes, and what it makes of it."""
        data = self.readings.edited(name)
        return repr(sorted((dotted(path), _alike(at(data, path))) for path in self.readings.touched(name)))

    def _named(self, name: str, reading: Reading) -> Iterator[Complaint]:
        """What is wrong with a reading as it is written."""
        if name in _RESERVED:
            yield Complaint(("readings", name), f"'{name}' is no name of a reading: it stands for {_RESERVED[name]}")
        for index, ground in enumerate(reading.grounds):
            if ground not in (known := [BASE, *self.readings.grounds]):
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
            data = self.readings.with_value(self.source.data, pattern, value)
        except ReadingError as error:
            return str(error), set()
        paths = list(differences(self.source.data, data, ()))
        if not paths:
            return "is what the base has", set()
        used: set[str] = set()
        for path in paths:
            entries = self._covering(reading, path, at(data, path))
            if not isinstance(entries, str):
                used |= entries
            elif at(self.readings.whole, path) != at(data, path):  # an heir may write what it inherits
                return f"{dotted(path)} {entries}", used
        return None, used

    def _covering(self, reading: Reading, path: Path_, value: Any) -> set[str] | str:
        """Entries of ``of`` that cover a value changed to ``value``; why it may not be changed, where none does."""
        steps = path[4:] if path[2:3] == ("sweep",) else path[2:]  # of a point of a sweep as of any other experiment
        section, old = (path[0], steps[0] if steps else None), at(self.source.data, path)
        if path[0] == "claims":
            entry = dotted(path[:2])
            if section[1] != "predicate":
                return "is no part of the claim's test"
            if "statistic" not in path and _numberless(old) != _numberless(value):
                return "is what the claim compares: a reading changes numbers and statistics of its test"
            return {entry} if entry in reading.of else f"belongs to '{entry}', which 'of' does not name"
        if path[-1] in _PROSE and old is not ABSENT:
            return "is said of a value and is none"
        if section[0] == "experiments" and "seeds" in steps:
            return "is how often a run is repeated, which is the same under all readings"
        if section in _REFERENCES:
            named = _REFERENCES[section]
            entries = {entry for entry in reading.of if entry.partition(".")[0] in (section[0], named)}
            entries |= set(reading.of) & set(self.spec.contradictions)
            return entries or f"names another item of {named}, of which 'of' has no entry"
        if section in _FREE and (path[-1] != "signal" or old is ABSENT):
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
        known = self._known(written)
        if known in self.spec.stated and not entries & set(contradictions):
            return f"is stated: {self.spec.stated[known]}"
        if not entries:
            return "is covered by nothing" if known is None else f"is covered by '{known}', which 'of' does not name"
        return entries

    def _known(self, written: Sequence[Path_]) -> str | None:
        """The key of the ledger that tells how a value is known, of the places that may have written it.

        It is that of the place that writes it. An heir that inherits it may have an unstated key by its own name; what
        is stated of an heir is stated of what it writes.
        """
        absent = [_absent(self.source.data, place) for place in written]
        for place, steps in zip(written, absent, strict=True):
            key = self._deciding(place)
            own = key is not None and key not in self.spec.stated and key.split(".")[1:2] == [str(place[1])]
            if key is not None and (steps == min(absent) or own):
                return key
        return None

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
                    pairs = [(a, b) for a in self.readings.touched(first) for b in self.readings.touched(second)]
                except ReadingError:  # said of that reading itself
                    continue
                for place in [min(a, b, key=len) for a, b in pairs if a[: len(b)] == b[: len(a)]][:1]:
                    message = f"'{first}' and '{second}' both change {dotted(place)}"
                    yield Complaint(("readings", name, "combines"), message)

    def _fits(self, name: str) -> Iterator[Complaint]:
        """Whether the paper under a reading is sound: what has not changed is not looked at again."""
        try:
            read = self.readings.under(name)
        except ReadingError as error:
            yield Complaint(error.place, str(error))
            return
        experiments, place = self.readings.affected(name), ("readings", self.readings.parts(name)[-1])
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
        known = [one for experiment in experiments for one in setups(read, experiment) if one.system in read.systems]
        systems = {setup.system for setup in known}
        networks = {network for system in systems for network in read.systems[system].networks.values()}
        named = {network for setup in known for network in self.readings.system(read, setup).networks.values()}
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
        for complaint in check_spec(lean, self.source.data, rest, ("figures", "stated", "unstated"), self.fitting):
            message = f"under '{name}', {dotted(complaint.path)}: {complaint.message}"
            yield Complaint(place, message)


def _numberless(value: Any) -> Any:
    """A value of a claim's test without its numbers, also those of an expression."""
    if isinstance(value, str):
        return _NUMBER.sub("0", value)
    return 0 if isinstance(value, int | float) and not isinstance(value, bool) else value


def _alike(value: Any) -> Any:
    """A value of the file, in which 3 and 3.0 are written alike."""
    if isinstance(value, dict):
        return {key: _alike(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_alike(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _absent(node: Any, path: Path_) -> int:
    """How many of the last steps of a path lead to nothing."""
    return next(steps for steps in range(len(path) + 1) if at(node, path[: len(path) - steps]) is not ABSENT)
