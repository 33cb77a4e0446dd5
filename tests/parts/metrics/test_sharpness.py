"""Laplacian variance against hand-computed images."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.parts.metrics.sharpness import Sharpness, SharpnessGap, laplacian_variances
from benchmark.spec.parts import MetricError


def test_one_bright_pixel() -> None:
    image = np.zeros((1, 1, 5, 5), dtype=np.uint8)
    image[0, 0, 2, 2] = 100
    # inner 3x3: -400 in the middle, 100 at its four neighbours, 0 in the corners: mean 0
    assert laplacian_variances(image) == pytest.approx((400**2 + 4 * 100**2) / 9)


def test_slopes_have_no_edges_and_checks_the_most() -> None:
    rows, columns = np.mgrid[:8, :8]
    slope = (10 * rows + 5 * columns).astype(np.uint8)[None, None]
    checks = (255 * ((rows + columns) % 2)).astype(np.uint8)[None, None]
    assert not laplacian_variances(slope).any()
    assert laplacian_variances(checks) == pytest.approx((4 * 255) ** 2)


def test_every_image_counts_for_itself_however_they_are_batched(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (7, 3, 9, 9), dtype=np.uint8)
    whole = laplacian_variances(images)
    assert whole == pytest.approx(np.concatenate([laplacian_variances(images[i : i + 1]) for i in range(7)]))
    monkeypatch.setattr("benchmark.parts.metrics.sharpness._PIXELS", 3 * 81)
    assert laplacian_variances(images) == pytest.approx(whole, rel=1e-14)


@pytest.mark.parametrize(("pixels", "lengths"), [(3 * 6 * 7, [3, 3, 1]), (1, [1] * 7)])
def test_so_many_pixels_are_held_as_floats_at_once(
    pixels: int, lengths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven images of 6 x 7 pixels, each once, since channels are averaged as they are read."""
    read = []

    class Watched(np.ndarray):
        def __getitem__(self, key):
            part = super().__getitem__(key)
            if part.ndim == 4:
                read.append(len(part))
            return part

    monkeypatch.setattr("benchmark.parts.metrics.sharpness._PIXELS", pixels)
    laplacian_variances(np.zeros((7, 3, 6, 7), np.uint8).view(Watched))
    assert read == lengths


@pytest.mark.parametrize(("shape", "fine"), [((3, 3), True), ((2, 5), False), ((5, 2), False)])
def test_the_outermost_pixels_alone_have_no_sharpness(shape: tuple[int, int], fine: bool) -> None:
    image = np.zeros((1, 1, *shape), np.uint8)
    if fine:
        assert laplacian_variances(image).tolist() == [0]
    else:
        with pytest.raises(MetricError, match="have no inner pixels"):
            laplacian_variances(image)


def test_gap_is_symmetric_in_the_logarithm(subject) -> None:
    images = np.random.default_rng(0).integers(0, 120, (20, 1, 8, 8), dtype=np.uint8)
    doubled = images * 2
    gap = SharpnessGap(samples=20, reference_images="all")
    # twice the levels are four times the variance
    assert gap.measure(subject(doubled, images)).value == pytest.approx(math.log(4))
    assert gap.measure(subject(images, doubled)).value == pytest.approx(math.log(4))
    found = Sharpness(samples=20, reference_images="all").measure(subject(doubled, images))
    assert found.details["ratio_to_real"] == pytest.approx(4)


def test_flat_images_have_no_finite_gap(subject) -> None:
    images = np.random.default_rng(0).integers(0, 120, (20, 1, 8, 8), dtype=np.uint8)
    flat = np.broadcast_to(np.arange(20, dtype=np.uint8)[:, None, None, None], images.shape)
    with pytest.raises(MetricError, match="one level throughout"):
        SharpnessGap(samples=20, reference_images="all").measure(subject(flat, images))


def test_nothing_is_sharper_than_a_board_of_black_and_white() -> None:
    """Its Laplacian is 4 * 255 above and below 0 by turns."""
    board = np.indices((10, 12)).sum(axis=0) % 2 * 255
    (variance,) = laplacian_variances(board.astype(np.uint8)[None, None])
    assert Sharpness.possible == (0, variance)
