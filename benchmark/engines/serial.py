"""The default engine: one machine, one or several worker processes that live as long as there is work."""

from __future__ import annotations

import multiprocessing
import queue
import signal
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from benchmark.batches import heard_by, phrase
from benchmark.engines.job import Job, Outcome, perform
from benchmark.engines.progress import Display

_messages: Any = None


def _start_worker(messages: Any) -> None:
    global _messages
    _messages = messages
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # between jobs; a job sets its own handlers


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
    with heard_by(busy):
        return perform(job, progress)


@dataclass(frozen=True)
class Ending:
    """Outcomes in the order of the jobs, and the signal that cut the work short, if one did."""

    outcomes: list[Outcome]
    signal: int | None


def execute(jobs: Sequence[Job], workers: int, display: Display) -> Ending:
    """Do all jobs, ``workers`` at a time.

    A signal stops what is running at a resumable state and begins nothing more.
    """
    context = multiprocessing.get_context("spawn")
    messages: Any = context.Queue()
    caught: int | None = None

    def on_signal(number: int, _frame: Any) -> None:
        nonlocal caught
        caught = number
        for process in multiprocessing.active_children():
            if process.is_alive() and process.pid is not None:
                process.terminate()  # SIGTERM: the job saves its state and returns

    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    outcomes: dict[str, Outcome] = {}
    try:
        with ProcessPoolExecutor(workers, context, _start_worker, (messages,)) as pool:
            waiting = list(reversed(jobs))
            running: dict[Future[Outcome], Job] = {}
            while (waiting and caught is None) or running:
                while waiting and len(running) < workers and caught is None:
                    job = waiting.pop()
                    running[pool.submit(_work, job)] = job
                done, _ = wait(running, timeout=0.3, return_when=FIRST_COMPLETED)
                _show(messages, display)
                for future in done:
                    job = running.pop(future)
                    outcomes[job.run_id] = _outcome(future, job, stopped=caught is not None)
                    display.ended(job.run_id, outcomes[job.run_id])
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return Ending([outcomes.get(job.run_id, Outcome(job.run_id, "interrupted", "not begun")) for job in jobs], caught)


def _show(messages: Any, display: Display) -> None:
    while True:
        try:
            run_id, told = messages.get_nowait()
        except queue.Empty:
            return
        if isinstance(told, str):
            display.busy(run_id, told)
        else:
            display.advanced(run_id, told)


def _outcome(future: Future[Outcome], job: Job, *, stopped: bool) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        if stopped:
            return Outcome(job.run_id, "interrupted", "stopped before it began")
        return Outcome(job.run_id, "failed", "its worker process died (killed, or out of memory)")
