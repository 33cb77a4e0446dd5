"""From a picture as it is distributed to the square that is trained on, all in Pillow.

Pillow's filters are antialiased: their support widens with the reduction. Enlarging, they are the plain filters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from benchmark.spec.parts import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

#: ``none``: the picture already has the size wanted, which is checked; the others are Pillow's filters of that name
Resize = Literal["none", "nearest", "box", "bilinear", "bicubic", "lanczos"]
#: left, top, right, bottom; right and bottom are outside
Box = tuple[int, int, int, int]


def centred(width: int, height: int, side: int) -> Box:
    """The centred square of a picture; an odd remainder leaves the smaller part at the left and at the top."""
    left, top = (width - side) // 2, (height - side) // 2
    return (left, top, left + side, top + side)


def resized(picture: Image, width: int, height: int, resize: Resize) -> Image:
    """``picture`` at the size wanted; under ``none`` it must have it already, else :class:`DataError`."""
    from PIL.Image import Resampling

    if resize != "none":
        return picture.resize((width, height), Resampling[resize.upper()])
    if picture.size != (width, height):
        size = "x".join(map(str, picture.size))
        raise DataError(f"a picture is {size} after its crop, not {width}x{height}: name a filter under resize")
    return picture


def pixels(picture: Image) -> np.ndarray:
    """uint8 (channels, height, width) of a grey or RGB picture."""
    levels = np.asarray(picture, dtype=np.uint8)
    return levels[None] if levels.ndim == 2 else levels.transpose(2, 0, 1)
