"""Residual blocks: the published ResNets' parameter counts, the sum of branches, and equal shortcuts."""

from __future__ import annotations

from typing import Annotated

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import nn
from torch.nn import functional

from benchmark.parts.networks.linear import Linear
from benchmark.parts.networks.residual import ResBlock, ResBlockFirst
from benchmark.parts.networks.shapes import GlobalPool, Reshape
from benchmark.spec.fields import PartOf, written
from benchmark.spec.parts import LAYERS, Layer, Shape
from benchmark.spec.systems import Network
from benchmark.training.assembly import Assembly

BATCH_NORM = {"batch_norm": {"epsilon": 1e-5, "momentum": 0.1}}
LAYER_NORM = {"layer_norm": {"epsilon": 1e-5, "per": "channel"}}


def block(channels: int, hidden: int, resample: str, **changed: object) -> ResBlock:
    settings = {
        "channels": channels,
        "hidden_channels": hidden,
        "kernel": 3,
        "resample": resample,
        "normalisation": None,
        "slope": 0.0,
        "first_bias": True,
        "spectral_iterations": 0,
    }
    return ResBlock.model_validate(settings | changed)


def count(layers: list[Layer], shape: Shape) -> tuple[int, Shape]:
    total = 0
    for layer in layers:
        total += layer.parameter_count(shape)
        shape = layer.output_shape(shape)
    return total, shape


def test_wgan_gp_resnet_32_by_hand() -> None:
    """N7, without classes: three 3x3 kernels' worth and 1x1 shortcuts of 128 channels, summed by hand."""
    c = 128
    conv, short, norm = c * c * 9 + c, c * c + c, 2 * c
    up = block(c, c, "up", normalisation=BATCH_NORM)
    generator = [Linear(features=2048, bias=True), Reshape(channels=c, height=4, width=4), up, up, up]
    assert count(generator, (128,)) == (2048 * 129 + 3 * (2 * conv + short + 2 * norm), (c, 32, 32))
    first = ResBlockFirst(channels=c, kernel=3, slope=0.0, spectral_iterations=0)
    plain = block(c, c, "none")
    critic = [first, block(c, c, "down"), plain, plain, GlobalPool(reduction="mean"), Linear(features=1, bias=True)]
    by_hand = (3 * 9 * c + c + conv + 3 * c + c) + (2 * conv + short) + 2 * (2 * conv) + (c + 1)
    assert count(critic, (3, 32, 32)) == (by_hand, (1,))


def test_wgan_gp_resnet_64_down_block_by_hand() -> None:
    """N2: the first convolution keeps the inputs' channels and has no bias; layer normalisation per channel."""
    layer = block(256, 128, "down", normalisation=LAYER_NORM, first_bias=False)
    kernels = 128 * 128 * 9 + (128 * 256 * 9 + 256)
    assert layer.parameter_count((128, 32, 32)) == kernels + 2 * (2 * 128) + (128 * 256 + 256)
    assert layer.output_shape((128, 32, 32)) == (256, 16, 16)


def test_plain_block_is_input_plus_two_convolutions() -> None:
    torch.manual_seed(0)
    layer = block(2, 3, "none", slope=0.1)
    module = layer.module((2, 5, 5))
    first, second = (inner for inner in module.modules() if isinstance(inner, nn.Conv2d))
    value = torch.randn(4, 2, 5, 5)
    hidden = functional.conv2d(functional.leaky_relu(value, 0.1), first.weight, first.bias, padding=1)
    main = functional.conv2d(functional.leaky_relu(hidden, 0.1), second.weight, second.bias, padding=1)
    assert torch.allclose(module(value), value + main, atol=1e-6)


@pytest.mark.parametrize("resample", ["up", "down"])
def test_resampling_block_against_the_other_order_of_its_shortcut(resample: str) -> None:
    """The released codes enlarge before, and average after, the 1x1 convolution: the same function."""
    torch.manual_seed(0)
    module = block(3, 3, resample).module((2, 6, 6))
    value = torch.randn(4, 2, 6, 6)
    conv = next(inner for inner in module.shortcut if isinstance(inner, nn.Conv2d))
    if resample == "up":
        other = conv(functional.interpolate(value, scale_factor=2, mode="nearest"))
    else:
        other = functional.avg_pool2d(conv(value), 2)
    assert torch.allclose(module.shortcut(value), other, atol=1e-6)
    assert torch.allclose(module(value), other + module.main(value), atol=1e-6)


def test_order_of_layers_in_an_up_block() -> None:
    names = [layer.name for layer in block(4, 4, "up", normalisation=BATCH_NORM).main((4, 4, 4))]
    assert names == ["batch_norm", "leaky_relu", "upsample", "conv", "batch_norm", "leaky_relu", "conv"]


def test_first_block_does_not_rectify_its_input() -> None:
    torch.manual_seed(0)
    module = ResBlockFirst(channels=4, kernel=3, slope=0.0, spectral_iterations=0).module((3, 8, 8))
    assert isinstance(module.main[0], nn.Conv2d)
    assert not torch.allclose(module(torch.ones(1, 3, 8, 8)), module(-torch.ones(1, 3, 8, 8)))


def test_paths_of_the_parts_lead_to_their_modules() -> None:
    """What an initialisation needs in order to start each inner layer by its own kind's law."""
    shape = (2, 8, 8)
    layer = block(3, 4, "down", normalisation=LAYER_NORM, spectral_iterations=1)
    module = layer.module(shape)
    for path, (inner, entered) in layer.parts(shape).items():
        numbers = sum(parameter.numel() for parameter in module.get_submodule(path).parameters())
        assert numbers == inner.parameter_count(entered)
    kinds = {inner.name for inner, _ in layer.parts(shape).values()}
    assert kinds == {"layer_norm", "leaky_relu", "spectral_conv", "average_pool"}


def test_even_kernels_are_refused() -> None:
    with pytest.raises(ValueError, match="kernel 4 must be odd"):
        block(3, 3, "none", kernel=4).output_shape((3, 8, 8))


def test_written_and_read_back_through_the_registry() -> None:
    layer = block(3, 4, "up", normalisation=BATCH_NORM)
    adapter: TypeAdapter[Layer] = TypeAdapter(Annotated[Layer, PartOf(LAYERS)])
    assert adapter.validate_python(written(layer)) == layer


def test_other_layers_do_not_normalise() -> None:
    with pytest.raises(ValidationError, match="conv"):
        block(3, 3, "none", normalisation={"conv": {}})


def test_inner_layers_start_by_the_laws_of_their_own_kinds() -> None:
    def constant(value: float) -> dict[str, object]:
        return {"constant": {"value": value}}

    network = Network.model_validate(
        {
            "input": (2, 4, 4),
            "layers": ({"resblock": block(2, 2, "none", normalisation=BATCH_NORM).model_dump(mode="json")},),
            "initialise": {
                "conv": {"weight": constant(0.5), "bias": constant(0.25)},
                "batch_norm": {"weight": constant(2.0), "bias": constant(3.0)},
            },
        }
    )
    module = Assembly(network, {}, seed=0, role="critic").layers[0]
    for inner in module.modules():
        if isinstance(inner, nn.Conv2d | nn.BatchNorm2d):
            weight, bias = (0.5, 0.25) if isinstance(inner, nn.Conv2d) else (2.0, 3.0)
            assert (inner.weight == weight).all()
            assert (inner.bias == bias).all()
