"""Street View House Numbers (Netzer et al. 2011), cropped digits, through torchvision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from benchmark.parts.datasets.images.levels import by_torchvision, fetched, from_levels
from benchmark.parts.datasets.images.pictures import Pictures, Source
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import DATASETS

if TYPE_CHECKING:
    import numpy as np

_COUNTS = {"train": 73_257, "test": 26_032, "extra": 531_131}


@DATASETS.register("svhn")
class SVHN(Pictures):
    """32x32 colour digits: 73,257 to train on, 26,032 to test, 531,131 easier ones."""

    native = 32
    split: Literal["train", "test", "extra"]

    def picture_count(self) -> int:
        return _COUNTS[self.split]

    def missing(self, root: Path) -> str | None:
        if (root / self._file()).is_file():
            return None
        return (
            f"{root / self._file()} is missing: place the file of that name there, "
            f"or run: ganrepro data fetch {self.name}:{self.split} --data-root {root}"
        )

    def source(self, root: Path, *, genuine: bool) -> Source:
        found = by_torchvision(root / self._file(), lambda: _reader(genuine)(str(root), split=self.split))
        return from_levels(root, [self._file()], found.data)

    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        import numpy as np
        from scipy.io import savemat

        classes = 1 + np.arange(len(pictures)) % 10  # the files write the digit 0 as 10
        savemat(root / self._file(), {"X": pictures.transpose(1, 2, 3, 0), "y": classes[:, None].astype(np.uint8)})

    def fetch(self, root: Path) -> None:
        fetched(lambda: _reader(True)(str(root), split=self.split, download=True))

    @classmethod
    def variants(cls) -> list[Self]:
        """Train and test; the large extra split is asked for by name."""
        return [cls(split=split, size=32, resize="none", value_range=SYMMETRIC) for split in ("train", "test")]

    def _file(self) -> str:
        return f"{self.split}_32x32.mat"


def _reader(genuine: bool) -> Any:
    """torchvision's class; for a stand-in without the published checksums."""
    from torchvision import datasets

    if genuine:
        return datasets.SVHN

    class Unchecked(datasets.SVHN):  # type: ignore[misc]
        split_list = {split: [*entry[:2], None] for split, entry in datasets.SVHN.split_list.items()}

    return Unchecked
