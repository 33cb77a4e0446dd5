"""The same linear map at every pixel, also called 1x1 convolution (Lin et al. 2014, arXiv 1312.4400)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchmark.spec.parts import LAYERS, Layer, Shape, Size, image_shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("pixel_linear")
class PixelLinear(Layer):
    """(channels, height, width) to ``channels`` maps; a kind of its own, so that it may start by a law of its own."""

    channels: Size
    bias: bool

    def output_shape(self, shape: Shape) -> Shape:
        return (self.channels, *image_shape(self.name, shape)[1:])

    def parameter_count(self, shape: Shape) -> int:
        return self.channels * (shape[0] + self.bias)

    def multiplications(self, shape: Shape) -> int:
        return self.channels * math.prod(shape)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Conv2d(shape[0], self.channels, 1, bias=self.bias)
