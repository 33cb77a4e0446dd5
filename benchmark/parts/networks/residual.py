"""What the residual blocks share: two branches of layers whose outputs are added."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

from benchmark.parts.networks.convolutions import Conv, SpectralConv
from benchmark.spec.parts import Layer, Shape

if TYPE_CHECKING:
    from torch import nn


class ResidualLayer(Layer):
    """main(x) + shortcut(x); an empty shortcut is the identity. Not a part by itself."""

    @abstractmethod
    def main(self, shape: Shape) -> list[Layer]:
        """Layers of the main branch."""

    @abstractmethod
    def shortcut(self, shape: Shape) -> list[Layer]:
        """Layers of the shortcut."""

    def parts(self, shape: Shape) -> dict[str, tuple[Layer, Shape]]:
        """Every layer inside with the shape that enters it, by the path of its module."""
        branches = {"main": self.main(shape), "shortcut": self.shortcut(shape)}
        return {
            f"{branch}.{index}": entered
            for branch, layers in branches.items()
            for index, entered in enumerate(_entered(layers, shape)[0])
        }

    def output_shape(self, shape: Shape) -> Shape:
        return _entered(self.main(shape), shape)[1]

    def parameter_count(self, shape: Shape) -> int:
        return sum(layer.parameter_count(inner) for layer, inner in self.parts(shape).values())

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import residual

        parts = self.parts(shape)
        main, shortcut = (
            [layer.module(inner) for path, (layer, inner) in parts.items() if path.startswith(branch)]
            for branch in ("main", "shortcut")
        )
        return residual.Residual(main, shortcut)


def same_conv(name: str, channels: int, kernel: int, *, bias: bool, spectral_iterations: int) -> Conv:
    """A convolution that keeps height and width; spectrally normalised unless ``spectral_iterations`` is 0."""
    if kernel % 2 == 0:
        raise ValueError(f"{name}: kernel {kernel} must be odd, to keep height and width")
    padding = kernel // 2
    if spectral_iterations == 0:
        return Conv(channels=channels, kernel=kernel, stride=1, padding=padding, bias=bias)
    return SpectralConv(
        channels=channels,
        kernel=kernel,
        stride=1,
        padding=padding,
        bias=bias,
        power_iterations=spectral_iterations,
    )


def _entered(layers: Iterable[Layer], shape: Shape) -> tuple[list[tuple[Layer, Shape]], Shape]:
    entered = []
    for layer in layers:
        entered.append((layer, shape))
        shape = layer.output_shape(shape)
    return entered, shape
