"""The signature of a collapsed generator (Goodfellow 2016, section 5.1.1): next to no variance among its samples."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from benchmark.parts.metrics.inputs import Count, CountOrAll, generated, real
from benchmark.spec.parts import METRICS, Measurement, Metric, Subject

#: coordinates whose variance is taken at once, so that the float copies of large images stay small
_BLOCK = 4096
#: below this share of the data's variance the samples are called collapsed
_COLLAPSED = 0.01


@METRICS.register("collapse")
class Collapse(Metric):
    """Total variance of generated examples over that of real ones, trace over trace: 1 as the data, 0 collapsed."""

    label = "variance ratio to real"
    direction = "two_sided"
    possible = (0, math.inf)
    kinds = ("images", "points")
    samples: Count
    reference_images: CountOrAll

    def measure(self, subject: Subject) -> Measurement:
        reals = real(subject, self.reference_images)
        theirs, ours = {"real": _variances(reals)}, {"generated": _variances(generated(subject, self.samples))}
        ratio = self.recomputed(theirs | ours)
        details = {"collapsed": ratio < _COLLAPSED}
        return Measurement(ratio, protocol={"n_real": len(reals)}, details=details, arrays=ours, shared=theirs)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return float(kept["generated"].sum()) / float(kept["real"].sum())


def _variances(examples: np.ndarray) -> np.ndarray:
    """Variance of each coordinate, divisor n - 1: the diagonal of the covariance."""
    flat = examples.reshape(len(examples), -1)
    blocks = (flat[:, start : start + _BLOCK] for start in range(0, flat.shape[1], _BLOCK))
    return np.concatenate([block.var(axis=0, ddof=1, dtype=np.float64) for block in blocks])
