"""The pipeline from Python: ``from benchmark import load, plan, run, judge, report``. See docs/api.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from benchmark import places
from benchmark.commands.options import UsageError
from benchmark.commands.select_runs import load_papers
from benchmark.judging.judge import judge_papers
from benchmark.judging.seal import ensure_seal
from benchmark.judging.verdict import PaperVerdicts
from benchmark.reporting.report import write_report
from benchmark.runs.engines.job import Job, Outcome, perform
from benchmark.runs.plan import Run, make_plan
from benchmark.spec.base import Tier
from benchmark.spec.load import Loaded


def load(paper: str | Path) -> Loaded:
    """A paper by its id or file, checked; ``.spec`` is its content. SpecError names every problem of the file."""
    (loaded,) = load_papers([str(paper)])
    return loaded


def plan(
    paper: Loaded,
    tier: Tier = "full",
    *,
    experiments: Iterable[str] | None = None,
    seeds: Sequence[int] | None = None,
    numerics: str = "fp32",
) -> list[Run]:
    """The runs of a tier; each knows its id, folder, iterations, images and disk."""
    return make_plan(paper.spec, tier, experiments=experiments, seeds=seeds, numerics=numerics)


def run(
    paper: Loaded, runs: Iterable[Run], results: Path, *, data_root: Path | None = None, device: str = "cpu"
) -> list[Outcome]:
    """Train, sample and score runs one after another in this process; what is finished already is not repeated."""
    ensure_seal(results, paper.spec)
    root = places.data_folder(data_root)
    return [perform(Job.of(run, paper.file, results, root, device)) for run in runs]


def judge(paper: Loaded, results: Path, *, numerics: str = "fp32") -> PaperVerdicts:
    """Verdicts on every claim and published number, from the records in a folder; nothing is written."""
    if not results.is_dir():
        raise UsageError(f"there is no results folder {results}")
    (verdicts,) = judge_papers([paper], results, numerics, write=False)
    return verdicts.verdicts


def report(
    papers: Sequence[Loaded],
    results: Path,
    folder: Path,
    *,
    formats: Sequence[Literal["html", "markdown", "csv", "latex"]] = ("html",),
    numerics: str = "fp32",
) -> list[Path]:
    """Write the report on several papers into ``folder``; return its files."""
    inputs = judge_papers(papers, results, numerics, write=False)
    return write_report(folder, inputs, formats=formats)
