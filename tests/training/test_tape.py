"""Gradients by hand against autograd's, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from benchmark.training.tape import Stack, Tape, suits
from benchmark.training.trainer import Trainer
from tests.training.test_trainer import never, smoke_run, trainer_of


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("first", [lambda: nn.Linear(5, 7), nn.ReLU, lambda: nn.LeakyReLU(0.3)])
def test_a_loss_of_two_networks_has_autograd_s_gradients(first: Callable[[], nn.Module], dtype: torch.dtype) -> None:
    """G's output enters D, both of whose passes and an inner value the loss reads; D's two passes add up."""
    torch.manual_seed(0)
    entry = first()
    width = 7 if isinstance(entry, nn.Linear) else 5
    maker = nn.ModuleList([entry, nn.Linear(width, 6), nn.Identity(), nn.LeakyReLU(0.2), nn.Linear(6, 3)]).to(dtype)
    judge = nn.ModuleList([nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1)]).to(dtype)
    noise, real = torch.randn(9, 5, dtype=dtype), torch.randn(9, 3, dtype=dtype)
    parameters = [*maker.parameters(), *judge.parameters()]

    def loss(fake: torch.Tensor, inner: torch.Tensor, outer: torch.Tensor, logit: torch.Tensor) -> torch.Tensor:
        return outer.sigmoid().mean() - logit.square().mean() + fake.abs().mean() + inner.exp().mean()

    fake = nn.Sequential(*maker)(noise)
    inner = nn.Sequential(*judge[:2])(fake)
    loss(fake, inner, judge[2](inner), nn.Sequential(*judge)(real)).backward()
    expected = [parameter.grad for parameter in parameters]
    assert all(gradient is not None and gradient.any() for gradient in expected)

    for parameter in parameters:
        parameter.grad = None
    tape, lower, upper = Tape(), Stack(judge[:2]), Stack(judge[2:])
    fake = tape.run(Stack(maker), noise, weights=True)
    inner = tape.run(lower, fake, weights=True)
    outer = tape.run(upper, inner, weights=True)
    logit = tape.run(Stack(judge), real, weights=True)
    tape.backward(loss(fake, inner, outer, logit))
    for parameter, gradient in zip(parameters, expected, strict=True):
        assert torch.equal(parameter.grad, gradient)


def test_only_the_updated_player_s_weights_get_gradients() -> None:
    maker, judge, noise = nn.Linear(2, 3), nn.Linear(3, 1), torch.ones(4, 2)
    tape = Tape()
    tape.run(Stack([judge]), tape.run(Stack([maker]), noise, weights=True), weights=False)  # unread: no gradient
    logit = tape.run(Stack([judge]), tape.run(Stack([maker]), noise, weights=True), weights=False)
    tape.backward(logit.sum())
    assert judge.weight.grad is None
    assert judge.bias.grad is None
    torch.testing.assert_close(maker.bias.grad, 4 * judge.weight.detach()[0])
    still = tape.run(Stack([judge]), noise @ torch.ones(2, 3), weights=False)
    assert not still.requires_grad


@pytest.mark.parametrize("experiment", ["toy_minimax", "toy_reconstruction"])
@pytest.mark.parametrize("numerics", ["exact", "fp32"])
def test_a_run_has_the_bits_that_autograd_gives(
    experiment: str, numerics: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = smoke_run("toy", experiment, numerics)

    def trained() -> Trainer:
        trainer = trainer_of(run)
        trainer.advance(12, never)
        return trainer

    taped = trained()
    assert taped._taped
    monkeypatch.setattr("benchmark.training.trainer.suits", lambda _system, _layers: False)
    plain = trained()
    assert not plain._taped
    for role, network in plain.networks.items():
        for name, value in network.state_dict().items():
            assert torch.equal(taped.networks[role].state_dict()[name], value)
    for name, curve in plain.curves().items():
        assert curve.tobytes() == taped.curves()[name].tobytes()


def test_what_a_tape_does_not_suit() -> None:
    system = smoke_run("toy", "toy_minimax").system
    fine = [nn.Linear(2, 2), nn.ReLU(), nn.LeakyReLU(0.1), nn.Identity()]
    assert suits(system, fine)
    for other in (nn.Linear(2, 2, bias=False), nn.LeakyReLU(0.0), nn.Tanh(), nn.BatchNorm1d(2), nn.Dropout()):
        assert not suits(system, [*fine, other])
    twice = SimpleNamespace(signals=system.signals, players={"p": SimpleNamespace(penalties=["some"])})
    assert not suits(twice, fine)  # type: ignore[arg-type]
    reused = {name: step.model_copy(update={"reuse": True}) for name, step in system.signals.items()}
    assert not suits(SimpleNamespace(signals=reused, players=system.players), fine)  # type: ignore[arg-type]
    summed = {"sum": SimpleNamespace(sum={"fake": 1.0})}
    assert not suits(SimpleNamespace(signals=summed, players=system.players), fine)  # type: ignore[arg-type]


def test_runs_in_bf16_are_autograd_s() -> None:
    assert not trainer_of(smoke_run("toy", "toy_minimax", "bf16"))._taped
