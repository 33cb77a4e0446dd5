"""Linear and convolutional modules whose weight is divided by an estimate of its largest singular value.

Spectral normalisation of Miyato et al. (2018, arXiv 1802.05957, algorithm 1). Written here rather than taken from
torch's parametrisation, which moves the weight out of reach of the initialisation laws and runs its first iterations on
values that the laws then overwrite.
"""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional


class _Normalised(nn.Module):
    """Beside a module of torch: its weight, divided. A vector for the estimate lies in ``singular``."""

    weight: Tensor
    singular: Tensor

    def __init__(self, inputs: int, outputs: int, *sizes: int, bias: bool, iterations: int) -> None:
        super().__init__(inputs, outputs, *sizes, bias=bias)
        self.iterations = iterations
        self.register_buffer("singular", start(outputs))

    def normalised(self, matrix: Tensor) -> Tensor:
        """The weight, which is ``matrix`` with one row per output, divided."""
        return self.weight / largest_singular_value(matrix, self.singular, self.iterations, self.training)


class SpectralLinear(_Normalised, nn.Linear):
    """nn.Linear with a normalised weight."""

    def forward(self, input: Tensor) -> Tensor:
        return functional.linear(input, self.normalised(self.weight), self.bias)


class SpectralConv2d(_Normalised, nn.Conv2d):
    """nn.Conv2d with a normalised weight."""

    def forward(self, input: Tensor) -> Tensor:
        weight = self.normalised(self.weight.flatten(1))
        return functional.conv2d(input, weight, self.bias, self.stride, self.padding)


class SpectralConvTranspose2d(_Normalised, nn.ConvTranspose2d):
    """nn.ConvTranspose2d with a normalised weight."""

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        assert not isinstance(self.padding, str)
        weight = self.normalised(self.weight.transpose(0, 1).flatten(1))
        return functional.conv_transpose2d(input, weight, self.bias, self.stride, self.padding, self.output_padding)


def start(rows: int) -> Tensor:
    """Unit vector (rows,) from which power iteration begins: a fixed random one, the same in every run."""
    generator = torch.Generator().manual_seed(rows)
    return functional.normalize(torch.randn(rows, generator=generator), dim=0)


def largest_singular_value(matrix: Tensor, singular: Tensor, iterations: int, keep: bool) -> Tensor:
    """Estimate (scalar) of the largest singular value of ``matrix`` (rows, columns).

    Power iteration goes on from the left singular vector in ``singular`` (rows,), which is overwritten if ``keep``. The
    vectors count as constants in the gradient. All of it is in the precision of ``matrix``, under autocast too.
    """
    device = matrix.device.type
    with torch.autocast(device, enabled=False) if torch.amp.is_autocast_available(device) else nullcontext():
        with torch.no_grad():
            left = singular
            for _ in range(iterations):
                right = functional.normalize(left @ matrix, dim=0)
                left = functional.normalize(matrix @ right, dim=0)
            if keep:
                singular.copy_(left)
        return left.dot(matrix @ right)
