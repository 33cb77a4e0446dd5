"""FID-infinity (Chong and Forsyth 2020): a Fréchet distance at many counts of images, carried on to endless ones.

The distance of one and the same generator falls with the count N about as 1/N; the line's intercept is what is left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.parts.metrics.frechet import FrechetDistance, Moments, frechet_distance, least_images, moments
from benchmark.parts.metrics.inputs import finite, generated
from benchmark.spec.parts import Metric, MetricError, Subject

POINTS = 15
#: the fewest images of a line up to 50,000; a line up to fewer begins at a tenth of them
FROM = 5_000
_SHARE = 10
_SUBSET_SEED = 2020


@dataclass(frozen=True)
class InverseCountLine:
    """Least-squares line of ``values`` against 1 / ``counts``; the error is that of the intercept."""

    counts: list[int]
    values: list[float]
    intercept: float
    #: of the fit alone. All counts share their images, so that the intercept itself varies two to three times as much
    intercept_error: float
    slope: float


def extrapolates(metric: Metric) -> bool:
    """Whether a metric is a Fréchet distance, which falls with the count in this way."""
    return isinstance(metric, FrechetDistance)


def counts_up_to(most: int, dimensions: int) -> list[int]:
    """Fifteen counts, evenly spaced; too few images for them are a :class:`MetricError`."""
    least = max(least_images(dimensions), min(FROM, -(-most // _SHARE)))
    if most - least < POINTS - 1:
        raise MetricError(f"{most} images are too few for {POINTS} counts from {least} on")
    return [int(count) for count in np.linspace(least, most, POINTS).round()]


def line_through(counts: list[int], values: list[float]) -> InverseCountLine:
    """Fit a line against 1/N."""
    inverse = 1 / np.asarray(counts, dtype=np.float64)
    design = np.stack([np.ones_like(inverse), inverse], axis=1)
    (intercept, slope), *_ = np.linalg.lstsq(design, np.asarray(values), rcond=None)
    left = np.asarray(values) - design @ (intercept, slope)
    variance = float(left @ left) / (len(counts) - 2)
    error = float(np.sqrt(variance * np.linalg.inv(design.T @ design)[0, 0]))
    return InverseCountLine(list(counts), [float(value) for value in values], float(intercept), error, float(slope))


def frechet_line(metric: Metric, subject: Subject) -> InverseCountLine:
    """The metric at fifteen counts up to its own, features taken once; subsets are drawn without replacement."""
    if not isinstance(metric, FrechetDistance):
        raise MetricError(f"'{metric.name}' is no Fréchet distance")
    network = metric.network(subject)
    counts_up_to(metric.samples, network.dimensions)  # before anything is extracted
    theirs, _ = metric.reference_moments(subject, network)
    images = generated(subject, metric.samples, distinct=True)
    return line_of(finite(network.features(images), "generated"), theirs)


def line_of(features: np.ndarray, theirs: Moments) -> InverseCountLine:
    """The line of features (n, d) against a reference's moments."""
    counts = counts_up_to(*features.shape)
    random = np.random.default_rng(_SUBSET_SEED)
    values = [
        frechet_distance(theirs, moments(features[random.permutation(len(features))[:count]], "generated"))
        for count in counts
    ]
    return line_through(counts, values)
