"""Line charts as SVG, the same byte for byte, readable on white and on black, small and drawn at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote
from xml.sax.saxutils import escape

import numpy as np

from benchmark.reporting.curve_charts import Band
from benchmark.reporting.numbers import fixed, short

#: Okabe and Ito's palette without black and yellow, which vanish on one of the two backgrounds
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#8A8A8A")
#: of a second round through the palette, and of a third
DASHES = ("", "6 2", "6 2 1.5 2", "1.5 2")
INK = "#7B818A"
WIDTH, HEIGHT = 460, 275
#: space around the plotted part; above it stands the legend, two entries a row
_LEFT, _RIGHT, _BOTTOM, _TOP = 52.0, 16.0, 40.0, 12.0
_COLUMNS, _COLUMN, _ROW = 2, 205, 15
_FACES = "system-ui,-apple-system,Segoe UI,Helvetica Neue,Arial,DejaVu Sans,sans-serif"
#: curves with no more points than this have a dot at each
_DOTTED = 40


@dataclass(frozen=True)
class Picture:
    """An image for the page: a data URI, what it shows in words, and its size in CSS pixels."""

    uri: str
    alt: str
    width: int
    height: int
    caption: str = ""
    #: a grid of small images, enlarged without smoothing
    pixelated: bool = False


@dataclass(frozen=True)
class Line:
    """One labelled curve of a chart, and where the paper prints a number of it, that number."""

    label: str
    band: Band
    published: float | None = None


def line_chart(
    title: str,
    lines: Sequence[Line],
    *,
    where: str,
    caption: str = "",
    y_range: tuple[float, float] | None = None,
    x_label: str = "iteration",
) -> Picture:
    """Draw medians over seeds with their range as a band. ``where`` says in the alt text whose curves they are."""
    entries = [(line.label, index) for index, line in enumerate(lines)]
    if any(line.published is not None for line in lines):
        entries.append(("published", -1))
    plot = _Plot.of(lines, y_range, top=_TOP + _ROW * math.ceil(len(entries) / _COLUMNS))
    room = f"M{_LEFT} {plot.top - 3}h{plot.width}v{plot.height + 6}h-{plot.width}z"
    parts = [
        *_grid(plot, x_label),
        f"<clipPath id='c'><path d='{room}'/></clipPath>",
        "<g clip-path='url(#c)'>",
        *(_band(plot, line, index) for index, line in enumerate(lines) if line.band.seeds > 1),
        *(_curve(plot, line, index) for index, line in enumerate(lines)),
        "</g>",
        *(
            _diamond(plot.x(float(line.band.positions[-1])), plot.y(line.published), _colour(index))
            for index, line in enumerate(lines)
            if line.published is not None
        ),
        *(_entry(place, label, index) for place, (label, index) in enumerate(entries)),
    ]
    drawing = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}' "
        f"font-family='{_FACES}' font-size='11' fill='{INK}'>{''.join(parts)}</svg>"
    )
    uri = "data:image/svg+xml," + quote(drawing, safe=" /:=;,()'!*+-._~@$")
    return Picture(uri, _alt(title, lines, where, x_label), WIDTH, HEIGHT, caption)


@dataclass(frozen=True)
class _Plot:
    """The plotted part, and what its axes reach from and to."""

    top: float
    left_value: float
    right_value: float
    low: float
    high: float

    @classmethod
    def of(cls, lines: Sequence[Line], y_range: tuple[float, float] | None, top: float) -> _Plot:
        first = min(float(line.band.positions[0]) for line in lines)
        last = max(float(line.band.positions[-1]) for line in lines)
        if first == last:
            first, last = first - 0.5, last + 0.5
        if y_range is None:
            least = min(float(line.band.low.min()) for line in lines)
            most = max(float(line.band.high.max()) for line in lines)
            room = 0.05 * (most - least) or 0.05 * abs(most) or 0.5
            y_range = least - room, most + room
        printed = [line.published for line in lines if line.published is not None]
        return cls(top, first, last, min([y_range[0], *printed]), max([y_range[1], *printed]))

    @property
    def width(self) -> float:
        return WIDTH - _LEFT - _RIGHT

    @property
    def height(self) -> float:
        return HEIGHT - _BOTTOM - self.top

    def x(self, value: float) -> float:
        return round(_LEFT + self.width * (value - self.left_value) / (self.right_value - self.left_value), 1)

    def y(self, value: float) -> float:
        return round(self.top + self.height * (self.high - value) / (self.high - self.low), 1)

    def path(self, positions: np.ndarray, values: np.ndarray) -> str:
        """Points as the data of a path, without its first letter."""
        xs = _LEFT + self.width * (positions - self.left_value) / (self.right_value - self.left_value)
        ys = self.top + self.height * (self.high - values) / (self.high - self.low)
        # far beyond the axis a drawing program may overflow
        ys = np.clip(ys, -HEIGHT, 2 * HEIGHT)
        return "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(xs, ys, strict=True))


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers between two, no more than ``most`` + 1, apart by 1, 2, 2.5 or 5 times a power of ten."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [index * step for index in range(first, math.floor(high / step + 1e-9) + 1)]


def _grid(plot: _Plot, x_label: str) -> list[str]:
    """Axes, with a line across at every number of the upright one."""
    bottom, right = plot.top + plot.height, _LEFT + plot.width
    parts = [f"<path d='M{_LEFT} {plot.top}V{bottom}H{right}' fill='none' stroke='{INK}' stroke-width='.8'/>"]
    marks = ticks(plot.low, plot.high)
    decimals = _decimals(marks)
    for value in marks:
        y = plot.y(value)
        text = short(value) if decimals > 4 else fixed(value, decimals)
        parts.append(
            f"<path d='M{_LEFT} {y}H{right}' stroke='{INK}' stroke-opacity='.25' stroke-width='.7'/>"
            f"<text x='{_LEFT - 6}' y='{y + 4:.1f}' text-anchor='end'>{text}</text>"
        )
    for value in ticks(plot.left_value, plot.right_value):
        x = plot.x(value)
        parts.append(
            f"<path d='M{x} {bottom}v3' stroke='{INK}' stroke-width='.8'/>"
            f"<text x='{x}' y='{bottom + 15}' text-anchor='middle'>{short(value)}</text>"
        )
    parts.append(f"<text x='{_LEFT + plot.width / 2}' y='{HEIGHT - 7}' text-anchor='middle'>{escape(x_label)}</text>")
    return parts


def _decimals(marks: Sequence[float]) -> int:
    """As many as tell the marks apart."""
    if len(marks) < 2:
        return 2
    step = marks[1] - marks[0]
    return next((count for count in range(8) if abs(step * 10**count - round(step * 10**count)) < 1e-6), 8)


def _colour(index: int) -> str:
    return INK if index < 0 else PALETTE[index % len(PALETTE)]


def _dash(index: int) -> str:
    dash = DASHES[index // len(PALETTE) % len(DASHES)]
    return f" stroke-dasharray='{dash}'" if dash else ""


def _band(plot: _Plot, line: Line, index: int) -> str:
    positions = np.concatenate([line.band.positions, line.band.positions[::-1]])
    outline = plot.path(positions, np.concatenate([line.band.low, line.band.high[::-1]]))
    return f"<path d='M{outline}z' fill='{_colour(index)}' fill-opacity='.22'/>"


def _curve(plot: _Plot, line: Line, index: int) -> str:
    colour = _colour(index)
    drawn = (
        f"<path d='M{plot.path(line.band.positions, line.band.median)}' fill='none' stroke='{colour}' "
        f"stroke-width='1.7' stroke-linejoin='round'{_dash(index)}/>"
    )
    if len(line.band.positions) > _DOTTED:
        return drawn
    points = zip(line.band.positions, line.band.median, strict=True)
    dots = "".join(f"M{plot.x(float(x)) - 2:.1f} {plot.y(float(y))}a2 2 0 1 0 4 0a2 2 0 1 0-4 0" for x, y in points)
    return f"{drawn}<path d='{dots}' fill='{colour}'/>"


def _diamond(x: float, y: float, colour: str) -> str:
    return f"<path d='M{x} {y - 5:.1f}l5 5l-5 5l-5-5z' fill='none' stroke='{colour}' stroke-width='1.6'/>"


def _entry(place: int, label: str, index: int) -> str:
    """One entry of the legend."""
    x, y = 26 + _COLUMN * (place % _COLUMNS), 9 + _ROW * (place // _COLUMNS)
    mark = (
        _diamond(x + 9, y, INK)
        if index < 0
        else f"<path d='M{x} {y}h18' stroke='{_colour(index)}' stroke-width='2'{_dash(index)}/>"
    )
    return f"{mark}<text x='{x + 24}' y='{y + 4}'>{escape(label)}</text>"


def _alt(title: str, lines: Sequence[Line], where: str, x_label: str) -> str:
    last = max(float(line.band.positions[-1]) for line in lines)
    ends = "; ".join(
        f"{line.label} ends at {short(float(line.band.median[-1]))}"
        + (
            f" ({short(float(line.band.low[-1]))} to {short(float(line.band.high[-1]))} over seeds)"
            if line.band.seeds > 1
            else ""
        )
        + (f", published {short(line.published)}" if line.published is not None else "")
        for line in lines
    )
    return f"Line chart, {title}, {where}, up to {x_label} {short(round(last))}: {ends}."
