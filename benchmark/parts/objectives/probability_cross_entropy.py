"""Discriminator's cross-entropy on probabilities, for a network that ends in a sigmoid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("probability_cross_entropy")
class ProbabilityCrossEntropy(Objective):
    """-E log real - E log(1 - fake); both signals lie in [0, 1].

    Each logarithm is held at -100 or above, as torch's binary cross-entropy does. Unlike ``cross_entropy`` on logits it
    loses its gradient where the sigmoid rounds to 0 or 1.
    """

    real: Signal
    fake: Signal

    def value(self, bench: Workbench) -> Tensor:
        import torch
        from torch.nn.functional import binary_cross_entropy

        real, fake = bench.signal(self.real), bench.signal(self.fake)
        real_term = binary_cross_entropy(real, torch.ones_like(real))
        return real_term + binary_cross_entropy(fake, torch.zeros_like(fake))
