from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import get_args

import pandas
import pytest

from benchmark.judging.judge import JudgedPaper
from benchmark.judging.verdict import CellState, ClaimState
from benchmark.reporting import escapes
from benchmark.reporting.tabular import CELL_COLUMNS, CLAIM_COLUMNS, safe, table_csv
from benchmark.reporting.view import paper_view
from tests.reporting.conftest import HOSTILE
from tests.reporting.factory import cell_verdict, claim_verdict, judged, verdicts


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8-sig") as stream:
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


def test_csv_says_the_p_value_against_a_claim_and_of_how_many_planned_seeds_a_verdict_is(tmp_path: Path) -> None:
    spec = judged(tmp_path).spec
    p_values = {"p": 1.0, "p_holm": 1.0, "p_against": 0.0004, "p_against_holm": 0.0012}
    claim = claim_verdict("J-C0", "REVERSED", **p_values, seeds=3, planned=5)
    paper = paper_view(JudgedPaper(spec, verdicts(spec, [], claims=[claim]), []))
    (line,) = csv.DictReader(io.StringIO(table_csv("claims.csv", [paper])))
    assert {name: float(line[name]) for name in p_values} == p_values
    assert (line["seeds"], line["planned_seeds"], line["min_seeds"]) == ("3", "5", "10")


def test_the_margin_in_csv_is_the_one_that_decides(tmp_path: Path) -> None:
    """What print rounds off belongs to it, so that who tests the deviation again decides alike."""
    spec = judged(tmp_path).spec
    rounded = cell_verdict("system 0 plain", "CIFAR-10", "REPRODUCED", rounding=0.05)
    paper = paper_view(JudgedPaper(spec, verdicts(spec, [], cells=[rounded]), []))
    lines = csv.DictReader(io.StringIO(table_csv("tables.csv", [paper])))
    assert [float(line["margin"]) for line in lines if line["margin"]] == [pytest.approx(2.93 + 0.05)]


def test_hostile_text_in_csv(hostile: Path) -> None:
    files = sorted(file.name for file in hostile.glob("*.csv"))
    assert set(files) == {"tables.csv", "claims.csv", "measurements.csv", "curves.csv"}
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
    assert "## Decided by the runs of this folder" in text


def test_the_measurements_are_tidy(full: Path) -> None:
    """A row per experiment, score and seed; read by pandas, and marked as UTF-8 for Excel."""
    file = full / "measurements.csv"
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    lines = rows(file)
    keys = [(line["experiment"], line["score"], line["seed"]) for line in lines]
    assert len(set(keys)) == len(keys) > 20
    measured = [line for line in lines if line["value"]]
    for line in measured:
        assert float(line["value"]) > 0
        assert json.loads(line["protocol"])["metric"]
        assert line["method"] != line["experiment"]
    assert all(line["reason"] for line in lines if not line["value"])
    frame = pandas.read_csv(file)
    means = frame.groupby(["experiment", "score"])["value"].mean()
    own = [float(line["value"]) for line in measured if (line["experiment"], line["score"]) == means.index[0]]
    assert means.iloc[0] == pytest.approx(sum(own) / len(own))


def test_curves_are_rows_of_what_the_charts_draw(full: Path) -> None:
    lines = [line for line in rows(full / "curves.csv") if line["curve"] == "discriminator_loss"]
    assert {line["seeds"] for line in lines} <= {"3", "4"}
    assert all(float(line["least"]) <= float(line["median"]) <= float(line["greatest"]) for line in lines)


def test_a_cell_s_command_is_in_the_csv(full: Path) -> None:
    line = next(line for line in rows(full / "tables.csv") if line["measured_mean"])
    assert line["command"] == f"ganrepro run gan_rl --tier full --experiment {line['experiment']}"


def test_markdown_escapes_what_would_act() -> None:
    assert escapes.markdown("a|b\nc") == "a&#124;b c"
    assert escapes.markdown("1. not a list").startswith("1&#8203;.")
    assert escapes.markdown("- not a list").startswith("\\-")
    assert escapes.markdown("0.34 h (of 2)") == "0.34 h (of 2)"
    assert "https:" not in escapes.markdown("see https://evil.example")


def test_hostile_text_in_latex(hostile: Path) -> None:
    text = (hostile / "report.tex").read_text()
    assert "\\input" not in text
    commands = set(re.findall(r"\\([a-zA-Z]+)", text))
    assert commands <= {
        "begin", "end", "centering", "small", "caption", "label", "toprule", "midrule", "bottomrule", "endhead",
        "textbf", "textsc", "begingroup", "endgroup", "scriptsize", "setlength", "tabcolsep", "dimexpr", "relax",
        "pm", "usepackage", "linewidth", "par", "noindent", "textbackslash", "textless", "raggedright", "hspace",
        "textgreater", "textbar", "textquotedbl", "textasciicircum", "textasciitilde", "textasciigrave", "newline",
        "arraybackslash", "sloppy",
    }  # fmt: skip
    plain = re.sub(r"\\[{}$&#%_\\]", "", text)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0
    assert not re.search(r"[#_^~]", plain.replace("\\textasciitilde{}", ""))


def test_latex_tables_have_the_published_layout(report: Path) -> None:
    text = (report / "report.tex").read_text()
    assert r" & CIFAR-10 & SVHN & empty plain \\" in text
    cell = r"\textbf{29.3}\newline 31.3 $\pm$ 0.4\newline +2.0 \textsc{"
    assert rf"system 0 plain & {cell}r}} & {cell}ri}} &  \\" in text
    assert "r reproduced, ri reproduced if" in text
    for line in re.findall(r"\\midrule\n(.*?)\\bottomrule", text, flags=re.DOTALL)[0].strip().splitlines():
        assert line.count("&") == 3


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs TeX")
@pytest.mark.parametrize("kind", ["report", "full"])
def test_latex_compiles_in_a_plain_article_without_overfull_boxes(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    body = (request.getfixturevalue(kind) / "report.tex").read_text()
    head = r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{array,booktabs,longtable}\begin{document}"
    (tmp_path / "a.tex").write_text(f"{head}\n{body}\n\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert said.returncode == 0, said.stdout[-2000:]
    assert "Overfull" not in said.stdout


def test_latex_escapes_every_special_character() -> None:
    assert escapes.latex("50% of a_b & {c}") == r"50\% of a\_b \& \{c\}"
    assert escapes.latex("[1cm] *") == "{[}1cm{]} {*}"
    assert escapes.latex("\\") == r"\textbackslash{}"
    assert escapes.latex("\N{GREEK SMALL LETTER SIGMA} \N{SNOWMAN} é") == r"$\sigma$ ? é"
