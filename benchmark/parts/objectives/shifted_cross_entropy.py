"""Cross-entropy with a shifted fake logit (FaceGANs, equation 2, read as minimisation)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("shifted_cross_entropy")
class ShiftedCrossEntropy(Objective):
    """-E log s(real) - E log s(shift - fake), s the logistic function; both signals are D's raw outputs.

    With shift 0 it is ``cross_entropy``. Where both laws agree, its minimum is at real = fake = shift / 2.
    """

    real: Signal
    fake: Signal
    shift: float

    def value(self, bench: Workbench) -> Tensor:
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

        real, fake = bench.signal(self.real), bench.signal(self.fake)
        return cross_entropy(real, torch.ones_like(real)) + cross_entropy(fake - self.shift, torch.zeros_like(fake))
