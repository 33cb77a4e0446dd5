"""Eight narrow normal distributions on a circle (as in the toy of Gulrajani et al. 2017's public code)."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import Field

from benchmark.spec.parts import DATASETS, Data, Dataset, Shape

if TYPE_CHECKING:
    import torch
    from torch import Tensor


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

    def missing(self, root: Path) -> str | None:
        return None

    def load(self, root: Path, device: str) -> Data:
        return _Law(self, device)

    def fetch(self, root: Path) -> None:
        """Nothing: the law is all there is."""

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
