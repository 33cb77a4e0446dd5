"""Angle between codes, such as a noise and its reconstruction in AGE (Ulyanov et al. 2018, arXiv 1704.02304)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("cosine_match")
class CosineMatch(Objective):
    """1 - the mean over the batch of the cosine between rows of the two signals; in [0, 2].

    AGE's released code averages products over codes *and* their n values, 2 - cosine / n: its weight w is w / n here.
    """

    output: Signal
    target: Signal

    def value(self, bench: Workbench) -> Tensor:
        from torch.nn.functional import cosine_similarity

        output, target = bench.signal(self.output).flatten(1), bench.signal(self.target).flatten(1)
        return 1 - cosine_similarity(output, target, dim=1).mean()
