"""CIFAR-10 (Krizhevsky 2009) through torchvision, from the Python batches in torchvision's layout."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from benchmark.parts.datasets.images.levels import by_torchvision, fetched, from_levels
from benchmark.parts.datasets.images.pictures import Pictures, Source
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import DATASETS

if TYPE_CHECKING:
    import numpy as np

_COUNTS = {"train": 50_000, "test": 10_000}
_FOLDER = "cifar-10-batches-py"
_META = "batches.meta"
_BATCHES = {"train": tuple(f"data_batch_{number}" for number in range(1, 6)), "test": ("test_batch",)}


@DATASETS.register("cifar10")
class CIFAR10(Pictures):
    """32x32 colour pictures of ten classes: 50,000 to train on, 10,000 to test."""

    native = 32
    split: Literal["train", "test"]

    def picture_count(self) -> int:
        return _COUNTS[self.split]

    def missing(self, root: Path) -> str | None:
        for file in (*_BATCHES["train"], *_BATCHES["test"], _META):  # torchvision asks for all, whatever the split
            if not (root / _FOLDER / file).is_file():
                return (
                    f"{root / _FOLDER / file} is missing: unpack cifar-10-python.tar.gz in {root}, "
                    f"or run: ganrepro data fetch {self.name} --data-root {root}"
                )
        return None

    def source(self, root: Path, *, genuine: bool) -> Source:
        found = by_torchvision(root / _FOLDER, lambda: _reader(genuine)(str(root), train=self.split == "train"))
        return from_levels(root / _FOLDER, _BATCHES[self.split], found.data.transpose(0, 3, 1, 2))

    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        import numpy as np

        (root / _FOLDER).mkdir(parents=True)
        rows = pictures.transpose(0, 3, 1, 2).reshape(len(pictures), -1)
        classes = np.arange(len(rows)) % 10
        for split, files in _BATCHES.items():
            chosen = np.arange(len(rows)) if split == self.split else np.arange(0)
            for file, part in zip(files, np.array_split(chosen, len(files)), strict=True):
                batch = {"data": rows[part], "labels": classes[part].tolist()}
                (root / _FOLDER / file).write_bytes(pickle.dumps(batch))
        (root / _FOLDER / _META).write_bytes(pickle.dumps({"label_names": [f"class {number}" for number in range(10)]}))

    def fetch(self, root: Path) -> None:
        fetched(lambda: _reader(True)(str(root), train=self.split == "train", download=True))

    @classmethod
    def variants(cls) -> list[Self]:
        return [cls(split=split, size=32, resize="none", value_range=SYMMETRIC) for split in ("train", "test")]


def _reader(genuine: bool) -> Any:
    """torchvision's class; for a stand-in without the published checksums."""
    from torchvision import datasets

    if genuine:
        return datasets.CIFAR10

    class Unchecked(datasets.CIFAR10):  # type: ignore[misc]
        train_list = [[file, None] for file in _BATCHES["train"]]
        test_list = [[file, None] for file in _BATCHES["test"]]
        meta = {**datasets.CIFAR10.meta, "md5": None}

    return Unchecked
