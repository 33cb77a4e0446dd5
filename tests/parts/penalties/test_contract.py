"""What every registered penalty must do; a new one is picked up unseen."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from benchmark.spec.fields import NetworkMarker, SignalMarker, marked_fields
from benchmark.spec.parts import PENALTIES, Penalty
from tests.part_examples import FixedContext, examples

CASES = [penalty for _, part in PENALTIES.items() for penalty in examples(part)[:8]]


class Graph(FixedContext):
    """Signals are outputs of a critic on data, as in training, so that every penalty can reach its parameters."""

    def __init__(self, penalty: Penalty, device: str) -> None:
        torch.manual_seed(0)
        self.device = device
        self.critic = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).double().to(device)
        data = torch.randn(5, 3, dtype=torch.float64).to(device)
        names = sorted(marked_fields(penalty, SignalMarker).values())
        outputs = {name: self.critic(data + index) * torch.ones_like(data) for index, name in enumerate(names)}
        roles = dict.fromkeys(marked_fields(penalty, NetworkMarker).values(), self.critic)
        super().__init__({**outputs, "other": data}, {**roles, "other": nn.Linear(3, 1)})

    def uniform(self, stream: str, shape: tuple[int, ...]) -> Tensor:
        return super().uniform(stream, shape).to(self.device)

    def normal(self, stream: str, shape: tuple[int, ...]) -> Tensor:
        return super().normal(stream, shape).to(self.device)


@pytest.mark.parametrize("penalty", CASES, ids=repr)
def test_a_non_negative_scalar_that_trains_its_network(penalty: Penalty) -> None:
    context = Graph(penalty, "cpu")
    value = penalty.value(context)
    assert value.shape == ()
    assert value.item() >= 0
    assert context.asked == set(marked_fields(penalty, SignalMarker).values())
    assert context.applied == set(marked_fields(penalty, NetworkMarker).values())
    value.backward()
    weight = context.critic[0].weight.grad
    assert weight is not None
    assert torch.isfinite(weight).all()
    assert weight.abs().max() > 0


@pytest.mark.parametrize("penalty", CASES, ids=repr)
def test_the_same_draws_give_the_same_value_and_streams_are_distinct(penalty: Penalty) -> None:
    first, second = Graph(penalty, "cpu"), Graph(penalty, "cpu")
    assert torch.equal(penalty.value(first), penalty.value(second))
    assert len(set(first.streams)) == len(first.streams)


@pytest.mark.parametrize("penalty", CASES, ids=repr)
def test_finite_where_the_critic_is_flat(penalty: Penalty) -> None:
    """A dead critic has gradient 0, where a norm has no derivative: neither value nor gradient may be NaN."""
    context = Graph(penalty, "cpu")
    context.networks = dict.fromkeys(context.networks, context.critic)
    context.critic[2].weight.data.zero_()
    value = penalty.value(context)
    value.backward()
    assert torch.isfinite(value)
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in context.critic.parameters())


@pytest.mark.parametrize("penalty", CASES, ids=repr)
def test_the_host_never_looks_at_a_value(penalty: Penalty) -> None:
    """A CUDA graph cannot hold a penalty that does; tensors without storage refuse it."""
    penalty.value(Graph(penalty, "meta")).backward()
