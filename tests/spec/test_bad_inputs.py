"""Inputs that must never do more than give an error: quickly, in one line each, without running anything."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest

from benchmark.spec.load import loads
from benchmark.spec.source import SpecError
from tests.seconds import within
from tests.spec.small import TEXT, edited, problems

SEEDS = "seeds: [0, 1, 2]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT + "\nextra: !!python/object/apply:os.system ['touch {canary}']\n", "tags are not allowed"),
        (TEXT + "\na: &a [x]\nb: &b [*a, *a]\n", "aliases are not allowed"),
        (TEXT + "\na: &a [*a]\n", "aliases are not allowed"),
        (TEXT + "\na: " + "[" * 5000, "deeper than"),
        (TEXT + "#" * 10_000_000, "larger than"),
        (TEXT + "\npaper: {}\n", "duplicate key"),
        (TEXT + "\nclams: {}\n", "did you mean 'claims'?"),
        (edited("learning_rate: 1e-4", "learning_rate: abc"), "must be a number, found 'abc'"),
        (edited("learning_rate: 1e-4", "learning_rate: .inf"), "not a finite number"),
        (edited("value: 3.5", "value: .nan"), "not a finite number"),
        (edited("value: 3.5", "value: -0.1"), "modes_found must be at least 0, found -0.1"),
        (
            edited("value: 3.5", "value: 0.9", "quantity: modes_found", "quantity: inception_score"),
            "must be at least 1",
        ),
        (edited("value: 3.5", "value: 1.1", "quantity: modes_found", "quantity: ms_ssim"), "must be between 0 and 1"),
        ("", "one mapping"),
        ("- a", "one mapping"),
        (TEXT + "\n---\n" + TEXT, "only one document"),
        (TEXT.encode("utf-16"), "UTF-8"),
        (TEXT.encode() + b"\xff", "UTF-8"),
        (edited("digits:", "../../etc:"), "unknown dataset"),
        (edited("{digits: {value_range: [-1, 1]}}", "{mnist: {split: ../../etc}}"), "must be 'train' or 'test'"),
        (edited("{digits: {value_range: [-1, 1]}}", '{mnist: {split: "train\\0"}}'), "U+0000"),
        (edited("id: small", "id: ../x"), "must be a name"),
        (edited("id: small", "id: a/b"), "must be a name"),
        (edited("id: small", f"id: {'a' * 300}"), "must be a name"),
        (edited("id: small", "id: =cmd()"), "must be a name"),
        (edited("  ring_saturating:", "  ../x:"), "must be a name"),
        (edited("      real_mean:", "      =cmd():"), "must be a name"),
        (edited("year: 2020", "year: 2020\n  url: javascript:alert(1)"), "must be an https:// address"),
        (edited(SEEDS, "seeds: []"), "needs at least one seed"),
        (edited(SEEDS, "seeds: [1, 2, 1]"), "seed 1 is listed twice"),
        (edited(SEEDS, "seeds: [-1]"), "must be at least 0, found -1"),
        (edited(SEEDS, "seeds: [true]"), "must be a whole number, found true"),
        (edited(SEEDS, "seeds: [4294967296]"), "must be at most 4294967295, found 4294967296"),
        (edited(SEEDS, "seeds: [1.0]"), "must be a whole number, found 1.0"),
        (edited("features: 2 * width", "features: __import__('os').system('true')"), "only names, numbers"),
    ],
)
def test_bad_input_is_an_error_with_a_place(text: str | bytes, message: str) -> None:
    found = problems(text)
    assert within(1, lambda: problems(text))
    assert any(message in problem for problem in found), found
    assert all(int(problem.split(":")[0]) >= 1 and int(problem.split(":")[1]) >= 1 for problem in found)


def test_no_code_runs_from_a_spec(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    for text in (
        f"a: !!python/object/apply:os.system ['touch {canary}']",
        f"a: !!python/object/new:os.system ['touch {canary}']",
        TEXT.replace("features: 2 * width", f"features: __import__('os').system('touch {canary}')"),
        TEXT.replace("curve: generator_loss", f"curve: open('{canary}', 'w')"),
    ):
        assert problems(text)
    assert not canary.exists()


@pytest.mark.parametrize("written", ["1e-4", "0.0001", "1.0e-4"])
def test_a_rate_in_any_notation_is_accepted(written: str) -> None:
    spec = loads(edited("learning_rate: 1e-4", f"learning_rate: {written}")).spec
    assert spec.systems["plain"].players["discriminator"].optimizer.learning_rate == 0.0001  # type: ignore[attr-defined]


_TOKENS = [
    *(b"null", b"[]", b"{}", b"-1", b"0", b"true", b"1e999", b".nan", b"*a", b"&a b", b"!!str x", b"!x", b"- x", b"-"),
    *(b"<<: {}", b": ", b"\t", b"\x00", b"\xff", b"\xef\xbb\xbf", b"? [a]", b"[[[[", b"---", b"...", b"%YAML 9.9"),
    *(b"@", b"`", b"|", b">-", b"#", b"\\", b'"\\0"', b'"\\ud800"', b'"\\U99999999"', b"{a: {b: {c: 1}}}", b"9" * 30),
    *(
        b"min()",
        b"1e308 * 1e308",
        b"width % 0",
        b"abs(1, 2)",
        b"1or 2",
        b"x" * 400,
        b"extends: [a]",
        b"extends: {a: b}",
    ),
]


def _mutated(seed: int) -> bytes:
    """The small spec with one to four random faults in its lines, tokens or bytes."""
    source = random.Random(seed)
    lines = TEXT.encode().split(b"\n")
    words = sorted(set(TEXT.encode().split()))
    for _ in range(source.choice((1, 1, 2, 4))):
        index = source.randrange(len(lines))
        line = lines[index]
        place = source.randrange(len(line) + 1)
        match source.randrange(8):
            case 0:
                del lines[index : index + source.randrange(20)]
                lines = lines or [b""]
            case 1:
                lines[index] = line.split(b":")[0] + b": " + source.choice(_TOKENS)
            case 2:
                lines[index] = line[:place] + source.choice(_TOKENS) + line[place:]
            case 3:
                lines[index] = line[:place] + bytes([source.randrange(256)]) + line[place + 1 :]
            case 4:
                lines[index] = b" " * source.randrange(8) + line.strip()
            case 5:
                lines[index] = line.replace(source.choice(line.split() or [b"x"]), source.choice(words + _TOKENS))
            case 6:
                lines.insert(index, source.choice(lines))
            case _:
                lines[index] = source.choice(lines)
    return b"\n".join(lines)


@pytest.mark.parametrize("block", range(5))
def test_any_bytes_load_or_are_a_spec_error(block: int) -> None:
    """Any other exception fails the test; so does a file that takes a second."""
    refused = []

    def load(seed: int) -> None:
        try:
            loads(_mutated(seed), "x")
        except SpecError:
            refused.append(seed)

    for seed in range(60 * block, 60 * (block + 1)):
        assert within(1, partial(load, seed)), f"seed {seed}"
    assert len(set(refused)) > 30, "the mutations do break specs"


def test_random_bytes_are_a_spec_error() -> None:
    source = random.Random(1)
    for length in (0, 1, 2, 10, 1000, 50_000):
        assert problems(source.randbytes(length))


@pytest.mark.parametrize("budget", ["{iterations: 1000000000000}", "{epochs: 1e15}", "{iterations: 5000000000}"])
def test_a_budget_that_nobody_could_plan_is_refused(budget: str) -> None:
    found = problems(edited("budget: {epochs: 2}", f"budget: {budget}"))
    assert any("must be at most 1000000000" in problem for problem in found), found


def test_intervals_are_bounded_by_the_budget() -> None:
    """Epochs of 1,797 digits in batches of 64; every iteration of so long a run would be kept."""
    often = ("every: {epochs: 1}", "every: {iterations: 1}")
    found = problems(edited("budget: {epochs: 2}", "budget: {epochs: 1e7}", *often))
    assert any("snapshots.every: comes more than 1,000,000 times" in problem for problem in found), found
    found = problems(edited("budget: {epochs: 2}", "budget: {epochs: 1e9}"))
    assert any("budget: is more than 1,000,000,000 batches, found 28,078,125,000" in problem for problem in found), (
        found
    )
