"""CIFAR-10 (Krizhevsky 2009), from the Python batches in torchvision's layout."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from benchmark.parts.datasets.images.levels import Levels, fetched, from_levels, reading
from benchmark.parts.datasets.images.pictures import Source
from benchmark.spec.parts import DATASETS

_FOLDER = "cifar-10-batches-py"
#: MD5 of each split's batches, as their authors' file list gives them
_BATCHES = {
    "train": {
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    },
    "test": {"test_batch": "40351d587109b95175f43aff81a1287e"},
}


@DATASETS.register("cifar10")
class CIFAR10(Levels):
    """32x32 colour pictures of ten classes: 50,000 to train on, 10,000 to test."""

    native = 32
    counts = {"train": 50_000, "test": 10_000}
    placed = "unpack cifar-10-python.tar.gz in {root}"
    split: Literal["train", "test"]

    def published(self) -> Mapping[str, str]:
        return {f"{_FOLDER}/{file}": digest for file, digest in _BATCHES[self.split].items()}

    def source(self, root: Path) -> Source:
        with reading(root / _FOLDER):
            rows = np.concatenate([_rows(root / _FOLDER / file) for file in _BATCHES[self.split]])
            levels = rows.reshape(-1, 3, self.native, self.native)
        return from_levels(root / _FOLDER, list(_BATCHES[self.split]), levels)

    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        (root / _FOLDER).mkdir(parents=True)
        rows = pictures.transpose(0, 3, 1, 2).reshape(len(pictures), -1)
        files = _BATCHES[self.split]
        for file, part in zip(files, np.array_split(rows, len(files)), strict=True):
            (root / _FOLDER / file).write_bytes(pickle.dumps({"data": part}))

    def fetch(self, root: Path) -> None:
        from torchvision import datasets

        fetched(lambda: datasets.CIFAR10(str(root), train=self.split == "train", download=True))


def _rows(file: Path) -> np.ndarray:
    """uint8 (n, 3072) of a batch, a pickle: only of published content, or written here."""
    with file.open("rb") as stream:
        rows: np.ndarray = pickle.load(stream, encoding="latin1")["data"]
    return rows
