"""``ganrepro judge``: verdicts from records alone, without torch."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator, Sequence

from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.figures import claims_about
from benchmark.commands.planned_records import UNPLANNED, by_readings
from benchmark.commands.select_runs import by_reading, check_printed, load_papers
from benchmark.judging.judge import LATE, JudgedPaper, judge_papers
from benchmark.judging.readings import headline
from benchmark.judging.readings import lines as across
from benchmark.judging.verdict import CellVerdict, Column, PaperVerdicts
from benchmark.reporting.claims import told_by_seed
from benchmark.reporting.tables import CLAIM_STATES, stands_on
from benchmark.runs.records import RunRecord, read_records
from benchmark.spec.names import Say, in_prose
from benchmark.spec.words import counted


def judge_options(to: argparse.ArgumentParser) -> None:
    opt.add(to, opt.papers, "--reading", "--results", "--numerics")
    opt.printed(to, "only")
    to.add_argument("--details", action="store_true", help="how each was tested, and why what did not run did not")
    opt.add(to, "--accept", "--json")


def judge(options: argparse.Namespace) -> int:
    results = opt.existing_results(options.results, options.papers)
    papers = load_papers(options.papers)
    check_printed((loaded.spec for loaded in papers), options)
    asked = {
        *options.table,
        *options.claim,
        *(key for loaded in papers for key in claims_about(loaded.spec, options.figure)),
    }
    if options.figure and not asked:
        figures = " or ".join(options.figure)
        raise opt.NothingSelectedError(f"no claim names figure {figures}, so there is nothing to judge")
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
        if lines[0] and chosen is None:
            lines.append(_in_print(item))
        if lines[0] and all(run.record.status != "finished" for run in (*item.stored, *item.held)):
            found = found or [run.record for run in read_records(results, [])]
            lines.append(_elsewhere(item.verdicts, found))
        pages.append("\n".join(line for line in lines if line))
    if not any(pages):
        raise opt.NothingSelectedError(f"no paper under this reading has {', '.join(sorted(asked))}")
    print("\n\n".join(page for page in pages if page))
    return 0


def _elsewhere(verdicts: PaperVerdicts, records: Sequence[RunRecord]) -> str:
    """What readings a paper's finished runs are of, for a page without any; nothing where a base has no others."""
    others = [
        record
        for record in records
        if record.paper == verdicts.paper and record.status == "finished" and record.reading != verdicts.reading
    ]
    if not (others or verdicts.reading):
        return ""
    here = "this reading" if verdicts.reading else "the base"
    told = f"no finished run here is of {here}; finished runs are of: {by_readings(others) or 'none'}"
    return terminal.wrapped(told, 4, "  ")


def _in_print(item: JudgedPaper) -> str:
    """What is known of a paper without any run, and which command tells it."""
    told = [claim.on_published for claim in item.verdicts.claims]
    facts = [
        f"{counted(told.count(outcome), 'claim')} {one if told.count(outcome) == 1 else several}"
        for outcome, one, several in (
            ("holds", "holds", "hold"),
            ("holds in part", "holds in part", "hold in part"),
            ("fails", "fails", "fail"),
        )
        if outcome in told
    ]
    against = 0 if item.audit is None else len(item.audit.contradictions)
    facts += [f"the paper contradicts itself in {counted(against, 'place')}"] if against else []
    text = f"in print, without any run: {', '.join(facts)} (`ganrepro audit {item.verdicts.paper}` tells which)"
    return terminal.wrapped(text, 4, "  ") if facts else ""


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
