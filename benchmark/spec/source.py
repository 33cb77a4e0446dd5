"""YAML text to plain data with the position of every key, strictly.

YAML 1.2 scalars (``2e-4`` is a float, ``no`` a string), no duplicate keys, anchors, aliases, merges or tags, limits on
size, depth and nodes. Every problem is collected, so that one reading shows them all.
"""

from __future__ import annotations

import math
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_NODES = 20_000
#: longest text that a message repeats
MAX_SHOWN = 60

Path_ = tuple[str | int, ...]

_NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
#: whole numbers with more digits stay text
_MAX_DIGITS = 18


@dataclass(frozen=True)
class Position:
    """1-based line and column."""

    line: int
    column: int


@dataclass(frozen=True, order=True)
class Problem:
    """One fault of a file, printed as ``file:line:column: message``."""

    line: int
    column: int
    message: str


class SpecError(ValueError):
    """Everything that is wrong with one file."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = sorted(set(problems))
        super().__init__("\n".join(f"{file}:{p.line}:{p.column}: {p.message}" for p in self.problems))


@dataclass
class Source:
    """Plain data of one YAML file and where each key stands."""

    file: str
    data: dict[str, Any]
    positions: dict[Path_, Position] = field(default_factory=dict)

    def position(self, path: Path_) -> Position:
        """Position of ``path``, or of the nearest written key above it."""
        return self.positions.get(self.written(path), Position(1, 1))

    def written(self, path: Path_) -> Path_:
        """The longest beginning of ``path`` that the file has."""
        while path and path not in self.positions:
            path = path[:-1]
        return path


def read(file: Path) -> Source:
    """Read one YAML mapping from ``file``; raises :class:`SpecError` with every problem found."""
    try:
        if not (file.is_file() or file.is_dir()) and file.exists():
            raise SpecError(str(file), [Problem(1, 1, "cannot be read: it is no file")])
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SpecError(str(file), [Problem(1, 1, f"cannot be read: {error.strerror or error}")]) from error
    return parse(raw, str(file))


def parse(raw: bytes, file: str) -> Source:
    """Parse YAML bytes; ``file`` is the name used in messages."""
    if len(raw) > MAX_BYTES:
        raise SpecError(file, [Problem(1, 1, f"larger than {MAX_BYTES} bytes")])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SpecError(file, [Problem(line, 1, f"must be UTF-8 text: byte {error.start} is not")]) from error
    fast = getattr(yaml, "CSafeLoader", None)  # libyaml, in every wheel of PyYAML
    if fast is not None and "\t" not in text:  # of tabs it takes more than the other
        with suppress(yaml.YAMLError):  # a fault; the parser in Python words and places it better
            return _read(fast(text), file)
    try:
        return _read(yaml.SafeLoader(text), file)
    except SpecError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = f"{error.problem or error.context}{_hint(error)}"
        raise SpecError(file, [Problem(line, column, f"not YAML: {what}")]) from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise SpecError(file, [Problem(line, 1, f"character U+{error.character:04X} is not allowed")]) from error
    except (ValueError, OverflowError) as error:  # an escape beyond Unicode
        raise SpecError(file, [Problem(1, 1, f"not YAML: {error}")]) from error


def _hint(error: yaml.MarkedYAMLError) -> str:
    """What an author did, as far as it can be guessed: the parser tells where it gave up."""
    problem, begun = error.problem or "", error.context_mark
    if "'\\t'" in problem:
        return "; YAML takes spaces and no tabs"
    if "cannot start any token" in problem:
        return "; a text that begins with it needs quotes"
    if "mapping values" in problem:
        return "; a key ends with ': ', and a text with ': ' in it needs quotes"
    if begun is not None and error.problem_mark is not None and begun.line < error.problem_mark.line:
        return f"; what begins on line {begun.line + 1} is not complete, or is indented otherwise"
    return ""


def _read(events: Any, file: str) -> Source:
    reader = _Reader(events, Source(file, {}))
    data = reader.document()
    if not isinstance(data, dict) and not reader.problems:
        reader.problems.append(Problem(1, 1, "must hold one mapping, beginning with 'schema_version:'"))
    if reader.problems:
        raise SpecError(file, reader.problems)
    reader.source.data = data
    return reader.source


class _Reader:
    """Plain data from events, refusing aliases, anchors, tags, several documents and anything too deep or too long."""

    def __init__(self, events: Any, source: Source) -> None:
        self.events, self.source = events, source
        self.problems: list[Problem] = []
        self._depth = self._nodes = 0

    def document(self) -> Any:
        """The only document's data; None where there is none."""
        self.events.get_event()  # the stream's start
        data = None
        if not isinstance(self.events.peek_event(), yaml.StreamEndEvent):
            self.events.get_event()  # the document's start
            data = self._value(self.events.get_event(), ())
            self.events.get_event()  # its end
        if not isinstance(self.events.peek_event(), yaml.StreamEndEvent):
            self._refuse(self.events.peek_event(), "only one document is allowed")
        return data

    def _value(self, event: Any, path: Path_) -> Any:
        """What ``event`` begins, with all events of it taken."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise SpecError(self.source.file, [*self.problems, _problem_at(event, f"more than {MAX_NODES} values")])
        self.source.positions.setdefault(path, _position(event))
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "aliases are not allowed")
            return None
        self._bare(event)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event, path, self.problems)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise SpecError(self.source.file, [*self.problems, _problem_at(event, f"deeper than {MAX_DEPTH} levels")])
        data = self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._sequence(path)
        self._depth -= 1
        return data

    def _sequence(self, path: Path_) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self.events.get_event(), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path_) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while not isinstance(event := self.events.get_event(), yaml.MappingEndEvent):
            key = self._key(event, path)
            inner = (*path, "?" if key is None else key)
            if key is not None and key not in data:
                self.source.positions[inner] = _position(event)
            elif key is not None:
                first = self.source.positions[inner]
                self._refuse(event, f"{dotted(inner)}: duplicate key, first on line {first.line}")
            value = self._value(self.events.get_event(), inner)
            if key is not None:
                data[key] = value
        return data

    def _key(self, event: Any, path: Path_) -> str | None:
        """Text of a key; None, with a problem noted, where it is something else."""
        if not isinstance(event, yaml.ScalarEvent):
            if not isinstance(event, yaml.AliasEvent):
                self._refuse(event, "a key must be text")
            self._value(event, (*path, "?"))
            return None
        if event.value == "<<" and not event.style:
            self._refuse(event, "merge keys are not allowed")
            return None
        _check_characters(event, path, self.problems)
        self._bare(event)
        self._nodes += 1
        return str(event.value)

    def _bare(self, event: Any) -> None:
        """Refuse an anchor and a tag."""
        if event.anchor is not None:
            self._refuse(event, "anchors are not allowed")
        if event.tag is not None:
            self._refuse(event, f"tags are not allowed: {shorten(event.tag)}")

    def _refuse(self, event: Any, message: str) -> None:
        self.problems.append(_problem_at(event, message))


def _position(event: Any) -> Position:
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)


def _problem_at(event: Any, message: str) -> Problem:
    """A problem where a YAML event begins."""
    return Problem(event.start_mark.line + 1, event.start_mark.column + 1, message)


def _check_characters(event: yaml.ScalarEvent, path: Path_, problems: list[Problem]) -> None:
    """Refuse control characters and lone surrogates, which an escape can write but no report can print."""
    for character in event.value:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t":
            problems.append(_problem_at(event, f"{dotted(path)}: character U+{ord(character):04X} is not allowed"))
            return


def _scalar(event: yaml.ScalarEvent, path: Path_, problems: list[Problem]) -> Any:
    text = event.value
    if event.style:
        _check_characters(event, path, problems)
        return text
    if _NULL.match(text):
        return None
    if _BOOL.match(text):
        return text.lower() == "true"
    if _INT.match(text):
        digits = text.lstrip("+-")
        if len(digits) > _MAX_DIGITS or (len(digits) > 1 and digits.startswith("0")):
            return text
        return int(text)
    if _FLOAT.match(text) and math.isfinite(float(text)):
        return float(text)
    if _FLOAT.match(text) or _NOT_FINITE.match(text):
        problems.append(_problem_at(event, f"{dotted(path)}: {shorten(text)} is not a finite number"))
        return None
    return text


def shorten(text: str) -> str:
    """``text``, cut to what a one-line message can carry."""
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."


def dotted(path: Path_) -> str:
    """``('cells', 0, 'value')`` as ``cells[0].value``, always one line."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{_printed(step)}" if text else _printed(step))
    return text or "(file)"


def _printed(key: str) -> str:
    return shorten(key) if key.isprintable() else repr(shorten(key))
