"""What every registered objective must do; a new one is picked up unseen."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from benchmark.spec.fields import SignalMarker, marked_fields
from benchmark.spec.parts import OBJECTIVES, Objective
from tests.part_examples import FixedContext, examples

CASES = [objective for _, part in OBJECTIVES.items() for objective in examples(part)]


def context_of(objective: Objective, value: Tensor) -> FixedContext:
    """Signals that the objective names, differently shuffled, beside one that it does not."""
    names = sorted(marked_fields(objective, SignalMarker).values())
    signals = {name: value.roll(index, dims=0).clone().requires_grad_() for index, name in enumerate(names)}
    return FixedContext({**signals, "other": value.clone().requires_grad_()})


@pytest.mark.parametrize("objective", CASES, ids=repr)
def test_a_scalar_of_its_own_signals_with_a_gradient_to_each(objective: Objective) -> None:
    torch.manual_seed(0)
    context = context_of(objective, 0.1 + 0.8 * torch.rand(6, 3))  # both logits and probabilities
    value = objective.value(context)
    assert value.shape == ()
    assert context.asked == set(marked_fields(objective, SignalMarker).values())
    assert context.applied == set()
    value.backward()
    for name, signal in context.signals.items():
        assert (signal.grad is None) == (name == "other")
        if signal.grad is not None:
            assert torch.isfinite(signal.grad).all()
            assert signal.grad.abs().max() > 0


@pytest.mark.parametrize("objective", CASES, ids=repr)
def test_the_gradient_is_the_values_derivative(objective: Objective) -> None:
    torch.manual_seed(0)
    names = sorted(marked_fields(objective, SignalMarker).values())
    values = [(0.1 + 0.8 * torch.rand(4, 2, dtype=torch.float64)).requires_grad_() for _ in names]
    assert torch.autograd.gradcheck(
        lambda *given: objective.value(FixedContext(dict(zip(names, given, strict=True)))), values
    )


@pytest.mark.parametrize("objective", CASES, ids=repr)
def test_finite_at_extreme_outputs(objective: Objective) -> None:
    """Logits of 10 000, or where only probabilities are taken (torch refuses the rest) exactly 0 and 1."""
    logits = torch.tensor([[-1e4], [1e4], [0.0]])
    try:
        context = context_of(objective, logits)
        value = objective.value(context)
    except RuntimeError:
        assert objective.name.startswith("probability_")
        context = context_of(objective, torch.tensor([[0.0], [1.0], [0.0]]))
        value = objective.value(context)
    value.backward()
    assert torch.isfinite(value)
    assert all(signal.grad is None or torch.isfinite(signal.grad).all() for signal in context.signals.values())


@pytest.mark.parametrize("objective", CASES, ids=repr)
def test_a_mean_over_the_batch(objective: Objective) -> None:
    """The same batch twice has the same value, so that losses do not grow with the batch."""
    torch.manual_seed(0)
    value = 0.1 + 0.8 * torch.rand(5, 3, dtype=torch.float64)
    once = objective.value(FixedContext(dict.fromkeys(marked_fields(objective, SignalMarker).values(), value)))
    doubled = torch.cat([value, value])
    twice = objective.value(FixedContext(dict.fromkeys(marked_fields(objective, SignalMarker).values(), doubled)))
    assert once.item() == pytest.approx(twice.item())


@pytest.mark.parametrize("objective", CASES, ids=repr)
def test_the_host_never_looks_at_a_value(objective: Objective) -> None:
    """A CUDA graph cannot hold an objective that does; tensors without storage refuse it."""
    context = context_of(objective, torch.empty(6, 3, device="meta"))
    objective.value(context).backward()
