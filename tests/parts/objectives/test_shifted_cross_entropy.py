"""FaceGANs, equations 1 and 2 read as minimisation: every value of the dossier's table in section 1.4."""

from __future__ import annotations

import math

import pytest
import torch

from benchmark.parts.objectives.adversarial import CrossEntropy, NonSaturating, ShiftedCrossEntropy
from tests.part_examples import FixedContext, column

DISCRIMINATOR = ShiftedCrossEntropy(real="real", fake="fake", shift=1.0)
GENERATOR = NonSaturating(fake="fake")


def losses(real: float, fake: float) -> tuple[float, float]:
    context = FixedContext({"real": column(real), "fake": column(fake)})
    return DISCRIMINATOR.value(context).item(), GENERATOR.value(context).item()


def test_printed_formula() -> None:
    real, fake = torch.tensor([0.3, -2.0]), torch.tensor([1.5, -0.7])
    ours = DISCRIMINATOR.value(FixedContext({"real": real, "fake": fake})).item()
    expected = -(torch.sigmoid(real).log() + torch.sigmoid(1 - fake).log()).mean().item()
    assert ours == pytest.approx(expected, rel=1e-6)


def test_at_zero() -> None:
    assert losses(0, 0) == (pytest.approx(1.006, abs=5e-4), pytest.approx(0.693, abs=5e-4))


def test_equilibrium_is_at_a_raw_output_of_one_half() -> None:
    output = column(0.5)
    value = DISCRIMINATOR.value(FixedContext({"real": output, "fake": output}))
    value.backward()
    assert output.grad is not None
    assert output.grad.item() == pytest.approx(0, abs=1e-15)
    assert losses(0.5, 0.5) == (pytest.approx(0.948, abs=5e-4), pytest.approx(0.474, abs=5e-4))


def test_ranges_where_the_discriminator_already_ends_in_a_sigmoid() -> None:
    """Loss in [0.627, 1.386], generator's in [0.313, 0.693], gap at most 1.073, generator's lead at most 0.067."""
    grid = [step / 40 for step in range(41)]
    pairs = [losses(real, fake) for real in grid for fake in grid]
    discriminator, generator = zip(*pairs, strict=True)
    assert (min(discriminator), max(discriminator)) == (
        pytest.approx(0.627, abs=1e-3),
        pytest.approx(1.386, abs=1e-3),
    )
    assert (min(generator), max(generator)) == (pytest.approx(0.313, abs=1e-3), pytest.approx(0.693, abs=1e-3))
    assert max(abs(d - g) for d, g in pairs) == pytest.approx(1.073, abs=1e-3)
    assert max(g - d for d, g in pairs) == pytest.approx(0.067, abs=1e-3)


def test_without_shift_it_is_cross_entropy() -> None:
    context = FixedContext({"real": column(0.3, -2.0), "fake": column(1.5, -0.7)})
    plain = ShiftedCrossEntropy(real="real", fake="fake", shift=0.0).value(context)
    assert plain.item() == pytest.approx(CrossEntropy(real="real", fake="fake").value(context).item())


def test_sign_of_the_shift_matters() -> None:
    """1 - fake in the logistic function, not fake + 1: at zero the fake term is log(1 + 1/e)."""
    assert losses(40, 0)[0] == pytest.approx(math.log(1 + math.exp(-1)))
