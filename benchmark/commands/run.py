"""``ganrepro run`` and ``run-one``: everything from training to the report's path."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import places
from benchmark.commands import engines, terminal
from benchmark.commands import options as opt
from benchmark.commands.devices import check_numerics, resolve_device
from benchmark.commands.options import INTERRUPTED, OK, RESUMABLE, RUN_FAILED, UsageError
from benchmark.commands.plan import is_done, left_to_train, missing_data, not_measured

if TYPE_CHECKING:
    from benchmark.commands.select_runs import Selection
    from benchmark.runs.engines.job import Outcome
    from benchmark.runs.plan import Run


def register(subparsers: opt.Subparsers) -> None:
    added = opt.command(subparsers, run, "train, sample, score, record, judge, report; finished runs are not repeated")
    opt.runs(added)
    added.add_argument("--all", action="store_true", help="all papers; without it and without PAPER: the default job")
    opt.device(added)
    added.add_argument(
        "-j", "--jobs", type=opt.positive, metavar="N", help="runs at once; default: cores, or 1 for each GPU"
    )
    engines.register(added)
    added.add_argument("--no-report", action="store_true", help="stop after the records")
    opt.as_json(added)
    single = opt.command(subparsers, run_one, "one run by id, for engines that schedule runs themselves", None)
    single.add_argument("run_id")
    single.add_argument("papers", nargs=1, metavar="PAPER")
    opt.add(single, opt.runs, opt.device)


def run(options: argparse.Namespace) -> int:
    from benchmark.commands import agreement
    from benchmark.commands.select_runs import is_default_job, load_all, select, spec_files

    results, root = places.results_folder(options.results), places.data_folder(options.data_root)
    selections = select(options)
    runs = {run.run_id: (run, selection) for selection in selections for run in selection.runs}
    unreadable: list[str] = []
    left = left_to_train([run for run, _ in runs.values()], results, unreadable)
    for line in unreadable:
        terminal.say(f"{line}; its run is not done again before that file is mended or removed")
    todo = {run.run_id: runs[run.run_id] for run in left}
    missing = missing_data((run for run, _ in todo.values()), root)
    if missing:
        lines = [f"{message} (needed by {', '.join(names)})" for message, names in missing.items()]
        raise UsageError("data are missing or not what they should be, nothing was trained\n  " + "\n  ".join(lines))
    code = OK
    if todo:
        opt.require_training()
        terminal.say(f"{len(todo)} of {len(runs)} runs to train, results in {places.shown(results)}")
        for line in not_measured((run for run, _ in todo.values()), root):
            terminal.say(line)
        code = _train(options, todo, results, root)
        # a training that was continued measures only what it has measured from its beginning; the rest is done now
        rest = {run.run_id: runs[run.run_id] for run in left_to_train([run for run, _ in todo.values()], results, [])}
        if rest and code == OK:
            code = _train(options, rest, results, root)
    else:
        others = f"{len(runs) - len(unreadable)} other" if unreadable else str(len(runs))
        terminal.say(f"Nothing to train: all {others} runs are finished in {places.shown(results)}.")
    code = RUN_FAILED if unreadable and code == OK else code
    if code in (RESUMABLE, INTERRUPTED) or options.no_report:
        _answer(options, runs, results, [])
        return code
    from benchmark.commands.anchors import after_run
    from benchmark.commands.report import summarise

    papers = [(selection.file, selection.loaded) for selection in selections]
    if todo:
        after_run(papers, results, root, resolve_device(options.device), options.numerics)
    text = agreement.with_reference(results, runs) if is_default_job(options) else None
    everything = papers if options.papers else load_all(spec_files(()))
    files = summarise(everything, results, options.numerics, quiet=options.json)
    if text is not None:
        print(f"{text}: the same runs, trained elsewhere", file=sys.stderr if options.json else sys.stdout)
    _answer(options, runs, results, files)
    return code


def _answer(
    options: argparse.Namespace, runs: dict[str, tuple[Run, Selection]], results: Path, files: list[Path]
) -> None:
    """With ``--json``: how every run stands, and the report's files."""
    if options.json:
        from benchmark.commands.status import state_of

        states = [state_of(run, results) for run, _ in runs.values()]
        terminal.as_json({"runs": states, "report": [str(file) for file in files]})


def _train(options: argparse.Namespace, todo: dict[str, tuple[Run, Selection]], results: Path, root: Path) -> int:
    from benchmark.runs.derived import together
    from benchmark.runs.engines.execute import EngineError, execute
    from benchmark.runs.engines.job import Job
    from benchmark.runs.engines.progress import Display

    device = engines.device_of(options)
    check_numerics(options.numerics, device)
    groups = together([run for run, _ in todo.values()])
    jobs = [Job.of(run, todo[run.run_id][1].file, results, root, device, others) for run, *others in groups]
    if options.engine != "local":
        jobs = engines.with_needs(jobs, groups, options, results)
    engine, where = engines.engine_of(options, jobs)
    _seal({selection.file: selection for _, selection in todo.values()}.values(), results)
    if len(groups) < len(todo):
        terminal.say(f"{len(todo) - len(groups)} of them share the training of another")
    terminal.say(f"training on {where}")
    began = time.perf_counter()
    display = Display({run.run_id: (_told(run, todo[run.run_id][1]), run.iterations) for run, *_ in groups})
    try:
        ending = execute(jobs, engine, display)
    except EngineError as error:
        raise UsageError(str(error)) from error
    finished = sum(outcome.status in ("finished", "diverged") for outcome in ending.outcomes)
    terminal.say(f"{finished} of {len(jobs)} runs ended in {time.perf_counter() - began:.0f} s")
    if ending.signal is not None:
        terminal.say("stopped; the same command continues where this one ended")
        return INTERRUPTED if ending.signal == 2 else RESUMABLE
    if any(_bad(outcome) for outcome in ending.outcomes):
        return RUN_FAILED
    if finished < len(jobs):
        terminal.say(f"{len(jobs) - finished} were stopped elsewhere; the same command continues them")
        return RESUMABLE
    return OK


def _told(run: Run, selection: Selection) -> str:
    """A run for people."""
    from benchmark.spec import names

    return f"{run.paper}, {names.of_experiment(selection.loaded.spec, run.experiment)}, seed {run.seed}"


def _seal(selections: Iterable[Selection], results: Path) -> None:
    """Fix the rules of every paper before its first run."""
    from benchmark.judging.seal import ensure_seal

    for selection in selections:
        ensure_seal(results, selection.loaded.spec)


def _bad(outcome: Outcome) -> bool:
    return outcome.status == "failed"


def run_one(options: argparse.Namespace) -> int:
    """Do the run with the given id; progress goes to stderr as plain lines."""
    from benchmark.commands.select_runs import select, spec_files
    from benchmark.runs.engines.job import Job, perform
    from benchmark.runs.engines.progress import Display

    if options.tier is None:
        raise UsageError("run-one needs --tier")
    (file,) = spec_files(options.papers)
    options.papers, options.reading = [str(file)], options.reading or ["all"]
    matching = [
        (run, selection) for selection in select(options) for run in selection.runs if run.run_id == options.run_id
    ]
    if not matching:
        raise UsageError(f"{file} plans no run {options.run_id} at tier {options.tier}")
    ((run, selection),) = matching
    results, root = places.results_folder(options.results), places.data_folder(options.data_root)
    problem = None if is_done(run, results) else run.setup.dataset.problem(root)
    if problem is not None:
        raise UsageError(problem)
    device = resolve_device(options.device)
    check_numerics(options.numerics, device)
    _seal([selection], results)
    display = Display({run.run_id: (_told(run, selection), run.iterations)})
    outcome = perform(
        Job.of(run, file, results, root, device), lambda iteration, _seconds: display.advanced(run.run_id, iteration)
    )
    display.ended(run.run_id, outcome)
    if outcome.status == "interrupted":
        return RESUMABLE
    return RUN_FAILED if _bad(outcome) else OK
