"""FID-infinity: its counts by hand, its line against SciPy's."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats

from benchmark.parts.metrics.frechet import Moments, frechet_distance, moments
from benchmark.parts.metrics.infinity import counts_up_to, frechet_line, line_of, line_through
from benchmark.spec.parts import METRICS, MetricError


@pytest.mark.parametrize(
    ("most", "dimensions", "least"), [(50_000, 2048, 5_000), (20_480, 64, 2_048), (10_001, 64, 1_001), (100, 64, 65)]
)
def test_counts_begin_at_5000_or_a_tenth_and_where_a_covariance_can_be_had(
    most: int, dimensions: int, least: int
) -> None:
    counts = counts_up_to(most, dimensions)
    assert (counts[0], counts[-1], len(counts)) == (least, most, 15)
    steps = np.diff(counts)
    assert steps == pytest.approx(np.full(14, (most - least) / 14), abs=1)


def test_fifteen_counts_that_differ_need_so_many_images() -> None:
    """From 65 images on, which 64 features need, 79 give fifteen counts."""
    assert counts_up_to(79, 64) == list(range(65, 80))
    with pytest.raises(MetricError, match="78 images are too few for 15 counts from 65 on"):
        counts_up_to(78, 64)


def test_the_line_is_that_of_least_squares() -> None:
    counts = [100, 150, 220, 300, 500]
    exact = line_through(counts, [3 + 70 / count for count in counts])
    assert (exact.intercept, exact.slope) == (pytest.approx(3), pytest.approx(70))
    assert exact.intercept_error == pytest.approx(0, abs=1e-9)
    values = [3.9, 3.3, 3.4, 3.1, 3.3]
    found, expected = line_through(counts, values), scipy.stats.linregress([1 / count for count in counts], values)
    assert (found.intercept, found.slope) == (pytest.approx(expected.intercept), pytest.approx(expected.slope))
    assert found.intercept_error == pytest.approx(expected.intercept_stderr)


def test_a_line_is_of_frechet_distances_alone() -> None:
    likeness = METRICS.get("ms_ssim").model_validate({"pairs": 10, "size": "native", "filter": "none"})
    with pytest.raises(MetricError, match="'ms_ssim' is no Fréchet distance"):
        frechet_line(likeness, SimpleNamespace())  # type: ignore[arg-type]


def test_each_count_has_a_random_part_of_the_features() -> None:
    random = np.random.default_rng(1)
    features, theirs = random.normal(size=(200, 3)), moments(random.normal(1, 1, (300, 3)), "real")
    found = line_of(features, theirs)
    assert found.counts == counts_up_to(200, 3)
    orders = np.random.default_rng(2020)
    expected = []
    for count in found.counts:
        part = features[orders.permutation(200)[:count]]
        expected.append(frechet_distance(theirs, Moments(part.mean(axis=0), np.cov(part, rowvar=False))))
    assert found.values == pytest.approx(expected)
    assert found.values[-1] == pytest.approx(frechet_distance(theirs, moments(features, "generated")))
