"""Gradients of fully connected networks without a graph: the bits of PyTorch's autograd in less time.

Autograd is asked for the derivatives of a loss with respect to the signals it reads. From there they go back through
the layers by hand, the last pass first: the same products of the same operands in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from benchmark.spec.systems import Pass, System

_relu_backward = torch.ops.aten.threshold_backward.grad_input
_leaky_relu_backward = torch.ops.aten.leaky_relu_backward.grad_input


def suits(system: System, layers: Iterable[object]) -> bool:
    """Whether a tape can hold all passes of a system whose networks have these layers.

    They are linear layers and rectifiers, every signal is one pass of its own, and nothing is differentiated twice.
    """
    return (
        all(_is_linear(layer) or _slope(layer) is not None or type(layer) is nn.Identity for layer in layers)
        and all(isinstance(step, Pass) and not step.reuse for step in system.signals.values())
        and not any(player.penalties for player in system.players.values())
    )


def _is_linear(layer: object) -> bool:
    return type(layer) is nn.Linear and layer.bias is not None


def _slope(layer: object) -> float | None:
    """A rectifier's factor below 0; None for any other layer."""
    if type(layer) is nn.ReLU:
        return 0.0
    return layer.negative_slope if type(layer) is nn.LeakyReLU and layer.negative_slope > 0 else None


class Stack:
    """Linear layers and rectifiers one after another."""

    def __init__(self, layers: Sequence[Any]) -> None:
        #: layers and, of rectifiers, their slopes
        self._layers: list[tuple[Any, float | None]] = [
            (layer, _slope(layer)) for layer in layers if type(layer) is not nn.Identity
        ]
        #: the first with weights: what lies before it matters only to who asks for the derivative of what enters
        self._first = next((index for index, (_, slope) in enumerate(self._layers) if slope is None), 0)

    def forward(self, value: Tensor) -> list[Tensor]:
        """``value`` and what every layer gives; rectifiers write over the output of the layer before them."""
        values = [value]
        for layer, slope in self._layers:
            if slope is None or len(values) == 1:
                value = layer.forward(value)  # without hooks
            else:
                value = nn.functional.leaky_relu_(value, slope) if slope else torch.relu_(value)
            values.append(value)
        return values

    def backward(self, values: Sequence[Tensor], gradient: Tensor, *, weights: bool, entered: bool) -> Tensor | None:
        """The derivative with respect to ``values[0]`` from that of ``values[-1]``; None unless ``entered``.

        With ``weights``, those of the parameters are added to their ``grad``.
        """
        own = False  # whether the gradient may be written over
        for index in reversed(range(len(self._layers))):
            layer, slope = self._layers[index]
            done = index <= self._first and not entered
            if slope is None:
                if weights:
                    _add(layer.weight, torch.mm(gradient.t(), values[index]))
                    _add(layer.bias, gradient.sum(0))
                if not done:
                    gradient = torch.mm(gradient, layer.weight)
            elif not done:
                into = gradient if own else torch.empty_like(gradient)
                if slope:
                    _leaky_relu_backward(gradient, values[index + 1], slope, True, grad_input=into)
                else:
                    _relu_backward(gradient, values[index + 1], 0, grad_input=into)
                gradient = into
            own = True
        return gradient if entered else None


def _add(parameter: Tensor, gradient: Tensor) -> None:
    if parameter.grad is None:
        parameter.grad = gradient
    else:
        parameter.grad.add_(gradient)


class _Done(NamedTuple):
    """A pass, what every layer gave, and its output as the loss sees it."""

    stack: Stack
    values: list[Tensor]
    entered: Tensor
    output: Tensor
    weights: bool


class Tape:
    """The passes of one update."""

    def __init__(self) -> None:
        self._passes: list[_Done] = []

    @torch.no_grad()
    def run(self, stack: Stack, value: Tensor, *, weights: bool) -> Tensor:
        """What ``stack`` makes of ``value``; ``weights`` says whether its parameters are the updated player's."""
        values = stack.forward(value)
        if not (weights or value.requires_grad):
            return values[-1]
        output = values[-1].detach().requires_grad_()
        self._passes.append(_Done(stack, values, value, output, weights))
        return output

    def backward(self, loss: Tensor) -> None:
        """Add the derivatives of ``loss`` to the ``grad`` of the updated player's parameters."""
        outputs = [done.output for done in self._passes]
        found = torch.autograd.grad(loss, outputs, allow_unused=True)
        gradients = {id(output): gradient for output, gradient in zip(outputs, found, strict=True)}
        with torch.no_grad():
            for done in reversed(self._passes):
                gradient = gradients[id(done.output)]
                if gradient is None:
                    continue
                entered = done.entered.requires_grad
                below = done.stack.backward(done.values, gradient, weights=done.weights, entered=entered)
                if below is not None:
                    above = gradients[id(done.entered)]
                    gradients[id(done.entered)] = below if above is None else above + below
