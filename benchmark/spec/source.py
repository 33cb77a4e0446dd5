"""YAML text to plain data with the position of every key, strictly.

YAML 1.2 scalars (``2e-4`` is a float, ``no`` a string), no duplicate keys, anchors, aliases, merges or tags, limits on
size, depth and nodes. Every problem is collected, so that one reading shows them all.
"""

from __future__ import annotations

import math
import re
import unicodedata
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
    problems: list[Problem] = []
    try:
        node = _Composer(text, file, problems).document()
    except SpecError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise SpecError(file, [Problem(line, column, f"not YAML: {error.problem or error.context}")]) from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise SpecError(file, [Problem(line, 1, f"character U+{error.character:04X} is not allowed")]) from error
    except (ValueError, OverflowError) as error:  # an escape beyond Unicode
        raise SpecError(file, [Problem(1, 1, f"not YAML: {error}")]) from error
    if not isinstance(node, yaml.MappingNode):
        problems.append(Problem(1, 1, "must hold one mapping, beginning with 'schema_version:'"))
        raise SpecError(file, problems)
    source = Source(file, {})
    source.data = _plain(node, (), source.positions, problems)
    if problems:
        raise SpecError(file, problems)
    return source


class _Composer(yaml.SafeLoader):
    """Builds nodes while refusing aliases, anchors, tags, several documents and anything too deep or too long."""

    def __init__(self, text: str, file: str, problems: list[Problem]) -> None:
        super().__init__(text)
        self._file = file
        self._problems = problems
        self._depth = self._nodes = 0

    def document(self) -> yaml.Node | None:
        """The only document's node; None where there is none."""
        self.get_event()  # type: ignore[no-untyped-call]
        node = None if self.check_event(yaml.StreamEndEvent) else self.compose_document()
        if not self.check_event(yaml.StreamEndEvent):
            self._refuse(self.peek_event(), "only one document is allowed")  # type: ignore[no-untyped-call]
        return node

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise SpecError(self._file, [*self._problems, _problem_at(event, f"more than {MAX_NODES} values")])
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "aliases are not allowed")
            self.get_event()  # type: ignore[no-untyped-call]
            return yaml.ScalarNode("", "", event.start_mark, event.end_mark)  # type: ignore[arg-type]
        if event.anchor is not None:
            self._refuse(event, "anchors are not allowed")
            event.anchor = None
        if event.tag is not None:
            self._refuse(event, f"tags are not allowed: {shorten(event.tag)}")
            event.tag = None
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise SpecError(self._file, [*self._problems, _problem_at(event, f"deeper than {MAX_DEPTH} levels")])
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def _refuse(self, event: Any, message: str) -> None:
        self._problems.append(_problem_at(event, message))


def _problem_at(place: Any, message: str) -> Problem:
    """A problem where a YAML event or node begins."""
    return Problem(place.start_mark.line + 1, place.start_mark.column + 1, message)


def _plain(node: yaml.Node, path: Path_, positions: dict[Path_, Position], problems: list[Problem]) -> Any:
    """Convert a node to plain data, noting where each key and item stands."""
    positions.setdefault(path, Position(node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            here = Position(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                problems.append(_problem_at(key_node, "a key must be text"))
                continue
            key = key_node.value
            if key == "<<" and key_node.style is None:
                problems.append(_problem_at(key_node, "merge keys are not allowed"))
                continue
            _check_characters(key_node, path, problems)
            if key in result:
                first = positions[(*path, key)]
                message = f"{dotted((*path, key))}: duplicate key, first on line {first.line}"
                problems.append(Problem(here.line, here.column, message))
                continue
            positions[(*path, key)] = here
            result[key] = _plain(value_node, (*path, key), positions, problems)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, index), positions, problems) for index, item in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)
    return _scalar(node, path, problems)


def _check_characters(node: yaml.ScalarNode, path: Path_, problems: list[Problem]) -> None:
    """Refuse control characters and lone surrogates, which an escape can write but no report can print."""
    for character in node.value:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t":
            problems.append(_problem_at(node, f"{dotted(path)}: character U+{ord(character):04X} is not allowed"))
            return


def _scalar(node: yaml.ScalarNode, path: Path_, problems: list[Problem]) -> Any:
    text = node.value
    if node.style is not None:
        _check_characters(node, path, problems)
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
        problems.append(_problem_at(node, f"{dotted(path)}: {shorten(text)} is not a finite number"))
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
