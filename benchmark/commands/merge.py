"""``ganrepro merge``: results folders of several machines become one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.runs.merge import carry_out, plan_merge
from benchmark.spec.words import counted


def merge_options(to: argparse.ArgumentParser) -> None:
    to.add_argument("sources", nargs="+", type=Path, metavar="FROM", help="results folders")
    to.add_argument(
        "--into", type=Path, required=True, metavar="DIR", help="a results folder; made where it is not there"
    )


def merge(options: argparse.Namespace) -> int:
    into: Path = options.into
    for source in options.sources:
        if not source.is_dir():
            raise opt.UsageError(f"there is no results folder {places.shown(source)}")
        if source.resolve() == into.resolve():
            raise opt.UsageError(f"{places.shown(source)} cannot be merged into itself")
    if into.exists() and not into.is_dir():
        raise opt.UsageError(f"{places.shown(into)} is no folder")
    planned = plan_merge(options.sources, into)
    if planned.problems:
        sys.stderr.writelines(f"{line}\n" for line in planned.problems)
        terminal.say(f"ganrepro: nothing copied into {places.shown(into)}")
        return opt.CHECK_FAILED
    if not planned.runs and not planned.present:
        raise opt.NothingSelectedError("no finished run to merge")
    carry_out(planned, into)
    sys.stderr.writelines(f"{line}\n" for line in (*planned.notes, *planned.conflicts))
    print(f"{places.shown(into)}: {counted(planned.runs, 'run')} copied, {planned.present} there already")
    return opt.CHECK_FAILED if planned.conflicts else opt.OK
