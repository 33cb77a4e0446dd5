"""Keeps a critic's output near zero (Karras et al. 2018, arXiv 1710.10196, appendix A.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import PENALTIES, Penalty, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@PENALTIES.register("drift")
class Drift(Penalty):
    """E output^2, on data in the paper."""

    output: Signal

    def value(self, bench: Workbench) -> Tensor:
        return bench.signal(self.output).square().mean()
