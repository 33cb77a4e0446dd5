"""Nearest distances against a k-d tree, and exactness for copies."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from benchmark.metrics import nearest
from benchmark.metrics.duplicates import Duplicates
from benchmark.metrics.nearest import nearest_distances


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "_BLOCK", 7)


def test_agrees_with_a_tree() -> None:
    random = np.random.default_rng(0)
    points, others = random.normal(size=(40, 3)), random.normal(size=(60, 3))
    np.testing.assert_allclose(nearest_distances(points, others), cKDTree(others).query(points)[0], atol=1e-7)
    beside = cKDTree(others).query(others[:20], k=2)[0][:, 1]
    np.testing.assert_allclose(nearest_distances(others[:20], others, self_at=0), beside, atol=1e-7)
    several = cKDTree(others).query(points, k=5)[0].mean(axis=1)
    np.testing.assert_allclose(nearest_distances(points, others, neighbours=5), several, atol=1e-7)


def test_copies_of_bright_images_are_at_exactly_zero() -> None:
    images = np.random.default_rng(0).integers(200, 256, (30, 3, 16, 16), dtype=np.uint8)
    assert (nearest_distances(images, images) == 0).all()
    one_level_apart = images[:5].copy()
    one_level_apart[:, 0, 0, 0] ^= 1
    assert (nearest_distances(one_level_apart, images) == 1).all()


def test_duplicates_counts_pairs_on_points(subject) -> None:
    line = np.stack([np.arange(20.0), np.zeros(20)], axis=1).astype(np.float32)
    spread = line * 3
    spread[1] = spread[0] + [0.1, 0]
    found = Duplicates(samples=20, quantile=0.5).measure(subject(spread, line))
    assert found.value == pytest.approx(2 / 20)
    assert found.details["limit"] == pytest.approx(1)
    assert found.details["exact_copies"] == 0
