"""MNIST and Fashion-MNIST through torchvision, from files in torchvision's layout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from benchmark.datasets.images.levels import by_torchvision, fetched, from_levels
from benchmark.datasets.images.pictures import Pictures, Source
from benchmark.spec.parts import DATASETS

if TYPE_CHECKING:
    import numpy as np

_COUNTS = {"train": 60_000, "test": 10_000}
_PREFIXES = {"train": "train", "test": "t10k"}


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
        for file in self._files():
            place = root / self.folder / "raw" / file
            if not place.is_file():
                return (
                    f"{place} is missing: place the uncompressed idx file there, "
                    f"or run: ganrepro data fetch {self.name} --data-root {root}"
                )
        return None

    def source(self, root: Path, *, genuine: bool) -> Source:
        from torchvision import datasets

        found = by_torchvision(lambda: getattr(datasets, self.folder)(str(root), train=self.split == "train"))
        return from_levels(root / self.folder / "raw", self._files(), found.data.unsqueeze(1).numpy())

    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        import numpy as np

        raw = root / self.folder / "raw"
        raw.mkdir(parents=True)
        images, labels = self._files()
        levels = pictures[..., 0]
        # idx: two zeros, 8 for uint8, the number of dimensions, then each of them big-endian
        (raw / images).write_bytes(b"\0\0\x08\x03" + np.array(levels.shape, ">i4").tobytes() + levels.tobytes())
        classes = (np.arange(len(levels)) % 10).astype(np.uint8)
        (raw / labels).write_bytes(b"\0\0\x08\x01" + np.array(classes.shape, ">i4").tobytes() + classes.tobytes())

    def fetch(self, root: Path) -> None:
        from torchvision import datasets

        fetched(lambda: getattr(datasets, self.folder)(str(root), train=self.split == "train", download=True))

    @classmethod
    def variants(cls) -> list[Self]:
        return [cls(split=split, size=28, resize="none") for split in ("train", "test")]

    def _files(self) -> tuple[str, str]:
        prefix = _PREFIXES[self.split]
        return (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")


@DATASETS.register("fashion_mnist")
class FashionMNIST(MNIST):
    """28x28 grey pictures of clothes (Xiao et al. 2017): 60,000 to train on, 10,000 to test."""

    folder: ClassVar[str] = "FashionMNIST"
