"""What a run always writes: samples at the moments and in the shapes of its plan, one code, whole protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.judging.selftest import paper
from benchmark.runs.integrity import _moments, other_code, samples_problems, unsaid
from benchmark.runs.records import Origin, Stored
from benchmark.spec.experiments import Snapshots

SAMPLES = paper.made("plain", 1).samples
OTHERS: list[tuple[Mapping[str, Any], str]] = [
    ({}, "has samples of iterations [], its plan has [0, 20, 40]"),
    ({**SAMPLES, "iterations": np.array([0, 40])}, "has samples of iterations [0, 40]"),
    ({**SAMPLES, "iterations": np.array([[0, 20, 40]])}, "has samples of iterations [[0, 20, 40]]"),
    ({**SAMPLES, "iterations": np.array("soon")}, "has samples of iterations ['soon']"),
    ({**SAMPLES, "iterations": np.array(0)}, "has samples of iterations [0], its plan has [0, 20, 40]"),
    ({key: SAMPLES[key] for key in ("iterations", "samples")}, "has no array 'real'"),
    (
        {**SAMPLES, "samples": SAMPLES["samples"][:2]},
        "samples is uint8 (2, 4, 1, 8, 8), its plan makes it uint8 (3,",
    ),
    ({**SAMPLES, "samples": SAMPLES["samples"] / 255}, "samples is float64 (3, 4, 1, 8, 8), its plan makes it uint8"),
    (
        {**SAMPLES, "real": SAMPLES["real"][:, :, :4]},
        "real is uint8 (4, 1, 4, 8), its plan makes it uint8 (4, 1, 8",
    ),
]


def stored(results: Path, samples: Mapping[str, Any], **changes: Any) -> Stored:
    return replace(paper.made("plain", 1, **changes), samples=samples).write(results)


def test_samples_as_planned_are_left_in_peace(tmp_path: Path) -> None:
    """The made-up paper keeps 4 images of 8 x 8 every 20 of 40 iterations."""
    assert list(samples_problems(stored(tmp_path, SAMPLES))) == []


@pytest.mark.parametrize(("samples", "says"), OTHERS)
def test_samples_that_no_such_run_writes_are_named(tmp_path: Path, samples: Mapping[str, Any], says: str) -> None:
    (line,) = samples_problems(stored(tmp_path, samples))
    assert says in line


def test_a_run_that_diverged_has_samples_up_to_its_end(tmp_path: Path) -> None:
    ended = {"status": "diverged", "reason": "generator_loss not finite at iteration 31", "iterations": 30}
    upto = {**SAMPLES, "iterations": SAMPLES["iterations"][:2], "samples": SAMPLES["samples"][:2]}
    assert list(samples_problems(stored(tmp_path, upto, **ended))) == []
    (line,) = samples_problems(stored(tmp_path, SAMPLES, **ended))
    assert "[0, 20, 40], its plan has [0, 20]" in line


def test_two_seeds_of_one_commit_have_one_code() -> None:
    def run(seed: int, code: str, **source: Any) -> Stored:
        made = paper.made("plain", seed)
        source = {"commit": "c" * 40, "dirty": False, **source}
        record = paper.record(made.run, made.score, environment={"source": source}, hashes={"code": code})
        return Stored(record, Path(f"seed-{seed}"))

    assert list(other_code([run(0, "a"), run(1, "a"), run(2, "a")])) == []
    (line,) = other_code([run(0, "a"), run(1, "b"), run(2, "a")])
    assert line.startswith("seed-1: its code is not that of seed-0")
    assert list(other_code([run(0, "a"), run(1, "b", commit="d" * 40)])) == []
    assert list(other_code([run(0, "a"), run(1, "b", dirty=True)])) == [], "anything may have been changed"


@pytest.mark.parametrize("key", ["metric", "checkpoint", "dataset", "generator_mode", "quantisation"])
def test_a_protocol_without_what_every_run_writes_is_named(key: str) -> None:
    made = paper.made("plain", 1)
    score = made.score.model_copy(update={"protocol": {**made.score.protocol}})
    assert list(unsaid(paper.record(made.run, score))) == []
    del score.protocol[key]
    assert list(unsaid(paper.record(made.run, score))) == [f"score fid: its protocol has no '{key}'"]
    origin = Origin(kind="measured", who="A", code="b", commit="c", unchecked=[])
    assert list(unsaid(paper.record(made.run, score, origin=origin))) == [], "others tell what they know"


def test_a_score_without_its_iteration_or_none_at_all_is_named() -> None:
    made = paper.made("plain", 1)
    lost = made.score.model_copy(update={"iteration": None})
    assert list(unsaid(paper.record(made.run, lost))) == ["score fid has a value, of no iteration"]
    (line,) = unsaid(paper.record(made.run, made.score, scores={}))
    assert line == "score fid was asked for, and nothing is said of it"


@pytest.mark.parametrize(
    ("every", "moments"),
    [
        ({"iterations": 16}, [0, 16]),
        ({"epochs": 2}, [0, 16]),
        ({"epochs": 0.01}, [*range(31)]),
        ({"iterations": 30}, [0, 30]),
    ],
)
def test_samples_are_kept_from_the_beginning_at_each_interval_to_the_end(
    every: dict[str, float], moments: list[int]
) -> None:
    """30 of 40 iterations were run; 8 are an epoch."""
    made = paper.made("plain", 1)
    record = paper.record(made.run, made.score).model_copy(
        update={"iterations": 30, "planned_iterations": 40, "iterations_per_epoch": 8.0}
    )
    snapshots = Snapshots.model_validate({"every": every, "samples": 4})
    assert _moments(record, snapshots) == moments
    whole = record.model_copy(update={"iterations": 40})
    assert _moments(whole, snapshots)[-1] == 40


@pytest.mark.parametrize("source", [None, "unknown", {"dirty": False}, {"commit": "", "dirty": False}, {"commit": "c"}])
def test_runs_of_no_clean_commit_may_have_any_code(source: Any) -> None:
    made = [paper.made("plain", seed) for seed in (0, 1)]
    stored = [
        Stored(paper.record(one.run, one.score, environment={"source": source}, hashes={"code": str(seed)}), Path("x"))
        for seed, one in enumerate(made)
    ]
    assert list(other_code(stored)) == []
