"""Judge the committed evidence again by today's rules, under every reading that was run, and show which verdicts moved.

    python scripts/refresh_evidence.py [--write] [FOLDER ...]

``--write`` seals today's rules where others are sealed, and removes verdicts that name the seal of before. Evidence
that was sealed under other rules keeps its old seal until then, and its verdicts say so. A seal that is made now is
made after the runs: it says so, and so do its verdicts. Exit code 1: a verdict moved.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark.commands.select_runs import load_papers
from benchmark.judging.judge import SealedStates, keep_states, states_file, states_of, verdicts_on
from benchmark.judging.seal import ensure_seal, make_seal, read_seal, seal_file
from benchmark.runs.files import read_as
from benchmark.runs.plan import run_ids
from benchmark.runs.records import read_records
from benchmark.spec.load import Loaded
from benchmark.spec.words import counted

ROOT = Path(__file__).parents[1]


def refresh(folder: Path, papers: Sequence[Loaded], write: bool) -> list[str]:
    """One line for each verdict of a results folder that today's rules give another state than the sealed ones."""
    stored = list(read_records(folder))
    lines = []
    for loaded in papers:
        paper = loaded.spec.paper.id
        mine = [one for one in stored if one.record.paper == paper]
        if not mine:
            continue
        expected = run_ids(loaded.spec, "fp32")
        verdicts = verdicts_on(loaded, loaded.file.read_bytes(), mine, expected, folder)
        kept = states_file(folder, paper)
        then = read_as(kept, SealedStates).states if kept.is_file() else {}
        now = states_of(verdicts)
        lines += [
            f"{paper}, {name}: {then.get(name, 'none')} -> {now.get(name, 'none')}"
            for name in sorted(then.keys() | now.keys() if then else ())
            if then.get(name) != now.get(name)
        ]
        if write:
            seal = seal_file(folder, paper)
            old = read_seal(seal.read_bytes()) if seal.is_file() else None
            if old is None or old != make_seal(loaded.spec, old.sealed_at, old.runs_before):
                seal.unlink(missing_ok=True)
            kept.unlink(missing_ok=True)
            (folder / "verdicts" / f"{paper}.json").unlink(missing_ok=True)
            ensure_seal(folder, loaded.spec)
            keep_states(folder, verdicts_on(loaded, loaded.file.read_bytes(), mine, expected, folder), mine)
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="default: all of results/reference")
    parser.add_argument("--write", action="store_true", help="seal today's rules and keep today's states")
    options = parser.parse_args()
    folders = options.folders or sorted(file for file in (ROOT / "results" / "reference").iterdir() if file.is_dir())
    for folder in folders:
        if not any(read_records(folder)):
            parser.error(f"{folder}: no records are there")
    papers = load_papers([])
    moved = {folder: refresh(folder, papers, options.write) for folder in folders}
    for folder, lines in moved.items():
        print(f"{folder.name}: {counted(len(lines), 'verdict')} moved")
        for line in lines:
            print(f"  {line}")
    return int(any(moved.values()))


if __name__ == "__main__":
    sys.exit(main())
