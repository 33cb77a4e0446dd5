"""Normal law scaled by fan-in; with gain sqrt(2) it is He et al.'s (2015, arXiv 1502.01852)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.parts import INITIALISERS, Initialiser

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@INITIALISERS.register("fan_in_normal")
class FanInNormal(Initialiser):
    """N(0, d squared) with d = ``gain`` / sqrt(fan_in)."""

    gain: Annotated[float, Field(gt=0)]

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        parameter.normal_(0.0, self.gain / math.sqrt(fan_in), generator=generator)
