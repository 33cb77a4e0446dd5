"""From a picture as a file holds it to the square that is trained on, all in Pillow: plain RGB, cropped and resized.

Pillow's filters are antialiased: their support widens with the reduction. Enlarging, they are the plain filters.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

import numpy as np

from benchmark.spec.parts import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

_PLAIN = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")
_ORIENTATION = 0x0112
#: ``none``: the picture already has the size wanted, which is checked; the others are Pillow's filters of that name
Resize = Literal["none", "nearest", "box", "bilinear", "bicubic", "lanczos"]
#: left, top, right, bottom; right and bottom are outside
Box = tuple[int, int, int, int]


def rgb(picture: Image, background: tuple[int, ...] | None, converted: list[str]) -> Image:
    """``picture``, not yet loaded, upright and in sRGB; what is converted is added to ``converted``.

    Raises :class:`DataError` for what has no one meaning: several frames, inks, hidden colours without a background.
    """
    from PIL import Image

    if picture.format != "MPO" and getattr(picture, "is_animated", False):
        raise DataError(f"it is animated, with {getattr(picture, 'n_frames', 0)} frames")
    orientation = picture.getexif().get(_ORIENTATION, 1)
    deep = ";16" in f"{picture.mode} {getattr(picture, 'tile', '')}"
    if deep:
        converted.append("of 16 bits, brought to 8")
        if "transparency" in picture.info:
            raise DataError("it has 16 bits and a transparent level: save it with 8")
    picture = _eight_bits(picture)
    alpha = picture.convert("RGBA").getchannel("A") if picture.has_transparency_data else None
    plain = _in_srgb(picture, converted)
    if alpha is not None and alpha.getextrema() != (255, 255):
        if background is None:
            raise DataError("it is transparent in places: name a background, such as background: [255, 255, 255]")
        plain = Image.composite(plain, Image.new("RGB", plain.size, background), alpha)
        converted.append("laid on the background")
    return _upright(plain, orientation, converted)


def _eight_bits(picture: Image) -> Image:
    """Grey levels of 16 bits by their high byte, as Pillow reads colours of 16 bits."""
    from PIL import Image

    if not picture.mode.startswith("I;16"):
        if picture.mode not in _PLAIN:
            raise DataError(f"it is {picture.mode}: save it as RGB")
        return picture
    eight = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    eight.info = picture.info
    return eight


def _in_srgb(picture: Image, converted: list[str]) -> Image:
    from PIL import ImageCms

    embedded = picture.info.get("icc_profile")
    if not embedded:
        return picture.convert("RGB")
    try:
        profile = ImageCms.getOpenProfile(io.BytesIO(embedded))
        name = ImageCms.getProfileDescription(profile).strip()
        if "srgb" in name.lower():
            return picture.convert("RGB")
        grey = profile.profile.xcolor_space.strip() == "GRAY"
        colours = ImageCms.profileToProfile(
            picture.convert("L" if grey else "RGB"), profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError) as error:
        raise DataError(f"its colour profile cannot be used ({str(error).strip()})") from error
    assert colours is not None
    converted.append(f"brought to sRGB from {ascii(name)[1:-1]}")
    return colours


def _upright(picture: Image, orientation: int, converted: list[str]) -> Image:
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    if orientation not in turns:
        return picture
    converted.append("turned as their EXIF says")
    return picture.transpose(turns[orientation])


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
