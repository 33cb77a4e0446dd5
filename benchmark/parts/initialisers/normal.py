"""Normal law."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import INITIALISERS, Initialiser

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@INITIALISERS.register("normal")
class Normal(Initialiser):
    """N(``mean``, ``deviation`` squared)."""

    mean: float
    deviation: float

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        parameter.normal_(self.mean, self.deviation, generator=generator)
