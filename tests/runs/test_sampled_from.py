"""A reading that samples otherwise what has been trained trains nothing, and scores as the run trained by itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.cli import main
from benchmark.runs.continued import beginnings, trained, trainings
from benchmark.runs.costs import AddedCost, added, cost
from benchmark.runs.integrity import samples_problems
from benchmark.runs.plan import Run, make_plan
from benchmark.runs.records import RunRecord, Stored, read_record
from benchmark.spec.load import Loaded, loads
from benchmark.training.trainer import Trainer
from tests.runs.test_continued import FAULTS, done, other_code, same, weights
from tests.runs.test_derived import READINGS, TOY, evidence, in_this_process, run_of
from tests.specs import load

#: readings of a paper whose scores do not recur
_AT = {name: READINGS.index(f"  {name}:") for name in ("best", "near", "often", "rate")}
LONGER = """
  longer:
    says: Twice as long.
    of: [experiments]
    change: {experiments.toy_minimax.tiers.smoke.budget.iterations: 120}
  nearer:
    says: Yet other samples count.
    of: [experiments]
    change: {experiments.toy_minimax.tiers.smoke.scores.*.metric.*.samples: 120}
"""
_KEPT = READINGS[: _AT["best"]] + READINGS[_AT["near"] : _AT["often"]] + READINGS[_AT["rate"] :]
TEXT = (
    TOY.read_text().replace("        every: {iterations: 5000}\n", "").replace(", every: {iterations: 30}}", "}")
    + _KEPT.replace(
        "toy_minimax.scores.*.metric.*.within_deviations: 3.0", "toy_minimax.tiers.smoke.scores.*.metric.*.samples: 150"
    )
    + LONGER
)


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    """The toy's scores are measured at the end alone; ``near`` draws fewer samples."""
    return loads(TEXT)


@pytest.fixture(scope="module")
def base(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return done(run_of(loaded, None), tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def alone(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return done(run_of(loaded, "near"), tmp_path_factory.mktemp("alone"))


@pytest.fixture
def place(tmp_path: Path, base: Stored) -> Path:
    """A results folder with the base's run."""
    shutil.copytree(base.folder.parents[2], tmp_path / "results")
    return tmp_path / "results"


@pytest.fixture
def iterations(monkeypatch: pytest.MonkeyPatch, base: Stored, alone: Stored) -> list[int]:
    """Those that are trained from now on."""
    found: list[int] = []
    iterate = Trainer._iterate
    monkeypatch.setattr(Trainer, "_iterate", lambda self: (found.append(self.iteration), iterate(self)))
    return found


def but_for_samples(one: Stored) -> dict[str, Any]:
    facts = evidence(one)
    return {**facts, "files": {name: digest for name, digest in facts["files"].items() if name != "samples.npz"}}


def equal_but_for_pictures_of_its_course(one: Stored, other: Stored) -> None:
    assert but_for_samples(one) == but_for_samples(other)
    ours, theirs = one.samples(), other.samples()
    assert ours.keys() == theirs.keys()
    assert ours["iterations"].tolist() == [0, one.record.iterations]
    for name in ("iterations", "samples", "value_surface"):
        if name in theirs:
            assert np.array_equal(ours[name], theirs[name][[0, -1]]), name


def test_nothing_is_trained_and_all_but_pictures_of_its_course_is_alike(
    loaded: Loaded, place: Path, base: Stored, alone: Stored, iterations: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    one = done(run_of(loaded, "near"), place)
    assert iterations == []
    equal_but_for_pictures_of_its_course(one, alone)
    assert {name: value.tolist() for name, value in weights(one).items()} == {
        name: value.tolist() for name, value in weights(base).items()
    }
    assert one.record.environment["sampled_from"] == base.record.run_id
    assert one.record.timing.training_seconds == base.record.timing.training_seconds
    spec = place.parent / "toy.yaml"
    spec.write_text(TEXT)
    assert main(["verify", str(place), str(spec)]) == 0, capsys.readouterr()


def test_batch_statistics_of_a_finished_training_are_sampled(tmp_path: Path) -> None:
    lsgan = load(Path(__file__).parents[2] / "papers" / "lsgan_fashion_mnist.yaml")
    (first,) = make_plan(lsgan.spec, "smoke", experiments=["gan_batch_norm_005"], seeds=[0])
    (other,) = make_plan(
        lsgan.under("batch_statistics"),
        "smoke",
        experiments=["gan_batch_norm_005"],
        seeds=[0],
        reading="batch_statistics",
    )
    assert first.setup.generator_mode != other.setup.generator_mode
    done(first, tmp_path / "one")
    one, by_itself = done(other, tmp_path / "one"), done(other, tmp_path / "two")
    assert one.record.environment["sampled_from"] == first.run_id
    equal_but_for_pictures_of_its_course(one, by_itself)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_training_that_is_not_what_it_was_is_done_anew(
    loaded: Loaded, place: Path, base: Stored, alone: Stored, iterations: list[int], fault: Callable[[Stored], None]
) -> None:
    fault(replace(base, folder=place / run_of(loaded, None).folder))
    one = done(run_of(loaded, "near"), place)
    if iterations:  # what was measured of the other run is not needed
        assert iterations == [*range(60)]
        same(one, alone)
        assert one.record.environment.keys() == alone.record.environment.keys()
    else:
        assert fault.__name__ == "other_snapshots"
        equal_but_for_pictures_of_its_course(one, alone)


def test_what_was_trained_otherwise_or_recurs_or_is_the_base_is_trained(loaded: Loaded, base: Stored) -> None:
    def found(run: Run, device: str = "cpu") -> list[Stored]:
        return trained(run, [base], device)

    assert found(run_of(loaded, "near")) == [base]
    assert found(run_of(loaded, "near"), "cuda") == []
    assert found(run_of(loaded, "near", seed=1)) == []
    for reading in ("rate", "half"):
        assert found(run_of(loaded, reading)) == [], reading
    assert found(run_of(loads(TOY.read_text() + READINGS), "near")) == [], "it is evaluated while it trains"
    assert found(replace(run_of(loaded, "near"), reading=None)) == []
    edited = replace(base, record=base.record.model_copy(update={"run_id": run_of(loaded, "rate").run_id}))
    assert trained(run_of(loaded, "near"), [edited], "cpu") == [], "it says that it was trained otherwise than it was"


def test_plan_counts_its_evaluation_alone(
    loaded: Loaded, place: Path, base: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    near, rate = run_of(loaded, "near"), run_of(loaded, "rate")
    assert trainings([rate, near], [base], "cpu") == ([near], [[rate]])
    shares = added([near, rate], stored=[base])
    hours = pytest.approx(cost(near).evaluation_seconds / 3600)
    assert shares[near.run_id] == AddedCost(hours, trained=False, images=0, sampled=True)
    assert shares[rate.run_id].trained is True
    assert added([near])[near.run_id].trained is True
    spec = place.parent / "toy.yaml"
    spec.write_text(TEXT)
    about = ["plan", str(spec), "--tier", "smoke", "-e", "toy_minimax", "--seeds", "0", "--numerics", "exact"]
    about += ["--reading", "near", "--results", str(place), "--device", "cpu"]
    assert main([*about, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["left"], row["trainings"], row["sampled"]) == (1, 0, 1)
    assert main(about) == 0
    assert "1 of 1 runs left; 1 sample the end of a finished training" in " ".join(capsys.readouterr().out.split())


def test_what_was_trained_by_other_code_is_trained_once_for_all_that_sample_it(
    loaded: Loaded, place: Path, base: Stored
) -> None:
    runs = [run_of(loaded, "near"), run_of(loaded, "nearer")]
    assert trainings(runs, [base], "cpu") == (runs, [])
    one = replace(base, folder=place / run_of(loaded, None).folder)
    other_code(one)
    old = Stored(read_record(one.folder / "record.json"), one.folder)
    assert trainings(runs, [old], "cpu") == ([], [runs])
    assert [share.trained for share in added(runs, stored=[old]).values()] == [True, False]


def test_a_longer_run_does_not_go_on_from_one_that_kept_no_pictures_of_its_course(
    loaded: Loaded, place: Path, base: Stored, alone: Stored, iterations: list[int]
) -> None:
    near = done(run_of(loaded, "near"), place)
    longer = run_of(loaded, "near+longer")
    assert (beginnings(longer, [near], "cpu"), beginnings(longer, [alone], "cpu")) == ([], [alone])
    one = done(longer, place)
    assert iterations == [*range(120)]
    assert one.samples()["iterations"].tolist() == [0, 30, 60, 90, 120]
    assert not list(samples_problems(one))


def test_a_run_that_was_sampled_here_and_trained_there_is_merged(
    loaded: Loaded, place: Path, alone: Stored, tmp_path: Path
) -> None:
    done(run_of(loaded, "near"), place)
    places = [place, alone.folder.parents[2]]
    for number, (first, second) in enumerate((places, places[::-1])):
        into = tmp_path / f"all_{number}"
        assert main(["merge", str(first), str(second), "--into", str(into)]) == 0
        kept = Stored(read_record(into / run_of(loaded, "near").folder / "record.json"), into)
        assert ("sampled_from" in kept.record.environment) == (first == place)


def test_run_says_which_only_sample(
    loaded: Loaded, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_this_process(monkeypatch)
    spec = place.parent / "toy.yaml"
    spec.write_text(TEXT)
    about = ["run", str(spec), "--tier", "smoke", "-e", "toy_minimax", "--seeds", "0", "--numerics", "exact"]
    about += ["--reading", "near", "--reading", "nearer", "--reading", "rate", "--no-report", "--device", "cpu"]
    assert main([*about, "--results", str(place)]) == 0
    said = capsys.readouterr().err
    assert "2 of them sample the end of a finished training, if that is sound" in said
    assert "share" not in said
    assert all("sampled_from" in record_of(loaded, place, name).environment for name in ("near", "nearer"))
    assert "sampled_from" not in record_of(loaded, place, "rate").environment


def record_of(loaded: Loaded, place: Path, reading: str) -> RunRecord:
    return read_record(place / run_of(loaded, reading).folder / "record.json")
