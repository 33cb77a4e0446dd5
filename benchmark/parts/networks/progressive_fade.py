"""Real images as a growing discriminator is shown them (Karras et al. 2018, arXiv 1710.10196, figure 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.parts.networks.growth import GrowingLayer, doublings, square
from benchmark.spec.parts import LAYERS, Shape, Size

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("progressive_fade")
class ProgressiveFade(GrowingLayer):
    """Images shrunk (mean) to the highest level in use and enlarged again (nearest); no parameters.

    While a level comes in, they are mixed with the same images one level smaller, as the generator's are.
    """

    smallest_size: Size

    def output_shape(self, shape: Shape) -> Shape:
        self.growth(shape)
        return shape

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import growing

        return growing.ProgressiveFade(self.growth(shape))

    def growth(self, shape: Shape) -> tuple[int, int, int, int]:
        """First and last level, images per level and per fade."""
        size = square(self.name, shape)
        doublings(self.name, self.first_size, size)
        first = doublings(self.name, self.smallest_size, self.first_size)
        return first, doublings(self.name, self.smallest_size, size), self.images_per_level, self.images_per_fade
