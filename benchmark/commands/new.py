"""``ganrepro new ID``: a spec to begin with, commented, that loads and runs as it stands."""

from __future__ import annotations

import argparse
import re
from importlib.resources import files
from pathlib import Path

from benchmark import places
from benchmark.commands import options as opt
from benchmark.spec.paper import RESERVED


def new_options(to: argparse.ArgumentParser) -> None:
    to.add_argument("id", metavar="ID", help="the paper's id: lower case, digits and _")
    to.add_argument("--tables-only", action="store_true", help="only printed tables, for `ganrepro audit`")
    to.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: ID.yaml in the folder of papers")


def new(options: argparse.Namespace) -> int:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", options.id):
        raise opt.UsageError(f"'{options.id}' is no id: lower case letters, digits and _, beginning with a letter")
    if options.id in RESERVED:
        raise opt.UsageError(f"'{options.id}' is a folder of every results folder, choose another id")
    file: Path = options.output or places.papers_folder() / f"{options.id}.yaml"
    if file.exists():
        raise opt.UsageError(f"{places.shown(file)} is there already")
    if not file.parent.is_dir():
        raise opt.UsageError(f"there is no folder {places.shown(file.parent)}")
    name = "tables.yaml" if options.tables_only else "paper.yaml"
    text = (files("benchmark.commands") / "templates" / name).read_text(encoding="utf-8")
    file.write_text(text.replace("PAPER_ID", options.id), encoding="utf-8")
    print(f"{places.shown(file)}: edit it, then `ganrepro validate {places.shown(file)}`")
    return 0
