"""Metrics on a trained system's networks: activations inside them, and what the discriminator still tells apart.

Self-normalisation is that of Klambauer et al. (2017); a classifier's two-sample test (Lopez-Paz and Oquab 2017) is made
with the classifier that training left behind.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from benchmark.parts.metrics.inputs import Count, generated, real
from benchmark.spec.base import Name
from benchmark.spec.fields import NetworkRole
from benchmark.spec.parts import METRICS, Measurement, Metric, MetricError, Subject


@METRICS.register("activation_drift")
class ActivationDrift(Metric):
    """Largest of |mean| and |variance - 1| over the activations that follow each layer of the kind ``after``.

    0 at the fixed point of self-normalising networks, (0, 1), of which Klambauer et al. (2017, theorem 1) leave
    variances of 0.8 to 1.5 in place. Over all units and ``samples`` examples: generated ones inside a network that
    makes samples, real ones inside any other.
    """

    label = "drift of activations"
    direction = "lower"
    possible = (0, math.inf)
    kinds = ("images", "points")
    network: NetworkRole
    after: Name
    samples: Count

    def measure(self, subject: Subject) -> Measurement:
        moments = subject.moments_after(self.network, self.after, self.samples)
        if not len(moments):
            raise MetricError(f"nothing follows a layer '{self.after}' in '{self.network}'")
        layers = [{"mean": float(mean), "variance": float(variance)} for mean, variance in moments]
        return Measurement(_drift(moments), details={"layers": layers}, arrays={"moments": moments})

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return _drift(kept["moments"])


def _drift(moments: np.ndarray) -> float:
    """Of means and variances (layers, 2)."""
    return float(abs(moments - [0.0, 1.0]).max())


@METRICS.register("discriminator_accuracy")
class DiscriminatorAccuracy(Metric):
    """Mean of the shares of real examples above and of generated ones not above ``threshold``.

    ``threshold`` is 0 for logits, and 0.5 for a network that ends in a sigmoid or is trained towards 0 and 1. At a
    generator's optimum the best discriminator scores 0.5.
    """

    label = "discriminator accuracy"
    direction = "none"
    possible = (0, 1)
    kinds = ("images", "points")
    network: NetworkRole
    samples: Count
    threshold: float

    def measure(self, subject: Subject) -> Measurement:
        outputs = {
            "generated": self._outputs(subject, generated(subject, self.samples), "generated"),
            "real": self._outputs(subject, real(subject, self.samples), "real"),
        }
        real_share, generated_share = self._shares(outputs)
        return Measurement(
            (real_share + generated_share) / 2,
            protocol={"n_real": self.samples},
            details={"real": real_share, "generated": generated_share},
            arrays=outputs,
        )

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return sum(self._shares(kept)) / 2

    def _shares(self, outputs: Mapping[str, np.ndarray]) -> tuple[float, float]:
        """Share of real examples above the threshold, and of generated ones not above it."""
        above, below = outputs["real"] > self.threshold, outputs["generated"] <= self.threshold
        return float(above.mean()), float(below.mean())

    def _outputs(self, subject: Subject, examples: np.ndarray, what: str) -> np.ndarray:
        outputs = np.asarray(subject.apply(self.network, examples))
        if outputs.size != len(examples):
            raise MetricError(
                f"'{self.network}' gives {outputs.size // len(examples)} numbers an example, not the one of a verdict"
            )
        if not np.isfinite(outputs).all():
            raise MetricError(f"'{self.network}' gives numbers that are not finite on {what} examples")
        return outputs.ravel()
