"""Cross-entropy of one signal against one label: a single term of a discriminator's or a generator's loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("binary_cross_entropy")
class BinaryCrossEntropy(Objective):
    """-E [target log s(output) + (1 - target) log(1 - s(output))], s the logistic function; ``output`` are logits.

    A target strictly between 0 and 1 is a smoothed label.
    """

    output: Signal
    target: Annotated[float, Field(ge=0, le=1)]

    def value(self, bench: Workbench) -> Tensor:
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

        output = bench.signal(self.output)
        return cross_entropy(output, torch.full_like(output, self.target))
