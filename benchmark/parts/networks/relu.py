"""Rectified linear unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("relu")
class ReLU(Layer):
    """max(x, 0)."""

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.ReLU()
