"""Pages from templates: HTML, Markdown and LaTeX, each of which makes plain whatever it prints."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from benchmark.reporting import escapes, runs, sidecars
from benchmark.reporting.claims import p_text, told_across, told_by_seed
from benchmark.reporting.cover import in_print, recipe_facts, shortened
from benchmark.reporting.drawing import MARKS, SERIES, Drawing
from benchmark.reporting.sealed import seal_view, worth
from benchmark.reporting.tables import (
    CELL_STATES,
    CLAIM_STATES,
    CellView,
    State,
    TableView,
    diverged,
    seeds_so_far,
    stands_on,
)
from benchmark.spec import names, words
from benchmark.spec.paper import PaperSpec

#: how a claim fares under a reading: symbol, tone
SIDES = {
    "holds": ("\N{CHECK MARK}", "good"),
    "in part": ("\N{CIRCLE WITH LEFT HALF BLACK}", "partly"),
    "reversed": ("\N{BALLOT X}", "bad"),
    "undecided": ("?", "open"),
    "not run": ("\N{WHITE CIRCLE}", "idle"),
}
#: letters that mark verdicts that rest on the word of others
_MARKS = {"m": "measured here on samples that were supplied", "r": "as reported by others"}


def render(template: str, **values: object) -> str:
    """A page from ``name.html.j2``, ``name.md.j2`` or ``name.tex.j2``."""
    return _environment(template.split(".")[1]).get_template(template).render(**values).strip() + "\n"


def _plain(escape: Callable[[str], str]) -> Callable[[object], Markup]:
    """What a template prints, made plain unless it is marked as safe or is what a macro has made."""
    return lambda value: value if isinstance(value, Markup) else Markup(escape(str(value)))


_FORMATS: dict[str, dict[str, Any]] = {
    "html": {},
    "md": {"finalize": _plain(escapes.markdown)},
    "tex": {
        "finalize": _plain(escapes.latex),
        **{"block_start_string": "<%", "block_end_string": "%>", "comment_start_string": "<#"},
        **{"comment_end_string": "#>", "variable_start_string": "<<", "variable_end_string": ">>"},
    },
}


@functools.cache
def _environment(kind: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("benchmark.reporting", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        **_FORMATS[kind],
    )
    script = (resources.files("benchmark.reporting") / "templates" / "page.js").read_text(encoding="utf-8")
    environment.filters.update(
        {f.__name__: f for f in (words.hours, words.duration, words.short, words.seed_list, names.listed)}
    )
    environment.tests["drawing"] = lambda value: isinstance(value, Drawing)
    environment.globals.update(
        svg=lambda drawing: Markup(drawing.svg()),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        marks=Markup(MARKS),
        series=SERIES,
        states=list({**CLAIM_STATES, **CELL_STATES}.values()),
        p_text=p_text,
        columns=_columns,
        code=_code,
        mark=_mark,
        diverged=diverged,
        seeds_so_far=seeds_so_far,
        stands_on=stands_on,
        marked=_marked,
        label_of=lambda text: re.sub(r"[^A-Za-z0-9.-]", "-", text),
        breakable=lambda text: Markup(escapes.latex(text).replace("-", r"-\hspace{0pt}")),
        runs=runs,
        sidecars=sidecars,
        in_print=in_print,
        shortened=shortened,
        recipe_facts=recipe_facts,
        seal_view=seal_view,
        worth=worth,
        percent=words.percent,
        sides=SIDES,
        reading_name=lambda name, ground="": Markup(
            escape(name.removeprefix(f"{ground}+")).replace("_", Markup("_<wbr>"))
        ),
        reading_says=_reading_says,
        told_across=told_across,
        told_by_seed=told_by_seed,
        say=names.in_prose,
        label=names.of_experiment,
    )
    return environment


def _reading_says(spec: PaperSpec, name: str, ground: str = "") -> str:
    """What the readings of a name, joined by ``+``, say beyond the ground."""
    parts = [spec.readings[part].says for part in name.removeprefix(f"{ground}+").split("+") if part in spec.readings]
    return " ".join(parts) or "as the spec has it"


def _columns(shares: Sequence[float]) -> Markup:
    """Ragged columns that share the line, the space between them included."""
    cells = (rf"p{{\dimexpr{share:.3f}\linewidth-2\tabcolsep\relax}}" for share in shares)
    return Markup("".join(rf">{{\raggedright\arraybackslash\hspace{{0pt}}}}{cell}" for cell in cells))


def _code(state: State) -> str:
    """``NOT REPRODUCED IF`` is ``nri``."""
    return "".join(word[0].lower() for word in state.word.split())


def _mark(cell: CellView) -> str:
    """The letter of a verdict that rests on the word of others; none of any other."""
    verdict = cell.verdict
    return "" if verdict is None or not verdict.tier or verdict.word == "trained" else verdict.word[0]


def _marked(table: TableView) -> list[str]:
    """What the letters in a table mean."""
    used = {_mark(cell) for _, _, cell in table.cells}
    return [f"{mark} {what}" for mark, what in _MARKS.items() if mark in used]
