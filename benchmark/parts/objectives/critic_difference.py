"""Wasserstein critic's loss (Arjovsky et al. 2017, arXiv 1701.07875)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("critic_difference")
class CriticDifference(Objective):
    """E fake - E real. The generator's side of it is ``negative_mean``."""

    real: Signal
    fake: Signal

    def value(self, bench: Workbench) -> Tensor:
        return bench.signal(self.fake).mean() - bench.signal(self.real).mean()
