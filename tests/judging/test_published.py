"""Predicates on printed numbers: what is computed from several of them, and what they cannot decide."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.judging.published import Numbers

from .factory import cell, fid, paper, predicate, table

SPEC = paper(
    tables={
        "T1": table(
            {
                "small set": {"plain": cell(28.0, "small_plain"), "ours": cell(14.0, "small_ours")},
                "large set": {"plain": cell(30.0, "large_plain"), "ours": cell(24.0, "large_ours")},
                "broken": {"plain": cell(0.0, "zero")},
            }
        )
    }
)


def gain(size: str) -> dict[str, Any]:
    of = {"ours": fid(f"{size}_ours"), "plain": fid(f"{size}_plain")}
    return {"compute": "1 - ours / plain", "of": of, "says": f"gain on the {size} set"}


@pytest.mark.parametrize(
    ("written", "outcome", "says"),  # gains of 1 - 14 / 28 = 0.5 and 1 - 24 / 30 = 0.2
    [
        (
            {"order": [gain("large"), gain("small")]},
            "holds",
            "gain on the large set 0.2 is below gain on the small set 0.5",
        ),
        (
            {"order": [gain("small"), gain("large")]},
            "fails",
            "gain on the small set 0.5 is not below gain on the large set 0.2",
        ),
        ({"bound": gain("small"), "above": 0.4, "below": 0.6}, "holds", "gain on the small set 0.5 is above 0.4"),
        ({"bound": fid("small_ours"), "above": 14.0}, "fails", "fid (small_ours) 14.0 is not above 14"),
        ({"bound": fid("small_ours"), "below": 14.0}, "fails", "fid (small_ours) 14.0 is not below 14"),
        ({"order": [fid("small_ours"), fid("small_ours")]}, "fails", "is not below fid (small_ours) 14.0"),
        ({"bound": gain("small"), "above": 0.6, "below": 0.7}, "fails", "gain on the small set 0.5 is not above 0.6"),
        ({"bound": gain("small"), "above": 0.3, "below": 0.4}, "fails", "gain on the small set 0.5 is not below 0.4"),
        ({"bound": gain("large"), "above": 0.3}, "fails", "gain on the large set 0.2 is not above 0.3"),
        ({"ratio": [gain("small"), gain("large")], "below": 2.0}, "fails", "= 2.5 is not below 2"),
        ({"equal": [gain("small"), gain("large")], "margin": 0.4}, "holds", "is below 0.4"),
        (
            {"all_of": [{"bound": gain("small"), "above": 0.3}, {"bound": gain("large"), "above": 0.3}]},
            "holds in part",
            "gain on the large set 0.2 is not above 0.3",
        ),
    ],
)
def test_computed_numbers(written: dict[str, Any], outcome: str, says: str) -> None:
    found, reason = Numbers(SPEC).outcome(predicate(written))
    assert (found, says in reason) == (outcome, True), reason
    assert "unequal" not in reason, "all are of one table, by one protocol"


def test_a_number_that_is_not_printed_or_cannot_be_computed() -> None:
    unprinted = {**gain("small"), "of": {"ours": fid("elsewhere"), "plain": fid("small_plain")}}
    assert Numbers(SPEC).outcome(predicate({"bound": unprinted, "above": 0.1})) == (
        None,
        "the paper prints no number for fid (elsewhere)",
    )
    by_zero = {**gain("small"), "of": {"ours": fid("small_ours"), "plain": fid("zero")}}
    outcome, reason = Numbers(SPEC).outcome(predicate({"bound": by_zero, "above": 0.1}))
    assert outcome is None
    assert "no value on its printed numbers" in reason


def test_what_is_said_of_single_runs_is_not_in_print() -> None:
    given = {"given": {"bound": fid("zero"), "below": 1.0}, "then": {"bound": fid("zero"), "below": 2.0}}
    for written in (given, {"all_of": [given, given]}):
        outcome, reason = Numbers(SPEC).outcome(predicate(written))
        assert (outcome, "single runs" in reason) == (None, True)


def test_numbers_of_unequal_protocols_are_told_of_what_is_alike() -> None:
    """Two Fréchet distances of other counts; an inception score of a third count is none of them."""
    tables = {
        "T1": table({"x": {"A": cell(20.0, "a")}}, protocol={"samples": 5000}),
        "T2": table({"x": {"B": cell(30.0, "b")}}, protocol={"samples": 50000}),
    }
    outcome, reason = Numbers(paper(tables=tables)).outcome(predicate({"order": [fid("a"), fid("b")]}))
    assert outcome == "holds"
    assert "measured by unequal protocols: 'samples' is 5000 (x / A); 50000 (x / B)" in reason
