"""Average over windows of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import LAYERS, Layer, Shape, Size, image_shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("average_pool")
class AveragePool(Layer):
    """Square windows of ``kernel``, ``stride`` apart, without padding; what does not fill a window is left out."""

    kernel: Size
    stride: Size

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = image_shape(self.name, shape)
        return (channels, self._length(height), self._length(width))

    def _length(self, length: int) -> int:
        return (length - self.kernel) // self.stride + 1

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.AvgPool2d(self.kernel, self.stride)
