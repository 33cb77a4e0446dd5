"""Small modules without parameters of their own: noise, projections, batch statistics, maxima, sums of branches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional


class GaussianNoise(nn.Module):
    """Adds N(0, deviation squared) in training, drawn from the device's own generator."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, value: Tensor) -> Tensor:
        return value + self.deviation * torch.randn_like(value) if self.training else value


class GlobalPool(nn.Module):
    """(n, c, h, w) to (n, c)."""

    def __init__(self, reduction: Literal["sum", "mean"]) -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, value: Tensor) -> Tensor:
        return value.sum(dim=(2, 3)) if self.reduction == "sum" else value.mean(dim=(2, 3))


class LargestOf(nn.Module):
    """Maximum over the last dimension."""

    def forward(self, value: Tensor) -> Tensor:
        return value.amax(dim=-1)


class MinibatchDeviation(nn.Module):
    """Appends one map: per subset of ``group`` examples, the mean over values of their deviation in the subset."""

    def __init__(self, group: int, epsilon: float) -> None:
        super().__init__()
        self.group = group
        self.epsilon = epsilon

    def forward(self, value: Tensor) -> Tensor:
        count, _, height, width = value.shape
        group = min(self.group, count)
        if count % group:
            raise ValueError(f"minibatch_deviation: {count} examples do not split into groups of {group}")
        # example i belongs to subset i modulo count / group, as in the released code
        subsets = value.reshape(group, count // group, -1)
        deviation = (subsets.var(dim=0, correction=0) + self.epsilon).sqrt().mean(dim=1)
        maps = deviation.repeat(group).view(count, 1, 1, 1).expand(count, 1, height, width)
        return torch.cat([value, maps], dim=1)


class PixelNorm(nn.Module):
    """Divides by the root mean square over dimension 1."""

    def __init__(self, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon

    def forward(self, value: Tensor) -> Tensor:
        return value * (value.square().mean(dim=1, keepdim=True) + self.epsilon).rsqrt()


class L2Normalize(nn.Module):
    """Divides each row by its L2 norm."""

    def forward(self, value: Tensor) -> Tensor:
        return functional.normalize(value, dim=1)


class Residual(nn.Module):
    """main(x) + shortcut(x); an empty shortcut is the identity."""

    def __init__(self, main: Sequence[nn.Module], shortcut: Sequence[nn.Module]) -> None:
        super().__init__()
        self.main = nn.Sequential(*main)
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, value: Tensor) -> Tensor:
        total: Tensor = self.shortcut(value) + self.main(value)
        return total
