"""A report on every experiment of every committed paper stays one small page, and is made in seconds."""

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
def test_a_report_on_every_experiment_of_all_papers_is_one_small_page(tmp_path: Path) -> None:
    papers = [
        evidence(tmp_path, file.stem, iterations=80, seeds=1, snapshots=2) for file in sorted(PAPERS.glob("*.yaml"))
    ]
    began = time.process_time()
    (file,) = write_report(tmp_path / "report", papers, formats=["html"])
    assert time.process_time() - began < MOST_SECONDS
    assert file.stat().st_size < MOST_BYTES
    page = Page.of(file)
    assert page.wrong == []
    assert "less detail than the records" in page.text
    alts = [image["alt"] for image in page.attributes("img")]
    names = [name for paper in papers for name in paper.spec.experiments]
    # runs that serve two experiments are drawn once
    drawn = sum(any(f"{name}, full tier" in alt for alt in alts) for name in names)
    assert drawn > 0.9 * len(names) > 100
    assert all(name in page.text for name in names)
