"""Datasets whose files hold plain levels: read whole."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from benchmark.parts.datasets.images.pictures import Pictures, Source
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import DataError

#: what pickle, SciPy and torchvision raise on files that are damaged or not what their names say
_UNREADABLE = (OSError, RuntimeError, ValueError, KeyError, TypeError, EOFError, AssertionError, pickle.UnpicklingError)

_LONGEST_REASON = 200


class Levels(Pictures):
    """Square pictures of one side in files that hold plain levels. Not a part by itself."""

    #: number of pictures in each split
    counts: ClassVar[Mapping[str, int]]
    #: what a person does where files are missing
    placed: ClassVar[str]
    #: what is fetched, as ``data fetch`` names it
    fetches: ClassVar[str] = "{name}"
    split: str

    def picture_count(self) -> int:
        return self.counts[self.split]

    def missing(self, root: Path) -> str | None:
        file = next((root / name for name in self.published() if not (root / name).is_file()), None)
        if file is None:
            return None
        fetched = self.fetches.format(name=self.name, split=self.split)
        return (
            f"{file} is missing: {self.placed.format(root=root)}, or run: ganrepro data fetch {fetched} "
            f"--data-root {root}"
        )

    @classmethod
    def variants(cls) -> list[Self]:
        """Train and test as they are."""
        facts = {"size": cls.native, "resize": "none", "value_range": SYMMETRIC}
        return [cls.model_validate({"split": split, **facts}) for split in ("train", "test")]


@contextmanager
def reading(place: Path) -> Iterator[None]:
    """Turn what readers raise on files that are damaged into a :class:`DataError`."""
    try:
        yield
    except _UNREADABLE as error:
        raise DataError(f"{place} is damaged ({_in_one_line(error)}): remove it") from error


def fetched(download: Callable[[], Any]) -> None:
    """Let torchvision download; what fails is a :class:`DataError`."""
    try:
        download()
    except _UNREADABLE as error:
        raise DataError(f"the download failed: {_in_one_line(error)}") from error


def from_levels(place: Path, names: Sequence[str], levels: np.ndarray) -> Source:
    """A source over uint8 ``levels`` (n, channels, height, width)."""
    from PIL import Image

    def picture(index: int) -> Image.Image:
        level = levels[index]
        return Image.fromarray(level[0] if len(level) == 1 else level.transpose(1, 2, 0).copy())

    return Source(place, len(levels), picture, names, lambda index: f"picture {index}", levels)


def _in_one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__
