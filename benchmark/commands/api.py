"""The pipeline from Python: ``from benchmark import load, plan, run, judge, report``. See docs/api.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from benchmark.commands.options import UsageError

if TYPE_CHECKING:
    from benchmark.judging.verdict import PaperVerdicts
    from benchmark.runs.engines.job import Outcome
    from benchmark.runs.plan import Run
    from benchmark.spec.base import Tier
    from benchmark.spec.load import Loaded


def load(paper: str | Path) -> Loaded:
    """A paper by its id or file, checked; ``.spec`` is its content. SpecError names every problem of the file."""
    from benchmark.commands.select_runs import load_all, spec_files

    ((_, loaded),) = load_all(spec_files([str(paper)]))
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
    from benchmark.runs.plan import make_plan

    return make_plan(paper.spec, tier, experiments=experiments, seeds=seeds, numerics=numerics)


def run(
    paper: Loaded, runs: Iterable[Run], results: Path, *, data_root: Path | None = None, device: str = "cpu"
) -> list[Outcome]:
    """Train, sample and score runs one after another in this process; what is finished already is not repeated."""
    from benchmark import places
    from benchmark.judging.seal import ensure_seal
    from benchmark.runs.engines.job import Job, perform

    ensure_seal(results, paper.spec)
    return [
        perform(
            Job.of(run, Path(paper.source.file), results, places.data_folder(data_root), device),
            lambda _iteration, _seconds: None,
        )
        for run in runs
    ]


def judge(paper: Loaded, results: Path, *, numerics: str = "fp32") -> PaperVerdicts:
    """Verdicts on every claim and published number, from the records in a folder; nothing is written."""
    from benchmark.judging.judge import judge_papers

    if not results.is_dir():
        raise UsageError(f"there is no results folder {results}")
    (verdicts,) = judge_papers([(Path(paper.source.file), paper)], results, numerics, write=False)
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
    from benchmark.judging.judge import judge_papers
    from benchmark.reporting.report import write_report

    inputs = judge_papers([(Path(paper.source.file), paper) for paper in papers], results, numerics, write=False)
    return write_report(folder, inputs, formats=formats)
