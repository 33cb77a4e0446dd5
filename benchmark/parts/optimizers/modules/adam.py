"""Adam on a processor by torch's fused kernel, without what torch's own ``step`` does around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class FusedAdam(torch.optim.Adam):
    """``torch.optim.Adam(fused=True)`` for real parameters on a processor: the same state, kernel and bits.

    Torch's ``step`` sorts the parameters by device and type at every call, and is wrapped for hooks and compilers. With
    small networks that takes longer than the kernel.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Descend one step; hooks are not called. A closure is a TypeError."""
        if closure is not None:
            raise TypeError("the loss cannot be evaluated again")
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            gradients = [parameter.grad for parameter in parameters]
            states = [self.state[parameter] for parameter in parameters]
            if not all(states):
                self._init_group(group, [], [], [], [], [], [])  # type: ignore[no-untyped-call]
            steps = [state["step"] for state in states]
            torch._foreach_add_(steps, 1)
            beta1, beta2 = group["betas"]
            torch._fused_adam_(
                parameters,
                gradients,
                [state["exp_avg"] for state in states],
                [state["exp_avg_sq"] for state in states],
                [],
                steps,
                lr=group["lr"],
                beta1=beta1,
                beta2=beta2,
                weight_decay=0.0,
                eps=group["eps"],
                amsgrad=False,
                maximize=False,
            )

    step.hooked = True  # type: ignore[attr-defined]  # else torch wraps it
