"""``ganrepro judge`` and ``report``: from records alone, without torch."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from benchmark import places
from benchmark.commands import options as opt

if TYPE_CHECKING:
    from benchmark.judging.verdict import PaperVerdicts


def register(subparsers: opt.Subparsers) -> None:
    judges = opt.command(subparsers, "judge", "verdicts from the records of a results folder, without torch", judge)
    opt.readings(judges)
    opt.results(judges)
    opt.numerics(judges)
    opt.as_json(judges)
    reports = opt.command(subparsers, "report", "the report from records alone, without torch", report)
    reports.add_argument("--reading", metavar="NAME", help="the papers under a reading; default: base")
    opt.results(reports)
    opt.numerics(reports)
    reports.add_argument(
        "--format",
        action="append",
        choices=("html", "markdown", "csv", "latex"),
        help="repeatable; default: html and markdown",
    )


def judge(options: argparse.Namespace) -> int:
    from benchmark.commands.report import judged
    from benchmark.commands.select_runs import by_reading, load_all, spec_files

    results, papers = places.results_folder(options.results), load_all(spec_files(options.papers))
    inputs = [
        one
        for reading, several in by_reading(papers, options.reading).items()
        for one in judged(several, results, options.numerics, reading)
    ]
    if options.json:
        print(json.dumps([one.verdicts.model_dump(mode="json") for one in inputs], indent=1, sort_keys=True))
        return 0
    for one in inputs:
        _print_verdicts(one.verdicts)
    return 0


def _print_verdicts(verdicts: PaperVerdicts) -> None:
    from benchmark.judging.readings import headline, lines

    under = f", under the reading {verdicts.reading}" if verdicts.reading else ""
    print(f"{verdicts.paper}: {verdicts.title}{under}")
    if verdicts.seal is not None:
        print(f"  seal {verdicts.seal.status}: {verdicts.seal.says}")
    for claim in verdicts.claims:
        preview = f" ({claim.tier}: {claim.preview})" if claim.preview else ""
        print(f"  {claim.claim:<8} {headline(claim, verdicts.readings):<16}{preview} {claim.reason}")
        for compared in (one for one in verdicts.readings if one.claim == claim.claim):
            print("".join(f"           {line}\n" for line in lines(compared)), end="")
    for cell in verdicts.cells:
        print(f"  {cell.table} {cell.row} / {cell.column}: {cell.state}: {cell.reason}")
    for problem in (*verdicts.damage, *(f"{folder}: not a run of today's spec" for folder in verdicts.stale)):
        print(f"  ! {problem}")


def report(options: argparse.Namespace) -> int:
    from benchmark.commands.report import FORMATS, summarise
    from benchmark.commands.select_runs import by_reading, load_all, spec_files

    results = places.results_folder(options.results)
    papers = by_reading(load_all(spec_files(options.papers)), [options.reading] if options.reading else None)
    for reading, several in papers.items():
        summarise(several, results, options.numerics, options.format or FORMATS, reading)
    return 0
