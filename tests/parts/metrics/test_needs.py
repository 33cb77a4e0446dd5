"""What measurements take, counted by hand for 1,797 digits of 8 x 8 levels."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.parts.extractors import classifier, inception
from benchmark.parts.metrics import frechet
from benchmark.spec.parts import DATASETS, METRICS, Needs

DIGITS = DATASETS.get("digits").model_validate({"value_range": [-1, 1]})
COUNT, BYTES = 1797, 64
INCEPTION = {"resize": "bilinear", "extractor": "inception_2015_12_05"}
#: two blocks of examples and one of distances, each of 2^26 float64
BLOCKS = 3 * 512 * 2**20


def needs(name: str, **settings: object) -> Needs:
    return METRICS.get(name).model_validate(settings).needs(DIGITS)


def test_a_distance_of_moments() -> None:
    """Features of all images, held once and once more in 64 bits; d x d products of n of them; roots of d x d."""
    found = needs(
        "frechet_inception_distance", samples=5000, reference="training_data", reference_images="all", **INCEPTION
    )
    assert (found.generated, found.real) == (5000, COUNT)
    assert found.operations == 5000 * (inception.OPERATIONS + 2 * 2048**2) + 25 * 2048**3
    assert found.once == COUNT * (inception.OPERATIONS + 2 * 2048**2)
    features = 4 * 2048 * (5000 + COUNT) + 8 * 2048 * 5000
    matrices = 6 * 8 * 2048**2
    assert found.memory == 5000 * BYTES + features + matrices + inception.BATCH_BYTES
    assert found.device_memory == inception.BATCH_BYTES


def test_moments_are_kept_as_a_mean_and_a_triangle() -> None:
    one = METRICS.get("proxy_frechet_distance").model_validate(
        {"samples": 100, "reference": "training_data", "reference_images": 500, "classifier": "digits_8x8"}
    )
    made = frechet.Moments(np.zeros(classifier.DIMENSIONS), np.zeros((classifier.DIMENSIONS,) * 2))
    assert one.needs(DIGITS).kept == sum(array.nbytes for array in frechet.kept("generated", made).values())


def test_a_distance_over_that_among_real_images_looks_at_all_of_these() -> None:
    found = needs("frechet_over_real", samples=5000, **INCEPTION)
    assert found.once == COUNT * inception.OPERATIONS


@pytest.mark.parametrize(
    ("name", "settings", "reals"),
    [
        ("duplicates", {"quantile": 0.1}, 0),
        ("nearest_training_distance", {"neighbours": 1, "reference_images": 300}, 300),
    ],
)
def test_distances_of_pixels(name: str, settings: dict[str, object], reals: int) -> None:
    """Of 100 examples to n real ones, and of 100 real ones to the same: 64 products and sums, in 64 bits, which count
    twice. Duplicates look at as many real examples as generated ones.
    """
    found = needs(name, samples=100, **settings)
    assert (found.generated, found.real) == (100, reals or 100)
    assert found.operations == 2 * (2 * 64) * (reals or 100) * (100 + 100)
    assert found.memory == (100 + reals) * BYTES + BLOCKS
    assert (found.once, found.device_memory, found.kept) == (0, 0, 100 * 8)


def test_precision_and_recall_look_at_all_pairs() -> None:
    about = {"samples": 1000, "reference": "training_data", "reference_images": 500, "neighbours": 3, **INCEPTION}
    found = needs("precision", **about)
    assert found.operations == 1000 * inception.OPERATIONS + 2 * (2 * 2048) * 1500**2
    features = 4 * 2048 * (1500 + 2 * 1000)
    assert found.memory == 1500 * BYTES + features + BLOCKS + inception.BATCH_BYTES
    assert needs("recall", **about) == found


@pytest.mark.parametrize(("pairs", "real"), [(10, 20), (1000, COUNT)])
def test_likeness_of_pairs(pairs: int, real: int) -> None:
    """Four images to blur in a pair, each by rows and by columns; a scale has an eighth of the one before."""
    found = needs("ms_ssim", pairs=pairs, size=32, filter="bilinear")
    pair = 4 * 2 * (32 + 32) * 32 * 32 * sum(8.0**-scale for scale in range(5))
    assert (found.generated, found.real, found.kept) == (2 * pairs, real, 4 * pairs)
    assert found.operations == pytest.approx(pairs * pair, rel=0.01)
    assert found.once == pytest.approx(real / 2 * pair, rel=0.01)
    part = 256 * (BYTES + 32 * 32 * (1 + 1 + 4))
    assert found.memory == pytest.approx(part + 64 * 2**17)


def test_of_endless_images_as_many_pairs_are_compared() -> None:
    endless = SimpleNamespace(example_shape=lambda: (1, 32, 32), example_count=lambda: None)
    metric = METRICS.get("ms_ssim").model_validate({"pairs": 7, "size": "native", "filter": "none"})
    found = metric.needs(endless)  # type: ignore[arg-type]
    assert (found.generated, found.real) == (14, 14)
    assert found.once == found.operations
