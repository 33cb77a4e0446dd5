"""A longer run that goes on from the end of a finished one equals the same run trained by itself, bit for bit."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmark.cli import main
from benchmark.runs.continued import beginnings, candidates, checkpoint_of
from benchmark.runs.costs import STATED, AddedCost, added, cost
from benchmark.runs.plan import Run
from benchmark.runs.records import RunRecord, Stored, read_record, write_record
from benchmark.runs.runner import Interrupted, OneRun
from benchmark.spec.load import Loaded, loads
from benchmark.training import checkpoint
from benchmark.training.trainer import Trainer
from tests.runs.test_derived import READINGS, TOY, evidence, run_of

#: real points of 60 iterations of 32
SHOWN = 1920


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return loads(TOY.read_text() + READINGS)


@pytest.fixture(scope="module")
def short(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return done(run_of(loaded, "half"), tmp_path_factory.mktemp("short"))


@pytest.fixture(scope="module")
def alone(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return done(run_of(loaded, None), tmp_path_factory.mktemp("alone"))


@pytest.fixture
def place(tmp_path: Path, short: Stored) -> Path:
    """A results folder with the short run."""
    shutil.copytree(short.folder.parents[2], tmp_path / "results")
    return tmp_path / "results"


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, short: Stored, alone: Stored) -> list[int]:
    """The iterations that are trained from now on."""
    iterations: list[int] = []
    iterate = Trainer._iterate
    monkeypatch.setattr(Trainer, "_iterate", lambda self: (iterations.append(self.iteration), iterate(self)))
    return iterations


def done(run: Run, place: Path, **settings: Any) -> Stored:
    return Stored(OneRun(run, place, place, "cpu", **settings).execute(), place / run.folder)


def weights(one: Stored) -> dict[str, torch.Tensor]:
    state = checkpoint.load_newest(one.folder / "checkpoints", "cpu", one.record.run_id)
    assert state is not None
    return {f"{role} {name}": value for role, values in state["networks"].items() for name, value in values.items()}


def same(one: Stored, other: Stored) -> None:
    assert evidence(one) == evidence(other)
    theirs = weights(other)
    assert all(torch.equal(value, theirs[name]) for name, value in weights(one).items())


def test_only_the_rest_is_trained(
    loaded: Loaded, place: Path, short: Stored, alone: Stored, trained: list[int]
) -> None:
    one = done(run_of(loaded, None), place)
    assert trained == [*range(30, 60)]
    same(one, alone)
    assert one.record.environment["continued_from"] == short.record.run_id
    assert one.record.timing.sessions == 2
    assert one.record.timing.training_seconds > short.record.timing.training_seconds


def test_one_that_is_stopped_after_that_still_says_so(
    loaded: Loaded, place: Path, short: Stored, alone: Stored
) -> None:
    count = itertools.count()
    with pytest.raises(Interrupted):
        done(run_of(loaded, None), place, stop=lambda: next(count) >= 12)
    one = done(run_of(loaded, None), place)
    same(one, alone)
    assert one.record.environment["continued_from"] == short.record.run_id


def edit_record(one: Stored) -> None:
    (one.folder / "record.sha256").write_text("0")


def edit_file(one: Stored) -> None:
    (one.folder / "curves.npz").write_bytes(b"other")


def damage_checkpoint(one: Stored) -> None:
    checkpoint_of(one).write_bytes(checkpoint_of(one).read_bytes()[:-9])


def resave(one: Stored, change: Callable[[dict[str, Any]], Any]) -> None:
    """The checkpoint with another content, and sound."""
    state = checkpoint.read(checkpoint_of(one), "cpu", one.record.run_id)
    change(state)
    checkpoint.save(checkpoint_of(one).parent, one.record.iterations, state)


def other_curves(one: Stored) -> None:
    resave(one, lambda state: next(iter(state["curves"].values())).add_(1))


def other_network(one: Stored) -> None:
    resave(one, lambda state: state["networks"].pop("generator"))


def other_snapshots(one: Stored) -> None:
    """The trainer can be restored, what was measured cannot."""
    resave(one, lambda state: state.pop("snapshots"))


def other_threads(one: Stored) -> None:
    resave(one, lambda state: state.update(kept=state["kept"].replace('"threads": ', '"threads": 9')))


def rewrite(one: Stored, **changes: Any) -> None:
    (one.folder / "record.json").unlink()
    write_record(one.folder, RunRecord.model_validate({**one.record.model_dump(), **changes}))


def other_code(one: Stored) -> None:
    rewrite(one, hashes={**one.record.hashes, "code": "0" * 64})


def other_data(one: Stored) -> None:
    rewrite(one, hashes={**one.record.hashes, "dataset": "0" * 64})


def of_a_gpu(one: Stored) -> None:
    rewrite(one, environment={**one.record.environment, "device": "cuda"})


def of_another_processor(one: Stored) -> None:
    rewrite(one, environment={**one.record.environment, "processor": "Another processor"})


def of_another_torch(one: Stored) -> None:
    packages = {**one.record.environment["packages"], "torch": "2.0"}
    rewrite(one, environment={**one.record.environment, "packages": packages})


def diverged(one: Stored) -> None:
    rewrite(one, status="diverged", reason="loss not finite")


FAULTS = (
    *(edit_record, edit_file, damage_checkpoint, other_curves, other_network, other_snapshots, other_threads),
    *(other_code, other_data, of_a_gpu, of_another_processor, of_another_torch, diverged),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_what_is_not_sound_or_not_alike_is_left_and_the_run_begins_as_if_nothing_was_there(
    loaded: Loaded, place: Path, short: Stored, alone: Stored, trained: list[int], fault: Callable[[Stored], None]
) -> None:
    one = replace(short, folder=place / run_of(loaded, "half").folder)
    fault(one)
    files = {file: file.stat().st_mtime_ns for file in one.folder.rglob("*")}
    threads = torch.get_num_threads()
    longer = done(run_of(loaded, None), place)
    assert trained == [*range(60)]
    same(longer, alone)
    assert longer.record.environment.keys() == alone.record.environment.keys()
    for key in ("sessions", "warmup_iterations", "redone_seconds"):
        assert getattr(longer.record.timing, key) == getattr(alone.record.timing, key)
    assert torch.get_num_threads() == threads
    assert {file: file.stat().st_mtime_ns for file in one.folder.rglob("*")} == files, "another run's files stay"


def test_runs_that_are_trained_together_begin_together(loaded: Loaded, place: Path, trained: list[int]) -> None:
    base, near = run_of(loaded, None), run_of(loaded, "near")
    done(base, place, others=[near])
    assert trained == [*range(60)]
    assert read_record(place / near.folder / "record.json").environment["trained_with"] == base.run_id


def test_beginnings_differ_in_length_alone(loaded: Loaded, short: Stored) -> None:
    base = run_of(loaded, None)
    assert beginnings(base, [short], "cpu") == [short]
    assert beginnings(base, [short], "cuda") == [], "of a processor"
    assert beginnings(run_of(loaded, None, seed=1), [short], "cpu") == []
    for reading in ("near", "often", "rate", "best", "half"):
        assert beginnings(run_of(loaded, reading), [short], "cpu") == []
    uneven = replace(short, record=short.record.model_copy(update={"iterations": 25}))
    assert beginnings(base, [uneven], "cpu") == [], "it was measured where the longer one is not"
    gone = replace(short, folder=short.folder.parent / "elsewhere")
    assert beginnings(base, [gone], "cpu") == [], "its checkpoint is not there"


def test_plan_tells_what_goes_on_from_a_finished_run_of_the_same_kind_of_device(
    tmp_path: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "toy.yaml"
    spec.write_text(TOY.read_text() + READINGS)
    about = ["plan", str(spec), "--tier", "smoke", "-e", "toy_minimax", "--seeds", "0", "--numerics", "exact"]

    def row(device: str) -> dict[str, Any]:
        assert main([*about, "--results", str(place), "--device", device, "--json"]) == 0
        (row,) = json.loads(capsys.readouterr().out)
        return dict(row)

    for device, expected, part in (("cpu", 1, 2), ("cuda", 0, 1)):
        found = row(device)
        assert (found["left"], found["continued"], found["resumed"]) == (1, expected, 0)
        assert found["images_left"] == found["images"] // part == SHOWN // part
    assert main([*about, "--results", str(place), "--device", "cpu"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "1 of 1 runs left; 1 go on from the end of a finished shorter run" in told
    assert told.partition("power over")[0].rstrip().endswith(f"{SHOWN // 2:,} images to train on")
    count, run = itertools.count(), run_of(loads(spec.read_text()), None)
    with pytest.raises(Interrupted):
        done(run, place, stop=lambda: next(count) >= 12)
    (last,) = (place / run.folder).glob("checkpoints/*.pt")
    assert 30 < int(last.stem) < 60
    found = row("cpu")
    assert (found["left"], found["continued"], found["resumed"]) == (1, 0, 1), "it has a checkpoint of its own by now"
    assert found["images_left"] == (60 - int(last.stem)) * SHOWN // 60


def test_hours_leave_out_what_is_trained_already(loaded: Loaded, short: Stored) -> None:
    """Half of the iterations are left; of a GPU all are, and of two that are trained together."""
    base, near = run_of(loaded, None), run_of(loaded, "near")
    each = cost(base)
    share = added([base], stored=[short])[base.run_id]
    hours = pytest.approx((each.training_seconds / 2 + each.evaluation_seconds) / 3600)
    assert share == AddedCost(hours, trained=True, images=base.images // 2, continued=True)
    assert added([base], STATED["cuda"], stored=[short])[base.run_id].continued is False
    assert added([base, near], stored=[short]) == added([base, near])


def test_records_are_read_only_where_a_beginning_can_end(
    loaded: Loaded, place: Path, short: Stored, alone: Stored
) -> None:
    """Of a thousand runs of one length none is opened when the next begins."""
    run = run_of(loaded, None)
    same = place / alone.folder.relative_to(alone.folder.parents[2])
    shutil.copytree(alone.folder, same, dirs_exist_ok=True)
    assert [one.record.run_id for one in candidates(run, place)] == [short.record.run_id], "not of the run's own length"
    (here,) = place.glob(f"*/*/{short.record.run_id}/checkpoints/{short.record.iterations:09d}.pt")
    here.unlink()
    assert list(candidates(run, place)) == [], "nothing lies there to go on from"
