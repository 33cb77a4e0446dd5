"""Generator's non-saturating loss on probabilities, for a discriminator that ends in a sigmoid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("probability_non_saturating")
class ProbabilityNonSaturating(Objective):
    """-E log fake; ``fake`` lies in [0, 1]. The logarithm is held at -100 or above, as in torch's cross-entropy."""

    fake: Signal

    def value(self, bench: Workbench) -> Tensor:
        import torch
        from torch.nn.functional import binary_cross_entropy

        fake = bench.signal(self.fake)
        return binary_cross_entropy(fake, torch.ones_like(fake))
