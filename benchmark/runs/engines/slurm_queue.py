"""What Slurm's own commands tell of partitions and jobs; its accounting, which many clusters lack, is not asked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Collection

from benchmark.registry import did_you_mean
from benchmark.runs.engines.execute import EngineError, last_line

#: of one command; Slurm itself gives up after some tens of seconds where its controller does not answer
_COMMAND_SECONDS = 60.0
#: states of a job that has ended and is not queued again; "" is a job that Slurm has forgotten
ENDED = (
    *("", "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED"),
    *("NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT"),
)


def _ask(*words: str) -> str:
    """What a command prints; an :class:`EngineError` with its own last line where it fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineError(f"{words[0]}: {last_line(error)}") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise EngineError(lines[-1] if lines else f"{words[0]} ended with {done.returncode}")
    return done.stdout


class Queue:
    """This person's jobs as squeue tells them, asked now and then."""

    def __init__(self) -> None:
        self._asked = float("-inf")
        self._jobs: dict[str, tuple[str, str]] = {}
        #: of the last answer, by ``time.monotonic``
        self.answered = float("-inf")
        #: why there was no answer to the last question
        self.silence: str | None = None

    def look(self, every: float) -> bool:
        """Ask again where the last question was more than ``every`` seconds ago; whether it was asked."""
        if time.monotonic() - self._asked < every:
            return False
        user, form = f"--user={os.getuid()}", "--format=%i|%T|%r"
        try:
            lines = _ask("squeue", "--noheader", "--array", "--states=all", user, form).splitlines()
        except EngineError as error:
            self.silence = str(error)
        else:
            found = [line.split("|", 2) for line in lines if line.count("|") >= 2]
            self._jobs = {name: (state, reason) for name, state, reason in found}
            self.silence, self.answered = None, time.monotonic()
        self._asked = time.monotonic()
        return True

    def state(self, job_id: str) -> str:
        """The state of a job at the last answer, ``""`` where Slurm knows it no more."""
        return self._jobs.get(job_id, ("", ""))[0]

    def waiting(self, job_ids: Collection[str]) -> str:
        """How many of these jobs wait for what, in Slurm's words; empty where none does."""
        if self.silence is not None:
            return f"Slurm does not answer ({self.silence})"
        found = [self._jobs[job_id] for job_id in job_ids if job_id in self._jobs]
        reasons = Counter(reason for state, reason in found if state == "PENDING")
        if not reasons:
            return ""
        told = [f"{count} {reason}" for reason, count in reasons.most_common() if reason != "None"]
        return f"{reasons.total()} in Slurm's queue" + (f" ({', '.join(told)})" if told else "")


def runs_on(job_id: str) -> bool:
    """Whether Slurm takes a job for running: one that is being cancelled must not be queued again."""
    return _ask("squeue", "--noheader", f"--jobs={job_id}", "--format=%T").split() == ["RUNNING"]


def cancel(arrays: Collection[str]) -> str | None:
    """Cancel whole arrays; why it failed, if it did."""
    try:
        _ask("scancel", "--quiet", *sorted(arrays))
    except EngineError as error:
        return str(error)
    return None


def longest_minutes(partition: str | None) -> int | None:
    """The least time limit, in minutes, of ``partition`` (a name, several with commas, None: the default one).

    None is no limit. Raises :class:`EngineError` where no job can be queued, or a partition is unknown.
    """
    if shutil.which("sbatch") is None or shutil.which("srun") is None:
        raise EngineError("--engine slurm queues with sbatch, which is not here: call it where jobs are submitted")
    try:
        lines = _ask("sinfo", "--all", "--noheader", "--format=%P|%l").split()
    except EngineError as error:
        raise EngineError(f"sinfo does not tell the partitions: {error}") from error
    limits = {name: minutes(limit) for name, _, limit in (line.partition("|") for line in lines)}
    known = {name.removesuffix("*"): limit for name, limit in limits.items()}
    wanted = partition or os.environ.get("SBATCH_PARTITION") or next((n[:-1] for n in limits if n.endswith("*")), None)
    names = [] if wanted is None else wanted.split(",")
    for name in names:
        if name not in known:
            near = did_you_mean(name, sorted(known))
            raise EngineError(f"Slurm has no partition '{name}'{near}; it has {', '.join(sorted(known))}")
    return min((limit for name in names if (limit := known[name]) is not None), default=None)


def minutes(limit: str) -> int | None:
    """A time limit as Slurm writes it, ``[days-][hours:]minutes:seconds``, in whole minutes; None for no limit."""
    found = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)", limit)
    if found is None:
        return None
    days, hours, rest, _ = (int(part or 0) for part in found.groups())
    return (days * 24 + hours) * 60 + rest
