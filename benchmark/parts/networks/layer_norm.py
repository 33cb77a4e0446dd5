"""Layer normalisation (Ba et al. 2016, arXiv 1607.06450), with scale and shift."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("layer_norm")
class LayerNorm(Layer):
    """Mean and variance over all values of one example.

    Scale and shift are ``per`` channel (as in the released code of WGAN-GP) or per value (as in torch).
    """

    epsilon: Annotated[float, Field(gt=0)]
    per: Literal["channel", "value"]

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) not in (1, 3):
            raise ValueError(f"layer_norm: needs flat input or images, got shape {shape}")
        return shape

    def parameter_count(self, shape: Shape) -> int:
        return 2 * (shape[0] if self.per == "channel" else math.prod(shape))

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        if self.per == "channel":
            return nn.GroupNorm(1, shape[0], eps=self.epsilon)
        size = math.prod(shape)
        return nn.Sequential(nn.Flatten(), nn.LayerNorm(size, eps=self.epsilon), nn.Unflatten(1, shape))
