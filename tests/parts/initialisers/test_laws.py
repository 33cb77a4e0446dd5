"""Mean, variance, bounds and shape of each law, within four standard errors of 73 728 draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats

from benchmark.parts.initialisers.distributions import (
    Constant,
    FanInNormal,
    FanInUniform,
    GlorotNormal,
    GlorotUniform,
    HeUniform,
    Normal,
    Orthogonal,
    StridedGlorotUniform,
    SymmetricUniform,
)
from benchmark.spec.parts import Initialiser

SHAPE = (128, 64, 3, 3)
FAN_IN, FAN_OUT = 64 * 9, 128 * 9


def draw(law: Initialiser, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    parameter = torch.empty(shape)
    law.fill(parameter, fan_in=FAN_IN, fan_out=FAN_OUT, generator=torch.Generator().manual_seed(0))
    return parameter.double().numpy()


def assert_law(values: np.ndarray, law: object, deviation: float) -> None:
    """Kolmogorov-Smirnov at one in a thousand, and the variance within four standard errors."""
    assert stats.kstest(values.ravel(), law.cdf).pvalue > 1e-3  # type: ignore[attr-defined]
    fourth = stats.moment(values.ravel(), 4)
    error = math.sqrt((fourth - deviation**4) / values.size)
    assert values.var() == pytest.approx(deviation**2, abs=4 * error)


@pytest.mark.parametrize(
    ("law", "deviation"),
    [
        (HeUniform(), math.sqrt(2 / FAN_IN)),
        (FanInUniform(), math.sqrt(1 / (3 * FAN_IN))),
        (GlorotUniform(gain=1.0), math.sqrt(2 / (FAN_IN + FAN_OUT))),
        (GlorotUniform(gain=2.0), 2 * math.sqrt(2 / (FAN_IN + FAN_OUT))),
        # WGAN-GP's code for a convolution of stride 2
        (StridedGlorotUniform(gain=math.sqrt(2), stride=2), math.sqrt(4 / (FAN_IN + FAN_OUT / 4))),
        (StridedGlorotUniform(gain=1.0, stride=1), math.sqrt(2 / (FAN_IN + FAN_OUT))),
    ],
    ids=repr,
)
def test_uniform_laws(law: Initialiser, deviation: float) -> None:
    values = draw(law)
    bound = deviation * math.sqrt(3)
    assert_law(values, stats.uniform(-bound, 2 * bound), deviation)
    assert np.abs(values).max() <= bound * (1 + 1e-6)


@pytest.mark.parametrize(
    ("law", "mean", "deviation"),
    [
        (Normal(mean=0.0, deviation=0.02), 0.0, 0.02),
        (Normal(mean=1.0, deviation=0.02), 1.0, 0.02),
        (FanInNormal(gain=1.5), 0.0, 1.5 / math.sqrt(FAN_IN)),
        (GlorotNormal(gain=1.5), 0.0, 1.5 * math.sqrt(2 / (FAN_IN + FAN_OUT))),
    ],
    ids=repr,
)
def test_normal_laws(law: Initialiser, mean: float, deviation: float) -> None:
    values = draw(law)
    assert values.mean() == pytest.approx(mean, abs=4 * deviation / math.sqrt(values.size))
    assert_law(values, stats.norm(mean, deviation), deviation)


def test_symmetric_uniform_law_has_its_bound_whatever_the_fan() -> None:
    values = draw(SymmetricUniform(bound=0.05))
    assert np.abs(values).max() <= 0.05
    assert_law(values, stats.uniform(-0.05, 0.1), 0.05 / math.sqrt(3))


def test_a_wrong_fan_is_caught() -> None:
    deviation = math.sqrt(2 / FAN_OUT)
    bound = deviation * math.sqrt(3)
    with pytest.raises(AssertionError):
        assert_law(draw(HeUniform()), stats.uniform(-bound, 2 * bound), deviation)


def test_fan_in_uniform_is_what_torch_does_with_linear_and_convolutional_layers() -> None:
    torch.manual_seed(0)
    conv, linear = torch.nn.Conv2d(64, 128, 3), torch.nn.Linear(FAN_IN, 128)
    bound = np.abs(draw(FanInUniform())).max()
    for parameter in (conv.weight, conv.bias, linear.weight, linear.bias):
        largest = parameter.detach().abs().max().item()
        assert largest <= 1 / math.sqrt(FAN_IN)
        assert largest == pytest.approx(bound, rel=0.05)


def test_constant() -> None:
    assert (draw(Constant(value=-2.5)) == -2.5).all()


@pytest.mark.parametrize("shape", [(32, 20), (20, 32), (16, 4, 2, 2)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    matrix = draw(Orthogonal(gain=3.0), shape).reshape(shape[0], -1)
    smaller = min(matrix.shape)
    product = matrix @ matrix.T if matrix.shape[0] == smaller else matrix.T @ matrix
    assert product == pytest.approx(9 * np.eye(smaller), abs=1e-4)


def test_orthogonal_refuses_a_vector() -> None:
    with pytest.raises(ValueError, match="2 or more dimensions"):
        draw(Orthogonal(gain=1.0), (5,))


def test_strided_law_of_a_transposed_convolution_is_the_released_codes() -> None:
    """256 to 128 channels, 5x5, stride 2: deviation sqrt(4 / (256 * 25 / 4 + 128 * 25)) by that code's own fans."""
    weight = torch.nn.ConvTranspose2d(256, 128, 5, 2).weight.data
    fan_in, fan_out = torch.nn.init._calculate_fan_in_and_fan_out(weight)
    law = StridedGlorotUniform(gain=math.sqrt(2), stride=2)
    law.fill(weight, fan_in=fan_in, fan_out=fan_out, generator=torch.Generator().manual_seed(0))
    assert weight.std().item() == pytest.approx(math.sqrt(4 / (256 * 25 / 4 + 128 * 25)), rel=0.01)
