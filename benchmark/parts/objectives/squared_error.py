"""Mean squared error between two signals, such as a reconstruction and its original."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("squared_error")
class SquaredError(Objective):
    """Mean over batch and values of (output - target)^2."""

    output: Signal
    target: Signal

    def value(self, bench: Workbench) -> Tensor:
        return (bench.signal(self.output) - bench.signal(self.target)).square().mean()
