"""Torch modules whose depth in use follows from the number of real images shown so far."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional


def stage(images: int, first: int, last: int, per_level: int, per_fade: int) -> tuple[int, float]:
    """The highest level in use after ``images`` real images, and its weight in [0, 1] against the level below.

    Training begins at level ``first``. Each level is trained for ``per_level`` images, then the next one comes in over
    ``per_fade`` images, until ``last`` is reached.
    """
    grown, rest = divmod(images, per_level + per_fade)
    level = first + grown
    if level >= last:
        return last, 1.0
    if rest <= per_level:
        return level, 1.0
    return level + 1, (rest - per_level) / per_fade


class Growing(nn.Module):
    """Keeps the highest level in use and its weight against the level below.

    ``level`` and ``fading`` decide which operations run; within one pair of them only the number in ``fade`` moves, and
    it lies on the device, so that a captured graph stays valid.
    """

    def __init__(self, growth: tuple[int, int, int, int]) -> None:
        super().__init__()
        self._growth = growth
        self.last = growth[1]
        self.fade: Tensor
        self.register_buffer("fade", torch.ones(()), persistent=False)
        self.shown(0)

    def shown(self, images: int) -> None:
        """Take up the stage that belongs to a number of real images shown."""
        self.set_stage(*stage(images, *self._growth))

    def set_stage(self, level: int, weight: float) -> None:
        """Use levels up to ``level``, which has ``weight`` against the one below."""
        self.level = level
        self.fading = weight < 1
        self.fade.fill_(weight)

    def _shrunk(self, images: Tensor, level: int) -> Tensor:
        """Images of the full side at the side of ``level``."""
        factor = 2 ** (self.last - level)
        return images if factor == 1 else functional.avg_pool2d(images, factor)

    def _enlarged(self, images: Tensor, level: int) -> Tensor:
        """Images of a level's side at the full side."""
        factor = 2 ** (self.last - level)
        return images if factor == 1 else functional.interpolate(images, scale_factor=factor, mode="nearest")


class GrowingStack(Growing):
    """A growing network's blocks and its levels' ways to or from images, by the paths of their layers' modules."""

    def __init__(self, modules: Mapping[str, nn.Module], growth: tuple[int, int, int, int]) -> None:
        super().__init__(growth)

        def stack(path: str) -> nn.Sequential:
            return nn.Sequential(*(module for key, module in modules.items() if key.rpartition(".")[0] == path))

        self.blocks = nn.ModuleList(stack(f"blocks.{level}") for level in range(self.last))
        self.images = nn.ModuleList(stack(f"images.{level}") for level in range(self.last + 1))


class GrowingUp(GrowingStack):
    """Small maps to images of the full side."""

    def forward(self, value: Tensor) -> Tensor:
        below = value
        for block in list(self.blocks)[: self.level]:
            below, value = value, block(value)
        images = self._enlarged(self.images[self.level](value), self.level)
        if self.fading:
            images = self._enlarged(self.images[self.level - 1](below), self.level - 1).lerp(images, self.fade)
        return images


class GrowingDown(GrowingStack):
    """Images of the full side to small maps."""

    def forward(self, images: Tensor) -> Tensor:
        value: Tensor = self.images[self.level](self._shrunk(images, self.level))
        for level in range(self.level, 0, -1):
            value = self.blocks[level - 1](value)
            if self.fading and level == self.level:
                below: Tensor = self.images[level - 1](self._shrunk(images, level - 1))
                value = below.lerp(value, self.fade)
        return value


class ProgressiveFade(Growing):
    """Images of the full side with no more detail than the level in use has."""

    def forward(self, images: Tensor) -> Tensor:
        shown = self._enlarged(self._shrunk(images, self.level), self.level)
        if self.fading:
            level = self.level - 1
            shown = self._enlarged(self._shrunk(images, level), level).lerp(shown, self.fade)
        return shown
