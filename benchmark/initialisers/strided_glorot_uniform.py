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
    """U(-b, b) with deviation ``gain`` sqrt(2 / (fan_in / fan_in_divisor + fan_out / fan_out_divisor)).

    With a stride an input of a convolution reaches fewer outputs, and an output of a transposed one fewer inputs: that
    code divides a convolution's fan_out, or a transposed convolution's fan_in, by the stride squared. Its convolutions
    take gain sqrt(2) (He's factor), its shortcuts and linear layers 1.
    """

    gain: Annotated[float, Field(gt=0)]
    fan_in_divisor: PositiveInt
    fan_out_divisor: PositiveInt

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        bound = self.gain * math.sqrt(6 / (fan_in / self.fan_in_divisor + fan_out / self.fan_out_divisor))
        parameter.uniform_(-bound, bound, generator=generator)
