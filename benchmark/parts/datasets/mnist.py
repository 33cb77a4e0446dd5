"""MNIST and Fashion-MNIST through torchvision, from files in torchvision's layout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from benchmark.parts.datasets.images.levels import by_torchvision, fetched, from_levels
from benchmark.parts.datasets.images.pictures import Pictures, Source
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import DATASETS

if TYPE_CHECKING:
    import numpy as np

_COUNTS = {"train": 60_000, "test": 10_000}
_PREFIXES = {"train": "train", "test": "t10k"}


def _files(split: str) -> tuple[str, str]:
    """Images and labels."""
    return (f"{_PREFIXES[split]}-images-idx3-ubyte", f"{_PREFIXES[split]}-labels-idx1-ubyte")


@DATASETS.register("mnist")
class MNIST(Pictures):
    """28x28 grey digits (LeCun et al. 1998): 60,000 to train on, 10,000 to test."""

    folder: ClassVar[str] = "MNIST"
    channels = 1
    native = 28
    split: Literal["train", "test"]
    size: Literal[28, 32, 64]

    def picture_count(self) -> int:
        return _COUNTS[self.split]

    def missing(self, root: Path) -> str | None:
        for file in (*_files("train"), *_files("test")):  # torchvision asks for all, whatever the split
            place = root / self.folder / "raw" / file
            if not place.is_file():
                return (
                    f"{place} is missing: place the uncompressed idx file there, "
                    f"or run: ganrepro data fetch {self.name} --data-root {root}"
                )
        return None

    def source(self, root: Path, *, genuine: bool) -> Source:
        from torchvision import datasets

        raw = root / self.folder / "raw"
        found = by_torchvision(raw, lambda: getattr(datasets, self.folder)(str(root), train=self.split == "train"))
        return from_levels(raw, _files(self.split), found.data.unsqueeze(1).numpy())

    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        import numpy as np

        raw = root / self.folder / "raw"
        raw.mkdir(parents=True)
        for split in _PREFIXES:
            levels = pictures[..., 0] if split == self.split else pictures[:0, ..., 0]
            classes = (np.arange(len(levels)) % 10).astype(np.uint8)
            for file, values in zip(_files(split), (levels, classes), strict=True):
                # idx: two zeros, 8 for uint8, the number of dimensions, then each of them big-endian
                header = bytes((0, 0, 8, values.ndim)) + np.array(values.shape, ">i4").tobytes()
                (raw / file).write_bytes(header + values.tobytes())

    def fetch(self, root: Path) -> None:
        from torchvision import datasets

        fetched(lambda: getattr(datasets, self.folder)(str(root), train=self.split == "train", download=True))

    @classmethod
    def variants(cls) -> list[Self]:
        return [cls(split=split, size=28, resize="none", value_range=SYMMETRIC) for split in ("train", "test")]


@DATASETS.register("fashion_mnist")
class FashionMNIST(MNIST):
    """28x28 grey pictures of clothes (Xiao et al. 2017): 60,000 to train on, 10,000 to test."""

    folder: ClassVar[str] = "FashionMNIST"
