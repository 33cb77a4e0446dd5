"""Fréchet distance between normal distributions fitted to two sets of features (Dowson and Landau 1982)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from benchmark.spec.parts import MetricError, Needs

#: of the spread: identical sets come out below 0 by rounding; what lies further below is no rounding
_BELOW = 1e-4
#: of a distance computed on another processor: eigenvalues near 0 come out by chance, and roots are taken of them
ROUNDING = 1e-5


@dataclass(frozen=True)
class Moments:
    """Mean (d,) and covariance (d, d; divisor n - 1) of n feature vectors, float64."""

    mean: np.ndarray
    covariance: np.ndarray


def finite(features: np.ndarray, what: str) -> np.ndarray:
    """``features`` if all are finite numbers, else a :class:`MetricError`."""
    if not np.isfinite(features).all():
        raise MetricError(f"the extractor gives features that are not finite on {what} images")
    return features


def moments(features: np.ndarray, what: str) -> Moments:
    """Moments of features (n, d); fewer than :func:`least_images` are a :class:`MetricError`."""
    count, dimensions = features.shape
    reason = too_few(count, dimensions, what)
    if reason is not None:
        raise MetricError(reason)
    centred = finite(features, what).astype(np.float64)
    mean = centred.mean(axis=0)
    centred -= mean
    return Moments(mean, centred.T @ centred / (count - 1))


def least_images(dimensions: int) -> int:
    """Images without which a covariance of ``dimensions`` features is singular."""
    return dimensions + 1


def too_few(count: int, dimensions: int, what: str) -> str | None:
    """What is wrong with ``count`` images for a covariance of ``dimensions`` features, or None."""
    least = least_images(dimensions)
    if count >= least:
        return None
    return f"{count} {what} images are too few for {dimensions} features, the minimum is {least}"


def frechet_distance(first: Moments, second: Moments) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))."""
    difference = first.mean - second.mean
    spread = np.trace(first.covariance) + np.trace(second.covariance)
    if not np.isfinite(spread):
        raise MetricError("the features' variance is too large for a number")
    distance = float(difference @ difference + spread - 2 * _trace_of_root(first.covariance, second.covariance))
    if not np.isfinite(distance) or distance < -_BELOW * max(1.0, float(spread)):
        raise MetricError(f"the Fréchet distance came out as {distance}")
    return distance


def needs_of_moments(needs: Needs, dimensions: int) -> Needs:
    """``needs`` with two covariances, the root of their product, and the generated side's upper triangle on disk."""
    return replace(
        needs,
        operations=needs.operations + 2.0 * needs.generated * dimensions**2 + 25.0 * dimensions**3,
        once=needs.once + 2.0 * needs.real * dimensions**2,
        memory=needs.memory + 6 * 8 * dimensions**2,
        kept=8 * dimensions * (dimensions + 3) / 2,
    )


def kept(side: str, moments: Moments) -> dict[str, np.ndarray]:
    """Moments of one ``side`` as they are stored: a covariance is symmetric, its upper triangle says all of it."""
    triangle = moments.covariance[np.triu_indices(len(moments.covariance))]
    return {f"{side}.mean": moments.mean, f"{side}.covariance": triangle}


def distance_again(arrays: Mapping[str, np.ndarray]) -> float:
    """The distance from what :func:`kept` stored of the sides ``reference`` and ``generated``."""
    return frechet_distance(restored("reference", arrays), restored("generated", arrays))


def restored(side: str, arrays: Mapping[str, np.ndarray]) -> Moments:
    """Moments of one ``side`` from what :func:`kept` stored; arrays that do not belong together are a ValueError."""
    mean, triangle = arrays[f"{side}.mean"], arrays[f"{side}.covariance"]
    dimensions = len(mean)
    if mean.shape != (dimensions,) or triangle.shape != (dimensions * (dimensions + 1) // 2,):
        raise ValueError(f"moments of shapes {mean.shape} and {triangle.shape} do not belong together")
    covariance = np.empty((dimensions, dimensions))
    rows, columns = np.triu_indices(dimensions)
    covariance[rows, columns] = triangle
    covariance[columns, rows] = triangle
    return Moments(mean, covariance)


def _trace_of_root(first: np.ndarray, second: np.ndarray) -> float:
    """Trace of (first second)^(1/2): its eigenvalues are those of R' second R for any root R R' = first."""
    from scipy.linalg import cholesky, eigh, eigvalsh

    try:
        root = cholesky(first, lower=True)
    except np.linalg.LinAlgError:  # features that never vary
        values, vectors = eigh(first)
        root = vectors * np.sqrt(np.clip(values, 0, None))
    values = eigvalsh(root.T @ second @ root)
    return float(np.sqrt(np.clip(values, 0, None)).sum())
