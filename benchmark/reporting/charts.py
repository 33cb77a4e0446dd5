"""Charts: dots with intervals, one row a method, and curves over training with the range of their seeds."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.judging.verdict import Interval
from benchmark.reporting.curve_charts import Band
from benchmark.reporting.drawing import BOLD, SERIES, Dot, Drawing, Mark, Path, Text, characters, fitted
from benchmark.spec.words import fixed, short

#: where a number lies on the sheet
Axis = Callable[[float], float]
_DASHES: tuple[tuple[float, ...], ...] = ((), (6, 2), (1.5, 2))
#: curves with no more points than this have a dot at each
_DOTTED = 40
_ROW = 21.0


@dataclass(frozen=True)
class MethodRow:
    """One method: its estimate with interval, the seeds' values, and what the paper prints of it."""

    name: str
    estimate: Interval
    text: str
    seeds: Sequence[tuple[int, float]] = ()
    published: float | None = None
    tone: str = "s0"


def dots(
    rows: Sequence[MethodRow],
    axis: str,
    says: str,
    *,
    zone: tuple[float, float] | None = None,
    most: float = math.inf,
    caption: str = "",
) -> Drawing:
    """A row for each method. ``zone`` is shaded; beyond ``most`` from zero an interval ends in an arrow."""
    names = min(230.0, 20 + 6.2 * max(len(row.name) for row in rows))
    plot, numbers = 300.0, 24 + 7.0 * max(len(row.text) for row in rows)
    values = [value for row in rows for value in _values(row)] + list(zone or ())
    low, high = max(-most, min(values)), min(most, max(values))
    room = 0.06 * (high - low) or 0.06 * abs(high) or 0.5
    low, high = low - room, high + room
    bottom = 8 + _ROW * len(rows)

    def x(value: float) -> float:
        return names + plot * (min(high, max(low, value)) - low) / (high - low)

    marks: list[Mark] = []
    if zone is not None:
        left, right = x(zone[0]), x(zone[1])
        marks.append(Path([(left, 4), (right, 4), (right, bottom), (left, bottom)], "idle", filled=0.18))
    steps = ticks(low, high)
    for value in steps:
        marks += [
            Path([(x(value), 4), (x(value), bottom)], "rule", 0.8),
            Text(x(value), bottom + 14, tick(value, steps), "soft", "middle"),
        ]
    titles = textwrap.wrap(axis, characters(plot + 2 * min(names, numbers)))
    marks += [
        Text(names + plot / 2, bottom + 30 + 14 * line, title, "soft", "middle") for line, title in enumerate(titles)
    ]
    for index, row in enumerate(rows):
        marks += _row(row, 8 + _ROW * (index + 0.5), names, names + plot + 12, x, (low, high))
    return Drawing(names + plot + numbers, bottom + 24 + 14 * len(titles), marks, says, caption)


def _values(row: MethodRow) -> Iterable[float]:
    numbers = (row.estimate.estimate, row.estimate.low, row.estimate.high, row.published, *(v for _, v in row.seeds))
    return (value for value in numbers if value is not None and math.isfinite(value))


def _row(row: MethodRow, y: float, names: float, numbers: float, x: Axis, limits: tuple[float, float]) -> list[Mark]:
    marks: list[Mark] = [
        Text(0, y + 4, fitted(row.name, names - 12)),
        *_interval(row.estimate, x, limits, y, row.tone),
    ]
    marks += [Dot(x(value), y + 6, 1.7, "soft", says=f"seed {seed}: {short(value)}") for seed, value in row.seeds]
    marks.append(Dot(x(row.estimate.estimate), y, 4, row.tone))
    if row.published is not None:
        marks.append(Dot(x(row.published), y, 3.6, "ink", hollow=True, says=f"published {short(row.published)}"))
    return [*marks, Text(numbers, y + 4, row.text, bold=True)]


def _interval(value: Interval, x: Axis, limits: tuple[float, float], y: float, tone: str) -> Iterator[Mark]:
    """A line between two ends; an end that is open or reaches the ``limits`` is an arrow."""
    if value.low is None and value.high is None:
        return
    left, right = limits[0] if value.low is None else value.low, limits[1] if value.high is None else value.high
    yield Path([(x(left), y), (x(right), y)], tone, 2.2)
    for end, limit, side in ((left, limits[0], -1), (right, limits[1], 1)):
        at = x(end)
        if (end - limit) * side >= 0:
            yield Path([(at + 5 * side, y), (at - side, y - 4), (at - side, y + 4)], tone, filled=1)
        else:
            yield Path([(at, y - 4), (at, y + 4)], tone, 1.6)


def strip(value: Interval | None, margin: float | None, tone: str, says: str) -> Drawing | None:
    """The small drawing beside a verdict: an interval against zero and, for a published number, its margin."""
    if value is None:
        return None
    width, edge = 132.0, 8.0
    known = [abs(number) for number in (value.estimate, value.low, value.high, margin) if number is not None]
    reach = 1.12 * max(known) or 1.0

    def x(number: float) -> float:
        return width / 2 + (width / 2 - edge) * number / reach

    marks: list[Mark] = []
    if margin is not None:
        low, high = x(-margin), x(margin)
        marks.append(Path([(low, 1), (high, 1), (high, 17), (low, 17)], "idle", filled=0.2))
    marks += [Path([(2, 9), (width - 2, 9)], "rule"), Path([(width / 2, 0), (width / 2, 18)], "ink")]
    marks += _interval(value, x, (-reach, reach), 9, tone)
    return Drawing(width, 18, [*marks, Dot(x(value.estimate), 9, 4, tone)], says)


@dataclass(frozen=True)
class Line:
    """One labelled curve, and where the paper prints a number of its end, that number."""

    label: str
    band: Band
    published: float | None = None


def curves(
    lines: Sequence[Line],
    x_label: str,
    y_label: str,
    says: str,
    *,
    caption: str = "",
    y_range: tuple[float, float] | None = None,
    width: float = 460.0,
    height: float = 250.0,
) -> Drawing:
    """Medians over seeds, the range of the seeds as a band, and each label at its curve's end."""
    left, top, bottom = 58.0, 8.0, height - 38
    right = width - min(0.4 * width, 12 + BOLD * max(len(line.label) for line in lines))
    first, last = min(line.band.positions[0] for line in lines), max(line.band.positions[-1] for line in lines)
    first, last = (first - 0.5, last + 0.5) if first == last else (first, last)
    low, high = y_range or reach(lines)
    printed = [line.published for line in lines if line.published is not None]
    low, high = min([low, *printed]), max([high, *printed])

    def x(value: float) -> float:
        return float(left + (right - left) * (value - first) / (last - first))

    def y(value: float) -> float:
        return float(np.clip(top + (bottom - top) * (high - value) / (high - low), top, bottom))

    marks: list[Mark] = [Path([(left, top), (left, bottom), (right, bottom)], "soft", 0.8)]
    steps = ticks(low, high)
    for value in steps:
        marks.append(Path([(left, y(value)), (right, y(value))], "rule", 0.6))
        marks.append(Text(left - 6, y(value) + 4, tick(value, steps), "soft", "end"))
    for value in ticks(first, last, 4):
        marks.append(Path([(x(value), bottom), (x(value), bottom + 3)], "soft", 0.8))
        marks.append(Text(x(value), bottom + 15, short(value), "soft", "middle"))
    marks.append(Text((left + right) / 2, height - 6, x_label, "soft", "middle"))
    marks.append(Text(11, (top + bottom) / 2, fitted(y_label, bottom - top), "soft", "middle", turned=True))
    for index, line in enumerate(lines):
        tone, positions = f"s{index % len(SERIES)}", line.band.positions
        dashes = _DASHES[index // len(SERIES) % len(_DASHES)]
        if line.band.seeds > 1:
            up = [(x(p), y(v)) for p, v in zip(positions, line.band.high, strict=True)]
            down = [(x(p), y(v)) for p, v in zip(positions, line.band.low, strict=True)]
            marks.append(Path([*up, *down[::-1]], tone, filled=0.22))
        points = [(x(p), y(v)) for p, v in zip(positions, line.band.median, strict=True)]
        marks.append(Path(points, tone, 1.7, dashes=dashes))
        marks += [Dot(*point, 2, tone) for point in points] if len(points) <= _DOTTED else []
        if line.published is not None:
            marks.append(
                Dot(points[-1][0], y(line.published), 3.6, tone, hollow=True, says=f"published {short(line.published)}")
            )
    ends = [y(float(line.band.median[-1])) for line in lines]
    for index, (line, place) in enumerate(zip(lines, _apart(ends, 13, top + 4, bottom), strict=True)):
        marks.append(
            Text(
                right + 7, place + 4, fitted(line.label, width - right - 7, BOLD), f"s{index % len(SERIES)}", bold=True
            )
        )
    return Drawing(width, height, marks, f"{says}: {_ends(lines)}.", caption)


def reach(lines: Sequence[Line]) -> tuple[float, float]:
    """What the seeds of all lines reach, with room above and below."""
    least, most = min(float(line.band.low.min()) for line in lines), max(float(line.band.high.max()) for line in lines)
    room = 0.05 * (most - least) or 0.05 * abs(most) or 0.5
    return least - room, most + room


def _apart(places: Sequence[float], least: float, top: float, bottom: float) -> list[float]:
    """Places in their order, moved as little as a walk down and a walk up need to keep them apart."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = [places[index] for index in order]
    for index in range(1, len(moved)):
        moved[index] = max(moved[index], moved[index - 1] + least)
    if moved and moved[-1] > bottom:
        moved[-1] = bottom
        for index in range(len(moved) - 2, -1, -1):
            moved[index] = min(moved[index], moved[index + 1] - least)
    moved_to = dict(zip(order, moved, strict=True))
    return [max(top, moved_to[index]) for index in range(len(places))]


def _ends(lines: Sequence[Line]) -> str:
    parts = []
    for line in lines:
        band = line.band
        over = f" ({short(float(band.low[-1]))} to {short(float(band.high[-1]))} over seeds)" if band.seeds > 1 else ""
        printed = f", published {short(line.published)}" if line.published is not None else ""
        parts.append(f"{line.label} ends at {short(float(band.median[-1]))}{over}{printed}")
    return "; ".join(parts)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers between two, no more than ``most`` + 1, apart by 1, 2, 2.5 or 5 times a power of ten."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [index * step for index in range(first, math.floor(high / step + 1e-9) + 1)]


def tick(value: float, steps: Sequence[float]) -> str:
    """A number of an axis with as many decimals as tell its neighbours apart."""
    step = steps[1] - steps[0] if len(steps) > 1 else abs(value) or 1.0
    decimals = next((count for count in range(6) if abs(step * 10**count - round(step * 10**count)) < 1e-6), None)
    return short(value) if decimals is None else fixed(value, decimals)
