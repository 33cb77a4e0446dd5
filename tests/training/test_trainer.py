"""The trainer against a plain loop, its resuming, its random streams and its way to fail."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from benchmark.runs.plan import Run, make_run
from benchmark.spec.load import loads
from benchmark.training import trainer as trainer_module
from benchmark.training.numerics import prepare
from benchmark.training.streams import Streams, device_generator, stream_seed
from benchmark.training.trainer import Diverged, Trainer
from tests.specs import load

ROOT = Path(__file__).parents[2]
SPECS = {"toy": ROOT / "tests" / "toy.yaml", "gan_dcgan_mnist": ROOT / "papers" / "gan_dcgan_mnist.yaml"}


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.benchmark = False


def smoke_run(paper: str, experiment: str, numerics: str = "exact", seed: int = 3) -> Run:
    return make_run(load(SPECS[paper]).spec, experiment, "smoke", seed, numerics)


def trainer_of(run: Run) -> Trainer:
    prepare(run.numerics, 1)
    return Trainer(run, run.setup.dataset.load(Path("no-data-needed"), "cpu"), "cpu")


def never(_iteration: int) -> bool:
    return False


def start_equal(network: nn.Module, twin: nn.Module) -> None:
    """Copy a trainer's network into a hand-written one with the same parameters in the same order."""
    ours, theirs = list(network.parameters()), list(twin.parameters())
    assert [tuple(p.shape) for p in ours] == [tuple(p.shape) for p in theirs]
    with torch.no_grad():
        for own, other in zip(ours, theirs, strict=True):
            other.copy_(own)


def assert_bit_equal(network: nn.Module, twin: nn.Module) -> None:
    own = [value for value in network.state_dict().values() if value.is_floating_point()]
    other = [value for value in twin.state_dict().values() if value.is_floating_point()]
    assert len(own) == len(other) > 0
    for left, right in zip(own, other, strict=True):
        assert torch.equal(left, right)


def mlp_pair(size: int, width: int, latent: int) -> tuple[nn.Module, nn.Module]:
    def leaky() -> nn.Module:
        return nn.LeakyReLU(0.2)

    generator = nn.Sequential(
        nn.Linear(latent, width),
        leaky(),
        nn.Linear(width, 2 * width),
        leaky(),
        nn.Linear(2 * width, 4 * width),
        leaky(),
        nn.Linear(4 * width, size * size),
        nn.Tanh(),
        nn.Unflatten(1, (1, size, size)),
    )
    discriminator = nn.Sequential(
        nn.Flatten(),
        nn.Linear(size * size, 4 * width),
        leaky(),
        nn.Dropout(0.3),
        nn.Linear(4 * width, 2 * width),
        leaky(),
        nn.Dropout(0.3),
        nn.Linear(2 * width, width),
        leaky(),
        nn.Dropout(0.3),
        nn.Linear(width, 1),
    )
    return generator, discriminator


def conv_pair(size: int, width: int, latent: int) -> tuple[nn.Module, nn.Module]:
    generator = nn.Sequential(
        nn.ConvTranspose2d(latent, 2 * width, size // 4, 1, 0, bias=False),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.ConvTranspose2d(width, 1, 4, 2, 1, bias=False),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, width, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False),
        nn.BatchNorm2d(2 * width),
        nn.LeakyReLU(0.2),
        nn.Conv2d(2 * width, 1, size // 4, 1, 0, bias=False),
        nn.Flatten(),
    )
    return generator, discriminator


@pytest.mark.parametrize(("experiment", "pair"), [("gan", mlp_pair), ("dcgan", conv_pair)])
def test_twenty_iterations_equal_a_textbook_loop_bit_for_bit(experiment, pair):
    """The usual loop of a GAN tutorial, written without this package, gives the same bits after 20 iterations."""
    run = smoke_run("gan_dcgan_mnist", experiment)
    trainer = trainer_of(run)
    sizes, batch, seed = run.sizes, run.setup.batch_size, run.seed
    generator, discriminator = pair(sizes["size"], sizes["width"], sizes["latent"])
    start_equal(trainer.networks["generator"], generator)
    start_equal(trainer.networks["discriminator"], discriminator)
    adam = {"lr": 2e-4, "betas": (0.5, 0.999), "eps": 1e-8}
    optimizer_d = torch.optim.Adam(discriminator.parameters(), **adam)
    optimizer_g = torch.optim.Adam(generator.parameters(), **adam)
    from sklearn.datasets import load_digits

    images = torch.from_numpy(np.rint(load_digits().images * (255 / 16)).astype(np.uint8)).unsqueeze(1)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(stream_seed(seed, "order", 0)))
    noise_shape = (batch, *(int(size) for size in trainer.shapes["z"]))
    losses = []
    for iteration in range(20):
        real = (images[order[iteration * batch : (iteration + 1) * batch]].float() / 255 - 0.5) / 0.5

        def noise(update: int, iteration: int = iteration) -> torch.Tensor:
            draw = torch.Generator().manual_seed(stream_seed(seed, "noise.z", iteration, update))
            return torch.randn(noise_shape, generator=draw)

        torch.manual_seed(stream_seed(seed, "layers", iteration, 0))
        optimizer_d.zero_grad()
        real_logit = discriminator(real)
        fake_logit = discriminator(generator(noise(0)).detach())
        loss_d = cross_entropy(real_logit, torch.ones(batch, 1)) + cross_entropy(fake_logit, torch.zeros(batch, 1))
        loss_d.backward()
        optimizer_d.step()

        torch.manual_seed(stream_seed(seed, "layers", iteration, 1))
        optimizer_g.zero_grad()
        loss_g = cross_entropy(discriminator(generator(noise(1))), torch.ones(batch, 1))
        loss_g.backward()
        optimizer_g.step()
        losses.append((loss_d.item(), loss_g.item()))

    trainer.advance(20, never)
    assert_bit_equal(trainer.networks["generator"], generator)
    assert_bit_equal(trainer.networks["discriminator"], discriminator)
    curves = trainer.curves()
    recorded = list(zip(curves["discriminator_loss"].tolist(), curves["generator_loss"].tolist(), strict=True))
    assert recorded == losses


def test_reconstruction_enters_and_leaves_at_the_taps():
    """GAN-RL's three terms equal a computation by hand through slices of the networks (equations 1 to 4)."""
    run = smoke_run("toy", "toy_reconstruction")
    trainer = trainer_of(run)
    generator, discriminator = trainer.networks["generator"], trainer.networks["discriminator"]
    g, d = list(generator.layers), list(discriminator.layers)
    real = trainer.data.draw(run.setup.batch_size, Streams(run.seed, "cpu").generator("data", 0))
    z = Streams(run.seed, "cpu").noise("normal", "noise.z", (run.setup.batch_size, 2), 0, 0)
    features = nn.Sequential(*d[:-1])(real)
    reconstruction = nn.Sequential(*g[2:])(features)  # without the linear layer and the tap behind it
    error = (reconstruction - real).abs().mean()
    real_logit, fake_logit = nn.Sequential(*d)(real), nn.Sequential(*d)(nn.Sequential(*g)(z))
    adversarial = cross_entropy(real_logit, torch.ones_like(real_logit)) + cross_entropy(
        fake_logit, torch.zeros_like(fake_logit)
    )
    trainer.advance(1, never)
    curves = {name: float(values[0]) for name, values in trainer.curves().items()}
    assert curves["discriminator_absolute_error"] == pytest.approx(error.item(), rel=1e-6)
    assert curves["discriminator_cross_entropy"] == pytest.approx(adversarial.item(), rel=1e-6)
    assert curves["discriminator_loss"] == pytest.approx((adversarial + 5 * error).item(), rel=1e-6)
    assert curves["real_probability"] == pytest.approx(real_logit.sigmoid().mean().item(), rel=1e-6)


def test_only_the_player_in_turn_moves():
    run = smoke_run("gan_dcgan_mnist", "dcgan")
    trainer = trainer_of(run)
    before = [parameter.clone() for parameter in trainer.networks["generator"].parameters()]
    seen = []
    step = trainer.players["discriminator"].step

    def spy(found):
        result = step(found)
        after = trainer.networks["generator"].parameters()
        seen.append(all(torch.equal(old, new) for old, new in zip(before, after, strict=True)))
        return result

    trainer.players["discriminator"].step = spy
    trainer.advance(1, never)
    assert seen == [True]
    moved = trainer.networks["generator"].parameters()
    assert not any(torch.equal(old, new) for old, new in zip(before, moved, strict=True))


@pytest.mark.parametrize(("paper", "experiment"), [("gan_dcgan_mnist", "gan"), ("toy", "toy_reconstruction")])
@pytest.mark.parametrize("numerics", ["exact", "fp32", "bf16"])
def test_resumed_equals_uninterrupted(paper, experiment, numerics):
    run = smoke_run(paper, experiment, numerics)
    straight = trainer_of(run)
    straight.advance(20, never)
    first = trainer_of(run)
    first.advance(9, never)
    second = trainer_of(run)
    second.restore(first.state())
    second.advance(20, never)
    for role, network in straight.networks.items():
        assert_bit_equal(network, second.networks[role])
    for name, curve in straight.curves().items():
        assert np.array_equal(curve, second.curves()[name])


@pytest.mark.parametrize("dropped", ["iteration", "networks", "optimizers", "curves"])
def test_a_state_with_a_part_missing_is_refused(dropped):
    run = smoke_run("toy", "toy_minimax")
    trainer = trainer_of(run)
    trainer.advance(2, never)
    state = trainer.state()
    del state[dropped]
    with pytest.raises(ValueError, match="does not fit this run"):
        trainer_of(run).restore(state)


def test_forgetting_the_optimiser_would_be_noticed():
    """The planted fault: restoring everything but Adam's moments must not equal the straight run."""
    run = smoke_run("toy", "toy_minimax")
    straight = trainer_of(run)
    straight.advance(12, never)
    first = trainer_of(run)
    first.advance(6, never)
    faulty = trainer_of(run)
    faulty.restore({**first.state(), "optimizers": trainer_of(run).state()["optimizers"]})
    faulty.advance(12, never)
    ours, theirs = straight.networks["generator"], faulty.networks["generator"]
    assert not all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


def test_seeds_and_streams_are_independent():
    streams = Streams(1, "cpu")
    first = streams.noise("normal", "noise.z", (4000, 2), 7, 0)
    assert torch.equal(first, streams.noise("normal", "noise.z", (4000, 2), 7, 0))
    others = [
        Streams(2, "cpu").noise("normal", "noise.z", (4000, 2), 7, 0),
        streams.noise("normal", "noise.z", (4000, 2), 8, 0),
        streams.noise("normal", "noise.z", (4000, 2), 7, 1),
        streams.noise("normal", "noise.w", (4000, 2), 7, 0),
    ]
    for other in others:
        assert abs(float((first * other).mean())) < 4 / 8000**0.5
    assert torch.allclose(streams.noise("sphere", "s", (50, 3), 0).norm(dim=1), torch.ones(50))
    uniform = streams.noise("uniform", "u", (20000,), 0)
    assert -1 <= float(uniform.min()) < -0.99
    assert 0.99 < float(uniform.max()) <= 1
    assert float(uniform.var()) == pytest.approx(1 / 3, rel=0.05)
    unit = streams.noise("unit", "u", (20000,), 0)
    assert (float(unit.mean()), float(unit.var())) == pytest.approx((1 / 2, 1 / 12), rel=0.05)
    assert 0 <= float(unit.min()) < 0.005
    assert 0.995 < float(unit.max()) <= 1


def test_seeds_fill_63_bits():
    seeds = [stream_seed(seed, "noise.z", 7, 0) for seed in range(100)]
    assert max(seeds) < 2**63
    assert all(any(seed >> bit & 1 for seed in seeds) for bit in range(63))


def test_an_epoch_shows_every_example_once():
    run = smoke_run("gan_dcgan_mnist", "gan")
    trainer = trainer_of(run)
    assert trainer.data.resident
    per_epoch = 1797 // run.setup.batch_size
    shown = [trainer._feed(number) for number in range(2 * per_epoch)]
    first, second = torch.cat(shown[:per_epoch]), torch.cat(shown[per_epoch:])
    assert len(first.unique()) == len(first) == per_epoch * run.setup.batch_size
    assert len(second.unique()) == len(second)
    assert not torch.equal(first, second)


def test_divergence_is_found_and_named():
    text = SPECS["toy"].read_text().replace("learning_rate: 1e-4", "learning_rate: 1e30")
    run = make_run(loads(text).spec, "toy_non_saturating", "smoke", 0, "fp32")
    trainer = trainer_of(run)
    with pytest.raises(Diverged, match=r"loss.* not finite at iteration"):
        trainer.advance(run.iterations, never)
    assert all(np.isfinite(curve).all() for curve in trainer.curves().values())


@pytest.mark.parametrize(("iteration", "read"), [(1, 250), (101, 250), (250, 250), (301, 500), (590, 600)])
def test_curves_end_before_the_first_row_that_is_not_finite(iteration, read, monkeypatch):
    """Losses are made up: each of the ``iteration - 1`` earlier rows holds its own number."""
    trainer = trainer_of(smoke_run("toy", "toy_non_saturating"))
    bad = {iteration: "generator_loss", iteration + 5: "discriminator_loss"}

    def plainly(_feeds):
        now = trainer.iteration + 1
        return torch.tensor([float("nan") if bad.get(now) == name else float(now) for name in trainer.columns])

    monkeypatch.setattr(trainer, "plainly", plainly)
    with pytest.raises(Diverged, match=rf"\Agenerator_loss not finite at iteration {iteration}\Z"):
        trainer.advance(600, never)
    assert trainer.iteration == read
    assert all(curve.tolist() == [*range(1, iteration)] for curve in trainer.curves().values())


def test_a_parameter_that_is_not_finite_is_named():
    trainer = trainer_of(smoke_run("toy", "toy_non_saturating"))
    trainer.check_parameters()
    with torch.no_grad():
        next(trainer.networks["discriminator"].parameters()).view(-1)[-1] = float("inf")
    with pytest.raises(Diverged, match="parameters of 'discriminator' not finite after iteration 0"):
        trainer.check_parameters()


def test_a_stop_is_obeyed_after_the_iteration_that_asks_for_it():
    trainer = trainer_of(smoke_run("toy", "toy_non_saturating"))
    trainer.advance(9, lambda iteration: iteration == 4)
    assert trainer.iteration == 4
    assert {len(curve) for curve in trainer.curves().values()} == {4}


def test_an_epoch_keeps_its_incomplete_batch_where_the_spec_does():
    """1,797 digits in batches of 32 are 56 and one of 5."""
    text = SPECS["gan_dcgan_mnist"].read_text().replace("last_batch: drop", "last_batch: keep")
    run = make_run(loads(text).spec, "gan", "smoke", 3, "exact")
    assert (run.setup.batch_size, run.setup.last_batch) == (32, "keep")
    trainer = trainer_of(run)
    shown = [trainer._feed(number) for number in range(57)]
    assert [len(batch) for batch in shown] == [32] * 56 + [5]
    assert torch.cat(shown).sort().values.tolist() == [*range(1797)]


def test_only_whole_batches_are_replayed(monkeypatch):
    """Of 57 batches of 1,797 digits the last has 5: kernels were captured for 32."""
    text = SPECS["gan_dcgan_mnist"].read_text().replace("last_batch: drop", "last_batch: keep")
    trainer = trainer_of(make_run(loads(text).spec, "gan", "smoke", 3, "fp32"))
    row = torch.zeros(len(trainer.columns))
    replayed, plain = [], []
    trainer._replayer = SimpleNamespace(iterate=lambda iteration, _feeds: replayed.append(iteration) or row)
    monkeypatch.setattr(trainer, "plainly", lambda feeds: plain.append([len(feed) for feed in feeds]) or row)
    trainer.advance(58, never)
    assert (replayed, plain) == ([*range(56), 57], [[5, 5]])


def test_iterations_are_replayed_on_a_gpu_but_where_they_must_be_exact_or_networks_grow(monkeypatch):
    made = object()
    monkeypatch.setattr(trainer_module, "Replayer", lambda _trainer, _updates, _device: made)
    found = {}
    for device, numerics in (("cpu", "fp32"), ("cuda", "fp32"), ("cuda:1", "tf32"), ("cuda", "exact")):
        trainer = trainer_of(smoke_run("toy", "toy_minimax", numerics))
        trainer.device = device
        found[device, numerics] = trainer._make_replayer() is made
    assert [*found.values()] == [False, True, True, False]
    trainer = trainer_of(smoke_run("toy", "toy_minimax", "fp32"))
    trainer.device, trainer._growing = "cuda", [nn.Identity()]
    assert trainer._make_replayer() is None


@pytest.mark.parametrize(("numerics", "last"), [("fp32", True), ("exact", False)])
def test_convolutions_on_a_processor_have_channels_last_unless_they_must_be_exact(numerics, last):
    weights = list(trainer_of(smoke_run("gan_dcgan_mnist", "dcgan", numerics)).networks["generator"].parameters())
    wide = [weight for weight in weights if weight.ndim == 4 and min(weight.shape[1:]) > 1]
    assert wide
    assert {weight.is_contiguous(memory_format=torch.channels_last) for weight in wide} == {last}


def test_curves_are_read_every_250_iterations(monkeypatch):
    trainer = trainer_of(smoke_run("toy", "toy_minimax"))
    monkeypatch.setattr(trainer, "plainly", lambda _feeds: torch.zeros(len(trainer.columns)))
    read, reads = trainer.read_curves, []
    monkeypatch.setattr(trainer, "read_curves", lambda: reads.append(trainer.iteration) or read())
    trainer.advance(501, never)
    assert reads == [250, 500, 501]


def test_data_are_looked_up_once_for_all_updates_that_share_them(monkeypatch):
    trainer = trainer_of(smoke_run("toy", "toy_non_saturating"))
    looked_up, given = [], []
    monkeypatch.setattr(trainer, "set_rate", lambda _number: None)
    monkeypatch.setattr(trainer, "opened", lambda feed: looked_up.append(feed) or 2 * feed)
    monkeypatch.setattr(trainer, "update", lambda _number, real, _shared: given.append(real))
    monkeypatch.setattr(trainer, "row", len)
    first, second = torch.tensor(1), torch.tensor(2)
    assert trainer.plainly([None, first, first, None, second, first]) == 6
    assert looked_up == [1, 2]
    assert given == [None, 2, 2, None, 4, 2]


def test_rows_on_the_sphere_may_have_any_shape():
    values = Streams(1, "cpu").noise("sphere", "s", (50, 2, 3, 4), 0)
    assert torch.allclose(values.flatten(1).norm(dim=1), torch.ones(50))


def test_the_generator_of_layers_is_that_of_their_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "init", lambda: None)
    monkeypatch.setattr(torch.cuda, "default_generators", ("first", "second"))
    assert [device_generator(device) for device in ("cuda", "cuda:0", "cuda:1")] == ["first", "first", "second"]
    assert device_generator("cpu") is torch.default_generator


def test_layers_drew_where_their_generator_moved():
    streams = Streams(1, "cpu")
    for offset, drew in ((0, False), (4, True)):
        streams._layers = SimpleNamespace(get_offset=lambda offset=offset: offset)
        assert streams.layers_drew() is drew
