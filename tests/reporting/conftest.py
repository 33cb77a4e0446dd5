from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.reporting.report import PaperInput, write_report
from tests.reporting.factory import eight_gaussians, judged
from tests.reporting.page import Page

#: text that would act if any format let it: HTML, templates, CSV formulas, LaTeX, Markdown
HOSTILE = (
    '=cmd|"/c calc"!A1 </title></style></script><script>alert(1)</script><img src=https://evil.example/x.png '
    "onerror=alert(1)> {{ 7 * 191 }} \\input{/etc/passwd} $x$ & % # _ ^ ~ [a](https://evil.example) `b` | c\n# d"
)


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> list[PaperInput]:
    results = tmp_path_factory.mktemp("results")
    return [eight_gaussians(results), judged(results)]


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory, papers: list[PaperInput]) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_report(folder, papers, formats=["html", "markdown", "csv", "latex"])
    return folder


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    paper = judged(tmp_path_factory.mktemp("results"), HOSTILE)
    write_report(folder, [paper], formats=["html", "markdown", "csv", "latex"])
    return folder


@pytest.fixture(scope="session")
def page(report: Path) -> Page:
    return Page.of(report / "index.html")
