"""The load test at its smallest: workers are killed at random, and every run ends once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))


@pytest.mark.slow
def test_six_runs_end_once_though_two_workers_are_killed(tmp_path: Path) -> None:
    from load_test import load, sound

    told = load("local", 6, 2, tmp_path / "results")
    assert told["kills"] == 2
    assert sound(told), told
    assert not sound({**told, "finished": 5})
    assert not sound({**told, "records written again": 1})
