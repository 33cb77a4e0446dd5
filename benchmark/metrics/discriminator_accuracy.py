"""How well the trained discriminator still tells generated from real examples.

A classifier's two-sample test (Lopez-Paz and Oquab 2017) with the classifier that training left behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.metrics.inputs import Count, generated, real
from benchmark.spec.parts import METRICS, Measurement, Metric, MetricError, NetworkRole, Subject

if TYPE_CHECKING:
    import numpy as np


@METRICS.register("discriminator_accuracy")
class DiscriminatorAccuracy(Metric):
    """Mean of the shares of real examples above and of generated ones not above ``threshold``.

    ``threshold`` is 0 for logits, and 0.5 for a network that ends in a sigmoid or is trained towards 0 and 1. At a
    generator's optimum the best discriminator scores 0.5.
    """

    label = "discriminator accuracy"
    direction = "none"
    kinds = ("images", "points")
    network: NetworkRole
    samples: Count
    threshold: float

    def measure(self, subject: Subject) -> Measurement:
        on_generated = self._outputs(subject, generated(subject, self.samples), "generated")
        on_real = self._outputs(subject, real(subject, self.samples), "real")
        real_share = float((on_real > self.threshold).mean())
        generated_share = float((on_generated <= self.threshold).mean())
        return Measurement(
            (real_share + generated_share) / 2,
            protocol={"n_real": self.samples},
            details={"real": real_share, "generated": generated_share},
        )

    def _outputs(self, subject: Subject, examples: np.ndarray, what: str) -> np.ndarray:
        import numpy as np

        outputs = np.asarray(subject.apply(self.network, examples))
        if outputs.size != len(examples):
            raise MetricError(
                f"'{self.network}' gives {outputs.size // len(examples)} numbers an example, not the one of a verdict"
            )
        if not np.isfinite(outputs).all():
            raise MetricError(f"'{self.network}' gives numbers that are not finite on {what} examples")
        return outputs.reshape(-1)
