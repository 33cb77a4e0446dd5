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
    opt.results(judges)
    opt.numerics(judges)
    opt.as_json(judges)
    reports = opt.command(subparsers, "report", "the report from records alone, without torch", report)
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
    from benchmark.commands.select_runs import load_all, spec_files

    results = places.results_folder(options.results)
    inputs = judged(load_all(spec_files(options.papers)), results, options.numerics)
    if options.json:
        print(json.dumps([one.verdicts.model_dump(mode="json") for one in inputs], indent=1, sort_keys=True))
        return 0
    for one in inputs:
        _print_verdicts(one.verdicts)
    return 0


def _print_verdicts(verdicts: PaperVerdicts) -> None:
    print(f"{verdicts.paper}: {verdicts.title}")
    if verdicts.seal is not None:
        print(f"  seal {verdicts.seal.status}: {verdicts.seal.says}")
    for claim in verdicts.claims:
        preview = f" ({claim.tier}: {claim.preview})" if claim.preview else ""
        print(f"  {claim.claim:<8} {claim.state:<16}{preview} {claim.reason}")
    for cell in verdicts.cells:
        print(f"  {cell.table} {cell.row} / {cell.column}: {cell.state}: {cell.reason}")
    for problem in (*verdicts.damage, *(f"{folder}: not a run of today's spec" for folder in verdicts.stale)):
        print(f"  ! {problem}")


def report(options: argparse.Namespace) -> int:
    from benchmark.commands.report import FORMATS, summarise
    from benchmark.commands.select_runs import load_all, spec_files

    papers = load_all(spec_files(options.papers))
    summarise(papers, places.results_folder(options.results), options.numerics, options.format or FORMATS)
    return 0
