"""A bound on values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.levels import Range
from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("hardtanh")
class Hardtanh(Layer):
    """min(max(x, low), high); nothing is learned through what lies beyond."""

    low: float
    high: float

    def output_shape(self, shape: Shape) -> Shape:
        if self.low >= self.high:
            raise ValueError(f"hardtanh: low {self.low:g} must be below high {self.high:g}")
        return shape

    def output_range(self, entering: Range | None) -> Range:
        return (self.low, self.high)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Hardtanh(self.low, self.high)
