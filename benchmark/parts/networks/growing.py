"""Layers of progressively growing networks (Karras et al. 2018, arXiv 1710.10196, section 2).

Level 0 has the smallest images; each further level doubles their side. Images keep the full side throughout: below the
last level their pixels are blocks, as in the authors' first release, so that shapes and parameters never change.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from benchmark.parts.networks.activations import LeakyReLU, Slope
from benchmark.parts.networks.convolutions import Conv, Conv1x1
from benchmark.parts.networks.normalisations import Normalisation
from benchmark.parts.networks.residual import entered
from benchmark.parts.networks.shapes import AveragePool, Upsample
from benchmark.spec.fields import Size
from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


def doublings(layer: str, small: int, large: int) -> int:
    """How often ``small`` is doubled to give ``large``; raises ValueError where it never does."""
    steps = (large // small).bit_length() - 1
    if large < small or small << steps != large:
        raise ValueError(f"{layer}: side {large} is not {small} doubled some times")
    return steps


def square(layer: str, shape: Shape) -> int:
    """Side of a square image's or map's shape; raises ValueError for any other."""
    if len(shape) != 3 or shape[1] != shape[2]:
        raise ValueError(f"{layer}: needs (channels, side, side), got shape {shape}")
    return shape[1]


class GrowingLayer(Layer):
    """Settings of growth. Not a part by itself."""

    first_size: Annotated[
        Size, Field(description="side of the images that training begins with; the full one: no growth")
    ]
    images_per_level: Annotated[Size, Field(description="real images shown before the next level comes in")]
    images_per_fade: Annotated[Size, Field(description="real images shown while it comes in")]

    @abstractmethod
    def levels(self, shape: Shape) -> tuple[int, int]:
        """The levels that training begins and ends with; raises ValueError where a side is not doubled into another."""

    def growth(self, shape: Shape) -> tuple[int, int, int, int]:
        """First and last level, images per level and per fade."""
        return (*self.levels(shape), self.images_per_level, self.images_per_fade)


class GrowingStack(GrowingLayer):
    """Settings of the blocks: each twice convolution, normalisation, rectifier. Not a part by itself.

    Maps of side s have ``channels_times_side`` / s channels, at least 1 and at most ``most_channels``.
    """

    channels_times_side: Size
    most_channels: Size
    kernel: Literal[1, 3, 5, 7]
    bias: Annotated[bool, Field(description="of the convolutions in the blocks")]
    normalisation: Normalisation | None
    slope: Slope

    def channels(self, side: int) -> int:
        """Channels of maps of a side."""
        return max(1, min(self.most_channels, self.channels_times_side // side))

    def multiplications(self, shape: Shape) -> int:
        """None are counted: how many there are depends on the level in use."""
        return 0

    def stacks(self, shape: Shape) -> dict[str, nn.Module]:
        """Modules of all layers inside, by their paths."""
        return {path: layer.module(inner) for path, (layer, inner) in self.parts(shape).items()}

    def step(self, channels: int) -> list[Layer]:
        """A convolution with what follows it."""
        conv = Conv(channels=channels, kernel=self.kernel, stride=1, padding=self.kernel // 2, bias=self.bias)
        normalised: list[Layer] = [conv] if self.normalisation is None else [conv, self.normalisation]
        return [*normalised, LeakyReLU(slope=self.slope)]


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
        self.levels(shape)
        return (self.image_channels, self.size, self.size)

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

        return growing.GrowingUp(self.stacks(shape), self.growth(shape))

    def levels(self, shape: Shape) -> tuple[int, int]:
        smallest = square(self.name, shape)
        doublings(self.name, self.first_size, self.size)
        return doublings(self.name, smallest, self.first_size), doublings(self.name, smallest, self.size)

    def _sides(self, shape: Shape) -> list[int]:
        return [shape[1] << level for level in range(self.levels(shape)[1] + 1)]


class _FromImages(GrowingLayer):
    """What a growing discriminator is shown: images, the smallest of side ``smallest_size``."""

    smallest_size: Size

    def levels(self, shape: Shape) -> tuple[int, int]:
        size = square(self.name, shape)
        doublings(self.name, self.first_size, size)
        return (
            doublings(self.name, self.smallest_size, self.first_size),
            doublings(self.name, self.smallest_size, size),
        )


@LAYERS.register("growing_down")
class GrowingDown(_FromImages, GrowingStack):
    """Images to maps of side ``smallest_size``.

    Images are shrunk (mean) to the highest level in use and enter it through that level's own ``conv1x1`` and a
    rectifier. A block halves the side (mean) after its convolutions. While a level comes in, its block's output is
    mixed with the image one level smaller, entered there.
    """

    def output_shape(self, shape: Shape) -> Shape:
        self.levels(shape)
        return (self.channels(self.smallest_size), self.smallest_size, self.smallest_size)

    def parts(self, shape: Shape) -> dict[str, tuple[Layer, Shape]]:
        stacks: dict[str, tuple[list[Layer], Shape]] = {}
        for level, side in enumerate(self._sides(shape)):
            channels = self.channels(side)
            if level > 0:
                block = [*self.step(channels), *self.step(self.channels(side // 2)), AveragePool(kernel=2, stride=2)]
                stacks[f"blocks.{level - 1}"] = (block, (channels, side, side))
            entry: list[Layer] = [Conv1x1(channels=channels, bias=True), LeakyReLU(slope=self.slope)]
            stacks[f"images.{level}"] = (entry, (shape[0], side, side))
        return entered(stacks)

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import growing

        return growing.GrowingDown(self.stacks(shape), self.growth(shape))

    def _sides(self, shape: Shape) -> list[int]:
        return [self.smallest_size << level for level in range(self.levels(shape)[1] + 1)]


@LAYERS.register("progressive_fade")
class ProgressiveFade(_FromImages):
    """Images shrunk (mean) to the highest level in use and enlarged again (nearest); no parameters.

    While a level comes in, they are mixed with the same images one level smaller, as the generator's are.
    """

    def output_shape(self, shape: Shape) -> Shape:
        self.levels(shape)
        return shape

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import growing

        return growing.ProgressiveFade(self.growth(shape))
