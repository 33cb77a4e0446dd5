"""The few lines that a terminal shows when everything has run."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from benchmark.judging.judge import JudgedPaper
from benchmark.reporting.tables import CELL_STATES, CLAIM_STATES, State
from benchmark.reporting.view import banner, paper_view
from benchmark.spec.words import hours

WIDTH = 100
_HEAD = ("paper", "claims", "published numbers", "runs finished", "training")
_WIDTHS = (19, 28, 26, 12, 11)


def summary_table(papers: Sequence[JudgedPaper]) -> str:
    """A line or a few per paper: claims and published numbers by state, runs, training time; 100 columns at most."""
    views = [paper_view(paper) for paper in papers]
    rule = "-" * WIDTH
    lines = [rule, *_row(_HEAD), rule]
    for view in [view for view in views if view.stored or view.beyond] or views:
        done = [f"{row.finished}/{row.planned} {row.tier}" for row in view.progress]
        done += [f"{len(view.beyond)} under other readings"] if view.beyond else []
        claims = _counts([claim.state for claim in view.verdicts.claims], CLAIM_STATES)
        cells = _counts([cell.state for cell in view.verdicts.cells], CELL_STATES)
        name = f"{view.id}, {view.ground}" if view.ground else view.id
        lines += _row((name, claims, cells, ", ".join(done), hours(view.training_seconds)))
    lines.append(rule)
    warning = banner(views)
    if warning:
        lines += textwrap.wrap(f"{warning}.", WIDTH)
    for problem in dict.fromkeys(problem for view in views for problem in view.verdicts.damage):
        lines += textwrap.wrap(f"! {problem}", WIDTH, subsequent_indent="  ")
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> list[str]:
    """Cells in columns, long ones over several lines."""
    columns = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, _WIDTHS, strict=True)]
    lines = zip_longest(*columns, fillvalue="")
    return [" ".join(cell.ljust(wide) for cell, wide in zip(line, _WIDTHS, strict=True)).rstrip() for line in lines]


def _counts(words: Sequence[str], states: Mapping[str, State]) -> str:
    counts = Counter(words)
    return ", ".join(f"{counts[word]} {word.lower()}" for word in states if counts[word]) or "none"
