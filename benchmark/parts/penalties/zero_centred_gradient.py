"""Zero-centred gradient penalty, R1 on data and R2 on fakes (Mescheder et al. 2018, arXiv 1801.04406)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.spec.parts import PENALTIES, NetworkRole, Penalty, Signal, Workbench

if TYPE_CHECKING:
    from torch import Tensor


@PENALTIES.register("zero_centred_gradient")
class ZeroCentredGradient(Penalty):
    """E of the squared L2 norm of the gradient of ``network``'s output with respect to ``points``.

    The paper's coefficient is gamma / 2.
    """

    network: NetworkRole
    points: Signal

    def value(self, bench: Workbench) -> Tensor:
        from benchmark.parts.penalties.modules.gradients import input_gradient

        points = bench.signal(self.points)
        return input_gradient(bench, self.network, points).flatten(1).square().sum(dim=1).mean()
