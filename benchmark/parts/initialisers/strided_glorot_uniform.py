"""Glorot's uniform law with fans that know the stride, as in the released code of WGAN-GP (arXiv 1704.00028)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.base import PositiveInt
from benchmark.spec.parts import INITIALISERS, Initialiser

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@INITIALISERS.register("strided_glorot_uniform")
class StridedGlorotUniform(Initialiser):
    """U(-b, b) with deviation ``gain`` sqrt(2 / (fan_in + fan_out / stride^2)).

    With a stride an input of a convolution reaches fewer outputs, and an output of a transposed one fewer inputs. Fans
    are torch's, for which the weight of a transposed convolution is that of the convolution it transposes: so fan_out
    is the one to divide in both. That code's convolutions take gain sqrt(2) (He's factor), its shortcuts and linear
    layers gain 1.
    """

    gain: Annotated[float, Field(gt=0)]
    stride: PositiveInt

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        bound = self.gain * math.sqrt(6 / (fan_in + fan_out / self.stride**2))
        parameter.uniform_(-bound, bound, generator=generator)
