"""Generator's loss against a critic (Arjovsky et al. 2017, arXiv 1701.07875) or a hinge discriminator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("negative_mean")
class NegativeMean(Objective):
    """-E output. On logits it is the ratio form -E log s(output) + E log(1 - s(output)), s the logistic function."""

    output: Signal

    def value(self, bench: Workbench) -> Tensor:
        return -bench.signal(self.output).mean()
