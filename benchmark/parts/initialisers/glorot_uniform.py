"""Uniform law with Glorot and Bengio's variance (2010)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.parts import INITIALISERS, Initialiser

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@INITIALISERS.register("glorot_uniform")
class GlorotUniform(Initialiser):
    """U(-b, b) with deviation ``gain`` sqrt(2 / (fan_in + fan_out))."""

    gain: Annotated[float, Field(gt=0)]

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        bound = self.gain * math.sqrt(6 / (fan_in + fan_out))
        parameter.uniform_(-bound, bound, generator=generator)
