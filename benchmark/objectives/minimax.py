"""Generator's minimax loss (Goodfellow et al. 2014, equation 1), which saturates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("minimax")
class Minimax(Objective):
    """E log(1 - s(fake)), s the logistic function, as -E softplus(fake); ``fake`` are logits. Never positive."""

    fake: Signal

    def value(self, bench: Workbench) -> Tensor:
        from torch.nn.functional import softplus

        return -softplus(bench.signal(self.fake)).mean()
