"""The load test at its smallest: workers are killed at random, and every run ends once."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
TOY = Path(__file__).parent / "toy.yaml"


@pytest.mark.slow
def test_six_runs_end_once_though_two_workers_are_killed(tmp_path: Path) -> None:
    from load_test import load, sound

    longer = re.sub(r"(budget: \{iterations: )60\}", r"\g<1>1000}", TOY.read_text())  # seconds a run: time to be killed
    assert "{iterations: 1000}" in longer
    (tmp_path / "toy.yaml").write_text(longer)
    told = load("local", 6, 2, tmp_path / "results", paper=tmp_path / "toy.yaml")
    assert told["kills"] == 2
    assert sound(told), told
    assert not sound({**told, "finished": 5})
    assert not sound({**told, "records written again": 1})
