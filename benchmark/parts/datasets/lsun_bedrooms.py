"""LSUN bedrooms (Yu et al. 2015): the published LMDB through torchvision, or the same pictures in a folder."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from benchmark.parts.datasets.image_folder import CroppedPhotographs
from benchmark.parts.datasets.images.files import decoding, from_files, inside, picture_names, write_pictures
from benchmark.parts.datasets.images.pictures import Source
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import DATASETS, DataError

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_COUNTS = {"train": 3_033_042, "val": 300}
_LMDB_DATA = "data.mdb"


@DATASETS.register("lsun_bedrooms")
class LSUNBedrooms(CroppedPhotographs):
    """Bedrooms, the smaller side 256: 3,033,042 to train on, 300 to validate. A subset is an ``image_folder``."""

    split: Literal["train", "val"]

    def picture_count(self) -> int:
        return _COUNTS[self.split]

    def missing(self, root: Path) -> str | None:
        database, folder = self._database(root), self._folder(root)
        if (database / _LMDB_DATA).is_file():
            if importlib.util.find_spec("lmdb") is not None or folder.is_dir():
                return None
            return f"{database} needs the package lmdb (pip install lmdb), or its pictures as files in {folder}"
        if folder.is_dir():
            return None
        return (
            f"{database} is missing: unpack LSUN's bedroom_{self.split}_lmdb.zip in {root}, or place the "
            f"{self.picture_count():,} pictures in {folder}; it is not downloaded from here"
        )

    def fetch(self, root: Path) -> None:
        message = self.missing(root)
        if message is not None:
            raise DataError(message)

    def source(self, root: Path, *, genuine: bool) -> Source:
        database = self._database(root)
        if (database / _LMDB_DATA).is_file() and importlib.util.find_spec("lmdb") is not None:
            return _from_database(inside(root, database))
        return from_files(self._folder(root), picture_names(root, self._folder(root)))

    def stand_in_size(self) -> tuple[int, int]:
        return (256, 341)

    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        from PIL import Image

        names = [f"{number:04d}.jpg" for number in range(len(pictures))]
        write_pictures(self._folder(root), [Image.fromarray(picture) for picture in pictures], names)

    @classmethod
    def variants(cls) -> list[Self]:
        return [
            cls(split=split, crop="centre", size=64, resize="lanczos", mirror=False, value_range=SYMMETRIC)
            for split in ("train", "val")
        ]

    def _database(self, root: Path) -> Path:
        return root / f"bedroom_{self.split}_lmdb"

    def _folder(self, root: Path) -> Path:
        return root / f"bedroom_{self.split}"


def _from_database(database: Path) -> Source:
    """A source over an LMDB of encoded pictures, in the order of their keys."""
    import lmdb
    from torchvision.datasets import VisionDataset
    from torchvision.datasets.lsun import LSUNClass

    class Bedrooms(LSUNClass):  # type: ignore[misc]
        """torchvision's reader, opened without the pickle of all keys that it keeps in the current folder."""

        def __init__(self) -> None:
            VisionDataset.__init__(self, str(database))
            self.env = lmdb.open(str(database), readonly=True, lock=False, readahead=False, meminit=False)
            with self.env.begin() as transaction:
                self.keys = list(transaction.cursor().iternext(keys=True, values=False))
            self.length = len(self.keys)

    try:
        bedrooms = Bedrooms()
    except lmdb.Error as error:
        raise DataError(f"{database}: not a readable LMDB ({error})") from error

    def picture(index: int) -> Image:
        with decoding(f"{database}: picture {bedrooms.keys[index]!r}"):
            found: Image = bedrooms[index][0]
        return found

    return Source(database, len(bedrooms), picture, [_LMDB_DATA])
