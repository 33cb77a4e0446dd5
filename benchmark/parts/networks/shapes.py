"""Layers that change the shape alone: names for positions, flattening, pooling, upsampling."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from benchmark.spec.base import Name
from benchmark.spec.fields import Size
from benchmark.spec.levels import Range
from benchmark.spec.parts import LAYERS, Layer, PlainLayer, Shape, image_shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("tap")
class Tap(PlainLayer):
    """Changes nothing; ``at`` is the name."""

    built_as = "torch.nn:Identity"
    at: Name

    def output_range(self, entering: Range | None) -> Range | None:
        return entering


@LAYERS.register("flatten")
class Flatten(PlainLayer):
    """(a, b, c) to (a b c,), row-major."""

    built_as = "torch.nn:Flatten"

    def output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)

    def output_range(self, entering: Range | None) -> Range | None:
        return entering


@LAYERS.register("reshape")
class Reshape(Layer):
    """To (channels, height, width), row-major."""

    channels: Size
    height: Size
    width: Size

    def output_shape(self, shape: Shape) -> Shape:
        wanted = (self.channels, self.height, self.width)
        if math.prod(wanted) != math.prod(shape):
            raise ValueError(f"reshape: {shape} has {math.prod(shape)} values, {wanted} has {math.prod(wanted)}")
        return wanted

    def output_range(self, entering: Range | None) -> Range | None:
        return entering

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Sequential(nn.Flatten(), nn.Unflatten(1, (self.channels, self.height, self.width)))


@LAYERS.register("average_pool")
class AveragePool(PlainLayer):
    """Square windows of ``kernel``, ``stride`` apart, without padding; what does not fill a window is left out."""

    built_as = "torch.nn:AvgPool2d"
    kernel: Size
    stride: Size

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = image_shape(self.name, shape)
        return (channels, self._length(height), self._length(width))

    def _length(self, length: int) -> int:
        return (length - self.kernel) // self.stride + 1


@LAYERS.register("global_pool")
class GlobalPool(PlainLayer):
    """(channels, height, width) to (channels,)."""

    built_as = "benchmark.parts.networks.modules.elementary:GlobalPool"
    reduction: Literal["sum", "mean"]

    def output_shape(self, shape: Shape) -> Shape:
        return image_shape(self.name, shape)[:1]


@LAYERS.register("upsample")
class Upsample(Layer):
    """Height and width times ``factor``; ``bilinear`` keeps the outer edges, not the corners' centres, in place."""

    factor: Size
    mode: Literal["nearest", "bilinear"]

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = image_shape(self.name, shape)
        return (channels, height * self.factor, width * self.factor)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Upsample(scale_factor=self.factor, mode=self.mode)
