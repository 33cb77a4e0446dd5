"""Discriminator's cross-entropy (Goodfellow et al. 2014, equation 1, negated)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("cross_entropy")
class CrossEntropy(Objective):
    """-E log s(real) - E log(1 - s(fake)), s the logistic function; both signals are logits.

    Computed as E softplus(-real) + E softplus(fake). At real = fake = 0 it is log 4.
    """

    real: Signal
    fake: Signal

    def value(self, bench: Workbench) -> Tensor:
        from torch.nn.functional import softplus

        return softplus(-bench.signal(self.real)).mean() + softplus(bench.signal(self.fake)).mean()
