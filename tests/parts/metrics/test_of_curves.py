"""Scores of a run's curves, on curves whose values are known in closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from benchmark.parts.metrics.of_curves import BalanceIteration, GradientGrowth, LossBalance, LossFluctuation, LossGap
from benchmark.spec.parts import METRICS, Metric, MetricError

N = 100
WHOLE = {"unit": "share", "start": 0.0, "end": 1.0}
PLAYERS = {"first": "discriminator_loss", "second": "generator_loss"}


@pytest.fixture
def measure(subject):
    """Measure a metric on curves; nothing else of the subject may be looked at."""

    def value(metric: Metric, per_epoch: float | None = 10, **curves: Any) -> float:
        nothing = np.zeros((0, 2), dtype=np.float32)
        made = subject(nothing, nothing)
        made.recorded = {name: np.asarray(curve, dtype=np.float32) for name, curve in curves.items()}
        made.iterations_per_epoch = per_epoch
        found = metric.measure(made)
        assert found.protocol["iterations"] == max(map(len, made.recorded.values()))
        return found.value

    return value


def approaching(start: float, end: float) -> dict[str, np.ndarray]:
    """Losses whose distance falls on a line from ``start`` to ``end``, the second one above."""
    first = np.full(N, 0.5)
    return {"discriminator_loss": first, "generator_loss": first + np.linspace(start, end, N)}


def test_gap_has_no_sign(measure) -> None:
    metric = LossGap(**PLAYERS, window=WHOLE)
    assert measure(metric, **approaching(3, 1)) == pytest.approx(2)
    assert measure(metric, **approaching(-3, -1)) == pytest.approx(2)
    assert measure(metric, **approaching(-1, 1)) == pytest.approx(0.505, abs=0.001)


def test_gap_of_a_window(measure) -> None:
    curves = approaching(N - 1, 0)  # at iteration t the gap is 100 - t
    first = LossGap(**PLAYERS, window={"unit": "iterations", "start": 1, "end": 20})
    epoch = LossGap(**PLAYERS, window={"unit": "epochs", "start": 9, "end": 10})
    assert measure(first, **curves) == pytest.approx(89.5)
    assert measure(epoch, **curves) == pytest.approx(5)


def test_balance_is_a_share_of_iterations_and_a_first_one(measure) -> None:
    curves = approaching(N - 1, 0)
    assert measure(LossBalance(**PLAYERS, bound=25.5, window=WHOLE), **curves) == pytest.approx(0.26)
    # the mean of the last five gaps is 102 - t
    assert measure(BalanceIteration(**PLAYERS, bound=25.5, average=5), **curves) == 77
    assert measure(BalanceIteration(**PLAYERS, bound=25.5, average=1), **curves) == 75


def test_balance_that_is_lost_again_does_not_count(measure) -> None:
    curves = approaching(0, 0)
    curves["generator_loss"][59] += 9
    assert measure(BalanceIteration(**PLAYERS, bound=1, average=1), **curves) == 61
    curves["generator_loss"][-1] += 9
    with pytest.raises(MetricError, match="does not stay below 1 within 100 iterations"):
        measure(BalanceIteration(**PLAYERS, bound=1, average=1), **curves)


def test_fluctuation_about_the_previous_value(measure) -> None:
    metric = LossFluctuation(curve="loss", window=WHOLE, around="previous")
    zigzag = np.where(np.arange(N) % 2, 1.0, -1.0)  # changes are +2 and -2
    assert measure(metric, loss=zigzag) == pytest.approx(2 * math.sqrt(99 / 98), rel=1e-3)
    assert measure(metric, loss=np.linspace(0, 1000, N)) == pytest.approx(0, abs=1e-3)
    assert measure(metric, loss=0.5 * zigzag) == pytest.approx(measure(metric, loss=zigzag) / 2)


def test_fluctuation_about_a_moving_average(measure) -> None:
    metric = LossFluctuation(curve="loss", window=WHOLE, around=3)
    zigzag = np.where(np.arange(N) % 2, 1.0, -1.0)  # the mean of three is a third of the middle one, turned round
    expected = 4 / 3 * math.sqrt(98 / 97)
    assert measure(metric, loss=zigzag) == pytest.approx(expected, rel=1e-5)
    assert measure(metric, loss=zigzag + np.linspace(0, 50, N)) == pytest.approx(expected, rel=1e-3)
    random = np.random.default_rng(0).normal(size=N)
    plain = [random[i] - random[i - 2 : i + 3].mean() for i in range(2, N - 2)]
    wider = LossFluctuation(curve="loss", window=WHOLE, around=5)
    assert measure(wider, loss=random) == pytest.approx(np.std(plain, ddof=1), rel=1e-5)


@pytest.mark.parametrize("around", [2, 4, 1, -3, "next"])
def test_a_centred_average_needs_an_odd_length(around: object) -> None:
    with pytest.raises(ValidationError, match=r"odd number|previous"):
        LossFluctuation(curve="loss", window=WHOLE, around=around)


def test_gradients_that_explode(measure) -> None:
    early = {"unit": "share", "start": 0.0, "end": 0.1}
    metric = GradientGrowth(curve="gradient", window=WHOLE, early=early)
    norms = np.full(N, 2.0)
    assert measure(metric, gradient=norms) == 1
    norms[70] = 500
    norms[3] = 40  # one early spike is not what is usual
    assert measure(metric, gradient=norms) == 250
    norms[:10] = 0
    with pytest.raises(MetricError, match="early median is 0"):
        measure(metric, gradient=norms)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_curves_that_are_not_finite_give_no_number(bad: float, measure) -> None:
    curves = approaching(2, 1)
    curves["generator_loss"][50] = bad
    for metric in (LossGap(**PLAYERS, window=WHOLE), BalanceIteration(**PLAYERS, bound=5, average=1)):
        with pytest.raises(MetricError, match="not finite"):
            measure(metric, **curves)


def test_a_curve_that_is_not_there_and_a_window_beyond_the_end_are_named(measure) -> None:
    metric = LossGap(first="loss", second="other", window=WHOLE)
    with pytest.raises(MetricError, match="no curve 'other'"):
        measure(metric, loss=np.ones(N))
    late = LossGap(**PLAYERS, window={"unit": "iterations", "start": 50, "end": 101})
    with pytest.raises(MetricError, match="ends at iteration 101, the run has 100"):
        measure(late, **approaching(1, 0))


def test_all_that_look_at_curves_are_tested_here() -> None:
    found = {name for name, part in METRICS.items() if part.looks_at == "curves"}
    assert found == {"loss_gap", "loss_balance", "balance_iteration", "loss_fluctuation", "gradient_growth"}
