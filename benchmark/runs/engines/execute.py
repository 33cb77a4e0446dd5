"""The one loop around every engine: signals, runs that another process trains, and what a person sees."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from benchmark.runs.engines.job import Job, Outcome, stopping
from benchmark.runs.engines.progress import Display

#: seconds between two looks at a run that another process trains
_LOCKED_SECONDS = 2.0


class EngineError(Exception):
    """An engine that cannot do what is wanted, known before or while it is handed the jobs."""


def last_line(error: BaseException) -> str:
    """The last line of an error, which names the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


class Engine(Protocol):
    """What does jobs: on this machine or on others."""

    def begin(self, jobs: Sequence[Job]) -> None:
        """Take jobs over."""

    def ended(self) -> list[tuple[Job, Outcome]]:
        """Jobs that have ended since the last call, after a moment's wait."""

    @property
    def idle(self) -> bool:
        """Whether there is nothing to wait for."""

    def show(self, display: Display) -> None:
        """Pass on how far the jobs are."""

    def stop(self) -> None:
        """Begin nothing more, and end what runs at a resumable state."""

    def close(self) -> None:
        """Let go of all that the engine has started."""


@dataclass(frozen=True)
class Ending:
    """Outcomes in the order of the jobs, and the signal that cut the work short, if one did."""

    outcomes: list[Outcome]
    signal: int | None


def execute(jobs: Sequence[Job], engine: Engine, display: Display) -> Ending:
    """Do all jobs.

    A signal stops what is running at a resumable state and begins nothing more. A run that another process trains is
    waited for, and done here should that process end without its record.
    """
    outcomes: dict[str, Outcome] = {}
    locked: list[Job] = []
    looked, stopped = time.monotonic(), False
    with stopping() as caught, closing(engine):
        engine.begin(jobs)
        while len(outcomes) < len(jobs) and not (stopped and engine.idle):
            if caught and not stopped:
                stopped = True
                engine.stop()
            ended = engine.ended()
            engine.show(display)
            for job, outcome in ended:
                if outcome.status == "locked" and not stopped:
                    locked.append(job)
                    display.busy(job.run_id, outcome.reason or "another process trains this run")
                else:
                    outcomes[job.run_id] = outcome
                    display.ended(job.run_id, outcome)
            if locked and time.monotonic() - looked > _LOCKED_SECONDS:
                looked = time.monotonic()
                free = [job for job in locked if job.is_free()]
                locked = [job for job in locked if job not in free]
                engine.begin(free)
            if not ended:
                time.sleep(0.05)
    return Ending(
        [outcomes.get(job.run_id, Outcome(job.run_id, "interrupted", "not begun")) for job in jobs],
        caught[0] if caught else None,
    )
