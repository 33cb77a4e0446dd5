"""Slurm as an engine, through submitit: a job is a task of an array, queued again where its time ends too early."""

from __future__ import annotations

import math
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.registry import did_you_mean
from benchmark.runs.engines.execute import EngineError, last_line
from benchmark.runs.engines.job import Job, Outcome, perform
from benchmark.runs.engines.progress import Display

#: seconds before the end of its time at which a job is told to save; an evaluation is not cut short
_SIGNAL_SECONDS = 180
#: submitit takes a signal in the last ten minutes for a time-out, any other for a preemption, which it does not count
_LEAST_MINUTES = 30
#: jobs in one array; Slurm's own default limit is 1,001
_ARRAY = 1000
#: processors for a job on a GPU, where evaluations need some
_PROCESSORS = 4
#: states of a job that has ended without a word and that the same command continues
_CONTINUED = ("CANCELLED", "PREEMPTED", "NODE_FAIL", "TIMEOUT", "INTERRUPTED", "DEADLINE", "BOOT_FAIL")


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
            queue_again = getattr(signal, f"SIG{submitit.JobEnvironment.USR_SIG}")
            if outcome.signal == queue_again:
                try:
                    signal.raise_signal(queue_again)  # submitit queues the job again, and ends this process
                except UncompletedJobError as error:
                    return replace(outcome, reason=str(error))
            sys.exit(75)  # without a result: Slurm itself may queue the job again
        return outcome

    def checkpoint(self) -> Any:
        """What is queued again: the same job, which continues from its checkpoint."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)

    __submitit_checkpoint__ = checkpoint


class Slurm:
    """Arrays of jobs on ``partition``; ``cluster`` is local for processes of this machine, to try it."""

    def __init__(self, logs: Path, cluster: str, partition: str | None, retries: int, at_once: int | None) -> None:
        import submitit

        self._submitit: Any = submitit
        self._logs, self._cluster, self._partition = logs, cluster, partition
        self._retries, self._at_once = retries, at_once
        self._tasks: dict[Any, Job] = {}
        if cluster == "slurm":
            _check_partition(partition)

    def begin(self, jobs: Sequence[Job]) -> None:
        groups: dict[tuple[float | None, int | None, str, int | None], list[Job]] = {}
        for job in jobs:
            groups.setdefault((job.hours, job.memory_bytes, job.device, job.threads), []).append(job)
        for group in groups.values():
            for first in range(0, len(group), _ARRAY):
                part = group[first : first + _ARRAY]
                try:
                    tasks = self._executor(part[0]).submit_array([Work(job) for job in part])
                except (OSError, RuntimeError) as error:
                    self.stop()
                    raise EngineError(f"{self._cluster} took no jobs: {last_line(error)}") from error
                self._tasks |= dict(zip(tasks, part, strict=True))

    def _executor(self, job: Job) -> Any:
        retries = {f"{self._cluster}_max_num_timeout": self._retries}
        executor = self._submitit.AutoExecutor(self._logs / "%j", cluster=self._cluster, **retries)
        executor.update_parameters(
            name="ganrepro",
            timeout_min=max(_LEAST_MINUTES, math.ceil((job.hours or 0) * 60)),
            mem_gb=None if job.memory_bytes is None else math.ceil(job.memory_bytes / 2**30),
            cpus_per_task=job.threads or _PROCESSORS,
            gpus_per_node=1 if job.device.startswith("cuda") else None,
            slurm_partition=self._partition,
            slurm_signal_delay_s=_SIGNAL_SECONDS,
            slurm_array_parallelism=self._at_once or _ARRAY,
            slurm_additional_parameters={"requeue": True},
        )
        return executor

    @property
    def idle(self) -> bool:
        return not self._tasks

    def ended(self) -> list[tuple[Job, Outcome]]:
        time.sleep(0.5)
        done = [task for task in self._tasks if task.done()]
        return [(job, self._outcome(task, job)) for task in done for job in [self._tasks.pop(task)]]

    def _outcome(self, task: Any, job: Job) -> Outcome:
        from submitit.core.utils import UncompletedJobError

        try:
            outcome: Outcome = task.result()
        except UncompletedJobError as error:
            state = str(task.state).upper()
            if state.startswith(_CONTINUED):
                return Outcome(job.run_id, "interrupted", f"its job {task.job_id} ended: {state}")
            log = task.paths.stderr
            return Outcome(job.run_id, "failed", f"its job {task.job_id} ended: {state}; {log}: {last_line(error)}")
        shutil.rmtree(task.paths.folder, ignore_errors=True)
        return outcome

    def show(self, display: Display) -> None:
        display.look_at(self._tasks.values())

    def stop(self) -> None:
        if self._cluster == "slurm" and self._tasks:
            subprocess.run(["scancel", *sorted({task.job_id.partition("_")[0] for task in self._tasks})], check=False)
        else:
            for task in self._tasks:
                task.cancel()
        self._tasks.clear()

    def close(self) -> None:
        for script in self._logs.glob(".submission_file_*"):
            if not script.exists():
                script.unlink()
        for folder in (self._logs / "%j", self._logs):
            with suppress(OSError):  # where logs of failed jobs are left
                folder.rmdir()


def _check_partition(partition: str | None) -> None:
    """Raise :class:`EngineError` where no job can be queued, or the partition is unknown."""
    if shutil.which("sbatch") is None or shutil.which("srun") is None:
        raise EngineError("--engine slurm queues with sbatch, which is not here: call it where jobs are submitted")
    if partition is None:
        return
    try:
        said = subprocess.run(
            ["sinfo", "--noheader", "--format=%R"], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineError(f"sinfo does not tell the partitions: {last_line(error)}") from error
    known = sorted({*said.stdout.split()})
    if partition not in known:
        near = did_you_mean(partition, known)
        raise EngineError(f"Slurm has no partition '{partition}'{near}; it has {', '.join(known)}")
