"""Discriminator accuracy on discriminators whose verdicts are known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.parts.metrics.of_networks import DiscriminatorAccuracy
from benchmark.spec.parts import MetricError

REAL = np.stack([np.ones(50), np.arange(50)], axis=1).astype(np.float32)
FAKE = np.concatenate([np.full((30, 2), -1.0), np.full((20, 2), 1.0)]).astype(np.float32)


def test_counts_both_kinds_of_error(subject) -> None:
    metric = DiscriminatorAccuracy(network="discriminator", samples=50, threshold=0.0)
    found = metric.measure(subject(FAKE, REAL, discriminator=lambda points: points[:, :1]))
    assert found.details == {"real": 1.0, "generated": 0.6}
    assert found.value == pytest.approx(0.8)


def test_a_discriminator_that_says_the_same_of_everything_scores_a_half(subject) -> None:
    for verdict in (-3.0, 3.0):
        made = subject(FAKE, REAL, critic=lambda points, verdict=verdict: np.full((len(points), 1), verdict))
        assert DiscriminatorAccuracy(network="critic", samples=50, threshold=0.0).measure(made).value == 0.5


def test_probabilities_need_the_threshold_of_probabilities(subject) -> None:
    made = subject(FAKE, REAL, discriminator=lambda points: 1 / (1 + np.exp(-points[:, 0])))
    by_probability = DiscriminatorAccuracy(network="discriminator", samples=50, threshold=0.5).measure(made)
    assert by_probability.value == pytest.approx(0.8)
    assert DiscriminatorAccuracy(network="discriminator", samples=50, threshold=0.0).measure(made).value == 0.5


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (lambda points: points, "2 numbers an example"),
        (lambda points: np.full((len(points), 1), np.nan), "not finite on generated"),
    ],
)
def test_outputs_that_are_no_verdict_are_refused(subject, outputs, message: str) -> None:
    with pytest.raises(MetricError, match=message):
        DiscriminatorAccuracy(network="discriminator", samples=50, threshold=0.0).measure(
            subject(FAKE, REAL, discriminator=outputs)
        )


def test_an_output_at_the_threshold_is_a_verdict_of_generated(subject) -> None:
    made = subject(FAKE, REAL, discriminator=lambda points: np.zeros((len(points), 1)))
    found = DiscriminatorAccuracy(network="discriminator", samples=50, threshold=0.0).measure(made)
    assert found.details == {"real": 0.0, "generated": 1.0}
