"""Bold print of tables, group by group."""

from __future__ import annotations

from benchmark.judging.tables import _repeats, table_findings

from .factory import cell, paper, table


def bold(rows: dict[str, dict[str, dict[str, object]]]) -> list[str]:
    return [found.says for found in table_findings(paper(tables={"T1": table(rows)})) if found.kind == "bold"]


def test_rows_without_bold_print_mark_nothing() -> None:
    marked = {"A": cell(10.0, bold=True), "B": cell(20.0)}
    assert bold({"x": marked, "y": {"A": cell(12.0), "B": cell(15.0)}, "z": {"A": cell(3.0)}}) == []
    wrong = {"A": cell(12.0, bold=True), "B": cell(11.0)}
    assert bold({"x": marked, "w": marked, "y": wrong}) == [
        "y / A 12.0 is bold, y / B 11.0 is lower",
        "y / B 11.0 is the best and not bold",
    ]


def test_bold_print_is_read_by_row_or_by_column_as_more_of_it_fits_than_does_not() -> None:
    """By row two of three are the best, by column one of one: no better, so rows. One more that is wrong: columns."""
    rows = {
        "w": {"A": cell(1.0, bold=True), "B": cell(2.0)},
        "x": {"A": cell(5.0), "C": cell(4.0, bold=True)},
        "y": {"A": cell(5.0), "D": cell(6.0, bold=True)},
    }
    assert bold(rows) == ["y / A 5.0 is the best and not bold", "y / D 6.0 is bold, y / A 5.0 is lower"]
    assert bold({**rows, "z": {"A": cell(5.0), "E": cell(6.0, bold=True)}}) == []


def test_where_neither_less_nor_more_is_better_bold_print_marks_no_best() -> None:
    marked = {"A": cell(10.0, bold=True), "B": cell(20.0)}
    rows = {"v": marked, "w": marked, "x": {"A": cell(12.0, bold=True), "B": cell(11.0)}}
    for direction, count in (("lower", 2), ("two_sided", 0)):
        found = table_findings(paper(tables={"T1": table(rows, direction=direction)}))
        assert [one.kind for one in found] == ["bold"] * count


def test_only_what_is_said_of_one_experiment_can_be_a_repeat() -> None:
    for again, quantity, told in (
        (10.0, "seconds", []),
        (11.0, "seconds", ["T1, x, A", "T1, y, A"]),
        (11.0, "setting", []),
    ):
        rows = {
            row: {"A": {"value": value, "experiment": "a"}, "B": cell(other)}
            for row, value, other in (("x", 10.0, 12.0), ("y", again, 13.0))
        }
        found = table_findings(paper(tables={"T1": table(rows, quantity=quantity)}))
        assert [place for one in found if one.kind == "repeat" for place in one.cells] == told


def test_bold_print_of_rows_of_two_and_of_three() -> None:
    """By row one of two fits and in the row of one there is nothing to compare; by column none fits."""
    rows = {
        "x": {"A": cell(10.0, bold=True), "B": cell(20.0)},
        "y": {"A": cell(9.0), "B": cell(21.0, bold=True)},
        "z": {"A": cell(8.0)},
    }
    assert bold({"x": rows["x"], "z": rows["z"]}) == []
    assert bold({"x": {"A": cell(5.0, bold=True)}}) == [], "alone"
    assert bold(rows) == ["y / A 9.0 is the best and not bold", "y / B 21.0 is bold, y / A 9.0 is lower"]
    three = {"A": cell(3.0), "B": cell(2.0, bold=True), "C": cell(1.0)}
    assert bold({"w": rows["x"], "x": three, "y": rows["x"], "z": rows["x"]}) == [
        "x / B 2.0 is bold, x / C 1.0 is lower",
        "x / C 1.0 is the best and not bold",
    ]


def test_higher_is_better_by_the_table_s_direction() -> None:
    rows = {
        "x": {"A": cell(1.0), "B": cell(2.0, bold=True)},
        "y": {"A": cell(3.0), "B": cell(4.0, bold=True)},
        "z": {"A": cell(5.0, bold=True), "B": cell(6.0)},
    }
    found = table_findings(paper(tables={"T1": table(rows, direction="higher")}))
    assert [one.says for one in found if one.kind == "bold"] == [
        "z / A 5.0 is bold, z / B 6.0 is higher",
        "z / B 6.0 is the best and not bold",
    ]


def test_spreads_without_a_meaning_and_quoted_numbers_are_counted() -> None:
    row = {
        "A": cell(1.0, spread=0.1, spread_means="seeds"),
        "B": cell(2.0, spread=0.1, spread_means="unknown"),
        "C": cell(3.0, quoted_from="another paper"),
        "D": cell(4.0, quoted_from="another paper"),
        "E": cell(5.0, quoted_from="a third"),
    }
    found = table_findings(paper(tables={"T1": table({"x": row})}))
    assert [(one.kind, one.says) for one in found] == [
        ("quoted", "2 of 5 numbers taken from another paper: x / C, x / D"),
        ("quoted", "1 of 5 numbers taken from a third: x / E"),
        ("spread", "1 spread without a meaning (seeds, splits or subsets?): x / B"),
    ]


def test_two_scores_of_one_experiment_are_no_repeat() -> None:
    row = {
        "A": {"value": 10.0, "experiment": "a", "score": "fid"},
        "B": {"value": 11.0, "experiment": "a", "score": "late"},
    }
    assert not [*_repeats(paper(tables={"T1": table({"x": row})}))]
    row["B"]["score"] = "fid"
    (found,) = _repeats(paper(tables={"T1": table({"x": row})}))
    assert found.says == "fid of a is printed with different values: 10.0 (T1, x, A), 11.0 (T1, x, B)"
