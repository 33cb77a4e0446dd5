"""Layers that bring values to a common scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from benchmark.registry import Registry
from benchmark.spec.base import PositiveInt
from benchmark.spec.fields import PartOf
from benchmark.spec.parts import LAYERS, Layer, PlainLayer, Shape, flat_shape, image_shape

if TYPE_CHECKING:
    from torch import nn


class _OfFlatOrImages(Layer):
    """A layer that takes flat input and images alike. Not a part by itself."""

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) not in (1, 3):
            raise ValueError(f"{self.name}: needs flat input or images, got shape {shape}")
        return shape


@LAYERS.register("batch_norm")
class BatchNorm(_OfFlatOrImages):
    """Per channel of images, per unit of flat input.

    ``momentum`` is the weight of the newest batch in the running statistics (1 minus TensorFlow's decay). It does not
    touch training, only sampling with running statistics.

    Batch normalisation (Ioffe and Szegedy 2015), with scale and shift.
    """

    epsilon: Annotated[float, Field(gt=0)]
    momentum: Annotated[float, Field(gt=0, le=1)]

    def parameter_count(self, shape: Shape) -> int:
        return 2 * shape[0]

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        kind = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d
        return kind(shape[0], eps=self.epsilon, momentum=self.momentum)


@LAYERS.register("layer_norm")
class LayerNorm(_OfFlatOrImages):
    """Mean and variance over all values of one example.

    Scale and shift are ``per`` channel (as in the released code of WGAN-GP) or per value (as in torch).

    Layer normalisation (Ba et al. 2016, arXiv 1607.06450), with scale and shift.
    """

    epsilon: Annotated[float, Field(gt=0)]
    per: Literal["channel", "value"]

    def parameter_count(self, shape: Shape) -> int:
        return 2 * (shape[0] if self.per == "channel" else math.prod(shape))

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        if self.per == "channel":
            return nn.GroupNorm(1, shape[0], eps=self.epsilon)
        size = math.prod(shape)
        return nn.Sequential(nn.Flatten(), nn.LayerNorm(size, eps=self.epsilon), nn.Unflatten(1, shape))


@LAYERS.register("pixel_norm")
class PixelNorm(_OfFlatOrImages, PlainLayer):
    """x / sqrt(mean of x squared over channels + ``epsilon``), at each position of an image or over a flat input.

    Pixelwise feature normalisation (Karras et al. 2018, arXiv 1710.10196, section 4.2).
    """

    built_as = "benchmark.parts.networks.modules.elementary:PixelNorm"
    epsilon: Annotated[float, Field(gt=0)]


@LAYERS.register("l2_normalize")
class L2Normalize(PlainLayer):
    """x divided by its L2 norm; the zero vector stays zero.

    Projection to the unit sphere, as at the end of AGE's encoder (Ulyanov et al. 2018, arXiv 1704.02304).
    """

    built_as = "benchmark.parts.networks.modules.elementary:L2Normalize"

    def output_shape(self, shape: Shape) -> Shape:
        flat_shape(self.name, shape)
        return shape


@LAYERS.register("minibatch_deviation")
class MinibatchDeviation(PlainLayer):
    """Appends one map with the deviation of each value over ``group`` examples of the batch, averaged over values.

    ``epsilon`` is added to the variance. A batch smaller than ``group`` is one group; any other must split evenly.

    Minibatch standard deviation (Karras et al. 2018, arXiv 1710.10196, section 3).
    """

    built_as = "benchmark.parts.networks.modules.elementary:MinibatchDeviation"
    group: PositiveInt
    epsilon: Annotated[float, Field(gt=0)]

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = image_shape(self.name, shape)
        return (channels + 1, height, width)


class _Inside(Registry[Layer]):
    """What may normalise inside a block, written as everywhere else; there is nothing to discover."""

    def discover(self) -> None:
        return


_INSIDE = _Inside("normalisation", "benchmark.parts.networks")
_INSIDE.register("batch_norm")(BatchNorm)
_INSIDE.register("layer_norm")(LayerNorm)
#: a field for the normalisation inside a block
Normalisation = Annotated[Layer, PartOf(_INSIDE)]
