"""Street View House Numbers (Netzer et al. 2011), cropped digits, from the authors' files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from benchmark.parts.datasets.images.levels import Levels, fetched, from_levels, reading
from benchmark.parts.datasets.images.pictures import Source
from benchmark.spec.parts import DATASETS

#: MD5 of each split's file
_HASHES = {
    "train": "e26dedcc434d2e4c54c9b2d4a06d8373",
    "test": "eb5a983be6a315427106f1b164d9cef3",
    "extra": "a93ce644f1a588dc4d68dda5feec44a7",
}


@DATASETS.register("svhn")
class SVHN(Levels):
    """32x32 colour digits: 73,257 to train on, 26,032 to test, 531,131 easier ones."""

    native = 32
    counts = {"train": 73_257, "test": 26_032, "extra": 531_131}
    placed = "place the file of that name there"
    fetches = "{name}:{split}"
    split: Literal["train", "test", "extra"]

    def published(self) -> Mapping[str, str]:
        return {self._file(): _HASHES[self.split]}

    def source(self, root: Path) -> Source:
        from scipy.io import loadmat

        with reading(root / self._file()):
            levels = loadmat(root / self._file())["X"].transpose(3, 2, 0, 1)
        return from_levels(root, [self._file()], levels)

    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        from scipy.io import savemat

        classes = 1 + np.arange(len(pictures)) % 10  # the files write the digit 0 as 10
        savemat(root / self._file(), {"X": pictures.transpose(1, 2, 3, 0), "y": classes[:, None].astype(np.uint8)})

    def fetch(self, root: Path) -> None:
        from torchvision import datasets

        fetched(lambda: datasets.SVHN(str(root), split=self.split, download=True))

    def _file(self) -> str:
        return f"{self.split}_32x32.mat"
