"""From specs, verdicts and records to files: nothing is trained, judged or fetched here, and torch is not needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from benchmark.registry import did_you_mean
from benchmark.reporting.html import html_page
from benchmark.reporting.latex import latex_page
from benchmark.reporting.markdown import markdown_page
from benchmark.reporting.sheets import LEDGER, MEASURED, RUNS
from benchmark.reporting.tabular import cells_csv, claims_csv, sheet_csv
from benchmark.reporting.view import PaperInput, PaperView, paper_view
from benchmark.runs.files import write_atomic

__all__ = ["FORMATS", "PaperInput", "write_report"]

_Writer = Callable[[Sequence[PaperView]], str]
#: format -> its files
FORMATS: dict[str, dict[str, _Writer]] = {
    "html": {"index.html": html_page},
    "markdown": {"report.md": markdown_page},
    "csv": {
        "tables.csv": cells_csv,
        "claims.csv": claims_csv,
        **{f"{name}.csv": sheet_csv(make) for name, make in {**MEASURED, **LEDGER, **RUNS}.items()},
    },
    "latex": {"report.tex": latex_page},
}


def write_report(folder: Path, papers: Sequence[PaperInput], *, formats: Collection[str]) -> list[Path]:
    """Write the report into ``folder`` and return its files; equal inputs give equal bytes.

    Papers appear in the order given. An unknown format is a ValueError, raised before anything is written.
    """
    for name in formats:
        if name not in FORMATS:
            raise ValueError(f"unknown format '{name}', known: {', '.join(FORMATS)}{did_you_mean(name, FORMATS)}")
    views = [paper_view(paper) for paper in papers]
    written = []
    for name, files in FORMATS.items():
        for file, write in files.items() if name in formats else ():
            write_atomic(folder / file, write(views).encode())
            written.append(folder / file)
    return written
