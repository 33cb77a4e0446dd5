"""Dropout (Srivastava et al. 2014)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("dropout")
class Dropout(Layer):
    """Zeroes each value with ``probability`` in training and scales the rest; nothing in evaluation."""

    probability: Annotated[float, Field(gt=0, lt=1)]

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Dropout(self.probability)
