"""Runs that differ in momenta of batch normalisation alone are trained once, and equal those trained by themselves."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmark.parts.networks.normalisations import BatchNorm
from benchmark.runs.derived import together
from benchmark.runs.plan import Run, make_run
from benchmark.runs.records import Stored, finished_record
from benchmark.runs.runner import Interrupted, OneRun
from benchmark.spec.load import loads
from benchmark.spec.parts import Layer
from benchmark.training.checkpoint import load_newest
from benchmark.training.momenta import OtherMomenta
from benchmark.training.trainer import Trainer
from tests.specs import load

PAPERS = Path(__file__).parents[2] / "papers"
LEADER, OTHER, SAMPLED = "lsgan_batch_norm", "lsgan_batch_norm_005", "lsgan_batch_norm_batch_statistics"


def lsgan(experiment: str, numerics: str = "exact") -> Run:
    return make_run(load(PAPERS / "lsgan_fashion_mnist.yaml").spec, experiment, "smoke", 0, numerics)


def trained(place: Path, runs: list[Run], **settings: Any) -> list[Stored]:
    first, *others = runs
    OneRun(first, place, place, "cpu", others=others, **settings).execute()
    found = [(finished_record(place / run.folder), place / run.folder) for run in runs]
    return [Stored(record, folder) for record, folder in found if record is not None]


def told(one: Stored) -> dict[str, Any]:
    """What a record says but for time and host; files by their hashes."""
    return one.record.model_dump(mode="json", exclude={"timing", "environment"})


def last_state(one: Stored) -> dict[str, Any]:
    state = load_newest(one.folder / "checkpoints", "cpu", one.record.run_id)
    assert state is not None
    return state


def test_columns_that_differ_in_momentum_or_sampling_are_one_training() -> None:
    runs = [lsgan(name) for name in ("lsgan", LEADER, OTHER, SAMPLED, "gan_batch_norm_005", "gan_batch_norm")]
    groups = together(runs)
    assert [[run.experiment for run in group] for group in groups] == [
        ["lsgan"],
        [LEADER, OTHER, SAMPLED],
        ["gan_batch_norm_005", "gan_batch_norm"],
    ]


def test_where_a_network_is_averaged_each_momentum_is_its_own_training() -> None:
    runs = [lsgan(LEADER), lsgan(OTHER)]
    averaged = [replace(run, system=run.system.model_copy(update={"average": {"generator": 0.9}})) for run in runs]
    assert [len(group) for group in together(averaged)] == [1, 1]


@pytest.mark.parametrize("numerics", ["exact", "fp32", "bf16"])
def test_each_equals_the_run_trained_by_itself(tmp_path: Path, numerics: str) -> None:
    runs = [lsgan(name, numerics) for name in (LEADER, OTHER, SAMPLED)]
    shared = trained(tmp_path / "shared", runs)
    assert [one.record.run_id for one in shared] == [run.run_id for run in runs]
    for run, one in zip(runs, shared, strict=True):
        (alone,) = trained(tmp_path / "alone", [run])
        assert told(one) == told(alone)
        ours, theirs = last_state(one), last_state(alone)
        for role, weights in theirs["networks"].items():
            assert ours["networks"][role].keys() == weights.keys()
            assert all(torch.equal(ours["networks"][role][name], value) for name, value in weights.items())
    first, second, _ = (last_state(one)["networks"]["generator"] for one in shared)
    unlike = {name.rpartition(".")[2] for name, value in first.items() if not torch.equal(value, second[name])}
    assert unlike == {"running_mean", "running_var"}, "the training is the same, what is sampled with is not"


def test_one_that_is_stopped_continues_with_the_statistics_of_each(tmp_path: Path) -> None:
    runs = [lsgan(LEADER), lsgan(OTHER)]
    whole = trained(tmp_path / "whole", runs)
    count = itertools.count()
    with pytest.raises(Interrupted):
        trained(tmp_path / "cut", runs, stop=lambda: next(count) >= runs[0].iterations // 2)
    cut = trained(tmp_path / "cut", runs)
    assert len(cut) == 2
    assert [told(one) for one in cut] == [told(one) for one in whole]


def test_a_leader_goes_on_where_the_other_is_no_longer_asked_for(tmp_path: Path) -> None:
    runs = [lsgan(LEADER), lsgan(OTHER)]
    (whole,) = trained(tmp_path / "whole", runs[:1])
    count = itertools.count()
    with pytest.raises(Interrupted):
        trained(tmp_path / "cut", runs, stop=lambda: next(count) >= runs[0].iterations // 2)
    (cut,) = trained(tmp_path / "cut", runs[:1])
    assert told(cut) == told(whole)
    assert not [*(tmp_path / "cut").rglob("*.damaged")]


def test_one_that_was_not_there_from_the_beginning_is_left_for_another_training(tmp_path: Path) -> None:
    runs = [lsgan(LEADER), lsgan(OTHER)]
    count = itertools.count()
    with pytest.raises(Interrupted):
        trained(tmp_path, runs[:1], stop=lambda: next(count) >= runs[0].iterations // 2)
    assert [one.record.run_id for one in trained(tmp_path, runs)] == [runs[0].run_id]


def test_records_tell_how_many_statistics_moved_along_which_takes_time(tmp_path: Path) -> None:
    runs = [lsgan(LEADER), lsgan(OTHER), lsgan(SAMPLED)]
    count = itertools.count()
    with pytest.raises(Interrupted):
        trained(tmp_path / "shared", runs, stop=lambda: next(count) >= runs[0].iterations // 2)
    shared = trained(tmp_path / "shared", runs)
    assert [one.record.environment.get("momenta_beside") for one in shared] == [1, 1, 1]
    others = trained(tmp_path / "others", [runs[0], runs[2]])
    assert ["momenta_beside" in one.record.environment for one in others] == [False, False]


def test_nothing_is_built_where_no_momentum_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    run, sampled, other = lsgan(LEADER), lsgan(SAMPLED), lsgan(OTHER)
    networks = Trainer(run, run.setup.dataset.load(Path("none"), "cpu"), "cpu").networks
    built: list[Layer] = []
    module = BatchNorm.module
    monkeypatch.setattr(BatchNorm, "module", lambda self, shape: (built.append(self), module(self, shape))[1])
    assert not OtherMomenta(networks, sampled.networks, sampled.setup.sizes)
    assert built == []
    assert OtherMomenta(networks, other.networks, other.setup.sizes)
    assert built


def test_normalisation_inside_blocks_keeps_its_statistics_too() -> None:
    """Against the same training by itself; its generator is of residual blocks, its D has spectral normalisation."""
    text = (PAPERS / "sn_gan.yaml").read_text()
    first, second = (
        make_run(loads(text.replace("momentum: 0.1", f"momentum: {momentum}")).spec, "resnet", "smoke", 0, "fp32")
        for momentum in (0.1, 0.3)
    )
    data = first.setup.dataset.load(Path("none"), "cpu")
    both, alone = Trainer(first, data, "cpu", [second]), Trainer(second, data, "cpu")
    for trainer in (both, alone):
        trainer.advance(3, lambda _: False)
    seen = both.as_seen_by(second)
    inside = [name for name in alone.networks["generator"].state_dict() if "main" in name and "running_mean" in name]
    assert inside
    for role, network in alone.networks.items():
        for name, value in network.state_dict().items():
            assert torch.equal(value, seen.networks[role].state_dict()[name]), (role, name)
    assert not torch.equal(
        both.networks["generator"].state_dict()[inside[0]], seen.networks["generator"].state_dict()[inside[0]]
    )
