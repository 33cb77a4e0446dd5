from __future__ import annotations

import pytest

from benchmark.judging.verdict import Interval
from benchmark.spec.words import duration, fixed, hours, percent, seed_list, short, signed, with_spread

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (29.3, 2, "29.30"),
        (29.25, 1, "29.2"),
        (-0.04, 1, "0.0"),
        (-1234.5, 1, f"{MINUS}1,234.5"),
        (3.0, 0, "3"),
    ],
)
def test_fixed_keeps_published_decimals_and_has_no_negative_zero(value: float, decimals: int, text: str) -> None:
    assert fixed(value, decimals) == text


def test_signed_shows_a_plus_only_for_what_prints_above_zero() -> None:
    assert signed(1.26, 1) == "+1.3"
    assert signed(0.004, 2) == "0.00"
    assert signed(-2, 0) == f"{MINUS}2"


@pytest.mark.parametrize(
    ("value", "text"),
    [(7.0, "7"), (0.5773503, "0.5774"), (123456.7, "1.235e5"), (0.00001234, f"1.234e{MINUS}5"), (-0.5, f"{MINUS}0.5")],
)
def test_short_keeps_four_significant_digits(value: float, text: str) -> None:
    assert short(value) == text


def test_interval_says_where_a_bound_is_open() -> None:
    assert Interval(estimate=1.0, low=0.25, high=None, confidence=0.95).text() == "1 [0.25, open], 95 % CI"
    both = Interval(estimate=1.957, low=1.594, high=2.32, confidence=0.9)
    assert both.text(1, sign=True) == "+2.0 [+1.6, +2.3], 90 % CI"
    assert Interval(estimate=-1.0, low=None, high=None, confidence=0.9).text() == f"{MINUS}1"


@pytest.mark.parametrize(
    ("mean", "deviation", "text"),
    [(48.571, 0.5177, "48.57 ± 0.52"), (0.12345, 0.00042, "0.12345 ± 0.00042"), (1234.5, 67.8, "1,234 ± 68"),
     (8.0, 0.0, "8 ± 0"), (8.0, None, "8")],
)  # fmt: skip
def test_a_spread_decides_the_decimals_of_its_mean(mean: float, deviation: float | None, text: str) -> None:
    assert with_spread(mean, deviation) == text


def test_durations_and_shares() -> None:
    assert [duration(seconds) for seconds in (3.21, 59.6, 61, 7_325)] == [
        "3.2 s",
        "1 min 0 s",
        "1 min 1 s",
        "2 h 2 min",
    ]
    assert [hours(seconds) for seconds in (60, 1800, 72_000)] == ["1 min 0 s", "0.50 h", "20.0 h"]
    assert [percent(0.9), percent(1 / 3)] == ["90 %", "33.3 %"]


def test_neighbouring_seeds_are_joined() -> None:
    assert seed_list([7, 1, 0, 2]) == "0\N{EN DASH}2, 7"
    assert seed_list([5]) == "5"
