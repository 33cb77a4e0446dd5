"""Other losses by hand, and against torch where it has them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from benchmark.parts.objectives.adversarial import Hinge, LeastSquares, WassersteinCritic, WassersteinGenerator
from benchmark.parts.objectives.matching import AbsoluteError, CosineDistance, KLToNormal, SquaredError
from tests.part_examples import FixedContext, column


def test_least_squares_discriminator_and_generator() -> None:
    """LS: D (1/2)(0.8 - 1)^2 + (1/2)(0.4 - 0)^2 = 0.1, G (1/2)(0.4 - 1)^2 = 0.18; half of torch's mean squares."""
    context = FixedContext({"real": column(0.8), "fake": column(0.4)})
    real = LeastSquares(output="real", target=1.0).value(context)
    fake = LeastSquares(output="fake", target=0.0).value(context)
    assert (real + fake).item() == pytest.approx(0.1)
    assert LeastSquares(output="fake", target=1.0).value(context).item() == pytest.approx(0.18)
    released = (nn.MSELoss()(context.signals["real"], torch.ones(1, 1, dtype=torch.float64)) + 0.4**2) / 2
    assert (real + fake).item() == pytest.approx(released.item())


def test_least_squares_at_the_optimum_of_equal_laws() -> None:
    """D* = (a + b) / 2 where the laws agree: with 0 and 1 the loss is 1/4, the generator's with 1 is 1/8."""
    context = FixedContext({"x": column(0.5)})
    terms = [LeastSquares(output="x", target=target).value(context).item() for target in (0.0, 1.0)]
    assert sum(terms) == pytest.approx(0.25)
    assert terms[1] == pytest.approx(0.125)


def test_hinge() -> None:
    """real 2, 0.5, -1: 0, 0.5, 2; fake -3, 0, 1: 0, 1, 2."""
    context = FixedContext({"real": column(2, 0.5, -1), "fake": column(-3, 0, 1)})
    assert Hinge(real="real", fake="fake").value(context).item() == pytest.approx(2.5 / 3 + 1)


def test_critic_and_its_generator() -> None:
    context = FixedContext({"real": column(3, 5), "fake": column(1, 2)})
    assert WassersteinCritic(real="real", fake="fake").value(context).item() == pytest.approx(1.5 - 4)
    assert WassersteinGenerator(output="fake").value(context).item() == pytest.approx(-1.5)


def test_errors_are_means_over_batch_and_values() -> None:
    torch.manual_seed(0)
    output, target = torch.randn(4, 3, 5, 5), torch.randn(4, 3, 5, 5)
    context = FixedContext({"output": output, "target": target})
    absolute = AbsoluteError(output="output", target="target").value(context)
    assert absolute.item() == pytest.approx(nn.L1Loss()(output, target).item())
    squared = SquaredError(output="output", target="target").value(context)
    assert squared.item() == pytest.approx(nn.MSELoss()(output, target).item())
    by_hand = FixedContext({"output": column(1, -2), "target": column(0, 2)})
    assert AbsoluteError(output="output", target="target").value(by_hand).item() == 2.5
    assert SquaredError(output="output", target="target").value(by_hand).item() == 8.5


def test_cosine_match() -> None:
    """Cosines 1, 0, -1 and sqrt(1/2): 1 - their mean; lengths do not matter."""
    output = torch.tensor([[2.0, 0.0], [0.0, 3.0], [1.0, 1.0], [1.0, 1.0]])
    target = torch.tensor([[5.0, 0.0], [1.0, 0.0], [-2.0, -2.0], [0.0, 7.0]])
    value = CosineDistance(output="output", target="target").value(FixedContext({"output": output, "target": target}))
    assert value.item() == pytest.approx(1 - math.sqrt(0.5) / 4, abs=1e-6)


def test_cosine_match_has_the_released_gradient_at_one_over_the_codes_length() -> None:
    torch.manual_seed(0)
    target = torch.randn(6, 8, dtype=torch.float64)
    gradients = []
    for released in (False, True):
        output = torch.ones(6, 8, dtype=torch.float64).cumsum(0).mul(target.roll(1)).detach().requires_grad_()
        if released:
            unit = [code / code.norm(dim=1, keepdim=True) for code in (output, target)]
            value = (2 - (unit[0] * unit[1]).mean()) * 1000
        else:
            match = CosineDistance(output="output", target="target").value(
                FixedContext({"output": output, "target": target})
            )
            value = match * 1000 / 8
        value.backward()
        gradients.append(output.grad)
    assert torch.allclose(*gradients)


@pytest.mark.parametrize("form", ["divergence", "squared_variance"])
def test_gaussian_divergence_by_hand(form: str) -> None:
    """Codes 1 and 3: mean 2, variance 1; codes -2 and 2: mean 0, variance 4."""
    objective = KLToNormal.model_validate({"output": "x", "form": form})
    code = torch.tensor([[1.0, -2.0], [3.0, 2.0]], dtype=torch.float64)
    variances = {"divergence": (1, 4), "squared_variance": (1, 16)}[form]
    expected = sum((v + m * m - math.log(v) - 1) / 2 for m, v in zip((2, 0), variances, strict=True)) / 2
    assert objective.value(FixedContext({"x": code})).item() == pytest.approx(expected)


def test_gaussian_divergence_is_torchs_divergence_of_the_fitted_law() -> None:
    torch.manual_seed(0)
    code = 0.5 + 2 * torch.randn(50, 6, dtype=torch.float64)
    fitted = Normal(torch.from_numpy(code.numpy().mean(axis=0)), torch.from_numpy(np.std(code.numpy(), axis=0)))
    expected = kl_divergence(fitted, Normal(torch.zeros(6).double(), torch.ones(6).double())).mean()
    objective = KLToNormal(output="x", form="divergence")
    assert objective.value(FixedContext({"x": code})).item() == pytest.approx(expected.item())


def test_gaussian_divergence_vanishes_on_a_standard_batch_in_both_forms() -> None:
    code = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
    for form in ("divergence", "squared_variance"):
        objective = KLToNormal.model_validate({"output": "x", "form": form})
        assert objective.value(FixedContext({"x": code})).item() == 0
