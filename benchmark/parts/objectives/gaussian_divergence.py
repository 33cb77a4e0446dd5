"""Distance of a batch of codes from the standard normal law, as in AGE (Ulyanov et al. 2018, arXiv 1704.02304)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from benchmark.spec.parts import OBJECTIVES, Objective, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("gaussian_divergence")
class GaussianDivergence(Objective):
    """Divergence of N(m, v), fitted to the batch for each value of the code, from N(0, 1); averaged over values.

    ``divergence`` is Kullback and Leibler's, (v + m^2 - log v - 1) / 2, where v is the batch's mean squared deviation.
    ``squared_variance`` is (v^2 + m^2 - log v^2 - 1) / 2, as in AGE's released code, which puts the variance where its
    formula has the deviation.
    """

    output: Signal
    form: Literal["divergence", "squared_variance"]

    def value(self, bench: Workbench) -> Tensor:
        code = bench.signal(self.output).flatten(1)
        mean, variance = code.mean(dim=0), code.var(dim=0, correction=0)
        if self.form == "squared_variance":
            variance = variance.square()
        return ((variance + mean.square() - variance.log() - 1) / 2).mean()
