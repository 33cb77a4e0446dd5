"""How far a run is while it trains, as a small file beside its checkpoints that other processes read."""

from __future__ import annotations

from pathlib import Path

from benchmark.spec.base import Model

PROGRESS = ".progress"
#: seconds between two looks
TELL_SECONDS = 5.0


class Progress(Model):
    """An iteration, the first one of this session, and the seconds between them, evaluation included."""

    iteration: int
    first: int
    seconds: float


def saved(folder: Path) -> int:
    """Iterations up to the newest checkpoint of a run; 0 where it has none."""
    return max((int(file.stem) for file in (folder / "checkpoints").glob("*.pt") if file.stem.isdecimal()), default=0)
