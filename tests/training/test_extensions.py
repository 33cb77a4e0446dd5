"""Reused passes, averaged weights, moving learning rates, growing modules, replaced settings and sweeps."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from benchmark.runs.plan import make_plan, make_run
from benchmark.spec.load import loads
from benchmark.spec.parts import SCHEDULES
from benchmark.spec.source import SpecError
from benchmark.training.numerics import prepare
from benchmark.training.streams import Streams, stream_seed
from benchmark.training.trainer import Trainer

TOY = (Path(__file__).parents[1] / "toy.yaml").read_text()
SCHEDULE = "schedule: [discriminator, generator, generator]"
ADAM = {"lr": 1e-4, "betas": (0.5, 0.9), "eps": 1e-8}


def edited(*changes: tuple[str, str]) -> str:
    text = TOY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def trainer_of(text: str, experiment: str = "toy_non_saturating") -> Trainer:
    prepare("exact", 1)
    run = make_run(loads(text).spec, experiment, "smoke", 0, "exact")
    trainer = Trainer(run, run.setup.dataset.load(Path("x"), "cpu"), "cpu")
    torch.use_deterministic_algorithms(False)
    return trainer


def never(_iteration: int) -> bool:
    return False


def mlp(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, outputs),
    )


REUSE = (
    ("fake: {network: generator, input: z}", "fake: {network: generator, input: z, reuse: true}"),
    ("redraw: update}", "redraw: iteration}"),
)


@pytest.mark.parametrize("first", ["discriminator", "generator"])
def test_reused_fakes_equal_the_loop_that_makes_one_batch_for_both(first):
    """D first is the usual DCGAN loop, G first the loop of the released LSGAN code: one fake batch, detached for D."""
    second = {"discriminator": "generator", "generator": "discriminator"}[first]
    schedule = (SCHEDULE, f"schedule: [{first}, {second}]")
    trainer = trainer_of(edited(*REUSE, schedule))
    batch = trainer.run.setup.batch_size
    generator, discriminator = mlp(2, 16, 2), mlp(2, 16, 1)
    for role, twin in (("generator", generator), ("discriminator", discriminator)):
        with torch.no_grad():
            for own, other in zip(trainer.networks[role].parameters(), twin.parameters(), strict=True):
                other.copy_(own)
    optimizer = {
        "generator": torch.optim.Adam(generator.parameters(), **ADAM),
        "discriminator": torch.optim.Adam(discriminator.parameters(), **ADAM),
    }
    for iteration in range(8):
        real = trainer.data.draw(batch, Streams(0, "cpu").generator("data", iteration))
        draw = torch.Generator().manual_seed(stream_seed(0, "noise.z", iteration))
        fake = generator(torch.randn(batch, 2, generator=draw))
        for player in (first, second):
            optimizer[player].zero_grad()
            if player == "generator":
                cross_entropy(discriminator(fake), torch.ones(batch, 1)).backward()
            else:
                loss = cross_entropy(discriminator(real), torch.ones(batch, 1))
                (loss + cross_entropy(discriminator(fake.detach()), torch.zeros(batch, 1))).backward()
            optimizer[player].step()
    trainer.advance(8, never)
    for role, twin in (("generator", generator), ("discriminator", discriminator)):
        for own, other in zip(trainer.networks[role].parameters(), twin.parameters(), strict=True):
            assert torch.equal(own, other)


def test_two_updates_cannot_reuse_one_pass():
    with pytest.raises(SpecError, match="only one update an iteration can use it"):
        loads(edited(*REUSE))


def test_an_average_is_the_geometric_sum_of_what_it_saw():
    text = edited(("    schedule: [disc", "    average: {generator: 0.9}\n    schedule: [disc"))
    trainer = trainer_of(text)
    expected = [parameter.detach().clone() for parameter in trainer.networks["generator"].parameters()]
    player = trainer.players["generator"]
    step = player.step

    def spy(found):
        result = step(found)
        for mean, now in zip(expected, trainer.networks["generator"].parameters(), strict=True):
            mean.copy_(0.9 * mean + 0.1 * now.detach())
        return result

    player.step = spy
    trainer.advance(5, never)
    for mean, found in zip(expected, trainer.averages["generator"].parameters(), strict=True):
        assert torch.allclose(mean, found, atol=1e-6)
        assert not torch.equal(mean, expected[0][:0])
    resumed = trainer_of(text)
    resumed.restore(trainer.state())
    for left, right in zip(
        trainer.averages["generator"].parameters(), resumed.averages["generator"].parameters(), strict=True
    ):
        assert torch.equal(left, right)


@pytest.mark.parametrize(
    ("name", "settings", "iteration", "factor"),
    [
        ("linear_decay", {"start": 0, "end": 100}, 0, 1.0),
        ("linear_decay", {"start": 0, "end": 100}, 25, 0.75),
        ("linear_decay", {"start": 50, "end": 100}, 50, 1.0),
        ("linear_decay", {"start": 50, "end": 100}, 75, 0.5),
        ("linear_decay", {"start": 50, "end": 100}, 150, 0.0),
        ("step_decay", {"multiplier": 0.5, "first": 3, "epochs": 4}, 29, 1.0),
        ("step_decay", {"multiplier": 0.5, "first": 3, "epochs": 4}, 30, 0.5),
        ("step_decay", {"multiplier": 0.5, "first": 3, "epochs": 4}, 69, 0.5),
        ("step_decay", {"multiplier": 0.5, "first": 3, "epochs": 4}, 70, 0.25),
        ("step_decay", {"multiplier": 0.5, "first": 3, "epochs": 4}, 115, 0.125),
    ],
)
def test_schedules_by_hand(name, settings, iteration, factor):
    """Epochs of 10 iterations."""
    assert SCHEDULES.get(name)(**settings).factor(iteration, 10.0) == pytest.approx(factor)


def test_a_rate_of_zero_stops_the_player():
    optimizer = "optimizer: {adam: {learning_rate: 1e-4, beta1: 0.5, beta2: 0.9, epsilon: 1e-8}}"
    scheduled = f"learning_rate: {{linear_decay: {{start: 0, end: 3}}}}\n        {optimizer}"
    trainer = trainer_of(edited((optimizer, scheduled)))
    trainer.advance(3, never)
    before = [parameter.clone() for parameter in trainer.networks["generator"].parameters()]
    trainer.advance(6, never)
    after = trainer.networks["generator"].parameters()
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("batches", "schedule", "feeds"),
    [
        ("iteration", "discriminator, generator", [5, 5]),
        ("iteration", "generator, discriminator", [5, 5]),
        ("update", "generator, discriminator, discriminator, generator", [None, 10, 11, 11]),
    ],
)
def test_batches_are_read_in_turn_each_iteration_or_each_update(batches, schedule, feeds, monkeypatch):
    """By their numbers, in the sixth iteration; of the two players D alone reads data."""
    trainer = trainer_of(edited(("batches: iteration", f"batches: {batches}"), (SCHEDULE, f"schedule: [{schedule}]")))
    monkeypatch.setattr(trainer, "_feed", lambda number: number)
    trainer.iteration = 5
    assert trainer._feeds() == feeds


@pytest.mark.parametrize(
    ("changes", "batches"),
    [((), 1), ((("batches: iteration", "batches: update"), (SCHEDULE, f"{SCHEDULE[:-1]}, discriminator]")), 2)],
)
def test_growing_modules_are_told_what_was_shown(changes, batches):
    trainer = trainer_of(edited(*changes))
    told: list[int] = []
    module = trainer.networks["generator"].layers[0]
    module.shown = told.append
    trainer._growing = [module]
    trainer.advance(3, never)
    assert told == [
        0,
        32 * batches,
        64 * batches,
        96 * batches,
    ]  # before each iteration, and once more for what is measured after the last


SWEEP = (
    "  toy_non_saturating:\n    extends: toy_minimax\n    says: Non-sat",
    "  toy_rate:\n    extends: toy_minimax\n    sweep:\n"
    "      low: {replace: {players.*.optimizer.adam.learning_rate: 1e-5}}\n"
    "      same: {replace: {players.*.optimizer.adam.learning_rate: 1e-4}}\n\n"
    "  toy_non_saturating:\n    extends: toy_minimax\n    says: Non-sat",
)


def test_a_sweep_is_one_experiment_for_each_point():
    spec = loads(edited(SWEEP)).spec
    assert {"toy_rate_low", "toy_rate_same"} <= set(spec.experiments)
    assert "toy_rate" not in spec.experiments
    runs = {(run.experiment, run.seed): run for run in make_plan(spec, "smoke", experiments=["toy_rate_low"])}
    for player in runs["toy_rate_low", 0].system.players.values():
        assert player.optimizer.learning_rate == 1e-5
    merged = make_plan(spec, "smoke", experiments=["toy_minimax", "toy_rate_same"])
    assert len(merged) == 1  # the point that changes nothing is the same work
    assert merged[0].also == ("toy_rate_same",)


def test_a_replacement_that_fits_nothing_is_an_error_at_its_place():
    text = edited(SWEEP).replace("adam.learning_rate: 1e-5", "adam.rate: 1e-5")
    with pytest.raises(SpecError, match="fits nothing that system 'toy_minimax' writes") as caught:
        loads(text)
    assert "adam.rate" in text.splitlines()[caught.value.problems[0].line - 1]
