"""Discriminator's cross-entropy (Goodfellow et al. 2014, equation 1, negated)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("cross_entropy")
class CrossEntropy(Objective):
    """-E log s(real) - E log(1 - s(fake)), s the logistic function; both signals are logits.

    At real = fake = 0 it is log 4.
    """

    real: Signal
    fake: Signal

    def value(self, bench: Workbench) -> Tensor:
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

        real, fake = bench.signal(self.real), bench.signal(self.fake)
        return cross_entropy(real, torch.ones_like(real)) + cross_entropy(fake, torch.zeros_like(fake))
