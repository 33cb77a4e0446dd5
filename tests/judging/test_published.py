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
                "broken": {"plain": cell(0.0, "zero"), "ours": cell(14.0, "tie")},
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
        ({"order": [fid("small_ours"), fid("tie")]}, "fails", "is not below fid (tie) 14.0"),
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
        (
            {"together": [{"bound": gain("small"), "above": 0.3}, {"bound": gain("large"), "above": 0.3}]},
            "fails",
            "gain on the large set 0.2 is not above 0.3",
        ),
        ({"smallest": [fid("small_plain"), fid("small_ours"), fid("zero")]}, "fails", "is not below fid (zero)"),
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


@pytest.mark.parametrize(
    ("written", "outcome", "says"),
    [
        ({"exactly": fid("small_ours"), "value": 14, "share": 0.5}, "holds", "fid (small_ours) 14.0 is 14"),
        ({"exactly": fid("small_ours"), "value": 15, "share": 0.5}, "fails", "fid (small_ours) 14.0 is not 15"),
        (
            {"ratio": [fid("small_ours"), fid("zero")], "above": 1.0},
            "fails",
            "fid (zero) 0.0 is zero, so there is no ratio",
        ),
        ({"ratio": [fid("zero"), fid("small_ours")], "below": 1.0}, "holds", "= 0 is below 1"),
        ({"ratio": [fid("small_plain"), fid("small_ours")], "above": 2.0}, "fails", "= 2 is not above 2"),
        ({"equal": [fid("small_plain"), fid("large_plain")], "margin": 2.0}, "fails", "is not below 2"),
        ({"equal": [fid("small_plain"), fid("large_plain")], "margin": 2.1}, "holds", "is below 2.1"),
        (
            {"any_of": [{"bound": fid("zero"), "above": 1.0}, {"bound": fid("small_ours"), "above": 1.0}]},
            "holds",
            "fid (small_ours) 14.0 is above 1",
        ),
        (
            {"any_of": [{"bound": fid("zero"), "above": 1.0}, {"bound": fid("small_ours"), "above": 20.0}]},
            "fails",
            "fid (zero) 0.0 is not above 1; fid (small_ours) 14.0 is not above 20",
        ),
        (
            {
                "any_of": [
                    {"bound": fid("zero"), "above": 1.0},
                    {"all_of": [{"bound": fid("zero"), "below": 1.0}, {"bound": fid("small_ours"), "above": 20.0}]},
                ]
            },
            "holds in part",
            "fid (zero) 0.0 is not above 1; fid (small_ours) 14.0 is not above 20",
        ),
    ],
)
def test_what_printed_numbers_say(written: dict[str, Any], outcome: str, says: str) -> None:
    found, reason = Numbers(SPEC).outcome(predicate(written))
    assert (found, says in reason) == (outcome, True), reason


def test_parts_are_those_of_several_statements_alone() -> None:
    low, high = {"bound": fid("small_ours"), "below": 20.0}, {"bound": fid("small_ours"), "above": 20.0}
    parts = Numbers(SPEC).parts(predicate({"all_of": [low, high]}))
    assert [(part.test, part.state, part.reason) for part in parts] == [
        ("fid (small_ours) 14.0 is below 20", "HOLDS", "as printed"),
        ("fid (small_ours) 14.0 is not above 20", "REVERSED", "as printed"),
    ]
    assert Numbers(SPEC).parts(predicate(low)) == []
    assert Numbers(SPEC).parts(predicate({"all_of": [low, {"bound": fid("elsewhere"), "above": 1.0}]})) == []


def test_what_a_claim_on_times_rests_on() -> None:
    """Training seconds are printed of a; what an iteration takes is not."""
    times = {"a": cell(100.0, "a", score=None), "b": cell(150.0, "b", score=None)}
    spec = paper(tables={"T1": table({"x": times}, quantity="seconds")})
    for time, outcome in (("training_seconds", "holds"), ("seconds_per_iteration", None)):
        order = {"order": [{"experiment": name, "time": time} for name in "ab"]}
        assert Numbers(spec).outcome(predicate(order))[0] == outcome


@pytest.mark.parametrize(("values", "outcome"), [((14.0, 14.0), "holds"), ((14.0, 14.1), None)])
def test_a_number_that_is_printed_twice_counts_where_both_agree(values: tuple[float, float], outcome: str) -> None:
    rows = {name: {"A": cell(value, "a")} for name, value in zip("xy", values, strict=True)}
    found, reason = Numbers(paper(tables={"T1": table(rows)})).outcome(predicate({"bound": fid("a"), "below": 20.0}))
    assert found == outcome
    assert outcome or reason == "the paper prints different numbers for fid (a): 14.0 (T1, x, A) and 14.1 (T1, y, A)"


def test_columns_that_say_when_or_how_are_no_scores() -> None:
    """Beside a distance of 14 of one experiment stand the iteration it was taken at and a setting of it."""
    tables = {"T1": table({"x": {"A": cell(14.0, "a")}})} | {
        f"T{place}": table({"x": {"A": cell(500.0, "a")}}, quantity=quantity)
        for place, quantity in ((2, "iterations"), (3, "setting"))
    }
    found, reason = Numbers(paper(tables=tables)).outcome(predicate({"bound": fid("a"), "below": 20.0}))
    assert (found, reason) == ("holds", "fid (a) 14.0 is below 20")
