"""Line charts as SVG, drawn once and byte for byte the same, readable on white and on black."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from benchmark.reporting.curves import Band
from benchmark.reporting.numbers import short

#: Okabe and Ito's palette without black and yellow, which vanish on one of the two backgrounds
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#8A8A8A")
DASHES = ("-", "--", "-.", ":")
INK = "#7B818A"
_LEGEND_COLUMNS = 2
_FACES = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
_STYLE: Any = {
    "svg.hashsalt": "ganrepro",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.6,
    "path.simplify": True,
    "axes.unicode_minus": True,
    "text.parse_math": False,
}


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
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(4.6, 2.75))
        figure.patch.set_alpha(0.0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0.0)
        for index, line in enumerate(lines):
            colour = PALETTE[index % len(PALETTE)]
            dash = DASHES[(index // len(PALETTE)) % len(DASHES)]
            marker = "o" if len(line.band.positions) <= 40 else None
            if line.band.seeds > 1:
                axes.fill_between(
                    line.band.positions, line.band.low, line.band.high, color=colour, alpha=0.22, linewidth=0
                )
            axes.plot(
                line.band.positions,
                line.band.median,
                dash,
                color=colour,
                linewidth=1.4,
                marker=marker,
                markersize=2.6,
                label=line.label,
            )
        _published(axes, lines)
        axes.set_xlabel(x_label)
        if y_range is not None:
            axes.set_ylim(*y_range)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color=INK, alpha=0.22, linewidth=0.5)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        axes.margins(x=0.01)
        axes.tick_params(length=2.5, width=0.6)
        entries = len(lines) + any(line.published is not None for line in lines)
        rows = -(-entries // _LEGEND_COLUMNS)
        figure.subplots_adjust(left=0.12, right=0.945, bottom=0.165, top=0.97 - 0.066 * rows)
        figure.legend(
            loc="upper left",
            bbox_to_anchor=(0.06, 1.0),
            ncols=_LEGEND_COLUMNS,
            frameon=False,
            handlelength=1.6,
            borderpad=0.2,
            borderaxespad=0.1,
            columnspacing=1.4,
            labelspacing=0.25,
        )
        return Picture(_svg(figure), _alt(title, lines, where, x_label), 460, 275, caption)


def _published(axes: Axes, lines: Sequence[Line]) -> None:
    """The paper's numbers as diamonds at the curves' ends, in their colours, with one entry in the legend."""
    printed = [(index, line.band, line.published) for index, line in enumerate(lines) if line.published is not None]
    for index, band, published in printed:
        axes.plot(
            [float(band.positions[-1])],
            [published],
            "D",
            color=PALETTE[index % len(PALETTE)],
            markerfacecolor="none",
            markeredgewidth=1.3,
            markersize=5.5,
            clip_on=False,
        )
    if printed:
        axes.plot([], [], "D", color=INK, markerfacecolor="none", markersize=5.5, label="published")


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


def _svg(figure: Figure) -> str:
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # a tenth of a point is finer than a screen shows
    text = re.sub(r' d="[^"]*"', lambda match: re.sub(r"(\.\d)\d+", r"\1", match.group()), text)
    text = text.replace("'DejaVu Sans'", _FACES)
    text = re.sub(r">\s+<", "><", text)
    text = re.sub(r"\s*\n\s*", " ", text)
    return "data:image/svg+xml," + quote(text, safe=" /:=;,()'!*+-._~@$")
