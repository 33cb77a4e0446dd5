"""MS-SSIM against a plain NumPy rendering of its definition, another library, and known limits."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.ndimage import convolve
from scipy.signal import correlate

from benchmark.parts.metrics.ms_ssim import MSSSIM, pair_similarities, similarities
from benchmark.spec.parts import MetricError

WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def plain(first: np.ndarray, second: np.ndarray) -> float:
    """MS-SSIM of one pair (height, width, channels), as its definition reads: full 2-D windows, five moments."""
    first, second = first.astype(np.float64), second.astype(np.float64)
    result = 1.0
    for level, weight in enumerate(WEIGHTS):
        size = min(11, *first.shape[:2])
        sigma = 1.5 * size / 11
        axis = np.arange(size) - (size - 1) / 2
        window = np.exp(-(axis[:, None] ** 2 + axis[None, :] ** 2) / (2 * sigma**2))
        window = (window / window.sum())[:, :, None]

        def local(image: np.ndarray, window: np.ndarray = window) -> np.ndarray:
            return correlate(image, window, mode="valid", method="fft")

        m1, m2 = local(first), local(second)
        v1, v2 = local(first**2) - m1**2, local(second**2) - m2**2
        cov = local(first * second) - m1 * m2
        structure = (2 * cov + 58.5225) / (v1 + v2 + 58.5225)
        if level < 4:
            result *= max(structure.mean(), 0.0) ** weight
            first, second = (convolve(im, np.ones((2, 2, 1)) / 4, mode="reflect")[::2, ::2] for im in (first, second))
        else:
            luminance = (2 * m1 * m2 + 6.5025) / (m1**2 + m2**2 + 6.5025)
            result *= max((luminance * structure).mean(), 0.0) ** weight
    return result


def pictures(count: int, side: int, channels: int, seed: int = 0) -> np.ndarray:
    """Smooth random pictures with some noise, related enough for no term to be clipped."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(0, 255, (1, channels, 8, 8)) + random.normal(0, 25, (count, channels, 8, 8))
    smooth = np.kron(coarse, np.ones((1, 1, -(-side // 8), -(-side // 8))))[:, :, :side, :side]
    return np.clip(smooth + random.normal(0, 8, smooth.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("side", "channels"), [(16, 1), (28, 1), (32, 3), (64, 3), (96, 3), (128, 3), (218, 3), (256, 1)]
)
def test_agrees_with_the_definition(side: int, channels: int) -> None:
    images = pictures(4, side, channels)
    expected = [plain(*images[i : i + 2].transpose(0, 2, 3, 1)) for i in (0, 2)]
    assert min(expected) > 0.01, "a clipped term would hide the others"
    tensors = torch.from_numpy(images)
    found = similarities(tensors[::2], tensors[1::2], torch.float64).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert pair_similarities([images], len(images), images.shape[1:], "cpu") == pytest.approx(expected, abs=1e-5)


def test_pairs_are_told_apart_from_parts_of_any_length_and_few_parts_are_held() -> None:
    """Parts of 1 and of 5 images by turns; the values are those of all images at once, bit for bit."""
    images = pictures(300, 48, 3)
    whole = pair_similarities([images], 300, (3, 48, 48), "cpu")
    given: list[weakref.ref[np.ndarray]] = []
    held = 0

    def parts() -> Iterator[np.ndarray]:
        nonlocal held
        for start in range(0, 300, 6):
            for part in (images[start : start + 1].copy(), images[start + 1 : start + 6].copy()):
                held = max(held, sum(one() is not None for one in given))
                given.append(weakref.ref(part))
                yield part

    assert pair_similarities(parts(), 300, (3, 48, 48), "cpu").tobytes() == whole.tobytes()
    assert (len(given), len(whole)) == (100, 150)
    assert held <= 3


def test_oblong_images_take_their_window_from_the_shorter_side() -> None:
    images = pictures(2, 64, 1)[:, :, :32]
    found = similarities(torch.from_numpy(images[:1]), torch.from_numpy(images[1:]), torch.float64)
    assert float(found) == pytest.approx(plain(*images.transpose(0, 2, 3, 1)), abs=1e-9)


def test_agrees_with_another_library_on_large_grey_images() -> None:
    from pytorch_msssim import ms_ssim

    images = torch.from_numpy(pictures(6, 192, 1)).double()
    theirs = ms_ssim(images[::2], images[1::2], data_range=255, size_average=False)
    ours = similarities(images[::2], images[1::2], torch.float64)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=2e-5)


def test_equal_images_give_one_and_opposite_ones_zero() -> None:
    image = torch.from_numpy(pictures(1, 32, 1))
    assert float(similarities(image, image, torch.float64)) == pytest.approx(1, abs=1e-12)
    assert float(similarities(image, 255 - image, torch.float64)) == 0


def test_pairs_are_consecutive_and_disjoint(subject) -> None:
    one, other = pictures(2, 16, 1, seed=3)
    settings = MSSSIM(pairs=2, size="native", filter="none")
    alike = settings.measure(subject(np.stack([one, one, other, other]), pictures(8, 16, 1)))
    mixed = settings.measure(subject(np.stack([one, other, one, other]), pictures(8, 16, 1)))
    assert alike.value == pytest.approx(1, abs=1e-6)
    assert mixed.value < 0.99
    assert alike.details["real"] == mixed.details["real"]
    assert alike.details["real_pairs"] == 2


def test_noise_scores_below_pictures(subject) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (40, 1, 32, 32), dtype=np.uint8)
    found = MSSSIM(pairs=20, size="native", filter="none").measure(subject(noise, pictures(40, 32, 1)))
    assert found.value < 0.1 < found.details["real"]


def test_sides_that_cannot_be_halved_four_times_need_a_size(subject) -> None:
    images = np.random.default_rng(1).integers(0, 256, (4, 1, 15, 28), dtype=np.uint8)
    with pytest.raises(MetricError, match="15x28 do not have five scales, the minimum is 16"):
        MSSSIM(pairs=2, size="native", filter="none").measure(subject(images, images))
    assert 0 <= MSSSIM(pairs=2, size=32, filter="bilinear").measure(subject(images, images)).value <= 1


@pytest.mark.parametrize("settings", [{"size": "native", "filter": "bilinear"}, {"size": 32, "filter": "none"}])
def test_size_and_filter_go_together(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="goes with filter 'none'"):
        MSSSIM(pairs=2, **settings)


def test_reduced_size_keeps_levels(subject) -> None:
    flat = np.full((4, 1, 40, 40), 77, dtype=np.uint8)
    resized = MSSSIM(pairs=2, size=32, filter="bicubic")._resized(flat)
    assert resized.shape == (4, 1, 32, 32)
    assert (resized == 77).all()


def test_real_images_are_paired_at_random_however_they_are_stored(subject) -> None:
    images = pictures(20, 16, 1)
    by_twos = np.repeat(images, 2, axis=0)
    found = MSSSIM(pairs=20, size="native", filter="none").measure(subject(by_twos, by_twos))
    assert found.value == pytest.approx(1, abs=1e-6)
    assert found.details["real"] < 0.95
