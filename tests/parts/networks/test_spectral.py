"""Spectral normalisation against a singular value decomposition and torch's own implementation."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from benchmark.parts.networks.convolutions import SpectralConv, SpectralDeconv
from benchmark.parts.networks.linear import SpectralLinear
from benchmark.parts.networks.modules.spectral import largest_singular_value, start
from benchmark.spec.parts import Layer, Shape

CASES: list[tuple[Layer, Shape, int]] = [
    (SpectralLinear(features=5, bias=False, power_iterations=1), (7,), 0),
    (SpectralConv(channels=5, kernel=3, stride=2, padding=1, bias=False, power_iterations=1), (2, 8, 8), 0),
    (
        SpectralDeconv(channels=5, kernel=4, stride=2, padding=1, output_padding=0, bias=False, power_iterations=1),
        (2, 4, 4),
        1,
    ),
]


def matrix(module: nn.Module, rows: int) -> torch.Tensor:
    weight = module.get_parameter("weight").detach()
    return weight.transpose(0, rows).flatten(1)


@pytest.mark.parametrize(("layer", "shape", "rows"), CASES)
def test_carried_on_power_iteration_finds_the_largest_singular_value(layer: Layer, shape: Shape, rows: int) -> None:
    torch.manual_seed(0)
    module = layer.module(shape).double().train()
    value = torch.randn(3, *shape, dtype=torch.float64)
    for _ in range(400):
        output = module(value)
    largest = torch.linalg.svdvals(matrix(module, rows))[0]
    plain = super(type(module), module).forward(value)
    assert torch.allclose(output * largest, plain, rtol=1e-6)


def test_one_step_an_update_follows_weights_that_adam_moves() -> None:
    """Carried on, one power iteration an update keeps up with the weights; begun afresh it does not come close."""
    torch.manual_seed(0)
    module = SpectralConv(channels=32, kernel=3, stride=1, padding=1, bias=False, power_iterations=1)
    network = module.module((16, 8, 8)).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))
    begun, off, off_afresh = matrix(network, 0).clone(), [], []
    for update in range(250):
        real, fake = torch.randn(8, 16, 8, 8) + 1, torch.randn(8, 16, 8, 8)
        output = network(torch.cat([real, fake]))
        largest = torch.linalg.svdvals(matrix(network, 0))[0]
        plain = super(type(network), network).forward(real[:1])
        estimate = plain.flatten()[0] / output.flatten()[0]
        afresh = largest_singular_value(matrix(network, 0), start(32), 1, keep=False)
        if update >= 50:
            off.append(abs(estimate / largest - 1).item())
            off_afresh.append(abs(afresh / largest - 1).item())
        optimizer.zero_grad()
        (torch.relu(1 - output[:8]).mean() + torch.relu(1 + output[8:]).mean()).backward()
        optimizer.step()
    assert (matrix(network, 0) - begun).norm() > 0.1 * begun.norm(), "the weights did move"
    assert max(off) < 0.05
    assert min(off_afresh) > 0.05


@pytest.mark.parametrize(("layer", "shape", "rows"), CASES)
def test_values_and_gradients_are_torchs_once_both_have_converged(layer: Layer, shape: Shape, rows: int) -> None:
    torch.manual_seed(0)
    ours = layer.module(shape).double().train()
    theirs = {
        "spectral_linear": lambda: nn.Linear(7, 5, bias=False),
        "spectral_conv": lambda: nn.Conv2d(2, 5, 3, 2, 1, bias=False),
        "spectral_deconv": lambda: nn.ConvTranspose2d(2, 5, 4, 2, 1, 0, bias=False),
    }[layer.name]().double()
    theirs.weight.data.copy_(ours.weight.data)
    parametrizations.spectral_norm(theirs, n_power_iterations=400, eps=1e-12)
    value = torch.randn(3, *shape, dtype=torch.float64)
    for _ in range(400):
        left = ours(value)
    right = theirs(value)
    assert torch.allclose(left, right)
    left.square().sum().backward()
    right.square().sum().backward()
    assert torch.allclose(ours.weight.grad, theirs.parametrizations.weight.original.grad)


def test_lipschitz_constant_of_a_normalised_linear_layer_is_one() -> None:
    torch.manual_seed(0)
    module = SpectralLinear(features=6, bias=True, power_iterations=50).module((4,)).double()
    module.weight.data.mul_(100)
    jacobian = torch.autograd.functional.jacobian(module, torch.zeros(1, 4, dtype=torch.float64))
    assert torch.linalg.svdvals(jacobian.view(6, 4))[0].item() == pytest.approx(1, abs=1e-6)


def test_evaluation_leaves_the_vector_and_untrained_weights_give_finite_output() -> None:
    torch.manual_seed(0)
    module = SpectralLinear(features=6, bias=True, power_iterations=1).module((4,)).eval()
    before = module.singular.clone()
    assert torch.isfinite(module(torch.randn(2, 4))).all()
    assert torch.equal(before, module.singular)


def test_several_training_passes_share_one_backward_pass() -> None:
    """Real, fake and penalty passes of one update: advancing the vector must not spoil the earlier passes' graphs."""
    torch.manual_seed(0)
    module = SpectralLinear(features=1, bias=True, power_iterations=1).module((4,)).train()
    value = torch.randn(5, 4, requires_grad=True)
    first, second = module(value), module(2 * value)
    (slope,) = torch.autograd.grad(module(value).sum(), value, create_graph=True)
    (first.sum() + second.sum() + slope.square().sum()).backward()
    assert torch.isfinite(module.weight.grad).all()


def test_weight_stays_an_ordinary_parameter_for_the_initialisation_laws() -> None:
    module = CASES[1][0].module((2, 8, 8))
    assert [name for name, _ in module.named_parameters(recurse=False)] == ["weight"]
    assert isinstance(module, nn.Conv2d)


def test_start_is_a_fixed_unit_vector() -> None:
    assert torch.equal(start(9), start(9))
    assert start(9).norm().item() == pytest.approx(1)


def test_a_diagonal_matrix_by_hand() -> None:
    """diag(3, 4) from (1, 1) / sqrt 2: right is (3, 4) / 5, left (9, 16) / sqrt 337, the estimate left diag right."""
    diagonal = torch.diag(torch.tensor([3.0, 4.0], dtype=torch.float64))
    vector = torch.full((2,), 2**-0.5, dtype=torch.float64)
    estimate = largest_singular_value(diagonal, vector, 1, keep=True)
    assert estimate.item() == pytest.approx((9 * 9 + 16 * 16) / (5 * 337**0.5))
    assert vector.tolist() == pytest.approx([9 / 337**0.5, 16 / 337**0.5])
