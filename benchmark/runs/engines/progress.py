"""What a person sees while runs train: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TextIO

from benchmark.runs.engines.job import Job, Outcome
from benchmark.spec.words import counted, duration

_EVERY_SECONDS = 20.0


class Display:
    """Progress of several runs at once; ``runs`` maps a run's id to its label and its number of iterations."""

    def __init__(self, runs: dict[str, tuple[str, int]], stream: TextIO | None = None) -> None:
        self._runs = runs
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._bars: dict[str, Any] = {}
        self._began: dict[str, tuple[float, int]] = {}
        self._at: dict[str, int] = {}
        self._busy: dict[str, str] = {}
        self._waiting = ""
        self._ended = 0
        self._spoke = self._looked = self._started = time.monotonic()
        self._done = 0

    def advanced(self, run_id: str, iteration: int) -> None:
        """A run has reached ``iteration``."""
        self._at[run_id] = iteration
        self._busy.pop(run_id, None)
        self._began.setdefault(run_id, (time.monotonic(), iteration))
        if self._terminal:
            self._bar(run_id).set_postfix_str("", refresh=False)
            self._bar(run_id).update(iteration - self._bar(run_id).n)
        else:
            self._lines()

    def busy(self, run_id: str, with_what: str) -> None:
        """A run is not training but does ``with_what``, which says how far it is."""
        self._busy[run_id] = with_what
        if self._terminal:
            self._bar(run_id).set_postfix_str(with_what)
        else:
            self._lines()

    def look_at(self, jobs: Iterable[Job], waiting: str = "") -> None:
        """Now and then: how far runs on other machines are, by their newest checkpoint in the folder that all share.

        ``waiting`` tells what others wait for.
        """
        if time.monotonic() - self._looked > _EVERY_SECONDS:
            self._looked = time.monotonic()
            for job in jobs:
                checkpoints = (job.results / job.folder / "checkpoints").glob("[0-9]*.pt")
                reached = max((int(file.stem) for file in checkpoints), default=0)
                if reached > 0:
                    self.advanced(job.run_id, reached)
            changed, self._waiting = waiting != self._waiting, waiting
            if not self._terminal:
                self._lines()
            elif waiting and changed:
                self.tell(f"  {waiting}")

    def _lines(self) -> None:
        """Where there is no terminal: a line for every active run, now and then."""
        if time.monotonic() - self._spoke > _EVERY_SECONDS:
            self._spoke = time.monotonic()
            for active in sorted(self._at):
                self.tell(f"  {self._line(active)}")
            waiting = f"; {self._waiting}" if self._waiting else ""
            self.tell(f"  {counted(len(self._runs) - self._ended, 'run')} left{self._left()}{waiting}")

    def ended(self, run_id: str, outcome: Outcome) -> None:
        """A run is over."""
        self._ended += 1
        label, total = self._runs[run_id]
        self._done += total
        if run_id in self._bars:
            self._bars.pop(run_id).close()
        self._at.pop(run_id, None)
        self._busy.pop(run_id, None)
        trained = outcome.training_seconds > 0 and outcome.status in ("finished", "diverged")
        rate = f", {total / outcome.training_seconds:.3g} iterations/s" if trained else ""
        why = f": {outcome.reason}" if outcome.reason else ""
        left = self._left() if self._ended < len(self._runs) else ""
        self.tell(f"[{self._ended}/{len(self._runs)}] {label}: {outcome.status}{why}{rate}{left}")

    def _bar(self, run_id: str) -> Any:
        if run_id not in self._bars:
            from tqdm import tqdm

            label, total = self._runs[run_id]
            self._bars[run_id] = tqdm(
                total=total, desc=label, unit="it", initial=self._at[run_id], leave=False, file=self._stream
            )
        return self._bars[run_id]

    def _line(self, run_id: str) -> str:
        label, total = self._runs[run_id]
        if run_id in self._busy:
            return f"{label}: {self._at[run_id]}/{total} iterations, {self._busy[run_id]}"
        rate = self._rate(run_id)
        left = f", {duration((total - self._at[run_id]) / rate)} left" if rate > 0 else ""
        return f"{label}: {self._at[run_id]}/{total} iterations, {rate:.0f}/s{left}"

    def _rate(self, run_id: str) -> float:
        """Iterations a second of a run that trains."""
        began, first = self._began[run_id]
        seconds = time.monotonic() - began
        return (self._at[run_id] - first) / seconds if seconds > 0 else 0.0

    def _left(self) -> str:
        """Time left for all runs together, at the pace so far; iterations stand for work.

        It is no less than the time left of any run that trains.
        """
        done = self._done + sum(
            self._at[run_id] - self._began[run_id][1] for run_id in self._at if run_id in self._began
        )
        passed = time.monotonic() - self._started
        if done <= 0 or passed < 1:
            return ""
        open_ = sum(total for _, total in self._runs.values()) - self._done - sum(self._at.values())
        alone = [
            (self._runs[run_id][1] - at) / rate
            for run_id, at in self._at.items()
            if run_id in self._began and (rate := self._rate(run_id)) > 0
        ]
        return f", about {duration(max(open_ / done * passed, *alone, 1.0))} left in all"

    def tell(self, text: str) -> None:
        """One line, with the time."""
        text = f"{time.strftime('%H:%M:%S')} {text}"
        with suppress(OSError):  # a terminal that was closed stops no run
            if self._terminal:
                from tqdm import tqdm

                tqdm.write(text, file=self._stream)
            else:
                print(text, file=self._stream, flush=True)
