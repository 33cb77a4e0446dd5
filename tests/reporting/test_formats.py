from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import get_args

import pytest

from benchmark.judging.verdict import CellState, ClaimState
from benchmark.reporting import latex, markdown
from benchmark.reporting.numbers import short
from benchmark.reporting.tabular import CELL_COLUMNS, CLAIM_COLUMNS, safe
from tests.reporting.conftest import HOSTILE


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tx", "\rx", "  =1"])
def test_text_that_a_spreadsheet_would_run_is_made_text(text: str) -> None:
    assert safe(text) == f"'{text}"


def test_numbers_stay_numbers() -> None:
    assert safe(-1.5) == -1.5
    assert safe("a = b") == "a = b"
    assert safe(None) == ""


def test_csv_holds_every_cell_and_claim_with_unrounded_numbers(report: Path) -> None:
    cells = rows(report / "tables.csv")
    assert len(cells) == len(get_args(CellState))
    assert tuple(cells[0]) == CELL_COLUMNS
    assert (cells[0]["row"], cells[0]["column"], cells[0]["state"]) == ("system 0 plain", "CIFAR-10", "REPRODUCED")
    assert float(cells[0]["measured_mean"]) == 31.257
    assert float(cells[0]["deviation_low"]) == 1.594
    assert cells[-1]["measured_mean"] == ""
    claims = rows(report / "claims.csv")
    assert tuple(claims[0]) == CLAIM_COLUMNS
    states = get_args(ClaimState)
    assert [line["claim"] for line in claims[-len(states) :]] == [f"J-C{index}" for index in range(len(states))]
    assert float(claims[-1]["statistic"]) == 0.421
    assert claims[-1]["statistic_high"] == ""


def test_hostile_text_in_csv(hostile: Path) -> None:
    files = sorted(file.name for file in hostile.glob("*.csv"))
    assert {"tables.csv", "claims.csv", "scores.csv", "unstated.csv", "departures.csv", "runs.csv"} <= set(files)
    for file in files:
        for line in rows(hostile / file):
            for value in line.values():
                assert re.fullmatch(r"-?[0-9.e-]+|(?![=+\-@\t\r]).*", value, flags=re.DOTALL), value
    assert rows(hostile / "claims.csv")[0]["test"] == f"'{HOSTILE}"


def test_hostile_text_in_markdown(hostile: Path) -> None:
    text = (hostile / "report.md").read_text()
    body = re.sub(r"```\n.*?```", "", text, flags=re.DOTALL)
    assert not re.search(r"<(?!br>|https://(arxiv|example)\.org/)", body)
    assert "](https://evil" not in body
    assert "](<https://evil" not in body
    assert not re.search(r"(?<!\\)[`$]", body)
    assert not re.search(r"^# d", body, flags=re.MULTILINE)
    for block in re.findall(r"(?:^\|.*\n)+", body, flags=re.MULTILINE):
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(columns) == 1


def test_markdown_shows_tables_and_verdicts(report: Path) -> None:
    text = (report / "report.md").read_text()
    cell = "published 29.3<br>measured 31.3 ± 0.4<br>deviation +2.0<br>**✓ REPRODUCED**"
    assert f"| system 0 plain | {cell} |" in text
    assert "**✗ REVERSED**" in text
    assert "ganrepro run papers/gan_rl.yaml --tier short --experiment toy_minimax" in text


def test_every_format_holds_floors_and_ceilings_selection_protocols_and_the_ledger(full: Path) -> None:
    """The same numbers everywhere: in full in CSV, with four digits in Markdown and LaTeX."""
    markdown_text, latex_text = (full / "report.md").read_text(), (full / "report.tex").read_text()
    for name in ("scores", "selection", "protocols", "times", "unstated", "contradictions", "unfinished"):
        lines = rows(full / f"{name}.csv")
        assert lines, name
        assert {line["paper"] for line in lines} == {"gan_rl"}
    score = next(line for line in rows(full / "scores.csv") if line["mean"])
    for column in ("mean", "real against real", "copies of training data", "untrained generator", "noise"):
        shown = short(float(score[column]))
        assert f" {shown} |" in markdown_text
        assert latex.escape(shown) in latex_text
    luck = short(float(next(line for line in rows(full / "selection.csv") if line["luck"])["luck"]))
    assert f"| {luck} |" in markdown_text
    assert latex.escape(luck) in latex_text
    protocol = next(line for line in rows(full / "protocols.csv") if line["changed"] == "count")
    assert "endless: line against 1/N" in protocol["setting"]
    assert protocol["setting"] in markdown_text
    assert protocol["setting"] in latex_text


def test_a_cell_s_command_is_in_the_csv(full: Path) -> None:
    line = next(line for line in rows(full / "tables.csv") if line["state"] == "REPRODUCED")
    assert line["command"] == f"ganrepro run papers/gan_rl.yaml --tier full --experiment {line['experiment']}"


def test_markdown_escapes_what_would_act() -> None:
    assert markdown.escape("a|b\nc") == "a&#124;b c"
    assert markdown.escape("1. not a list").startswith("1&#8203;.")
    assert markdown.escape("- not a list").startswith("\\-")
    assert markdown.escape("0.34 h (of 2)") == "0.34 h (of 2)"
    assert "https:" not in markdown.escape("see https://evil.example")


def test_hostile_text_in_latex(hostile: Path) -> None:
    text = (hostile / "report.tex").read_text()
    assert "\\input" not in text
    commands = set(re.findall(r"\\([a-zA-Z]+)", text))
    assert commands <= {
        "begin", "end", "centering", "small", "caption", "label", "toprule", "midrule", "bottomrule", "endhead",
        "textbf", "textsc", "begingroup", "endgroup", "scriptsize", "setlength", "tabcolsep",
        "pm", "usepackage", "linewidth", "par", "noindent", "textbackslash", "textless",
        "textgreater", "textbar", "textquotedbl", "textasciicircum", "textasciitilde", "textasciigrave",
    }  # fmt: skip
    plain = re.sub(r"\\[{}$&#%_\\]", "", text)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0
    assert not re.search(r"[#_^~]", plain.replace("\\textasciitilde{}", ""))


def test_latex_tables_have_the_published_layout(report: Path) -> None:
    text = (report / "report.tex").read_text()
    assert r" & CIFAR-10 & SVHN & empty plain \\" in text
    assert r"system 0 plain & \textbf{29.3} & \textbf{29.3} &  \\" in text
    assert r" & 31.3 $\pm$ 0.4 & 31.3 $\pm$ 0.4 &  \\" in text
    assert r" & \textsc{reproduced} & \textsc{reproduced if} &  \\" in text
    for line in re.findall(r"\\midrule\n(.*?)\\bottomrule", text, flags=re.DOTALL)[0].strip().splitlines():
        assert line.count("&") == 3


def test_latex_escapes_every_special_character() -> None:
    assert latex.escape("50% of a_b & {c}") == r"50\% of a\_b \& \{c\}"
    assert latex.escape("[1cm] *") == "{[}1cm{]} {*}"
    assert latex.escape("\\") == r"\textbackslash{}"
    assert latex.escape("\N{GREEK SMALL LETTER SIGMA} \N{SNOWMAN} é") == r"$\sigma$ ? é"
