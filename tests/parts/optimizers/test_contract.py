"""What every registered optimiser must do; a new one is picked up unseen."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from benchmark.spec.parts import OPTIMIZERS, Optimizer
from tests.part_examples import examples

CASES = [rule for _, part in OPTIMIZERS.items() for rule in examples(part)[:6]]


def parameters() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator).requires_grad_() for shape in ((4, 3), (3,))]


def step(optimizer: torch.optim.Optimizer, given: list[Tensor], times: int) -> None:
    for _ in range(times):
        optimizer.zero_grad()
        sum((parameter - 0.1).square().sum() for parameter in given).backward()  # type: ignore[union-attr]
        optimizer.step()


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("rule", CASES, ids=repr)
def test_moves_every_parameter_downhill_at_first(rule: Optimizer, fused: bool) -> None:
    small = rule.model_copy(update={"learning_rate": 1e-3})
    given = parameters()
    before = [parameter.detach().clone() for parameter in given]
    step(small.build(given, fused=fused), given, 1)
    for old, new in zip(before, given, strict=True):
        moved = (old != new).flatten()
        assert moved.any()
        assert (((new - old) * (old - 0.1)).flatten()[moved] < 0).all()


@pytest.mark.parametrize("rule", CASES, ids=repr)
def test_fused_kernels_agree(rule: Optimizer) -> None:
    small = rule.model_copy(update={"learning_rate": 1e-3})
    plain, fused = parameters(), parameters()
    step(small.build(plain, fused=False), plain, 5)
    step(small.build(fused, fused=True), fused, 5)
    assert all(torch.allclose(*pair, atol=1e-6) for pair in zip(plain, fused, strict=True))


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("rule", CASES, ids=repr)
def test_state_carries_on_bit_for_bit(rule: Optimizer, fused: bool) -> None:
    small = rule.model_copy(update={"learning_rate": 1e-3})
    straight = parameters()
    step(small.build(straight, fused=fused), straight, 6)
    interrupted = parameters()
    first = small.build(interrupted, fused=fused)
    step(first, interrupted, 3)
    resumed = [parameter.detach().clone().requires_grad_() for parameter in interrupted]
    second = small.build(resumed, fused=fused)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    step(second, resumed, 3)
    assert all(torch.equal(*pair) for pair in zip(straight, resumed, strict=True))
