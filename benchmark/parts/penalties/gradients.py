"""Penalties on a network's gradient, and on its output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.fields import NetworkRole, Signal
from benchmark.spec.parts import PENALTIES, Penalty, UpdateContext

if TYPE_CHECKING:
    from torch import Tensor


@PENALTIES.register("gradient_penalty")
class GradientPenalty(Penalty):
    """E (|gradient of ``network``'s output| - target)^2, the L2 norm taken for each example.

    The gradient is taken at points uniform on the segments between rows of ``real`` and ``fake``.

    Gradient penalty between data and fakes (Gulrajani et al. 2017, arXiv 1704.00028, equation 3).
    """

    network: NetworkRole
    real: Signal
    fake: Signal
    target: Annotated[float, Field(ge=0)]

    def value(self, context: UpdateContext) -> Tensor:
        real, fake = context.signal(self.real).detach(), context.signal(self.fake).detach()
        points = _between(context, f"{self.name}.{self.network}.interpolation", real, fake)
        return _norm_deviation(context, self.network, points, self.target)


@PENALTIES.register("dragan")
class Dragan(Penalty):
    """E (|gradient of ``network``'s output| - target)^2, the L2 norm taken for each example.

    The gradient is taken at points uniform on the segments between x, a row of ``real``, and x + scale d U: d is one
    deviation over the whole batch (divided by its size, not by one less), U are U(0, 1) numbers, one for each value.
    The notebook's scale is 0.5. The paper's text has normal perturbations instead.

    Gradient penalty around the data (Kodali et al. 2017, arXiv 1705.07215), by the law of the authors' notebook.
    """

    network: NetworkRole
    real: Signal
    scale: Annotated[float, Field(gt=0)]
    target: Annotated[float, Field(ge=0)]

    def value(self, context: UpdateContext) -> Tensor:
        real = context.signal(self.real).detach()
        stream = f"{self.name}.{self.network}"
        perturbation = (
            self.scale * real.std(correction=0) * context.uniform(f"{stream}.perturbation", tuple(real.shape))
        )
        points = _between(context, f"{stream}.interpolation", real, real + perturbation)
        return _norm_deviation(context, self.network, points, self.target)


@PENALTIES.register("r1_r2_penalty")
class R1R2Penalty(Penalty):
    """E of the squared L2 norm of the gradient of ``network``'s output with respect to ``points``.

    The paper's coefficient is gamma / 2.

    Zero-centred gradient penalty, R1 on data and R2 on fakes (Mescheder et al. 2018, arXiv 1801.04406).
    """

    network: NetworkRole
    points: Signal

    def value(self, context: UpdateContext) -> Tensor:
        points = context.signal(self.points)
        return _input_gradient(context, self.network, points).flatten(1).square().sum(dim=1).mean()


@PENALTIES.register("drift")
class Drift(Penalty):
    """E output^2, on data in the paper.

    Keeps a critic's output near zero (Karras et al. 2018, arXiv 1710.10196, appendix A.1).
    """

    output: Signal

    def value(self, context: UpdateContext) -> Tensor:
        return context.signal(self.output).square().mean()


def _input_gradient(context: UpdateContext, network: str, points: Tensor) -> Tensor:
    """Gradient of each example's summed output at ``points``, in their shape; it can be differentiated itself."""
    from torch.autograd import grad

    points = points.detach().requires_grad_()
    (gradient,) = grad(context.apply(network, points).sum(), points, create_graph=True)
    return gradient


def _between(context: UpdateContext, stream: str, first: Tensor, second: Tensor) -> Tensor:
    """One point uniform on each segment from a row of ``first`` to the same row of ``second``."""
    share = context.uniform(stream, (len(first), *[1] * (first.ndim - 1)))
    return first + share * (second - first)


def _norm_deviation(context: UpdateContext, network: str, points: Tensor, target: float) -> Tensor:
    """E (|gradient| - target)^2; where a gradient is exactly 0 its norm has derivative 0."""
    from torch.linalg import vector_norm

    norms: Tensor = vector_norm(_input_gradient(context, network, points).flatten(1), dim=1)
    return (norms - target).square().mean()
