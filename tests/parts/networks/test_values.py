"""Layers against formulas, hand-computed values and plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from benchmark.parts.networks.activations import SELU, Dropout, GaussianNoise, Hardtanh, LeakyReLU, ReLU, Sigmoid, Tanh
from benchmark.parts.networks.convolutions import Conv, Deconv
from benchmark.parts.networks.linear import Maxout
from benchmark.parts.networks.normalisations import BatchNorm, L2Normalize, LayerNorm, MinibatchDeviation, PixelNorm
from benchmark.parts.networks.shapes import AveragePool, Flatten, GlobalPool, Reshape, Tap, Upsample
from benchmark.spec.parts import Layer

SAMPLE = torch.tensor([[-3.0, -0.5, 0.0, 0.25, 2.0]])


@pytest.mark.parametrize(
    ("layer", "formula"),
    [
        (ReLU(), lambda x: max(x, 0.0)),
        (LeakyReLU(slope=0.2), lambda x: x if x > 0 else 0.2 * x),
        (LeakyReLU(slope=0.0), lambda x: max(x, 0.0)),
        (Tanh(), math.tanh),
        (Sigmoid(), lambda x: 1 / (1 + math.exp(-x))),
        (SELU(), lambda x: 1.0507 * (x if x > 0 else 1.6733 * (math.exp(x) - 1))),
        (Tap(at="here"), lambda x: x),
        (Hardtanh(low=-1.0, high=0.2), lambda x: min(max(x, -1.0), 0.2)),
    ],
)
def test_pointwise_formulas(layer: Layer, formula: object) -> None:
    expected = [formula(x) for x in SAMPLE[0].tolist()]  # type: ignore[operator]
    # 1e-4: SELU's constants are written here with four decimals
    assert layer.module((5,))(SAMPLE)[0].tolist() == pytest.approx(expected, abs=1e-4)


def test_hardtanh_says_where_it_ends_and_refuses_an_empty_range() -> None:
    assert Hardtanh(low=-1.0, high=1.0).output_range(None) == (-1.0, 1.0)
    with pytest.raises(ValueError, match="low 1 must be below high 1"):
        Hardtanh(low=1.0, high=1.0).output_shape((3,))


def test_selu_keeps_mean_zero_and_variance_one() -> None:
    """The property that defines its two constants (Klambauer et al. 2017, section 2)."""
    x = np.linspace(-12, 12, 400_001)
    density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi) * (x[1] - x[0])
    y = SELU().module((1,))(torch.from_numpy(x)).numpy()
    assert (y * density).sum() == pytest.approx(0, abs=1e-6)
    assert (y * y * density).sum() == pytest.approx(1, abs=1e-6)


def test_conv_and_deconv_are_each_others_transpose() -> None:
    """<conv(x), y> = <x, deconv(y)> with one kernel, for the 5x5 stride-2 pair of WGAN-GP's code."""
    torch.manual_seed(0)
    down = Conv(channels=3, kernel=5, stride=2, padding=2, bias=False).module((2, 8, 8)).double()
    up = Deconv(channels=2, kernel=5, stride=2, padding=2, output_padding=1, bias=False).module((3, 4, 4)).double()
    up.weight.data.copy_(down.weight.data)
    x, y = torch.randn(1, 2, 8, 8, dtype=torch.float64), torch.randn(1, 3, 4, 4, dtype=torch.float64)
    assert (down(x) * y).sum().item() == pytest.approx((x * up(y)).sum().item())


def test_conv_of_ones_counts_the_values_under_the_kernel() -> None:
    module = Conv(channels=1, kernel=3, stride=1, padding=1, bias=False).module((1, 3, 3))
    module.weight.data.fill_(1)
    assert module(torch.ones(1, 1, 3, 3))[0, 0].tolist() == [[4, 6, 4], [6, 9, 6], [4, 6, 4]]


def test_deconv_refuses_output_padding_as_large_as_the_stride() -> None:
    with pytest.raises(ValueError, match="output_padding 2 must be below stride 2"):
        Deconv(channels=1, kernel=3, stride=2, padding=1, output_padding=2, bias=True).output_shape((1, 4, 4))


@pytest.mark.parametrize("shape", [(3,), (3, 4, 5)])
def test_batch_norm_in_training(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    value = 3 + 2 * torch.randn(16, *shape, dtype=torch.float64)
    module = BatchNorm(epsilon=1e-3, momentum=0.25).module(shape).double()
    axes = (0, *range(2, value.ndim))
    mean, variance = value.numpy().mean(axis=axes, keepdims=True), value.numpy().var(axis=axes, keepdims=True)
    assert np.allclose(module(value).detach().numpy(), (value.numpy() - mean) / np.sqrt(variance + 1e-3))
    assert np.allclose(module.running_mean.numpy(), 0.25 * mean.ravel())


@pytest.mark.parametrize("per", ["channel", "value"])
@pytest.mark.parametrize("shape", [(6,), (2, 3, 4)])
def test_layer_norm(per: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    value = 3 + 2 * torch.randn(5, *shape, dtype=torch.float64)
    layer = LayerNorm.model_validate({"epsilon": 1e-3, "per": per})
    module = layer.module(shape).double()
    scale, shift = (parameter for _, parameter in sorted(module.named_parameters(), reverse=True))
    scale.data.normal_()
    shift.data.normal_()
    flat = value.numpy().reshape(5, -1)
    normal = (flat - flat.mean(axis=1, keepdims=True)) / np.sqrt(flat.var(axis=1, keepdims=True) + 1e-3)
    repeat = flat.shape[1] // scale.numel()
    expected = normal * np.repeat(scale.data.numpy(), repeat) + np.repeat(shift.data.numpy(), repeat)
    assert np.allclose(module(value).detach().numpy().reshape(5, -1), expected)
    assert all(parameter.ndim == 1 for parameter in module.parameters()), "a law takes what has two as a weight"


def test_flatten_and_reshape_are_inverse_and_row_major() -> None:
    value = torch.arange(24.0).view(1, 2, 3, 4)
    flat = Flatten().module((2, 3, 4))(value)
    assert flat[0].tolist() == list(range(24))
    assert torch.equal(Reshape(channels=2, height=3, width=4).module((24,))(flat), value)


def test_reshape_refuses_another_size() -> None:
    with pytest.raises(ValueError, match="24 values"):
        Reshape(channels=2, height=3, width=5).output_shape((24,))


def test_nearest_upsample_repeats() -> None:
    value = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    output = Upsample(factor=2, mode="nearest").module((1, 2, 2))(value)[0, 0]
    assert output.tolist() == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]


def test_bilinear_upsample_keeps_edges() -> None:
    output = Upsample(factor=2, mode="bilinear").module((1, 1, 2))(torch.tensor([[[[0.0, 4.0]]]]))[0, 0]
    assert output.tolist() == [[0, 1, 3, 4]] * 2


def test_average_pool_against_a_loop() -> None:
    torch.manual_seed(0)
    value = torch.randn(1, 1, 7, 5)
    output = AveragePool(kernel=3, stride=2).module((1, 7, 5))(value)[0, 0]
    expected = [[value[0, 0, i : i + 3, j : j + 3].mean().item() for j in (0, 2)] for i in (0, 2, 4)]
    assert output.tolist() == [pytest.approx(row, abs=1e-6) for row in expected]


def test_global_pool() -> None:
    value = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]], [[0.0, 0.0], [0.0, -4.0]]]])
    assert GlobalPool(reduction="sum").module((2, 2, 2))(value).tolist() == [[12, -4]]
    assert GlobalPool(reduction="mean").module((2, 2, 2))(value).tolist() == [[3, -1]]


def test_gaussian_noise_has_its_deviation_in_training_only() -> None:
    torch.manual_seed(0)
    module = GaussianNoise(deviation=0.5).module((1000,))
    added = module(torch.full((100, 1000), 2.0)) - 2
    assert added.mean().item() == pytest.approx(0, abs=4 * 0.5 / math.sqrt(1e5))
    assert added.std().item() == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(2e5))
    assert torch.equal(module.eval()(added), added)


def test_dropout_zeroes_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    module = Dropout(probability=0.3).module((1000,))
    output = module(torch.ones(100, 1000))
    assert output.unique().tolist() == pytest.approx([0, 1 / 0.7])
    assert (output == 0).float().mean().item() == pytest.approx(0.3, abs=4 * math.sqrt(0.21 / 1e5))
    assert torch.equal(module.eval()(output), output)


def test_pixel_norm_gives_unit_mean_square_over_channels() -> None:
    module = PixelNorm(epsilon=1e-8).module((2, 1, 1))
    assert module(torch.tensor([[[[3.0]], [[4.0]]]])).flatten().tolist() == pytest.approx(
        [3 / math.sqrt(12.5), 4 / math.sqrt(12.5)]
    )


def test_minibatch_deviation_against_numpy() -> None:
    """Example i of 6 belongs to group i mod 2 when groups have 3, as in the released code's reshape and tile."""
    torch.manual_seed(0)
    value = torch.randn(6, 2, 3, 3, dtype=torch.float64)
    output = MinibatchDeviation(group=3, epsilon=1e-8).module((2, 3, 3))(value)
    assert torch.equal(output[:, :2], value)
    for index in range(6):
        members = value.numpy()[index % 2 :: 2]
        expected = np.sqrt(members.var(axis=0) + 1e-8).mean()
        assert output[index, 2].numpy() == pytest.approx(np.full((3, 3), expected))


def test_minibatch_deviation_sees_a_collapsed_batch() -> None:
    module = MinibatchDeviation(group=4, epsilon=1e-8).module((1, 2, 2))
    assert module(torch.ones(4, 1, 2, 2))[:, 1].max().item() == pytest.approx(1e-4)


def test_minibatch_deviation_refuses_a_batch_that_does_not_split() -> None:
    with pytest.raises(ValueError, match="5 examples do not split into groups of 4"):
        MinibatchDeviation(group=4, epsilon=1e-8).module((1, 2, 2))(torch.ones(5, 1, 2, 2))


def test_unit_sphere() -> None:
    output = L2Normalize().module((2,))(torch.tensor([[3.0, -4.0], [0.0, 0.0]]))
    assert output.flatten().tolist() == pytest.approx([0.6, -0.8, 0, 0])


def test_maxout_takes_the_largest_of_neighbouring_affine_functions() -> None:
    module = Maxout(features=2, pieces=3, bias=True).module((2,))
    linear = module[0]
    linear.weight.data.copy_(torch.tensor([[1.0, 0], [0, 1], [-1, 0], [0, -1], [2, 2], [0, 0]]))
    linear.bias.data.copy_(torch.tensor([0.0, 0, 0, 0, 0, 1]))
    assert module(torch.tensor([[1.0, -2.0], [-3.0, 4.0]])).tolist() == [[1, 2], [4, 2]]


def test_layers_name_the_remedy_when_they_do_not_fit() -> None:
    with pytest.raises(ValueError, match="l2_normalize: needs flat input"):
        L2Normalize().output_shape((3, 4, 4))
    with pytest.raises(ValueError, match="average_pool: needs \\(channels, height, width\\)"):
        AveragePool(kernel=2, stride=2).output_shape((3,))
