"""Distances between signals, or of a signal from a distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from benchmark.spec.fields import Signal
from benchmark.spec.parts import OBJECTIVES, Objective, UpdateContext

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("absolute_error")
class AbsoluteError(Objective):
    """Mean over batch and values of abs(output - target)."""

    output: Signal
    target: Signal

    def value(self, context: UpdateContext) -> Tensor:
        return (context.signal(self.output) - context.signal(self.target)).abs().mean()


@OBJECTIVES.register("squared_error")
class SquaredError(Objective):
    """Mean over batch and values of (output - target)^2."""

    output: Signal
    target: Signal

    def value(self, context: UpdateContext) -> Tensor:
        return (context.signal(self.output) - context.signal(self.target)).square().mean()


@OBJECTIVES.register("cosine_distance")
class CosineDistance(Objective):
    """1 - the mean over the batch of the cosine between rows of the two signals; in [0, 2].

    AGE's released code averages products over codes *and* their n values, 2 - cosine / n: its weight w is w / n here.

    Angle between codes, such as a noise and its reconstruction in AGE (Ulyanov et al. 2018, arXiv 1704.02304).
    """

    output: Signal
    target: Signal

    def value(self, context: UpdateContext) -> Tensor:
        from torch.nn.functional import cosine_similarity

        output, target = context.signal(self.output).flatten(1), context.signal(self.target).flatten(1)
        return 1 - cosine_similarity(output, target, dim=1).mean()


@OBJECTIVES.register("kl_to_normal")
class KLToNormal(Objective):
    """Divergence of N(m, v), fitted to the batch for each value of the code, from N(0, 1); averaged over values.

    ``divergence`` is Kullback and Leibler's, (v + m^2 - log v - 1) / 2, where v is the batch's mean squared deviation.
    ``squared_variance`` is (v^2 + m^2 - log v^2 - 1) / 2, as in AGE's released code, which puts the variance where its
    formula has the deviation.

    Distance of a batch of codes from the standard normal law, as in AGE (Ulyanov et al. 2018, arXiv 1704.02304).
    """

    output: Signal
    form: Literal["divergence", "squared_variance"]

    def value(self, context: UpdateContext) -> Tensor:
        code = context.signal(self.output).flatten(1)
        mean, variance = code.mean(dim=0), code.var(dim=0, correction=0)
        if self.form == "squared_variance":
            variance = variance.square()
        return ((variance + mean.square() - variance.log() - 1) / 2).mean()
