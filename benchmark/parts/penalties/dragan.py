"""Gradient penalty around the data (Kodali et al. 2017, arXiv 1705.07215), by the law of the authors' notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.parts import PENALTIES, NetworkRole, Penalty, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@PENALTIES.register("dragan")
class Dragan(Penalty):
    """E (|gradient of ``network``'s output| - target)^2, the L2 norm taken for each example.

    The gradient is taken at points uniform on the segments between x, a row of ``real``, and x + scale d U: d is one
    deviation over the whole batch (divided by its size, not by one less), U are U(0, 1) numbers, one for each value.
    The notebook's scale is 0.5. The paper's text has normal perturbations instead.
    """

    network: NetworkRole
    real: Signal
    scale: Annotated[float, Field(gt=0)]
    target: Annotated[float, Field(ge=0)]

    def value(self, bench: Workbench) -> Tensor:
        from benchmark.parts.penalties.modules.gradients import between, norm_deviation

        real = bench.signal(self.real).detach()
        stream = f"{self.name}.{self.network}"
        perturbation = self.scale * real.std(correction=0) * bench.uniform(f"{stream}.perturbation", tuple(real.shape))
        points = between(bench, f"{stream}.interpolation", real, real + perturbation)
        return norm_deviation(bench, self.network, points, self.target)
