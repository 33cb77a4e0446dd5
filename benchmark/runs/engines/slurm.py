"""Slurm as an engine, through submitit: a job is a task of an array, queued again where its time ends too early."""

from __future__ import annotations

import math
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.runs.engines.execute import EngineError, last_line
from benchmark.runs.engines.job import Job, Outcome, perform
from benchmark.runs.engines.progress import Display
from benchmark.runs.engines.slurm_queue import ENDED, Queue, cancel, longest_minutes, runs_on

#: seconds before the end of its time at which a job is told to save; an evaluation is not cut short
_SIGNAL_SECONDS = 180
#: submitit takes a signal in the last ten minutes for a time-out, any other for a preemption, which it does not count
_LEAST_MINUTES = 30
#: jobs in one array; Slurm's own default limit is 1,001
_ARRAY = 1000
#: processors for a job on a GPU, where evaluations need some
_PROCESSORS = 4
#: seconds between two questions to the controller, which all users share, and while cancelled jobs save
_ASK_SECONDS, _ASK_OFTEN_SECONDS = 10.0, 2.0
#: for so many seconds a job that ended without a result may yet be queued again by Slurm, or show its result late
_SETTLE_SECONDS = 20.0
#: for so many seconds cancelled jobs are waited for; Slurm lets them save for KillWait, 30 by default
_LEAVE_SECONDS = 90.0
#: in the folder of a job that has saved its state and could not be queued again from where it ran
_SAVED = "saved"
#: states that somebody has chosen: such a job is not queued again
_CHOSEN = ("CANCELLED", "DEADLINE", "REVOKED")
#: states of a job of submitit's local executor that the same command continues
_CONTINUED = ("CANCELLED", "INTERRUPTED")


@dataclass
class Work:
    """What submitit calls on a node."""

    job: Job

    def __call__(self) -> Outcome:
        import submitit
        from submitit.core.utils import UncompletedJobError

        outcome = perform(self.job)
        if outcome.status == "failed":
            return replace(outcome, reason=f"node {platform.node()}: {outcome.reason}")
        if outcome.status == "interrupted":
            here = submitit.JobEnvironment()
            try:
                _queue_again(here, outcome)
            except UncompletedJobError as error:
                return replace(outcome, reason=str(error))
            except (EngineError, OSError, subprocess.SubprocessError):
                (here.paths.folder / _SAVED).touch()
            sys.exit(75)  # without a result: the command that watches does what is left
        return outcome

    def checkpoint(self) -> Any:
        """What is queued again: the same job, which continues from its checkpoint."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)

    __submitit_checkpoint__ = checkpoint


def _queue_again(here: Any, outcome: Outcome) -> None:
    """Have this job queued again, unless it is being cancelled.

    Slurm itself does not do so for a job that ends in the time it was given to save before a preemption (GraceTime).
    """
    slurm = here.cluster == "slurm"
    if slurm and not runs_on(here.job_id):
        return
    timed_out = getattr(signal, f"SIG{here.USR_SIG}")
    if outcome.signal == timed_out:
        signal.raise_signal(timed_out)  # submitit counts it, queues the job again, and ends this process
    elif slurm and outcome.signal == signal.SIGTERM:
        subprocess.run(["scontrol", "requeue", here.job_id], timeout=60, check=True)


@dataclass
class Queued:
    """A job that Slurm has been given."""

    task: Any
    job: Job
    #: when it was given, by ``time.monotonic``
    since: float
    #: when it was first told as ended, and its state then
    gone: tuple[float, str] | None = None

    @property
    def array(self) -> str:
        return str(self.task.job_id.partition("_")[0])


class Slurm:
    """Arrays of jobs on ``partition``; ``cluster`` is local for processes of this machine, to try it."""

    def __init__(self, logs: Path, cluster: str, partition: str | None, retries: int, at_once: int | None) -> None:
        import submitit

        self._submitit: Any = submitit
        self._cluster, self._partition = cluster, partition
        self._retries, self._at_once = retries, at_once
        self._all_logs, self._logs = logs, logs
        self._tasks: list[Queued] = []
        self._again: list[Job] = []
        self._lost: Counter[str] = Counter()
        self._queue = Queue()
        self._trouble: str | None = None
        self._stopped: float | None = None
        self._cancelled = self._left = False
        #: of a job, where the partition has such a limit
        self.longest_minutes = longest_minutes(partition) if cluster == "slurm" else None

    def begin(self, jobs: Sequence[Job]) -> None:
        first = self._logs == self._all_logs
        if first:  # a folder of this command's own, which it may clear
            self._all_logs.mkdir(parents=True, exist_ok=True)
            self._logs = Path(tempfile.mkdtemp(prefix=time.strftime("%Y%m%d-%H%M%S-"), dir=self._all_logs))
        groups: dict[tuple[float | None, int | None, str, int | None], list[Job]] = {}
        for job in jobs:
            groups.setdefault((job.hours, job.memory_bytes, job.device, job.threads), []).append(job)
        for part in (group[n : n + _ARRAY] for group in groups.values() for n in range(0, len(group), _ARRAY)):
            try:
                tasks = self._executor(part[0]).submit_array([Work(job) for job in part])
            except (OSError, RuntimeError) as error:
                if first:
                    self.stop()
                    raise EngineError(f"{self._cluster} took no jobs: {last_line(error)}") from error
                self._trouble = f"{self._cluster} took no jobs, they are given to it again ({last_line(error)})"
                self._again += part
            else:
                self._tasks += [Queued(task, job, time.monotonic()) for task, job in zip(tasks, part, strict=True)]
            finally:
                self._clear()

    def _executor(self, job: Job) -> Any:
        minutes = max(_LEAST_MINUTES, math.ceil((job.hours or 0) * 60))
        granted = min(minutes, self.longest_minutes or minutes)
        timeouts = self._retries + math.ceil(minutes / granted) - 1
        processors = job.threads or _PROCESSORS
        executor = self._submitit.AutoExecutor(
            self._logs / "%j", cluster=self._cluster, **{f"{self._cluster}_max_num_timeout": timeouts}
        )
        executor.update_parameters(
            name="ganrepro",
            timeout_min=granted,
            mem_gb=None if job.memory_bytes is None else math.ceil(job.memory_bytes / 2**30),
            cpus_per_task=processors,
            gpus_per_node=1 if job.device.startswith("cuda") else None,
            slurm_partition=self._partition,
            slurm_signal_delay_s=min(_SIGNAL_SECONDS, granted * 60 // 3),
            slurm_array_parallelism=self._at_once or _ARRAY,
            slurm_additional_parameters={"requeue": True},
            slurm_srun_args=[f"--cpus-per-task={processors}"],  # which srun does not take from sbatch since 22.05
        )
        return executor

    @property
    def idle(self) -> bool:
        return self._left or not (self._tasks or self._again)

    def ended(self) -> list[tuple[Job, Outcome]]:
        time.sleep(0.5)
        if self._cluster == "slurm" and self._queue.look(_ASK_SECONDS if self._stopped is None else _ASK_OFTEN_SECONDS):
            self._after_a_look()
        over = [queued for queued in self._tasks if self._is_over(queued)]
        self._tasks = [queued for queued in self._tasks if queued not in over]
        outcomes = [(queued.job, self._outcome(queued)) for queued in over]
        return [(job, outcome) for job, outcome in outcomes if outcome is not None]

    def _after_a_look(self) -> None:
        """Do what Slurm did not take before."""
        if self._stopped is None:
            if self._queue.silence is None and self._again:
                self._trouble = None
                again, self._again = self._again, []
                self.begin(again)
        elif not self._cancelled:
            self._cancel()
        elif time.monotonic() - self._stopped > _LEAVE_SECONDS:
            self._left = True

    def _is_over(self, queued: Queued) -> bool:
        task, answered = queued.task, self._queue.answered
        if self._cluster != "slurm":
            return bool(task.done())
        with suppress(OSError):  # a network file system looks again
            task.paths.folder.chmod(task.paths.folder.stat().st_mode)
        if task.paths.result_pickle.exists():
            return True
        state = self._queue.state(task.job_id)
        if answered < queued.since or state not in ENDED:
            queued.gone = None
            return False
        queued.gone = queued.gone or (answered, state)
        return self._stopped is not None or answered - queued.gone[0] >= _SETTLE_SECONDS

    def _outcome(self, queued: Queued) -> Outcome | None:
        """How a job ended; None where it is queued again, or was cancelled from here."""
        from submitit.core.utils import UncompletedJobError

        task, job = queued.task, queued.job
        if self._cluster == "slurm" and not task.paths.result_pickle.exists():
            return self._without_result(queued)
        try:
            outcome: Outcome = task.result()
        except UncompletedJobError as error:
            state = "FAILED" if self._cluster == "slurm" else str(task.state).upper()
            words = f"its job {task.job_id} ended: {state}"
            if state.startswith(_CONTINUED):
                return Outcome(job.run_id, "interrupted", words)
            return Outcome(job.run_id, "failed", f"{words}; {task.paths.stderr}: {last_line(error)}")
        shutil.rmtree(task.paths.folder, ignore_errors=True)
        return outcome

    def _without_result(self, queued: Queued) -> Outcome | None:
        task, job = queued.task, queued.job
        state = (queued.gone and queued.gone[1]) or "Slurm knows it no more"
        words = f"its job {task.job_id} ended: {state}"
        if self._stopped is None and state not in _CHOSEN:
            saved = (task.paths.folder / _SAVED).exists() and state != "TIMEOUT"
            self._lost[job.run_id] += not (saved or state == "PREEMPTED")
            if self._lost[job.run_id] > self._retries:
                log = task.paths.stderr
                said = log.read_text(errors="replace").split("\n") if log.is_file() else []
                last = next((line for line in reversed(said) if line.strip()), "it has no log")
                return Outcome(job.run_id, "failed", f"{words}; {log}: {last}")
            self._again.append(job)
        shutil.rmtree(task.paths.folder, ignore_errors=True)
        return Outcome(job.run_id, "interrupted", words) if self._stopped is None and state in _CHOSEN else None

    def show(self, display: Display) -> None:
        waiting = self._trouble or self._queue.waiting([queued.task.job_id for queued in self._tasks])
        if self._left:
            jobs = " ".join(sorted({queued.array for queued in self._tasks}))
            display.tell(f"Slurm has not ended jobs {jobs}: call scancel {jobs}")
        display.look_at([queued.job for queued in self._tasks], waiting)

    def stop(self) -> None:
        self._stopped = time.monotonic()
        self._again.clear()
        if self._cluster == "slurm":
            self._cancel()
            return
        for queued in self._tasks:
            queued.task.cancel()
        self._tasks.clear()

    def _cancel(self) -> None:
        trouble = cancel({queued.array for queued in self._tasks})
        self._cancelled, self._trouble = trouble is None, trouble

    def _clear(self) -> None:
        """Remove what a submission has left: Slurm has a copy of the script."""
        scripts = [*self._logs.glob(".submission_file_*"), *self._logs.glob("*/*_submission.sh")]
        for left in (*scripts, *self._logs.glob("*.pkl")):
            left.unlink()
        for folder in self._logs.glob("*"):
            with suppress(OSError):  # it is one of a job's own
                folder.rmdir()

    def close(self) -> None:
        for queued in self._tasks if self._cancelled and not self._left else ():
            shutil.rmtree(queued.task.paths.folder, ignore_errors=True)
        for folder in (self._logs / "%j", self._logs, self._all_logs):
            with suppress(OSError):  # where logs of failed jobs are left
                folder.rmdir()
