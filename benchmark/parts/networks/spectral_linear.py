"""Fully connected layer with spectral normalisation (Miyato et al. 2018, arXiv 1802.05957)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.parts.networks.linear import Linear
from benchmark.spec.base import PositiveInt
from benchmark.spec.parts import LAYERS, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("spectral_linear")
class SpectralLinear(Linear):
    """``linear`` with its weight divided by its largest singular value.

    That value is estimated by ``power_iterations`` steps in every pass, from a vector that training passes carry on.
    """

    power_iterations: PositiveInt

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import spectral

        return spectral.SpectralLinear(shape[0], self.features, bias=self.bias, iterations=self.power_iterations)
