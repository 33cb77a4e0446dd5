"""CelebA (Liu et al. 2015), the aligned pictures of 178x218, in torchvision's layout, with the crops in use.

Which crop is taken moves every score, so a spec names it. Files are read here and not through torchvision's class,
which asks for four lists of attributes that no generator needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from benchmark.parts.datasets.images.files import from_files, inside, picture_names, write_pictures
from benchmark.parts.datasets.images.pictures import Photographs, PictureSource
from benchmark.parts.datasets.images.prepare import Box, centred, resized
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import DATASETS, DataError

if TYPE_CHECKING:
    from PIL.Image import Image

_COUNTS = {"all": 202_599, "train": 162_770, "valid": 19_867, "test": 19_962}
_CODES = {"train": "0", "valid": "1", "test": "2"}
_WIDTH, _HEIGHT = 178, 218
_FOLDER = "celeba"
_PICTURES = "img_align_celeba"
_PARTITION = "list_eval_partition.txt"

#: ``face_128``: 128x128 centred on column 89, row 121 (PGGAN); ``centre_108``: a DCGAN program; ``centre_160``: Compare
#: GAN; ``centre_178``: the largest centred square; ``rows_7_to_71``: resized to 64x78, then its rows 7 to 70 (AGE);
#: ``none``: the whole picture, squeezed into a square
Crop = Literal["none", "face_128", "centre_108", "centre_160", "centre_178", "rows_7_to_71"]
_BOXES: dict[str, Box] = {
    "face_128": (25, 57, 153, 185),
    **{f"centre_{side}": centred(_WIDTH, _HEIGHT, side) for side in (108, 160, 178)},
}


@DATASETS.register("celeba")
class CelebA(Photographs):
    """Faces: 202,599, of which 162,770 to train on, 19,867 to validate, 19,962 to test."""

    split: Literal["all", "train", "valid", "test"]
    crop: Crop

    @model_validator(mode="after")
    def _whole_needs_filter(self) -> Self:
        if self.cropped_side() is None and self.resize == "none":
            raise PydanticCustomError("resize", f"crop: {self.crop} needs a filter, not resize: none")
        if self.crop == "rows_7_to_71" and self.size != 64:
            raise PydanticCustomError("resize", "crop: rows_7_to_71 gives size 64")
        return self

    def picture_count(self) -> int:
        return _COUNTS[self.split]

    def cropped_side(self) -> int | None:
        box = _BOXES.get(self.crop)
        return None if box is None else box[2] - box[0]

    def prepared(self, picture: Image) -> Image:
        if picture.size != (_WIDTH, _HEIGHT):
            raise DataError(
                f"a picture is {picture.size[0]}x{picture.size[1]}, the aligned ones are {_WIDTH}x{_HEIGHT}"
            )
        if self.crop == "rows_7_to_71":
            return resized(picture, 64, 78, self.resize).crop((0, 7, 64, 71))
        box = _BOXES.get(self.crop)
        return super().prepared(picture if box is None else picture.crop(box))

    def missing(self, root: Path) -> str | None:
        pictures = root / _FOLDER / _PICTURES
        if not pictures.is_dir():
            return (
                f"{pictures} is missing: unpack img_align_celeba.zip of CelebA's authors in {root / _FOLDER} "
                f"(202,599 files 000001.jpg to 202599.jpg); it is not downloaded from here"
            )
        partition = root / _FOLDER / _PARTITION
        if self.split != "all" and not partition.is_file():
            return f"{partition} is missing: place CelebA's list of that name there, it tells split '{self.split}'"
        return None

    def source(self, root: Path) -> PictureSource:
        place = inside(root, root / _FOLDER / _PICTURES)
        names, passed = picture_names(root, place)
        if self.split != "all":
            known = set(names)
            names = self._of_split(inside(root, root / _FOLDER / _PARTITION))
            absent = next((name for name in names if name not in known), None)
            if absent is not None:
                raise DataError(f"{place / absent} is missing: unpack img_align_celeba.zip again")
        return from_files(place, names, self.background, passed)

    def _of_split(self, partition: Path) -> list[str]:
        rows = [line.split() for line in partition.read_text(encoding="utf-8").splitlines() if line.strip()]
        if any(len(row) != 2 or row[1] not in _CODES.values() for row in rows):
            raise DataError(f"{partition}: every line must be a file name and 0, 1 or 2")
        return [name for name, code in rows if code == _CODES[self.split]]

    def stand_in_size(self) -> tuple[int, int]:
        return (_HEIGHT, _WIDTH)

    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        from PIL import Image

        names = [f"{number:06d}.jpg" for number in range(1, len(pictures) + 1)]
        write_pictures(root / _FOLDER / _PICTURES, [Image.fromarray(picture) for picture in pictures], names)
        code = _CODES.get(self.split, "0")
        (root / _FOLDER / _PARTITION).write_text("".join(f"{name} {code}\n" for name in names), encoding="utf-8")

    @classmethod
    def variants(cls) -> list[Self]:
        return [cls(split="all", crop="face_128", size=128, resize="none", mirror=False, value_range=SYMMETRIC)]
