from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.judging.judge import JudgedPaper
from benchmark.reporting.report import write_report
from tests.reporting.factory import eight_gaussians, judged
from tests.reporting.made_up import evidence
from tests.reporting.page import Page

#: of text; drawings as files have a test of their own
ALL_FORMATS = ["html", "markdown", "csv", "latex"]
#: text that would act if any format let it: HTML, templates, CSV formulas, LaTeX, Markdown
HOSTILE = (
    '=cmd|"/c calc"!A1 </title></style></script><script>alert(1)</script><img src=https://evil.example/x.png '
    "onerror=alert(1)> {{ 7 * 191 }} \\input{/etc/passwd} $x$ & % # _ ^ ~ [a](https://evil.example) `b` | c\n# d"
)


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> list[JudgedPaper]:
    results = tmp_path_factory.mktemp("results")
    return [eight_gaussians(results), judged(results)]


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory, papers: list[JudgedPaper]) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_report(folder, papers, formats=ALL_FORMATS)
    return folder


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    paper = judged(tmp_path_factory.mktemp("results"), HOSTILE)
    write_report(folder, [paper], formats=ALL_FORMATS)
    return folder


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on made-up runs at tier full of one real paper: several tables, orders and figures with verdicts."""
    methods = ("gan_a", "gan_rl_a", "dragan_a", "age_b", "alpha_gan_b")
    experiments = ["toy_minimax", "toy_reconstruction", *(f"cifar10_{name}" for name in methods)]
    paper = evidence(tmp_path_factory.mktemp("runs"), "gan_rl", iterations=80, seeds=4, experiments=experiments)
    folder = tmp_path_factory.mktemp("full")
    write_report(folder, [paper], formats=ALL_FORMATS)
    return folder


@pytest.fixture(scope="session")
def page(report: Path) -> Page:
    """The page of the paper with every verdict."""
    return Page.of(report / "judged.html")
