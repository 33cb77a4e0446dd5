"""Statistics of curves whose values are known in closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from benchmark.spec.curve_statistics import Course, CurveError, series_value, statistic_value
from benchmark.spec.statistic import Deviation, Mean, Share, Statistic, Window

STATISTIC: TypeAdapter[Any] = TypeAdapter(Statistic)
N = 100


def window(start: float, end: float, unit: str = "iterations") -> dict[str, Any]:
    return {"unit": unit, "start": start, "end": end}


def value(curve: Any, statistic: dict[str, Any], per_epoch: float | None = 10, expression: str = "c") -> float:
    curves = curve if isinstance(curve, dict) else {"c": np.asarray(curve, dtype=np.float32)}
    return statistic_value(Course(curves, per_epoch), expression, STATISTIC.validate_python(statistic))


RAMP = np.arange(1, N + 1)  # iteration t has the value t


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (window(10, 20), 15),
        (window(0, 1), 1),
        (window(2, 4, "epochs"), 30),  # iterations 20 to 40
        (window(0.5, 1, "share"), 75),  # iterations 50 to 100
        (window(0, 1, "share"), 50.5),
    ],
)
def test_mean_over_windows(given: dict[str, Any], expected: float) -> None:
    assert value(RAMP, {"mean": given}) == expected


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ({"mean": window(6, 7)}, 6.5),
        ({"mean": window(6.5, 7)}, 7),
        ({"median": window(6.5, 7)}, 7),
        ({"quantile": window(6.5, 7), "at": 0.5}, 7),
        ({"lowest": window(6.5, 7)}, 7),
        ({"highest": window(6.5, 7)}, 7),
        ({"share": window(6.5, 7), "above": 6.0}, 1),
        ({"peak": window(13.5, 14), "early": window(6.5, 7)}, 2),
        ({"deviation": window(6, 7)}, math.sqrt(0.5)),
        ({"slope": window(6, 7)}, 1 / 6.5),
        ({"fluctuation": window(5, 7)}, 0),
        ({"lowest": window(6, 7), "parts": 2}, 6),
        ({"falling": window(5, 7), "parts": 3}, 0),
    ],
)
def test_the_fewest_iterations_of_a_statistic(statistic: dict[str, Any], expected: float) -> None:
    assert value(RAMP, statistic) == pytest.approx(expected)


def test_epochs_need_not_be_whole_iterations() -> None:
    assert value(RAMP, {"mean": window(1, 2, "epochs")}, per_epoch=2.5) == 4  # iterations 3, 4, 5


def test_deviation_and_fluctuation() -> None:
    saw = np.where(RAMP % 2 == 0, 1.0, -1.0)
    assert value(saw, {"deviation": window(1, 100)}) == pytest.approx(math.sqrt(100 / 99))
    assert value(RAMP, {"fluctuation": window(1, 100)}) == 0
    # first differences alternate between 2 and -2: 50 of one, 49 of the other
    differences = np.diff(saw)
    assert value(saw, {"fluctuation": window(1, 100)}) == pytest.approx(differences.std(ddof=1))


def test_middle_and_extremes() -> None:
    curve = np.where(RAMP == 7, 900.0, RAMP)
    assert value(curve, {"median": window(1, 9)}) == 5  # 1 ... 6, 8, 9 and 900
    assert value(curve, {"lowest": window(5, 9)}) == 5
    assert value(curve, {"highest": window(0, 1, "share")}) == 900
    assert value(curve, {"highest": window(8, 100)}) == 100


def test_residual_is_what_a_moving_average_leaves() -> None:
    saw = np.where(RAMP % 2 == 0, 1.0, -1.0)
    assert value(3 * RAMP, {"fluctuation": window(1, 100), "around": 5}) == pytest.approx(0, abs=1e-9)
    # an average of three neighbours of the saw is a third of the opposite: 4 / 3 is left, 49 times either way
    expected = 4 / 3 * math.sqrt(98 / 97)
    for slope in (0.0, 7.0):
        assert value(saw + slope * RAMP, {"fluctuation": window(1, 100), "around": 3}) == pytest.approx(expected)
    with pytest.raises(ValueError, match="odd number"):
        value(saw, {"fluctuation": window(1, 100), "around": 4})


def test_the_middle_of_a_fluctuation_leaves_outliers_out() -> None:
    """Steps of a ramp to 101 values by 0, 1, ... 99: their middle 90 % runs from 4.95 to 94.05."""
    stairs = np.concatenate([[0], np.cumsum(np.arange(100))])
    whole = {"fluctuation": window(1, 101), "middle": 0.9}
    assert value(stairs, whole) == pytest.approx(0.9 * 99)
    saw = np.where(RAMP % 2 == 0, 1.0, -1.0)
    spike = np.where(RAMP == 50, 1e6, saw)
    about = {"fluctuation": window(1, 100), "around": 3, "middle": 0.9}
    assert value(spike, {"fluctuation": window(1, 100)}) > 1e5
    assert value(spike, {"fluctuation": window(1, 100), "middle": 0.9}) == value(
        saw, {**whole, "fluctuation": window(1, 100)}
    )
    assert value(saw, about) == pytest.approx(8 / 3)
    assert value(spike, about) == pytest.approx(8 / 3)


def test_distance_from_the_fitted_line_leaves_a_drift_out_and_a_slow_swing_in() -> None:
    line = {"fluctuation": window(1, 100), "around": "line"}
    swing = np.where(RAMP <= 25, 1.0, np.where(RAMP <= 75, -1.0, 1.0))  # symmetric, so that no line leans on it
    assert value(3 * RAMP, line) == pytest.approx(0, abs=1e-9)
    for slope in (0.0, -7.0):
        assert value(swing + slope * RAMP, line) == pytest.approx(math.sqrt(100 / 99), rel=1e-6)
        assert value(swing + slope * RAMP, {**line, "middle": 0.9}) == pytest.approx(2)
    assert value(swing, {"fluctuation": window(1, 100), "middle": 0.9}) == 0  # no step but two


def test_fluctuation_of_parts_leaves_noise_out_and_a_slow_swing_in() -> None:
    """Twenty parts of five values: the middle three of each, at 2 and -2 by turns, are at one level or at another."""
    noise = np.tile([9.0, 2.0, 0.0, -2.0, -9.0], 20)
    parts = {"fluctuation": window(1, 100), "around": "line", "middle": 0.9, "parts": 20}
    without = {name: value for name, value in parts.items() if name != "parts"}
    assert value(noise + 3 * RAMP, parts) == pytest.approx(0, abs=1e-9)
    assert value(noise, without) > 10
    swing = np.where(RAMP <= 25, 1.0, np.where(RAMP <= 75, -1.0, 1.0))
    assert value(noise + swing, parts) == pytest.approx(2)
    assert value(swing, {"fluctuation": window(1, 100), "parts": 20}) == pytest.approx(math.sqrt(8 / 18), rel=1e-6)


def test_quantile_lies_above_its_share() -> None:
    assert value(RAMP, {"quantile": window(1, 100), "at": 0.95}) == pytest.approx(95.05)
    assert value(RAMP[::-1], {"quantile": window(1, 100), "at": 0.95}) == pytest.approx(95.05)
    assert value(np.where(RAMP > 60, 9.0, 2.0), {"quantile": window(1, 100), "at": 0.75}) == 9
    assert value(np.where(RAMP == 50, 1e6, 2.0), {"quantile": window(1, 100), "at": 0.95}) == 2
    series = [(k, float(k)) for k in range(1, 101)]
    asked = STATISTIC.validate_python({"quantile": window(0.5, 1.0, "share"), "at": 0.5})
    assert series_value(series, 100, None, asked) == 75


def test_extremes_of_trimmed_means_see_drifts_and_swings_and_no_outlier() -> None:
    def extremes(curve: Any, given: dict[str, Any], parts: int) -> tuple[float, float]:
        return value(curve, {"lowest": given, "parts": parts}), value(curve, {"highest": given, "parts": parts})

    whole = window(1, 100)
    assert extremes(RAMP, whole, 10) == (5.5, 95.5)
    assert extremes(RAMP, window(1, 10), 2) == (3, 8)
    assert extremes(np.where(RAMP % 2 == 0, 1.0, -1.0), whole, 10) == (0, 0)
    assert extremes(np.where(RAMP == 50, 1e6, 3.0), whole, 10) == (3, 3)
    assert extremes([5, 1, 900, 2, 4], window(1, 5), 2) == (3, 5)  # 5, 1, 900 and, untrimmed, 2, 4
    assert extremes(np.where((RAMP > 20) & (RAMP <= 40), 7.0, 3.0), whole, 10) == (3, 7)


def test_a_tenth_of_a_part_is_trimmed_at_either_end() -> None:
    """Of thirty values three at either end, so that three outliers do not count and a fourth does."""
    for outliers, seen in ((3, False), (4, True)):
        curve = np.where(np.arange(60) % 30 < outliers, 1e6, 3.0)
        found = value(curve, {"highest": window(1, 60), "parts": 2})
        assert (found == 3) != seen


def test_slope_of_a_line() -> None:
    # from 200 down to 101 over the whole window, mean 150.5
    assert value(201 - RAMP, {"slope": window(1, 100)}) == pytest.approx(-99 / 150.5, rel=1e-6)
    assert value(np.full(N, 3.0), {"slope": window(1, 100)}) == pytest.approx(0, abs=1e-12)


def test_shares_are_strict() -> None:
    assert value(RAMP, {"share": window(1, 100), "below": 25}) == 0.24
    assert value(RAMP, {"share": window(1, 100), "above": 25}) == 0.75


def test_steps_down_by_hand() -> None:
    """Means of ten parts of ten iterations each; a step counts where the mean falls."""
    swings = np.where(RAMP % 2 == 0, 5.0, -5.0)
    whole = {"falling": window(1, 100), "parts": 10}
    assert value(swings - RAMP, whole) == 1
    assert value(swings + RAMP, whole) == 0
    assert value(np.ones(N), whole) == 0
    # a plunge in the first ten iterations, then a slow rise: one fall in nine steps, though a line through all falls
    plunge = np.where(RAMP <= 10, 1000.0, RAMP)
    assert value(plunge, whole) == pytest.approx(1 / 9)
    assert value(plunge, {"slope": window(1, 100)}) < 0
    # twice 20 iterations down and 20 up: means 15.5, 5.5, 4.5, 14.5, 15.5, 5.5, 4.5, 14.5
    wave = np.abs((RAMP - 1) % 40 - 20.0)
    assert value(wave, {"falling": window(1, 80), "parts": 8}) == pytest.approx(4 / 7)
    series = [(10 * k, float(-k)) for k in range(1, 11)]
    assert (
        series_value(series, 100, 10, STATISTIC.validate_python({"falling": window(1, 10, "epochs"), "parts": 5})) == 1
    )


def test_movement_is_a_range_of_means_less_noise() -> None:
    whole = {"movement": window(1, 100), "parts": 10}
    assert value(np.ones(N), whole) == 0
    # ten flat parts of levels 0 to 9: no noise within them
    stairs = (RAMP - 1) // 10
    assert value(stairs, whole) == 9
    # iterations of a part lie 5 off its level: a variance of 25 * 10 / 9 over 10 iterations, against 55 / 6 of means
    swings = np.where(RAMP % 2 == 0, 5.0, -5.0)
    assert value(stairs + swings, whole) == pytest.approx(9 * np.sqrt(1 - (25 / 9) / (55 / 6)))
    # noise is never more than half of it
    assert value(stairs / 10 + swings, whole) == pytest.approx(0.45)
    # a trimmed mean of ten leaves out one outlier, and so does the median of variances
    assert value(np.where(RAMP == 55, 1000.0, stairs), whole) == 9


def test_noise_about_one_level_moves_by_half_of_its_range_at_most() -> None:
    random = np.random.default_rng(3)
    noise = random.normal(1.0, 0.1, (200, N))
    halves = [value(curve, {"movement": window(1, 100), "parts": 10}) for curve in noise]
    ranges = [
        value(curve, {"highest": window(1, 100), "parts": 10}) - value(curve, {"lowest": window(1, 100), "parts": 10})
        for curve in noise
    ]
    assert 0.5 <= np.mean(np.array(halves) / ranges) < 0.6


def test_settled_near_zero_takes_a_scale() -> None:
    """A curve that ends at 0.01 is never within 5 % of it before, and always within 5 % of 0.5."""
    near = np.where(RAMP <= 40, 2.0, 0.02)
    near[-1] = 0.01
    assert value(near, {"settled": "iterations", "average": 1, "tolerance": 0.05}) == 100
    assert value(near, {"settled": "iterations", "average": 1, "tolerance": 0.05, "least": 0.5}) == 41
    assert value(near + 2, {"settled": "iterations", "average": 1, "tolerance": 0.05, "least": 0.5}) == 41
    assert value(near - 0.01, {"settled": "iterations", "average": 1, "tolerance": 0.05, "least": 0.5}) == 41


def test_settled() -> None:
    step = np.where(RAMP <= 40, 2.0, 1.0)
    assert value(step, {"settled": "iterations", "average": 1, "tolerance": 0.1}) == 41
    # the average of 10 is within 10 % once at most one of its iterations is old
    assert value(step, {"settled": "iterations", "average": 10, "tolerance": 0.1001}) == 49
    assert value(step, {"settled": "epochs", "average": 1, "tolerance": 0.1001}) == 4.9
    assert value(np.ones(N), {"settled": "iterations", "average": 5, "tolerance": 0.1}) == 5


def test_a_horizon_of_what_settles() -> None:
    """A ramp is within a tenth of its end from nine tenths of the horizon on, whatever comes later."""
    assert value(RAMP, {"settled": "iterations", "average": 1, "tolerance": 0.1001}) == 90
    assert value(RAMP, {"settled": "iterations", "average": 1, "tolerance": 0.1001, "until": 50}) == 45
    # the last epoch's mean is 45.5, and iterations 37 to 46 are the first ten with a mean above 40.95
    assert value(RAMP, {"settled": "epochs", "average": 1, "tolerance": 0.1001, "until": 5}) == 4.6
    with pytest.raises(CurveError, match="read until iteration 101, the run has 100"):
        value(RAMP, {"settled": "iterations", "average": 1, "tolerance": 0.1, "until": 101})


def test_first_below_must_last() -> None:
    bumpy = np.where((RAMP <= 30) | (RAMP == 60), 2.0, 0.5)
    assert value(bumpy, {"first_below": 1.0, "average": 1}) == 61
    assert value(np.where(RAMP <= 30, 2.0, 0.5), {"first_below": 1.0, "average": 1}) == 31


def test_an_event_that_never_comes_is_marked() -> None:
    with pytest.raises(CurveError, match="within 100 iterations") as caught:
        value(np.where(RAMP == N, 2.0, 0.5), {"first_below": 1.0, "average": 1})
    assert caught.value.beyond


def test_expressions_over_several_curves() -> None:
    curves = {"g": np.full(N, 2.0), "d": np.full(N, 3.5)}
    assert value(curves, {"mean": window(1, 100)}, expression="abs(g - d) / 2") == 0.75


@pytest.mark.parametrize(
    ("curve", "statistic", "reason"),
    [
        (RAMP, {"mean": window(50, 101)}, "ends at iteration 101, the run has 100"),
        (RAMP, {"mean": window(10, 11, "epochs")}, "ends at iteration 110"),
        (RAMP, {"deviation": window(0, 1)}, "holds 1 iterations, 2 are needed"),
        (RAMP, {"fluctuation": window(4, 5)}, "holds 2 iterations, 3 are needed"),
        (RAMP, {"fluctuation": window(1, 5), "around": 5}, "holds 5 iterations, 6 are needed"),
        (np.where(RAMP == 7, np.nan, 1.0), {"mean": window(1, 100)}, "not finite in the window"),
        (np.where(RAMP == 7, np.inf, 1.0), {"settled": "iterations", "average": 2, "tolerance": 0.1}, "not finite"),
        (np.zeros(N), {"slope": window(1, 100)}, "zero throughout"),
        (np.zeros(N), {"settled": "iterations", "average": 1, "tolerance": 0.1}, "final value is zero"),
        (RAMP, {"first_below": 1.0, "average": 101}, "moving average needs 101"),
        (RAMP, {"falling": window(1, 5), "parts": 6}, "holds 5 iterations, 6 are needed"),
        (RAMP, {"movement": window(1, 11), "parts": 6}, "holds 11 iterations, 12 are needed"),
    ],
)
def test_a_reason_instead_of_a_number(curve: Any, statistic: dict[str, Any], reason: str) -> None:
    with pytest.raises(CurveError, match=reason) as caught:
        value(curve, statistic)
    assert not caught.value.beyond


def test_what_is_not_finite_outside_the_window_does_not_matter() -> None:
    assert value(np.where(RAMP <= 5, np.nan, 1.0), {"mean": window(6, 100)}) == 1


def test_epochs_of_endless_data_and_missing_curves() -> None:
    with pytest.raises(CurveError, match="no epochs"):
        value(RAMP, {"mean": window(1, 2, "epochs")}, per_epoch=None)
    with pytest.raises(CurveError, match="no curve 'd'"):
        value(RAMP, {"mean": window(1, 2)}, expression="c - d")


def test_division_by_zero_is_a_reason() -> None:
    curves = {"c": np.ones(N), "d": np.zeros(N)}
    with pytest.raises(CurveError, match="not finite"):
        value(curves, {"mean": window(1, 100)}, expression="c / d")


def test_a_statistic_over_evaluations_by_hand():
    """Evaluations at 100, 200, ..., 1000 of the values 10, 9, ..., 1; the second half holds 6 at 500 to 1 at 1000."""
    series = [(100 * step, 11.0 - step) for step in range(1, 11)]
    half = Window(unit="share", start=0.5, end=1.0)
    assert series_value(series, 1000, None, Mean(mean=half)) == pytest.approx(3.5)
    assert series_value(series, 1000, None, Deviation(deviation=half)) == pytest.approx(3.5**0.5)
    assert series_value(series, 1000, None, Share(share=half, below=2.5)) == pytest.approx(2 / 6)
    assert series_value(series, 1000, 100.0, Mean(mean=Window(unit="epochs", start=9, end=10))) == pytest.approx(1.5)
    with pytest.raises(CurveError, match="the run has 1000"):
        series_value(series, 1000, None, Mean(mean=Window(unit="iterations", start=1, end=2000)))
    with pytest.raises(CurveError, match="2 are needed"):
        series_value(series[:5], 1000, None, Deviation(deviation=half))
