"""Convolution with spectral normalisation (Miyato et al. 2018, arXiv 1802.05957)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.parts.networks.conv import Conv
from benchmark.spec.base import PositiveInt
from benchmark.spec.parts import LAYERS, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("spectral_conv")
class SpectralConv(Conv):
    """``conv`` with its weight, as a matrix (channels, inputs kernel kernel), divided by its largest singular value.

    That value is estimated by ``power_iterations`` steps in every pass, from a vector that training passes carry on.
    """

    power_iterations: PositiveInt

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import spectral

        return spectral.SpectralConv2d(
            shape[0],
            self.channels,
            self.kernel,
            self.stride,
            self.padding,
            bias=self.bias,
            iterations=self.power_iterations,
        )
