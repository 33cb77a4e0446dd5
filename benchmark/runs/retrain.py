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

#: by numerics tier how far losses may differ, relative to them, and in how many of the first iterations. With another
#: number of threads or older instructions, the losses of four systems differed by 1e-4 after 60 iterations in fp32. In
#: the rougher tiers a sum that falls on the other side of a rounding step moves all that follows: by 3e-5 after 5
#: iterations, by 0.2 after 10 (bf16 on processors, TF32's rounding imitated there).
_TOLERATED: dict[str, tuple[float, int | None]] = {
    "exact": (1e-3, None),
    "fp32": (1e-3, None),
    "tf32": (3e-4, 5),
    "bf16": (3e-4, 5),
}
_ABSOLUTE = 1e-5


def reach(run: Run, curves: Mapping[str, np.ndarray], iterations: int) -> int:
    """How many of the first ``iterations`` are trained again."""
    most = _TOLERATED[run.numerics][1]
    return min(iterations, most or iterations, *(len(curve) for curve in curves.values()))


def replay(run: Run, curves: Mapping[str, np.ndarray], data_root: Path, device: str, *, iterations: int) -> str | None:
    """What differs between recorded curves and the first ``iterations`` trained again; None where nothing does.

    In a rougher tier fewer iterations are trained, as many as tell anything.
    """
    relative, _ = _TOLERATED[run.numerics]
    prepare(run.numerics, None)
    trainer = Trainer(run, run.setup.dataset.load(data_root, device), device)
    until = reach(run, curves, iterations)
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
            if not abs(then - now) <= relative * max(abs(then), abs(now)) + _ABSOLUTE:
                return f"{name} at iteration {iteration + 1} is recorded as {then:.6g}, trained again it is {now:.6g}"
    return None
