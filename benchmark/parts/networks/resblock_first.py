"""A discriminator's first residual block in the ResNets of WGAN-GP (arXiv 1704.00028) and SN-GAN (arXiv 1802.05957)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from benchmark.parts.networks.activations import LeakyReLU
from benchmark.parts.networks.residual import ResidualLayer, same_conv
from benchmark.parts.networks.shapes import AveragePool
from benchmark.spec.parts import LAYERS, Layer, Shape, Size


@LAYERS.register("resblock_first")
class ResBlockFirst(ResidualLayer):
    """Convolution, rectifier, convolution, mean over 2x2; the shortcut is the mean over 2x2 and a 1x1 convolution.

    Nothing is rectified or normalised before the first convolution, since its input is an image. Biases everywhere.
    """

    channels: Size
    kernel: Size
    slope: Annotated[float, Field(ge=0, lt=1, description="of the rectifier below 0; 0 is the plain rectifier")]
    spectral_iterations: Annotated[int, Field(ge=0, description="power iterations in a pass; 0: weights as they are")]

    def main(self, shape: Shape) -> list[Layer]:
        return [
            self._conv(self.kernel),
            LeakyReLU(slope=self.slope),
            self._conv(self.kernel),
            AveragePool(kernel=2, stride=2),
        ]

    def shortcut(self, shape: Shape) -> list[Layer]:
        return [AveragePool(kernel=2, stride=2), self._conv(1)]

    def _conv(self, kernel: int) -> Layer:
        return same_conv(self.name, self.channels, kernel, bias=True, spectral_iterations=self.spectral_iterations)
