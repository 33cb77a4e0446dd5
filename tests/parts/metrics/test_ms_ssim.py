"""MS-SSIM against a plain NumPy rendering of its definition, another library, and known limits."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from scipy.ndimage import convolve
from scipy.signal import correlate

from benchmark.parts.metrics import ms_ssim
from benchmark.parts.metrics.ms_ssim import MSSSIM, pair_similarities, similarities
from benchmark.spec.parts import MetricError
from tests.parts.metrics.conftest import stand_in

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


@pytest.mark.parametrize(("numbers", "lengths"), [(3 * 2 * 16 * 17, [3, 3, 1]), (1, [1] * 7)])
def test_so_many_numbers_on_either_side_of_a_pair_are_held_at_once(
    numbers: int, lengths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven pairs of 2 x 16 x 17 numbers."""
    monkeypatch.setattr(ms_ssim, "_CPU_NUMBERS", numbers)
    compared, compare = [], ms_ssim.similarities
    monkeypatch.setattr(ms_ssim, "similarities", lambda a, b, kind: compared.append(len(a)) or compare(a, b, kind))
    images = np.random.default_rng(0).integers(0, 256, (14, 2, 16, 17), dtype=np.uint8)
    pair_similarities([images], 14, (2, 16, 17), "cpu")
    assert compared == lengths


def test_a_gpu_takes_more_pairs_at_once() -> None:
    """Images of 2^12 numbers that 2^17 and 2^25 of them hold."""
    assert {device: ms_ssim._batch_images((1, 64, 64), device) // 2 for device in ("cpu", "cuda", "cuda:1")} == {
        "cpu": 32,
        "cuda": 8192,
        "cuda:1": 8192,
    }


def test_few_images_are_floats_at_once_while_they_are_resized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ms_ssim, "_PARTS", 3)
    metric, images = MSSSIM(pairs=2, size=32, filter="bicubic"), pictures(7, 40, 1)
    resize, resized = torch.nn.functional.interpolate, []
    monkeypatch.setattr(
        torch.nn.functional, "interpolate", lambda some, **how: resized.append(len(some)) or resize(some, **how)
    )
    found = metric._resized(images)
    assert resized == [3, 3, 1]
    assert (found == np.concatenate([metric._resized(images[i : i + 1]) for i in range(7)])).all()


@pytest.mark.parametrize("how", ["bilinear", "bicubic"])
def test_images_are_resized_as_by_another_library(how: str) -> None:
    """Stripes of black and white, beside which a cubic kernel leaves the range of levels on both sides."""
    image = np.kron([0, 1, 1, 0, 1], np.full((40, 8), 255)).astype(np.uint8)
    expected = Image.fromarray(image).resize((32, 32), getattr(Image.Resampling, how.upper()))
    found = MSSSIM(pairs=2, size=32, filter=how)._resized(image[None, None])[0, 0]
    assert np.abs(found.astype(int) - np.asarray(expected, int)).max() <= 1


def test_of_endless_images_as_many_pairs_are_compared(subject) -> None:
    images = pictures(8, 16, 1)

    class Endless(type(subject(images, images))):
        data = SimpleNamespace(fingerprint="endless", count=None)

    made = Endless(images, images, stand_in((1, 16, 16)), Path())
    assert MSSSIM(pairs=4, size="native", filter="none").measure(made).details["real_pairs"] == 4


@pytest.mark.parametrize(("there", "pairs"), [(7, 3), (8, 4), (9, 4), (20, 4)])
def test_as_many_real_pairs_are_compared_as_there_are(there: int, pairs: int, subject) -> None:
    images = pictures(20, 16, 1)
    found = MSSSIM(pairs=4, size="native", filter="none").measure(subject(images[:8], images[:there]))
    assert found.details["real_pairs"] == pairs


def test_similarities_of_the_last_three_sets_of_real_images_are_remembered(
    subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ms_ssim, "_of_reals", {})
    images, metric = pictures(12, 16, 1), MSSSIM(pairs=2, size="native", filter="none")
    read: list[int] = []

    def of_set(number: int) -> float:
        made = subject(images[:4], images[number : number + 4])
        give = made.reals_in_parts
        made.reals_in_parts = lambda order, size: read.append(number) or give(order, size)
        return metric.measure(made).details["real"]

    found = {number: of_set(number) for number in (0, 1, 2, 3)}
    assert (len(set(found.values())), len(ms_ssim._of_reals)) == (4, 3)
    assert {number: of_set(number) for number in (1, 2, 3)} == {number: found[number] for number in (1, 2, 3)}
    assert read == [0, 1, 2, 3]
    assert of_set(0) == found[0]
    assert read == [0, 1, 2, 3, 0]


def test_similarities_of_other_pairs_are_no_number() -> None:
    metric = MSSSIM(pairs=3, size="native", filter="none")
    assert metric.recomputed({"pairs": np.float32([0.25, 0.5, 0.75])}) == 0.5
    for shape in ((2,), (4,), (3, 1)):
        with pytest.raises(ValueError, match="are not of 3 pairs"):
            metric.recomputed({"pairs": np.zeros(shape)})
