"""``ganrepro compare A B``: two results folders or packs side by side, without torch."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.options import NothingSelectedError

if TYPE_CHECKING:
    from benchmark.runs.records import Stored


def register(subparsers: opt.Subparsers) -> None:
    compares = opt.command(
        subparsers, compare, "two results folders or packs side by side, with the statistics of the verdicts", None
    )
    compares.add_argument("first", type=Path, metavar="A")
    compares.add_argument("second", type=Path, metavar="B")
    opt.as_json(compares)


def compare(options: argparse.Namespace) -> int:
    from benchmark.commands.verification import opened
    from benchmark.judging.compare import compare as compared
    from benchmark.judging.compare import render
    from benchmark.runs.files import StoreError

    first: Path = options.first
    second: Path = options.second
    with opened(first) as (a, _, _, damage_a), opened(second) as (b, _, _, damage_b):
        for path, damage in ((first, damage_a), (second, damage_b)):
            if damage.problems:
                raise StoreError(f"{path}: {damage.problems[0]}")
        comparison = compared(_stored(a), _stored(b))
    if not comparison.experiments:
        raise NothingSelectedError(f"{first} and {second} share no experiment")
    if options.json:
        return terminal.as_json(comparison.model_dump(mode="json"))
    for line in render(comparison).splitlines():
        indent = len(line) - len(line.lstrip())
        print(terminal.wrapped(line.lstrip(), indent + 4, " " * indent))
    return 0


def _stored(results: Path) -> list[Stored]:
    from benchmark.runs.records import read_records

    return list(read_records(results))
