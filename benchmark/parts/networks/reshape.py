"""From one shape to another of equal size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchmark.spec.levels import Range
from benchmark.spec.parts import LAYERS, Layer, Shape, Size

if TYPE_CHECKING:
    from torch import nn


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
