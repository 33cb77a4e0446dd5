"""Strict YAML: scalars of YAML 1.2, and a message with a position for everything that is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from benchmark.spec.source import MAX_BYTES, MAX_NODES, Position, SpecError, dotted, parse, read
from tests.seconds import within


def fault(text: str | bytes) -> str:
    with pytest.raises(SpecError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), "x")
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2e-4", 2e-4),
        ("1E5", 1e5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-3", -3),
        ("+3", 3),
        ("0", 0),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("0123", "0123"),
        ("12:30", "12:30"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("2020-01-01", "2020-01-01"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ('"null"', "null"),
        ("'2e-4'", "2e-4"),
        ("9" * 30, "9" * 30),
        ("=cmd()", "=cmd()"),
    ],
)
def test_scalars(written: str, value: object) -> None:
    found = parse(f"a: {written}".encode(), "x").data["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "x:3:1: a: duplicate key, first on line 1"),
        ("a: {b: 1, c: {d: 1, d: 2}}", "x:1:21: a.c.d: duplicate key, first on line 1"),
        ("a: &name 1\nb: 2", "x:1:4: anchors are not allowed"),
        ("a: 1\nb: *name", "x:2:4: aliases are not allowed"),
        ("a: &x [*x]", "x:1:4: anchors are not allowed\nx:1:8: aliases are not allowed"),
        ("a:\t{b:\t1}", "x:1:3: not YAML: found character '\\t' that cannot start any token"),
        ("&name a: 1", "x:1:1: anchors are not allowed"),
        ("!!str a: 1", "x:1:1: tags are not allowed"),
        ("*name : 1", "x:1:1: aliases are not allowed"),
        ("? {a: 1}\n: [b]\nc: 1\nc: 2", "x:1:3: a key must be text\nx:4:1: c: duplicate key, first on line 3"),
        ("a: !!str 1", "x:1:4: tags are not allowed: tag:yaml.org,2002:str"),
        ("a: !!python/object/apply:os.system [x]", "x:1:4: tags are not allowed: "),
        ("a: {}\n<<: {b: 1}", "x:2:1: merge keys are not allowed"),
        ("a: 1\n---\nb: 2", "x:2:1: only one document is allowed"),
        ("", "x:1:1: must hold one mapping"),
        ("# only a remark\n", "x:1:1: must hold one mapping"),
        ("- a\n- b", "x:1:1: must hold one mapping"),
        ("text", "x:1:1: must hold one mapping"),
        ("a: [1, 2", "x:1:9: not YAML: expected ',' or ']'"),
        ("a: 1\n b: 2", "x:2:3: not YAML: mapping values are not allowed here"),
        ("[a]: 1", "x:1:1: a key must be text"),
        ("a: .nan", "x:1:4: a: .nan is not a finite number"),
        ("a: [-.inf]", "x:1:5: a[0]: -.inf is not a finite number"),
        ("a: 1e999", "x:1:4: a: 1e999 is not a finite number"),
        ('a: "\\0"', "x:1:4: a: character U+0000 is not allowed"),
        ('a: "\\ud800"', "x:1:4: a: character U+D800 is not allowed"),
        ('a: "\\UFFFFFFFF"', "x:1:1: not YAML: "),
        ("a: 1\nb: \x00", "x:2:1: character U+0000 is not allowed"),
        ("a: 1".encode("utf-16"), "x:1:1: must be UTF-8 text: byte 0 is not"),
        (b"a: 1\nb: \xff", "x:2:1: must be UTF-8 text: byte 8 is not"),
    ],
)
def test_refused(text: str | bytes, message: str) -> None:
    assert fault(text).startswith(message)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a:\n\tb: 1", "spaces and no tabs"),
        ("a: The GAN: on digits", "a text with ': ' in it needs quotes"),
        ("a: %5", "a text that begins with it needs quotes"),
        ("a:\n  b:64\n  c: 1", "a key ends with ': '"),
        ("a: {b: 1\nc: 2", "what begins on line 1 is not complete"),
        ("a:\n    b: 1\n   c: 2", "what begins on line 1 is not complete, or is indented otherwise"),
        ("a:\n  b: 1\n  c:64\n  d: 1", "what begins on line 3 is not complete"),
    ],
)
def test_what_is_not_yaml_says_what_an_author_did(text: str, hint: str) -> None:
    assert hint in fault(text)


def test_all_faults_of_a_file_are_shown() -> None:
    found = fault("a: &x 1\nb: !t 2\nc: .nan\nc: 4\n").split("\n")
    assert [line.split(": ")[0] for line in found] == ["x:1:4", "x:2:4", "x:3:4", "x:4:1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: " + "[" * 5000, "deeper than 20 levels"),
        ("a: " + "{b: " * 5000, "deeper than 20 levels"),
        ("- " * 5000, "deeper than 20 levels"),
        ("a: [" + "1," * (MAX_NODES + 1) + "]", f"more than {MAX_NODES} values"),
        ("a: " + "x" * MAX_BYTES, f"larger than {MAX_BYTES} bytes"),
        ("a: " + "x" * 10_000_000, f"larger than {MAX_BYTES} bytes"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]", "aliases are not allowed"),
    ],
)
def test_bombs_are_refused_at_once(text: str, message: str) -> None:
    assert message in fault(text)
    assert within(2, lambda: fault(text)), "0.7 s alone on a slow machine"


def test_positions_are_those_of_keys_and_items() -> None:
    source = parse(b"a:\n  b: [1, {c: 2}]\n", "x")
    assert source.position(("a", "b")) == Position(2, 3)
    assert source.position(("a", "b", 1)) == Position(2, 10)
    assert source.position(("a", "b", 1, "c")) == Position(2, 11)
    assert source.position(("a", "b", 1, "missing", "deeper")) == Position(2, 10)
    assert source.position(("a", "missing", "b")) == Position(1, 1), "steps are not skipped"


@pytest.mark.parametrize(
    "file", sorted((Path(__file__).parents[2] / "papers").glob("*.yaml")), ids=lambda file: file.stem
)
def test_both_parsers_read_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert yaml.__with_libyaml__, "the fast parser is part of every wheel of PyYAML"
    fast = read(file)
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert read(file) == fast
    assert len(fast.positions) > 500


def test_unreadable_files_are_spec_errors(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read: No such file"):
        read(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match="cannot be read: Is a directory"):
        read(tmp_path)
    large = tmp_path / "large.yaml"
    large.write_bytes(b"a" * (MAX_BYTES + 1))
    with pytest.raises(SpecError, match="larger than"):
        read(large)


def test_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert parse(b"\xef\xbb\xbfa: 1", "x").data == {"a": 1}


def test_dotted_is_always_one_short_line() -> None:
    assert dotted(("cells", 0, "value")) == "cells[0].value"
    assert dotted(()) == "(file)"
    assert "\n" not in dotted(("a\nb",))
    assert len(dotted(("k" * 1000,))) < 100
