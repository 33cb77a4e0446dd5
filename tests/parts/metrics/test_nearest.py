"""Nearest distances against a k-d tree, and exactness for copies."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from benchmark.parts.metrics import nearest
from benchmark.parts.metrics.nearest import (
    DuplicateFeatures,
    Duplicates,
    NearestTrainingDistance,
    NearestTrainingFeatures,
    ProxyDuplicateFeatures,
    ProxyNearestTrainingFeatures,
    nearest_distances,
    squared_distances,
    usual,
)
from benchmark.spec.parts import MetricError

BLOCK = nearest._BLOCK


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "_BLOCK", 7)


@pytest.fixture
def wider_blocks(monkeypatch: pytest.MonkeyPatch, small_blocks: None) -> None:
    """Several still, for hundreds of examples."""
    monkeypatch.setattr(nearest, "_BLOCK", 150)


def test_agrees_with_a_tree() -> None:
    random = np.random.default_rng(0)
    points, others = random.normal(size=(40, 3)), random.normal(size=(60, 3))
    np.testing.assert_allclose(nearest_distances(points, others, "cpu"), cKDTree(others).query(points)[0], atol=1e-7)
    beside = cKDTree(others).query(others[:20], k=2)[0][:, 1]
    np.testing.assert_allclose(nearest_distances(others[:20], others, "cpu", within=True), beside, atol=1e-7)
    several = cKDTree(others).query(points, k=5)[0].mean(axis=1)
    np.testing.assert_allclose(nearest_distances(points, others, "cpu", neighbours=5), several, atol=1e-7)


def test_copies_of_bright_images_are_at_exactly_zero() -> None:
    images = np.random.default_rng(0).integers(200, 256, (30, 3, 16, 16), dtype=np.uint8)
    assert (nearest_distances(images, images, "cpu") == 0).all()
    one_level_apart = images[:5].copy()
    one_level_apart[:, 0, 0, 0] ^= 1
    assert (nearest_distances(one_level_apart, images, "cpu") == 1).all()


def test_duplicates_counts_pairs_on_points(subject) -> None:
    line = np.stack([np.arange(20.0), np.zeros(20)], axis=1).astype(np.float32)
    spread = line * 3
    spread[1] = spread[0] + [0.1, 0]
    found = Duplicates(samples=20, quantile=0.5).measure(subject(spread, line))
    assert found.value == pytest.approx(2 / 20)
    assert found.details["limit"] == pytest.approx(1)
    assert found.details["copies"] == 0


@pytest.mark.parametrize(("same", "apart", "copies"), [(0.0, 0.0, 2), (0.0, 0.01, 0), (0.01, 0.05, 2), (0.01, 0.11, 0)])
def test_copies_lie_within_a_share_of_the_usual_distance(
    monkeypatch: pytest.MonkeyPatch, subject, same: float, apart: float, copies: int
) -> None:
    """Real points 10 apart; two generated ones, or a generated and a real one, next to each other."""
    line = np.stack([np.arange(20.0), np.zeros(20)], axis=1).astype(np.float32)
    real, spread = 10 * line, 30 * line + np.float32([0, 5])
    for metric in (Duplicates, NearestTrainingDistance):
        monkeypatch.setattr(metric, "same", same)
    twice = spread.copy()
    twice[1] = twice[0] + [apart, 0]
    found = Duplicates(samples=20, quantile=0.5).measure(subject(twice, real))
    assert found.details["copies"] == copies / 20
    spread[:2] = real[:2] + np.float32([apart, 0])
    found = NearestTrainingDistance(samples=20, reference_images=20, neighbours=1).measure(subject(spread, real))
    assert found.details["copies"] == copies / 20


INCEPTION = {"resize": "tensorflow_bilinear", "extractor": "inception_2015_12_05"}


def test_distance_to_training_data_by_hand(subject) -> None:
    """Training points 3 apart; generated ones 1, 1 and 2 away from one."""
    training = np.array([[0, 0], [3, 0], [6, 0], [9, 0]], dtype=np.float32)
    found = NearestTrainingDistance(samples=3, reference_images="all", neighbours=1).measure(
        subject(np.array([[0, 1], [3, 1], [6, 2]], dtype=np.float32), training)
    )
    assert found.value == pytest.approx(1 / 3)
    assert found.details["copies"] == 0
    with pytest.raises(MetricError, match="occur twice"):
        NearestTrainingDistance(samples=3, reference_images="all", neighbours=1).measure(
            subject(training[:3] + 1, np.repeat(training[:3], 2, axis=0))
        )


def test_real_features_that_mostly_occur_twice_are_no_measure(subject, digits: np.ndarray) -> None:
    """Features of one image in two batches differ by rounding, which must not pass for a distance among images."""
    training = digits[np.concatenate([np.arange(300), np.arange(300)])]
    made = subject(digits[300:700], training)
    common = {"classifier": "digits_8x8", "samples": 400}
    with pytest.raises(MetricError, match="occur twice"):
        ProxyNearestTrainingFeatures(**common, reference_images="all", neighbours=1).measure(made)
    made.true = digits[np.arange(400) % 200]
    with pytest.raises(MetricError, match="occur twice"):
        ProxyDuplicateFeatures(**common, quantile=0.05).measure(made)


def test_real_points_that_mostly_occur_twice_set_no_limit(subject) -> None:
    twice = np.repeat(np.arange(10, dtype=np.float32), 2)[:, None]
    with pytest.raises(MetricError, match="occur twice"):
        Duplicates(samples=20, quantile=0.05).measure(subject(np.arange(20, dtype=np.float32)[:, None], twice))


def test_large_images_are_held_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (9, 3, 4, 4), dtype=np.uint8)
    expected = nearest_distances(images, images, "cpu", within=True)
    monkeypatch.setattr(nearest, "_NUMBERS", 2 * images[0].size)
    held = []
    doubled = torch.Tensor.double
    monkeypatch.setattr(torch.Tensor, "double", lambda tensor: held.append(len(tensor)) or doubled(tensor))
    np.testing.assert_array_equal(nearest_distances(images, images, "cpu", within=True), expected)
    assert max(held) == 2
    held.clear()
    monkeypatch.setattr(nearest, "_NUMBERS", 1)
    np.testing.assert_array_equal(nearest_distances(images, images, "cpu", within=True), expected)
    assert set(held) == {1}


def test_a_usual_distance_is_more_than_rounding() -> None:
    assert usual(np.array([1.0, 3.0]), 1.9375) == 2
    with pytest.raises(MetricError, match="occur twice"):
        usual(np.array([1.0, 3.0]), 2.0)


def test_features_are_the_same_up_to_a_ten_thousandth_of_the_usual_distance() -> None:
    """Real features are 1 apart but for a few that are at 0, which is the limit that they set."""
    metric = ProxyDuplicateFeatures(classifier="digits_8x8", samples=4, quantile=0.1)
    kept = {"real": np.array([0.0, 0, 1, 1, 1, 1, 1]), "generated": np.array([0, 0.9e-4, 1e-4, 1.1e-4])}
    assert metric.recomputed(kept) == 3 / 4


def test_a_distance_at_the_limit_is_usual() -> None:
    kept = {"real": np.array([1.0, 2.0, 3.0]), "generated": np.array([2.0, 1.9375])}
    assert Duplicates(samples=2, quantile=0.5).recomputed(kept) == 1 / 2


def test_distances_among_examples_need_a_few(subject) -> None:
    line = np.arange(3, dtype=np.float32)[:, None]
    repeats, near = Duplicates(samples=3, quantile=0.5), NearestTrainingDistance
    assert repeats.measure(subject(2 * line, line)).value == 0
    with pytest.raises(MetricError, match="2 real examples are too few, the minimum is 3"):
        repeats.model_copy(update={"samples": 2}).measure(subject(2 * line, line))
    fresh = near(samples=2, reference_images="all", neighbours=1)
    assert fresh.measure(subject(2 * line, line)).value == 0
    with pytest.raises(MetricError, match="2 real examples are too few, the minimum is 3"):
        fresh.measure(subject(line, line[:2]))


@pytest.mark.usefixtures("wider_blocks")
def test_a_classifier_s_features_find_copies_and_clear_fresh_images(subject, digits: np.ndarray) -> None:
    fresh, training = digits[:400], digits[400:]
    metric = ProxyNearestTrainingFeatures(classifier="digits_8x8", samples=400, reference_images="all", neighbours=1)
    copier = metric.measure(subject(training[100:500], training))
    assert copier.value == pytest.approx(0, abs=1e-4)
    assert copier.details["copies"] == 1
    clear = metric.measure(subject(fresh, training))
    assert clear.value == pytest.approx(1, abs=0.15)
    assert clear.details["copies"] < 0.02
    assert clear.protocol["n_real"] == len(training)
    assert ProxyNearestTrainingFeatures.proxy


@pytest.mark.usefixtures("wider_blocks")
def test_a_classifier_s_features_do_not_find_shifted_copies(subject, digits: np.ndarray) -> None:
    """As the module says: a proxy that clears a generator has not seen copies a pixel aside."""
    training = digits[400:]
    metric = ProxyNearestTrainingFeatures(classifier="digits_8x8", samples=400, reference_images="all", neighbours=1)
    found = metric.measure(subject(np.roll(training[:400], 1, axis=3), training))
    assert found.value > 1
    assert found.details["copies"] == 0


@pytest.mark.usefixtures("wider_blocks")
def test_a_classifier_s_features_find_repeats(subject, digits: np.ndarray) -> None:
    metric = ProxyDuplicateFeatures(classifier="digits_8x8", samples=400, quantile=0.05)
    assert metric.measure(subject(digits[:400], digits[400:800])).value < 0.15
    few = digits[np.arange(400) % 20]
    found = metric.measure(subject(few, digits[400:800]))
    assert found.value == 1
    assert found.details["copies"] == 1


def test_inception_s_features_find_copies_and_repeats(subject, digits: np.ndarray, root) -> None:
    training = digits[:10]
    copier, fresh, repeated = training[3:9], digits[20:26], digits[[30, 30, 31, 31, 32, 32]]
    nearest = NearestTrainingFeatures(samples=6, reference_images="all", neighbours=1, **INCEPTION)
    made = {name: subject(fake, training) for name, fake in (("copier", copier), ("fresh", fresh), ("rep", repeated))}
    for one in made.values():
        one.root = root
    assert nearest.measure(made["copier"]).value == pytest.approx(0, abs=1e-4)
    assert nearest.measure(made["fresh"]).value > 0.5
    repeats = DuplicateFeatures(samples=6, quantile=0.1, **INCEPTION)
    assert repeats.measure(made["rep"]).details["copies"] == 1
    assert repeats.measure(made["fresh"]).details["copies"] == 0


def test_1024_examples_on_either_side_are_compared_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "_BLOCK", BLOCK)
    points = np.arange(1030, dtype=np.float32)[:, None]
    lengths = [squared.shape for _, _, squared in squared_distances(points, points, "cpu")]
    assert lengths == [(1024, 1024), (6, 1024), (1024, 6), (6, 6)]
