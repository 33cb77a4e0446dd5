"""Gradients of a network's output with respect to its input, themselves differentiable."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.spec.parts import UpdateContext


def input_gradient(context: UpdateContext, network: str, points: Tensor) -> Tensor:
    """Gradient of each example's summed output at ``points``, in the shape of ``points``."""
    points = points.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(context.apply(network, points).sum(), points, create_graph=True)
    return gradient


def between(context: UpdateContext, stream: str, first: Tensor, second: Tensor) -> Tensor:
    """One point uniform on each segment from a row of ``first`` to the same row of ``second``."""
    share = context.uniform(stream, (len(first), *[1] * (first.ndim - 1)))
    return first + share * (second - first)


def norm_deviation(context: UpdateContext, network: str, points: Tensor, target: float) -> Tensor:
    """E (|gradient| - target)^2; where a gradient is exactly 0 its norm has derivative 0."""
    norms: Tensor = torch.linalg.vector_norm(input_gradient(context, network, points).flatten(1), dim=1)
    return (norms - target).square().mean()
