"""How long a call takes, where a test sets a limit."""

from __future__ import annotations

import time
from collections.abc import Callable


def within(seconds: float, call: Callable[[], object]) -> bool:
    """Whether a call takes less processor time than this, in the quickest of three tries.

    A first try can bring imports, or a collection of the garbage of the tests before it.
    """
    for _ in range(3):
        start = time.process_time()
        call()
        if time.process_time() - start < seconds:
            return True
    return False
