"""Uniform law around zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.base import Positive
from benchmark.spec.parts import INITIALISERS, Initialiser

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@INITIALISERS.register("symmetric_uniform")
class SymmetricUniform(Initialiser):
    """U(-``bound``, ``bound``)."""

    bound: Positive

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        parameter.uniform_(-self.bound, self.bound, generator=generator)
