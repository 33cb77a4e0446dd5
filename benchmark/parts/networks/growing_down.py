"""A progressively growing discriminator's lower part, ``growing_up``'s mirror image (arXiv 1710.10196, section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.parts.networks.activations import LeakyReLU
from benchmark.parts.networks.convolutions import Conv1x1
from benchmark.parts.networks.growth import GrowingStack, doublings, entered, square
from benchmark.parts.networks.shapes import AveragePool
from benchmark.spec.parts import LAYERS, Layer, Shape, Size

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("growing_down")
class GrowingDown(GrowingStack):
    """Images to maps of side ``smallest_size``.

    Images are shrunk (mean) to the highest level in use and enter it through that level's own ``conv1x1`` and a
    rectifier. A block halves the side (mean) after its convolutions. While a level comes in, its block's output is
    mixed with the image one level smaller, entered there.
    """

    smallest_size: Size

    def output_shape(self, shape: Shape) -> Shape:
        self._levels(shape)
        return (self.channels(self.smallest_size), self.smallest_size, self.smallest_size)

    def parameter_count(self, shape: Shape) -> int:
        return sum(layer.parameter_count(inner) for layer, inner in self.parts(shape).values())

    def parts(self, shape: Shape) -> dict[str, tuple[Layer, Shape]]:
        stacks: dict[str, tuple[list[Layer], Shape]] = {}
        for level, side in enumerate(self._sides(shape)):
            channels = self.channels(side)
            if level > 0:
                block = [
                    *self.step(channels),
                    *self.step(self.channels(side // 2)),
                    AveragePool(kernel=2, stride=2),
                ]
                stacks[f"blocks.{level - 1}"] = (block, (channels, side, side))
            entry: list[Layer] = [Conv1x1(channels=channels, bias=True), LeakyReLU(slope=self.slope)]
            stacks[f"images.{level}"] = (entry, (shape[0], side, side))
        return entered(stacks)

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import growing

        modules = {path: layer.module(inner) for path, (layer, inner) in self.parts(shape).items()}
        return growing.GrowingDown(modules, self.growth(shape))

    def growth(self, shape: Shape) -> tuple[int, int, int, int]:
        """First and last level, images per level and per fade."""
        first, last = self._levels(shape)
        return first, last, self.images_per_level, self.images_per_fade

    def _levels(self, shape: Shape) -> tuple[int, int]:
        size = square(self.name, shape)
        doublings(self.name, self.first_size, size)
        return (
            doublings(self.name, self.smallest_size, self.first_size),
            doublings(self.name, self.smallest_size, size),
        )

    def _sides(self, shape: Shape) -> list[int]:
        return [self.smallest_size << level for level in range(self._levels(shape)[1] + 1)]
