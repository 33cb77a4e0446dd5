"""Proxy metrics must rank real digits above every planted degradation of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from benchmark.parts.metrics.class_probabilities import ClassCoverage, Recognisability, RecognisedShare, share_sure
from benchmark.parts.metrics.collapse import Collapse
from benchmark.parts.metrics.frechet import ProxyFrechetDistance
from benchmark.parts.metrics.inception_score import ProxyInceptionScore
from benchmark.parts.metrics.nearest import Duplicates, NearestTrainingDistance
from benchmark.parts.metrics.sharpness import SharpnessGap

N = 800


@pytest.fixture(scope="module")
def halves(digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two disjoint sets of digits: what a perfect generator would give, and the data."""
    return digits[:N], digits[N:]


@pytest.fixture(scope="module")
def degraded(digits: np.ndarray, digit_classes: np.ndarray, halves) -> dict[str, np.ndarray]:
    """The first half with one fault each."""
    random = np.random.default_rng(0)
    good, data = halves
    noisy = np.clip(good + random.normal(0, 60, good.shape), 0, 255).astype(np.uint8)
    blurred = gaussian_filter(good.astype(float), (0, 0, 1.0, 1.0)).astype(np.uint8)
    few = digits[np.isin(digit_classes, (3, 8))]
    return {
        "noise": noisy,
        "much_noise": random.integers(0, 256, good.shape, dtype=np.uint8),
        "blur": blurred,
        "few_classes": few[random.integers(0, len(few), N)],
        "copies": data[random.integers(0, 40, N)],
    }


def measured(metric, subject, fake: np.ndarray, data: np.ndarray) -> float:
    return metric.measure(subject(fake, data)).value


@pytest.mark.parametrize("fault", ["noise", "much_noise", "blur", "few_classes", "copies"])
def test_frechet_distance_rises_with_every_fault(fault: str, subject, degraded, halves) -> None:
    good, data = halves
    metric = ProxyFrechetDistance(classifier="digits_8x8", samples=N, reference="training_data", reference_images="all")
    assert measured(metric, subject, degraded[fault], data) > 2 * measured(metric, subject, good, data)


def test_frechet_distance_rises_with_the_amount_of_noise(subject, degraded, halves) -> None:
    metric = ProxyFrechetDistance(classifier="digits_8x8", samples=N, reference="training_data", reference_images="all")
    little, much = (measured(metric, subject, degraded[fault], halves[1]) for fault in ("noise", "much_noise"))
    assert little < much


@pytest.mark.parametrize("fault", ["noise", "much_noise", "blur", "few_classes"])
def test_inception_score_falls(fault: str, subject, degraded, halves) -> None:
    good, data = halves
    metric = ProxyInceptionScore(classifier="digits_8x8", samples=N, splits=4, reference_images="all")
    perfect = metric.measure(subject(good, data))
    assert 8 < perfect.value <= 10
    assert perfect.value == pytest.approx(perfect.details["real"], rel=0.05)
    assert measured(metric, subject, degraded[fault], data) < perfect.value - 0.5


@pytest.mark.parametrize("fault", ["noise", "much_noise", "blur"])
def test_recognisability_falls_with_unclear_images(fault: str, subject, degraded, halves) -> None:
    good, data = halves
    metric = Recognisability(classifier="digits_8x8", samples=N, reference_images="all")
    perfect = metric.measure(subject(good, data))
    found = metric.measure(subject(degraded[fault], data))
    assert found.value < perfect.value - 0.02
    assert found.details["share_above_0.9"] < perfect.details["share_above_0.9"]


@pytest.mark.parametrize("fault", ["noise", "much_noise", "blur"])
def test_share_of_recognised_images_is_counted(fault: str, subject, degraded, halves) -> None:
    good, data = halves
    settings = {"classifier": "digits_8x8", "samples": N, "reference_images": "all"}
    metric, mean = RecognisedShare(**settings, above=0.9), Recognisability(**settings)
    for images in (good, degraded[fault]):
        found, beside = metric.measure(subject(images, data)), mean.measure(subject(images, data))
        assert found.value == beside.details["share_above_0.9"]
        assert found.details["real"] == beside.details["real_share_above_0.9"]
    assert measured(metric, subject, degraded[fault], data) < measured(metric, subject, good, data)
    assert measured(RecognisedShare(**settings, above=0.01), subject, good, data) == 1


@pytest.mark.parametrize("level", [0, 255])
def test_blank_images_are_recognised_which_is_said_beside_the_score(level: int, subject, halves) -> None:
    """A classifier has no class for nothing: it is sure of blank images."""
    _, data = halves
    blank = np.full_like(data[:N], level)
    blank[0, 0, 0, 0] = 255 - level  # samples that are all alike are refused
    metric = RecognisedShare(classifier="digits_8x8", samples=N, reference_images="all", above=0.9)
    assert measured(metric, subject, blank, data) > 0.9
    assert all("blank images" in one.rewards for one in (RecognisedShare, Recognisability))


def test_an_image_at_the_limit_is_not_recognised() -> None:
    probabilities = np.array([[0.5, 0.5], [0.75, 0.25]])
    assert (share_sure(probabilities, 0.5), share_sure(probabilities, 0.4375)) == (0.5, 1)
    metric = RecognisedShare(classifier="digits_8x8", samples=2, reference_images="all", above=0.5)
    assert metric.recomputed({"largest": probabilities.max(axis=1)}) == 0.5


@pytest.mark.parametrize(("reals", "scored"), [(199, False), (200, True)])
def test_real_images_have_a_score_where_they_fill_the_splits(reals: int, scored: bool, subject, halves) -> None:
    metric = ProxyInceptionScore(classifier="digits_8x8", samples=200, splits=2, reference_images=reals)
    assert ("real" in metric.measure(subject(*halves)).details) is scored


def test_class_coverage_counts_classes(subject, degraded, halves) -> None:
    good, data = halves
    metric = ClassCoverage(classifier="digits_8x8", samples=N, reference_images="all")
    assert measured(metric, subject, good, data) == pytest.approx(10, abs=0.1)
    assert measured(metric, subject, degraded["few_classes"], data) == pytest.approx(2, abs=0.4)


def test_shares_of_classes_stand_beside_their_number(subject, digits: np.ndarray, digit_classes: np.ndarray) -> None:
    examples = [digits[digit_classes == kind] for kind in (3, 8)]
    metric = ClassCoverage(classifier="digits_8x8", samples=3, reference_images="all")
    found = metric.measure(subject(np.concatenate([examples[0][:2], examples[1][:1]]), digits))
    assert found.details["shares"] == [0, 0, 0, 0.666667, 0, 0, 0, 0, 0.333333, 0]
    half = ClassCoverage(classifier="digits_8x8", samples=4, reference_images="all")
    assert half.recomputed({"images_per_class": np.array([2, 2, 0])}) == pytest.approx(2)
    assert half.recomputed({"images_per_class": np.array([0, 4, 0])}) == 1


def test_duplicates_find_copies(subject, degraded, halves) -> None:
    good, data = halves
    metric = Duplicates(samples=N, quantile=0.05)
    assert measured(metric, subject, good, data) < 0.15
    assert measured(metric, subject, degraded["copies"], data) == 1


def test_distance_to_training_data_finds_a_copier_and_clears_fresh_images(subject, degraded, halves) -> None:
    good, data = halves
    metric = NearestTrainingDistance(samples=N, reference_images="all", neighbours=1)
    assert measured(metric, subject, degraded["copies"], data) == 0
    assert measured(metric, subject, good, data) == pytest.approx(1, abs=0.1)
    assert measured(metric, subject, degraded["much_noise"], data) > 1.5
    five = NearestTrainingDistance(samples=N, reference_images="all", neighbours=5)
    assert 0 < measured(five, subject, degraded["copies"], data) < 0.9
    assert measured(five, subject, good, data) == pytest.approx(1, abs=0.05)


def test_variances_of_large_images_are_taken_some_coordinates_at_a_time(
    subject, halves, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = halves
    made, metric = subject(ours, theirs), Collapse(samples=400, reference_images=400)
    whole = metric.measure(made)
    monkeypatch.setattr("benchmark.parts.metrics.collapse._BLOCK", 7)
    parts = metric.measure(made)
    assert parts.value == pytest.approx(whole.value, rel=1e-14)
    expected = ours[:400].reshape(400, -1).astype(float).var(axis=0, ddof=1)
    np.testing.assert_allclose(parts.arrays["generated"], expected, rtol=1e-12)


def test_collapse_shows_in_the_variance(subject, halves) -> None:
    good, data = halves
    metric = Collapse(samples=N, reference_images="all")
    assert measured(metric, subject, good, data) == pytest.approx(1, abs=0.05)
    random = np.random.default_rng(0)
    single = np.clip(good[:1] + random.integers(0, 4, good.shape), 0, 255).astype(np.uint8)
    found = metric.measure(subject(single, data))
    assert found.value < 0.01
    assert found.details["collapsed"]


@pytest.mark.parametrize(("spread", "collapsed"), [(2.0, False), (1.875, True)])
def test_less_than_a_hundredth_of_the_variance_is_a_collapse(spread: float, collapsed: bool, subject) -> None:
    """Two points ``spread`` apart, beside two that lie 20 apart: of 2 and 20 the variances are 2 and 200."""
    found = Collapse(samples=2, reference_images="all").measure(
        subject(np.float32([[0], [spread]]), np.float32([[0], [20]]))
    )
    assert found.value == pytest.approx((spread / 20) ** 2)
    assert found.details["collapsed"] is collapsed


@pytest.mark.parametrize("fault", ["noise", "much_noise", "blur"])
def test_sharpness_gap_opens_both_ways(fault: str, subject, degraded, halves) -> None:
    good, data = halves
    metric = SharpnessGap(samples=N, reference_images="all")
    assert measured(metric, subject, good, data) < 0.05
    assert measured(metric, subject, degraded[fault], data) > 0.2
