"""Scaled exponential linear unit (Klambauer et al. 2017, arXiv 1706.02515)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("selu")
class SELU(Layer):
    """l x for x > 0, l a (exp(x) - 1) otherwise, l = 1.0507 and a = 1.6733 to more digits."""

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.SELU()
