"""Handwritten digits that ship with scikit-learn: 1,797 real scans of 8x8 (Alpaydin and Kaynak 1998, UCI)."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np

from benchmark.spec.levels import SYMMETRIC, Range, ValueRange
from benchmark.spec.parts import DATASETS, Data, Dataset, Shape


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

    def missing(self, root: Path) -> str | None:
        return None

    def fetch(self, root: Path) -> None:
        """Nothing: the scans ship with scikit-learn."""

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
