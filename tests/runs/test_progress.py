"""The time that runs need, as it is told while they train."""

from __future__ import annotations

import io

import pytest

from benchmark.runs.engines import progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_all_runs_together_take_no_less_than_one_of_them_and_never_zero_minutes(clock: list[float]) -> None:
    """One run makes 100 iterations a second, the other, as long, 1: what is left is the slow one's time."""
    stream = io.StringIO()
    display = progress.Display({"quick": ("quick", 1000), "slow": ("slow", 1000)}, stream)
    display.advanced("quick", 0)
    display.advanced("slow", 0)
    for second in (10, 21):
        clock[0] = second
        display.advanced("slow", second)
        display.advanced("quick", min(1000, 100 * second))
    lines = stream.getvalue().splitlines()
    assert any("slow: 21/1000 iterations, 1/s, 16 min 19 s left" in line for line in lines), lines
    assert "2 runs left, about 16 min 19 s left in all" in lines[-1], "979 iterations at 1 a second"


def test_what_is_left_falls_to_seconds(clock: list[float]) -> None:
    stream = io.StringIO()
    display = progress.Display({"one": ("one", 100)}, stream)
    display.advanced("one", 0)
    for second in (25, 50, 75):
        clock[0] = second
        display.advanced("one", second)
    told = [line.partition("about ")[2] for line in stream.getvalue().splitlines() if "in all" in line]
    assert told == ["1 min 15 s left in all", "50 s left in all", "25 s left in all"]
