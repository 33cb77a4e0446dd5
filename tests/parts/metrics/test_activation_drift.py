"""Drift of activations, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.parts.metrics.of_networks import ActivationDrift
from benchmark.spec.parts import MetricError

METRIC = ActivationDrift(network="generator", after="batch_norm", samples=10)


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([[0.0, 1.0]], 0.0),
        ([[0.25, 0.75], [-0.125, 1.5]], 0.5),  # the variance of the second layer
        ([[-0.75, 1.25], [0.0, 1.0]], 0.75),  # the mean of the first
        ([[0.0, 0.0]], 1.0),  # activations that died
    ],
)
def test_largest_distance_from_the_fixed_point(subject, moments: list[list[float]], expected: float) -> None:
    made = subject(np.zeros((0, 2)), np.zeros((0, 2)))
    made.moments = np.array(moments)
    assert METRIC.measure(made).value == expected


def test_a_network_without_such_a_layer_has_none(subject) -> None:
    made = subject(np.zeros((0, 2)), np.zeros((0, 2)))
    made.moments = np.zeros((0, 2))
    with pytest.raises(MetricError, match="nothing follows a layer 'batch_norm' in 'generator'"):
        METRIC.measure(made)
