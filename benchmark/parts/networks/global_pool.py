"""Sum or mean over all positions of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from benchmark.spec.parts import LAYERS, Layer, Shape, image_shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("global_pool")
class GlobalPool(Layer):
    """(channels, height, width) to (channels,)."""

    reduction: Literal["sum", "mean"]

    def output_shape(self, shape: Shape) -> Shape:
        return image_shape(self.name, shape)[:1]

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import elementary

        return elementary.GlobalPool(self.reduction)
