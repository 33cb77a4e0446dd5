"""A progressively growing generator's upper part (Karras et al. 2018, arXiv 1710.10196, section 2 and table 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.parts.networks.convolutions import Conv1x1
from benchmark.parts.networks.growth import GrowingStack, doublings, entered, square
from benchmark.parts.networks.shapes import Upsample
from benchmark.spec.parts import LAYERS, Layer, Shape, Size

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("growing_up")
class GrowingUp(GrowingStack):
    """Maps of the smallest side to images of side ``size``.

    A block doubles the side (nearest) before its convolutions. Each level has its own ``conv1x1`` to
    ``image_channels``; the image of the highest level in use, mixed with the one below while it comes in, is enlarged
    (nearest) to the full side. No output function.
    """

    image_channels: Size
    size: Size

    def output_shape(self, shape: Shape) -> Shape:
        self._levels(shape)
        return (self.image_channels, self.size, self.size)

    def parameter_count(self, shape: Shape) -> int:
        return sum(layer.parameter_count(inner) for layer, inner in self.parts(shape).values())

    def parts(self, shape: Shape) -> dict[str, tuple[Layer, Shape]]:
        stacks: dict[str, tuple[list[Layer], Shape]] = {}
        to_image = Conv1x1(channels=self.image_channels, bias=True)
        below = shape
        for level, side in enumerate(self._sides(shape)):
            if level > 0:
                channels = self.channels(side)
                block = [Upsample(factor=2, mode="nearest"), *self.step(channels), *self.step(channels)]
                stacks[f"blocks.{level - 1}"] = (block, below)
                below = (channels, side, side)
            stacks[f"images.{level}"] = ([to_image], below)
        return entered(stacks)

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import growing

        modules = {path: layer.module(inner) for path, (layer, inner) in self.parts(shape).items()}
        return growing.GrowingUp(modules, self.growth(shape))

    def growth(self, shape: Shape) -> tuple[int, int, int, int]:
        """First and last level, images per level and per fade."""
        first, last = self._levels(shape)
        return first, last, self.images_per_level, self.images_per_fade

    def _levels(self, shape: Shape) -> tuple[int, int]:
        smallest = square(self.name, shape)
        doublings(self.name, self.first_size, self.size)
        return doublings(self.name, smallest, self.first_size), doublings(self.name, smallest, self.size)

    def _sides(self, shape: Shape) -> list[int]:
        return [shape[1] << level for level in range(self._levels(shape)[1] + 1)]
