"""Experiments of one's own, cells without a number, and whose word a verdict rests on, in every format."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

from benchmark.judging.verdict import Interval, OwnComparison, Values
from benchmark.reporting import escapes
from benchmark.reporting.report import write_report
from tests.reporting.factory import judged
from tests.reporting.page import Page


def test_an_experiment_of_ones_own_stands_beside_the_papers_table(tmp_path: Path) -> None:
    given = judged(tmp_path / "a")
    key, table = next(iter(given.spec.tables.items()))
    row = next(one for one in table.rows if one.cells)
    column, cell = next(iter(row.cells.items()))
    experiment = next(iter(given.spec.experiments))
    ours = OwnComparison(
        experiment=experiment,
        against=f"{key}/{row.label}/{column}",
        published=cell.value,
        says="better than the printed number",
        measured=Values(
            label="fid", experiment=experiment, tier="full", mean=17.25, deviation=None, seeds={0: 17.25}, reasons={}
        ),
        deviation=Interval(estimate=-3.5, low=-4.0, high=-3.0, confidence=0.9),
        reason=f"90 % interval beyond the margin ({experiment})",
    )
    given = replace(given, verdicts=given.verdicts.model_copy(update={"ours": [ours]}))
    write_report(tmp_path / "b", [given], formats=["html", "markdown", "latex"])
    page = Page.of(tmp_path / "b" / f"{given.spec.paper.id}.html")
    shown = page.by_id[key]
    assert "no verdicts on the paper" in shown
    assert f"{row.label}, {column}" in shown
    assert "better than the printed number" in shown
    text = (tmp_path / "b" / "report.md").read_text()
    assert "no verdicts on the paper" in text
    assert "better than the printed number" in text
    (line,) = [one for one in (tmp_path / "b" / "report.tex").read_text().splitlines() if "better than the" in one]
    assert "17.2" in line
    assert row.label.split()[0] in line


def test_a_cell_without_a_number_says_what_the_paper_has_there(tmp_path: Path) -> None:
    given = judged(tmp_path / "a")
    key, table = next(iter(given.spec.tables.items()))
    row, *rest = table.rows
    column = next(iter(row.cells))
    left = {name: cell for name, cell in row.cells.items() if name != column}
    emptied = row.model_copy(update={"cells": left, "blank": {column: "failed"}})
    changed = table.model_copy(update={"rows": (emptied, *rest)})
    spec = given.spec.model_copy(update={"tables": {**given.spec.tables, key: changed}})
    cells = [one for one in given.verdicts.cells if (one.table, one.row, one.column) != (key, row.label, column)]
    given = replace(given, spec=spec, verdicts=given.verdicts.model_copy(update={"cells": cells}))
    write_report(tmp_path / "b", [given], formats=["html", "markdown", "latex"])
    assert "failed" in Page.of(tmp_path / "b" / f"{spec.paper.id}.html").by_id[key]
    (line,) = [one for one in (tmp_path / "b" / "report.md").read_text().splitlines() if f"| {row.label} |" in one][:1]
    assert "failed" in line
    assert "failed" in (tmp_path / "b" / "report.tex").read_text()


def test_evidence_under_a_reading_is_told_with_the_reading_and_apart(tmp_path: Path) -> None:
    """The reference of the toy has no run of the spec as it stands: all is under one reading."""
    given = judged(tmp_path / "a")
    nothing = replace(given, stored=[], verdicts=given.verdicts.model_copy(update={"claims": [], "cells": []}))
    narrow = replace(given, verdicts=given.verdicts.model_copy(update={"reading": "narrow"}))
    formats = ["html", "markdown", "csv", "latex"]
    write_report(tmp_path / "b", [nothing], formats=formats, grounds=[narrow])
    paper = given.spec.paper.id
    cover = Page.of(tmp_path / "b" / "index.html")
    holds = next(one.claim for one in given.verdicts.claims if one.state == "HOLDS")
    assert f"{holds}, reading narrow" in cover.by_id["decided"]
    assert "Nothing has run" not in cover.by_id["summary"]
    page = Page.of(tmp_path / "b" / f"{paper}--narrow.html")
    assert "under the reading narrow" in page.by_id["summary"]
    narrow_says = given.spec.readings["narrow"].says
    assert all(narrow_says in text for text in (page.by_id["summary"], cover.by_id["decided"]))
    assert "Under reading" not in Page.of(tmp_path / "b" / f"{paper}.html").text
    with (tmp_path / "b" / "measurements.csv").open(encoding="utf-8-sig") as stream:
        assert {row["reading"] for row in csv.DictReader(stream)} == {"narrow"}
    assert f"Claims of {escapes.latex(paper)}, reading narrow" in (tmp_path / "b" / "report.tex").read_text()
    assert f"{holds}, reading narrow" in (tmp_path / "b" / "report.md").read_text()
    assert f"## {paper}, reading narrow\n" in (tmp_path / "b" / "report.md").read_text().replace("\\", "")
    again = [f"ganrepro run {paper}{reading} --tier full" for reading in ("", " --reading narrow")]
    plain, under = ((tmp_path / "b" / f"{paper}{name}.html").read_text() for name in ("", "--narrow"))
    assert again[0] in plain
    assert again[1] in under
    assert again[0] not in under, "it would train something else"


def test_every_format_says_of_how_many_seeds_a_verdict_before_the_last_look_is(tmp_path: Path) -> None:
    given = judged(tmp_path / "a")
    early = {"interim": True, "planned": 5}
    claims = [
        one.model_copy(update={**early, "seeds": 4} if one.state == "HOLDS" else {}) for one in given.verdicts.claims
    ]
    cells = [one.model_copy(update=early if one.state == "REPRODUCED" else {}) for one in given.verdicts.cells]
    given = replace(given, verdicts=given.verdicts.model_copy(update={"claims": claims, "cells": cells}))
    write_report(tmp_path / "b", [given], formats=["html", "latex", "markdown"])
    text = (tmp_path / "b" / "report.tex").read_text()
    assert text.count("holds, 4 of 5 seeds &") == 1
    assert text.count(r" \textsc{r}\newline 3 of 5 seeds &") == 1
    assert len(re.findall(r"\d of 5 seeds", text)) == 2, "of no verdict that is not early"
    text = (tmp_path / "b" / "report.md").read_text()
    assert "**✓ HOLDS** 4 of 5 seeds |" in text
    assert "**✓ REPRODUCED** 3 of 5 seeds |" in text
    page = Page.of(tmp_path / "b" / "judged.html").text
    assert page.count("4 of 5 seeds") == page.count("3 of 5 seeds") == 1


def test_cover_and_latex_say_whose_word_a_verdict_rests_on(tmp_path: Path) -> None:
    given = judged(tmp_path / "a")
    about = {"word": "measured", "rests_on": "on samples supplied by A. Uthor"}
    holds = next(one for one in given.verdicts.claims if one.state == "HOLDS")
    claims = [one.model_copy(update=about) if one is holds else one for one in given.verdicts.claims]
    shown = next(one for one in given.verdicts.cells if one.state == "REPRODUCED")
    cells = [
        one.model_copy(update={**about, "word": "reported"}) if one is shown else one for one in given.verdicts.cells
    ]
    given = replace(given, verdicts=given.verdicts.model_copy(update={"claims": claims, "cells": cells}))
    write_report(tmp_path / "b", [given], formats=["html", "latex"])
    assert Page.of(tmp_path / "b" / "index.html").by_id["decided"].count("on samples supplied by A. Uthor") == 2
    text = (tmp_path / "b" / "report.tex").read_text()
    assert "holds, on samples supplied by A. Uthor" in " ".join(text.split())
    assert r"\textsuperscript{r}" in text
    assert r"\textsuperscript{m}" not in text
    assert "r as reported by others" in text
