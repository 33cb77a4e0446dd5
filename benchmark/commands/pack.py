"""``ganrepro pack``: everything that a reviewer needs to recompute the verdicts, in one file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmark import __version__, places, store
from benchmark import pack as packs
from benchmark.commands.report import expected_runs, verdicts_on
from benchmark.commands.selection import NothingSelectedError, load_all, spec_files
from benchmark.commands.verify import tables
from benchmark.store import RECORD, Stored

_CHECK_FAILED = 1


def pack(options: argparse.Namespace) -> int:
    from benchmark.judging.seal import RULES_VERSION, seal_file, sources

    results = places.results_folder(options.results)
    everything = list(store.records(results)) if results.is_dir() else []
    inputs, members = [], {}
    for file, loaded in load_all(spec_files(options.papers)):
        paper = loaded.spec.paper.id
        mine = [one for one in everything if one.record.paper == paper]
        if not mine:
            continue
        expected = expected_runs(loaded, options.numerics)
        verdicts = verdicts_on(loaded, mine, expected, results)
        wanted = {run_id for tiers in expected.values() for seeds in tiers.values() for run_id in seeds.values()}
        inputs.append((loaded, verdicts, [one for one in mine if one.record.run_id in wanted]))
        members |= _files(mine, results)
        members[f"papers/{paper}.yaml"] = file.read_bytes()
        members[f"results/verdicts/{paper}.json"] = store.to_json(verdicts.model_dump(mode="json"))
        seal = seal_file(results, paper)
        if seal.is_file():
            members[f"results/seals/{paper}.json"] = seal.read_bytes()
    if not inputs:
        raise NothingSelectedError(f"no records of these papers in {places.shown(results)}")
    damaged = [line for one in everything for line in store.damage(one)]
    if damaged:
        sys.stderr.writelines(f"{line}\n" for line in damaged)
        print("ganrepro: nothing packed, the evidence is damaged", file=sys.stderr)
        return _CHECK_FAILED
    members |= {f"tables/{name}": content for name, content in tables(inputs).items()}
    about = {
        "ganrepro": __version__,
        "numerics": options.numerics,
        "papers": [verdicts.paper for _, verdicts, _ in inputs],
        "rules_version": RULES_VERSION,
        "rules_sources": sources(),
    }
    output: Path = options.output
    digest = packs.write_pack(output, about, members)
    runs = sum(name.endswith(RECORD) for name in members)
    print(f"{places.shown(output)}: {runs} runs of {', '.join(about['papers'])}, {output.stat().st_size:,} bytes")
    print(f"SHA-256 {digest}")
    return 0


def _files(stored: list[Stored], results: Path) -> dict[str, Path | bytes]:
    """Records and the files that they vouch for, by their names in a pack."""
    found: dict[str, Path | bytes] = {}
    for one in stored:
        for name in (RECORD, *one.record.files):
            found[f"results/{(one.folder / name).relative_to(results)}"] = one.folder / name
    return found
