"""How far a run is while it trains, as a small file beside its checkpoints that other processes read."""

from __future__ import annotations

from benchmark.spec.base import Model

PROGRESS = ".progress"
#: seconds between two looks
TELL_SECONDS = 5.0


class Progress(Model):
    """An iteration, the first one of this session, and the seconds between them, evaluation included."""

    iteration: int
    first: int
    seconds: float
