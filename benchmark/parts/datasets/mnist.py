"""MNIST and Fashion-MNIST, from the uncompressed idx files in torchvision's layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from benchmark.parts.datasets.images.levels import Levels, fetched, from_levels, reading
from benchmark.parts.datasets.images.pictures import Source
from benchmark.spec.parts import DATASETS

_FILES = {"train": "train-images-idx3-ubyte", "test": "t10k-images-idx3-ubyte"}
#: idx: two zeros, 8 for uint8, the number of dimensions, then each of them big-endian
_MAGIC = bytes((0, 0, 8, 3))
_HEADER_BYTES = 16


@DATASETS.register("mnist")
class MNIST(Levels):
    """28x28 grey digits (LeCun et al. 1998): 60,000 to train on, 10,000 to test."""

    folder: ClassVar[str] = "MNIST"
    channels = 1
    native = 28
    counts = {"train": 60_000, "test": 10_000}
    placed = "place the uncompressed idx file there"
    #: SHA-256 of each split's file
    file_hashes: ClassVar[Mapping[str, str]] = {
        "train": "6705eff8e49fb8f823af92addac64fe87d5ddd6adbec30534755ed0f6fd2f407",
        "test": "d05232f87e170a2e2614cb47a6cfd2c0ce2306906971abbe73bd8b5c5af08c64",
    }
    #: of each split as it is, in the form of records
    fingerprints: ClassVar[Mapping[str, str]] = {
        "train": "9c501d34e2cba067f6ef9f32090c1028be153905aa3d096e62f385f4e6a0f943",
        "test": "e0d64a19d24b3cc8be76c28df2307b6eb0cfa8b2e83b59d8c9da7aaf0b875f23",
    }
    split: Literal["train", "test"]
    size: Literal[28, 32, 64]

    def published(self) -> Mapping[str, str]:
        return {self._file(): self.file_hashes[self.split]}

    def published_fingerprint(self) -> str | None:
        return self.fingerprints[self.split] if self.resize == "none" else None

    def source(self, root: Path) -> Source:
        with reading(root / self._file()):
            levels = _pictures(root / self._file())
        return from_levels(root, [self._file()], levels)

    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        levels = pictures[..., 0]
        file = root / self._file()
        file.parent.mkdir(parents=True)
        file.write_bytes(_MAGIC + np.array(levels.shape, ">i4").tobytes() + levels.tobytes())

    def fetch(self, root: Path) -> None:
        from torchvision import datasets

        fetched(lambda: getattr(datasets, self.folder)(str(root), train=self.split == "train", download=True))

    def _file(self) -> str:
        return f"{self.folder}/raw/{_FILES[self.split]}"


@DATASETS.register("fashion_mnist")
class FashionMNIST(MNIST):
    """28x28 grey pictures of clothes (Xiao et al. 2017): 60,000 to train on, 10,000 to test."""

    folder: ClassVar[str] = "FashionMNIST"
    file_hashes: ClassVar[Mapping[str, str]] = {
        "train": "2650f2d327a071753263cb8c59b72e77b9038194a4263abe823a01ca08bf60d5",
        "test": "4696a859b5c59e4d5e9942eaa23d1b02fa69a49a0978421972d617e97d2b2bfd",
    }
    fingerprints: ClassVar[Mapping[str, str]] = {
        "train": "b5283116248f14d9de401229ae9208b784b1dd7e52ddaf34b84a510b35f0520e",
        "test": "fea28159d8b4d391ae684ea95237f0771b103a084ab2f618aeeb608656a4c4b3",
    }


def _pictures(file: Path) -> np.ndarray:
    """uint8 (n, 1, height, width) of an idx file."""
    content = np.fromfile(file, np.uint8)
    if content[:4].tobytes() != _MAGIC:
        raise ValueError("no idx file of pictures")
    count, height, width = content[4:_HEADER_BYTES].view(">i4").tolist()
    return content[_HEADER_BYTES:].reshape(count, 1, height, width)
