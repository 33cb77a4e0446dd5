"""Layers that are random in training and do nothing in evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("dropout")
class Dropout(Layer):
    """Zeroes each value with ``probability`` in training and scales the rest; nothing in evaluation.

    Dropout (Srivastava et al. 2014).
    """

    probability: Annotated[float, Field(gt=0, lt=1)]

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Dropout(self.probability)


@LAYERS.register("gaussian_noise")
class GaussianNoise(Layer):
    """x + N(0, ``deviation`` squared) in training; nothing in evaluation.

    Like dropout it draws from torch's own generator of the device, which the trainer starts anew at every update.
    """

    deviation: Annotated[float, Field(gt=0)]

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import elementary

        return elementary.GaussianNoise(self.deviation)
