"""Records that contradict themselves in length or value, one field at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark.judging.consistency import contradictions
from benchmark.runs.plan import make_run
from benchmark.runs.records import Stored
from benchmark.spec.load import loads
from tests.spec.small import TEXT

from .factory import run, score


def told(one: Stored, **changes: Any) -> list[str]:
    return contradictions(Stored(one.record.model_copy(update=changes), one.folder))


@pytest.mark.parametrize(
    ("epochs", "per_epoch", "planned"), [(10, 10.0, 100), (10, 9.96, 100), (3, 10.0, 30), (0.01, 10.0, 1)]
)
def test_a_budget_in_epochs_is_iterations_of_the_data(
    tmp_path: Path, epochs: float, per_epoch: float, planned: int
) -> None:
    one = run(tmp_path, "a", 0)
    setup = {**one.record.determinant, "setup": {"budget": {"epochs": epochs}}}
    found = told(one, determinant=setup, iterations_per_epoch=per_epoch)
    assert found == ([] if planned == 100 else [f"planned 100 iterations, its budget is {planned}"])


@pytest.mark.parametrize(("experiment", "per_epoch", "planned"), [("scans", 29.0, 58), ("ring", None, 100)])
def test_a_record_cannot_count_its_epochs_otherwise(
    tmp_path: Path, experiment: str, per_epoch: float | None, planned: int
) -> None:
    """Two epochs of 1,797 digits in batches of 64 are 58 iterations; points are drawn without end.

    A record that agrees with itself on epochs of 10 iterations stopped early.
    """
    planned_run = make_run(loads(TEXT, "x.yaml").spec, experiment, "full", 0, "fp32")
    facts = {"determinant": planned_run.determinant(), "scores": {}}
    one = run(tmp_path, "a", 0, iterations=planned, iterations_per_epoch=per_epoch)
    assert told(one, **facts) == []
    short = {"iterations": 20, "planned_iterations": 20, "iterations_per_epoch": 10.0}
    assert told(one, **facts, **short) == [
        f"iterations_per_epoch is 10.0, its batches and data make it {per_epoch}",
        f"planned 20 iterations, its budget is {planned}",
    ]


def test_values_at_the_ends_of_what_is_possible(tmp_path: Path) -> None:
    """A distance that is a difference may fall a little below 0; a share that is one may not exceed 1 by much."""
    for seed, (value, metric, fine) in enumerate(
        [
            (-0.009, "frechet_inception_distance", True),
            (-0.02, "frechet_inception_distance", False),
            (1.0, "recognised_share", True),
            (1.02, "recognised_share", False),
            (1e14, "a_metric_of_tomorrow", True),
            (-1e16, "a_metric_of_tomorrow", False),
        ]
    ):
        one = run(tmp_path, "a", seed, scores={"fid": score(value, metric=metric)})
        assert contradictions(one) == ([] if fine else [f"score fid: {value!r} is no value of {metric}"])
    early = run(tmp_path, "a", 9, scores={"fid": score(10.0, series=((50, -3.0), (100, 10.0)))})
    assert contradictions(early) == ["score fid: -3.0 is no value of frechet_inception_distance"]
