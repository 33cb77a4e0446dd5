"""Generator's non-saturating loss (Goodfellow et al. 2014, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("non_saturating")
class NonSaturating(Objective):
    """-E log s(fake), s the logistic function, as E softplus(-fake); ``fake`` are logits."""

    fake: Signal

    def value(self, bench: Workbench) -> Tensor:
        from torch.nn.functional import softplus

        return softplus(-bench.signal(self.fake)).mean()
