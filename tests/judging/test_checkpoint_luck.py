"""The selection-bias meter against closed forms, hand-computed rows and simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from benchmark.judging.checkpoint_luck import WINDOW, choose, evaluation_noise, expected_maximum, no_better_than_any
from benchmark.judging.selftest.faults import honest, verdicts_in
from benchmark.runs.records import ScoreRecord

METRICS = {
    "lower": "frechet_inception_distance",
    "higher": "inception_score",
    "two_sided": "ms_ssim",
    "none": "loss_gap",
}


def entry(values: list[float], direction: str = "lower", checkpoint: str = "last", own: float | None = None):
    return ScoreRecord.model_validate(
        {
            "metric": METRICS[direction],
            "value": values[-1] if own is None else own,
            "checkpoint": checkpoint,
            "series": [(10 * (index + 1), value) for index, value in enumerate(values)],
        }
    )


@pytest.mark.parametrize(
    ("count", "value"),
    [
        (1, 0.0),
        (2, 1 / math.sqrt(math.pi)),
        (3, 1.5 / math.sqrt(math.pi)),
        (4, 6 / math.pi**1.5 * math.atan(math.sqrt(2))),
        (10, 1.5387527308351729),
    ],
)
def test_expected_maximum_of_normal_numbers(count: int, value: float) -> None:
    assert expected_maximum(count) == pytest.approx(value, abs=1e-6)


def test_luck_is_what_the_best_of_equal_evaluations_gains() -> None:
    """K evaluations that differ by noise alone: the mean gain of best over last must be the luck that is told."""
    random = np.random.default_rng(0)
    choices = [choose(entry((50 + random.normal(0, 2, 40)).tolist())) for _ in range(2000)]
    gains = [choice.gain for choice in choices if choice is not None]
    luck = [choice.luck for choice in choices if choice is not None]
    assert np.mean(gains) == pytest.approx(2 * expected_maximum(40), rel=0.02)
    assert np.mean(luck) == pytest.approx(np.mean(gains), rel=0.03)


def told_more(values: np.ndarray) -> bool:
    """Whether the gain of choosing over ``values`` (seeds, evaluations) is told as more than luck gives."""
    choices = [choose(entry(row.tolist())) for row in values]
    p = no_better_than_any([choice.gains for choice in choices if choice is not None])
    return p is not None and p <= 0.05


@pytest.mark.parametrize(("evaluations", "seeds"), [(4, 3), (6, 3), (10, 3), (20, 1), (50, 1)])
@pytest.mark.parametrize("law", ["normal", "lognormal"])
def test_flat_noise_is_seldom_told_as_more_than_luck(evaluations: int, seeds: int, law: str) -> None:
    """5 % at most, whatever the noise's law; comparing with the expected gain alarmed in half of the cases."""
    random = np.random.default_rng(evaluations + seeds)
    alarms = [told_more(getattr(random, law)(size=(seeds, evaluations))) for _ in range(200)]
    assert np.mean(alarms) <= 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / 200)


def test_training_that_got_worse_is_told_as_more_than_luck() -> None:
    random = np.random.default_rng(5)
    worse = np.concatenate([np.zeros(15), np.linspace(0, 6, 5)])
    alarms = [told_more(worse + random.normal(size=(3, 20))) for _ in range(40)]
    assert np.mean(alarms) > 0.95


def test_p_of_a_gain_by_hand() -> None:
    """Two runs of five: the last ones gain 4 and 3; of 25 pairs (4, 4), (4, 3) and (3, 4) gain as much."""
    gains = [(0.0, 1.0, 2.0, 3.0, 4.0), (0.0, 4.0, 1.0, 2.0, 3.0)]
    assert no_better_than_any(gains) == pytest.approx(3 / 25)
    assert no_better_than_any([(0.0, 1.0, 2.0, 3.0)]) is None, "one of four is never significant"
    assert no_better_than_any([(0.0,) * 20] * 4) == 1, "nothing gained anywhere"
    many = [tuple(map(float, range(20)))] * 4
    assert no_better_than_any(many) == 1 / 2001, "of 2000 draws from 160,000 choices none is as good"


def test_noise_is_not_fooled_by_progress() -> None:
    random = np.random.default_rng(1)
    noise = random.normal(0, 1, 400)
    falling = np.linspace(100, 50, 400)
    assert evaluation_noise((noise + falling).tolist()) == pytest.approx(evaluation_noise(noise.tolist()), rel=0.05)
    assert evaluation_noise([1.0, 2.0, 3.0]) is None


@pytest.mark.parametrize(
    ("count", "steps"), [(4, [2, 3]), (7, [3, 4, 5, 6]), (8, [5, 6, 7]), (9, [5, 6, 7, 8]), (16, list(range(9, 16)))]
)
def test_noise_is_of_the_second_half_and_one_more_where_evaluations_are_few(count: int, steps: list[int]) -> None:
    """Evaluations 0, 1, 3, 6, 10, ... whose k-th step is k; of 4 the last three count, of 8 the last four."""
    values = [step * (step + 1) / 2 for step in range(count)]
    assert evaluation_noise(values) == pytest.approx(math.sqrt(sum(step**2 for step in steps) / (2 * len(steps))))


def test_every_rule_by_hand() -> None:
    values = [9.0, 8.0, 3.0, 7.0, 6.0, 4.0, 5.0]
    found = choose(entry(values, checkpoint="best", own=3.0))
    assert found is not None
    assert (found.last, found.best, found.own, found.gain) == (5.0, 3.0, 3.0, 2.0)
    assert found.median_of_last == 5.0  # of 3, 7, 6, 4, 5
    assert WINDOW == 5
    later = [3.0, 7.0, 6.0, 4.0, 5.0]
    steps = [b - a for a, b in itertools.pairwise(later)]
    assert found.noise == pytest.approx(math.sqrt(sum(step**2 for step in steps) / (2 * len(steps))))
    assert found.luck == pytest.approx(found.noise * expected_maximum(7))


def test_higher_is_better_turns_the_gain_around_and_two_sided_has_none() -> None:
    higher = choose(entry([1.0, 5.0, 4.0], "higher"))
    assert higher is not None
    assert (higher.best, higher.gain) == (5.0, 1.0)
    neither = choose(entry([1.0, 5.0, 4.0], "two_sided"))
    assert neither is not None
    assert (neither.best, neither.gain, neither.luck) == (None, None, None)


def test_one_evaluation_offers_no_choice() -> None:
    assert choose(entry([3.0])) is None


def test_verdicts_carry_the_meter_of_every_score(tmp_path) -> None:
    honest(tmp_path)
    rows = verdicts_in(tmp_path).selection
    assert [(row.experiment, row.tier, row.score, row.seeds, row.evaluations) for row in rows] == [
        ("plain", "full", "fid", 5, 8),
        ("penalised", "full", "fid", 5, 8),
    ]
    assert all(row.own == row.last == row.best and row.gain == 0 for row in rows)


def test_of_one_run_that_gained_nothing_any_choice_is_as_good() -> None:
    """All 20 choices are tried; one that gains a little less than the last one is not as good."""
    assert no_better_than_any([(0.0,) * 20]) == 1
    assert no_better_than_any([(*[0.0] * 18, 1.0 - 1.5e-12, 1.0)]) == 1 / 20
    assert no_better_than_any([(*[0.0] * 18, 1.0 - 1e-13, 1.0)]) == 2 / 20
    assert no_better_than_any([(*[0.0] * 19, 1.0)]) == 1 / 20
    assert no_better_than_any([(*[0.0] * 18, 1.0)]) is None, "one of 19 is never significant"
