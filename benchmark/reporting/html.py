"""One offline page: nothing is loaded from elsewhere, nothing needs JavaScript, nothing depends on the clock."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from benchmark.reporting import numbers, runs, sidecars
from benchmark.reporting.audited import audit_facts
from benchmark.reporting.forest import forest
from benchmark.reporting.gallery import DETAILS, Gallery, gallery
from benchmark.reporting.painter import Budget, TooLarge
from benchmark.reporting.sealed import seal_view, selection_rows
from benchmark.reporting.slopes import PLOT, TOP
from benchmark.reporting.states import CELL_STATES, CLAIM_STATES, MATRIX, State
from benchmark.reporting.strips import WIDTH
from benchmark.reporting.view import PaperView, banner

#: a page larger than this is drawn again with less detail
MOST_BYTES = 4_800_000


def html_page(views: Sequence[PaperView]) -> str:
    """The report as one HTML file below :data:`MOST_BYTES`, its pictures as fine as that allows."""
    bare = _render(views, {view.id: Gallery((), (), (), ()) for view in views}, coarse=True)
    room = MOST_BYTES - len(bare.encode())
    experiments = sum(len(view.evidence.groups) for view in views)
    for coarse, detail in enumerate(DETAILS):
        if experiments > detail.experiments:
            continue
        budget = Budget(room)
        try:
            galleries = {view.id: gallery(view.spec, view.evidence, detail, budget) for view in views}
        except TooLarge:
            continue
        page = _render(views, galleries, coarse=coarse > 0)
        if len(page.encode()) <= MOST_BYTES:
            return page
    return bare


@functools.cache
def _template() -> Template:
    """The page's template, compiled once a process."""
    environment = Environment(
        loader=PackageLoader("benchmark.reporting", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(hours=numbers.hours, duration=numbers.duration)
    environment.globals.update(
        signed=numbers.signed,
        strip_width=WIDTH,
        forest=forest,
        anchor_names=list(sidecars.ANCHOR_NAMES.values()),
        slope_top=TOP,
        slope_plot=PLOT,
        sections=_sections,
        audit_facts=audit_facts,
        score_rows=runs.score_rows,
        time_rows=runs.time_rows,
        grid_rows=sidecars.grid_rows,
        calibration_rows=sidecars.calibration_rows,
        unmeasured=runs.unmeasured,
        unfinished=runs.unfinished,
        run_rows=runs.run_rows,
        environments=runs.environments,
        hashes=runs.hashes,
        seal_view=seal_view,
        selection_rows=selection_rows,
    )
    return environment.get_template("index.html.j2")


def _render(views: Sequence[PaperView], galleries: dict[str, Gallery], *, coarse: bool) -> str:
    page: str = _template().render(
        papers=views,
        galleries=galleries,
        banner=banner(views),
        coarse=coarse,
        columns=list(dict.fromkeys(MATRIX.values())),
        claim_total=_totals(view.claim_counts for view in views),
        cell_total=_totals(view.cell_counts for view in views),
        legend=_legend(),
    )
    return page.lstrip() + "\n"


def _totals(several: Iterable[Sequence[tuple[State, int]]]) -> list[tuple[State, int]]:
    """Counts of each state over all papers."""
    sums: dict[State, int] = {}
    for counts in several:
        for state, count in counts:
            sums[state] = sums.get(state, 0) + count
    return list(sums.items())


def _sections(view: PaperView) -> list[tuple[str, str]]:
    """(anchor, title) of the sections that a paper's part has."""
    ran = bool(view.given.stored)
    return [
        (anchor, title)
        for anchor, title, there in (
            ("tables", "Tables", bool(view.tables)),
            ("claims", "Claims", bool(view.claims)),
            ("figures", "Figures", bool(view.spec.figures)),
            ("training", "Training", ran),
            ("scores", "Scores, floors, ceilings", ran),
            ("selection", "Choice of checkpoint", bool(view.verdicts.selection)),
            ("time", "Training time", bool(runs.time_rows(view.evidence))),
            ("recipe", "What is left open", True),
            ("gaps", "Gaps", True),
            ("provenance", "Provenance", True),
        )
        if there
    ]


def _legend() -> list[tuple[State, str]]:
    """Every state once, with what it is said of."""
    rows = []
    for word, state in {**CLAIM_STATES, **CELL_STATES}.items():
        both = word in CLAIM_STATES and word in CELL_STATES
        rows.append((state, "claims and numbers" if both else "claims" if word in CLAIM_STATES else "numbers"))
    return rows
