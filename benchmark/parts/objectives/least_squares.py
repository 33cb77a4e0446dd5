"""One term of the least-squares losses (Mao et al. 2017, arXiv 1611.04076, equation 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("least_squares")
class LeastSquares(Objective):
    """E (output - target)^2 / 2. The paper's labels: a for fakes and b for data in D's loss, c for fakes in G's."""

    output: Signal
    target: float

    def value(self, bench: Workbench) -> Tensor:
        return (bench.signal(self.output) - self.target).square().mean() / 2
