"""LSUN bedrooms (Yu et al. 2015): the published LMDB through torchvision, or the same pictures in a folder."""

from __future__ import annotations

import functools
import importlib.util
import io
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from benchmark.parts.datasets.image_folder import FolderOfPictures
from benchmark.parts.datasets.images.files import decode, inside
from benchmark.parts.datasets.images.pictures import PictureSource
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import DATASETS, DataError

if TYPE_CHECKING:
    from PIL.Image import Image

_COUNTS = {"train": 3_033_042, "val": 300}
_LMDB_DATA = "data.mdb"


@DATASETS.register("lsun_bedrooms")
class LSUNBedrooms(FolderOfPictures):
    """Bedrooms, the smaller side 256: 3,033,042 to train on, 300 to validate. A subset is an ``image_folder``."""

    split: Literal["train", "val"]

    def picture_count(self) -> int:
        return _COUNTS[self.split]

    def place(self, root: Path) -> Path:
        return root / f"bedroom_{self.split}"

    def missing(self, root: Path) -> str | None:
        database, folder = self._database(root), self.place(root)
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

    def source(self, root: Path) -> PictureSource:
        database = self._database(root)
        if (database / _LMDB_DATA).is_file() and importlib.util.find_spec("lmdb") is not None:
            return _from_database(inside(root, database), self.background)
        return super().source(root)

    def stand_in_size(self) -> tuple[int, int]:
        return (256, 341)

    @classmethod
    def variants(cls) -> list[Self]:
        return [
            cls(split=split, crop="centre", size=64, resize="lanczos", mirror=False, value_range=SYMMETRIC)
            for split in ("train", "val")
        ]

    def _database(self, root: Path) -> Path:
        return root / f"bedroom_{self.split}_lmdb"


def _from_database(database: Path, background: tuple[int, ...] | None) -> PictureSource:
    """A source over an LMDB of encoded pictures, in the order of their keys."""
    import lmdb

    try:
        environment = lmdb.open(str(database), readonly=True, lock=False, readahead=False, meminit=False)
        count = environment.stat()["entries"]
    except lmdb.Error as error:
        raise DataError(f"{database}: not a readable LMDB ({error})") from error

    @functools.cache
    def keys() -> list[bytes]:
        with environment.begin() as transaction:
            return list(transaction.cursor().iternext(keys=True, values=False))

    def picture(index: int) -> Image:
        with environment.begin() as transaction:
            content = transaction.get(keys()[index]) or b""
        return decode(io.BytesIO(content), background, converted)

    converted: list[str] = []
    return PictureSource(
        database, count, picture, [_LMDB_DATA], lambda index: f"picture {keys()[index]!r}", converted=converted
    )
