"""``ganrepro report``: verdicts and report from records alone, without torch; redone only when something changed."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark import __version__, places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.select_runs import by_reading, check_printed, load_papers
from benchmark.judging.evidence import ids_of
from benchmark.judging.judge import ACCEPTED, JudgedPaper, judge_papers
from benchmark.judging.verdict import Word
from benchmark.reporting.report import write_report
from benchmark.reporting.summary import summary_table
from benchmark.runs import sidecars
from benchmark.runs.files import StoreError, irregular, parse, read_bytes, sha256, to_json, write_atomic
from benchmark.runs.plan import run_ids
from benchmark.runs.records import RECORD, read_records
from benchmark.spec.base import canonical, grouped
from benchmark.spec.load import Loaded
from benchmark.spec.paper import PaperSpec
from benchmark.spec.readings import BASE

FORMATS = ("html", "markdown")


def report_options(to: argparse.ArgumentParser) -> None:
    opt.papers(to)
    opt.add(to, "--reading", "--results", "--numerics")
    to.add_argument(
        "--format",
        action="append",
        choices=("html", "markdown", "csv", "latex", "figures"),
        help="repeatable; default: html and markdown",
    )
    opt.printed(to, "only")
    opt.add(to, "--accept", "--json")


def report(options: argparse.Namespace) -> int:
    results = opt.existing_results(options.results, options.papers)
    papers = load_papers(options.papers)
    check_printed((loaded.spec for loaded in papers), options)
    chosen = Excerpt(tuple(options.table), tuple(options.claim), tuple(options.figure))
    files = [
        file
        for reading, under in by_reading(papers, options.reading).items()
        for file in summarise(
            under, results, options.numerics, options.format or FORMATS, reading, options.accept or ["trained"],
            chosen=chosen if chosen.ids else None, quiet=options.json,
        )
    ]  # fmt: skip
    if options.json:
        terminal.as_json({"files": [str(file) for file in files]})
    return 0


@dataclass(frozen=True)
class Excerpt:
    """The tables, claims and figures that a report is to be about."""

    tables: tuple[str, ...]
    claims: tuple[str, ...]
    figures: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return (*self.tables, *self.claims, *self.figures)

    def parts(self, spec: PaperSpec) -> dict[str, dict[str, Any]]:
        """What of it a paper has, by kind."""
        return {
            kind: {key: part for key, part in getattr(spec, kind).items() if key in getattr(self, kind)}
            for kind in ("tables", "claims", "figures")
        }

    def of(self, inputs: Iterable[JudgedPaper]) -> list[JudgedPaper]:
        """Papers with nothing but what was chosen."""
        cut = []
        for item in inputs:
            judged = {
                "claims": [claim for claim in item.verdicts.claims if claim.claim in self.claims],
                "cells": [cell for cell in item.verdicts.cells if cell.table in self.tables],
            }
            cut.append(
                replace(
                    item,
                    spec=item.spec.model_copy(update=self.parts(item.spec)),
                    verdicts=item.verdicts.model_copy(update=judged),
                    audit=None,
                )
            )
        return cut


def committed(results: Path) -> list[Path]:
    """Folders of committed evidence other than ``results``."""
    folders = sorted(path for path in places.reference_folder().glob("*") if path.is_dir())
    return [folder for folder in folders if folder.resolve() != results.resolve()]


def reference_evidence(
    papers: Sequence[Loaded], results: Path, numerics: str, mine: Sequence[JudgedPaper]
) -> list[JudgedPaper]:
    """Committed evidence on ``papers`` at the papers' own budget, or that is all there is on a paper.

    It is judged by the spec as it stands and under each reading that others are tried on, where there are runs of it.
    What ``results`` holds all runs of is no other evidence.
    """
    ran = {run.spec.paper.id for run in mine if run.stored}
    inputs = []
    for folder in committed(results):
        full = {run.record.paper for run in read_records(folder) if run.record.tier == "full"}
        known = [
            loaded
            for loaded in papers
            if ((paper := loaded.spec.paper.id) in full or paper not in ran) and not _holds_all(results, folder, paper)
        ]
        bases = under_reading(known, folder, numerics, None, origin=folder.name)
        inputs += bases
        for reading in dict.fromkeys(name for loaded in known for name in loaded.readings.grounds):
            inputs += under_reading(known, folder, numerics, reading, origin=folder.name, bases=bases)
    return inputs


def _holds_all(results: Path, folder: Path, paper: str) -> bool:
    """Whether ``results`` has every record of ``folder`` on a paper, byte by byte; so it has where there is none."""
    beside = [(file, results / file.relative_to(folder)) for file in folder.glob(f"{paper}/*/*/{RECORD}")]
    return all(irregular(copy) is None and copy.is_file() and sha256(copy) == sha256(file) for file, copy in beside)


def under_reading(
    papers: Sequence[Loaded],
    results: Path,
    numerics: str,
    reading: str | None,
    *,
    origin: str | None = None,
    accepted: Collection[Word] = ACCEPTED,
    bases: Sequence[JudgedPaper] = (),
) -> list[JudgedPaper]:
    """Papers of which ``results`` holds runs, under a reading at full tier, judged under it; nothing is written.

    The base is judged too where all that is there are runs of readings that are tried on it, and of no other ground.
    """
    stored = [run.record for run in read_records(results, [])]
    found = {record.run_id for record in stored if reading is None or record.tier == "full"}
    under = grouped((record.paper, record.reading) for record in stored) if reading is None else {}
    known = [
        loaded
        for loaded in papers
        if (reading is None or reading in loaded.spec.readings)
        and (
            not found.isdisjoint(ids_of(run_ids(loaded.under(reading), numerics)))
            or _on_base_alone(loaded, {*under.get(loaded.spec.paper.id, ())})
        )
    ]
    return judge_papers(known, results, numerics, reading, write=False, origin=origin, accepted=accepted, bases=bases)


def _on_base_alone(loaded: Loaded, names: Collection[str | None]) -> bool:
    """Whether runs under these readings are of readings that are tried on the base, and of no other ground."""
    grounds = {name.partition("+")[0] for name in names if name is not None}.intersection(loaded.readings.grounds)
    return not grounds and not set(loaded.readings.on(BASE).values()).isdisjoint(names)


def _inputs_hash(papers: Sequence[Loaded], results: Path, parts: object) -> str:
    """Hash of everything that the report is made of: specs, records and their files, this package's version and source.

    Of arrays size and time of change stand for their content, which judging compares with the records' hashes.
    """
    digest = hashlib.sha256(f"{__version__} {parts}\n".encode())
    for loaded in papers:
        of_bases_too = canonical(loaded.source.data)  # of a variant the paper that it extends
        digest.update(loaded.file.read_bytes() + of_bases_too.encode())
    beside = (file for folder in sidecars.FOLDERS for file in results.glob(f"{folder}/*.json"))
    others = (file for folder in committed(results) for file in folder.glob(f"*/*/*/{RECORD}"))
    for file in others:
        digest.update(f"{file.relative_to(places.reference_folder())} {sha256(file)}\n".encode())
    for file in sorted((*results.glob(f"*/*/*/{RECORD}"), *results.glob("seals/*.json"), *beside)):
        digest.update(f"{file.relative_to(results)} {irregular(file) or sha256(file)}\n".encode())
    for file in sorted(results.glob("*/*/*/*.npz")):
        state = file.stat()
        digest.update(f"{file.relative_to(results)} {state.st_size} {state.st_mtime_ns}\n".encode())
    package = Path(__file__).parent.parent
    for folder in ("judging", "reporting", "spec", "runs"):
        for file in sorted(path for path in (package / folder).rglob("*") if path.is_file()):
            if file.suffix != ".pyc":
                digest.update(f"{file.relative_to(package)} {sha256(file)}\n".encode())
    return digest.hexdigest()


def _as_written(stamp: Path, inputs_hash: str) -> list[Path]:
    """Files of a report on these inputs as long as none has changed since, the summary apart; else none."""
    try:
        old = parse(read_bytes(stamp))
        files = [(stamp.parent / name, digest) for name, digest in old["files"]]
        same = all(irregular(file) is None and sha256(file) == digest for file, digest in files)
        return [file for file, _ in files[:-1]] if same and old["inputs"] == inputs_hash else []
    except (StoreError, OSError, ValueError, KeyError, TypeError):
        return []


def summarise(
    papers: Sequence[Loaded],
    results: Path,
    numerics: str,
    formats: Collection[str] = FORMATS,
    reading: str | None = None,
    accepted: Collection[Word] = ACCEPTED,
    *,
    chosen: Excerpt | None = None,
    quiet: bool = False,
) -> list[Path]:
    """Judge and report unless nothing has changed since the last time; print the summary and the report's path.

    A report on what is ``chosen`` alone has a folder of its own; papers that have none of it are left out.
    """
    papers = [loaded for loaded in papers if chosen is None or any(chosen.parts(loaded.spec).values())]
    folder = results / "-".join(["report", *([reading] if reading else []), *(chosen.ids if chosen else ())])
    stamp, summary_file = folder / "inputs.json", folder / "summary.txt"
    inputs_hash = _inputs_hash(papers, results, (numerics, sorted(formats), reading, sorted(accepted), chosen))
    written = _as_written(stamp, inputs_hash)
    if not written:
        inputs = judge_papers(papers, results, numerics, reading, accepted=accepted)
        reference = reference_evidence(papers, results, numerics, inputs)
        others = dict.fromkeys(name for loaded in papers for name in loaded.readings.grounds)
        grounds = [
            paper
            for name in (others if reading is None else ())
            for paper in under_reading(papers, results, numerics, name, accepted=accepted, bases=inputs)
        ]
        if chosen is not None:
            inputs, reference, grounds = chosen.of(inputs), chosen.of(reference), chosen.of(grounds)
        written = write_report(folder, inputs, formats=formats, reference=reference, grounds=grounds)
        write_atomic(summary_file, summary_table((*inputs, *grounds)).encode())
        files = [(str(file.relative_to(folder)), sha256(file)) for file in (*written, summary_file)]
        facts = {"inputs": inputs_hash, "files": files}
        write_atomic(stamp, to_json(facts))
    if quiet:
        return written
    print(summary_file.read_text().rstrip())
    for file in (file for file in written if file.parent == folder and "--" not in file.name):
        if file.suffix != ".html" or file.name == "index.html":
            print(f"report: {places.shown(file)}")
    return written
