"""Distributions that fill parameters before training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.base import Positive, PositiveInt
from benchmark.spec.parts import INITIALISERS, Initialiser

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@INITIALISERS.register("constant")
class Constant(Initialiser):
    """Every element is ``value``."""

    value: float

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        parameter.fill_(self.value)


@INITIALISERS.register("normal")
class Normal(Initialiser):
    """N(``mean``, ``deviation`` squared)."""

    mean: float
    deviation: float

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        parameter.normal_(self.mean, self.deviation, generator=generator)


@INITIALISERS.register("symmetric_uniform")
class SymmetricUniform(Initialiser):
    """U(-``bound``, ``bound``)."""

    bound: Positive

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        parameter.uniform_(-self.bound, self.bound, generator=generator)


@INITIALISERS.register("fan_in_normal")
class FanInNormal(Initialiser):
    """N(0, d squared) with d = ``gain`` / sqrt(fan_in).

    Normal law scaled by fan-in; with gain sqrt(2) it is He et al.'s (2015, arXiv 1502.01852).
    """

    gain: Annotated[float, Field(gt=0)]

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        parameter.normal_(0.0, self.gain / math.sqrt(fan_in), generator=generator)


@INITIALISERS.register("fan_in_uniform")
class FanInUniform(Initialiser):
    """U(-b, b) with b = 1 / sqrt(fan_in), for weights and biases alike."""

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        bound = 1 / math.sqrt(fan_in)
        parameter.uniform_(-bound, bound, generator=generator)


@INITIALISERS.register("he_uniform")
class HeUniform(Initialiser):
    """U(-b, b) with variance 2 / fan_in, so b = sqrt(6 / fan_in).

    Uniform law with He et al.'s variance (2015, arXiv 1502.01852).
    """

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        bound = math.sqrt(6 / fan_in)
        parameter.uniform_(-bound, bound, generator=generator)


@INITIALISERS.register("glorot_normal")
class GlorotNormal(Initialiser):
    """N(0, d squared) with d = ``gain`` sqrt(2 / (fan_in + fan_out)).

    Normal law with Glorot and Bengio's variance (2010).
    """

    gain: Annotated[float, Field(gt=0)]

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        parameter.normal_(0.0, self.gain * math.sqrt(2 / (fan_in + fan_out)), generator=generator)


@INITIALISERS.register("glorot_uniform")
class GlorotUniform(Initialiser):
    """U(-b, b) with deviation ``gain`` sqrt(2 / (fan_in + fan_out)).

    Uniform law with Glorot and Bengio's variance (2010).
    """

    gain: Annotated[float, Field(gt=0)]

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        bound = self.gain * math.sqrt(6 / (fan_in + fan_out))
        parameter.uniform_(-bound, bound, generator=generator)


@INITIALISERS.register("strided_glorot_uniform")
class StridedGlorotUniform(Initialiser):
    """U(-b, b) with deviation ``gain`` sqrt(2 / (fan_in + fan_out / stride^2)).

    With a stride an input of a convolution reaches fewer outputs, and an output of a transposed one fewer inputs. Fans
    are torch's, for which the weight of a transposed convolution is that of the convolution it transposes: so fan_out
    is the one to divide in both. That code's convolutions take gain sqrt(2) (He's factor), its shortcuts and linear
    layers gain 1.

    Glorot's uniform law with fans that know the stride, as in the released code of WGAN-GP (arXiv 1704.00028).
    """

    gain: Annotated[float, Field(gt=0)]
    stride: PositiveInt

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        bound = self.gain * math.sqrt(6 / (fan_in + fan_out / self.stride**2))
        parameter.uniform_(-bound, bound, generator=generator)


@INITIALISERS.register("orthogonal")
class Orthogonal(Initialiser):
    """``gain`` times a matrix with orthonormal rows or columns, whichever are fewer.

    The matrix is the parameter with all but its first dimension flattened; a parameter with one dimension is refused
    with ValueError.

    Random orthogonal matrices (Saxe et al. 2014, arXiv 1312.6120).
    """

    gain: Annotated[float, Field(gt=0)]

    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        from torch.nn.init import orthogonal_

        orthogonal_(parameter, self.gain, generator=generator)
