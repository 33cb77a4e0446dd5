"""Gradient penalty between data and fakes (Gulrajani et al. 2017, arXiv 1704.00028, equation 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.parts import PENALTIES, NetworkRole, Penalty, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@PENALTIES.register("gradient_penalty")
class GradientPenalty(Penalty):
    """E (|gradient of ``network``'s output| - target)^2, the L2 norm taken for each example.

    The gradient is taken at points uniform on the segments between rows of ``real`` and ``fake``.
    """

    network: NetworkRole
    real: Signal
    fake: Signal
    target: Annotated[float, Field(ge=0)]

    def value(self, bench: Workbench) -> Tensor:
        from benchmark.parts.penalties.modules.gradients import between, norm_deviation

        real, fake = bench.signal(self.real).detach(), bench.signal(self.fake).detach()
        points = between(bench, f"{self.name}.{self.network}.interpolation", real, fake)
        return norm_deviation(bench, self.network, points, self.target)
