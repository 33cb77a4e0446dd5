"""Offline pages: a cover and one page a paper. Nothing is loaded from elsewhere, and without a script all is there."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections import Counter
from collections.abc import Sequence
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from benchmark.reporting import numbers, runs, sidecars
from benchmark.reporting.cover import in_print, recipe_facts, sections
from benchmark.reporting.drawing import MARKS, SERIES, Drawing
from benchmark.reporting.gallery import DETAILS, gallery
from benchmark.reporting.sealed import seal_view, selection_rows
from benchmark.reporting.states import CELL_STATES, CLAIM_STATES
from benchmark.reporting.view import PaperView, banner
from benchmark.spec import names
from benchmark.spec.paper import PaperSpec

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


def cover_page(views: Sequence[PaperView], reference: Sequence[PaperView]) -> str:
    """What was found, in lines that lead to the papers' pages."""
    parts = sections(views, reference)
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
        reference=reference,
        sections=parts,
        counts=[(state, count, str(count)) for state, count in counts.items()],
        banner=banner(views),
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
    told = [spec.readings[part].says for part in name.removeprefix(f"{ground}+").split("+") if part in spec.readings]
    return " ".join(told) or "as the spec has it"


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
    environment.filters.update(hours=numbers.hours, duration=numbers.duration)
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
        selection_rows=selection_rows,
        percent=numbers.percent,
        sides=SIDES,
        reading_name=lambda name, ground: name.removeprefix(f"{ground}+").replace("_", " "),
        reading_says=_reading_says,
        say=names.in_prose,
        label=names.of_experiment,
    )
    return environment


def _render(template: str, **values: object) -> str:
    return _environment().get_template(template).render(**values).lstrip() + "\n"
