"""Adam (Kingma and Ba 2015, arXiv 1412.6980)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.parts import OPTIMIZERS, Optimizer

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@OPTIMIZERS.register("adam")
class Adam(Optimizer):
    """Adam without weight decay; ``epsilon`` is added after the square root, as in the paper's algorithm 1."""

    learning_rate: Annotated[float, Field(gt=0)]
    beta1: Annotated[float, Field(ge=0, lt=1)]
    beta2: Annotated[float, Field(ge=0, lt=1)]
    epsilon: Annotated[float, Field(gt=0)]

    def build(self, parameters: list[Tensor], *, fused: bool) -> torch.optim.Optimizer:
        import torch

        return torch.optim.Adam(
            parameters,
            lr=self.learning_rate,
            betas=(self.beta1, self.beta2),
            eps=self.epsilon,
            fused=fused,
            foreach=False if fused else None,
            capturable=fused and any(parameter.is_cuda for parameter in parameters),
        )
