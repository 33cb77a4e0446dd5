"""Pictures from stored samples: grids beside real data, progress strips, points on D's value surface."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Arrays = Mapping[str, np.ndarray]

REAL_COLOUR = "#E69F00"
FAKE_COLOUR = "#009E73"
#: read on white and on black
_INK = "#7B818A"
_DPI = 144
#: inches that panels of one row have
_PAGE = 9.4
_STYLE: Any = {"font.family": "DejaVu Sans", "font.size": 7.5, "text.color": _INK, "text.parse_math": False}


@dataclass(frozen=True)
class Picture:
    """An image for the page: a data URI, what it shows in words, and its size in CSS pixels."""

    uri: str
    says: str
    width: int
    height: int
    caption: str = ""
    #: a grid of small images, enlarged without smoothing
    pixelated: bool = False


def has_images(arrays: Arrays) -> bool:
    """Whether the samples are images: (s, n, channels, height, width) uint8."""
    return "samples" in arrays and arrays["samples"].ndim == 5 and len(arrays["samples"]) > 0


def has_points(arrays: Arrays) -> bool:
    """Whether the samples are points of the plane: (s, n, 2)."""
    return "samples" in arrays and arrays["samples"].ndim == 3 and arrays["samples"].shape[2] == 2


def spaced(count: int, most: int) -> list[int]:
    """At most ``most`` indices below ``count``, evenly spread, the last always among them."""
    return sorted({round(index) for index in np.linspace(0, count - 1, min(count, most))})


def shrunk(images: np.ndarray, side: int) -> np.ndarray:
    """Images (..., height, width) uint8, averaged over blocks until no wider than ``side``."""
    factor = math.ceil(images.shape[-1] / side)
    if factor == 1:
        return images
    height, width = (size // factor * factor for size in images.shape[-2:])
    # whole numbers, row by row and column by column of the blocks: a mean over two inner axes is many times as slow
    rows = _summed(images[..., :height, :width], factor, axis=-2)
    sums = _summed(rows, factor, axis=-1)
    small: np.ndarray = np.rint(sums / factor**2).astype(np.uint8)
    return small


def _summed(images: np.ndarray, factor: int, *, axis: Literal[-2, -1]) -> np.ndarray:
    """Sums of ``factor`` neighbours along an axis, which it divides."""
    shifted = [images[..., start::factor, :] if axis == -2 else images[..., start::factor] for start in range(factor)]
    total = shifted[0].astype(np.uint32)
    for value in shifted[1:]:
        total += value
    return total


def image_grid(images: np.ndarray, columns: int, says: str, caption: str, *, apart: bool = False) -> Picture:
    """Images (n, channels, height, width) uint8 in rows of ``columns``, one clear pixel between them.

    ``apart`` sets the first column off from the others.
    """
    count, channels, height, width = images.shape
    rows = math.ceil(count / columns)
    gap = max(4, width // 6) if apart else 0
    sheet = np.zeros((rows * (height + 1) + 1, columns * (width + 1) + 1 + gap, channels + 1), np.uint8)
    for index, image in enumerate(images):
        top, left = (index // columns) * (height + 1) + 1, (index % columns) * (width + 1) + 1
        left += gap if index % columns else 0
        sheet[top : top + height, left : left + width, :-1] = image.transpose(1, 2, 0)
        sheet[top : top + height, left : left + width, -1] = 255
    zoom = max(1, math.ceil(28 / width))
    return Picture(_encoded(sheet), says, sheet.shape[1] * zoom, sheet.shape[0] * zoom, caption, zoom > 1)


def progress_strip(arrays: Arrays, shots: int, rows: int, side: int, says: str, caption: str) -> Picture:
    """One column per kept snapshot, one row per fixed noise: how the same samples change over training."""
    chosen = spaced(len(arrays["samples"]), shots)
    strip = shrunk(arrays["samples"][chosen, :rows], side)  # (columns, rows, channels, height, width)
    images = strip.transpose(1, 0, 2, 3, 4).reshape(-1, *strip.shape[2:])
    return image_grid(images, len(chosen), says, caption)


def neighbour_rows(arrays: Arrays, rows: int, side: int, says: str, caption: str) -> Picture:
    """A generated image a row, and right of a gap the training images nearest to it, the nearest first."""
    near = arrays["neighbours"][:rows]  # (rows, k, channels, height, width)
    images = np.concatenate([arrays["samples"][-1][: len(near), None], near], axis=1)
    return image_grid(shrunk(images.reshape(-1, *near.shape[2:]), side), images.shape[1], says, caption, apart=True)


@dataclass(frozen=True)
class Panel:
    """Points of one moment of a run."""

    title: str
    arrays: Arrays
    shot: int


def point_panels(
    rows: Sequence[tuple[str, Sequence[Panel]]], columns: str, points: int, says: str, caption: str
) -> Picture:
    """Generated points over real ones on D's probability: a row per system, ``columns`` says what a column is.

    The probability is the logistic function of the stored raw output; a run without a surface has a plain ground.
    """
    across = max(len(line) for _, line in rows)
    same = len({tuple(panel.title for panel in line) for _, line in rows}) == 1
    side, head, name_width = min(1.32, _PAGE / across), 0.46, 0.28
    size = (name_width + across * side, head + len(rows) * (side + (0.03 if same else 0.16)))
    import matplotlib
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    grey = (0.5, 0.53, 0.57)
    clear_to_grey = LinearSegmentedColormap.from_list("ground", [(*grey, 0.0), (*grey, 0.75)])
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=size, facecolor="none")
        grid = figure.subplots(len(rows), across, squeeze=False)
        figure.subplots_adjust(
            left=name_width / size[0],
            right=0.995,
            bottom=0.02 / size[1],
            top=1 - head / size[1],
            wspace=0.05,
            hspace=0.05 if same else 0.16,
        )
        for index, (name, line) in enumerate(rows):
            for axes in grid[index]:
                axes.set_axis_off()
            for axes, panel in zip(grid[index], line, strict=False):
                arrays, shot, extent = panel.arrays, panel.shot, _extent(panel.arrays)
                if "value_surface" in arrays:
                    axes.imshow(
                        _logistic(arrays["value_surface"][shot]),
                        origin="lower",
                        extent=(-extent, extent, -extent, extent),
                        cmap=clear_to_grey,
                        vmin=0.0,
                        vmax=1.0,
                        interpolation="bilinear",
                    )
                real, fake = arrays["real"][:points], arrays["samples"][shot][:points]
                axes.scatter(real[:, 0], real[:, 1], s=2.6, c=REAL_COLOUR, linewidths=0)
                axes.scatter(fake[:, 0], fake[:, 1], s=1.6, c=FAKE_COLOUR, linewidths=0, alpha=0.8)
                axes.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal")
                if index == 0 or not same:
                    axes.set_title(panel.title, fontsize=7.5, pad=2.5, color=_INK)
            first = grid[index][0]
            first.text(-0.07, 0.5, name, rotation=90, ha="right", va="center", transform=first.transAxes)
        _key(figure, size, columns)
        stream = io.BytesIO()
        figure.savefig(stream, format="rgba", dpi=_DPI)
    pixels = np.frombuffer(stream.getvalue(), np.uint8).reshape(int(size[1] * _DPI), int(size[0] * _DPI), 4)
    return Picture(
        _encoded(np.ascontiguousarray(pixels), quality=88), says, round(size[0] * 96), round(size[1] * 96), caption
    )


def _key(figure: Figure, size: tuple[float, float], columns: str) -> None:
    """A line above the panels: what the columns are, what the colours mean."""
    top = 1 - 0.12 / size[1]
    figure.text(0.01, top, f"columns: {columns}", va="center")
    for left, colour, text in ((1.35, REAL_COLOUR, "real"), (1.95, FAKE_COLOUR, "generated")):
        if left + 0.6 < size[0]:
            figure.text(left / size[0], top, "\N{BLACK CIRCLE}", color=colour, va="center")
            figure.text((left + 0.13) / size[0], top, text, va="center")
    if size[0] > 4.2:
        figure.text(2.95 / size[0], top, "ground: D's probability, stronger = real", va="center")


def _extent(arrays: Arrays) -> float:
    if "extent" in arrays:
        return float(np.max(np.abs(arrays["extent"])))
    return 1.1 * float(np.abs(arrays["real"]).max())


def _logistic(raw: np.ndarray) -> np.ndarray:
    result: np.ndarray = 0.5 * (1 + np.tanh(0.5 * raw.astype(np.float64)))
    return result


def _encoded(pixels: np.ndarray, quality: int = 85) -> str:
    """Grey pictures as PNG, which keeps every pixel; colour as WebP, which keeps the page small. Both may be clear."""
    from PIL import Image

    stream = io.BytesIO()
    if pixels.shape[2] == 2:
        Image.fromarray(pixels, "LA").save(stream, "PNG", optimize=True)
        kind = "png"
    else:
        Image.fromarray(pixels, "RGBA").save(stream, "WEBP", quality=quality, method=4)
        kind = "webp"
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode()}"
