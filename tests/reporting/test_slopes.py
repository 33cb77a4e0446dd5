"""Slope charts of claimed orders: positions by hand, checks seed by seed, and what the paper prints."""

from __future__ import annotations

from typing import Any

from benchmark.judging.verdict import ClaimVerdict, Values
from benchmark.reporting.slopes import PLOT, SIDE, STEP, TOP, slope_charts
from benchmark.spec.paper import PaperSpec
from tests.judging.factory import cell, claim, fid, paper, table
from tests.reporting.factory import claim_verdict


def spec_of(predicate: dict[str, Any], printed: dict[str, float] | None = None) -> PaperSpec:
    cells = {"row": {name: cell(value, name) for name, value in (printed or {}).items()}}
    return paper({"C1": claim(predicate)}, {"T1": table(cells)} if printed else {})


def verdict_of(values: dict[str, dict[int, float | None]]) -> ClaimVerdict:
    several = [
        Values(label="fid", experiment=name, tier="full", seeds=seeds, mean=None, deviation=None)
        for name, seeds in values.items()
    ]
    return claim_verdict("C1", "HOLDS", quantities=several)


def test_an_order_is_drawn_where_its_numbers_are() -> None:
    spec = spec_of({"order": [fid("a"), fid("b"), fid("c")]}, {"a": 5.0, "b": 15.0, "c": 10.0})
    measured = verdict_of({"a": {0: 10.0, 1: 20.0}, "b": {0: 30.0, 1: 25.0}, "c": {0: 50.0, 1: 15.0}})
    (chart,) = slope_charts(spec, spec.claims["C1"], measured)
    ours, theirs = chart.panels
    assert (chart.what, chart.claimed) == ("fid", "rising from left to right")
    # the axis reaches from 10 at the bottom to 50 at the top
    assert [(mark.x, mark.y, mark.text) for mark in ours.marks] == [
        (SIDE, round(TOP + PLOT * 35 / 40, 1), "15"),
        (SIDE + STEP, round(TOP + PLOT * 22.5 / 40, 1), "27.5"),
        (SIDE + 2 * STEP, round(TOP + PLOT * 17.5 / 40, 1), "32.5"),
    ]
    assert [(seed, [y for _, y in points]) for seed, points in ours.seeds] == [
        (0, [TOP + PLOT, TOP + PLOT / 2, TOP]),
        (1, [round(TOP + PLOT * (50 - value) / 40, 1) for value in (20, 25, 15)]),
    ]
    assert [(check.x, check.holds, check.seeds) for check in ours.checks] == [
        (SIDE + STEP / 2, True, "2 of 2"),
        (SIDE + 1.5 * STEP, True, "1 of 2"),
    ]
    # the paper's own numbers on an axis of their own: 5 to 15
    assert [mark.y for mark in theirs.marks] == [TOP + PLOT, TOP, TOP + PLOT / 2]
    assert [check.holds for check in theirs.checks] == [True, False]
    assert "a 15, b 27.5, c 32.5. Claimed: rising from left to right; so in 2 of 2" in ours.says
    assert "so in 1 of 2" in theirs.says


def test_the_first_is_compared_with_each_of_the_others() -> None:
    several = [fid("a"), fid("b"), fid("c")]
    values = verdict_of({"a": {0: 3.0, 1: 3.0}, "b": {0: 1.0, 1: 4.0}, "c": {0: 9.0, 1: 8.0}})
    for key, holding in (("smallest", [False, True]), ("largest", [True, False])):
        spec = spec_of({key: several})
        (chart,) = slope_charts(spec, spec.claims["C1"], values)
        (panel,) = chart.panels
        assert [check.holds for check in panel.checks] == holding
        assert [check.x for check in panel.checks] == [SIDE + STEP, SIDE + 2 * STEP]


def test_a_missing_seed_breaks_its_line_and_is_told() -> None:
    spec = spec_of({"order": [fid("a"), fid("b"), fid("c")]})
    values = verdict_of({"a": {0: 1.0, 1: 2.0}, "b": {0: None, 1: 3.0}, "c": {0: 4.0, 1: 5.0}})
    (chart,) = slope_charts(spec, spec.claims["C1"], values)
    (panel,) = chart.panels
    assert [(seed, len(points)) for seed, points in panel.seeds] == [(0, 1), (0, 1), (1, 3)]
    assert [column.note for column in panel.columns] == [None, "1 of 2 seeds", None]
    assert [check.seeds for check in panel.checks] == ["1 of 1", "1 of 1"]


def test_orders_within_other_predicates_are_found_and_what_nobody_knows_is_not_drawn() -> None:
    order = {"order": [fid("a"), fid("b")]}
    both = {"all_of": [{"bound": fid("a"), "below": 3.0}, {"any_of": [order, {"smallest": [fid("c"), fid("a")]}]}]}
    spec = spec_of(both)
    values = verdict_of({"a": {0: 1.0}, "b": {0: 2.0}, "c": {0: None}})
    charts = slope_charts(spec, spec.claims["C1"], values)
    assert [[column.name for column in chart.panels[0].columns] for chart in charts] == [[["a"], ["b"]]]
    bound = spec_of({"bound": fid("a"), "below": 3.0})
    assert slope_charts(bound, bound.claims["C1"], verdict_of({"a": {0: 1.0}})) == []


def test_equal_numbers_stand_in_the_middle_and_hold_no_order() -> None:
    spec = spec_of({"order": [fid("a"), fid("b")]})
    (chart,) = slope_charts(spec, spec.claims["C1"], verdict_of({"a": {0: 2.0}, "b": {0: 2.0}}))
    (panel,) = chart.panels
    assert [mark.y for mark in panel.marks] == [TOP + PLOT / 2] * 2
    assert [check.holds for check in panel.checks] == [False]


def test_computed_numbers_are_drawn_by_seed_and_in_print() -> None:
    """Gains by hand: 1 - 3/6 and 1 - 4/5 measured in seed 0; 1 - 10/20 and 1 - 30/40 in print."""

    def gain(ours: str, plain: str) -> dict[str, Any]:
        return {
            "compute": "1 - ours / plain",
            "of": {"ours": fid(ours), "plain": fid(plain)},
            "says": f"gain of {ours}",
        }

    spec = spec_of({"order": [gain("a", "b"), gain("c", "d")]}, {"a": 10.0, "b": 20.0, "c": 30.0, "d": 40.0})
    values = {"a": {0: 3.0, 1: 2.0}, "b": {0: 6.0, 1: 8.0}, "c": {0: 4.0, 1: 1.0}, "d": {0: 5.0, 1: None}}
    (chart,) = slope_charts(spec, spec.claims["C1"], verdict_of(values))
    ours, theirs = chart.panels
    assert [column.note for column in ours.columns] == [None, "1 of 2 seeds"]
    assert [mark.text for mark in ours.marks] == ["0.625", "0.2"]  # (0.5 + 0.75) / 2, and seed 0 alone
    assert [(check.holds, check.seeds) for check in ours.checks] == [(False, "0 of 1")]
    assert [mark.text for mark in theirs.marks] == ["0.5", "0.25"]
    assert "gain of a 0.625, gain of c 0.2" in ours.says


def test_windows_that_differ_leave_the_columns_their_experiments() -> None:
    def late(experiment: str, start: float) -> dict[str, Any]:
        window = {"unit": "share", "start": start, "end": 1.0}
        return {"experiment": experiment, "curve": "loss", "statistic": {"mean": window}}

    spec = spec_of({"order": [late("a", 0.8), late("b", 0.9)]})
    (chart,) = slope_charts(spec, spec.claims["C1"], verdict_of({"a": {0: 1.0}, "b": {0: 2.0}}))
    assert chart.what == "mean of loss over the last \N{HORIZONTAL ELLIPSIS}"
    assert [list(column.name) for column in chart.panels[0].columns] == [["a"], ["b"]]
