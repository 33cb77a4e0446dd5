"""Functions of single values, some of them random in training."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from benchmark.spec.levels import SYMMETRIC, UNIT, Range
from benchmark.spec.parts import LAYERS, PlainLayer, Shape

Slope = Annotated[float, Field(ge=0, lt=1, description="of the rectifiers below 0; 0 is the plain rectifier")]


@LAYERS.register("relu")
class ReLU(PlainLayer):
    """max(x, 0)."""

    built_as = "torch.nn:ReLU"


@LAYERS.register("leaky_relu")
class LeakyReLU(PlainLayer):
    """x for x > 0, ``slope`` times x otherwise."""

    built_as = "torch.nn:LeakyReLU"
    slope: Annotated[float, Field(ge=0, lt=1)]


@LAYERS.register("selu")
class SELU(PlainLayer):
    """l x for x > 0, l a (exp(x) - 1) otherwise, l = 1.0507 and a = 1.6733 to more digits.

    Scaled exponential linear unit (Klambauer et al. 2017, arXiv 1706.02515).
    """

    built_as = "torch.nn:SELU"


@LAYERS.register("tanh")
class Tanh(PlainLayer):
    """tanh(x), in (-1, 1)."""

    built_as = "torch.nn:Tanh"

    def output_range(self, entering: Range | None) -> Range:
        return SYMMETRIC


@LAYERS.register("hardtanh")
class Hardtanh(PlainLayer):
    """min(max(x, low), high); nothing is learned through what lies beyond."""

    built_as = "torch.nn:Hardtanh"
    low: float
    high: float

    def output_shape(self, shape: Shape) -> Shape:
        if self.low >= self.high:
            raise ValueError(f"hardtanh: low {self.low:g} must be below high {self.high:g}")
        return shape

    def output_range(self, entering: Range | None) -> Range:
        return (self.low, self.high)


@LAYERS.register("sigmoid")
class Sigmoid(PlainLayer):
    """1 / (1 + exp(-x)), in (0, 1)."""

    built_as = "torch.nn:Sigmoid"

    def output_range(self, entering: Range | None) -> Range:
        return UNIT


@LAYERS.register("dropout")
class Dropout(PlainLayer):
    """Zeroes each value with ``probability`` in training and scales the rest; nothing in evaluation.

    Dropout (Srivastava et al. 2014).
    """

    built_as = "torch.nn:Dropout"
    probability: Annotated[float, Field(gt=0, lt=1)]


@LAYERS.register("gaussian_noise")
class GaussianNoise(PlainLayer):
    """x + N(0, ``deviation`` squared) in training; nothing in evaluation.

    Like dropout it draws from torch's own generator of the device, which the trainer starts anew at every update.
    """

    built_as = "benchmark.parts.networks.modules.elementary:GaussianNoise"
    deviation: Annotated[float, Field(gt=0)]
