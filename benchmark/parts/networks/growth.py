"""What layers of progressively growing networks share (Karras et al. 2018, arXiv 1710.10196, section 2).

Level 0 has the smallest images; each further level doubles their side. Images keep the full side throughout: below the
last level their pixels are blocks, as in the authors' first release, so that shapes and parameters never change.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark.parts.networks.activations import LeakyReLU
from benchmark.parts.networks.convolutions import Conv
from benchmark.parts.networks.normalisations import BatchNorm, LayerNorm
from benchmark.registry import Registry
from benchmark.spec.parts import Layer, PartOf, Shape, Size

Slope = Annotated[float, Field(ge=0, lt=1, description="of the rectifiers below 0; 0 is the plain rectifier")]


class _Normalisations(Registry[Layer]):
    """What may stand between a convolution and its rectifier; there is nothing to discover."""

    def discover(self) -> None:
        return


_NORMALISATIONS = _Normalisations("normalisation", "benchmark.parts.networks")
_NORMALISATIONS.register("batch_norm")(BatchNorm)
_NORMALISATIONS.register("layer_norm")(LayerNorm)


def stage(images: int, first: int, last: int, per_level: int, per_fade: int) -> tuple[int, float]:
    """The highest level in use after ``images`` real images, and its weight in [0, 1] against the level below.

    Training begins at level ``first``. Each level is trained for ``per_level`` images, then the next one comes in over
    ``per_fade`` images, until ``last`` is reached.
    """
    grown, rest = divmod(images, per_level + per_fade)
    level = first + grown
    if level >= last:
        return last, 1.0
    if rest <= per_level:
        return level, 1.0
    return level + 1, (rest - per_level) / per_fade


def doublings(layer: str, small: int, large: int) -> int:
    """How often ``small`` is doubled to give ``large``; raises ValueError where it never does."""
    steps = (large // small).bit_length() - 1
    if large < small or small << steps != large:
        raise ValueError(f"{layer}: side {large} is not {small} doubled some times")
    return steps


class GrowingLayer(Layer):
    """Settings of growth. Not a part by itself."""

    first_size: Annotated[
        Size, Field(description="side of the images that training begins with; the full one: no growth")
    ]
    images_per_level: Annotated[Size, Field(description="real images shown before the next level comes in")]
    images_per_fade: Annotated[Size, Field(description="real images shown while it comes in")]


class GrowingStack(GrowingLayer):
    """Settings of the blocks: each twice convolution, normalisation, rectifier. Not a part by itself.

    Maps of side s have ``channels_times_side`` / s channels, at least 1 and at most ``most_channels``.
    """

    channels_times_side: Size
    most_channels: Size
    kernel: Literal[1, 3, 5, 7]
    bias: Annotated[bool, Field(description="of the convolutions in the blocks")]
    normalisation: Annotated[Layer, PartOf(_NORMALISATIONS)] | None
    slope: Slope

    def channels(self, side: int) -> int:
        """Channels of maps of a side."""
        return max(1, min(self.most_channels, self.channels_times_side // side))

    def multiplications(self, shape: Shape) -> int:
        """None are counted: how many there are depends on the level in use."""
        return 0

    def step(self, channels: int) -> list[Layer]:
        """A convolution with what follows it."""
        conv = Conv(channels=channels, kernel=self.kernel, stride=1, padding=self.kernel // 2, bias=self.bias)
        normalised: list[Layer] = [conv] if self.normalisation is None else [conv, self.normalisation]
        return [*normalised, LeakyReLU(slope=self.slope)]


def square(layer: str, shape: Shape) -> int:
    """Side of a square image's or map's shape; raises ValueError for any other."""
    if len(shape) != 3 or shape[1] != shape[2]:
        raise ValueError(f"{layer}: needs (channels, side, side), got shape {shape}")
    return shape[1]


def entered(stacks: dict[str, tuple[list[Layer], Shape]]) -> dict[str, tuple[Layer, Shape]]:
    """Every layer of named stacks with the shape that enters it, by the path of its module."""
    entries: dict[str, tuple[Layer, Shape]] = {}
    for path, (layers, shape) in stacks.items():
        for index, layer in enumerate(layers):
            entries[f"{path}.{index}"] = (layer, shape)
            shape = layer.output_shape(shape)
    return entries
