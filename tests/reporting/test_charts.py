"""Charts: positions by hand, what they say in words, and the same drawing as SVG, alone and as PDF."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmark.judging.verdict import Interval
from benchmark.reporting.charts import Line, MethodRow, curves, dots, strip, tick, ticks
from benchmark.reporting.curve_charts import Band
from benchmark.reporting.drawing import SIZE, Dot, Drawing, Path, Text, fitted


def interval(estimate: float, low: float | None, high: float | None) -> Interval:
    return Interval(estimate=estimate, low=low, high=high, confidence=0.9)


def places(drawing: Drawing, kind: type, **wanted: object) -> list:
    return [
        one for one in drawing.marks if isinstance(one, kind) and all(getattr(one, k) == v for k, v in wanted.items())
    ]


def test_dots_lie_where_their_numbers_are() -> None:
    """From 0 to 100 with 6 % of room on each side, over 300 units."""
    rows = [
        MethodRow("first", interval(50, 0, 100), "50", seeds=[(0, 0.0), (1, 100.0)], published=25.0),
        MethodRow("second", interval(75, 75, None), "75"),
    ]
    drawing = dots(rows, "FID", "Dots")
    first, second = places(drawing, Dot, radius=4)
    left = first.x - 300 * 56 / 112
    assert second.x == pytest.approx(left + 300 * 81 / 112)
    assert second.y - first.y == 21
    (published,) = places(drawing, Dot, hollow=True)
    assert published.x == pytest.approx(left + 300 * 31 / 112)
    assert [one.x for one in places(drawing, Dot, radius=1.7)] == pytest.approx(
        [left + 300 * x / 112 for x in (6, 106)]
    )
    lines = [one.points for one in places(drawing, Path, width=2.2)]
    assert [round(x - left, 3) for points in lines for x, _ in points] == pytest.approx(
        [300 * x / 112 for x in (6, 106, 81, 112)], abs=1e-3
    )
    assert "FID" in [one.text for one in places(drawing, Text)]


def test_a_long_title_of_an_axis_is_whole_and_within_the_drawing() -> None:
    title = "share of iterations with the larger of generator gradient / 0.001 and mean fake output / 0.05 below 1"
    row = MethodRow("GAN", interval(0, None, None), "0")
    drawing = dots([row], title, "")
    lines = [text for text in places(drawing, Text, anchor="middle") if text.text in title and " " in text.text]
    assert " ".join(mark.text for mark in lines) == title
    for line in lines:
        half = 0.53 * SIZE * len(line.text) / 2
        assert half <= line.x <= drawing.width - half
        assert line.y < drawing.height


def test_far_intervals_end_in_arrows_and_the_zone_is_shaded() -> None:
    drawing = dots([MethodRow("a", interval(9, 8, 90), "9")], "margins", "Dots", zone=(-1, 1), most=6.0)
    (arrow,) = places(drawing, Path, filled=1)
    (dot,) = places(drawing, Dot, radius=4)
    assert arrow.points[0][0] == pytest.approx(dot.x + 5), "all of it lies right of the axis"
    (zone,) = places(drawing, Path, tone="idle")
    width = max(x for x, _ in zone.points) - min(x for x, _ in zone.points)
    assert width == pytest.approx(300 * 2 / (7 * 1.12))


def test_curves_have_bands_labels_at_their_ends_and_the_printed_number() -> None:
    """Values 0 to 10 from 212 up to 8; the label of what ends at 0 stands at the bottom."""
    positions = np.array([0.0, 50.0, 100.0])
    band = Band(positions, np.array([10.0, 5.0, 0.0]), np.array([8.0, 4.0, 0.0]), np.array([10.0, 6.0, 2.0]), 3)
    drawing = curves([Line("plain", band, published=2.5)], "iteration", "FID", "Lines", y_range=(0.0, 10.0))
    (line,) = places(drawing, Path, width=1.7)
    assert [y for _, y in line.points] == [8, 110, 212]
    (shaded,) = places(drawing, Path, filled=0.22)
    assert [y for _, y in shaded.points] == pytest.approx([8, 89.6, 171.2, 212, 130.4, 48.8])
    (printed,) = places(drawing, Dot, hollow=True)
    assert printed.y == pytest.approx(212 - 204 * 0.25)
    (label,) = places(drawing, Text, bold=True)
    assert (label.text, label.y) == ("plain", 216)
    texts = {one.text for one in places(drawing, Text)}
    assert {"iteration", "FID", "50", "5"} <= texts or {"iteration", "FID", "50", "4"} <= texts
    assert drawing.says == "Lines: plain ends at 0 (0 to 2 over seeds), published 2.5."


def test_labels_of_curves_that_end_together_stand_apart() -> None:
    flat = Band(np.array([0.0, 1.0]), np.ones(2), np.ones(2), np.ones(2), 1)
    drawing = curves([Line(name, flat) for name in "abc"], "iteration", "loss", "Lines")
    heights = sorted(one.y for one in places(drawing, Text, bold=True))
    assert all(after - before > 12.9 for before, after in itertools.pairwise(heights))


@pytest.mark.parametrize("width", [312.0, 460.0])
def test_a_label_of_a_curve_is_whole_where_bold_letters_are_wide(width: float) -> None:
    """DejaVu Sans Bold, the widest of the faces asked for, draws "mean fake output" 110.1 units wide at this size."""
    band = Band(np.arange(3.0), *np.ones((3, 3)), seeds=2)
    drawing = curves([Line("mean fake output", band)], "iteration", "loss", "", width=width)
    (label,) = places(drawing, Text, bold=True)
    assert label.text == "mean fake output"
    assert label.x + 110.1 <= drawing.width


def test_strip_has_zero_in_the_middle_and_the_margin_around_it() -> None:
    drawing = strip(interval(1.0, 0.5, None), 1.0, "good", "so")
    assert drawing is not None
    (dot,) = places(drawing, Dot)
    assert dot.x == pytest.approx(66 + 58 / 1.12)
    zone = next(one for one in places(drawing, Path) if one.filled == 0.2)
    assert min(x for x, _ in zone.points) == pytest.approx(66 - 58 / 1.12)
    assert strip(None, 1.0, "good", "so") is None


def test_one_drawing_is_part_of_a_page_a_file_and_a_pdf() -> None:
    marks = [Path([(0, 0), (9, 9)]), Dot(4, 4, hollow=True, says="<b>"), Text(1, 1, "a < b & c", turned=True)]
    drawing = Drawing(20, 10, marks, 'says "this"')
    inline = ElementTree.fromstring(drawing.svg())
    assert inline.attrib["aria-label"] == 'says "this"'
    assert [one.text for one in inline.iter("text")] == ["a < b & c"]
    alone = ElementTree.fromstring(drawing.svg(alone=True))
    assert alone.tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme:dark" in (alone[0].text or "")
    pdf = drawing.pdf()
    assert pdf.startswith(b"%PDF")
    assert b"MediaBox [ 0 0 20 10 ]" in pdf
    assert drawing.pdf() == pdf


def test_long_names_keep_both_ends() -> None:
    assert fitted("short", 100) == "short"
    cut = fitted("a name that differs at its end only A", 100)
    assert cut.startswith("a name")
    assert cut.endswith("only A")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (-1, 1, [-1, -0.5, 0, 0.5, 1]), (0.02, 0.11, [0.02, 0.04, 0.06, 0.08, 0.1])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)
    assert tick(expected[0], expected) == tick(round(expected[0], 6), expected)


@pytest.mark.parametrize("seed", range(20))
def test_ticks_lie_within_and_are_few(seed: int) -> None:
    random = np.random.default_rng(seed)
    low = random.normal() * 10 ** random.uniform(-4, 6)
    high = low + 10 ** random.uniform(-4, 6)
    found = ticks(low, high)
    assert 1 < len(found) <= 6
    assert low - 1e-6 * (high - low) <= found[0] < found[-1] <= high + 1e-6 * (high - low)
