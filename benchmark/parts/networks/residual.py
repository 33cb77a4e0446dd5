"""Pre-activation residual blocks of the ResNets of WGAN-GP (arXiv 1704.00028) and SN-GAN (arXiv 1802.05957)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from benchmark.parts.networks.activations import LeakyReLU, Slope
from benchmark.parts.networks.convolutions import Conv, SpectralConv
from benchmark.parts.networks.normalisations import Normalisation
from benchmark.parts.networks.shapes import AveragePool, Upsample
from benchmark.spec.fields import Size
from benchmark.spec.parts import LAYERS, Layer, Shape, image_shape

if TYPE_CHECKING:
    from torch import nn

SpectralIterations = Annotated[int, Field(ge=0, description="power iterations in a pass; 0: weights as they are")]


def entered(stacks: Mapping[str, tuple[Sequence[Layer], Shape]]) -> dict[str, tuple[Layer, Shape]]:
    """Every layer of named stacks with the shape that enters it, by the path of its module."""
    entries: dict[str, tuple[Layer, Shape]] = {}
    for path, (layers, shape) in stacks.items():
        for index, layer in enumerate(layers):
            entries[f"{path}.{index}"] = (layer, shape)
            shape = layer.output_shape(shape)
    return entries


class ResidualLayer(Layer):
    """main(x) + shortcut(x); an empty shortcut is the identity. Not a part by itself."""

    @abstractmethod
    def main(self, shape: Shape) -> list[Layer]:
        """Layers of the main branch."""

    @abstractmethod
    def shortcut(self, shape: Shape) -> list[Layer]:
        """Layers of the shortcut."""

    def parts(self, shape: Shape) -> dict[str, tuple[Layer, Shape]]:
        return entered({"main": (self.main(shape), shape), "shortcut": (self.shortcut(shape), shape)})

    def output_shape(self, shape: Shape) -> Shape:
        for layer in self.main(shape):
            shape = layer.output_shape(shape)
        return shape

    def module(self, shape: Shape) -> nn.Module:
        from benchmark.parts.networks.modules import elementary

        parts = self.parts(shape)
        main, shortcut = (
            [layer.module(inner) for path, (layer, inner) in parts.items() if path.startswith(branch)]
            for branch in ("main", "shortcut")
        )
        return elementary.Residual(main, shortcut)


def same_conv(name: str, channels: int, kernel: int, *, bias: bool, spectral_iterations: int) -> Conv:
    """A convolution that keeps height and width; spectrally normalised unless ``spectral_iterations`` is 0."""
    if kernel % 2 == 0:
        raise ValueError(f"{name}: kernel {kernel} must be odd, to keep height and width")
    sizes = {"channels": channels, "kernel": kernel, "stride": 1, "padding": kernel // 2}
    if spectral_iterations == 0:
        return Conv(**sizes, bias=bias)
    return SpectralConv(**sizes, bias=bias, power_iterations=spectral_iterations)


@LAYERS.register("resblock")
class ResBlock(ResidualLayer):
    """Twice (normalisation, rectifier, convolution), plus a shortcut.

    ``up`` doubles height and width (nearest) before the first convolution, ``down`` halves them (mean) after the
    second. The shortcut is a 1x1 convolution with the same resampling; the identity where neither channels nor size
    change. The second convolution and the shortcut have biases. ``hidden_channels`` lie between the two convolutions.
    """

    channels: Size
    hidden_channels: Size
    kernel: Size
    resample: Literal["up", "down", "none"]
    normalisation: Normalisation | None
    slope: Slope
    first_bias: bool
    spectral_iterations: SpectralIterations

    def main(self, shape: Shape) -> list[Layer]:
        before: list[Layer] = [] if self.normalisation is None else [self.normalisation]
        before.append(LeakyReLU(slope=self.slope))
        layers = list(before)
        if self.resample == "up":
            layers.append(Upsample(factor=2, mode="nearest"))
        layers += [self._conv(self.hidden_channels, self.first_bias), *before, self._conv(self.channels, True)]
        if self.resample == "down":
            layers.append(AveragePool(kernel=2, stride=2))
        return layers

    def shortcut(self, shape: Shape) -> list[Layer]:
        inputs, _, _ = image_shape(self.name, shape)
        if inputs == self.channels and self.resample == "none":
            return []
        conv = same_conv(self.name, self.channels, 1, bias=True, spectral_iterations=self.spectral_iterations)
        # a 1x1 convolution commutes with both kinds of resampling: it runs at the lower resolution
        if self.resample == "up":
            return [conv, Upsample(factor=2, mode="nearest")]
        return [AveragePool(kernel=2, stride=2), conv] if self.resample == "down" else [conv]

    def _conv(self, channels: int, bias: bool) -> Layer:
        return same_conv(self.name, channels, self.kernel, bias=bias, spectral_iterations=self.spectral_iterations)


@LAYERS.register("resblock_first")
class ResBlockFirst(ResidualLayer):
    """Convolution, rectifier, convolution, mean over 2x2; the shortcut is the mean over 2x2 and a 1x1 convolution.

    Nothing is rectified or normalised before the first convolution, since its input is an image. Biases everywhere.
    """

    channels: Size
    kernel: Size
    slope: Slope
    spectral_iterations: SpectralIterations

    def main(self, shape: Shape) -> list[Layer]:
        return [
            self._conv(self.kernel),
            LeakyReLU(slope=self.slope),
            self._conv(self.kernel),
            AveragePool(kernel=2, stride=2),
        ]

    def shortcut(self, shape: Shape) -> list[Layer]:
        return [AveragePool(kernel=2, stride=2), self._conv(1)]

    def _conv(self, kernel: int) -> Layer:
        return same_conv(self.name, self.channels, kernel, bias=True, spectral_iterations=self.spectral_iterations)
