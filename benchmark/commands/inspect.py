"""Commands that only read specs and the machine: list, validate, audit, schema, sys-info."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.select_runs import load_all, load_papers, spec_files
from benchmark.judging.audit import Audit
from benchmark.judging.audit import audit as audit_paper
from benchmark.judging.audit_text import render_markdown, render_text
from benchmark.judging.power import planned_power, power_lines, power_of_more
from benchmark.runs.environment import describe, processor
from benchmark.spec.load import load
from benchmark.spec.names import Say, in_prose
from benchmark.spec.schema import schema_text
from benchmark.spec.source import SpecError


def list_papers_options(to: argparse.ArgumentParser) -> None:
    opt.add(to, opt.papers, opt.as_json)


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
            (name, ", ".join(("full", *experiment.tiers)), experiment.label or experiment.says or "")
            for name, experiment in spec.experiments.items()
        ]
        print("\n" + terminal.table((spec.paper.id, "tiers", "what"), rows))
        for head, listed in (
            ("table", [(key, table.where, table.caption) for key, table in spec.tables.items()]),
            ("figure", [(key, figure.where, figure.shows) for key, figure in spec.figures.items()]),
            ("claim", [(key, claim.where, claim.says) for key, claim in spec.claims.items()]),
        ):
            if listed:
                print("\n" + terminal.table((head, "where", "what"), listed))
    return 0


def validate_options(to: argparse.ArgumentParser) -> None:
    opt.papers(to, "+")
    opt.as_json(to)


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
        spec = paper.spec
        print(
            f"{paper.file}: valid ({len(spec.networks)} networks, {len(spec.systems)} systems, "
            f"{len(spec.experiments)} experiments, {len(spec.claims)} claims)"
        )
    return 0


def audit_options(to: argparse.ArgumentParser) -> None:
    opt.papers(to)
    to.add_argument("--markdown", action="store_true", help="Markdown instead of plain text, with all details")
    to.add_argument("--details", action="store_true", help="tests, numbers, sources and alternatives as well")
    to.add_argument("--findings", action="store_true", help="only what counts most, of all papers, weightiest first")
    opt.as_json(to)


def audit(options: argparse.Namespace) -> int:
    papers = load_papers(options.papers)
    if options.findings:
        print(_findings([(audit_paper(paper.spec, paper.source.data), in_prose(paper.spec)) for paper in papers]))
        return 0
    audits = [
        (audit_paper(paper.spec, paper.source.data), planned_power(paper.spec),
         power_of_more(paper.spec) if options.details or options.markdown else [], in_prose(paper.spec))
        for paper in papers
    ]  # fmt: skip
    if options.json:
        rows = [
            {**audited.model_dump(mode="json"), "power": power.model_dump(mode="json")} for audited, power, *_ in audits
        ]
        return terminal.as_json(rows)
    pages = []
    for audited, power, more, say in audits:
        page = (
            render_markdown(audited, say)
            if options.markdown
            else render_text(audited, details=options.details, say=say, width=terminal.width())
        )
        told = [say(line) for line in power_lines(power, more)]
        wrapped = (f"    {line}" if options.markdown else terminal.wrapped(line, 6, "    ") for line in told)
        lines = "\n".join(wrapped)
        head = "## What the planned seeds could decide\n" if options.markdown else "What the planned seeds could decide"
        pages.append(f"{page.rstrip()}\n\n{head}\n{lines}")
    print("\n\n".join(pages))
    return 0


#: findings from this weight on are decisive enough to stand without the rest of an audit
_DECISIVE = 60


def _findings(audits: Sequence[tuple[Audit, Say]]) -> str:
    """The decisive findings on several papers, weightiest first."""
    decisive = [
        (finding, audited.paper, say)
        for audited, say in audits
        for finding in audited.findings
        if finding.weight >= _DECISIVE
    ]
    papers = f"{len(audits)} PAPERS SAY" if len(audits) > 1 else "THIS PAPER SAYS"
    lines = [f"WHAT {papers} AGAINST {'THEMSELVES' if len(audits) > 1 else 'ITSELF'}, without any run"]
    for finding, paper, say in sorted(decisive, key=lambda item: -item[0].weight):
        note = f" [Our reading: {finding.note}]" if finding.note else ""
        lines.append(terminal.wrapped(say(f"{paper}: {finding.sentence}{note}"), 4, "  - "))
    return "\n".join(lines)


def schema(_options: argparse.Namespace) -> int:
    sys.stdout.write(schema_text())
    return 0


def sys_info_options(to: argparse.ArgumentParser) -> None:
    opt.as_json(to)


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
