"""A report on every experiment of every committed paper has pages that are small, and is made in seconds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmark.reporting.report import write_report
from tests.reporting.made_up import PAPERS, evidence
from tests.reporting.page import Page

MOST_BYTES = 5_000_000
MOST_SECONDS = 60


@pytest.mark.slow
def test_a_report_on_every_experiment_of_all_papers_has_small_pages(tmp_path: Path) -> None:
    papers = [
        evidence(tmp_path, file.stem, iterations=80, seeds=1, snapshots=2) for file in sorted(PAPERS.glob("*.yaml"))
    ]
    began = time.process_time()
    files = write_report(tmp_path / "report", papers, formats=["html"])
    assert time.process_time() - began < MOST_SECONDS
    assert all(file.stat().st_size < MOST_BYTES for file in files)
    for paper in papers:
        page = Page.of(tmp_path / "report" / f"{paper.spec.paper.id}.html")
        assert page.wrong == []
        shown = {one["id"] for _, one in page.tags if "id" in one}
        drawn = [name for name in paper.spec.experiments if f"experiment-{name}" in shown]
        assert len(drawn) > 0.9 * len(paper.spec.experiments)
