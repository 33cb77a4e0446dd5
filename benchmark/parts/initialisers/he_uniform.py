"""Uniform law with He et al.'s variance (2015, arXiv 1502.01852)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchmark.spec.parts import INITIALISERS, Initialiser

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@INITIALISERS.register("he_uniform")
class HeUniform(Initialiser):
    """U(-b, b) with variance 2 / fan_in, so b = sqrt(6 / fan_in)."""

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        bound = math.sqrt(6 / fan_in)
        parameter.uniform_(-bound, bound, generator=generator)
