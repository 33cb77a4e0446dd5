"""Update rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from benchmark.spec.base import Positive
from benchmark.spec.parts import OPTIMIZERS, Optimizer

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@OPTIMIZERS.register("adam")
class Adam(Optimizer):
    """Adam without weight decay; ``epsilon`` is added after the square root, as in the paper's algorithm 1.

    Adam (Kingma and Ba 2015, arXiv 1412.6980).
    """

    learning_rate: Annotated[float, Field(gt=0)]
    beta1: Annotated[float, Field(ge=0, lt=1)]
    beta2: Annotated[float, Field(ge=0, lt=1)]
    epsilon: Annotated[float, Field(gt=0)]

    def build(self, parameters: list[Tensor], *, fused: bool) -> torch.optim.Optimizer:
        import torch

        from benchmark.parts.optimizers.modules.adam import FusedAdam

        lean = fused and all(parameter.device.type == "cpu" for parameter in parameters)
        return (FusedAdam if lean else torch.optim.Adam)(
            parameters,
            lr=self.learning_rate,
            betas=(self.beta1, self.beta2),
            eps=self.epsilon,
            fused=fused,
            foreach=False if fused else None,
            capturable=fused and any(parameter.is_cuda for parameter in parameters),
        )


@OPTIMIZERS.register("rmsprop")
class RMSProp(Optimizer):
    """s = decay s + (1 - decay) gradient^2, parameter -= learning_rate gradient / (sqrt(s) + epsilon), s from 0.

    TensorFlow's adds epsilon inside the root, and starts s at 1. There is no fused kernel.

    RMSProp (Tieleman and Hinton 2012, lecture 6.5).
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


@OPTIMIZERS.register("rmsprop_weight_clipping")
class RMSPropWeightClipping(RMSProp):
    """``rmsprop``, after whose every step all parameters are clipped to [-clip, clip].

    RMSProp with weight clipping, as a Wasserstein critic is trained (Arjovsky et al. 2017, arXiv 1701.07875).
    """

    clip: Positive

    def build(self, parameters: list[Tensor], *, fused: bool) -> torch.optim.Optimizer:
        import torch

        optimizer = super().build(parameters, fused=fused)

        def clip(*_: Any) -> None:
            with torch.no_grad():
                for parameter in parameters:
                    parameter.clamp_(-self.clip, self.clip)

        optimizer.register_step_post_hook(clip)
        return optimizer


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
