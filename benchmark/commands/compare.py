"""``ganrepro compare A B``: two results folders or packs side by side, without torch."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmark.commands.select_runs import NothingSelectedError
from benchmark.commands.verify import opened
from benchmark.judging.compare import compare as compared
from benchmark.judging.compare import render
from benchmark.runs.files import StoreError
from benchmark.runs.records import Stored, read_records


def compare(options: argparse.Namespace) -> int:
    first: Path = options.first
    second: Path = options.second
    with opened(first) as (a, _, _, damage_a), opened(second) as (b, _, _, damage_b):
        for path, damage in ((first, damage_a), (second, damage_b)):
            if damage.problems:
                raise StoreError(f"{path}: {damage.problems[0]}")
        found = compared(_stored(a), _stored(b))
    if not found.experiments:
        raise NothingSelectedError(f"{first} and {second} share no experiment")
    print(json.dumps(found.model_dump(mode="json"), indent=1, sort_keys=True) if options.json else render(found))
    return 0


def _stored(results: Path) -> list[Stored]:
    return list(read_records(results))
