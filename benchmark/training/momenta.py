"""Running statistics of other momenta, kept beside those of networks in training.

Batch normalisation trains with the statistics of each batch. Its momentum touches the running ones alone, which samples
may be drawn with, so one training can be sampled under several momenta.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.spec.parts import Layer, Shape
from benchmark.spec.shapes import Layout, layout
from benchmark.spec.systems import Network
from benchmark.training.assembly import Assembly


class OtherMomenta:
    """What the batch normalisations of ``networks`` would hold if their momenta were those of ``described``.

    The two differ in nothing else. Until :meth:`stop` every pass in training moves these statistics as well.
    """

    def __init__(self, networks: Mapping[str, Assembly], described: Mapping[str, Network], sizes: Any) -> None:
        self._networks = networks
        self._twins: dict[nn.Module, nn.Module] = {}
        self._handles = []
        for role, network in networks.items():
            here, there = _everywhere(network.layout), _everywhere(layout(described[role], sizes))
            for (place, layer, shape), (_, other, _) in zip(here, there, strict=True):
                module = network.layers.get_submodule(place)
                if other != layer and isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                    twin = other.module(shape).to(next(module.buffers()).device)
                    twin.weight, twin.bias = module.weight, module.bias
                    self._twins[module] = twin
                    self._handles.append(module.register_forward_pre_hook(_moving(twin)))

    def __bool__(self) -> bool:
        """Whether any momentum differs."""
        return bool(self._twins)

    def networks(self) -> dict[str, Assembly]:
        """Copies of the networks as they are now, with these statistics in place of their own."""
        twins = {id(module): twin for module, twin in self._twins.items()}
        return {role: copy.deepcopy(network, dict(twins)) for role, network in self._networks.items()}

    def state(self) -> list[Tensor]:
        """The statistics, in the order of the networks' layers."""
        return [buffer for twin in self._twins.values() for buffer in twin.buffers()]

    def restore(self, state: list[Tensor]) -> None:
        """Continue from what :meth:`state` gave; a ValueError or RuntimeError where it does not fit."""
        for buffer, value in zip(self.state(), state, strict=True):
            buffer.copy_(value)

    def stop(self) -> None:
        """Leave the statistics as they are from now on."""
        for handle in self._handles:
            handle.remove()


def _everywhere(described: Layout) -> Iterator[tuple[str, Layer, Shape]]:
    """Where each layer lies among a network's modules, itself or inside another, and what enters it."""
    for index, (layer, entering) in enumerate(zip(described.layers, described.inputs, strict=True)):
        yield f"{index}", layer, entering
        for path, (part, shape) in layer.parts(entering).items():
            yield f"{index}.{path}", part, shape


def _moving(twin: nn.Module) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    def move(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if module.training:
            with torch.no_grad():
                twin(*inputs)

    return move
