"""Predicates in words."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.judging.verdict import Interval
from benchmark.spec.words import number, p_value

from .factory import fid, predicate

CURVE = {"experiment": "a", "curve": "abs(g - d)"}
DIVERGED = {"exactly": {"experiment": "a", "outcome": "diverged"}, "value": 1, "share": 0}
LATE = {"unit": "share", "start": 0.5, "end": 1.0}


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (
            {"exactly": {"experiment": "toy", "score": "modes"}, "value": 1, "share": 0.5},
            "modes (toy) is 1 in more than half of the seeds",
        ),
        ({"exactly": fid("a"), "value": 8, "share": 0.8}, "fid (a) is 8 in more than 80 % of the seeds"),
        ({"order": [fid("a"), fid("b"), fid("c")]}, "fid (a) is below fid (b), and that below fid (c)"),
        ({"smallest": [fid("a"), fid("b"), fid("c")]}, "fid (a) is below each of fid (b), fid (c)"),
        ({"largest": [fid("a"), fid("b")]}, "fid (a) is above fid (b)"),
        ({"ratio": [fid("a"), fid("b")], "above": 1.7, "below": 2.3}, "fid (a) / fid (b) is between 1.7 and 2.3"),
        ({"equal": [fid("a"), fid("b")], "margin": 0.5}, "fid (a) and fid (b) differ by less than 0.5"),
        (
            {"in_seeds": {"any_of": [{"bound": fid("a"), "below": 1}, DIVERGED]}, "share": 0.5},
            "[fid (a) is below 1 or diverged (a) is 1 in at least one seed] in more than half of the seeds",
        ),
        (
            {"bound": {**CURVE, "statistic": {"fluctuation": LATE, "around": 21}}, "below": 1},
            "fluctuation of gap between g and d about its mean of 21 iterations"
            " over the last 50 % of the run (a) is below 1",
        ),
        (
            {
                "ratio": [
                    {**CURVE, "statistic": {"highest": LATE}},
                    {**CURVE, "statistic": {"median": {"unit": "share", "start": 0.0, "end": 0.1}}},
                ],
                "above": 100,
            },
            "highest gap between g and d of the last 50 % of the run (a) / "
            "median of gap between g and d over the first 10 % of the run (a) is above 100",
        ),
        (
            {"bound": {**CURVE, "statistic": {"share": LATE, "below": 1.0}}, "above": 0.95},
            "share of the last 50 % of the run with gap between g and d below 1 (a) is above 0.95",
        ),
        (
            {"bound": {**CURVE, "statistic": {"falling": LATE, "parts": 9}}, "above": 0.75},
            "share of falls of gap between g and d from one of 9 equal parts"
            " of the last 50 % of the run to the next (a) is above 0.75",
        ),
        (
            {"bound": {**CURVE, "statistic": {"first_below": 1.0, "average": 20}}, "below": 160},
            "iterations until gap between g and d, averaged over 20 iterations, stays below 1 (a) is below 160",
        ),
        (
            {"bound": {**CURVE, "statistic": {"quantile": LATE, "at": 0.95}}, "below": 1},
            "0.95 quantile of gap between g and d over the last 50 % of the run (a) is below 1",
        ),
        (
            {"bound": {**CURVE, "statistic": {"fluctuation": LATE, "around": "line", "middle": 0.9}}, "below": 1},
            "middle 90 % of the fluctuation of gap between g and d about its fitted line"
            " over the last 50 % of the run (a) is below 1",
        ),
        (
            {
                "bound": {**CURVE, "statistic": {"fluctuation": LATE, "around": "line", "middle": 0.9, "parts": 200}},
                "below": 1,
            },
            "middle 90 % of the fluctuation of 200 successive trimmed means of gap between g and d about its"
            " fitted line over the last 50 % of the run (a) is below 1",
        ),
        (
            {"bound": {**CURVE, "statistic": {"fluctuation": LATE, "middle": 0.9}}, "below": 1},
            "middle 90 % of the fluctuation of gap between g and d over the last 50 % of the run (a) is below 1",
        ),
        (
            {"bound": {**CURVE, "statistic": {"highest": LATE, "parts": 20}}, "below": 1},
            "highest of 20 successive trimmed means of gap between g and d of the last 50 % of the run (a) is below 1",
        ),
        (
            {
                "bound": {**CURVE, "statistic": {"settled": "epochs", "average": 5, "tolerance": 0.05, "until": 50}},
                "below": 9,
            },
            "epochs until gap between g and d, averaged over 5 epochs, settles within 5 % of"
            " its value after 50 epochs (a) is below 9",
        ),
        (
            {"all_of": [{"bound": fid("a"), "below": 1}, {"any_of": [{"bound": fid("a"), "below": 1}] * 2}]},
            "fid (a) is below 1; and [fid (a) is below 1 or fid (a) is below 1]",
        ),
        (
            {"all_of": [{"together": [{"bound": fid("a"), "below": 1}] * 2}, {"bound": fid("b"), "below": 2}]},
            "[fid (a) is below 1 and fid (a) is below 1]; and fid (b) is below 2",
        ),
        (
            {"order": [{"compute": "1 - x / y", "of": {"x": fid("a"), "y": fid("b")}, "says": "gain"}, fid("c")]},
            "gain [1 - x / y, where x is fid (a), y is fid (b)] is below fid (c)",
        ),
        (
            {"given": {"bound": fid("a"), "above": 200}, "then": {"all_of": [{"bound": fid("a"), "below": 300}] * 2}},
            "where fid (a) is above 200: [fid (a) is below 300; and fid (a) is below 300]",
        ),
    ],
)
def test_describe(written: dict[str, Any], words: str) -> None:
    assert predicate(written).text == words


def test_numbers() -> None:
    assert [number(value) for value in (3160.0, 31.9749, 1e-5, float("inf"))] == ["3160", "31.97", "1e-05", "infinity"]
    assert [p_value(p) for p in (0.0123, 1e-7)] == ["p = 0.012", "p < 0.0001"]


def test_an_interval_with_one_open_end_has_its_confidence() -> None:
    about = {"estimate": 1.5, "confidence": 0.9}
    assert Interval(low=None, high=2.0, **about).text() == "1.5 [open, 2], 90 % CI"
    assert Interval(low=1.0, high=None, **about).text() == "1.5 [1, open], 90 % CI"
    assert Interval(low=None, high=None, **about).text() == "1.5"


@pytest.mark.parametrize(
    ("ends", "decimals", "sign", "text"),
    [
        ((1.3, 0.9, 1.7), 2, False, "1.30 [0.90, 1.70]"),
        ((1.3, 0.9, 1.7), 2, True, "+1.30 [+0.90, +1.70]"),
        ((1.3, 0.9, 1.7), None, False, "1.3 [0.9, 1.7]"),
        ((1.3, -0.9, 1.7), None, True, "+1.3 [\u22120.9, +1.7]"),
        ((0.0, -0.9, 0.9), None, True, "0 [\u22120.9, +0.9]"),
        ((1.3, None, 1.7), 1, False, "1.3 [open, 1.7]"),
        ((1.3, None, None), 1, False, "1.3"),
    ],
)
def test_an_interval_in_words(
    ends: tuple[float, float | None, float | None], decimals: int | None, sign: bool, text: str
) -> None:
    estimate, low, high = ends
    interval = Interval(estimate=estimate, low=low, high=high, confidence=0.9)
    assert interval.span(decimals, sign=sign) == text
    assert interval.text(decimals, sign=sign) == text + (", 90 % CI" if "[" in text else "")
