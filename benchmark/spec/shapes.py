"""Shape inference over a network's layers, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.spec.expression import ExpressionError, evaluate_size
from benchmark.spec.fields import SizeError, at_sizes
from benchmark.spec.levels import Range
from benchmark.spec.parts import Layer, Shape
from benchmark.spec.systems import Network


class ShapeError(ValueError):
    """Layers that do not fit; ``layer`` is the index of the first that fails, or None for the input.

    ``setting`` is (layer's name, setting) where one setting alone is at fault, else empty.
    """

    def __init__(self, message: str, layer: int | None, setting: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.layer = layer
        self.setting = setting


@dataclass(frozen=True)
class Layout:
    """A network at given sizes: layers without expressions, the shape each of them gets, and its named points.

    ``inputs[i]`` is the shape that enters layer i; ``output`` leaves the last one. ``taps[name]`` is the index of the
    tap layer.
    """

    layers: tuple[Layer, ...]
    inputs: tuple[Shape, ...]
    output: Shape
    taps: Mapping[str, int]
    parameter_count: int
    #: bounds that the last layers set to the output, or None
    output_range: Range | None

    def shape_at(self, tap: str | None) -> Shape:
        """Shape at a tap; at the end where ``tap`` is None."""
        return self.output if tap is None else self.inputs[self.taps[tap]]


def resolve_sizes(network: Network, replaced: Mapping[str, int]) -> dict[str, int]:
    """The network's sizes with those of ``replaced`` that it knows."""
    return {name: replaced.get(name, value) for name, value in network.sizes.items()}


def layout(network: Network, replaced: Mapping[str, int]) -> Layout:
    """Infer every shape of ``network``; raises :class:`ShapeError`."""
    sizes = resolve_sizes(network, replaced)
    try:
        shape = tuple(evaluate_size(str(size), sizes) for size in network.input)
    except ExpressionError as error:
        raise ShapeError(str(error), None) from error
    layers: list[Layer] = []
    inputs: list[Shape] = []
    taps: dict[str, int] = {}
    count = 0
    bounds: Range | None = None
    for index, written in enumerate(network.layers):
        try:
            layer = at_sizes(written, sizes)
            output = layer.output_shape(shape)
            count += layer.parameter_count(shape)
            bounds = layer.output_range(bounds)
        except SizeError as error:
            raise ShapeError(str(error), index, (written.name, error.field)) from error
        except ValueError as error:
            raise ShapeError(str(error), index) from error
        if any(size < 1 for size in output):
            raise ShapeError(f"{layer.name}: an input of shape {shape} would give shape {output}", index)
        if layer.name == "tap":
            taps[layer.at] = index  # type: ignore[attr-defined]
        layers.append(layer)
        inputs.append(shape)
        shape = output
    return Layout(tuple(layers), tuple(inputs), shape, taps, count, bounds)
