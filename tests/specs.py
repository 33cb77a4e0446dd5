"""Specs of files that no test changes, loaded once a process: they are frozen, and so may be shared."""

from __future__ import annotations

import functools
from pathlib import Path

from benchmark.spec import load as loading
from benchmark.spec.load import Loaded


@functools.cache
def load(file: Path) -> Loaded:
    """As :func:`benchmark.spec.load.load`."""
    return loading.load(file)
