"""Improved GANs with reconstruction loss (Li, Xiao and Ouyang 2018): the part on eight Gaussians."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmark.parts.datasets.at_hand import EightGaussians
from benchmark.spec.dataflow import batches_per_iteration, curve_names
from tests.papers import checks

NAME = "gan_rl"
SPEC = checks.paper(NAME).spec
TOYS = ("toy_minimax", "toy_non_saturating", "toy_reconstruction")
TIERS = sorted((name, tier) for name, tier in checks.setups(SPEC) if name in TOYS)


def test_parameter_counts() -> None:
    hidden = 2 * (512 * 512 + 512)
    expected = {
        "toy_generator": (2 * 512 + 512) + hidden + (512 * 2 + 2),
        "toy_discriminator": (2 * 512 + 512) + hidden + (512 + 1),
    }
    for name, count in expected.items():
        assert checks.trainable(checks.module(SPEC, name, {})) == count == SPEC.networks[name].parameters


@pytest.mark.parametrize(("experiment", "tier"), TIERS)
def test_shapes(experiment: str, tier: str) -> None:
    roles = SPEC.systems[experiment].networks
    sizes = checks.run_sizes(SPEC, experiment, tier)
    generator = checks.module(SPEC, roles["generator"], sizes)
    discriminator = checks.module(SPEC, roles["discriminator"], sizes)
    noise = torch.randn(5, *generator.layout.inputs[0], generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        points = generator(noise)
        assert points.shape == (5, 2)
        assert discriminator(points).shape == (5, 1)


def test_reconstruction_skips_the_first_linear_layer_alone() -> None:
    system = SPEC.systems["toy_reconstruction"]
    roles = system.networks
    generator = checks.module(SPEC, roles["generator"], {})
    discriminator = checks.module(SPEC, roles["discriminator"], {})
    step, read = system.signals["reconstruction"], system.signals["features"]
    points = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = discriminator(points, 0, discriminator.index(read.until, -1))
        through_all_but_last = discriminator.layers[-1](features)
        rebuilt = generator(features, generator.index(step.enter, -1))
        assert torch.equal(through_all_but_last, discriminator(points))
        relu, linear = torch.nn.functional.relu, [layer for layer in generator.layers if hasattr(layer, "weight")]
        by_hand = linear[3](relu(linear[2](relu(linear[1](relu(features))))))
    assert features.shape == (5, 512)
    assert torch.equal(rebuilt, by_hand)


def test_features_that_enter_late_pass_the_last_layer_alone() -> None:
    spec = checks.paper(NAME).under("into_last_hidden_layer")
    system = spec.systems["toy_reconstruction"]
    assert spec.systems["toy_minimax"] == SPEC.systems["toy_minimax"]
    generator = checks.module(spec, system.networks["generator"], {})
    features = torch.rand(5, 512, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        rebuilt = generator(features, generator.index(system.signals["reconstruction"].enter, -1))
        last = [layer for layer in generator.layers if hasattr(layer, "weight")][3]
        assert torch.equal(rebuilt, last(features))
    narrow = checks.paper(NAME).under("narrow+into_last_hidden_layer")
    assert (
        checks.trainable(checks.module(narrow, system.networks["generator"], {})) == 3 * 128 + 2 * 129 * 128 + 129 * 2
    )
    assert checks.trainable(generator) == SPEC.networks["toy_generator"].parameters


@pytest.mark.parametrize(
    ("reading", "widest", "bias"),
    [
        (None, (6 / 512) ** 0.5, 0.0),
        ("toy_tensorflow_weights", (6 / 1024) ** 0.5, 0.0),
        ("toy_pytorch_weights", 512**-0.5, 512**-0.5),
    ],
)
def test_first_weights_of_a_hidden_layer_are_uniform(reading: str | None, widest: float, bias: float) -> None:
    """He et al.'s variance is 2 / fan-in, Glorot's 2 / (fan-in + fan-out), PyTorch's 1 / (3 fan-in), biases too."""
    spec = checks.paper(NAME).under(reading)
    for name in ("toy_generator", "toy_discriminator"):
        layer = [layer for layer in checks.module(spec, name, {}).layers if hasattr(layer, "weight")][1]
        assert layer.weight.shape == (512, 512)
        assert layer.weight.abs().max().item() == pytest.approx(widest, rel=1e-3)
        assert layer.weight.std().item() == pytest.approx(widest / 3**0.5, rel=0.01)
        assert layer.bias.abs().max().item() == pytest.approx(bias, rel=0.02)


def test_systems_differ_in_the_losses_that_the_paper_names() -> None:
    terms = {
        name: {player: [term.name for term in one.minimise] for player, one in SPEC.systems[name].players.items()}
        for name in TOYS
    }
    assert terms == {
        "toy_minimax": {"discriminator": ["cross_entropy"], "generator": ["minimax"]},
        "toy_non_saturating": {"discriminator": ["cross_entropy"], "generator": ["non_saturating"]},
        "toy_reconstruction": {
            "discriminator": ["cross_entropy", "absolute_error"],
            "generator": ["non_saturating", "absolute_error"],
        },
    }
    for name in TOYS:
        system = SPEC.systems[name]
        assert system.schedule == ("discriminator", "generator", "generator")
        assert batches_per_iteration(system) == 1
        assert {"real_probability", "fake_probability"} <= set(curve_names(system))
    weights = [player.minimise[1].weight for player in SPEC.systems["toy_reconstruction"].players.values()]
    assert weights == [5.0, 5.0]


def test_experiments_differ_in_the_system_alone() -> None:
    apart = {"system", "says", "label", "where", "tiers"}
    first, *others = [SPEC.experiments[name].model_dump(exclude=apart) for name in TOYS]
    assert all(other == first for other in others)


def test_the_mode_rule_counts_the_data_as_eight_modes() -> None:
    dataset = SPEC.experiments["toy_minimax"].dataset
    assert isinstance(dataset, EightGaussians)
    centres, deviation = dataset.modes()
    metric = SPEC.experiments["toy_minimax"].scores["modes"].metric
    kept = 1 - np.exp(-(metric.within_deviations**2) / 2)  # type: ignore[attr-defined]
    distances = np.linalg.norm(centres[:, None] - centres[None], axis=2) + 10 * np.eye(8)
    assert kept / 8 > 10 * metric.least_share  # type: ignore[attr-defined]
    assert distances.min() > 2 * metric.within_deviations * deviation  # type: ignore[attr-defined]
    assert np.abs(centres).max() < SPEC.experiments["toy_minimax"].snapshots.value_surface.extent  # type: ignore[union-attr]
