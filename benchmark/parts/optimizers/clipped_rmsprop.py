"""RMSProp with weight clipping, as a Wasserstein critic is trained (Arjovsky et al. 2017, arXiv 1701.07875)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmark.parts.optimizers.rmsprop import RMSProp
from benchmark.spec.base import Positive
from benchmark.spec.parts import OPTIMIZERS

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@OPTIMIZERS.register("clipped_rmsprop")
class ClippedRMSProp(RMSProp):
    """``rmsprop``, after whose every step all parameters are clipped to [-clip, clip]."""

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
