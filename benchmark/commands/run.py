"""``ganrepro run`` and ``run-one``: everything from training to the report's path."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from benchmark import places
from benchmark.commands.devices import resolve_device, visible_gpus
from benchmark.commands.plan import is_done, missing_data
from benchmark.commands.select_runs import Selection, UsageError, select, spec_files
from benchmark.runs.engines.job import Job, Outcome
from benchmark.runs.plan import Run

_OK, _RUN_FAILED, _RESUMABLE, _INTERRUPTED = 0, 3, 75, 130


def run(options: argparse.Namespace) -> int:
    results, root = places.results_folder(options.results), places.data_folder(options.data_root)
    selections = select(options)
    runs = {run.run_id: (run, selection) for selection in selections for run in selection.runs}
    todo = {run_id: pair for run_id, pair in runs.items() if not is_done(pair[0], results)}
    missing = missing_data((run for run, _ in todo.values()), root)
    if missing:
        lines = [f"{message} (needed by {', '.join(names)})" for message, names in missing.items()]
        raise UsageError("data is missing, nothing was trained\n  " + "\n  ".join(lines))
    code = _OK
    if todo:
        say(f"{len(todo)} of {len(runs)} runs to train, results in {places.shown(results)}")
        _warn_unmeasured([run for run, _ in todo.values()], root)
        code = _train(options, todo, results, root)
    else:
        say(f"Nothing to train: all {len(runs)} runs are finished in {places.shown(results)}.")
    if code in (_RESUMABLE, _INTERRUPTED) or options.no_report:
        return code
    from benchmark.commands.anchors import after_run
    from benchmark.commands.report import summarise

    papers = [(selection.file, selection.loaded) for selection in selections]
    if todo:
        after_run(papers, results, root, resolve_device(options.device), options.numerics)
    summarise(papers, results, options.numerics)
    return code


def _train(options: argparse.Namespace, todo: dict[str, tuple[Run, Selection]], results: Path, root: Path) -> int:
    from benchmark.runs.engines.progress import Display
    from benchmark.runs.engines.serial import execute

    device = resolve_device(options.device)
    _seal({selection.file: selection for _, selection in todo.values()}.values(), results)
    gpus = visible_gpus(device)
    at_once = max(1, len(gpus)) if device.startswith("cuda") else os.cpu_count() or 1
    workers = min(options.jobs or at_once, len(todo))
    threads = None if device.startswith("cuda") else 1  # of the run, not of the moment: sums would be split otherwise
    jobs = [
        Job(
            spec=selection.file.resolve(),
            experiment=run.experiment,
            tier=run.tier,
            seed=run.seed,
            numerics=run.numerics,
            reading=run.reading,
            run_id=run.run_id,
            results=results.resolve(),
            data_root=root.resolve(),
            device=device,
            threads=threads,
        )
        for run, selection in todo.values()
    ]
    say(f"training on {f'{len(gpus)} GPUs' if len(gpus) > 1 else device}, {workers} at once")
    began = time.perf_counter()
    display = Display(
        {run.run_id: (f"{run.paper}/{run.experiment} seed {run.seed}", run.iterations) for run, _ in todo.values()}
    )
    ending = execute(jobs, workers, display, gpus)
    finished = sum(outcome.status in ("finished", "diverged") for outcome in ending.outcomes)
    say(f"{finished} of {len(jobs)} runs ended in {time.perf_counter() - began:.0f} s")
    if ending.signal is not None:
        say("stopped; the same command continues where this one ended")
        return _INTERRUPTED if ending.signal == 2 else _RESUMABLE
    return _RUN_FAILED if any(_bad(outcome) for outcome in ending.outcomes) else _OK


def _seal(selections: Iterable[Selection], results: Path) -> None:
    """Fix the rules of every paper before its first run."""
    from benchmark.judging.seal import ensure_seal

    for selection in selections:
        ensure_seal(results, selection.loaded.spec)


def _bad(outcome: Outcome) -> bool:
    return outcome.status in ("failed", "locked")


def _warn_unmeasured(runs: list[Run], root: Path) -> None:
    """Say before training which scores cannot be measured here, and why."""
    reasons: dict[str, set[str]] = {}
    for run in runs:
        for name, score in run.setup.scores.items():
            reason = score.metric.unavailable(root)
            if reason is not None:
                reasons.setdefault(reason, set()).add(f"{run.experiment}.{name}")
    for reason, scores in reasons.items():
        say(f"will not be measured: {', '.join(sorted(scores))}: {reason}")


def run_one(options: argparse.Namespace) -> int:
    """Do the run with the given id; progress goes to stderr as plain lines."""
    from benchmark.runs.engines.job import perform
    from benchmark.runs.engines.progress import Display

    if options.tier is None:
        raise UsageError("run-one needs --tier")
    (file,) = spec_files(options.papers)
    options.papers, options.reading = [str(file)], options.reading or ["all"]
    found = [
        (run, selection) for selection in select(options) for run in selection.runs if run.run_id == options.run_id
    ]
    if not found:
        raise UsageError(f"{file} plans no run {options.run_id} at tier {options.tier}")
    ((run, selection),) = found
    results, device = places.results_folder(options.results), resolve_device(options.device)
    _seal([selection], results)
    display = Display({run.run_id: (f"{run.paper}/{run.experiment} seed {run.seed}", run.iterations)})
    outcome = perform(
        Job(
            spec=file,
            experiment=run.experiment,
            tier=run.tier,
            seed=run.seed,
            numerics=run.numerics,
            reading=run.reading,
            run_id=run.run_id,
            results=results,
            data_root=places.data_folder(options.data_root),
            device=device,
            threads=None if device.startswith("cuda") else 1,
        ),
        lambda iteration, _seconds: display.advanced(run.run_id, iteration),
    )
    display.ended(run.run_id, outcome)
    if outcome.status == "interrupted":
        return _RESUMABLE
    return _RUN_FAILED if _bad(outcome) else _OK


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
