"""A table's deviations on one axis, in units of each cell's margin, so that one band serves all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmark.reporting.judged import CellView, TableView
from benchmark.reporting.numbers import signed, span
from benchmark.reporting.states import State

#: names at the left, the axis, numbers at the right; a row's height and what stands above the rows
NAMES, AXIS, NUMBERS, ROW, HEAD = 210.0, 300.0, 230.0, 22.0, 26.0
#: how many margins the axis reaches at least and at most
_LEAST, _MOST = 2.0, 6.0
_LETTERS = 30


@dataclass(frozen=True)
class ForestRow:
    """One cell: its interval in the drawing's units; an end beyond the axis, or open, has an arrow."""

    y: float
    name: str
    state: State
    text: str
    point: float
    low: float
    high: float
    beyond_low: bool
    beyond_high: bool


@dataclass(frozen=True)
class Forest:
    """All cells of a table that have a deviation and a margin."""

    rows: Sequence[ForestRow]
    width: float
    height: float
    band: tuple[float, float]
    #: (x, text)
    ticks: Sequence[tuple[float, str]]
    says: str


def forest(table: TableView) -> Forest | None:
    """Lay out a table; None where no cell has both a deviation and a margin."""
    cells = [
        (f"{row}, {column}" if len(table.table.columns) > 1 else row, cell)
        for row, column, cell in table.cells
        if cell.verdict is not None and cell.verdict.deviation is not None and cell.verdict.margin
    ]
    if not cells:
        return None
    reach = min(_MOST, max(_LEAST, 1.1 * max(_furthest(cell) for _, cell in cells)))

    def place(margins: float) -> float:
        return round(NAMES + AXIS * (0.5 + 0.5 * max(-reach, min(reach, margins)) / reach), 1)

    rows = [_row(index, name, cell, reach, place) for index, (name, cell) in enumerate(cells)]
    step = 1 if reach <= 3 else 2
    most = int(reach)
    return Forest(
        rows=rows,
        width=NAMES + AXIS + NUMBERS,
        height=HEAD + ROW * len(rows) + 22,
        band=(place(-1), place(1)),
        ticks=[(place(at), signed(at, 0)) for at in range(-most + most % step, most + 1, step)],
        says=f"Forest plot of {table.id}, deviations in margins, plus is worse: "
        + "; ".join(f"{row.name} {row.text}, {row.state.word}" for row in rows),
    )


def _furthest(cell: CellView) -> float:
    assert cell.verdict is not None
    assert cell.verdict.deviation is not None
    assert cell.verdict.margin
    deviation = cell.verdict.deviation
    ends = [end for end in (deviation.estimate, deviation.low, deviation.high) if end is not None]
    return max(abs(end) for end in ends) / cell.verdict.margin


def _row(index: int, name: str, cell: CellView, reach: float, place: Callable[[float], float]) -> ForestRow:
    assert cell.verdict is not None
    assert cell.verdict.deviation is not None
    assert cell.verdict.margin
    deviation, margin = cell.verdict.deviation, cell.verdict.margin
    bare = deviation.low is None and deviation.high is None
    low = deviation.estimate if bare else deviation.low
    high = deviation.estimate if bare else deviation.high
    return ForestRow(
        y=HEAD + ROW * (index + 0.5),
        name=name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "\N{HORIZONTAL ELLIPSIS}",
        state=cell.state,
        text=span(deviation, cell.verdict.decimals, sign=True),
        point=place(deviation.estimate / margin),
        low=place(-reach if low is None else low / margin),
        high=place(reach if high is None else high / margin),
        beyond_low=low is None or low / margin < -reach,
        beyond_high=high is None or high / margin > reach,
    )
