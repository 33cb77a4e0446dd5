"""Datasets whose files hold plain levels: opened by torchvision's classes and read whole."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.datasets.images.pictures import Source
from benchmark.spec.parts import DataError

if TYPE_CHECKING:
    import numpy as np

#: what torchvision and the readers below it raise on files that are damaged or not what their names say
_UNREADABLE = (OSError, RuntimeError, ValueError, KeyError, TypeError, EOFError, AssertionError, pickle.UnpicklingError)


def by_torchvision(make: Callable[[], Any]) -> Any:
    """The torchvision dataset that ``make`` builds from files; damaged ones are a :class:`DataError`."""
    try:
        return make()
    except _UNREADABLE as error:
        raise DataError(f"a file is damaged or not the published one: {_first_line(error)}") from error


def fetched(download: Callable[[], Any]) -> None:
    """Let torchvision download; what fails is a :class:`DataError`."""
    try:
        download()
    except _UNREADABLE as error:
        raise DataError(f"the download failed: {_first_line(error)}") from error


def from_levels(place: Path, names: Sequence[str], levels: np.ndarray) -> Source:
    """A source over uint8 ``levels`` (n, channels, height, width)."""
    from PIL import Image

    def picture(index: int) -> Image.Image:
        one = levels[index]
        return Image.fromarray(one[0] if len(one) == 1 else one.transpose(1, 2, 0).copy())

    return Source(place, len(levels), picture, names, levels)


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
