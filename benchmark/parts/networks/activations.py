"""Functions of single values, and maxout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.fields import Size
from benchmark.spec.levels import SYMMETRIC, UNIT, Range
from benchmark.spec.parts import LAYERS, Layer, Shape, flat_shape

if TYPE_CHECKING:
    from torch import nn

Slope = Annotated[float, Field(ge=0, lt=1, description="of the rectifiers below 0; 0 is the plain rectifier")]


@LAYERS.register("relu")
class ReLU(Layer):
    """max(x, 0)."""

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.ReLU()


@LAYERS.register("leaky_relu")
class LeakyReLU(Layer):
    """x for x > 0, ``slope`` times x otherwise."""

    slope: Annotated[float, Field(ge=0, lt=1)]

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.LeakyReLU(self.slope)


@LAYERS.register("selu")
class SELU(Layer):
    """l x for x > 0, l a (exp(x) - 1) otherwise, l = 1.0507 and a = 1.6733 to more digits.

    Scaled exponential linear unit (Klambauer et al. 2017, arXiv 1706.02515).
    """

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.SELU()


@LAYERS.register("tanh")
class Tanh(Layer):
    """tanh(x), in (-1, 1)."""

    def output_range(self, entering: Range | None) -> Range:
        return SYMMETRIC

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Tanh()


@LAYERS.register("hardtanh")
class Hardtanh(Layer):
    """min(max(x, low), high); nothing is learned through what lies beyond."""

    low: float
    high: float

    def output_shape(self, shape: Shape) -> Shape:
        if self.low >= self.high:
            raise ValueError(f"hardtanh: low {self.low:g} must be below high {self.high:g}")
        return shape

    def output_range(self, entering: Range | None) -> Range:
        return (self.low, self.high)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Hardtanh(self.low, self.high)


@LAYERS.register("sigmoid")
class Sigmoid(Layer):
    """1 / (1 + exp(-x)), in (0, 1)."""

    def output_range(self, entering: Range | None) -> Range:
        return UNIT

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Sigmoid()


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
