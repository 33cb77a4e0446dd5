"""Maxout layer on flat input (Goodfellow et al. 2013, arXiv 1302.4389)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import LAYERS, Layer, Shape, Size

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("maxout")
class Maxout(Layer):
    """``features`` outputs, each the largest of ``pieces`` affine functions of the input."""

    features: Size
    pieces: Size
    bias: bool

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise ValueError(f"maxout: needs flat input, got shape {shape}; put 'flatten' before it")
        return (self.features,)

    def parameter_count(self, shape: Shape) -> int:
        return self.features * self.pieces * (shape[0] + self.bias)

    def multiplications(self, shape: Shape) -> int:
        return self.features * self.pieces * shape[0]

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        from benchmark.parts.networks.modules import elementary

        return nn.Sequential(
            nn.Linear(shape[0], self.features * self.pieces, bias=self.bias),
            nn.Unflatten(1, (self.features, self.pieces)),
            elementary.LargestOf(),
        )
