"""Convolutions and transposed ones, with spectral normalisation too, and the 1x1 convolution."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.base import PositiveInt
from benchmark.spec.fields import Size
from benchmark.spec.parts import LAYERS, Layer, Shape, image_shape

if TYPE_CHECKING:
    from torch import nn


def window_overlap(windows: int, length: int, kernel: int, stride: int, padding: int) -> int:
    """Places that ``windows`` windows cover of a line of ``length``, padding left out, all windows together."""
    starts = (window * stride - padding for window in range(windows))
    return sum(max(0, min(start + kernel, length) - max(start, 0)) for start in starts)


class _Windows(Layer):
    """What a convolution and a transposed one share: windows of ``kernel``, ``stride`` apart."""

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
        rows, columns = (
            window_overlap(*self._windows(length), self.kernel, self.stride, self.padding) for length in shape[1:]
        )
        return self.channels * shape[0] * rows * columns

    @abstractmethod
    def _length(self, length: int) -> int:
        """Side of the output for a side of the input."""

    @abstractmethod
    def _windows(self, length: int) -> tuple[int, int]:
        """For a side of the input: how many windows there are, and the length of the line that they lie on."""


@LAYERS.register("conv")
class Conv(_Windows):
    """(channels, height, width) to ``channels`` maps; padding on all four sides."""

    def _length(self, length: int) -> int:
        return (length + 2 * self.padding - self.kernel) // self.stride + 1

    def _windows(self, length: int) -> tuple[int, int]:
        return self._length(length), length

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Conv2d(shape[0], self.channels, self.kernel, self.stride, self.padding, bias=self.bias)


@LAYERS.register("deconv")
class Deconv(_Windows):
    """(channels, height, width) to ``channels`` maps, length (n - 1) stride - 2 padding + kernel + output_padding."""

    output_padding: Annotated[int, Field(ge=0)]

    def output_shape(self, shape: Shape) -> Shape:
        wanted = super().output_shape(shape)
        if self.output_padding >= self.stride:
            raise ValueError(f"{self.name}: output_padding {self.output_padding} must be below stride {self.stride}")
        return wanted

    def _length(self, length: int) -> int:
        return (length - 1) * self.stride - 2 * self.padding + self.kernel + self.output_padding

    def _windows(self, length: int) -> tuple[int, int]:
        return length, self._length(length)  # every input spreads over a window of the output

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.ConvTranspose2d(
            shape[0], self.channels, self.kernel, self.stride, self.padding, self.output_padding, bias=self.bias
        )


@LAYERS.register("conv1x1")
class Conv1x1(Layer):
    """(channels, height, width) to ``channels`` maps, apart from ``conv`` so that it may be initialised in its own way.

    The same linear map at every pixel, also called 1x1 convolution (Lin et al. 2014, arXiv 1312.4400).
    """

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


@LAYERS.register("spectral_conv")
class SpectralConv(Conv):
    """``conv`` with its weight, as a matrix (channels, inputs kernel kernel), divided by its largest singular value.

    That value is estimated by ``power_iterations`` steps in every pass, from a vector that training passes carry on.

    Convolution with spectral normalisation (Miyato et al. 2018, arXiv 1802.05957).
    """

    power_iterations: PositiveInt

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import spectral

        sizes = (shape[0], self.channels, self.kernel, self.stride, self.padding)
        return spectral.SpectralConv2d(*sizes, bias=self.bias, iterations=self.power_iterations)


@LAYERS.register("spectral_deconv")
class SpectralDeconv(Deconv):
    """``deconv`` with its weight, as a matrix (channels, inputs kernel kernel), divided by its largest singular value.

    That value is estimated by ``power_iterations`` steps in every pass, from a vector that training passes carry on.

    Transposed convolution with spectral normalisation (Miyato et al. 2018, arXiv 1802.05957).
    """

    power_iterations: PositiveInt

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import spectral

        sizes = (shape[0], self.channels, self.kernel, self.stride, self.padding, self.output_padding)
        return spectral.SpectralConvTranspose2d(*sizes, bias=self.bias, iterations=self.power_iterations)
