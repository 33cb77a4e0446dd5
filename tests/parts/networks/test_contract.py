"""What every registered layer must do; a new one is picked up unseen."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from benchmark.spec.parts import LAYERS, Layer, Shape
from tests.part_examples import examples

NAMES = LAYERS.names()
SHAPES: list[Shape] = [(1,), (5,), (12,), (1, 1, 1), (3, 4, 4), (2, 5, 7), (4, 8, 8)]
ODD_SHAPES: list[Shape] = [(4, 6), (2, 3, 4, 5)]
BATCH = 12  # divisible by every example group


def fitting(name: str) -> list[tuple[Layer, Shape]]:
    """Example layers with the shapes that they say they fit."""
    found = []
    for layer, shape in itertools.product(examples(LAYERS.get(name)), [*SHAPES, *ODD_SHAPES]):
        try:
            output = layer.output_shape(shape)
        except ValueError:
            continue
        if min(output) >= 1:  # smaller ones are refused where a whole network's shapes are inferred
            found.append((layer, shape))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_shape_and_parameters_are_those_of_the_module(name: str) -> None:
    torch.manual_seed(0)
    cases = fitting(name)
    assert cases
    for layer, shape in cases:
        module = layer.module(shape)
        output = module(torch.randn(BATCH, *shape))
        assert tuple(output.shape) == (BATCH, *layer.output_shape(shape)), (layer, shape)
        numbers = sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
        assert layer.parameter_count(shape) == numbers, (layer, shape)


@pytest.mark.parametrize("name", NAMES)
def test_multiplications_are_the_weights_that_inputs_meet(name: str) -> None:
    """With every weight and input 1 a linear layer's outputs sum to the number of products; composites add theirs."""
    for layer, shape in fitting(name):
        parts = layer.parts(shape)
        if parts and not hasattr(layer, "first_size"):  # of growing layers none are counted
            assert layer.multiplications(shape) == sum(part.multiplications(inner) for part, inner in parts.values())
        elif name in ("linear", "conv", "deconv", "conv1x1"):
            module = layer.module(shape).double()
            for parameter in module.parameters():
                torch.nn.init.constant_(parameter, float(parameter.ndim > 1))
            assert layer.multiplications(shape) == module(torch.ones(1, *shape, dtype=torch.float64)).sum().item()
        elif layer.parameter_count(shape) == 0:
            assert layer.multiplications(shape) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_misfit_is_a_value_error_or_an_empty_shape_and_nothing_else(name: str) -> None:
    for layer, shape in itertools.product(examples(LAYERS.get(name)), [*SHAPES, *ODD_SHAPES]):
        try:
            output = layer.output_shape(shape)
        except ValueError:
            continue
        assert all(isinstance(size, int) for size in output)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_the_input_and_all_parameters_in_training(name: str) -> None:
    torch.manual_seed(0)
    for layer, shape in fitting(name):
        if name == "maxout" and layer.pieces > 1:  # type: ignore[attr-defined]
            continue  # a piece that is nowhere the largest rightly gets a zero gradient, but one is still defined
        module = layer.module(shape).train()
        value = torch.randn(BATCH, *shape, requires_grad=True)
        module(value).square().sum().backward()
        assert value.grad is not None
        assert torch.isfinite(value.grad).all()
        if not hasattr(module, "shown"):  # levels to come rightly get none: see test_progressive.py
            assert all(parameter.grad is not None for parameter in module.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_an_evaluating_module_has_no_randomness_and_no_memory(name: str) -> None:
    torch.manual_seed(0)
    for layer, shape in fitting(name):
        module = layer.module(shape).eval()
        value = torch.randn(BATCH, *shape)
        state = {key: buffer.clone() for key, buffer in module.state_dict().items()}
        assert torch.equal(module(value), module(value))
        assert all(torch.equal(state[key], buffer) for key, buffer in module.state_dict().items())


@pytest.mark.parametrize("name", NAMES)
def test_training_randomness_comes_from_the_seeded_generator_alone(name: str) -> None:
    for layer, shape in fitting(name)[:10]:
        torch.manual_seed(0)
        module = layer.module(shape).train()
        value = torch.randn(BATCH, *shape)
        state = {key: buffer.clone() for key, buffer in module.state_dict().items()}
        torch.manual_seed(1)
        first = module(value)
        module.load_state_dict(state)
        torch.manual_seed(1)
        assert torch.equal(first, module(value))


@pytest.mark.parametrize("name", NAMES)
def test_output_does_not_overwrite_input(name: str) -> None:
    torch.manual_seed(0)
    for layer, shape in fitting(name)[:10]:
        value = torch.randn(BATCH, *shape)
        kept = value.clone()
        layer.module(shape)(value)
        assert torch.equal(value, kept)


@pytest.mark.parametrize("name", NAMES)
def test_the_host_never_looks_at_a_value(name: str) -> None:
    """A CUDA graph cannot hold a layer that does; tensors without storage refuse it."""
    for layer, shape in fitting(name)[:10]:
        module = layer.module(shape).to("meta").train()
        assert module(torch.empty(BATCH, *shape, device="meta")).shape == (BATCH, *layer.output_shape(shape))


def test_a_lying_layer_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract would notice a wrong count and a wrong shape."""
    conv = LAYERS.get("conv")
    monkeypatch.setattr(conv, "parameter_count", lambda _, shape: math.prod(shape))
    with pytest.raises(AssertionError):
        test_shape_and_parameters_are_those_of_the_module("conv")
    monkeypatch.undo()
    monkeypatch.setattr(conv, "output_shape", lambda self, shape: (self.channels, *shape[1:]))
    with pytest.raises((AssertionError, RuntimeError)):
        test_shape_and_parameters_are_those_of_the_module("conv")
