"""How many times as far from the data as other real images generated ones are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.parts.extractors import Extractor, inception
from benchmark.parts.extractors.inception import DIMENSIONS
from benchmark.parts.metrics import frechet
from benchmark.parts.metrics.frechet import frechet_distance, moments
from benchmark.parts.metrics.inputs import OnInception, cache_folder, cached, finite, generated, identity, real
from benchmark.spec.parts import METRICS, Dataset, Measurement, MetricError, Needs, Subject

#: which real images are set aside, whatever the order of the set
_SEED = 0


@METRICS.register("frechet_over_real")
class FrechetOverReal(OnInception):
    """FID of ``samples`` generated images over that of as many real ones, both against the rest of the training images.

    1 for a generator like the data. The distance is that of Heusel et al. (2017); what it is between real images shows
    the scale that it has.
    """

    label = "FID over that of real images"
    direction = "lower"
    possible = (0, math.inf)
    rounding = 2 * frechet.ROUNDING

    def unavailable(self, root: Path) -> str | None:
        return frechet.too_few(self.samples, DIMENSIONS, "generated") or super().unavailable(root)

    def needs(self, dataset: Dataset) -> Needs:
        needs = super().needs(dataset)
        once = (dataset.example_count() or 0) * inception.OPERATIONS
        return frechet.needs_of_moments(replace(needs, once=once), DIMENSIONS)

    def measure(self, subject: Subject) -> Measurement:
        least = frechet.least_images(DIMENSIONS)
        images = generated(subject, self.samples, least=least, distinct=True)
        network = self.network(subject)
        ours = moments(finite(network.features(images), "generated"), "generated")
        theirs = self._real(subject, network, least)
        arrays = frechet.kept("generated", ours)
        distance, floor = _distances(arrays | theirs)
        facts = {
            "n_real": _count(subject) - self.samples,
            "weights_sha256": network.weights_sha256,
            "set_aside_seed": _SEED,
        }
        details = {"generated": distance, "real": floor}
        return Measurement(distance / floor, protocol=facts, details=details, arrays=arrays, shared=theirs)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        distance, floor = _distances(kept)
        return distance / floor

    def _real(self, subject: Subject, network: Extractor, least: int) -> dict[str, np.ndarray]:
        """Moments of ``samples`` real images and of all others; no image is read where they are kept already."""

        def compute() -> dict[str, np.ndarray]:
            reals = real(subject, "all", least=self.samples + least)
            features = finite(network.features(reals), "real")
            order = np.random.default_rng(_SEED).permutation(len(features))
            aside, rest = (moments(features[part], "real") for part in (order[: self.samples], order[self.samples :]))
            return frechet.kept("aside", aside) | frechet.kept("reference", rest)

        which = {"n_real": _count(subject), "set_aside": self.samples, "seed": _SEED}
        return cached(cache_folder(subject.root), {**which, **identity(subject, network, self.resize)}, compute)


def _count(subject: Subject) -> int:
    """How many real images there are."""
    if subject.data.count is None:
        raise MetricError(f"'{subject.dataset.name}' is drawn afresh, there are no others to hold images against")
    return subject.data.count


def _distances(arrays: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """Distances of generated and of other real images; the latter must be more than rounding."""
    ours, aside, rest = (frechet.restored(side, arrays) for side in ("generated", "aside", "reference"))
    floor = frechet_distance(rest, aside)
    if floor <= frechet.ROUNDING * float(rest.covariance.trace() + aside.covariance.trace()):
        raise MetricError("real images lie at no distance from each other that would be more than rounding")
    return frechet_distance(rest, ours), floor
