"""Learning rates that fall."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from benchmark.spec.parts import SCHEDULES, Schedule


@SCHEDULES.register("linear_decay")
class LinearDecay(Schedule):
    """1 up to iteration ``start``, then in a straight line to 0 at iteration ``end``."""

    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(gt=0)]

    def factor(self, iteration: int, iterations_per_epoch: float | None) -> float:
        if iteration <= self.start:
            return 1.0
        return max(0.0, (self.end - iteration) / (self.end - self.start))


@SCHEDULES.register("step_decay")
class StepDecay(Schedule):
    """Multiplied by ``multiplier`` after ``first`` epochs, and every ``epochs`` epochs from then on."""

    multiplier: Annotated[float, Field(gt=0, lt=1)]
    first: Annotated[float, Field(gt=0)]
    epochs: Annotated[float, Field(gt=0)]

    def factor(self, iteration: int, iterations_per_epoch: float | None) -> float:
        if iterations_per_epoch is None:
            raise ValueError("step_decay counts epochs, endless data has none")
        since = iteration - round(self.first * iterations_per_epoch)
        return float(self.multiplier ** (1 + since // round(self.epochs * iterations_per_epoch))) if since >= 0 else 1.0
