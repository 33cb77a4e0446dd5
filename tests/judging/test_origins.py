"""Evidence by its origin: who brought it, in words, and under which seeds it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark.judging.judge import judge
from benchmark.judging.origins import _qualified, apart, planned, with_brought, words_of
from benchmark.runs.records import Origin, Stored

from .factory import cell, claim, expect, fid, paper, run, series, table


def origin(kind: Any, who: str = "A") -> Origin:
    return Origin(kind=kind, who=who, code="https://example.org", commit="1", unchecked=[])


def test_whose_word_it_is() -> None:
    assert words_of(origin("measured")) == "on samples supplied by A"
    assert words_of(origin("reported")) == "as reported by A"


def test_records_of_one_origin_belong_together(tmp_path: Path) -> None:
    stored = []
    for seed, said in enumerate([None, origin("reported", "B"), origin("measured"), origin("reported", "B"), None]):
        one = run(tmp_path, "a", seed)
        stored.append(Stored(one.record.model_copy(update={"origin": said}), one.folder))
    trained, brought = apart(stored)
    assert [one.record.seed for one in trained] == [0, 4]
    assert [[one.record.seed for one in group] for group in brought] == [[2], [1, 3]]


@pytest.mark.parametrize(
    ("brought", "seeds"),
    [
        ((), {0: "", 1: "", 2: ""}),
        ((7,), {0: "", 1: "", 7: "7"}),
        ((1,), {0: "", 1: "1", 2: ""}),
        ((0, 1, 2, 3), {0: "0", 1: "1", 2: "2", 3: "3"}),
    ],
)
def test_as_many_seeds_as_the_paper_plans_under_the_numbers_brought(
    tmp_path: Path, brought: tuple[int, ...], seeds: dict[int, str]
) -> None:
    """The paper plans three seeds of ``a`` at tier full, and only a short run of ``b``; ``c`` is none of its own."""
    group = []
    for seed in brought:
        one = run(tmp_path, "a", seed)
        group.append(Stored(one.record.model_copy(update={"run_id": str(seed)}), one.folder))
    group.append(run(tmp_path, "c", 0))
    expected = {"a": {"full": dict.fromkeys(range(3), "x"), "short": {0: "y"}}, "b": {"short": {0: "z"}}}
    assert planned(expected, group) == {"a": {"full": seeds}, "b": {"full": {}}}


@pytest.mark.parametrize(("claims", "cells"), [(1, 1), (1, 0), (0, 1), (0, 0)])
def test_what_was_trained_here_and_is_not_accepted_stands_beside_and_decides_nothing(
    tmp_path: Path, claims: int, cells: int
) -> None:
    spec = paper(
        {"C1": claim({"bound": fid("a"), "below": 20.0})} if claims else {},
        {"T1": table({"x": {"A": cell(10.0, "a")}})} if cells else {},
    )
    expected = expect({"a": range(3)})
    verdicts = judge(spec, "0" * 64, series(tmp_path, "a", [10.0, 10.1, 10.2]), expected)
    beside = with_brought(spec, verdicts, [], expected, ["reported"])
    assert [(one.word, len(one.claims), len(one.cells), one.accepted) for one in beside.brought] == (
        [("trained", claims, cells, False)] if claims + cells else []
    )
    told = [(one.state, one.reason) for one in (*beside.claims, *beside.cells)]
    assert told == [("NOT RUN", "what was trained here is not accepted")] * (claims + cells)
    assert with_brought(spec, verdicts, [], expected, ["trained"]) == verdicts


def test_a_verdict_says_whose_word_it_is_where_it_was_not_trained_here(tmp_path: Path) -> None:
    spec = paper({"C1": claim({"bound": fid("a"), "below": 20.0})})
    (found,) = judge(spec, "0" * 64, series(tmp_path, "a", [10.0, 10.1, 10.2]), expect({"a": range(3)})).claims
    assert _qualified(found) == found
    theirs = found.model_copy(update={"word": "reported", "rests_on": "as reported by A"})
    assert _qualified(theirs).reason == f"as reported by A, not trained here: {found.reason}"
