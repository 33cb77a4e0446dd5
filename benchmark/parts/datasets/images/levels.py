"""Datasets whose files hold plain levels: opened by torchvision's classes and read whole."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.parts.datasets.images.pictures import Source
from benchmark.spec.parts import DataError

if TYPE_CHECKING:
    import numpy as np

#: what torchvision and the readers below it raise on files that are damaged or not what their names say
_UNREADABLE = (OSError, RuntimeError, ValueError, KeyError, TypeError, EOFError, AssertionError, pickle.UnpicklingError)

_LONGEST_REASON = 200


def by_torchvision(place: Path, make: Callable[[], Any]) -> Any:
    """The torchvision dataset that ``make`` builds from files at ``place``; damaged ones are a :class:`DataError`."""
    try:
        return make()
    except RuntimeError as error:  # torchvision's own message offers a download
        raise DataError(f"{place}: a file is not the published one, by its checksum: remove it") from error
    except _UNREADABLE as error:
        raise DataError(f"{place}: a file is damaged ({_in_one_line(error)}): remove it") from error


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
        one = levels[index]
        return Image.fromarray(one[0] if len(one) == 1 else one.transpose(1, 2, 0).copy())

    return Source(place, len(levels), picture, names, levels)


def _in_one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__
