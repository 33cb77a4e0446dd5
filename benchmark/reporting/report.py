"""From specs, verdicts and records to files: nothing is trained, judged or fetched here, and torch is not needed."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from benchmark.registry import did_you_mean
from benchmark.reporting.drawing import Drawing
from benchmark.reporting.gallery import DETAILS, gallery
from benchmark.reporting.html import cover_page, paper_page
from benchmark.reporting.latex import latex_page
from benchmark.reporting.markdown import markdown_page
from benchmark.reporting.tabular import cells_csv, claims_csv, curves_csv, measurements_csv
from benchmark.reporting.view import PaperInput, PaperView, paper_view
from benchmark.runs.files import write_atomic

__all__ = ["FORMATS", "PaperInput", "write_report"]

FORMATS = ("html", "markdown", "csv", "latex", "figures")
#: tells spreadsheets that a file is UTF-8
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_TABLES = {
    "measurements.csv": measurements_csv,
    "tables.csv": cells_csv,
    "claims.csv": claims_csv,
    "curves.csv": curves_csv,
}


def write_report(
    folder: Path, papers: Sequence[PaperInput], *, formats: Collection[str], reference: Sequence[PaperInput] = ()
) -> list[Path]:
    """Write the report into ``folder`` and return its files; equal inputs give equal bytes.

    Papers appear in the order given, evidence of ``reference`` beside them. An unknown format is a ValueError, raised
    before anything is written.
    """
    for name in formats:
        if name not in FORMATS:
            raise ValueError(f"unknown format '{name}', known: {', '.join(FORMATS)}{did_you_mean(name, FORMATS)}")
    views = [paper_view(paper) for paper in papers]
    committed = [paper_view(paper) for paper in reference]
    written = []
    for name in FORMATS:
        for file, content in _files(name, views, committed) if name in formats else ():
            write_atomic(folder / file, content)
            written.append(folder / file)
    return written


def _files(name: str, views: Sequence[PaperView], reference: Sequence[PaperView]) -> Iterator[tuple[str, bytes]]:
    """The files of one format."""
    if name == "html":
        yield "index.html", cover_page(views, reference).encode()
        for view in (*views, *reference):
            yield view.page, paper_page(view, views).encode()
    elif name == "markdown":
        yield "report.md", markdown_page(views, reference).encode()
    elif name == "csv":
        for file, write in _TABLES.items():
            yield file, (_BOM + write(views)).encode()
    elif name == "latex":
        yield "report.tex", latex_page(views).encode()
    else:
        for view in views:
            yield from _figures(view)


def _figures(view: PaperView) -> Iterator[tuple[str, bytes]]:
    """Every drawing of a paper as SVG and PDF, every picture as it is on the page."""
    drawn = gallery(view.spec, view.evidence, DETAILS[0])
    several = {
        **{claim.verdict.claim: claim.charts for claim in view.claims},
        **{table.id: [table.chart] if table.chart else [] for table in view.tables},
        **{figure.id: figure.shown for figure in drawn.figures},
        **{drawing.group.experiment: drawing.shown for drawing in drawn.training},
        "scores": drawn.scores,
    }
    for key, shown in several.items():
        for index, drawing in enumerate(shown, 1):
            stem = f"figures/{view.id}/{key}{f'-{index}' if len(shown) > 1 else ''}"
            if isinstance(drawing, Drawing):
                yield f"{stem}.svg", drawing.svg(alone=True).encode()
                yield f"{stem}.pdf", drawing.pdf()
            else:
                kind, _, content = drawing.uri.partition(";base64,")
                yield f"{stem}.{kind.rpartition('/')[2]}", base64.b64decode(content)
