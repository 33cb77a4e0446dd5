"""Enlargement of images by a whole factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from benchmark.spec.parts import LAYERS, Layer, Shape, Size, image_shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("upsample")
class Upsample(Layer):
    """Height and width times ``factor``; ``bilinear`` keeps the outer edges, not the corners' centres, in place."""

    factor: Size
    mode: Literal["nearest", "bilinear"]

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = image_shape(self.name, shape)
        return (channels, height * self.factor, width * self.factor)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Upsample(scale_factor=self.factor, mode=self.mode)
