"""Generator's minimax loss (Goodfellow et al. 2014, equation 1), which saturates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("minimax")
class Minimax(Objective):
    """E log(1 - s(fake)), s the logistic function; ``fake`` are logits. Never positive."""

    fake: Signal

    def value(self, bench: Workbench) -> Tensor:
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

        fake = bench.signal(self.fake)
        return -cross_entropy(fake, torch.zeros_like(fake))
