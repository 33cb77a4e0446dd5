"""What PyTorch does with linear and convolutional layers if nothing is asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchmark.spec.parts import INITIALISERS, Initialiser

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@INITIALISERS.register("fan_in_uniform")
class FanInUniform(Initialiser):
    """U(-b, b) with b = 1 / sqrt(fan_in), for weights and biases alike."""

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        bound = 1 / math.sqrt(fan_in)
        parameter.uniform_(-bound, bound, generator=generator)
