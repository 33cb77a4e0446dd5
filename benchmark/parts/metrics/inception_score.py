"""Inception score (Salimans et al. 2016), and the same formula for any classifier's logits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from benchmark.parts.metrics.inputs import ClassifierMetric, OnFeatures, OnInception, class_logits, generated, real
from benchmark.spec.parts import METRICS, Measurement, MetricError, Subject

#: images that each split needs at least: its mean class distribution is estimated from them
_PER_SPLIT = 100
_SHUFFLE_SEED = 2020


def too_few(samples: int, splits: int) -> str | None:
    """What is wrong with ``samples`` images in ``splits`` splits, or None."""
    least = _PER_SPLIT * splits
    if samples >= least:
        return None
    return f"{samples} generated images are too few for {splits} splits, the minimum is {least}"


def score(logits: np.ndarray, splits: int) -> tuple[float, float]:
    """Mean and standard deviation over splits of exp(mean KL(p(y|x) || p(y))); logits (n, classes).

    The splits are torch-fidelity's: images shuffled with a fixed seed, then cut in order.
    """
    import torch
    from torch_fidelity.metric_isc import KEY_METRIC_ISC_MEAN, KEY_METRIC_ISC_STD, isc_features_to_metric

    reason = too_few(len(logits), splits)
    if reason is not None:
        raise MetricError(reason)
    scores = isc_features_to_metric(torch.from_numpy(logits), splits=splits, shuffle=True, rng_seed=_SHUFFLE_SEED)
    mean, deviation = scores[KEY_METRIC_ISC_MEAN], scores[KEY_METRIC_ISC_STD]
    if not np.isfinite([mean, deviation]).all():
        raise MetricError(f"the score came out as {mean}: some class has no probability at all in a split")
    return mean, deviation


def kept(logits: np.ndarray, splits: int) -> dict[str, np.ndarray]:
    """All that the score needs of its splits: the mean of p (splits, classes), and of p's negative entropy (splits,).

    Within a split the mean of KL(p || mean p) is the mean of sum(p log p), less sum(mean p log mean p).
    """
    from scipy.special import log_softmax

    count = len(logits)
    logs = log_softmax(logits[np.random.RandomState(_SHUFFLE_SEED).permutation(count)], axis=1)
    parts = [logs[i * count // splits : (i + 1) * count // splits] for i in range(splits)]
    return {
        "mean_probabilities": np.stack([np.exp(part).mean(axis=0) for part in parts]),
        "mean_negative_entropies": np.array([(np.exp(part) * part).sum(axis=1).mean() for part in parts]),
    }


def score_again(arrays: Mapping[str, np.ndarray], splits: int) -> float:
    """The score from what :func:`kept` stored."""
    from scipy.special import xlogy

    means, negative_entropies = arrays["mean_probabilities"], arrays["mean_negative_entropies"]
    if len(means) != splits or negative_entropies.shape != (splits,):
        raise ValueError(f"shapes {means.shape} and {negative_entropies.shape} are not of {splits} splits")
    return float(np.exp(negative_entropies - xlogy(means, means).sum(axis=1)).mean())


class _Score(OnFeatures):
    direction = "higher"
    possible = (1, math.inf)
    splits: Annotated[int, Field(ge=1)]

    def unavailable(self, root: Path) -> str | None:
        return too_few(self.samples, self.splits) or super().unavailable(root)

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return score_again(kept, self.splits)


@METRICS.register("inception_score")
class InceptionScore(_Score, OnInception):
    """exp(mean KL) of Inception's class probabilities, mean over ``splits``; their deviation is not that of seeds."""

    label = "IS"
    usual_margin = (0.05, 0.1)

    def measure(self, subject: Subject) -> Measurement:
        images = generated(subject, self.samples, least=_PER_SPLIT * self.splits, distinct=True)
        network = self.network(subject)
        logits = class_logits(network, images, "generated")
        mean, deviation = score(logits, self.splits)
        return Measurement(
            mean,
            protocol={"weights_sha256": network.weights_sha256, "shuffle_seed": _SHUFFLE_SEED},
            details={"split_deviation": deviation},
            arrays=kept(logits, self.splits),
        )


@METRICS.register("proxy_inception_score")
class ProxyInceptionScore(_Score, ClassifierMetric):
    """exp(mean KL) of a classifier's class probabilities, 1 to 10; the real images' value beside it."""

    label = "proxy inception score"

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
        return Measurement(mean, protocol=facts, details=details, arrays=kept(logits, self.splits))
