"""From any shape to a flat one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.levels import Range
from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("flatten")
class Flatten(Layer):
    """(a, b, c) to (a b c,), row-major."""

    def output_shape(self, shape: Shape) -> Shape:
        size = 1
        for length in shape:
            size *= length
        return (size,)

    def output_range(self, entering: Range | None) -> Range | None:
        return entering

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Flatten()
