"""MNIST and Fashion-MNIST through torchvision, from files in torchvision's layout."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal, Self

from benchmark.spec.parts import DATASETS, Data, DataError, Dataset, Shape

_COUNTS = {"train": 60_000, "test": 10_000}


@DATASETS.register("mnist")
class MNIST(Dataset):
    """28x28 grey digits (LeCun et al. 1998): 60,000 to train on, 10,000 to test."""

    kind = "images"
    folder: ClassVar[str] = "MNIST"
    split: Literal["train", "test"]

    def example_shape(self) -> Shape:
        return (1, 28, 28)

    def example_count(self) -> int:
        return _COUNTS[self.split]

    def missing(self, root: Path) -> str | None:
        prefix = "train" if self.split == "train" else "t10k"
        for file in (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"):
            place = root / self.folder / "raw" / file
            if not place.is_file():
                return (
                    f"{place} is missing: place the uncompressed idx file there, "
                    f"or run: ganrepro data fetch {self.name} --data-root {root}"
                )
        return None

    def load(self, root: Path, device: str) -> Data:
        from torchvision import datasets

        from benchmark.datasets.resident import ResidentImages

        message = self.missing(root)
        if message is not None:
            raise DataError(message)
        images = getattr(datasets, self.folder)(str(root), train=self.split == "train").data
        if len(images) != self.example_count():
            raise DataError(f"{root / self.folder}: {len(images)} images, {self.name} has {self.example_count()}")
        return ResidentImages(images.unsqueeze(1), device)

    def fetch(self, root: Path) -> None:
        from torchvision import datasets

        try:
            getattr(datasets, self.folder)(str(root), train=self.split == "train", download=True)
        except (OSError, RuntimeError) as error:
            raise DataError(f"the download failed: {str(error).splitlines()[0]}") from error

    @classmethod
    def variants(cls) -> list[Self]:
        return [cls(split="train"), cls(split="test")]


@DATASETS.register("fashion_mnist")
class FashionMNIST(MNIST):
    """28x28 grey pictures of clothes (Xiao et al. 2017): 60,000 to train on, 10,000 to test."""

    folder: ClassVar[str] = "FashionMNIST"
