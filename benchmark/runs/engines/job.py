"""One run as a job that any engine can hand to any process: names and paths only."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from benchmark.runs.plan import Run, make_run
from benchmark.spec.base import Tier
from benchmark.spec.load import load


@dataclass(frozen=True)
class Job:
    """What a worker needs to do one run; the spec is read again where the work is done."""

    spec: Path
    experiment: str
    tier: Tier
    seed: int
    numerics: str
    run_id: str
    results: Path
    #: of the run, below ``results``
    folder: str
    data_root: Path
    device: str
    threads: int | None
    reading: str | None = None
    #: runs that share its training: experiment, reading and run id of each
    others: tuple[tuple[str, str | None, str], ...] = ()
    #: seconds of training between two checkpoints
    checkpoint_seconds: float = 60.0
    #: what it needs, where that is known: for an engine that shares machines out
    hours: float | None = None
    memory_bytes: int | None = None

    @classmethod
    def of(cls, run: Run, spec: Path, results: Path, data_root: Path, device: str, others: Sequence[Run] = ()) -> Job:
        """A run as a job; ``others`` share its training."""
        return cls(
            spec=spec.resolve(),
            experiment=run.experiment,
            tier=run.tier,
            seed=run.seed,
            numerics=run.numerics,
            run_id=run.run_id,
            results=results.resolve(),
            folder=run.folder,
            data_root=data_root.resolve(),
            device=device,
            threads=1 if device == "cpu" else None,  # of the run, not of the moment: sums would be split otherwise
            reading=run.reading,
            others=tuple((other.experiment, other.reading, other.run_id) for other in others),
        )

    def is_free(self) -> bool:
        """Whether no process trains this run at the moment."""
        try:
            with FileLock(self.results / self.folder / ".lock").acquire(timeout=0):
                return True
        except Timeout:
            return False


@dataclass(frozen=True)
class Outcome:
    """How a job ended."""

    run_id: str
    status: Literal["finished", "diverged", "failed", "interrupted", "locked"]
    reason: str | None
    training_seconds: float = 0.0
    #: the signal that interrupted it
    signal: int | None = None


def resolve(job: Job) -> Run:
    """The run of a job; a ValueError if the spec has changed since the job was made."""
    spec = load(job.spec).under(job.reading)
    run = replace(make_run(spec, job.experiment, job.tier, job.seed, job.numerics), reading=job.reading)
    if run.run_id != job.run_id:
        raise ValueError(f"{job.spec} has changed: {job.experiment} seed {job.seed} is now run {run.run_id}")
    return run


#: signals that end a job at a resumable state: of a person, a terminal that closes, a scheduler before its time limit
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


@contextmanager
def stopping() -> Iterator[list[int]]:
    """Those of ``STOPS`` that arrive while the block runs."""
    caught: list[int] = []
    previous = {}
    if threading.current_thread() is threading.main_thread():
        for number in STOPS:
            previous[number] = signal.signal(number, lambda number, _frame: caught.append(number))
    try:
        yield caught
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def perform(job: Job, progress: Callable[[int], None] = lambda _: None) -> Outcome:
    """Do one job in this process; every end is an :class:`Outcome`, bad data included.

    ``progress`` hears of iterations.
    """
    with stopping() as caught:  # from before the imports, which take a while
        from benchmark.runs.runner import Interrupted, Locked, OneRun
        from benchmark.training.numerics import prepare

        prepare(job.numerics, job.threads)
        try:
            record = OneRun(
                resolve(job),
                job.results,
                job.data_root,
                job.device,
                progress=progress,
                stop=lambda: bool(caught),
                checkpoint_seconds=job.checkpoint_seconds,
                others=[
                    resolve(replace(job, experiment=experiment, reading=reading, run_id=run_id))
                    for experiment, reading, run_id in job.others
                ],
            ).execute()
        except Interrupted as error:
            return Outcome(job.run_id, "interrupted", str(error), signal=caught[0])
        except Locked as error:
            return Outcome(job.run_id, "locked", str(error))
        except Exception as error:
            return Outcome(job.run_id, "failed", f"{type(error).__name__}: {error}")
    return Outcome(job.run_id, record.status, record.reason, record.timing.training_seconds)
