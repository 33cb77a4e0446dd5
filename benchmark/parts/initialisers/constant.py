"""One value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import INITIALISERS, Initialiser

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@INITIALISERS.register("constant")
class Constant(Initialiser):
    """Every element is ``value``."""

    value: float

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        parameter.fill_(self.value)
