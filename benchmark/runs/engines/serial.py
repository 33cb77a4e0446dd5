"""The default engine: one machine, one or several worker processes that live as long as there is work."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, TypeVar

from benchmark.batches import heard_by, phrase
from benchmark.runs.engines.job import STOPS, Job, Outcome, perform
from benchmark.runs.engines.progress import Display

R = TypeVar("R")

#: seconds between two looks at a run that another process trains
_LOCKED_SECONDS = 2.0

_messages: Any = None
_working = threading.Event()


def _start_worker(messages: Any, gpu: str | None, parent: int) -> None:
    global _messages
    _messages = messages
    if gpu is not None:  # before torch is imported, which reads it once
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    for number in set(STOPS) - {signal.SIGTERM}:  # between jobs; a job sets its own handlers
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent has died, after its job has saved its state."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    while _working.is_set():
        time.sleep(0.1)
    os._exit(1)  # nobody reads what the pool would wait to send


def _work(job: Job) -> Outcome:
    last = 0.0

    def progress(iteration: int, _seconds: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 0.2:
            last = now
            _messages.put((job.run_id, iteration))

    def busy(what: str, done: int, count: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 0.2:
            last = now
            _messages.put((job.run_id, phrase(what, done, count)))

    _messages.put((job.run_id, 0))
    _working.set()
    try:
        with heard_by(busy):
            return perform(job, progress)
    finally:
        _working.clear()


@dataclass(frozen=True)
class Ending:
    """Outcomes in the order of the jobs, and the signal that cut the work short, if one did."""

    outcomes: list[Outcome]
    signal: int | None


class Lane:
    """A worker process that does one job after another, and the one GPU that it sees, if that is to be chosen.

    When the process dies, its job is lost and no other: the next job gets a new process.
    """

    def __init__(self, gpu: str | None) -> None:
        self._gpu = gpu
        self._context = multiprocessing.get_context("spawn")
        self._pool: ProcessPoolExecutor | None = None
        self._messages: Any = None

    def submit(self, work: Callable[..., R], *about: Any) -> Future[R]:
        """Begin a piece of work, in a new process where the last one died while it had nothing to do."""
        try:
            return self._ready().submit(work, *about)
        except BrokenProcessPool:
            self.close()
            return self._ready().submit(work, *about)

    def _ready(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._messages = self._context.Queue()
            self._pool = ProcessPoolExecutor(1, self._context, _start_worker, (self._messages, self._gpu, os.getpid()))
        return self._pool

    def show(self, display: Display) -> None:
        """Pass on what the worker has told since the last time."""
        while self._messages is not None:
            try:
                run_id, told = self._messages.get_nowait()
            except queue.Empty:
                return
            if isinstance(told, str):
                display.busy(run_id, told)
            else:
                display.advanced(run_id, told)

    def close(self) -> None:
        """Let the process go."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        self._pool = self._messages = None


def execute(jobs: Sequence[Job], workers: int, display: Display, gpus: Sequence[str] = ()) -> Ending:
    """Do all jobs, ``workers`` at a time, spread evenly over ``gpus`` as CUDA_VISIBLE_DEVICES names them.

    A signal stops what is running at a resumable state and begins nothing more. A run that another process trains is
    waited for, and done here should that process end without its record.
    """
    caught: int | None = None

    def on_signal(number: int, _frame: Any) -> None:
        nonlocal caught
        caught = number
        for process in multiprocessing.active_children():
            if process.is_alive() and process.pid is not None:
                process.terminate()  # SIGTERM: the job saves its state and returns

    previous = {number: signal.signal(number, on_signal) for number in STOPS}
    lanes = [Lane(gpus[number % len(gpus)] if gpus else None) for number in range(workers)]
    outcomes: dict[str, Outcome] = {}
    try:
        waiting, free = list(reversed(jobs)), list(reversed(lanes))
        running: dict[Future[Outcome], tuple[Lane, Job]] = {}
        locked: list[Job] = []
        looked = time.monotonic()
        while ((waiting or locked) and caught is None) or running:
            if locked and not waiting and time.monotonic() - looked > _LOCKED_SECONDS:
                waiting, locked, looked = locked, [], time.monotonic()
            if not running and not waiting:
                time.sleep(0.1)
            while waiting and free and caught is None:
                lane, job = free.pop(), waiting.pop()
                running[lane.submit(_work, job)] = (lane, job)
            done, _ = wait(running, timeout=0.3, return_when=FIRST_COMPLETED)
            for lane in lanes:
                lane.show(display)
            for future in done:
                lane, job = running.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    lane.close()
                free.append(lane)
                outcome = outcomes[job.run_id] = _outcome(future, job, stopped=caught is not None)
                if outcome.status == "locked":
                    locked.append(job)
                    display.busy(job.run_id, outcome.reason or "another process trains this run")
                else:
                    display.ended(job.run_id, outcome)
    finally:
        for lane in lanes:
            lane.close()
        for number, handler in previous.items():
            signal.signal(number, handler)
    return Ending([outcomes.get(job.run_id, Outcome(job.run_id, "interrupted", "not begun")) for job in jobs], caught)


def _outcome(future: Future[Outcome], job: Job, *, stopped: bool) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        if stopped:
            return Outcome(job.run_id, "interrupted", "stopped before it began")
        return Outcome(job.run_id, "failed", "its worker process died (killed, or out of memory)")
