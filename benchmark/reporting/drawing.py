"""Small drawings of lines, dots and text that are written as SVG, whose colours follow the page, or as PDF."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

FACES = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
SIZE = 11.0
#: Okabe and Ito's palette without black and yellow, and grey: seen on white and on black
SERIES = ("#0072b2", "#d98b00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8a8a8a")
#: tone of a mark -> its colour on white; on the page the style sheet decides
TONES = {
    "ink": "#1c2026", "soft": "#5a626d", "rule": "#c9c7c0", "good": "#009e73", "partly": "#7a8f00", "bad": "#d55e00",
    "better": "#1f8fd0", "open": "#c98a00", "apart": "#b4558c", "idle": "#868c95", "test": "#0072b2",
    **{f"s{index}": colour for index, colour in enumerate(SERIES)},
}  # fmt: skip

Point = tuple[float, float]


@dataclass(frozen=True)
class Path:
    """A line through points, or the area that they enclose."""

    points: Sequence[Point]
    tone: str = "ink"
    width: float = 1.0
    filled: float = 0.0
    dashes: tuple[float, ...] = ()


@dataclass(frozen=True)
class Dot:
    """A disc, or a ring or diamond where it is ``hollow``; ``says`` is shown where a pointer rests on it."""

    x: float
    y: float
    radius: float = 3.5
    tone: str = "ink"
    hollow: bool = False
    says: str = ""


@dataclass(frozen=True)
class Text:
    """One line of text; ``anchor`` is the end at which ``x`` lies. ``turned`` reads upwards."""

    x: float
    y: float
    text: str
    tone: str = "ink"
    anchor: str = "start"
    bold: bool = False
    turned: bool = False


Mark = Path | Dot | Text


@dataclass(frozen=True)
class Drawing:
    """Marks on a sheet, y downwards, with what they show in words and a caption."""

    width: float
    height: float
    marks: Sequence[Mark]
    says: str
    caption: str = ""

    def svg(self, *, alone: bool = False) -> str:
        """As an element of a page, or ``alone`` as a file with colours of its own."""
        size = f'width="{self.width:g}" height="{self.height:g}" viewBox="0 0 {self.width:g} {self.height:g}"'
        head = f' xmlns="http://www.w3.org/2000/svg" font-family="{FACES}" font-size="{SIZE:g}"' if alone else ""
        style = f"<style>{style_sheet()}</style>" if alone else ""
        name = quoteattr(self.says)
        return (
            f'<svg class="drawing"{head} {size} role="img" aria-label={name}>{style}'
            f"{''.join(_svg(mark) for mark in self.marks)}</svg>"
        )

    def pdf(self) -> bytes:
        """The same sheet as a PDF, one unit a point."""
        import matplotlib
        from matplotlib.figure import Figure
        from matplotlib.patches import Polygon

        with matplotlib.rc_context({"pdf.fonttype": 42, "font.family": "DejaVu Sans", "text.parse_math": False}):
            figure = Figure(figsize=(self.width / 72, self.height / 72))
            axes = figure.add_axes((0, 0, 1, 1), xlim=(0, self.width), ylim=(self.height, 0))
            axes.set_axis_off()
            for mark in self.marks:
                colour = TONES[mark.tone]
                if isinstance(mark, Text):
                    axes.text(
                        mark.x, mark.y, mark.text, color=colour, fontsize=0.88 * SIZE, rotation=90 * mark.turned,
                        ha={"start": "left", "middle": "center", "end": "right"}[mark.anchor],
                        va="center" if mark.turned else "baseline", fontweight="bold" if mark.bold else "normal",
                    )  # fmt: skip
                elif isinstance(mark, Dot):
                    kind = "D" if mark.hollow else "o"
                    face = "none" if mark.hollow else colour
                    axes.plot(mark.x, mark.y, kind, ms=2 * mark.radius, mec=colour, mfc=face, clip_on=False)
                elif mark.filled:
                    axes.add_patch(Polygon(list(mark.points), color=colour, alpha=mark.filled, linewidth=0))
                else:
                    xs, ys = zip(*mark.points, strict=True)
                    axes.plot(xs, ys, color=colour, linewidth=mark.width, dashes=mark.dashes or (None, None))
            stream = io.BytesIO()
            figure.savefig(stream, format="pdf", metadata={"CreationDate": None})
        return stream.getvalue()


def style_sheet() -> str:
    """Colours of tones for a file that no page colours, light and dark."""
    light = "".join(f".{tone}{{--c:{colour}}}" for tone, colour in TONES.items())
    dark = ".ink{--c:#e6e4de}.soft{--c:#a1a8b2}.rule{--c:#454c55}"
    return f"{light}@media(prefers-color-scheme:dark){{{dark}}}{MARKS}"


#: how marks take their colour from their tone
MARKS = (
    ".drawing path,.drawing circle{fill:none;stroke:var(--c)}.drawing .full{fill:var(--c);stroke:none}"
    ".drawing text{fill:var(--c)}"
)


def _svg(mark: Mark) -> str:
    if isinstance(mark, Text):
        place = f' transform="rotate(-90 {mark.x:g} {mark.y:g})"' if mark.turned else ""
        anchor = "" if mark.anchor == "start" else f' text-anchor="{mark.anchor}"'
        bold = ' font-weight="650"' if mark.bold else ""
        about = f'x="{_n(mark.x)}" y="{_n(mark.y)}"{anchor}{bold}{place}'
        return f'<text class="{mark.tone}" {about}>{escape(mark.text)}</text>'
    if isinstance(mark, Dot):
        title = f"<title>{escape(mark.says)}</title>" if mark.says else ""
        if mark.hollow:
            r = mark.radius + 1
            return (
                f'<path class="{mark.tone}" stroke-width="1.6" d="M{_n(mark.x)} {_n(mark.y - r)}l{r:g} {r:g}-{r:g} '
                f'{r:g}-{r:g}-{r:g}z">{title}</path>'
            )
        return (
            f'<circle class="full {mark.tone}" cx="{_n(mark.x)}" cy="{_n(mark.y)}" r="{mark.radius:g}">{title}</circle>'
        )
    line = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in mark.points)
    if mark.filled:
        return f'<path class="full {mark.tone}" fill-opacity="{mark.filled:g}" d="{line}z"/>'
    dashes = f' stroke-dasharray="{" ".join(f"{dash:g}" for dash in mark.dashes)}"' if mark.dashes else ""
    return f'<path class="{mark.tone}" stroke-width="{mark.width:g}" stroke-linejoin="round"{dashes} d="{line}"/>'


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


#: of a character of bold text, in a wide face such as DejaVu Sans
BOLD = 0.64 * SIZE


def characters(width: float, each: float = 0.53 * SIZE) -> int:
    """How many characters have room."""
    return max(4, int(width / each))


def fitted(text: str, width: float, each: float = 0.53 * SIZE) -> str:
    """``text``, its middle left out where it would not fit: ends tell names apart."""
    most = characters(width, each)
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head].rstrip()}\N{HORIZONTAL ELLIPSIS}{text[len(text) - (most - 1 - head) :].lstrip()}"
