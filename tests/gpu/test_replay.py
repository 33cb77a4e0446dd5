"""Iterations replayed as CUDA graphs give the bits of the plain loop: every system of every paper, at smoke sizes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.runs.plan import Run, make_run
from benchmark.spec.parts import SCHEDULES
from benchmark.training.cuda_graph import WARM_UP
from benchmark.training.numerics import prepare
from benchmark.training.trainer import Trainer
from tests.specs import load
from tests.training.test_pyramid import run_of as pyramid_run

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

PAPERS = sorted((Path(__file__).parents[2] / "papers").glob("*.yaml"))
NOWHERE = Path("no-data-needed")
ITERATIONS = WARM_UP + 9


def one_of_each_system() -> list[tuple[Path, str]]:
    """None where no GPU is: the specs need not be read then."""
    found: list[tuple[Path, str]] = []
    if not torch.cuda.is_available():
        return found
    for file in PAPERS:
        known: dict[str, str] = {}
        for name, experiment in load(file).spec.experiments.items():
            if "smoke" in experiment.tiers:
                known.setdefault(experiment.tiers["smoke"].system, name)
        found += [(file, name) for name in known.values()]
    return found


@pytest.fixture(autouse=True)
def _deterministic():
    """The same kernels in both loops; which of several is chosen by time otherwise."""
    prepare("fp32", None)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    yield
    torch.backends.cudnn.deterministic = False


def trainer_of(run: Run, *, replays: bool) -> Trainer:
    trainer = Trainer(run, run.setup.dataset.load(NOWHERE, "cuda"), "cuda")
    if not replays:
        trainer._replayer = None
    return trainer


def never(_iteration: int) -> bool:
    return False


def assert_equal_states(one: Trainer, other: Trainer) -> None:
    assert one.iteration == other.iteration
    for role, network in one.networks.items():
        twin = other.networks[role].state_dict()
        for name, value in network.state_dict().items():
            assert torch.equal(value, twin[name]), f"{role}.{name}"
    left, right = one.curves(), other.curves()
    for name, curve in left.items():
        assert np.array_equal(curve, right[name]), name


@pytest.mark.parametrize("numerics", ["fp32", "tf32", "bf16"])
@pytest.mark.parametrize(("file", "experiment"), one_of_each_system(), ids=lambda value: getattr(value, "stem", value))
def test_replayed_equals_plain(file: Path, experiment: str, numerics: str) -> None:
    run = make_run(load(file).spec, experiment, "smoke", 1, numerics)
    plain, replayed = trainer_of(run, replays=False), trainer_of(run, replays=True)
    if replayed._replayer is None:
        assert replayed._growing, "only networks that grow are never replayed"
        return
    for trainer in (plain, replayed):
        trainer.advance(ITERATIONS, never)
    assert replayed.loop == "replayed"
    assert replayed._replayer.replays
    assert_equal_states(plain, replayed)


@pytest.mark.parametrize("numerics", ["fp32", "bf16"])
def test_a_pyramid_of_several_gans_is_replayed(numerics: str) -> None:
    """As LAPGAN has it: four players, each with its own pass of data that others have reduced."""
    run = replace(pyramid_run(), numerics=numerics)
    plain, replayed = trainer_of(run, replays=False), trainer_of(run, replays=True)
    for trainer in (plain, replayed):
        trainer.advance(ITERATIONS, never)
    assert replayed.loop == "replayed"
    assert_equal_states(plain, replayed)


def test_an_incomplete_last_batch_is_run_plainly_between_replays() -> None:
    """LSGAN's program keeps it: 80 pictures in batches of 32 leave one of 16 in every epoch."""
    spec = load(next(file for file in PAPERS if file.stem == "lsgan_fashion_mnist")).spec
    run = make_run(spec, "lsgan", "smoke", 1, "fp32")
    setup = run.setup.model_copy(update={"batch_size": 32, "last_batch": "keep"})
    run = replace(run, setup=setup)
    assert run.setup.dataset.example_count() == 80
    plain, replayed = trainer_of(run, replays=False), trainer_of(run, replays=True)
    for trainer in (plain, replayed):
        trainer.advance(12, never)
    assert replayed._replayer is not None
    assert replayed._replayer.replays
    assert_equal_states(plain, replayed)


@pytest.mark.parametrize("numerics", ["fp32", "bf16"])
def test_statistics_of_another_momentum_move_under_replay(numerics: str) -> None:
    spec = load(next(file for file in PAPERS if file.stem == "lsgan_fashion_mnist")).spec
    first, second = (
        make_run(spec, name, "smoke", 1, numerics) for name in ("lsgan_batch_norm", "lsgan_batch_norm_005")
    )
    both, alone = (
        Trainer(run, run.setup.dataset.load(NOWHERE, "cuda"), "cuda", others)
        for run, others in ((first, [second]), (second, []))
    )
    for trainer in (both, alone):
        trainer.advance(ITERATIONS, never)
    assert both.loop == "replayed"
    assert_equal_states(both.as_seen_by(second), alone)


def test_layers_that_draw_by_themselves_have_a_graph_for_each_update() -> None:
    """Dropout's generator is seeded for every update, and a graph has one seed."""
    spec = load(next(file for file in PAPERS if file.stem == "gan_dcgan_mnist")).spec
    graphs = {}
    for experiment in ("gan", "dcgan"):  # with dropout in D, which both players run through; without
        trainer = trainer_of(make_run(spec, experiment, "smoke", 1, "fp32"), replays=True)
        trainer.advance(ITERATIONS, never)
        assert trainer._replayer is not None
        graphs[experiment] = len(trainer._replayer._segments)
    assert graphs == {"gan": 2, "dcgan": 1}


@pytest.mark.parametrize("numerics", ["fp32", "tf32", "bf16"])
def test_a_resumed_run_captures_anew_and_ends_in_the_same_bits(numerics: str) -> None:
    spec = load(next(file for file in PAPERS if file.stem == "gan_rl")).spec
    run = make_run(spec, "toy_reconstruction", "smoke", 1, numerics)
    straight, first, second = (trainer_of(run, replays=True) for _ in range(3))
    straight.advance(20, never)
    first.advance(11, never)
    second.restore({**first.state(), "curves": {name: torch.from_numpy(c) for name, c in first.curves().items()}})
    second.advance(20, never)
    assert_equal_states(straight, second)


def test_a_rate_that_moves_moves_under_replay() -> None:
    """With a rate that falls to zero the last iteration changes nothing."""
    spec = load(next(file for file in PAPERS if file.stem == "gan_rl")).spec
    run = make_run(spec, "toy_non_saturating", "smoke", 1, "fp32")
    decay = SCHEDULES.get("linear_decay").model_validate({"start": 0, "end": 10})
    players = {name: player.model_copy(update={"learning_rate": decay}) for name, player in run.system.players.items()}
    run = replace(run, system=run.system.model_copy(update={"players": players}))
    plain, replayed = trainer_of(run, replays=False), trainer_of(run, replays=True)
    for trainer in (plain, replayed):
        trainer.advance(10, never)
    assert_equal_states(plain, replayed)
    before = {name: value.clone() for name, value in replayed.networks["generator"].state_dict().items()}
    replayed.advance(14, never)
    assert replayed.loop == "replayed"
    assert all(torch.equal(value, before[name]) for name, value in replayed.networks["generator"].state_dict().items())
