"""One player's update: what it weighs, what it watches, and where in a row of curves that stands."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch

from benchmark.spec.systems import Observation
from benchmark.training.update import TrainedPlayer, weigh
from tests.training.test_trainer import smoke_run, trainer_of


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("mean", 1.0),
        ("share_positive", 0.5),
        ("mean_probability", sum(1 / (1 + math.exp(-x)) for x in (-1, 0, 2, 3)) / 4),
        ("gradient_norm", 13.0),
    ],
)
def test_what_is_watched_by_hand(statistic: str, expected: float) -> None:
    """Of the signal -1, 0, 2, 3 and the gradients (3, 4) and 12; a parameter without a gradient has none."""
    player = object.__new__(TrainedPlayer)
    signal = None if statistic == "gradient_norm" else "s"
    player._observed = {"curve": Observation(player="p", signal=signal, statistic=statistic)}  # type: ignore[arg-type]
    player.parameters = [torch.zeros(2), torch.zeros(1), torch.zeros(1)]
    player.parameters[0].grad, player.parameters[1].grad = torch.tensor([3.0, 4.0]), torch.tensor([12.0])
    context = SimpleNamespace(signal=lambda _name: torch.tensor([-1.0, 0.0, 2.0, 3.0]))
    (found,) = player.observed(context)  # type: ignore[arg-type]
    assert float(found) == pytest.approx(expected)


def test_a_weight_of_1_changes_no_bit() -> None:
    term = torch.tensor(3.0)
    assert weigh(1.0, term) is term
    assert (float(weigh(2.0, term)), float(weigh(0.5, term))) == (6.0, 1.5)


def test_each_player_fills_its_own_columns() -> None:
    """The loss, its terms where they are several, and what is watched in its update."""
    trainer = trainer_of(smoke_run("toy", "toy_minimax"))
    taken = [trainer.columns[column] for player in trainer.players.values() for column in player.columns]
    assert sorted(taken) == sorted(trainer.columns)
    for name, player in trainer.players.items():
        assert trainer.columns[player.columns[0]] == f"{name}_loss"


def test_a_pass_ends_at_every_wanted_signal_that_lies_on_its_way() -> None:
    """D's logits of real data lie behind its features; the updates of G want the features alone."""
    trainer = trainer_of(smoke_run("toy", "toy_reconstruction"))
    judge, maker, features = 8, 8, 6  # layers, taps among them, and those before the tap of the features
    of_d, of_g = (trainer.players[name].ends for name in ("discriminator", "generator"))
    for asked in ("features", "real_logit"):
        assert of_d(asked) == [("features", features), ("real_logit", judge)]
    assert of_g("features") == [("features", features)]
    assert of_g("real_logit") == [("features", features), ("real_logit", judge)]
    for ends in (of_d, of_g):
        assert ends("fake_logit") == [("fake_logit", judge)]
        assert (ends("fake"), ends("reconstruction")) == ([("fake", maker)], [("reconstruction", maker)])


def test_a_rate_moves_where_it_lies() -> None:
    """A number is replaced; a tensor, which a CUDA graph reads, is filled."""
    player, held = object.__new__(TrainedPlayer), torch.tensor(2.0)
    player.spec = SimpleNamespace(learning_rate=SimpleNamespace(factor=lambda iteration, epoch: iteration / epoch))  # type: ignore[assignment]
    player.optimizer = SimpleNamespace(param_groups=[{"lr": 8.0}, {"lr": held}])  # type: ignore[assignment]
    player._rates = [8.0, 2.0]
    for iteration in (1, 2):  # of what it was at first, not of what it was before
        player.set_rate(iteration, 4.0)
        number, tensor = (group["lr"] for group in player.optimizer.param_groups)
        assert (number, float(held)) == (2.0 * iteration, 0.5 * iteration)
        assert tensor is held
