"""Hyperbolic tangent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.levels import SYMMETRIC, Range
from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("tanh")
class Tanh(Layer):
    """tanh(x), in (-1, 1)."""

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def output_range(self, entering: Range | None) -> Range:
        return SYMMETRIC

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Tanh()
