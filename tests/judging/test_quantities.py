"""Quantities that are more than one score of one run: outcomes, all evaluations, and comparisons across protocols."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from benchmark.judging.judge import judge
from benchmark.judging.verdict import ClaimVerdict
from benchmark.runs.records import Stored
from benchmark.spec.claims import Claim
from benchmark.spec.quantities import Quantity

from .factory import claim, evidence, expect, fid, paper, run, score, series

SEEDS = range(4)
EXPERIMENTS = expect(dict.fromkeys("abcd", SEEDS))


def verdict(stored: list[Stored], tested: Claim) -> ClaimVerdict:
    return judge(paper({"C": tested}), "x", stored, EXPERIMENTS).claims[0]


def test_outcome_counts_runs_that_broke_down(tmp_path: Path) -> None:
    stored = series(tmp_path, "a", [None, 10.0, None, None])
    sample = evidence(stored, EXPERIMENTS).sample(Quantity(experiment="a", outcome="diverged"), "full")
    assert sample.values == {0: 1.0, 1: 0.0, 2: 1.0, 3: 1.0}
    assert sample.diverged == frozenset()
    failed = [*stored[1:], run(tmp_path / "again", "a", 0, status="failed")]
    sample = evidence(failed, EXPERIMENTS).sample(Quantity(experiment="a", outcome="diverged"), "full")
    assert set(sample.values) == {1, 2, 3}


def test_a_factor_is_worst_where_its_run_diverged(tmp_path: Path) -> None:
    """b is 1.1 times a; d broke down where c did not, in every seed but one."""
    values: dict[str, list[float | None]] = {
        "a": [10.0, 11.0, 12.0, 13.0],
        "b": [11.0, 12.2, 13.1, 14.4],
        "c": [10.0, 11.0, 12.0, 13.0],
        "d": [None, None, 24.0, None],
    }
    stored = [one for name, several in values.items() for one in series(tmp_path, name, several)]

    def factor(above: str, below: str) -> dict[str, Any]:
        return {"compute": "x / y", "of": {"x": fid(above), "y": fid(below)}, "says": f"factor of {above}"}

    found = verdict(stored, claim({"order": [factor("b", "a"), factor("d", "c")]}))
    assert found.share == 1
    assert found.p == pytest.approx(1 / 70)  # exact ranks, four against four
    turned = verdict(stored, claim({"order": [factor("a", "b"), factor("c", "d")]}))
    assert turned.share == 0  # c over what broke down is no number, and no evidence


def test_training_that_broke_down_is_the_least_steady(tmp_path: Path) -> None:
    """Whichever way its metric is better; how far a curve falls says nothing of a run that has none."""
    stored = [run(tmp_path, "a", seed, status="diverged", scores={"fid": score(None)}) for seed in SEEDS]
    whole = {"unit": "share", "start": 0.0, "end": 1.0}
    for source in ({"score": "fid"}, {"curve": "loss"}):
        for statistic, direction in (("fluctuation", "lower"), ("deviation", "lower"), ("slope", "none")):
            asked = Quantity.model_validate({"experiment": "a", **source, "statistic": {statistic: whole}})
            found = evidence(stored, EXPERIMENTS).sample(asked, "full")
            assert (found.direction, found.diverged) == (direction, frozenset(SEEDS))


def test_only_a_claim_that_says_so_compares_across_protocols(tmp_path: Path) -> None:
    stored = series(tmp_path, "a", [10.0, 11, 12, 13], protocol={"dataset": "one", "samples": 20000})
    stored += series(tmp_path, "b", [30.0, 31, 32, 33], protocol={"dataset": "another", "samples": 20000})
    plain = claim({"order": [fid("a"), fid("b")]})
    refused = verdict(stored, plain)
    assert refused.state == "NOT COMPARABLE"
    assert "'dataset' differs" in refused.reason
    held = verdict(stored, plain.model_copy(update={"across": ("dataset",)}))
    assert held.state == "HOLDS"
    assert "compared across dataset" in held.reason
    assert verdict(stored, plain.model_copy(update={"across": ("samples",)})).state == "NOT COMPARABLE"


def test_lowest_of_all_evaluations(tmp_path: Path) -> None:
    def trained(experiment: str, seed: int, values: list[float]) -> Stored:
        evaluations = [(25 * (k + 1), value + 0.1 * seed) for k, value in enumerate(values)]
        return run(tmp_path, experiment, seed, scores={"fid": score(evaluations[-1][1], series=evaluations)})

    stored = [trained("a", seed, [9.0, 5.0, 4.0, 8.0]) for seed in SEEDS]
    stored += [trained("b", seed, [9.0, 8.0, 7.0, 6.0]) for seed in SEEDS]
    before = {**fid("a"), "statistic": {"lowest": {"unit": "iterations", "start": 0, "end": 99}}}
    end = {**fid("b"), "statistic": {"mean": {"unit": "share", "start": 0.9, "end": 1.0}}}
    known = evidence(stored, EXPERIMENTS)
    assert known.sample(Quantity.model_validate(before), "full").numbers == pytest.approx([4.0, 4.1, 4.2, 4.3])
    assert known.sample(Quantity.model_validate(end), "full").numbers == pytest.approx([6.0, 6.1, 6.2, 6.3])
    assert verdict(stored, claim({"order": [before, end]})).share == 1


@pytest.mark.parametrize(
    "written",
    [
        {"experiment": "a", "outcome": "diverged", "score": "fid"},
        {
            "experiment": "a",
            "score": "fid",
            "statistic": {
                "peak": {"unit": "share", "start": 0, "end": 1},
                "early": {"unit": "share", "start": 0, "end": 0.5},
            },
        },
    ],
)
def test_quantities_that_mean_nothing(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Quantity.model_validate(written)


def test_a_run_takes_its_training_and_its_evaluations(tmp_path: Path) -> None:
    one = run(tmp_path, "a", 0, scores={"fid": score(1.0)}, seconds=3600.0)
    timing = one.record.timing.model_copy(update={"evaluation_seconds": 600.0})
    longer = Stored(one.record.model_copy(update={"timing": timing}), one.folder)
    found = evidence([longer], expect({"a": [0]})).sample(Quantity(experiment="a", score="fid"), "full")
    assert found.seconds == {0: 4200.0}
