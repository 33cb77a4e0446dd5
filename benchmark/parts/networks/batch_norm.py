"""Batch normalisation (Ioffe and Szegedy 2015), with scale and shift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("batch_norm")
class BatchNorm(Layer):
    """Per channel of images, per unit of flat input.

    ``momentum`` is the weight of the newest batch in the running statistics (1 minus TensorFlow's decay). It does not
    touch training, only sampling with running statistics.
    """

    epsilon: Annotated[float, Field(gt=0)]
    momentum: Annotated[float, Field(gt=0, le=1)]

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) not in (1, 3):
            raise ValueError(f"batch_norm: needs flat input or images, got shape {shape}")
        return shape

    def parameter_count(self, shape: Shape) -> int:
        return 2 * shape[0]

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        kind = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d
        return kind(shape[0], eps=self.epsilon, momentum=self.momentum)
