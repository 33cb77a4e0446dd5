"""Self-normalisation (Klambauer et al. 2017): whether activations inside a network keep mean 0 and variance 1."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from benchmark.parts.metrics.inputs import Count
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
