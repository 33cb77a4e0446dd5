"""Adam on a processor by torch's fused kernel, without what torch's own ``step`` does around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor


class _Lists(NamedTuple):
    """Parameters that have gradients, and what is kept of each."""

    parameters: list[Tensor]
    means: list[Tensor]
    squares: list[Tensor]
    #: parts of ``counts``
    steps: list[Tensor]
    counts: Tensor


class FusedAdam(torch.optim.Adam):
    """``torch.optim.Adam(fused=True)`` for real parameters on a processor: the same state, kernel and bits.

    Torch's ``step`` sorts the parameters by device and type at every call, and is wrapped for hooks and compilers. With
    small networks that takes longer than the kernel. Here they are sorted once, and one addition counts all steps.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._lists: dict[int, _Lists] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take another state, as loading does."""
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._lists = {}

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Descend one step; hooks are not called. A closure is a TypeError."""
        if closure is not None:
            raise TypeError("the loss cannot be evaluated again")
        for number, group in enumerate(self.param_groups):
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            lists = self._lists.get(number)
            if lists is None or [*map(id, parameters)] != [*map(id, lists.parameters)]:
                lists = self._lists[number] = self._listed(group, parameters)
            lists.counts.add_(1)
            beta1, beta2 = group["betas"]
            torch._fused_adam_(
                parameters,
                [parameter.grad for parameter in parameters],
                lists.means,
                lists.squares,
                [],
                lists.steps,
                lr=group["lr"],
                beta1=beta1,
                beta2=beta2,
                weight_decay=0.0,
                eps=group["eps"],
                amsgrad=False,
                maximize=False,
            )

    step.hooked = True  # type: ignore[attr-defined]  # else torch wraps it

    def _listed(self, group: dict[str, Any], parameters: list[Tensor]) -> _Lists:
        self._init_group(group, [], [], [], [], [], [])  # type: ignore[no-untyped-call]
        states = [self.state[parameter] for parameter in parameters]
        counts = torch.stack([state["step"] for state in states])
        steps = [*counts.unbind()]
        for state, step in zip(states, steps, strict=True):
            state["step"] = step
        return _Lists(
            parameters, [state["exp_avg"] for state in states], [state["exp_avg_sq"] for state in states], steps, counts
        )
