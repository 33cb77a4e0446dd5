"""RMSProp (Tieleman and Hinton 2012, lecture 6.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.base import Positive
from benchmark.spec.parts import OPTIMIZERS, Optimizer

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@OPTIMIZERS.register("rmsprop")
class RMSProp(Optimizer):
    """s = decay s + (1 - decay) gradient^2, parameter -= learning_rate gradient / (sqrt(s) + epsilon), s from 0.

    TensorFlow's adds epsilon inside the root, and starts s at 1. There is no fused kernel.
    """

    learning_rate: Positive
    decay: Annotated[float, Field(ge=0, lt=1)]
    epsilon: Positive

    def build(self, parameters: list[Tensor], *, fused: bool) -> torch.optim.Optimizer:
        import torch

        return torch.optim.RMSprop(
            parameters,
            lr=self.learning_rate,
            alpha=self.decay,
            eps=self.epsilon,
            # its step count on the device lets a CUDA graph hold it, and does not enter the arithmetic
            capturable=any(parameter.is_cuda for parameter in parameters),
        )
