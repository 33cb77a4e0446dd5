"""The first iterations of a recorded run trained again: its curves tell whether it is the run that it says it is.

Every draw is keyed by seed, name and iteration (``training.streams``), so on one kind of device the first iterations
repeat up to rounding. Another objective, weight, learning rate, seed, network or dataset shows within a few of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmark.runs.plan import Run
from benchmark.training.numerics import prepare
from benchmark.training.trainer import Diverged, Trainer

#: rounding of float32 losses, which other thread counts and processors order differently
_RELATIVE = 1e-3
_ABSOLUTE = 1e-5


def replay(run: Run, curves: Mapping[str, np.ndarray], data_root: Path, device: str, *, iterations: int) -> str | None:
    """What differs between recorded curves and the first ``iterations`` trained again; None where nothing does."""
    prepare(run.numerics, None)
    trainer = Trainer(run, run.setup.dataset.load(data_root, device), device)
    until = min(iterations, *(len(curve) for curve in curves.values()))
    try:
        trainer.advance(until, lambda _: False)
    except Diverged as error:
        return f"trained again it diverges: {error}"
    again = trainer.curves()
    if set(again) != set(curves):
        return f"trained again it records the curves {', '.join(sorted(again))}"
    for iteration in range(until):
        for name in sorted(again):
            then, now = float(curves[name][iteration]), float(again[name][iteration])
            if not abs(then - now) <= _RELATIVE * max(abs(then), abs(now)) + _ABSOLUTE:
                return f"{name} at iteration {iteration + 1} is recorded as {then:.6g}, trained again it is {now:.6g}"
    return None
