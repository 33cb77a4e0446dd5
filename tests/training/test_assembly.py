"""A network's layers one after another, with and without their hooks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from benchmark.runs.plan import make_run
from benchmark.training.assembly import Assembly, _functions, fans
from tests.specs import load

TOY = Path(__file__).parents[1] / "toy.yaml"


def test_layers_without_hooks_give_the_same_between_any_two_taps() -> None:
    run = make_run(load(TOY).spec, "toy_reconstruction", "smoke", 0, "fp32")
    for role, network in run.networks.items():
        assembly = Assembly(network, run.setup.sizes, seed=0, role=role)
        seen: list[int] = []
        for place, layer in enumerate(assembly.layers):
            layer.register_forward_hook(lambda *_, place=place, seen=seen: seen.append(place))
        end = len(assembly.layers)
        for start in range(end):
            for stop in range(start, end + 1):
                value = torch.randn(3, *assembly.layout.inputs[start])
                given = value.clone()
                assert torch.equal(assembly.without_hooks(value, start, stop), assembly(value, start, stop))
                assert torch.equal(value, given)  # a signal that others read stays what it is
        assert seen == [place for start in range(end) for stop in range(start, end + 1) for place in range(start, stop)]


@pytest.mark.parametrize(
    "before", [nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Sigmoid(), nn.ReLU(), nn.Dropout()]
)
@pytest.mark.parametrize("rectifier", [nn.ReLU(), nn.LeakyReLU(0.2), nn.LeakyReLU(0.0)])
def test_gradients_are_those_of_layers_that_write_over_nothing(before: nn.Module, rectifier: nn.Module) -> None:
    layers = [nn.Linear(4, 4), before, rectifier, nn.Linear(4, 1)]
    gradients = []
    for functions in (layers, _functions(layers)):
        torch.manual_seed(1)
        value = given = torch.linspace(-2, 2, 12).view(3, 4).requires_grad_()
        for function in functions:
            value = function(value)
        parameters = [given, *nn.Sequential(*layers).parameters()]
        gradients.append(torch.autograd.grad(value.square().sum(), parameters))
    for plain, over in zip(*gradients, strict=True):
        assert torch.equal(plain, over)


@pytest.mark.parametrize("module", [nn.Linear(3, 5), nn.Conv2d(2, 7, (3, 4)), nn.ConvTranspose2d(2, 7, (3, 4))])
def test_fans_are_those_of_torch(module: nn.Module) -> None:
    assert fans(module) == nn.init._calculate_fan_in_and_fan_out(module.weight)  # type: ignore[arg-type]


@pytest.mark.parametrize("module", [nn.BatchNorm2d(6), nn.PReLU(6), nn.Tanh()])
def test_scales_and_shifts_have_a_fan_of_1(module: nn.Module) -> None:
    assert fans(module) == (1, 1)
