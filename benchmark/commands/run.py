"""``ganrepro run`` and ``run-one``: everything from training to the report's path."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmark import places
from benchmark.commands import engines, terminal
from benchmark.commands import options as opt
from benchmark.commands.anchors import after_run
from benchmark.commands.devices import check_numerics, resolve_device
from benchmark.commands.plan import data_problems, is_done, not_measured, standing
from benchmark.commands.report import summarise
from benchmark.commands.select_runs import by_reading, has_runs, is_default_job, load_papers, select, spec_files
from benchmark.commands.status import state_of
from benchmark.judging.seal import ensure_seal
from benchmark.runs.continued import trainings
from benchmark.runs.engines.execute import EngineError, execute
from benchmark.runs.engines.job import Job, perform
from benchmark.runs.engines.progress import Display
from benchmark.runs.plan import Run
from benchmark.runs.records import read_records
from benchmark.spec import names
from benchmark.spec.load import Loaded

#: readings that a report is written under without being asked for
_REPORTS = 3
#: committed evidence of the default job, in a checkout
REFERENCE = Path("results", "reference", "default-job")


def run_options(to: argparse.ArgumentParser) -> None:
    opt.add(to, opt.papers, opt.runs)
    to.add_argument("--all", action="store_true", help="all papers; without it and without PAPER: the default job")
    opt.add(to, "--device")
    to.add_argument(
        "-j", "--jobs", type=opt.positive, metavar="N", help="runs at once; default: cores, or 1 for each GPU"
    )
    engines.options(to)
    to.add_argument("--no-report", action="store_true", help="stop after the records")
    opt.add(to, "--json")


def run(options: argparse.Namespace) -> int:
    results, root = places.results_folder(options.results), places.data_folder(options.data_root)
    selections = select(options)
    papers = {selection.loaded.spec.paper.id: selection.loaded for selection in selections}
    runs = {run.folder: run for selection in selections for run in selection.runs}
    stand = standing([*runs.values()], results)
    todo, unreadable = stand.left, stand.unreadable
    for line in unreadable.values():
        terminal.say(f"{line}; its run is not done again before that file is mended or its folder removed")
    problems = data_problems(todo, root)
    if problems:
        needed = {
            problem: dict.fromkeys(run.experiment for run in todo if problems.get(run.setup.dataset) == problem)
            for problem in problems.values()
        }
        lines = [f"{problem} (needed by {', '.join(experiments)})" for problem, experiments in needed.items()]
        raise opt.UsageError(
            "data are missing or not what they should be, nothing was trained\n  " + "\n  ".join(lines)
        )
    code = opt.OK
    if todo:
        opt.require_training()
        terminal.say(f"{len(todo)} of {len(runs)} runs to do, results in {places.shown(results)}")
        for line in not_measured(todo, root):
            terminal.say(line)
        left = todo
        # a training that was continued measures only what it has measured from its beginning, and of equal runs of
        # several papers one is trained at a time: the rest is done afterwards
        while left and code == opt.OK:
            code = _train(options, [*{run.run_id: run for run in left}.values()], papers, results, root)
            left = standing(todo, results).left
    else:
        others = f"{len(runs) - len(unreadable)} other" if unreadable else str(len(runs))
        terminal.say(f"Nothing to train: all {others} runs are finished in {places.shown(results)}.")
    code = opt.RUN_FAILED if unreadable and code == opt.OK else code
    if code in (opt.RESUMABLE, opt.INTERRUPTED) or options.no_report:
        _answer(options, runs.values(), results, [])
        return code
    if todo:
        after_run(papers.values(), results, root, resolve_device(options.device), options.numerics)
    text = with_reference(results, {run.run_id for run in runs.values()}) if is_default_job(options) else None
    files = _reports(options, [selection.loaded for selection in selections if selection.runs], results)
    if text is not None:
        print(text, file=sys.stderr if options.json else sys.stdout)
    _answer(options, runs.values(), results, files)
    return code


def _reports(options: argparse.Namespace, ran: Sequence[Loaded], results: Path) -> list[Path]:
    """A report under each reading of the runs, if they are few; that of the base is on all papers that have runs."""
    ran, files = [*{loaded.file: loaded for loaded in ran}.values()], []
    under = by_reading(ran, options.reading)
    if len(under) > _REPORTS:
        terminal.say("`ganrepro report PAPER --reading NAME` reports on one of the readings")
        under = {None: ran}
    for reading, papers in under.items():
        if reading is None and options.papers:
            named = {loaded.spec.paper.id for loaded in papers}
            others = [file.stem for file in spec_files(()) if file.stem not in named and has_runs(results, file.stem)]
            papers = [*papers, *(load_papers(others) if others else ())]
        elif reading is None:
            papers = load_papers(())
        files += summarise(papers, results, options.numerics, reading=reading, quiet=options.json)
    return files


def _answer(options: argparse.Namespace, runs: Iterable[Run], results: Path, files: list[Path]) -> None:
    """With ``--json``: how every run stands, and the report's files."""
    if options.json:
        states = [state_of(run, results) for run in runs]
        terminal.as_json({"runs": states, "report": [str(file) for file in files]})


def _train(
    options: argparse.Namespace, todo: Sequence[Run], papers: Mapping[str, Loaded], results: Path, root: Path
) -> int:
    device = engines.device_of(options)
    check_numerics(options.numerics, device)
    sampled, groups = _groups(todo, results, device)
    jobs = [Job.of(run, papers[run.paper].file, results, root, device, others) for run, *others in groups]
    if options.engine != "local":
        jobs = engines.with_needs(jobs, groups, options, results)
    engine, where = engines.engine_of(options, jobs)
    for paper in dict.fromkeys(run.paper for run in todo):  # the rules are fixed before the first run
        ensure_seal(results, papers[paper].spec)
    if sampled:
        one = len(sampled) == 1
        terminal.say(
            f"{len(sampled)} of them {'samples' if one else 'sample'} the end of a finished training, if that is sound"
        )
    if len(groups) < len(todo):
        alike = len(todo) - len(groups)
        terminal.say(f"{alike} of them {'shares' if alike == 1 else 'share'} the training of another")
    terminal.say(f"training on {where}")
    began = time.perf_counter()
    display = Display({run.run_id: (_told(run, papers[run.paper]), run.iterations) for run, *_ in groups})
    try:
        ending = execute(jobs, engine, display)
    except EngineError as error:
        raise opt.UsageError(str(error)) from error
    finished = sum(outcome.status in ("finished", "diverged") for outcome in ending.outcomes)
    what = "trainings" if len(groups) < len(todo) else "runs"
    terminal.say(f"{finished} of {len(jobs)} {what} ended in {time.perf_counter() - began:.0f} s")
    if ending.signal is not None:
        terminal.say("stopped; the same command continues where this one ended")
        return opt.INTERRUPTED if ending.signal == 2 else opt.RESUMABLE
    if any(outcome.status == "failed" for outcome in ending.outcomes):
        return opt.RUN_FAILED
    if finished < len(jobs):
        terminal.say(f"{len(jobs) - finished} were stopped elsewhere; the same command continues them")
        return opt.RESUMABLE
    return opt.OK


def _groups(todo: Sequence[Run], results: Path, device: str) -> tuple[list[Run], list[list[Run]]]:
    """Runs whose training has ended, and all runs in groups of one training, those first and each by itself."""
    stored = [*read_records(results, [])] if any(run.reading is not None for run in todo) else []
    sampled, together = trainings(todo, stored, device)
    return sampled, [*([run] for run in sampled), *together]


def _told(run: Run, loaded: Loaded) -> str:
    """A run for people."""
    reading = "" if run.reading is None else f", reading {run.reading}"
    return f"{run.paper}, {names.of_experiment(loaded.spec, run.experiment)}{reading}, seed {run.seed}"


def with_reference(results: Path, run_ids: Collection[str]) -> str | None:
    """One sentence: how many scores of these runs equal the committed ones; None where none are at hand."""
    folder = places.ROOT / REFERENCE
    if not folder.is_dir() or folder.resolve() == results.resolve():
        return None
    theirs = {run.record.run_id: run.record for run in read_records(folder)}
    pairs = [
        (mine.value, score.value)
        for run in read_records(results, [])
        if run.record.run_id in run_ids and run.record.run_id in theirs
        for name, score in theirs[run.record.run_id].scores.items()
        if (mine := run.record.scores.get(name)) is not None and mine.value is not None and score.value is not None
    ]
    return sentence(pairs, str(REFERENCE))


def sentence(pairs: Collection[tuple[float, float]], where: str) -> str | None:
    """``pairs`` of a score here and there, in words."""
    if not pairs:
        return None
    apart = sorted(abs(mine - theirs) / max(abs(mine), abs(theirs)) for mine, theirs in pairs if mine != theirs)
    text = f"{len(pairs) - len(apart)} of {len(pairs)} scores equal those of {where} bit for bit"
    if apart:
        text += f", {len(apart)} differ{'s' * (len(apart) == 1)} by up to {100 * apart[-1]:.2g} % of the larger: "
        text += "rounding on another machine parts trainings of one seed"
    return text


def run_one_options(to: argparse.ArgumentParser) -> None:
    to.add_argument("run_ids", nargs="+", metavar="RUN_ID", help="of one run, or of all that share a training")
    to.add_argument("papers", nargs=1, metavar="PAPER")
    opt.add(to, opt.runs, "--device")


def run_one(options: argparse.Namespace) -> int:
    """Do the runs with the given ids, those alike in one training; progress goes to stderr as plain lines."""
    if options.tier is None:
        raise opt.UsageError("run-one needs --tier")
    (file,) = spec_files(options.papers)
    options.papers = [str(file)]
    for reading in [options.reading] if options.reading else [None, ["all"]]:  # most are of the base
        options.reading = reading
        (selection,) = select(options)
        unknown = sorted({*options.run_ids} - {run.run_id for run in selection.runs})
        if not unknown:
            break
    else:
        raise opt.UsageError(f"{file} plans no run {', '.join(unknown)} at tier {options.tier}")
    results, root = places.results_folder(options.results), places.data_folder(options.data_root)
    todo = [run for run in selection.runs if run.run_id in options.run_ids and not is_done(run, results)]
    for problem in data_problems(todo, root).values():
        raise opt.UsageError(problem)
    device = resolve_device(options.device)
    check_numerics(options.numerics, device)
    ensure_seal(results, selection.loaded.spec)
    _, groups = _groups(todo, results, device)
    display = Display({run.run_id: (_told(run, selection.loaded), run.iterations) for run, *_ in groups})
    ended = opt.OK
    for run, *others in groups:
        job = Job.of(run, file, results, root, device, others)
        outcome = perform(job, partial(display.advanced, run.run_id))
        display.ended(run.run_id, outcome)
        if outcome.status == "interrupted":
            return opt.RESUMABLE
        ended = opt.RUN_FAILED if outcome.status == "failed" else ended
    return ended
