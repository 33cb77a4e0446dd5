"""``ganrepro compare A B``: two results folders or packs side by side, without torch."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.verify import opened
from benchmark.judging.compare import compare as compared
from benchmark.judging.compare import render
from benchmark.runs.files import StoreError
from benchmark.runs.records import read_records


def compare_options(to: argparse.ArgumentParser) -> None:
    to.add_argument("first", type=Path, metavar="A")
    to.add_argument("second", type=Path, metavar="B")
    opt.as_json(to)


def compare(options: argparse.Namespace) -> int:
    first: Path = options.first
    second: Path = options.second
    with opened(first) as one, opened(second) as other:
        for path, evidence in ((first, one), (second, other)):
            if evidence.findings.problems:
                raise StoreError(f"{path}: {evidence.findings.problems[0]}")
        comparison = compared([*read_records(one.results)], [*read_records(other.results)])
    if not comparison.experiments:
        raise opt.NothingSelectedError(f"{first} and {second} share no experiment")
    if options.json:
        return terminal.as_json(comparison.model_dump(mode="json"))
    for line in render(comparison).splitlines():
        indent = len(line) - len(line.lstrip())
        print(terminal.wrapped(line.lstrip(), indent + 4, " " * indent))
    return 0
