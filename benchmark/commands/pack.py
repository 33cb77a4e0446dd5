"""``ganrepro pack``: everything that a reviewer needs to recompute the verdicts, in one file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark import __version__, places
from benchmark.commands import options as opt
from benchmark.commands import score_sidecars, terminal
from benchmark.commands.select_runs import load_papers
from benchmark.commands.verify import tables
from benchmark.judging.judge import JudgedPaper, expected_ones, states_file, verdicts_on
from benchmark.judging.seal import RULES_VERSION, seal_file, sources
from benchmark.runs.bundle import write_pack
from benchmark.runs.files import shared_file, to_json
from benchmark.runs.integrity import damage
from benchmark.runs.plan import run_ids
from benchmark.runs.records import RECORD, RECORD_HASH, read_records
from benchmark.spec.load import Loaded

Members = dict[str, Path | bytes]


def pack_options(to: argparse.ArgumentParser) -> None:
    opt.add(to, opt.papers, "--results", "--numerics", "--json")
    to.add_argument("-o", "--output", type=Path, default=Path("ganrepro-pack.zip"), metavar="FILE")


def pack(options: argparse.Namespace) -> int:
    results = opt.existing_results(options.results)
    everything = list(read_records(results, brought=True))
    judged: list[JudgedPaper] = []
    members: Members = {}
    for loaded in load_papers(options.papers):
        if loaded.spec.ours:
            raise opt.UsageError(
                f"{loaded.file} adds to a paper: a pack holds whole papers, so name {loaded.spec.paper.id}"
            )
        if any(member.record.paper == loaded.spec.paper.id for member in everything):
            added, own_members = members_of(loaded, loaded.file.read_bytes(), results, options.numerics)
            judged.append(own_members)
            members |= added
    if not judged:
        raise opt.NothingSelectedError(f"no records of these papers in {places.shown(results)}")
    damaged = [line for member in everything for line in damage(member)]
    if damaged:
        sys.stderr.writelines(f"{line}\n" for line in damaged)
        terminal.say("ganrepro: nothing packed, the evidence is damaged")
        return opt.CHECK_FAILED
    members |= {f"tables/{name}": content for name, content in tables(judged).items()}
    papers = [paper.verdicts.paper for paper in judged]
    output: Path = options.output
    digest = write_pack(output, about(options.numerics, papers), members)
    runs = sum(name.endswith(f"/{RECORD}") for name in members)
    if options.json:
        facts = {"file": str(output), "sha256": digest, "bytes": output.stat().st_size, "runs": runs, "papers": papers}
        return terminal.as_json(facts)
    print(f"{places.shown(output)}: {runs} runs of {', '.join(papers)}, {output.stat().st_size:,} bytes")
    print(f"SHA-256 {digest}")
    return 0


def about(numerics: str, papers: Sequence[str]) -> dict[str, Any]:
    """What a manifest says besides its members."""
    return {
        "ganrepro": __version__,
        "numerics": numerics,
        "papers": list(papers),
        "rules_version": RULES_VERSION,
        "rules_sources": sources(),
    }


def members_of(loaded: Loaded, text: bytes, results: Path, numerics: str) -> tuple[Members, JudgedPaper]:
    """One paper's part of a pack: spec, records with all that belongs to them, seal and fresh verdicts."""
    paper = loaded.spec.paper.id
    mine = [run for run in read_records(results, brought=True) if run.record.paper == paper]
    expected = run_ids(loaded.spec, numerics)
    verdicts = verdicts_on(loaded, text, mine, expected, results, numerics=numerics)
    members: Members = {
        f"results/{(run.folder / name).relative_to(results)}": run.folder / name
        for run in mine
        for name in (RECORD, RECORD_HASH, *run.record.files)
    }
    shared = {score.shared for run in mine for score in run.record.scores.values() if score.shared is not None}
    around = [*(shared_file(results, digest) for digest in sorted(shared)), *score_sidecars.files_of(results, mine)]
    members |= {f"results/{file.relative_to(results)}": file for file in around}
    members[f"papers/{paper}.yaml"] = text
    members[f"results/verdicts/{paper}.json"] = to_json(verdicts.model_dump(mode="json"))
    for file in (seal_file(results, paper), states_file(results, paper)):
        if file.is_file():
            members[f"results/{file.relative_to(results)}"] = file.read_bytes()
    return members, JudgedPaper(loaded.spec, verdicts, expected_ones(mine, expected))
