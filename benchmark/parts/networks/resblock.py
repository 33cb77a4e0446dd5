"""Pre-activation residual block of the ResNets of WGAN-GP (arXiv 1704.00028) and SN-GAN (arXiv 1802.05957)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark.parts.networks.activations import LeakyReLU
from benchmark.parts.networks.normalisations import BatchNorm, LayerNorm
from benchmark.parts.networks.residual import ResidualLayer, same_conv
from benchmark.parts.networks.shapes import AveragePool, Upsample
from benchmark.registry import Registry
from benchmark.spec.parts import LAYERS, Layer, PartOf, Shape, Size, image_shape


class _Normalisations(Registry[Layer]):
    """The two layers that may normalise inside a block, written as everywhere else; there is nothing to discover."""

    def discover(self) -> None:
        return


_NORMALISATIONS = _Normalisations("normalisation", "benchmark.parts.networks")
_NORMALISATIONS.register("batch_norm")(BatchNorm)
_NORMALISATIONS.register("layer_norm")(LayerNorm)


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
    normalisation: Annotated[Layer, PartOf(_NORMALISATIONS)] | None
    slope: Annotated[float, Field(ge=0, lt=1, description="of the rectifiers below 0; 0 is the plain rectifier")]
    first_bias: bool
    spectral_iterations: Annotated[int, Field(ge=0, description="power iterations in a pass; 0: weights as they are")]

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
