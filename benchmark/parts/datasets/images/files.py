"""Pictures in encoded files below a data root, out of which no path may lead."""

from __future__ import annotations

import os
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from benchmark.parts.datasets.images.pictures import PictureSource
from benchmark.parts.datasets.images.prepare import rgb
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


def picture_names(root: Path, place: Path) -> tuple[list[str], Counter[str]]:
    """Picture files below ``place``, relative to it, sorted by code point, and what else lies there, by its ending.

    Hidden files are passed over without a word.
    """
    passed: Counter[str] = Counter()
    return sorted(_walk(root, inside(root, place), "", passed)), passed


def _walk(root: Path, place: Path, prefix: str, passed: Counter[str]) -> Iterator[str]:
    with os.scandir(place / prefix) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            shown = printable(entry.path)
            if entry.is_symlink() and entry.is_dir():
                raise DataError(f"{shown} is a linked folder: place the folder itself there")
            if entry.is_dir():
                yield from _walk(root, place, f"{prefix}{entry.name}/", passed)
            elif not entry.name.lower().endswith(SUFFIXES):
                passed[printable(Path(entry.name).suffix.lower()) or "without ending"] += 1
            elif not entry.is_file():
                raise DataError(f"{shown} is no file: remove it")
            else:
                if entry.is_symlink():
                    inside(root, Path(entry.path))
                yield prefix + entry.name


def printable(name: str) -> str:
    """A file's name as it may be shown, whatever its bytes."""
    return os.fsencode(name).decode(errors="backslashreplace")


def from_files(
    place: Path, names: Sequence[str], background: tuple[int, ...] | None, passed: Mapping[str, int]
) -> PictureSource:
    """A source over encoded files."""
    converted: list[str] = []
    return PictureSource(
        place,
        len(names),
        lambda index: decode(place / names[index], background, converted),
        names,
        lambda index: printable(names[index]),
        passed=passed,
        converted=converted,
    )


def decode(file: Path | IO[bytes], background: tuple[int, ...] | None, converted: list[str]) -> Image:
    """An RGB picture as it is meant to be seen; a :class:`DataError` tells why there is none."""
    from PIL import Image, UnidentifiedImageError
    from PIL.Image import DecompressionBombError

    try:
        with Image.open(file, formats=_FORMATS) as picture:
            return rgb(picture, background, converted)
    except UnidentifiedImageError as error:  # its message has the whole path, whatever bytes that has
        raise DataError(f"not a readable picture (it is none of {', '.join(_FORMATS)})") from error
    except (OSError, SyntaxError, ValueError, struct.error, DecompressionBombError) as error:
        raise DataError(f"not a readable picture ({(str(error).splitlines() or [''])[0]})") from error


def write_pictures(place: Path, pictures: Sequence[Image], names: Sequence[str]) -> None:
    """Write JPEG files, for stand-ins."""
    place.mkdir(parents=True)
    for name, picture in zip(names, pictures, strict=True):
        picture.save(place / name, quality=95)
