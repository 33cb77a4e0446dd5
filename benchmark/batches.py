"""Long passes over examples in batches, and what a person sees of them: a bar on a terminal, now and then a line."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: seconds between two lines where there is no terminal, and before a bar appears on one
_EVERY_SECONDS = 20.0
_PATIENCE_SECONDS = 2.0

#: takes what is done, with how many examples so far, and with how many in all
Listener = Callable[[str, int, int], None]
_listeners: list[Listener] = []


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let ``listener`` show all passes made in the block, in place of bars and lines."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.pop()


def batches(count: int, size: int, what: str) -> Iterator[int]:
    """Where each batch of ``size`` begins, below ``count``; ``what`` says what is done, as in "features"."""
    if _listeners:
        yield from _told(count, size, what, _listeners[-1])
    elif sys.stderr.isatty():
        yield from _barred(count, size, what)
    else:
        yield from _told(count, size, what, _Lines())


def _told(count: int, size: int, what: str, listener: Listener) -> Iterator[int]:
    for start in range(0, count, size):
        yield start
        listener(what, min(start + size, count), count)


def _barred(count: int, size: int, what: str) -> Iterator[int]:
    from tqdm import tqdm

    with tqdm(total=count, desc=what, leave=False, delay=_PATIENCE_SECONDS, file=sys.stderr) as bar:
        for start in range(0, count, size):
            yield start
            bar.update(min(size, count - start))


class _Lines:
    """A listener that prints."""

    def __init__(self) -> None:
        self._spoke = time.monotonic()

    def __call__(self, what: str, done: int, count: int) -> None:
        if time.monotonic() - self._spoke > _EVERY_SECONDS:
            self._spoke = time.monotonic()
            print(f"  {phrase(what, done, count)}", file=sys.stderr, flush=True)


def phrase(what: str, done: int, count: int) -> str:
    """``features: 1,280 of 50,000``."""
    return f"{what}: {done:,} of {count:,}"
