"""Pixelwise feature normalisation (Karras et al. 2018, arXiv 1710.10196, section 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("pixel_norm")
class PixelNorm(Layer):
    """x / sqrt(mean of x squared over channels + ``epsilon``), at each position of an image or over a flat input."""

    epsilon: Annotated[float, Field(gt=0)]

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) not in (1, 3):
            raise ValueError(f"pixel_norm: needs flat input or images, got shape {shape}")
        return shape

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import elementary

        return elementary.PixelNorm(self.epsilon)
