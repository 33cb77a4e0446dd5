"""The contract of datasets whose examples are pictures in files, and their one way from files to the device."""

from __future__ import annotations

import hashlib
import os
import sys
import zlib
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, Strict, model_validator
from pydantic_core import PydanticCustomError

from benchmark.parts.datasets.images.prepare import Resize, pixels, resized
from benchmark.spec.levels import Range, ValueRange, on_host
from benchmark.spec.parts import DATASETS, Data, DataError, Dataset, Shape

if TYPE_CHECKING:
    from PIL.Image import Image

#: raised whenever decoding or preparation changes what comes out; part of every cache's key
PREPARATION_VERSION = 2
#: side of a square picture, in pixels
Side = Annotated[int, Field(ge=4, le=1024)]
#: 0 for any split, plus this times a hash of its name: no two splits' stand-ins show the same picture
_STAND_IN_SPLITS = 997
_BLOCK = 1 << 20
_MD5_DIGITS = 32


@dataclass(frozen=True)
class PictureSource:
    """Pictures as they lie in files: ``names`` below ``place``, in the examples' order."""

    place: Path
    count: int
    picture: Callable[[int], Image]
    names: Sequence[str]
    #: what people call picture i
    shown: Callable[[int], str]
    #: uint8 (n, channels, height, width) where the files hold plain levels, which are read whole
    levels: np.ndarray | None = None
    #: files that are passed over, by their ending
    passed: Mapping[str, int] = field(default_factory=dict)
    #: what decoding converted, a line each time
    converted: list[str] = field(default_factory=list)

    def digest(self) -> str:
        """SHA-256 of names and content."""
        state = hashlib.sha256()
        for name in self.names:
            state.update(os.fsencode(name) + f"\0{os.stat(self.place / name).st_size}\n".encode())
            with (self.place / name).open("rb") as stream:
                while block := stream.read(_BLOCK):
                    state.update(block)
        return state.hexdigest()

    def passed_over(self) -> str:
        """What is passed over, in words; empty where nothing is."""
        counts = ", ".join(f"{count:,} {ending}" for ending, count in sorted(self.passed.items()))
        return f"passed over: {counts}" if counts else ""


class Pictures(Dataset):
    """Square pictures of ``size`` pixels, cropped and resized as the settings say. Not a part by itself."""

    kind = "images"
    channels: ClassVar[int] = 3
    #: side of the pictures after their crop; None where they differ
    native: ClassVar[int | None] = None
    size: Side
    resize: Resize
    value_range: ValueRange

    def image_range(self) -> Range:
        low, high = self.value_range
        return (low, high)

    @abstractmethod
    def picture_count(self) -> int:
        """Number of pictures in the files of the split."""

    def published(self) -> Mapping[str, str]:
        """Published SHA-256 or MD5 of the split's files, by their path below the root; empty where none is known."""
        return {}

    @abstractmethod
    def source(self, root: Path) -> PictureSource:
        """Open the files, whatever they hold; raises :class:`DataError`."""

    @abstractmethod
    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        """Write the split's files in their own layout; ``pictures`` is uint8 (n, *``stand_in_size``, channels)."""

    def stand_in_size(self) -> tuple[int, int]:
        """Height and width of pictures in the files that :meth:`write_stand_in` writes."""
        side = self.native or self.size
        return (side, side)

    def mirrored(self) -> bool:
        """Whether every picture is followed, after all others, by its mirror image."""
        return False

    def prepared(self, picture: Image) -> Image:
        """Crop and resize one picture."""
        return resized(picture, self.size, self.size, self.resize)

    def cropped_side(self) -> int | None:
        """Side of a square picture after its crop, where that is known without looking."""
        return self.native

    @model_validator(mode="after")
    def _resize_fits(self) -> Self:
        side = self.cropped_side()
        if side is not None and (side == self.size) != (self.resize == "none"):
            if side == self.size:
                raise PydanticCustomError("resize", f"the pictures have size {side} already: write resize: none")
            raise PydanticCustomError("resize", f"size {self.size} from {side} needs a filter, not resize: none")
        return self

    def example_shape(self) -> Shape:
        return (self.channels, self.size, self.size)

    def example_count(self) -> int:
        return self.picture_count() * (2 if self.mirrored() else 1)

    def load(self, root: Path, device: str) -> Data:
        from benchmark.parts.datasets.images.cache import cache_folder

        return self.held(self.checked_source(root), cache_folder(root), device)

    def checked_source(self, root: Path) -> PictureSource:
        """The genuine files: every byte where published hashes are known, and the number of pictures."""
        from benchmark.parts.datasets.images.cache import file_hash

        message = self.missing(root)
        if message is not None:
            raise DataError(message)
        try:
            self._compare(root, lambda name, kind: file_hash(root / name, kind))
            return self._counted(root)
        except OSError as error:
            raise DataError(f"{self.name}: {error}") from error

    def problem(self, root: Path) -> str | None:
        from benchmark.parts.datasets.images.cache import cache_folder, file_hash, remembered

        def hashed(name: str, kind: str) -> str:
            return remembered(cache_folder(root), root, [name], kind, lambda: file_hash(root / name, kind))

        message = self.missing(root)
        if message is not None:
            return message
        try:
            self._compare(root, hashed)
            if not self.published():
                self._counted(root)
        except (DataError, OSError) as error:
            return str(error)
        return None

    def _compare(self, root: Path, hashed: Callable[[str, str], str]) -> None:
        """Raise :class:`DataError` where a file is not the published one; ``hashed`` takes a name and md5 or sha256."""
        for name, expected in self.published().items():
            digest = hashed(name, "md5" if len(expected) == _MD5_DIGITS else "sha256")
            if digest == expected:
                continue
            variants = (
                variant for _, part in DATASETS.items() for variant in part.variants() if isinstance(variant, Pictures)
            )
            whose = next((variant for variant in variants if digest in variant.published().values()), None)
            if whose is not None:
                kind = f"{whose.name}, split {getattr(whose, 'split', '')}"
                raise DataError(
                    f"{root / name} is that of {kind}, not of {self.name}, split {getattr(self, 'split', '')}"
                )
            raise DataError(
                f"{root / name} is not the published file of {self.name}: its hash is {digest}, "
                f"published is {expected}; remove it"
            )

    def _counted(self, root: Path) -> PictureSource:
        source = self.source(root)
        if source.count != self.picture_count():
            passed = f" ({source.passed_over()})" if source.passed else ""
            raise DataError(f"{source.place} holds {source.count:,} pictures, not {self.picture_count():,}{passed}")
        return source

    def held(self, source: PictureSource, cache: Path, device: str) -> Data:
        """Prepare the pictures, or take them from the cache, and hold them for ``device``."""
        from benchmark.parts.datasets.images.cache import decoded, remembered
        from benchmark.parts.datasets.images.resident import MappedImages, ResidentImages, fits

        shape = (source.count, *self.example_shape())
        if source.levels is not None:
            return ResidentImages(
                on_host(self._in_memory(source, source.levels)),
                device,
                value_range=self.image_range(),
                mirrored=self.mirrored(),
            )
        content = remembered(cache, source.place, source.names, "content", source.digest)
        label = f"{self.name} {self.size}x{self.size}"
        fresh: set[bool] = set()

        def example(index: int) -> np.ndarray:
            fresh.add(True)
            return self._example(source, index)

        try:
            images, fingerprint = decoded(
                cache,
                key={"files": content, "version": PREPARATION_VERSION, "preparation": self._preparation()},
                shape=shape,
                example=example,
                label=label,
            )
        except DataError as error:
            raise DataError(f"{source.place}: {error}") from error
        if fresh:
            _say(label, source)
        held = ResidentImages if fits(images.nbytes, device) else MappedImages
        return held(
            on_host(images), device, value_range=self.image_range(), fingerprint=fingerprint, mirrored=self.mirrored()
        )

    def _example(self, source: PictureSource, index: int) -> np.ndarray:
        try:
            picture = source.picture(index)
            if min(picture.size) < self.size:
                source.converted.append(f"smaller than {self.size}x{self.size}")
            return pixels(self.prepared(picture))
        except DataError as error:
            raise DataError(f"{source.shown(index)}: {error}") from error

    def _in_memory(self, source: PictureSource, levels: np.ndarray) -> np.ndarray:
        if self.resize == "none":
            return levels
        return np.stack([pixels(self.prepared(source.picture(index))) for index in range(source.count)])

    def _preparation(self) -> dict[str, object]:
        """What determines an example's levels but the files: settings, and the library that decodes."""
        import PIL

        settings = self.model_dump(mode="json", exclude={"mirror", "value_range"})
        return {"dataset": self.name, **settings, "pillow": PIL.__version__}

    def stand_in(self, root: Path, count: int) -> PictureSource:
        """Write ``count`` generated pictures below the empty folder ``root`` and open them as the genuine ones."""
        from benchmark.parts.datasets.images.blobs import blobs

        first = zlib.crc32(str(getattr(self, "split", "")).encode()) % _STAND_IN_SPLITS * count
        height, width = self.stand_in_size()
        self.write_stand_in(root, blobs(count, height, width, self.channels, first=first))
        source = self.source(root)
        if source.count != count:
            raise DataError(f"{source.place}: {source.count:,} pictures, the stand-in has {count:,}")
        return source


def _say(label: str, source: PictureSource) -> None:
    """Tell what was converted and passed over, with counts."""
    said = [f"{count:,} {what}" for what, count in sorted(Counter(source.converted).items())]
    converted = f"of {source.count:,} pictures {'; '.join(said)}" if said else ""
    text = "; ".join(filter(None, [converted, source.passed_over()]))
    if text:
        print(f"{label}: {text}", file=sys.stderr, flush=True)


#: red, green, blue
Level = Annotated[int, Field(ge=0, le=255)]
Background = Annotated[tuple[Level, ...], Strict(False), Field(min_length=3, max_length=3)]


class Photographs(Pictures):
    """Pictures in encoded files, decoded once into a cache. Not a part by itself."""

    #: left out of a run's id where there is none
    background: Annotated[
        Background | None,
        Field(exclude_if=lambda value: value is None, description="levels behind transparent pictures, else refused"),
    ] = None
    mirror: Annotated[bool, Field(description="every picture appears a second time, mirrored; an epoch shows both")]

    def mirrored(self) -> bool:
        return self.mirror
