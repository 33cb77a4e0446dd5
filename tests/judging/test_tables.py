"""Bold print of tables, group by group."""

from __future__ import annotations

from benchmark.judging.tables import table_findings

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
