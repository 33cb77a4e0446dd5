"""How well the trained discriminator still tells generated from real examples.

A classifier's two-sample test (Lopez-Paz and Oquab 2017) with the classifier that training left behind.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmark.parts.metrics.inputs import Count, generated, real
from benchmark.spec.fields import NetworkRole
from benchmark.spec.parts import METRICS, Measurement, Metric, MetricError, Subject


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
