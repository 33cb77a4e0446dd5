"""Fréchet distance between normal distributions fitted to two sets of features (Dowson and Landau 1982).

On Inception's features it is FID (Heusel et al. 2017), on a small classifier's a proxy of it with other numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from benchmark.parts.extractors import Extractor
from benchmark.parts.metrics.inputs import (
    AgainstReference,
    Arrays,
    CountOrAll,
    OnClassifier,
    OnInception,
    Reference,
    cache_folder,
    cached,
    digest,
    finite,
    generated,
    held_out_split,
    identity,
    real,
)
from benchmark.spec.parts import METRICS, Dataset, Measurement, MetricError, Needs, Subject

#: of the spread: identical sets come out below 0 by rounding; what lies further below is no rounding
_BELOW = 1e-4
#: of a distance computed on another processor: eigenvalues near 0 come out by chance, and roots are taken of them
ROUNDING = 1e-5
#: moments of references that a process keeps, so that a run with many evaluations reads its real images once
_KEPT = 3
_memory: dict[tuple[object, ...], tuple[Moments, dict[str, object]]] = {}


@dataclass(frozen=True)
class Moments:
    """Mean (d,) and covariance (d, d; divisor n - 1) of n feature vectors, float64."""

    mean: np.ndarray
    covariance: np.ndarray


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


def reference_moments(
    subject: Subject, extractor: Extractor, *, reference: Reference, images: CountOrAll, resize: str
) -> tuple[Moments, dict[str, object]]:
    """Moments of the reference's features and the facts of protocol they add; read from disk where they are known."""
    known = (
        subject.root,
        subject.data.fingerprint,
        reference,
        images,
        resize,
        extractor.name,
        extractor.weights_sha256,
    )
    if known not in _memory:
        if len(_memory) >= _KEPT:
            _memory.pop(next(iter(_memory)))
        _memory[known] = _reference_moments(subject, extractor, reference, images, resize)
    return _memory[known]


def _reference_moments(
    subject: Subject, extractor: Extractor, reference: Reference, images: CountOrAll, resize: str
) -> tuple[Moments, dict[str, object]]:
    data = subject.data if reference == "training_data" else held_out_split(subject)
    key = {
        **identity(subject, extractor, resize),
        "dataset": data.fingerprint,
        "n_real": images,
        "reference": reference,
    }

    def compute() -> Arrays:
        reals = real(subject, images, reference=reference, least=least_images(extractor.dimensions))
        values = moments(extractor.features(reals), "real")
        which = {
            "n_real": np.array(len(reals)),
            "reference_sha256": np.frombuffer(bytes.fromhex(digest(reals)), np.uint8),
        }
        return {"mean": values.mean, "covariance": values.covariance, **which}

    arrays = cached(cache_folder(subject.root), key, compute)
    facts: dict[str, object] = {
        "n_real": int(arrays["n_real"]),
        "reference_sha256": arrays["reference_sha256"].tobytes().hex(),
        "weights_sha256": extractor.weights_sha256,
    }
    return Moments(arrays["mean"], arrays["covariance"]), facts


class FrechetDistance(AgainstReference):
    """The distance between features of generated images and of a reference's.

    It falls with ``samples`` for one and the same generator: values of different counts are not comparable.
    """

    direction = "lower"
    possible = (0, math.inf)
    count_power = 1.0
    rounding: ClassVar[float] = ROUNDING

    def unavailable(self, root: Path) -> str | None:
        return too_few(self.samples, self.extractors.DIMENSIONS, "generated") or super().unavailable(root)

    def needs(self, dataset: Dataset) -> Needs:
        return needs_of_moments(super().needs(dataset), self.extractors.DIMENSIONS)

    def reference_moments(self, subject: Subject, network: Extractor) -> tuple[Moments, dict[str, object]]:
        """As the function of this name, of the metric's reference."""
        return reference_moments(
            subject, network, reference=self.reference, images=self.reference_images, resize=self.resizing
        )

    def measure(self, subject: Subject) -> Measurement:
        network = self.network(subject)
        images = generated(subject, self.samples, least=least_images(network.dimensions), distinct=True)
        theirs, facts = self.reference_moments(subject, network)
        ours = moments(finite(network.features(images), "generated"), "generated")
        difference = ours.mean - theirs.mean
        return Measurement(
            # the reference leads: its covariance, of more images, is the better one to take the root of
            frechet_distance(theirs, ours),
            protocol=facts,
            details={"mean_term": float(difference @ difference)},
            arrays=kept("generated", ours),
            shared=kept("reference", theirs),
        )

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return frechet_distance(restored("reference", kept), restored("generated", kept))


@METRICS.register("frechet_inception_distance")
class FrechetInceptionDistance(FrechetDistance, OnInception):
    """Fréchet distance between Inception's 2048 pool features of generated and of real images, 8 bits a level.

    It falls with ``samples`` for one and the same generator: values of different counts are not comparable.
    """

    label = "FID"
    usual_margin = (0.1, 0.5)


@METRICS.register("proxy_frechet_distance")
class ProxyFrechetDistance(FrechetDistance, OnClassifier):
    """Fréchet distance between 64 classifier features of generated and of real images."""

    label = "proxy Fréchet distance"
