"""Leaky rectified linear unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("leaky_relu")
class LeakyReLU(Layer):
    """x for x > 0, ``slope`` times x otherwise."""

    slope: Annotated[float, Field(ge=0, lt=1)]

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.LeakyReLU(self.slope)
