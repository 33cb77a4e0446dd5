"""Recorded updates against the same updates by autograd, bit for bit."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from benchmark.runs.plan import Run, make_run
from benchmark.spec.load import loads
from benchmark.training.streams import Streams
from benchmark.training.tape import Tape, suits
from benchmark.training.trainer import Trainer
from tests.training.test_extensions import edited
from tests.training.test_trainer import never, smoke_run, trainer_of


def by_autograd(monkeypatch: pytest.MonkeyPatch, run: Run) -> Trainer:
    monkeypatch.setattr("benchmark.training.trainer.suits", lambda _system, _modules: False)
    trainer = trainer_of(run)
    monkeypatch.undo()
    assert trainer._tapes is None
    return trainer


def assert_same(one: Trainer, other: Trainer) -> None:
    for role, network in one.networks.items():
        for name, value in network.state_dict().items():
            assert torch.equal(other.networks[role].state_dict()[name], value)
    for name, curve in one.curves().items():
        assert curve.tobytes() == other.curves()[name].tobytes()


@pytest.mark.parametrize("numerics", ["exact", "fp32"])
@pytest.mark.parametrize(
    ("paper", "experiment"), [("toy", "toy_minimax"), ("toy", "toy_reconstruction"), ("gan_dcgan_mnist", "gan")]
)
def test_a_run_has_the_bits_that_autograd_gives(
    paper: str, experiment: str, numerics: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points with two networks in one loss; pictures with dropout, with batches of which the last may be smaller."""
    run = smoke_run(paper, experiment, numerics)
    plain, taped = by_autograd(monkeypatch, run), trainer_of(run)
    for trainer in (plain, taped):
        trainer.advance(12, never)
    assert taped._tapes
    assert all(
        tape._again is not None for (_, size), tape in taped._tapes.items() if size == taped.run.setup.batch_size
    )
    assert_same(plain, taped)


@pytest.mark.parametrize(
    "penalty",
    [
        "gradient_penalty: {network: discriminator, real: real, fake: fake, target: 1.0, weight: 10.0}",
        "dragan: {network: discriminator, real: real, scale: 0.5, target: 1.0, weight: 10.0}",
        "r1_r2_penalty: {network: discriminator, points: real, weight: 5.0}",
        "drift: {output: real_logit, weight: 0.1}",
    ],
)
def test_penalties_are_recorded_with_the_bits_that_autograd_gives(
    penalty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Derivatives of derivatives, and draws of the penalty's own."""
    minimise = "        minimise:\n          - cross_entropy: {real: real_logit, fake: fake_logit}\n        optimizer"
    text = edited((minimise, minimise.replace("optimizer", f"penalties:\n          - {penalty}\n        optimizer")))
    run = make_run(loads(text).spec, "toy_minimax", "smoke", 3, "fp32")
    plain, taped = by_autograd(monkeypatch, run), trainer_of(run)
    for trainer in (plain, taped):
        trainer.advance(6, never)
    assert taped._tapes
    assert all(tape._again is not None for tape in taped._tapes.values())
    assert_same(plain, taped)
    without = trainer_of(smoke_run("toy", "toy_minimax", "fp32"))
    without.advance(6, never)
    assert any(
        not torch.equal(one, other)
        for one, other in zip(
            taped.networks["discriminator"].parameters(), without.networks["discriminator"].parameters(), strict=True
        )
    ), "the penalty moves the weights"


def test_what_was_recorded_goes_on_from_another_state(monkeypatch: pytest.MonkeyPatch) -> None:
    run = smoke_run("toy", "toy_minimax", "fp32")
    plain, taped, state = by_autograd(monkeypatch, run), trainer_of(run), trainer_of(run)
    plain.advance(9, never)
    taped.advance(4, never)
    state.advance(4, never)
    taped.advance(7, never)
    taped.restore(state.state())
    taped.advance(9, never)
    assert_same(plain, taped)


@pytest.fixture
def layer() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 3)


def played(tape: Tape, work: object, times: int = 4) -> list[list[Tensor]]:
    """What a tape gives for other data each time."""
    torch.manual_seed(1)
    return [list(tape.play(work, torch.randn(5, 3), number)) for number in range(times)]  # type: ignore[arg-type]


def test_it_follows_parameters_draws_and_what_is_written_over(layer: nn.Linear) -> None:
    """Operations of several results, views of parameters, dropout, noise of a stream; the weights move in between."""
    streams = Streams(0, "cpu")
    start = layer.weight.detach().clone()

    def trained(tape: Tape) -> list[Tensor]:
        torch.manual_seed(1)
        found: list[Tensor] = []
        with torch.no_grad():
            layer.weight.copy_(start)
        for number in range(4):

            def work(real: Tensor | None) -> list[Tensor | None]:
                assert real is not None
                left, right = layer(real).relu_().split([1, 2], dim=1)
                noise = streams.noise("normal", "z", (5, 1), number, 7)  # noqa: B023
                loss = (left * noise).sum() + dropout(right, 0.5).square().mean() + layer.weight.t()[0].sum()
                layer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                return [layer.weight.grad, loss.detach(), None]

            weight, loss, nothing = tape.play(work, torch.randn(5, 3), number)
            assert nothing is None
            assert weight is not None
            assert loss is not None
            found += [weight, loss]
            with torch.no_grad():
                layer.weight.add_(weight, alpha=-0.1)
        return found

    tape, plain = Tape(streams, layer.parameters()), Tape(streams, ())
    plain.refused = "autograd is to do it"
    expected = trained(plain)
    for mine, autograd_s in zip(trained(tape), expected, strict=True):
        assert torch.equal(mine, autograd_s)
    assert tape.refused is None
    assert tape._again is not None


def test_what_cannot_be_recorded_is_done_as_it_is(layer: nn.Linear) -> None:
    generator = torch.Generator()
    outside = torch.zeros(5, 3)

    def reads_a_value(real: Tensor) -> list[Tensor]:
        return [layer(real) * real.sum().item()]

    def reads_another(real: Tensor) -> list[Tensor]:
        outside.add_(1)
        return [layer(real) + outside]

    def draws(real: Tensor) -> list[Tensor]:
        return [layer(real) + torch.randn(5, 3, generator=generator.manual_seed(int(real.numel())))]

    for work, reason in ((reads_a_value, "a value"), (reads_another, "not known"), (draws, "generator")):
        tape = Tape(Streams(0, "cpu"), layer.parameters())
        outside.zero_()
        expected = played(SimpleNamespace(play=lambda work, real, _: work(real)), work)  # type: ignore[arg-type]
        outside.zero_()
        for mine, direct in zip(played(tape, work), expected, strict=True):
            assert torch.equal(mine[0], direct[0])
        assert tape.refused is not None
        assert reason in tape.refused


def test_what_a_tape_does_not_suit() -> None:
    system = smoke_run("toy", "toy_minimax").system
    fine = [nn.Linear(2, 2), nn.ReLU(), nn.Dropout(), nn.Tanh(), nn.Sequential(nn.Flatten())]
    assert suits(system, fine)

    class Own(nn.Module):
        pass

    for other in (nn.BatchNorm1d(2), nn.Conv2d(1, 1, 1), nn.PReLU(), Own()):
        assert not suits(system, [*fine, other])
    reused = {name: step.model_copy(update={"reuse": True}) for name, step in system.signals.items()}
    assert not suits(SimpleNamespace(signals=reused), fine)  # type: ignore[arg-type]


def test_runs_in_bf16_are_autograd_s() -> None:
    assert trainer_of(smoke_run("toy", "toy_minimax", "bf16"))._tapes is None
