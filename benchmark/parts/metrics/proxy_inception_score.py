"""The Inception score's formula (Salimans et al. 2016) on a small shipped classifier's class probabilities."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmark.parts.metrics import inception_score
from benchmark.parts.metrics.classified import ClassifierMetric, class_logits
from benchmark.parts.metrics.inception_score import Splits, score, too_few
from benchmark.parts.metrics.inputs import generated, real
from benchmark.spec.parts import METRICS, Measurement, Subject


@METRICS.register("proxy_inception_score")
class ProxyInceptionScore(ClassifierMetric):
    """exp(mean KL) of a classifier's class probabilities, 1 to 10; the real images' value beside it."""

    label = "proxy inception score"
    direction = "higher"
    possible = (1, math.inf)
    splits: Splits

    def unavailable(self, root: Path) -> str | None:
        return too_few(self.samples, self.splits) or super().unavailable(root)

    def measure(self, subject: Subject) -> Measurement:
        images = generated(subject, self.samples, distinct=True)
        reals = real(subject, self.reference_images)
        network = self.network(subject)
        logits = class_logits(network, images, "generated")
        mean, deviation = score(logits, self.splits)
        details = {"split_deviation": deviation}
        if too_few(len(reals), self.splits) is None:
            details["real"] = score(class_logits(network, reals, "real"), self.splits)[0]
        facts = {"weights_sha256": network.weights_sha256, "n_real": len(reals)}
        return Measurement(mean, protocol=facts, details=details, arrays=inception_score.kept(logits, self.splits))

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return inception_score.score_again(kept, self.splits)
