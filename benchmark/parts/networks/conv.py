"""Two-dimensional convolution with zero padding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.parts import LAYERS, Layer, Shape, Size, image_shape

if TYPE_CHECKING:
    from torch import nn


def window_overlap(windows: int, kernel: int, stride: int, padding: int, length: int) -> int:
    """Places that ``windows`` windows cover of a line of ``length``, padding left out, all windows together."""
    starts = (window * stride - padding for window in range(windows))
    return sum(max(0, min(start + kernel, length) - max(start, 0)) for start in starts)


@LAYERS.register("conv")
class Conv(Layer):
    """(channels, height, width) to ``channels`` maps; padding on all four sides."""

    channels: Size
    kernel: Size
    stride: Size
    padding: Annotated[int, Field(ge=0)]
    bias: bool

    def output_shape(self, shape: Shape) -> Shape:
        _, height, width = image_shape(self.name, shape)
        return (self.channels, self._length(height), self._length(width))

    def parameter_count(self, shape: Shape) -> int:
        return self.channels * (shape[0] * self.kernel**2 + self.bias)

    def multiplications(self, shape: Shape) -> int:
        outputs = self.output_shape(shape)[1:]
        rows, columns = (
            window_overlap(out, self.kernel, self.stride, self.padding, length)
            for out, length in zip(outputs, shape[1:], strict=True)
        )
        return self.channels * shape[0] * rows * columns

    def _length(self, length: int) -> int:
        return (length + 2 * self.padding - self.kernel) // self.stride + 1

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Conv2d(shape[0], self.channels, self.kernel, self.stride, self.padding, bias=self.bias)
