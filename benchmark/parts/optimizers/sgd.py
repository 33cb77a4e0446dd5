"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.base import Positive
from benchmark.spec.parts import OPTIMIZERS, Optimizer

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@OPTIMIZERS.register("sgd")
class SGD(Optimizer):
    """v = momentum v + gradient, parameter -= learning_rate v; without dampening, Nesterov's step or weight decay."""

    learning_rate: Positive
    momentum: Annotated[float, Field(ge=0, lt=1)]

    def build(self, parameters: list[Tensor], *, fused: bool) -> torch.optim.Optimizer:
        import torch

        return torch.optim.SGD(
            parameters,
            lr=self.learning_rate,
            momentum=self.momentum,
            fused=fused,
            foreach=False if fused else None,
        )
