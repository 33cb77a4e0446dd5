"""Sum of two branches."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn


class Residual(nn.Module):
    """main(x) + shortcut(x); an empty shortcut is the identity."""

    def __init__(self, main: Sequence[nn.Module], shortcut: Sequence[nn.Module]) -> None:
        super().__init__()
        self.main = nn.Sequential(*main)
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, value: Tensor) -> Tensor:
        total: Tensor = self.shortcut(value) + self.main(value)
        return total
