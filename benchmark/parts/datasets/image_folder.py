"""Any folder of pictures below the data root, and CZ (Curto et al. 2017), whose pictures are placed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import Field

from benchmark.parts.datasets.images.files import Folder, from_files, picture_names, write_pictures
from benchmark.parts.datasets.images.pictures import Photographs, PictureSource
from benchmark.parts.datasets.images.prepare import centred
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import DATASETS

if TYPE_CHECKING:
    from PIL.Image import Image

#: ``centre``: the largest centred square; ``none``: the whole picture, squeezed into a square unless it is one
FolderCrop = Literal["none", "centre"]


class FolderOfPictures(Photographs):
    """Pictures of any size in one folder and the folders in it, ordered by name, cropped to a square. Not a part."""

    crop: FolderCrop

    def prepared(self, picture: Image) -> Image:
        box = centred(*picture.size, min(picture.size))
        return super().prepared(picture.crop(box) if self.crop == "centre" else picture)

    def place(self, root: Path) -> Path:
        """Where the pictures lie."""
        raise NotImplementedError

    def missing(self, root: Path) -> str | None:
        if self.place(root).is_dir():
            return None
        return (
            f"{self.place(root)} is missing: place {self.picture_count():,} pictures (jpg, png, webp or bmp) there; "
            "they are not downloaded from here"
        )

    def source(self, root: Path) -> PictureSource:
        names, passed = picture_names(root, self.place(root))
        return from_files(self.place(root), names, self.background, passed)

    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        from PIL import Image

        names = [f"{number:04d}.jpg" for number in range(len(pictures))]
        write_pictures(self.place(root), [Image.fromarray(picture) for picture in pictures], names)


@DATASETS.register("image_folder")
class ImageFolder(FolderOfPictures):
    """The ``images`` pictures below the folder ``folder`` of the data root."""

    folder: Folder
    images: Annotated[int, Field(ge=1, description="number of pictures in the folder, which is checked")]

    def picture_count(self) -> int:
        return self.images

    def place(self, root: Path) -> Path:
        return root / self.folder

    @classmethod
    def variants(cls) -> list[Self]:
        """None: what a folder holds is told by a spec alone."""
        return []


@DATASETS.register("cz")
class CZ(FolderOfPictures):
    """Curto and Zarza's balanced faces: 14,248 pictures, mirrored copies among them, in the folder ``cz``."""

    def picture_count(self) -> int:
        return 14_248

    def place(self, root: Path) -> Path:
        return root / "cz"

    @classmethod
    def variants(cls) -> list[Self]:
        return [cls(crop="centre", size=128, resize="lanczos", mirror=False, value_range=SYMMETRIC)]
