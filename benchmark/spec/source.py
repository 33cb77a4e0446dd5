"""YAML text to plain data with the position of every key, strictly.

YAML 1.2 scalars (``2e-4`` is a float, ``no`` a string), no duplicate keys, anchors, aliases, merges or tags, limits on
size, depth and nodes. Every problem is collected, so that one reading shows them all.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 512 * 1024
MAX_DEPTH = 20
MAX_NODES = 40_000

Path_ = tuple[str | int, ...]

_NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_STANDARD_TAGS = {"tag:yaml.org,2002:" + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq")}


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
        """Position of ``path``; steps the file does not have are skipped, so the nearest written key answers."""
        known: Path_ = ()
        for step in path:
            if (*known, step) in self.positions:
                known = (*known, step)
        return self.positions.get(known, Position(1, 1))


def read(file: Path) -> Source:
    """Read one YAML mapping from ``file``; raises :class:`SpecError` with every problem found."""
    try:
        raw = file.read_bytes()
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
        raise SpecError(file, [Problem(1, 1, f"must be UTF-8 text: byte {error.start} is not")]) from error
    try:
        _check_events(text, file)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise SpecError(file, [Problem(line, column, f"not YAML: {error.problem or error.context}")]) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(file, [Problem(1, 1, f"not YAML: {str(error).splitlines()[0]}")]) from error
    if not isinstance(node, yaml.MappingNode):
        raise SpecError(file, [Problem(1, 1, "must hold one mapping, beginning with 'paper:'")])
    source = Source(file, {})
    problems: list[Problem] = []
    source.data = _plain(node, (), source.positions, problems)
    if problems:
        raise SpecError(file, problems)
    return source


def _check_events(text: str, file: str) -> None:
    """Refuse aliases, anchors, tags, several documents and anything too deep or too long, before building nodes."""
    problems: list[Problem] = []
    depth = nodes = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        where = (event.start_mark.line + 1, event.start_mark.column + 1) if event.start_mark else (1, 1)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                problems.append(Problem(*where, "only one document is allowed"))
        if isinstance(event, yaml.AliasEvent):
            problems.append(Problem(*where, "aliases are not allowed"))
            continue
        if not isinstance(event, yaml.NodeEvent):
            if isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            continue
        nodes += 1
        if event.anchor is not None:
            problems.append(Problem(*where, "anchors are not allowed"))
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in _STANDARD_TAGS:
            problems.append(Problem(*where, f"tags are not allowed: {tag}"))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            limit = f"deeper than {MAX_DEPTH} levels" if depth > MAX_DEPTH else f"more than {MAX_NODES} values"
            raise SpecError(file, [Problem(*where, limit)])
    if problems:
        raise SpecError(file, problems)


def _plain(node: yaml.Node, path: Path_, positions: dict[Path_, Position], problems: list[Problem]) -> Any:
    """Convert a node to plain data, noting where each key and item stands."""
    positions.setdefault(path, Position(node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            here = Position(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                problems.append(Problem(here.line, here.column, "a key must be text"))
                continue
            key = key_node.value
            if key == "<<" and key_node.style is None:
                problems.append(Problem(here.line, here.column, "merge keys are not allowed"))
                continue
            if key in result:
                first = positions[(*path, key)]
                problems.append(
                    Problem(
                        here.line, here.column, f"{dotted((*path, key))}: duplicate key, first on line {first.line}"
                    )
                )
                continue
            positions[(*path, key)] = here
            result[key] = _plain(value_node, (*path, key), positions, problems)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, index), positions, problems) for index, item in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)
    return _scalar(node, path, problems)


def _scalar(node: yaml.ScalarNode, path: Path_, problems: list[Problem]) -> Any:
    text = node.value
    if node.style is not None:
        return text
    if _NULL.match(text):
        return None
    if _BOOL.match(text):
        return text.lower() == "true"
    if _INT.match(text):
        digits = text.lstrip("+-")
        if len(digits) > 1 and digits.startswith("0"):
            return text
        return int(text) if len(digits) <= 18 else text
    if _FLOAT.match(text):
        value = float(text)
        if math.isfinite(value):
            return value
    if _FLOAT.match(text) or _NOT_FINITE.match(text):
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        problems.append(Problem(line, column, f"{dotted(path)}: {text} is not a finite number"))
        return None
    return text


def dotted(path: Path_) -> str:
    """``('cells', 0, 'value')`` as ``cells[0].value``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text or "(file)"
