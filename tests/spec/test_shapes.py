"""Shape inference and parameter counts, against the dossier's numbers and against torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from benchmark.spec.expand import expand
from benchmark.spec.load import loads
from benchmark.spec.shapes import ShapeError, layout
from benchmark.spec.source import parse
from benchmark.spec.systems import Network
from tests.spec.small import TEXT


def network(text: str) -> Network:
    """A network from its YAML, laws of initialisation left out."""
    source = parse(f"networks:\n  n:\n{text}".encode(), "x")
    return Network.model_validate(expand(source).data["networks"]["n"])


LEAST_SQUARES_GENERATOR = """
    sizes: {latent: 1024}
    input: [latent]
    defaults:
      deconv: {kernel: 3, stride: 2, padding: 1, output_padding: 1, bias: true}
      leaky_relu: {slope: 0.2}
    layers:
      - linear: {features: 128 * 8 * 8, bias: true}
      - leaky_relu
      - reshape: {channels: 128, height: 8, width: 8}
      - deconv: {channels: 128}
      - leaky_relu
      - deconv: {channels: 64}
      - leaky_relu
      - conv: {channels: 1, kernel: 3, stride: 1, padding: 1, bias: true}
      - tanh
"""
LEAST_SQUARES_DISCRIMINATOR = """
    input: [1, 32, 32]
    defaults:
      conv: {kernel: 3, stride: 2, padding: 1, bias: true}
      leaky_relu: {slope: 0.2}
    layers:
      - conv: {channels: 16}
      - leaky_relu
      - conv: {channels: 32}
      - leaky_relu
      - conv: {channels: 64}
      - leaky_relu
      - flatten
      - linear: {features: 1, bias: true}
      - sigmoid
"""
DCGAN_GENERATOR = """
    sizes: {latent: 100, width: 64, colours: 3}
    input: [latent, 1, 1]
    defaults:
      deconv: {kernel: 4, stride: 2, padding: 1, output_padding: 0, bias: false}
      batch_norm: {epsilon: 1e-5, momentum: 0.1}
    layers:
      - deconv: {channels: 8 * width, stride: 1, padding: 0}
      - batch_norm
      - relu
      - deconv: {channels: 4 * width}
      - batch_norm
      - relu
      - deconv: {channels: 2 * width}
      - batch_norm
      - relu
      - deconv: {channels: width}
      - batch_norm
      - relu
      - deconv: {channels: colours}
      - tanh
"""
DCGAN_DISCRIMINATOR = """
    sizes: {width: 64, colours: 3}
    input: [colours, 64, 64]
    defaults:
      conv: {kernel: 4, stride: 2, padding: 1, bias: false}
      batch_norm: {epsilon: 1e-5, momentum: 0.1}
      leaky_relu: {slope: 0.2}
    layers:
      - conv: {channels: width}
      - leaky_relu
      - conv: {channels: 2 * width}
      - batch_norm
      - leaky_relu
      - conv: {channels: 4 * width}
      - batch_norm
      - leaky_relu
      - tap: {at: features}
      - conv: {channels: 8 * width}
      - batch_norm
      - leaky_relu
      - conv: {channels: 1, stride: 1, padding: 0}
      - flatten
"""


@pytest.mark.parametrize(
    ("text", "replaced", "count", "output"),
    [
        (LEAST_SQUARES_GENERATOR, {}, 8_618_753, (1, 32, 32)),
        (LEAST_SQUARES_DISCRIMINATOR, {}, 24_321, (1,)),
        (DCGAN_GENERATOR, {}, 3_576_704, (3, 64, 64)),
        (DCGAN_DISCRIMINATOR, {}, 2_765_568, (1,)),
        (DCGAN_GENERATOR, {"colours": 1}, 3_574_656, (1, 64, 64)),
        (DCGAN_DISCRIMINATOR, {"colours": 1}, 2_763_520, (1,)),
    ],
)
def test_published_parameter_counts_and_torch_agree(
    text: str, replaced: dict[str, int], count: int, output: tuple[int, ...]
) -> None:
    plan = layout(network(text), replaced)
    assert (plan.parameter_count, plan.output) == (count, output)
    value = torch.zeros(2, *plan.inputs[0])
    trained = 0
    for layer, shape in zip(plan.layers, plan.inputs, strict=True):
        module = layer.module(shape)
        assert tuple(value.shape[1:]) == shape
        assert sum(parameter.numel() for parameter in module.parameters()) == layer.parameter_count(shape)
        value = module(value)
        trained += layer.parameter_count(shape)
    assert (tuple(value.shape[1:]), trained) == (output, count)


def test_taps_and_their_shapes() -> None:
    plan = layout(network(DCGAN_DISCRIMINATOR), {"width": 2})
    assert plan.taps == {"features": 8}
    assert plan.shape_at("features") == (8, 8, 8)
    assert plan.shape_at(None) == plan.output == (1,)


@pytest.mark.parametrize(
    ("text", "layer", "setting", "message"),
    [
        ("    input: [widht]\n    sizes: {width: 2}\n    layers: [relu]\n", None, (), "unknown name 'widht'"),
        ("    input: [4, 4]\n    layers: [relu, {linear: {features: 1, bias: true}}]\n", 1, (), "needs flat input"),
        ("    input: [4]\n    layers: [{linear: {features: a, bias: true}}]\n", 0, ("linear", "features"), "unknown"),
        ("    input: [4]\n    layers: [{reshape: {channels: 1, height: 2, width: 3}}]\n", 0, (), "has 6"),
    ],
)
def test_misfits_name_the_layer(text: str, layer: int | None, setting: tuple[str, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message) as caught:
        layout(network(text), {})
    assert (caught.value.layer, caught.value.setting) == (layer, setting)


def test_replaced_sizes_reach_every_expression() -> None:
    small: Any = loads(TEXT).spec
    plan = layout(small.networks["maker"], {"width": 4, "unknown_elsewhere": 9})
    assert list(plan.inputs) == [(4,), (8,), (8,), (8,), (4,), (4,)]
    assert plan.parameter_count == 4 * 8 + 8 + 8 * 4 + 4 * 2 + 2
