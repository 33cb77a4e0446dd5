"""Discriminator's hinge loss (Lim and Ye 2017, arXiv 1705.02894; Miyato et al. 2018, arXiv 1802.05957)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("hinge")
class Hinge(Objective):
    """E max(0, 1 - real) + E max(0, 1 + fake). The generator's side of it is ``negative_mean``."""

    real: Signal
    fake: Signal

    def value(self, bench: Workbench) -> Tensor:
        real, fake = bench.signal(self.real), bench.signal(self.fake)
        return (1 - real).relu().mean() + (1 + fake).relu().mean()
