"""Minibatch standard deviation (Karras et al. 2018, arXiv 1710.10196, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.base import PositiveInt
from benchmark.spec.parts import LAYERS, Layer, Shape, image_shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("minibatch_deviation")
class MinibatchDeviation(Layer):
    """Appends one map with the deviation of each value over ``group`` examples of the batch, averaged over values.

    ``epsilon`` is added to the variance. A batch smaller than ``group`` is one group; any other must split evenly.
    """

    group: PositiveInt
    epsilon: Annotated[float, Field(gt=0)]

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = image_shape(self.name, shape)
        return (channels + 1, height, width)

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import elementary

        return elementary.MinibatchDeviation(self.group, self.epsilon)
