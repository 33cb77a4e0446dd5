"""Clearness of edges: the variance of an image's Laplacian (Pech-Pacheco et al. 2000, from autofocus)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from benchmark.parts.metrics.inputs import Count, CountOrAll, generated, real
from benchmark.spec.parts import METRICS, Measurement, Metric, MetricError, Subject

#: pixels taken at once, so that the float copies stay small
_PIXELS = 2**22


def laplacian_variances(images: np.ndarray) -> np.ndarray:
    """Variance (n,) of every image's four-neighbour Laplacian, in squared levels of 0 to 255.

    Colour images count by the mean of their channels; the outermost pixels have no Laplacian.
    """
    if min(images.shape[2:]) < 3:
        raise MetricError(f"images of {images.shape[2]}x{images.shape[3]} have no inner pixels, the minimum is 3x3")
    variances = []
    batch = max(1, _PIXELS // math.prod(images.shape[2:]))
    for start in range(0, len(images), batch):
        grey = images[start : start + batch].mean(axis=1, dtype=np.float64)
        inner = grey[:, 1:-1, 1:-1]
        around = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
        variances.append((around - 4 * inner).var(axis=(1, 2)))
    return np.concatenate(variances)


class _Sharpness(Metric):
    """A metric on the sharpness of single images, generated and real."""

    kinds = ("images",)
    samples: Count
    reference_images: CountOrAll

    def pair(self, subject: Subject) -> tuple[np.ndarray, np.ndarray]:
        """Sharpness of each generated and of each real image."""
        ours = laplacian_variances(generated(subject, self.samples))
        theirs = laplacian_variances(real(subject, self.reference_images))
        if not theirs.any():
            raise MetricError("the real images have no edges to compare with")
        if not ours.any():
            raise MetricError("every generated image is of one level throughout: there are no edges to speak of")
        return ours, theirs


@METRICS.register("sharpness")
class Sharpness(_Sharpness):
    """Mean variance of the Laplacian of generated images; noise raises it as edges do, so read it beside the real."""

    label = "sharpness"
    direction = "none"
    possible = (0, (4 * 255) ** 2)  # a Laplacian of levels lies within 4 * 255 of 0

    def measure(self, subject: Subject) -> Measurement:
        images, reals = self.pair(subject)
        ours, theirs = float(images.mean()), float(reals.mean())
        details = {"real": theirs, "ratio_to_real": ours / theirs}
        return Measurement(ours, details=details, arrays={"generated": images})

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return float(kept["generated"].mean())


@METRICS.register("sharpness_gap")
class SharpnessGap(_Sharpness):
    """|log(sharpness of generated / sharpness of real images)|: 0 for edges as clear as the real ones."""

    label = "sharpness gap to real"
    direction = "lower"
    possible = (0, math.inf)
    count_power = 0.5

    def measure(self, subject: Subject) -> Measurement:
        images, reals = self.pair(subject)
        details = {"generated": float(images.mean()), "real": float(reals.mean())}
        kept = {"generated": images, "real": reals}
        return Measurement(self.recomputed(kept), details=details, arrays={"generated": images}, shared={"real": reals})

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return abs(math.log(float(kept["generated"].mean()) / float(kept["real"].mean())))
