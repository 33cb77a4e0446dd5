"""Three steps of each rule by its formula in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from benchmark.parts.optimizers.update_rules import SGD, Adam, RMSProp, RMSPropWeightClipping
from benchmark.spec.parts import Optimizer

START = np.array([0.5, -1.5, 2.0])
GRADIENTS = [np.array([1.0, -2.0, 0.01]), np.array([0.5, 1.0, -3.0]), np.array([0.0, 0.1, 0.2])]


def adam() -> Iterator[np.ndarray]:
    """Kingma and Ba, algorithm 1, with rate 0.1, betas 0.5 and 0.9, epsilon 0.01."""
    mean = square = np.zeros(3)
    for time, gradient in enumerate(GRADIENTS, start=1):
        mean = 0.5 * mean + 0.5 * gradient
        square = 0.9 * square + 0.1 * gradient**2
        yield -0.1 * (mean / (1 - 0.5**time)) / (np.sqrt(square / (1 - 0.9**time)) + 0.01)


def sgd() -> Iterator[np.ndarray]:
    velocity = np.zeros(3)
    for gradient in GRADIENTS:
        velocity = 0.9 * velocity + gradient
        yield -0.1 * velocity


def rmsprop() -> Iterator[np.ndarray]:
    square = np.zeros(3)
    for gradient in GRADIENTS:
        square = 0.75 * square + 0.25 * gradient**2
        yield -0.1 * gradient / (np.sqrt(square) + 0.01)


RULES: list[tuple[Optimizer, Callable[[], Iterator[np.ndarray]]]] = [
    (Adam(learning_rate=0.1, beta1=0.5, beta2=0.9, epsilon=0.01), adam),
    (SGD(learning_rate=0.1, momentum=0.9), sgd),
    (RMSProp(learning_rate=0.1, decay=0.75, epsilon=0.01), rmsprop),
]


def run(rule: Optimizer, fused: bool) -> list[np.ndarray]:
    parameter = torch.tensor(START, requires_grad=True)
    optimizer = rule.build([parameter], fused=fused)
    seen = []
    for gradient in GRADIENTS:
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        seen.append(parameter.detach().numpy().copy())
    return seen


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize(("rule", "formula"), RULES, ids=[rule.name for rule, _ in RULES])
def test_formula(rule: Optimizer, formula: Callable[[], Iterator[np.ndarray]], fused: bool) -> None:
    expected = START + np.cumsum(list(formula()), axis=0)
    assert np.array(run(rule, fused)) == pytest.approx(expected)


@pytest.mark.parametrize("fused", [False, True])
def test_clipping_follows_every_step(fused: bool) -> None:
    rule = RMSPropWeightClipping(learning_rate=0.1, decay=0.75, epsilon=0.01, clip=0.6)
    position = START
    for step, seen in zip(rmsprop(), run(rule, fused), strict=True):
        position = np.clip(position + step, -0.6, 0.6)
        assert seen == pytest.approx(position)
    assert np.abs(seen).max() == pytest.approx(0.6), "the example must reach the bound"
