"""Modes and good samples of points that were put where they are."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.parts.metrics.modes_found import GoodSamples, ModesFound
from benchmark.spec.parts import DATASETS, MetricError

LAW = DATASETS.get("eight_gaussians")(radius=2.0, deviation=0.02, divisor=1.0)


def placed(*per_mode: int, away: float = 0.0, lost: int = 0) -> np.ndarray:
    """So many points at each mode, ``away`` standard deviations from its centre, and ``lost`` ones at the origin."""
    centres, deviation = LAW.modes()
    at = np.repeat(np.arange(len(per_mode)), per_mode)
    points = centres[at] + np.array([away * deviation, 0.0])
    return np.concatenate([points, np.zeros((lost, 2))]).astype(np.float32)


def measured(points: np.ndarray, subject, within: float = 3.0, least: float = 0.01) -> tuple[float, float, list[int]]:
    made = subject(points, points, LAW)
    common = {"samples": len(points), "within_deviations": within}
    modes = ModesFound(**common, least_share=least).measure(made)
    return modes.value, GoodSamples(**common).measure(made).value, modes.details["points_per_mode"]


def test_every_mode_and_every_sample(subject) -> None:
    assert measured(placed(*[25] * 8), subject) == (8, 1.0, [25] * 8)


def test_lost_modes_and_samples_between_them(subject) -> None:
    modes, good, counts = measured(placed(100, 50, 0, 10, 0, 0, 0, 0, lost=40), subject)
    assert (modes, good) == (3, pytest.approx(160 / 200))
    assert counts == [100, 50, 0, 10, 0, 0, 0, 0]


def test_a_mode_needs_its_share(subject) -> None:
    points = placed(197, 2, 1, 0, 0, 0, 0, 0)
    assert measured(points, subject, least=0.01)[0] == 2
    assert measured(points, subject, least=0.005)[0] == 3


def test_near_means_within_so_many_deviations(subject) -> None:
    points = placed(*[25] * 8, away=2.9)
    assert measured(points, subject)[:2] == (8, 1.0)
    assert measured(points, subject, within=2.8)[:2] == (0, 0.0)


def test_the_edge_of_a_mode_belongs_to_it(subject) -> None:
    """Modes on a circle of 2 with deviation 0.5, within two of which (3, 0) lies, and not the next number."""
    wide = DATASETS.get("eight_gaussians")(radius=2.0, deviation=0.5, divisor=1.0)
    for x, counted in ((3.0, 1.0), (float(np.nextafter(np.float32(3), np.float32(4))), 0.0)):
        points = np.tile(np.float32([[x, 0]]), (100, 1))
        found = GoodSamples(samples=100, within_deviations=2.0).measure(subject(points, points, wide))
        assert found.value == counted


@pytest.mark.parametrize("within", [0.5, 2.8, 3.0, 12.0])
def test_points_are_counted_again_by_another_distance_and_share(subject, within: float) -> None:
    """What a count with one distance keeps gives every other, here of points spread about unevenly filled modes."""
    points = placed(90, 60, 30, 12, 5, 2, 1, 0) + np.random.default_rng(0).normal(0, 0.05, (200, 2)).astype(np.float32)
    common = {"samples": 200, "within_deviations": within}
    for metric in (ModesFound(**common, least_share=0.04), GoodSamples(**common)):
        kept = metric.model_copy(update={"within_deviations": 4.0}).measure(subject(points, points, LAW)).arrays
        centres, deviation = LAW.modes()
        away = np.array([[np.hypot(*(point - centre)) / deviation for centre in centres] for point in points])
        at = [int(((away.argmin(1) == mode) & (away.min(1) <= within)).sum()) for mode in range(8)]
        counted = sum(count >= 8 for count in at) if metric.name == "modes_found" else sum(at) / 200
        assert metric.recomputed(kept) == counted == metric.measure(subject(points, points, LAW)).value


def test_counts_that_runs_kept_at_first_still_give_their_value() -> None:
    kept = {"points_per_mode": np.array([100, 50, 0, 10])}
    assert ModesFound(samples=200, within_deviations=4.0, least_share=0.06).recomputed(kept) == 2
    assert GoodSamples(samples=200, within_deviations=4.0).recomputed(kept) == 0.8


def test_fewer_points_than_asked_for_are_refused(subject) -> None:
    points = placed(*[25] * 8)
    with pytest.raises(MetricError, match=r"have shape \(200, 2\), not \(250, 2\)"):
        GoodSamples(samples=250, within_deviations=3.0).measure(subject(points, points, LAW))


def test_a_law_without_centres_has_no_modes(subject) -> None:
    points = placed(*[25] * 8)
    with pytest.raises(MetricError, match="'stand_in' names no centres"):
        GoodSamples(samples=200, within_deviations=3.0).measure(subject(points, points))


def test_points_that_are_not_finite_are_refused(subject) -> None:
    points = placed(*[25] * 8)
    points[3, 1] = np.nan
    with pytest.raises(MetricError, match="not finite"):
        measured(points, subject)
