"""Layers on flat input: linear ones, with spectral normalisation too, and maxout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.base import PositiveInt
from benchmark.spec.fields import Size
from benchmark.spec.parts import LAYERS, Layer, Shape, flat_shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("linear")
class Linear(Layer):
    """``features`` outputs from a flat input (features,)."""

    features: Size
    bias: bool

    def output_shape(self, shape: Shape) -> Shape:
        flat_shape(self.name, shape)
        return (self.features,)

    def parameter_count(self, shape: Shape) -> int:
        return self.features * (shape[0] + self.bias)

    def multiplications(self, shape: Shape) -> int:
        return self.features * shape[0]

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Linear(shape[0], self.features, bias=self.bias)


@LAYERS.register("spectral_linear")
class SpectralLinear(Linear):
    """``linear`` with its weight divided by its largest singular value.

    That value is estimated by ``power_iterations`` steps in every pass, from a vector that training passes carry on.

    Fully connected layer with spectral normalisation (Miyato et al. 2018, arXiv 1802.05957).
    """

    power_iterations: PositiveInt

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import spectral

        return spectral.SpectralLinear(shape[0], self.features, bias=self.bias, iterations=self.power_iterations)


@LAYERS.register("maxout")
class Maxout(Layer):
    """``features`` outputs, each the largest of ``pieces`` affine functions of the input.

    Maxout layer on flat input (Goodfellow et al. 2013, arXiv 1302.4389).
    """

    features: Size
    pieces: Size
    bias: bool

    def output_shape(self, shape: Shape) -> Shape:
        flat_shape(self.name, shape)
        return (self.features,)

    def parameter_count(self, shape: Shape) -> int:
        return self.features * self.pieces * (shape[0] + self.bias)

    def multiplications(self, shape: Shape) -> int:
        return self.features * self.pieces * shape[0]

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        from benchmark.parts.networks.modules import elementary

        return nn.Sequential(
            nn.Linear(shape[0], self.features * self.pieces, bias=self.bias),
            nn.Unflatten(1, (self.features, self.pieces)),
            elementary.LargestOf(),
        )
