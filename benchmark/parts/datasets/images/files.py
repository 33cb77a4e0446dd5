"""Pictures in encoded files below a data root, out of which no path may lead."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from benchmark.parts.datasets.images.pictures import Source
from benchmark.spec.parts import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
#: the only decoders that are let near the files
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP")


def _below(text: str) -> str:
    path = PurePosixPath(text)
    if not path.parts or text != str(path) or path.is_absolute() or ".." in path.parts or "\\" in text or ":" in text:
        raise PydanticCustomError("folder", "must be a folder below the data root, such as faces or faces/large")
    if any(part.startswith(".") for part in path.parts) or not text.isprintable():
        raise PydanticCustomError("folder", "must name a folder that is not hidden, in printable characters")
    return text


#: a folder below the data root, as a spec writes it
Folder = Annotated[str, AfterValidator(_below)]


def inside(root: Path, path: Path) -> Path:
    """``path`` if it lies below ``root`` with all links followed; else :class:`DataError`."""
    if not path.resolve().is_relative_to(root.resolve()):
        raise DataError(f"{path} is a link that leads out of the data root {root}: place the files themselves there")
    return path


def picture_names(root: Path, place: Path) -> list[str]:
    """Names of all picture files below ``place``, relative to it, sorted by code point; hidden ones are passed over."""
    return sorted(_walk(root, inside(root, place), ""))


def _walk(root: Path, place: Path, prefix: str) -> Iterator[str]:
    with os.scandir(place / prefix) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_symlink() and entry.is_dir():
                raise DataError(f"{entry.path} is a linked folder: place the folder itself there")
            if entry.is_dir():
                yield from _walk(root, place, f"{prefix}{entry.name}/")
            elif entry.name.lower().endswith(SUFFIXES):
                if entry.is_symlink():
                    inside(root, Path(entry.path))
                yield prefix + entry.name


def from_files(place: Path, names: Sequence[str]) -> Source:
    """A source over encoded files."""
    return Source(place, len(names), lambda index: decode(place / names[index], str(place / names[index])), names)


def decode(file: Path, shown: str) -> Image:
    """An RGB picture; what cannot be decoded is a :class:`DataError` that names it."""
    from PIL import Image

    with decoding(shown), Image.open(file, formats=_FORMATS) as picture:
        return picture.convert("RGB")


@contextmanager
def decoding(shown: str) -> Iterator[None]:
    """Turn what Pillow raises on a file that is no picture, or too large a one, into a :class:`DataError`."""
    from PIL.Image import DecompressionBombError

    try:
        yield
    except (OSError, SyntaxError, ValueError, DecompressionBombError) as error:
        raise DataError(f"{shown}: not a readable picture ({str(error).splitlines()[0]})") from error


def write_pictures(place: Path, pictures: Sequence[Image], names: Sequence[str]) -> None:
    """Write JPEG files, for stand-ins."""
    place.mkdir(parents=True)
    for name, picture in zip(names, pictures, strict=True):
        picture.save(place / name, quality=95)
