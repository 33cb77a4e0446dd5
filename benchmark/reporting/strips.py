"""The small drawing beside a verdict: an interval against zero and, for a published number, its margin."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.judging.verdict import Interval

WIDTH = 132.0
_EDGE = 8.0
_ROOM = 1.12


@dataclass(frozen=True)
class Strip:
    """Positions in a drawing ``WIDTH`` wide, zero in the middle; an open end reaches the edge."""

    point: float
    low: float
    high: float
    open_low: bool
    open_high: bool
    margin_low: float | None
    margin_high: float | None
    says: str


def strip_of(value: Interval | None, margin: float | None, says: str) -> Strip | None:
    """Lay out ``value``; None where there is nothing to draw. ``says`` is read to those who cannot see it."""
    if value is None:
        return None
    known = [abs(number) for number in (value.estimate, value.low, value.high, margin) if number is not None]
    reach = max(known) * _ROOM or 1.0
    half = WIDTH / 2 - _EDGE

    def place(number: float) -> float:
        return round(WIDTH / 2 + half * number / reach, 1)

    bare = value.low is None and value.high is None
    return Strip(
        point=place(value.estimate),
        low=place(value.estimate) if bare else _EDGE if value.low is None else place(value.low),
        high=place(value.estimate) if bare else WIDTH - _EDGE if value.high is None else place(value.high),
        open_low=value.low is None and not bare,
        open_high=value.high is None and not bare,
        margin_low=None if margin is None else place(-margin),
        margin_high=None if margin is None else place(margin),
        says=says,
    )
