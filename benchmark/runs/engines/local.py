"""The default engine: one machine, one or several worker processes that live as long as there is work."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from benchmark.batches import heard_by, phrase
from benchmark.runs.engines.job import STOPS, Job, Outcome, perform
from benchmark.runs.engines.progress import Display

R = TypeVar("R")

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

    def tell(news: int | str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 0.2:
            last = now
            _messages.put((job.run_id, news))

    _messages.put((job.run_id, 0))
    _working.set()
    try:
        with heard_by(lambda *step: tell(phrase(*step))):
            return perform(job, tell)
    finally:
        _working.clear()


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


class Local:
    """The engine of one machine: ``workers`` lanes, spread evenly over ``gpus`` as CUDA_VISIBLE_DEVICES names them.

    A job whose process dies begins again from its checkpoint, at most ``retries`` times.
    """

    def __init__(self, workers: int, gpus: Sequence[str] = (), retries: int = 0) -> None:
        self._lanes = [Lane(gpus[number % len(gpus)] if gpus else None) for number in range(workers)]
        self._free = list(reversed(self._lanes))
        self._retries = retries
        self._lost: Counter[str] = Counter()
        self._waiting: deque[Job] = deque()
        self._running: dict[Future[Outcome], tuple[Lane, Job]] = {}
        self._stopped = False

    def begin(self, jobs: Sequence[Job]) -> None:
        self._waiting.extend(jobs)

    @property
    def idle(self) -> bool:
        return not self._running and not self._waiting

    def ended(self) -> list[tuple[Job, Outcome]]:
        while self._waiting and self._free:
            lane, job = self._free.pop(), self._waiting.popleft()
            self._running[lane.submit(_work, job)] = (lane, job)
        done, _ = wait(self._running, timeout=0.3, return_when=FIRST_COMPLETED)
        ended = []
        for future in done:
            lane, job = self._running.pop(future)
            self._free.append(lane)
            outcome = self._outcome(future, lane, job)
            if outcome is not None:
                ended.append((job, outcome))
        return ended

    def _outcome(self, future: Future[Outcome], lane: Lane, job: Job) -> Outcome | None:
        """How a job ended; None where it is to begin again."""
        try:
            return future.result()
        except BrokenProcessPool:
            lane.close()
        if self._stopped:
            return Outcome(job.run_id, "interrupted", "stopped before it began")
        self._lost[job.run_id] += 1
        if self._lost[job.run_id] > self._retries:
            return Outcome(job.run_id, "failed", "its worker process died (killed, or out of memory)")
        self._waiting.appendleft(job)
        return None

    def show(self, display: Display) -> None:
        for lane in self._lanes:
            lane.show(display)

    def stop(self) -> None:
        self._stopped = True
        self._waiting.clear()
        for process in multiprocessing.active_children():
            if process.is_alive() and process.pid is not None:
                process.terminate()  # SIGTERM: the job saves its state and returns

    def close(self) -> None:
        for lane in self._lanes:
            lane.close()
