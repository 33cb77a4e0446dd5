"""``ganrepro judge``: verdicts from records alone, without torch."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.figures import claims_about
from benchmark.commands.planned_records import UNPLANNED
from benchmark.commands.select_runs import by_reading, check_printed, load_papers
from benchmark.judging.judge import LATE, judge_papers
from benchmark.judging.readings import headline
from benchmark.judging.readings import lines as across
from benchmark.judging.verdict import CellVerdict, Column, PaperVerdicts
from benchmark.reporting.claims import told_by_seed
from benchmark.reporting.tables import CLAIM_STATES, stands_on
from benchmark.runs.records import RunRecord, read_records
from benchmark.spec.names import Say, in_prose
from benchmark.spec.readings import BASE

#: readings that are named where there are no runs of the one asked for
_MOST_SHOWN = 8


def judge_options(to: argparse.ArgumentParser) -> None:
    opt.add(to, opt.papers, "--reading", "--results", "--numerics")
    opt.printed(to, "only")
    to.add_argument("--details", action="store_true", help="how each was tested, and why what did not run did not")
    opt.add(to, "--accept", "--json")


def judge(options: argparse.Namespace) -> int:
    results = opt.existing_results(options.results)
    papers = load_papers(options.papers)
    check_printed((loaded.spec for loaded in papers), options)
    accepted = options.accept or ["trained"]
    inputs = [
        verdicts
        for reading, under in by_reading(papers, options.reading).items()
        for verdicts in judge_papers(under, results, options.numerics, reading, accepted=accepted)
    ]
    if options.json:
        return terminal.as_json([item.verdicts.model_dump(mode="json") for item in inputs])
    chosen = {*options.table, *options.claim} if options.table or options.claim or options.figure else None
    pages, found = [], list[RunRecord]()
    for item in inputs:
        here = chosen if chosen is None else {*chosen, *claims_about(item.spec, options.figure)}
        lines = [_text(item.verdicts, here, options.details, in_prose(item.spec))]
        if lines[0] and item.verdicts.reading and not (item.stored or item.held):
            found = found or [run.record for run in read_records(results, [])]
            lines.append(terminal.wrapped(_elsewhere(item.verdicts.paper, found), 4, "  "))
        pages.append("\n".join(lines))
    if not any(pages):
        raise opt.NothingSelectedError(
            f"no claim names figure {' or '.join(options.figure)}, so there is nothing to judge"
        )
    print("\n\n".join(page for page in pages if page))
    return 0


def _elsewhere(paper: str, records: Sequence[RunRecord]) -> str:
    """What readings a paper's runs are of, for a page under one that has none."""
    finished = [record for record in records if record.paper == paper and record.status == "finished"]
    counts = Counter(record.reading or BASE for record in finished)
    shown = ", ".join(f"{reading} ({count})" for reading, count in counts.most_common(_MOST_SHOWN))
    more = f" and {len(counts) - _MOST_SHOWN} more" if len(counts) > _MOST_SHOWN else ""
    return f"no run here is of this reading; finished runs are of: {shown or 'none'}{more}"


#: states of what has no evidence here; they are counted, not listed
_SILENT = ("NOT RUN", "NOT ASSESSABLE", "QUOTED")


def _text(verdicts: PaperVerdicts, chosen: Collection[str] | None, details: bool, say: Say) -> str:
    """One paper's verdicts for a terminal; ``chosen`` claims and tables only, all where it is None."""
    claims = [claim for claim in verdicts.claims if chosen is None or claim.claim in chosen]
    cells = [cell for cell in verdicts.cells if chosen is None or cell.table in chosen]
    if chosen is not None and not claims and not cells:
        return ""
    details = details or chosen is not None
    under = f", under the reading {verdicts.reading}" if verdicts.reading else ""
    lines = [terminal.coloured(terminal.wrapped(f"{verdicts.paper}: {verdicts.title}{under}"), "strong")]
    for claim in claims:
        compared = [reading for reading in verdicts.readings if reading.claim == claim.claim]
        if claim.state in _SILENT and not details and not compared:
            continue
        state = terminal.coloured(headline(claim, verdicts.readings), CLAIM_STATES[claim.state].tone)
        behind = f" {stands_on(claim)}".rstrip()
        preview = f" ({claim.tier}: {claim.preview})" if claim.preview else ""
        lines += [f"  {claim.claim}  {state}{behind}{preview}", terminal.wrapped(claim.says, 4)]
        lines += [terminal.wrapped(f"tested as: {say(claim.test)}", 8, "      ")] if details and claim.test else []
        lines.append(terminal.wrapped(say(claim.reason.partition(LATE)[0]), 6))
        lines += [terminal.wrapped(say(line), 8, "      ") for one in compared for line in across(one)]
    rows = [
        (cell.path, f"{cell.published:.{cell.decimals}f}", _mean(cell), f"{cell.state} {stands_on(cell)}".rstrip())
        for cell in cells
        if details or not _unmeasured(cell)
    ]
    if rows:
        lines.append(terminal.table(("cell", "published", "measured", "verdict"), rows, right=(1, 2)))
    for variant in verdicts.ours if chosen is None else ():
        mean = variant.measured.mean if variant.measured is not None else None
        numbers = f"printed {variant.published:g}{'' if mean is None else f', ours {mean:.5g}'}"
        text = f"ours, {variant.experiment} against {variant.against}: {numbers}: {variant.says} ({variant.reason})"
        lines.append(terminal.wrapped(say(text), 4, "  "))
    for column in verdicts.brought:
        lines += _column(column, chosen, say)
    if not details:
        compared_ones = {reading.claim for reading in verdicts.readings}
        untold: list[str] = [one.state for one in claims if one.claim not in compared_ones]
        states: dict[str, list[str]] = {
            "claims": [state for state in untold if state in _SILENT],
            "cells": [cell.state for cell in cells if _unmeasured(cell)],
        }
        for what, given in states.items():
            silent = [f"{given.count(state)} {state}" for state in (*_SILENT, "NOT COMPARABLE") if state in given]
            if silent:
                text = f"{what} without evidence here: {', '.join(silent)} (--details lists them)"
                lines.append(terminal.wrapped(text, 4, "  "))
    for problem in (*verdicts.damage, *(f"{folder}: {UNPLANNED}" for folder in verdicts.stale)):
        lines.append(terminal.problem(problem))
    if verdicts.seal is not None:
        lines.append(terminal.wrapped(f"seal {verdicts.seal.status}: {verdicts.seal.says}", 4, "  "))
    return "\n".join(lines)


def _column(column: Column, chosen: Collection[str] | None, say: Say) -> Iterator[str]:
    """What one origin's evidence says, and what of it nobody here checked."""
    decides = "accepted" if column.accepted else "not accepted: decides nothing"
    made = f", made with {column.code} at {column.commit}" if column.code else ""
    word = "reported" if column.word == "reported" else "measured"
    yield terminal.wrapped(f"{column.says} ({decides}){made}", 4, "  ")
    for score in column.scores if chosen is None else ():
        head = f"{say(score.experiment)}, {say(score.label)}"
        yield terminal.wrapped(f"{head}: {told_by_seed(score, say)}", 8, "    ")
    for claim in column.claims:
        if chosen is None or claim.claim in chosen:
            yield terminal.wrapped(f"{claim.claim}  {claim.state} {column.says}: {say(claim.reason)}", 8, "    ")
    for cell in column.cells:
        if chosen is None or cell.table in chosen:
            mean = f", {word} {_mean(cell)}" if _mean(cell) else ""
            numbers = f"published {cell.published:.{cell.decimals}f}{mean}"
            yield terminal.wrapped(f"{cell.path}  {numbers}: {cell.state} {column.says}: {say(cell.reason)}", 8, "    ")
    if column.unchecked:
        yield terminal.wrapped(f"nobody here checked: {'; '.join(column.unchecked)}", 6, "    ")
    for problem in (*column.damage, *(f"{folder}: {UNPLANNED}" for folder in column.stale)):
        yield terminal.problem(problem)


def _unmeasured(cell: CellVerdict) -> bool:
    """Whether nothing was run that a number could stand beside; times in print are not comparable even so."""
    return cell.state in _SILENT or (cell.state == "NOT COMPARABLE" and cell.measured is None)


def _mean(cell: CellVerdict) -> str:
    measured = cell.measured
    return "" if measured is None or measured.mean is None else f"{measured.mean:.{cell.decimals}f}"
