"""Random orthogonal matrices (Saxe et al. 2014, arXiv 1312.6120)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.parts import INITIALISERS, Initialiser

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@INITIALISERS.register("orthogonal")
class Orthogonal(Initialiser):
    """``gain`` times a matrix with orthonormal rows or columns, whichever are fewer.

    The matrix is the parameter with all but its first dimension flattened; a parameter with one dimension is refused
    with ValueError.
    """

    gain: Annotated[float, Field(gt=0)]

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        from torch.nn.init import orthogonal_

        orthogonal_(parameter, self.gain, generator=generator)
