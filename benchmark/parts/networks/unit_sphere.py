"""Projection to the unit sphere, as at the end of AGE's encoder (Ulyanov et al. 2018, arXiv 1704.02304)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import LAYERS, Layer, Shape

if TYPE_CHECKING:
    from torch import nn


@LAYERS.register("unit_sphere")
class UnitSphere(Layer):
    """x divided by its L2 norm; the zero vector stays zero."""

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise ValueError(f"unit_sphere: needs flat input, got shape {shape}; put 'flatten' before it")
        return shape

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import elementary

        return elementary.UnitSphere()
