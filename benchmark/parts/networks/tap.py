"""A named point of a network, at which a signal can be read or can enter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.base import Name
from benchmark.spec.levels import Range
from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("tap")
class Tap(Layer):
    """Changes nothing; ``at`` is the name."""

    at: Name

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def output_range(self, entering: Range | None) -> Range | None:
        return entering

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Identity()
