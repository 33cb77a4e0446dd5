"""Commands that only read specs and the machine: list, validate, schema, sys-info."""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import sys
from dataclasses import asdict
from typing import Any

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.select_runs import load_all, load_papers, spec_files
from benchmark.runs.environment import describe, processor
from benchmark.spec.base import TIERS
from benchmark.spec.experiments import Experiment
from benchmark.spec.load import load
from benchmark.spec.schema import schema_text
from benchmark.spec.source import SpecError
from benchmark.spec.words import counted


def list_papers_options(to: argparse.ArgumentParser) -> None:
    opt.add(to, opt.papers, "--json")


def list_papers(options: argparse.Namespace) -> int:
    papers = load_papers(options.papers)
    if options.json:
        facts = {
            paper.spec.paper.id: {
                "file": str(paper.file),
                "title": paper.spec.paper.title,
                "year": paper.spec.paper.year,
                "claims": sorted(paper.spec.claims),
                "tables": sorted(paper.spec.tables),
                "figures": sorted(paper.spec.figures),
                "experiments": {
                    name: ["full", *experiment.tiers] for name, experiment in paper.spec.experiments.items()
                },
            }
            for paper in papers
        }
        return terminal.as_json(facts)
    specs = [paper.spec for paper in papers]
    counts = [
        (
            spec.paper.id,
            f"{spec.paper.title} ({spec.paper.year})",
            *(str(len(part)) for part in (spec.experiments, spec.tables, spec.claims)),
        )
        for spec in specs
    ]
    print(terminal.table(("paper", "title", "experiments", "tables", "claims"), counts, right=(2, 3, 4)))
    for spec in specs if options.papers else ():
        rows = [
            (name, ", ".join(tier for tier in TIERS if tier in ("full", *experiment.tiers)), what)
            for what, alike in itertools.groupby(spec.experiments.items(), lambda item: _what(item[1]))
            for what, (name, experiment) in zip(itertools.chain([what], itertools.repeat("")), alike, strict=False)
        ]
        print("\n" + terminal.table(("experiment", "tiers", "what"), rows))
        for head, listed in (
            ("table", [(key, table.where, table.caption) for key, table in spec.tables.items()]),
            ("figure", [(key, figure.where, figure.shows) for key, figure in spec.figures.items()]),
            ("claim", [(key, claim.where, claim.says) for key, claim in spec.claims.items()]),
        ):
            if listed:
                print("\n" + terminal.table((head, "where", "what"), listed))
    return 0


def _what(experiment: Experiment) -> str:
    return experiment.label or experiment.says or ""


def validate_options(to: argparse.ArgumentParser) -> None:
    opt.papers(to, "+")
    opt.add(to, "--json")


def validate(options: argparse.Namespace) -> int:
    files = spec_files(options.papers)
    if options.json:
        entries: dict[str, list[dict[str, Any]]] = {}
        for file in files:
            try:
                load(file)
                entries[str(file)] = []
            except SpecError as error:
                entries[str(file)] = [asdict(problem) for problem in error.problems]
        terminal.as_json(entries)
        return opt.BAD_INPUT if any(entries.values()) else 0
    for paper in load_all(files):
        sections = ("networks", "systems", "experiments", "tables", "claims")
        counts = [counted(len(getattr(paper.spec, name)), name.removesuffix("s")) for name in sections]
        print(f"{paper.file}: valid ({', '.join(counts)})")
    return 0


def schema(_options: argparse.Namespace) -> int:
    sys.stdout.write(schema_text())
    return 0


def sys_info_options(to: argparse.ArgumentParser) -> None:
    opt.add(to, "--json")


def sys_info(options: argparse.Namespace) -> int:
    facts = _machine()
    facts["places"] = {
        name: {"value": str(value), "from": variable if os.environ.get(variable) else "default"}
        for name, value, variable in (
            ("papers", places.papers_folder(), "GANREPRO_PAPERS"),
            ("results", places.results_folder(None), "GANREPRO_RESULTS"),
            ("data", places.data_folder(None), "GANREPRO_DATA"),
        )
    }
    if options.json:
        return terminal.as_json(facts)
    for name, value in facts.items():
        if isinstance(value, dict):
            print(f"{name}:")
            for key, inner in value.items():
                text = f"{inner['value']} ({inner['from']})" if isinstance(inner, dict) else inner
                print(f"  {key}: {text}")
        else:
            print(f"{name}: {value}")
    return 0


def _machine() -> dict[str, Any]:
    """What training would run on; without torch, what the reading commands run on."""
    try:
        import torch
    except ModuleNotFoundError:
        return {
            "torch": "not installed: pip install 'ganrepro[train]' brings what training needs",
            "processor": processor(),
            "python": platform.python_version(),
        }
    from benchmark.training.numerics import prepare

    prepare("fp32", None)  # the flags of a run as it is by default
    facts = describe("cuda" if torch.cuda.is_available() else "cpu")
    return {"CUDA of this torch" if name == "cuda" else name: fact for name, fact in facts.items()}
