"""Forest plots: every cell on one axis in units of its own margin, positions by hand."""

from __future__ import annotations

from benchmark.judging.verdict import CellVerdict, Interval
from benchmark.reporting.forest import AXIS, HEAD, NAMES, ROW, forest
from benchmark.reporting.judged import TableView, cell_view
from benchmark.reporting.numbers import MINUS
from benchmark.spec.paper import Cell
from tests.judging.factory import table
from tests.reporting.factory import cell_verdict


def view(*verdicts: CellVerdict) -> TableView:
    cells = [cell_view(Cell(value=29.3, decimals=1), verdict) for verdict in verdicts]
    columns = [f"c{index}" for index in range(len(cells))]
    layout = table({"r": {column: {"value": 29.3} for column in columns}})
    return TableView("T1", layout, "", [("r", cells)])


def deviating(estimate: float, low: float | None, high: float | None, margin: float | None) -> CellVerdict:
    interval = Interval(estimate=estimate, low=low, high=high, confidence=0.9)
    return cell_verdict("r", "c", "INCONCLUSIVE", deviation=interval, margin=margin)


def test_a_deviation_of_one_margin_stands_at_the_edge_of_the_band_whatever_the_margin() -> None:
    found = forest(view(deviating(3.0, 1.5, 4.5, 3.0), deviating(-0.2, -0.36, 0.0, 0.2)))
    assert found is not None
    # reach is the least one, two margins on either side of the middle
    middle, margin = NAMES + AXIS / 2, AXIS / 4
    assert found.band == (middle - margin, middle + margin)
    first, second = found.rows
    assert (first.low, first.point, first.high) == (middle + margin / 2, middle + margin, middle + 1.5 * margin)
    assert (second.low, second.point, second.high) == (middle - 1.8 * margin, middle - margin, middle)
    assert [row.y for row in found.rows] == [HEAD + ROW / 2, HEAD + 1.5 * ROW]
    assert found.ticks == [
        (middle + at * margin, text)
        for at, text in ((-2, f"{MINUS}2"), (-1, f"{MINUS}1"), (0, "0"), (1, "+1"), (2, "+2"))
    ]
    assert "r, c0 +3.0 [+1.5, +4.5], INCONCLUSIVE" in found.says


def test_ends_that_are_open_or_far_away_have_arrows_at_the_edges() -> None:
    found = forest(view(deviating(1.0, None, 2.0, 1.0), deviating(40.0, 30.0, 50.0, 1.0)))
    assert found is not None
    first, second = found.rows
    assert (first.low, first.beyond_low, first.beyond_high) == (NAMES, True, False)
    assert (second.high, second.beyond_high) == (NAMES + AXIS, True)


def test_cells_without_a_margin_or_a_deviation_are_left_out() -> None:
    bare = cell_verdict("r", "c", "NOT RUN", deviation=None, measured=None)
    assert forest(view(deviating(1.0, 0.0, 2.0, None), bare)) is None
