"""Fully connected layer on flat input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import LAYERS, Layer, Shape, Size

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("linear")
class Linear(Layer):
    """``features`` outputs from a flat input (features,)."""

    features: Size
    bias: bool

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise ValueError(f"{self.name}: needs flat input, got shape {shape}; put 'flatten' before it")
        return (self.features,)

    def parameter_count(self, shape: Shape) -> int:
        return self.features * (shape[0] + self.bias)

    def multiplications(self, shape: Shape) -> int:
        return self.features * shape[0]

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Linear(shape[0], self.features, bias=self.bias)
