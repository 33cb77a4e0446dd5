"""Two-dimensional transposed convolution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.parts.networks.conv import window_overlap
from benchmark.spec.parts import LAYERS, Layer, Shape, Size, image_shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("deconv")
class Deconv(Layer):
    """(channels, height, width) to ``channels`` maps, length (n - 1) stride - 2 padding + kernel + output_padding."""

    channels: Size
    kernel: Size
    stride: Size
    padding: Annotated[int, Field(ge=0)]
    output_padding: Annotated[int, Field(ge=0)]
    bias: bool

    def output_shape(self, shape: Shape) -> Shape:
        _, height, width = image_shape(self.name, shape)
        if self.output_padding >= self.stride:
            raise ValueError(f"{self.name}: output_padding {self.output_padding} must be below stride {self.stride}")
        return (self.channels, self._length(height), self._length(width))

    def parameter_count(self, shape: Shape) -> int:
        return self.channels * (shape[0] * self.kernel**2 + self.bias)

    def multiplications(self, shape: Shape) -> int:
        outputs = self.output_shape(shape)[1:]
        rows, columns = (  # every input spreads over a window of the output
            window_overlap(length, self.kernel, self.stride, self.padding, out)
            for out, length in zip(outputs, shape[1:], strict=True)
        )
        return self.channels * shape[0] * rows * columns

    def _length(self, length: int) -> int:
        return (length - 1) * self.stride - 2 * self.padding + self.kernel + self.output_padding

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.ConvTranspose2d(
            shape[0], self.channels, self.kernel, self.stride, self.padding, self.output_padding, bias=self.bias
        )
