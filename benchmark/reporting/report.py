"""From verdicts and records to files: nothing is trained, judged or fetched here, and torch is not needed.

Pages are a cover and one for each paper. They load nothing from elsewhere, and without a script all is there.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from benchmark.judging.judge import JudgedPaper
from benchmark.registry import did_you_mean
from benchmark.reporting import runs, sidecars
from benchmark.reporting.cover import in_print, recipe_facts, sections
from benchmark.reporting.drawing import MARKS, SERIES, Drawing
from benchmark.reporting.gallery import gallery
from benchmark.reporting.latex import latex_page
from benchmark.reporting.markdown import markdown_page
from benchmark.reporting.painter import DETAILS
from benchmark.reporting.sealed import seal_view, worth
from benchmark.reporting.tables import CELL_STATES, CLAIM_STATES
from benchmark.reporting.tabular import cells_csv, claims_csv, curves_csv, measurements_csv
from benchmark.reporting.view import PaperView, banner, paper_view
from benchmark.runs.files import write_atomic
from benchmark.spec import names, words
from benchmark.spec.paper import PaperSpec

FORMATS = ("html", "markdown", "csv", "latex", "figures")
#: tells spreadsheets that a file is UTF-8
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_TABLES = {
    "measurements.csv": measurements_csv,
    "tables.csv": cells_csv,
    "claims.csv": claims_csv,
    "curves.csv": curves_csv,
}
#: a page larger than this is drawn again with less detail
MOST_BYTES = 4_800_000
#: how a claim fares under a reading: symbol, tone
SIDES = {
    "holds": ("\N{CHECK MARK}", "good"),
    "in part": ("\N{CIRCLE WITH LEFT HALF BLACK}", "partly"),
    "reversed": ("\N{BALLOT X}", "bad"),
    "undecided": ("?", "open"),
    "not run": ("\N{WHITE CIRCLE}", "idle"),
}
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
    """The files of one format."""
    if name == "html":
        yield "index.html", cover_page(views, reference, grounds).encode()
        for view in (*views, *reference, *grounds):
            yield view.page, paper_page(view, views).encode()
    elif name == "markdown":
        yield "report.md", markdown_page(views, reference, grounds).encode()
    elif name == "csv":
        for file, write in _TABLES.items():
            yield file, (_BOM + write((*views, *grounds))).encode()
    elif name == "latex":
        yield "report.tex", latex_page(views, grounds).encode()
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
        **{drawing.group.experiment: drawing.shown for drawing in drawn.training},
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


# --- pages ------------------------------------------------------------------------------------------------------------


def cover_page(views: Sequence[PaperView], reference: Sequence[PaperView], grounds: Sequence[PaperView] = ()) -> str:
    """What was found, in lines that lead to the papers' pages."""
    parts = sections(views, reference, grounds)
    counts = Counter(finding.state for part in parts for finding in part.findings)
    seals: dict[str, list[str]] = {}
    for view in views:
        seal = seal_view(view.verdicts)
        if seal is not None and seal.tone is not None:
            seals.setdefault(seal.says.partition(":")[0], []).append(view.id)
    return _render(
        "cover.html.j2",
        seals=seals,
        papers=views,
        beside=(*grounds, *reference),
        sections=parts,
        counts=[(state, count, str(count)) for state, count in counts.items()],
        banner=banner((*views, *grounds)),
        shown=SHOWN,
    )


def paper_page(view: PaperView, views: Sequence[PaperView]) -> str:
    """All of one paper, in as fine a detail as keeps the page below :data:`MOST_BYTES`."""
    experiments = len(view.evidence.groups)
    page = ""
    for detail in DETAILS:
        if experiments <= detail.experiments or detail == DETAILS[-1]:
            drawn = gallery(view.spec, view.evidence, detail)
            page = _render("paper.html.j2", view=view, papers=views, gallery=drawn, coarse=detail != DETAILS[0])
            if len(page.encode()) <= MOST_BYTES:
                break
    return page


def _reading_says(spec: PaperSpec, name: str, ground: str = "") -> str:
    """What the readings of a name, joined by ``+``, say beyond the ground."""
    parts = [spec.readings[part].says for part in name.removeprefix(f"{ground}+").split("+") if part in spec.readings]
    return " ".join(parts) or "as the spec has it"


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("benchmark.reporting", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    script = (resources.files("benchmark.reporting") / "templates" / "page.js").read_text(encoding="utf-8")
    environment.filters.update(hours=words.hours, duration=words.duration, short=words.short)
    environment.tests["drawing"] = lambda value: isinstance(value, Drawing)
    environment.globals.update(
        svg=lambda drawing: Markup(drawing.svg()),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        marks=Markup(MARKS),
        series=SERIES,
        states=list({**CLAIM_STATES, **CELL_STATES}.values()),
        anchor_names=list(sidecars.ANCHOR_NAMES.values()),
        in_print=in_print,
        recipe_facts=recipe_facts,
        score_rows=runs.score_rows,
        score_tables=runs.score_tables,
        time_rows=runs.time_rows,
        grid_rows=sidecars.grid_rows,
        calibration_rows=sidecars.calibration_rows,
        unmeasured=runs.unmeasured,
        unfinished=runs.unfinished,
        run_rows=runs.run_rows,
        environments=runs.environments,
        hashes=runs.hashes,
        seal_view=seal_view,
        worth=worth,
        percent=words.percent,
        sides=SIDES,
        reading_name=lambda name, ground: name.removeprefix(f"{ground}+").replace("_", " "),
        reading_says=_reading_says,
        say=names.in_prose,
        label=names.of_experiment,
    )
    return environment


def _render(template: str, **values: object) -> str:
    return _environment().get_template(template).render(**values).lstrip() + "\n"
