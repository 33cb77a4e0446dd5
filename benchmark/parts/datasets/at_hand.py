"""Data that are always at hand: scans that ship with scikit-learn, and a law that points are drawn from."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import Field

from benchmark.spec.levels import SYMMETRIC, Range, ValueRange
from benchmark.spec.parts import DATASETS, Data, Dataset, Shape

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@DATASETS.register("digits")
class Digits(Dataset):
    """All 1,797 scans; their 17 grey levels spread over 0 to 255."""

    kind = "images"
    value_range: ValueRange

    def image_range(self) -> Range:
        low, high = self.value_range
        return (low, high)

    def example_shape(self) -> Shape:
        return (1, 8, 8)

    def example_count(self) -> int:
        return 1797

    def load(self, root: Path, device: str) -> Data:
        import torch
        from sklearn.datasets import load_digits

        from benchmark.parts.datasets.images.resident import ResidentImages

        levels = load_digits().images
        images = np.rint(levels * (255 / 16)).astype(np.uint8)
        return ResidentImages(torch.from_numpy(images).unsqueeze(1), device, value_range=self.image_range())

    @classmethod
    def variants(cls) -> list[Self]:
        return [cls(value_range=SYMMETRIC)]


@DATASETS.register("eight_gaussians")
class EightGaussians(Dataset):
    """Equal weights, centres at every 45 degrees; points are divided by ``divisor`` after drawing."""

    kind = "points"
    radius: Annotated[float, Field(gt=0)]
    deviation: Annotated[float, Field(gt=0)]
    divisor: Annotated[float, Field(gt=0)]

    def example_shape(self) -> Shape:
        return (2,)

    def example_count(self) -> Literal[None]:
        return None

    def load(self, root: Path, device: str) -> Data:
        return _Law(self, device)

    @classmethod
    def variants(cls) -> list[Self]:
        return [cls(radius=2.0, deviation=0.02, divisor=1.414)]

    def modes(self) -> tuple[np.ndarray, float]:
        """Centres (8, 2) and standard deviation of the points as given out."""
        angles = np.arange(8) * (math.pi / 4)
        centres = np.stack([np.cos(angles), np.sin(angles)], axis=1) * self.radius / self.divisor
        return centres, self.deviation / self.divisor


class _Law(Data):
    count: int | None = None
    shape: Shape = (2,)
    resident = False

    def __init__(self, law: EightGaussians, device: str) -> None:
        import torch

        centres, self._deviation = law.modes()
        self._centres = torch.tensor(centres, dtype=torch.float32, device=device)
        self.fingerprint = hashlib.sha256(f"{law.name} {law.model_dump_json()}".encode()).hexdigest()

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        import torch

        device = self._centres.device
        chosen = torch.randint(8, (count,), generator=generator, device=device)
        noise = torch.randn(count, 2, generator=generator, device=device)
        return self._centres[chosen] + self._deviation * noise
