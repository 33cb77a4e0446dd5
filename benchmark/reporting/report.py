"""From verdicts and records to files: nothing is trained, judged or fetched here, and torch is not needed.

Pages are a cover and one for each paper. They load nothing from elsewhere, and without a script all is there.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from benchmark.judging.judge import JudgedPaper
from benchmark.registry import did_you_mean
from benchmark.reporting.cover import decided, sections
from benchmark.reporting.drawing import Drawing
from benchmark.reporting.gallery import gallery
from benchmark.reporting.painter import DETAILS
from benchmark.reporting.rendering import render
from benchmark.reporting.sealed import seal_view
from benchmark.reporting.tabular import TABLES, table_csv
from benchmark.reporting.view import PaperView, banner, paper_view
from benchmark.runs.files import write_atomic

FORMATS = ("html", "markdown", "csv", "latex", "figures")
#: tells spreadsheets that a file is UTF-8
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
#: a page larger than this is drawn again with less detail
MOST_BYTES = 4_800_000
#: lines of a section of the cover that are not folded
SHOWN = 6


def write_report(
    folder: Path,
    papers: Sequence[JudgedPaper],
    *,
    formats: Collection[str],
    reference: Sequence[JudgedPaper] = (),
    grounds: Sequence[JudgedPaper] = (),
) -> list[Path]:
    """Write the report into ``folder`` and return its files; equal inputs give equal bytes.

    Papers appear in the order given, beside them evidence of ``reference`` and what was run under a reading that others
    are tried on, ``grounds``. An unknown format is a ValueError, raised
    before anything is written.
    """
    for name in formats:
        if name not in FORMATS:
            raise ValueError(f"unknown format '{name}', known: {', '.join(FORMATS)}{did_you_mean(name, FORMATS)}")
    views = [paper_view(paper) for paper in papers]
    committed = [paper_view(paper) for paper in reference]
    under = [paper_view(paper) for paper in grounds]
    written = []
    for name in FORMATS:
        for file, content in _files(name, views, committed, under) if name in formats else ():
            write_atomic(folder / file, content)
            written.append(folder / file)
    return written


def _files(
    name: str, views: Sequence[PaperView], reference: Sequence[PaperView], grounds: Sequence[PaperView]
) -> Iterator[tuple[str, bytes]]:
    if name == "html":
        yield "index.html", cover_page(views, reference, grounds).encode()
        everything = (*views, *reference, *grounds)
        for view in everything:
            beside = [other for other in everything if other.id == view.id and other is not view]
            yield view.page, paper_page(view, views, beside).encode()
    elif name == "markdown":
        parts, everything = sections(views, reference, grounds), (*views, *grounds)
        said = banner(everything, decided_elsewhere=any(map(decided, reference)))
        yield "report.md", render("report.md.j2", sections=parts, papers=everything, banner=said).encode()
    elif name == "csv":
        for file in TABLES:
            yield file, (_BOM + table_csv(file, (*views, *grounds))).encode()
    elif name == "latex":
        yield "report.tex", render("report.tex.j2", papers=views, grounds=grounds).encode()
    else:
        for view in (*views, *grounds):
            yield from _figures(view)


def _figures(view: PaperView) -> Iterator[tuple[str, bytes]]:
    """Every drawing of a paper as SVG and PDF, every picture as it is on the page."""
    drawn = gallery(view.spec, view.evidence, DETAILS[0])
    drawings = {
        **{claim.verdict.claim: claim.charts for claim in view.claims},
        **{table.id: [table.chart] if table.chart else [] for table in view.tables},
        **{figure.id: figure.shown for figure in drawn.figures},
        **{group.experiment: shown for group, shown in drawn.training},
        "scores": drawn.scores,
    }
    for key, shown in drawings.items():
        for index, drawing in enumerate(shown, 1):
            stem = f"figures/{view.page.removesuffix('.html')}/{key}{f'-{index}' if len(shown) > 1 else ''}"
            if isinstance(drawing, Drawing):
                yield f"{stem}.svg", drawing.svg(alone=True).encode()
                yield f"{stem}.pdf", drawing.pdf()
            else:
                kind, _, content = drawing.uri.partition(";base64,")
                yield f"{stem}.{kind.rpartition('/')[2]}", base64.b64decode(content)


def cover_page(views: Sequence[PaperView], reference: Sequence[PaperView], grounds: Sequence[PaperView] = ()) -> str:
    """What was found, in lines that lead to the papers' pages."""
    parts = sections(views, reference, grounds)
    counts = Counter(finding.state for part in parts for finding in part.findings)
    seals: dict[str, list[PaperView]] = {}
    for view in (*views, *(known for known in (*grounds, *reference) if decided(known))):
        seal = seal_view(view.verdicts)
        if seal is not None and seal.tone is not None:
            seals.setdefault(seal.says.partition(":")[0], []).append(view)
    return render(
        "cover.html.j2",
        seals=seals,
        papers=views,
        beside=(*grounds, *reference),
        sections=parts,
        counts=[(state, count, str(count)) for state, count in counts.items()],
        banner=banner((*views, *grounds), decided_elsewhere=any(map(decided, reference))),
        shown=SHOWN,
    )


def paper_page(view: PaperView, views: Sequence[PaperView], beside: Sequence[PaperView] = ()) -> str:
    """All of one paper, in as fine a detail as keeps the page below :data:`MOST_BYTES`.

    ``beside`` is other evidence on it, with pages of its own.
    """
    experiments = len(view.evidence.groups)
    page = ""
    for detail in DETAILS:
        if experiments <= detail.experiments or detail == DETAILS[-1]:
            drawn = gallery(view.spec, view.evidence, detail)
            facts = {"view": view, "papers": views, "beside": beside, "coarse": detail != DETAILS[0]}
            page = render("paper.html.j2", gallery=drawn, **facts)
            if len(page.encode()) <= MOST_BYTES:
                break
    return page
