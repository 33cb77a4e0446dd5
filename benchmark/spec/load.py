"""From a YAML file to a checked :class:`PaperSpec`; every problem with file, line and column, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError, create_model

from benchmark.spec.check import Fitting, check
from benchmark.spec.expand import Complaint, expand, places
from benchmark.spec.messages import complaints
from benchmark.spec.paper import PaperSpec
from benchmark.spec.reading_checks import check_readings
from benchmark.spec.readings import BASE, Readings
from benchmark.spec.source import Path_, Problem, Source, SpecError, dotted, parse, read
from benchmark.spec.variants import misplaced, with_base


@dataclass(frozen=True)
class Loaded:
    """A checked paper, and the file as written."""

    spec: PaperSpec
    source: Source
    readings: Readings

    @property
    def file(self) -> Path:
        return Path(self.source.file)

    def under(self, reading: str | None) -> PaperSpec:
        """The paper under a reading, None being the base."""
        return self.readings.under(BASE if reading is None else reading)


#: what each file held when it was loaded last
_loaded: dict[Path, Loaded] = {}


def load(file: Path) -> Loaded:
    """What ``file`` says, checked again only where it has changed; raises :class:`SpecError` with every problem."""
    source, place = with_base(read(file)), file.resolve()
    last = _loaded.get(place)
    # repr, since 1 == 1.0 == True
    if last is None or repr((last.source.data, last.source.positions)) != repr((source.data, source.positions)):
        last = _loaded[place] = _validated(source)
    return Loaded(last.spec, source, last.readings)


def loads(text: str | bytes, file: str = "<text>") -> Loaded:
    """As :func:`load`, from text."""
    return _validated(with_base(parse(text.encode() if isinstance(text, str) else text, file)))


def _validated(source: Source) -> Loaded:
    expanded = expand(source)
    problems = list(expanded.complaints)
    try:
        spec = PaperSpec.model_validate(expanded.data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems += complaints(details, expanded.incomplete)
        problems += _check_the_rest(source, expanded.data, [detail["loc"] for detail in details])
    else:
        readings, fitting = Readings(spec, source), Fitting()
        problems += check(spec, source.data, fitting=fitting) or [*misplaced(spec), *check_readings(readings, fitting)]
    if problems:
        raise SpecError(source.file, _problems(source, problems))
    return Loaded(spec, source, readings)


def _check_the_rest(source: Source, data: dict[str, Any], faulty: list[tuple[str | int, ...]]) -> list[Complaint]:
    """Cross-check what is well-formed of a file that is not, so that one reading shows all problems."""
    broken = frozenset((str(place[0]), str(place[1])) for place in faulty if len(place) > 1)
    lost = {str(place[0]) for place in faulty if len(place) == 1}
    sections = {
        section: {name: item for name, item in data[section].items() if (section, name) not in broken}
        for section in PaperSpec.model_fields
        if isinstance(data.get(section), dict) and section not in (*lost, "paper")
    }
    anything: Any = (Any, None)
    needed: Any = (dict[str, Any], {})
    absent = {name: needed for name in ("networks", "systems", "experiments", "stated") if name not in sections}
    lenient = create_model("Lenient", __base__=PaperSpec, schema_version=anything, paper=anything, **absent)
    try:
        spec = lenient.model_validate(sections)
    except ValidationError:  # what failed is not confined to the items that were left out
        return []
    return check(spec, source.data, broken, lost)


def _problems(source: Source, complaints: list[Complaint]) -> list[Problem]:
    """Complaints where the file wrote what they are about; what an item inherits is said once, of its origin."""
    said = {(complaint.path, complaint.message) for complaint in complaints}
    problems = set()
    for complaint in complaints:
        own, *inherited = places(source.data, complaint.path)
        if not _written_value(source, own) and any((place, complaint.message) in said for place in inherited):
            continue
        path = next((place for place in (own, *inherited) if place in source.positions), own)
        position = source.position(path)
        heir = f" (in {dotted(own[:4] if own[2:3] == ('tiers',) else own[:2])})" if path[:3] != own[:3] else ""
        heir = "" if path[:1] == ("networks",) else heir
        problems.add(Problem(position.line, position.column, f"{dotted(path)}: {complaint.message}{heir}"))
    return sorted(problems)


def _written_value(source: Source, path: Path_) -> bool:
    """Whether the file writes a value at ``path``, and not just some of a mapping's keys."""
    if path not in source.positions:
        return False
    value: Any = source.data
    for step in path:
        value = value[step]
    return not isinstance(value, dict)
