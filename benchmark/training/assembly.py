"""A network of the spec as a torch module: layers in order, readable and enterable at its taps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from benchmark.spec.shapes import Layout, layout
from benchmark.spec.systems import Network
from benchmark.training.streams import stream_seed

#: layers whose hooks are called
_NORMALISATION = (nn.BatchNorm1d, nn.BatchNorm2d)
#: layers whose gradients do not need their output
_OUTPUT_IS_FREE = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, *_NORMALISATION)


class Assembly(nn.Module):
    """The layers of one network, initialised by the laws that its spec names."""

    def __init__(self, network: Network, sizes: Mapping[str, int], *, seed: int, role: str) -> None:
        super().__init__()
        self.layout: Layout = layout(network, sizes)
        self.layers = nn.ModuleList(
            layer.module(shape) for layer, shape in zip(self.layout.layers, self.layout.inputs, strict=True)
        )
        self._sequence: list[Callable[[Tensor], Tensor]] = [  # slicing a ModuleList would build a new one at every pass
            InFloat32(module) if _strides_over_one_pixel(module, shape) else module
            for module, shape in zip(self.layers, self.layout.inputs, strict=True)
        ]
        self._spans: dict[tuple[int, int], list[Callable[[Tensor], Tensor]]] = {}
        self._initialise(network, seed, role)

    def _initialise(self, network: Network, seed: int, role: str) -> None:
        for index, (layer, module) in enumerate(zip(self.layout.layers, self.layers, strict=True)):
            inner = {path: part.name for path, (part, _) in layer.parts(self.layout.inputs[index]).items()}
            for name, parameter in module.named_parameters():
                path, _, own_name = name.rpartition(".")
                laws = network.initialise[inner.get(path, layer.name)]
                fan_in, fan_out = fans(module.get_submodule(path))
                law = laws.bias if own_name == "bias" else laws.weight
                if law is None:
                    raise ValueError(f"{role}: layer {index} ({layer.name}) has a {own_name}, but no law for it")
                generator = torch.Generator().manual_seed(stream_seed(seed, f"initialise.{role}.{name}", index))
                with torch.no_grad():
                    law.fill(parameter, fan_in=fan_in, fan_out=fan_out, generator=generator)

    def forward(self, value: Tensor, start: int = 0, stop: int | None = None) -> Tensor:
        """Run layers ``start`` to ``stop`` (exclusive; None: to the end)."""
        for module in self._sequence[start:stop]:
            value = module(value)
        return value

    def without_hooks(self, value: Tensor, start: int, stop: int) -> Tensor:
        """What ``forward`` gives, in less time: taps are passed over, and hooks of all but batch normalisation."""
        if (start, stop) not in self._spans:
            self._spans[start, stop] = _functions(self._sequence[start:stop])
        for function in self._spans[start, stop]:
            value = function(value)
        return value

    def index(self, tap: str | None, otherwise: int) -> int:
        """Layer index of a tap; ``otherwise`` where there is none."""
        return otherwise if tap is None else self.layout.taps[tap]


@dataclass(frozen=True)
class InFloat32:
    """A layer that computes in float32 under autocast too."""

    layer: nn.Module

    def __call__(self, value: Tensor) -> Tensor:
        with torch.autocast(value.device.type, enabled=False):
            output: Tensor = self.layer(value.float())
        return output


def _functions(layers: Sequence[Callable[[Tensor], Tensor]]) -> list[Callable[[Tensor], Tensor]]:
    """What layers compute one after another; rectifiers write over the output of a layer that does not need it."""
    functions: list[Callable[[Tensor], Tensor]] = []
    before: object = None
    for layer in layers:
        over = isinstance(before, _OUTPUT_IS_FREE)
        if type(layer) is nn.ReLU and over:
            functions.append(torch.relu_)
        elif type(layer) is nn.LeakyReLU and over and layer.negative_slope > 0:
            functions.append(partial(nn.functional.leaky_relu_, negative_slope=layer.negative_slope))
        elif not isinstance(layer, nn.Identity):
            hooked = isinstance(layer, _NORMALISATION)
            functions.append(layer.forward if isinstance(layer, nn.Module) and not hooked else layer)
        before = layer
    return functions


def _strides_over_one_pixel(module: nn.Module, shape: tuple[int, ...]) -> bool:
    """Whether a layer has a strided convolution on maps of 1 x 1.

    There oneDNN (torch 2.15, bfloat16) leaves the gradient of the taps that see padding alone as the memory was.
    """
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    return shape[1:] == (1, 1) and any(
        isinstance(module, kinds) and max(module.stride) > 1 for module in module.modules()
    )


def fans(module: nn.Module) -> tuple[int, int]:
    """Fan-in and fan-out of a module's weight as torch.nn.init counts them; 1 for scales and shifts.

    The weight of a transposed convolution is (in, out, height, width), so there torch's fan-in counts outputs.
    """
    weight = dict(module.named_parameters()).get("weight")
    if weight is None or weight.ndim < 2:
        return 1, 1
    field = weight[0][0].numel()
    return weight.shape[1] * field, weight.shape[0] * field
