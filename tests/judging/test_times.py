"""Training time in claims and in tables: compared within one device, never across, and never as plain seconds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from benchmark.judging.cells import enough
from benchmark.judging.evidence import _time
from benchmark.judging.judge import judge
from benchmark.judging.published import Numbers
from benchmark.judging.tables import _assumed
from benchmark.judging.verdict import CellVerdict, ClaimVerdict
from benchmark.runs.records import Stored
from benchmark.spec.quantities import Quantity

from .factory import ENVIRONMENT, cell, claim, evidence, expect, paper, predicate, run, table

GPU = {"gpu": {"name": "Some GPU", "other_processes": 0}, "processor": "Some processor", "threads": 8}


def time_of(experiment: str, what: str = "training_seconds") -> dict[str, str]:
    return {"experiment": experiment, "time": what}


RATIO = {"ratio": [time_of("b"), time_of("a")], "above": 1.3, "below": 1.7}


def runs(results: Path, experiment: str, seconds: list[float], **over: Any) -> list[Stored]:
    return [run(results, experiment, seed, seconds=value, **over) for seed, value in enumerate(seconds)]


def verdict(stored: list[Stored], written: dict[str, Any] = RATIO, seeds: int = 4) -> ClaimVerdict:
    experiments = expect({"a": range(seeds), "b": range(seeds)})
    return judge(paper({"C": claim(written)}), "x", stored, experiments).claims[0]


A, B = [100.0, 101, 99, 100], [150.0, 149, 151, 150]


def test_a_ratio_on_one_device_is_judged(tmp_path: Path) -> None:
    stored = runs(tmp_path, "a", A) + runs(tmp_path, "b", B)
    found = verdict(stored)
    assert found.state == "HOLDS"
    assert "ratio of geometric means 1.5, " in found.reason
    assert verdict(stored, {**RATIO, "above": 1.6, "below": 1.9}).state == "REVERSED"
    per_iteration = {"order": [time_of(name, "seconds_per_iteration") for name in "ab"]}
    assert verdict(stored, per_iteration).state == "HOLDS"
    assert verdict(stored, {"order": [time_of("b"), time_of("a")]}).state == "REVERSED"


@pytest.mark.parametrize(
    ("environment", "field"),
    [
        ({"processor": "Another processor", "threads": 1}, "device"),
        ({**ENVIRONMENT, "threads": 2}, "threads"),
        (GPU, "device"),
    ],
)
def test_different_devices_are_never_compared(tmp_path: Path, environment: dict[str, Any], field: str) -> None:
    stored = runs(tmp_path, "a", A) + runs(tmp_path, "b", B[:3])
    stored.append(run(tmp_path, "b", 3, seconds=150, environment=environment))
    found = verdict(stored)
    assert found.state == "NOT COMPARABLE"
    assert f"'{field}' differs" in found.reason


def test_a_gpu_that_others_use_is_not_the_same_device(tmp_path: Path) -> None:
    busy = {**GPU, "gpu": {"name": "Some GPU", "other_processes": 2}}
    alone = runs(tmp_path, "a", A, environment=GPU)
    assert verdict(alone + runs(tmp_path, "b", B, environment=busy)).state == "NOT COMPARABLE"
    # threads of the processor do not matter to a GPU
    other_threads = {**GPU, "threads": 2}
    assert verdict(alone + runs(tmp_path / "x", "b", B, environment=other_threads)).state == "HOLDS"


def test_statistics_that_moved_along_are_no_part_of_a_time_alone(tmp_path: Path) -> None:
    beside = {**ENVIRONMENT, "momenta_beside": 1}
    stored = runs(tmp_path, "a", A) + runs(tmp_path, "b", B, environment=beside)
    found = verdict(stored)
    assert found.state == "NOT COMPARABLE"
    assert "'momenta_beside' differs" in found.reason
    both = runs(tmp_path / "x", "a", A, environment=beside) + runs(tmp_path / "x", "b", B, environment=beside)
    assert verdict(both).state == "HOLDS"


def test_a_record_without_a_device_gives_no_time(tmp_path: Path) -> None:
    stored = runs(tmp_path, "a", A, environment={}) + runs(tmp_path, "b", B)
    found = verdict(stored)
    assert found.state == "NOT MEASURED"
    assert "does not name the device" in found.reason


def test_the_warm_up_is_no_part_of_it(tmp_path: Path) -> None:
    """120 s, of them 20 s for the first 20 of 100 iterations: 100 s / 80 = 1.25 s an iteration, 125 s in all."""
    stored = run(tmp_path, "a", 0, seconds=120)
    timing = stored.record.timing.model_copy(update={"warmup_seconds": 20.0, "warmup_iterations": 20})
    changed = Stored(stored.record.model_copy(update={"timing": timing}), stored.folder)
    known = evidence([changed], expect({"a": [0]}))
    assert known.sample(Quantity(**time_of("a")), "full").values == {0: pytest.approx(125)}
    assert known.sample(Quantity(**time_of("a", "seconds_per_iteration")), "full").values == {0: pytest.approx(1.25)}
    timing = timing.model_copy(update={"warmup_iterations": 100})
    changed = Stored(stored.record.model_copy(update={"timing": timing}), stored.folder)
    sample = evidence([changed], expect({"a": [0]})).sample(Quantity(**time_of("a")), "full")
    assert (dict(sample.values), "warm-up" in sample.reasons[0]) == ({}, True)


@pytest.mark.parametrize(
    "written",
    [
        {"bound": time_of("a"), "below": 5},
        {"equal": [time_of("a"), time_of("b")], "margin": 1},
        {"exactly": time_of("a"), "value": 1, "share": 0.5},
        {"order": [{**time_of("a"), "score": "fid"}, time_of("b")]},
        {"order": [time_of("a", "hours"), time_of("b")]},
    ],
    ids=["bound", "equal", "exactly", "two sources", "unknown"],
)
def test_plain_seconds_cannot_be_claimed(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        predicate(written)


def test_in_words() -> None:
    assert predicate(RATIO).text == "training seconds (b) / training seconds (a) is between 1.3 and 1.7"
    slow = {"order": [time_of(name, "seconds_per_iteration") for name in "ab"]}
    assert predicate(slow).text == "seconds per iteration (a) is below seconds per iteration (b)"


def seconds_table(a: float, b: float) -> Any:
    row = {"gan": cell(a, "a", score=None, decimals=0), "new": cell(b, "b", score=None, decimals=0)}
    return table({"CIFAR-10": row}, quantity="seconds")


def test_on_the_paper_s_own_times() -> None:
    spec = paper(tables={"T": seconds_table(4158, 6050)})
    assert Numbers(spec).outcome(predicate(RATIO))[0] == "holds"
    assert Numbers(spec).outcome(predicate({"order": [time_of("b"), time_of("a")]}))[0] == "fails"
    per_iteration = {"order": [time_of("a", "seconds_per_iteration"), time_of("b", "seconds_per_iteration")]}
    assert Numbers(spec).outcome(predicate(per_iteration))[0] is None


def cells_of(stored: list[Stored]) -> list[CellVerdict]:
    spec = paper(tables={"T": seconds_table(4158, 6050)})
    return judge(spec, "x", stored, expect({"a": range(4), "b": range(4)})).cells


def test_cells_know_ratios_only(tmp_path: Path) -> None:
    first, second = cells_of(runs(tmp_path, "a", A) + runs(tmp_path, "b", B))
    assert (first.state, first.measured) == (second.state, second.measured) == ("NOT COMPARABLE", None)
    assert "times" not in first.reason
    assert "1.455 times gan in print, 1.5 times here (tier full, 4 and 4 seeds)" in second.reason
    _, elsewhere = cells_of(runs(tmp_path / "x", "a", A) + runs(tmp_path / "x", "b", B, environment=GPU))
    assert "no ratio here: protocol field 'device' differs" in elsewhere.reason
    _, alone = cells_of(runs(tmp_path / "y", "b", B))
    assert "not measured here" in alone.reason
    _, without = cells_of(runs(tmp_path / "z", "a", A))
    assert without.reason.endswith("; 1.455 times gan in print, not measured here")


def test_a_ratio_needs_both_times_at_one_tier_and_a_first_that_is_not_zero(tmp_path: Path) -> None:
    """The first time of the row that an experiment measures is the one below the line; zero divides nothing."""
    cells = {
        "gan": cell(100.0, "a", score=None, decimals=0),
        "new": cell(150.0, "b", score=None, decimals=0),
        "bare": cell(250.0, None, decimals=0),
    }
    stored = runs(tmp_path, "a", A) + runs(tmp_path, "b", B, tier="short")
    experiments = expect({"a": range(4), "b": range(4)}, tiers=("full", "short"))
    found = judge(paper(tables={"T": table({"CIFAR-10": cells}, quantity="seconds")}), "x", stored, experiments).cells
    assert found[1].reason.endswith("; 1.5 times gan in print, not measured here"), "at another tier"
    assert "times" not in found[2].reason, "no experiment is said to measure it"
    cells["gan"] = cell(0.0, "a", score=None, decimals=0)
    found = judge(paper(tables={"T": table({"CIFAR-10": cells}, quantity="seconds")}), "x", stored, experiments).cells
    assert all("times" not in one.reason for one in found)


def test_device_hours_that_more_seeds_take_are_those_of_training_and_evaluation(tmp_path: Path) -> None:
    """Two seeds of 1 h of training and half an hour of evaluation; three more of them take 4.5 h."""
    stored = [run(tmp_path, "a", seed, seconds=3600.0) for seed in range(2)]
    timed = [
        Stored(one.record.model_copy(update={"timing": one.record.timing.model_copy(
            update={"evaluation_seconds": 1800.0})}), one.folder) for one in stored
    ]  # fmt: skip
    sample = evidence(timed, expect({"a": range(2)})).sample(Quantity(**time_of("a")), "full")
    assert sample.seconds == {0: 5400.0, 1: 5400.0}
    assert enough(5, [sample, sample]) == "; about 5 seeds would decide with 80 % power, 4.5 device hours more"
    assert enough(1, [sample]).endswith(" power, 0 device hours more")
    brought = replace(sample, seconds=dict.fromkeys(range(2), 0.0))
    assert enough(5, [brought]) == "; about 5 seeds would decide with 80 % power", "nobody said how long they take"


@pytest.mark.parametrize(("worked", "shared"), [(79.0, True), (80.0, False), (81.0, False), (None, False)])
def test_a_processor_that_gave_less_than_four_fifths_of_a_core_was_shared(
    tmp_path: Path, worked: float | None, shared: bool
) -> None:
    record = run(tmp_path, "a", 0, seconds=100.0).record
    timing = record.timing.model_copy(update={"processor_seconds": worked})
    assert _time("training_seconds", record.model_copy(update={"timing": timing})).protocol["shared"] is shared


def test_what_was_assumed_of_networks_is_what_names_their_sizes_or_layers() -> None:
    entries = {
        "networks": "all", "networks.*": "any", "networks.*.sizes": "widths", "networks.a.layers": "layers",
        "networks.b.layers": "another network", "networks.a.initialise": "weights", "systems": "losses",
        "networks.a.sizes.width": "one size",
    }  # fmt: skip
    unstated = {pattern: SimpleNamespace(chosen=chosen, alternatives=()) for pattern, chosen in entries.items()}
    assert _assumed(SimpleNamespace(unstated=unstated), {"a"}) == ["all", "any", "widths", "layers"]  # type: ignore[arg-type]
