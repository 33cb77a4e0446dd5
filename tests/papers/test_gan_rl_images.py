"""Improved GANs with reconstruction loss (Li, Xiao and Ouyang 2018): networks and systems on images."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.runs.plan import make_run
from benchmark.runs.records import Stored
from benchmark.runs.runner import OneRun
from benchmark.spec.fields import written
from benchmark.spec.resolve import system_of
from benchmark.training.numerics import prepare
from tests.papers import checks

NAME = "gan_rl"
SPEC = checks.paper(NAME).spec
PAIRS = (("gan_rl", "gan"), ("dragan_rl", "dragan"), ("gan_gp_rl", "gan_gp"))
TAPPED = (
    ("dcgan_generator", "dcgan_discriminator", 4096),
    ("dcgan_generator", "dcgan_plain_discriminator", 4096),
    ("dcgan64_generator", "dcgan64_discriminator", 8192),
    ("resnet_generator", "resnet_discriminator", 2048),
    ("resnet128_generator", "resnet128_discriminator", 16384),
)


def uniform(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


# --- networks -------------------------------------------------------------------------------------------------------


def test_parameter_counts() -> None:
    """By hand from the released networks that the spec names: biases everywhere, scale and shift where normalised."""

    def conv(inputs: int, outputs: int, kernel: int = 5) -> int:
        return outputs * (inputs * kernel**2 + 1)

    def enlarging(inputs: int, outputs: int) -> int:
        both = conv(inputs, outputs, 3) + conv(outputs, outputs, 3) + conv(inputs, outputs, 1)
        return both + 2 * (inputs + outputs)

    def halving(inputs: int, outputs: int) -> int:
        return conv(inputs, inputs, 3) + conv(inputs, outputs, 3) + conv(inputs, outputs, 1)

    first = 128 * 8192 + 8192
    block = 2 * conv(128, 128, 3)
    body = conv(3, 64) + conv(64, 128) + 256 + conv(128, 256) + 512
    body64 = conv(3, 64) + conv(64, 128) + 256 + conv(128, 256) + 512 + conv(256, 512) + 1024
    resnet = conv(3, 128, 3) + conv(128, 128, 3) + conv(3, 128, 1) + 3 * block + conv(128, 128, 1) + 129
    expected = {
        "dcgan_generator": 129 * 4096 + 2 * 4096 + conv(256, 128) + 256 + conv(128, 64) + 128 + conv(64, 3),
        "dcgan_discriminator": body + 4097,
        "dcgan64_generator": (
            first + 1024 + conv(512, 256) + 512 + conv(256, 128) + 256 + conv(128, 64) + 128 + conv(64, 3)
        ),
        "dcgan64_discriminator": body64 + 8193,
        "resnet_generator": 129 * 2048 + 3 * (block + conv(128, 128, 1) + 512) + 256 + conv(128, 3, 3),
        "resnet_discriminator": resnet,
        "resnet_critic": resnet,
        "resnet_spectral_discriminator": resnet - 1,  # no bias at its end
        "dcgan_plain_discriminator": conv(3, 64) + conv(64, 128) + conv(128, 256) + 4097,
        "dcgan_encoder": body + 128 * 4097,
        "dcgan64_encoder": body64 + 128 * 8193,
        "code_discriminator": 129 * 750 + 751 * 750 + 751,
        # AGE's: 4 x 4 kernels, biases in the encoders' last layer and the 1 x 1 convolution alone
        "age_encoder": 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 128) + 128 + 2 * (128 + 256),
        "age_generator": (
            16 * (128 * 512 + 512 * 256 + 256 * 128 + 128 * 128) + 2 * (512 + 256 + 128 + 128) + conv(128, 3, 1)
        ),
        "age64_encoder": 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 64) + 64 + 2 * (128 + 256 + 512),
        "age64_generator": 16 * (64 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 2 * (512 + 256 + 128 + 64),
        "resnet128_generator": (
            129 * 16384
            + sum(enlarging(*pair) for pair in ((1024, 1024), (1024, 512), (512, 256), (256, 128), (128, 64)))
            + (128 + conv(64, 3, 3))
        ),
        "resnet128_discriminator": (
            (conv(3, 64, 3) + conv(64, 64, 3) + conv(3, 64, 1))
            + sum(halving(*pair) for pair in ((64, 128), (128, 256), (256, 512), (512, 1024)))
            + (2 * conv(1024, 1024, 3) + 1025)
        ),
    }
    toys = {"toy_generator", "toy_generator_entered_late", "toy_discriminator"}
    assert set(expected) == set(SPEC.networks) - toys
    for name, count in expected.items():
        assert checks.trainable(checks.module(SPEC, name, {})) == count == SPEC.networks[name].parameters
    assert list(expected.values())[:4] == [1_565_955, 1_034_113, 5_364_739, 4_316_545]


def test_readings_of_the_networks_change_what_they_say() -> None:
    """By hand: 28 values of noise less, kernels of 16 places in place of 25, no scale and shift of 128 and 256 maps."""
    kernels = 256 * 128 + 128 * 64 + 64 * 3
    expected = {
        ("latent_100", "svhn_gan"): -28 * 4096,
        ("latent_100", "svhn_alpha_gan"): -28 * 4096 - 28 * 4097 - 28 * 750,
        ("latent_100", "lsun_gan"): -28 * 8192,
        ("latent_100", "svhn_age"): 0,
        ("four_by_four", "svhn_gan"): -2 * 9 * kernels,
        ("four_by_four", "celeba_gan"): -2 * 9 * (kernels + 512 * 256),
        ("plain_discriminator", "svhn_gan"): -2 * (128 + 256),
        ("plain_discriminator", "lsun_gan"): 0,
        ("code_discriminator_of_700", "svhn_alpha_gan"): -50 * 129 - (751 * 750 - 701 * 700) - 50,
        ("age_codes_of_128", "lsun_age"): 2 * 16 * 64 * 512 + 64,
    }
    for (reading, experiment), more in expected.items():
        base, here = (
            make_run(spec, experiment, "full", 0, "fp32").parameter_count
            for spec in (SPEC, checks.paper(NAME).under(reading))
        )
        assert here - base == more, (reading, experiment)


def _used() -> list[tuple[str, str, tuple[tuple[str, int], ...]]]:
    """Every network with the sizes that some experiment gives it at some tier, and the images it is used with."""
    found = set()
    for experiment, tier in checks.setups(SPEC):
        if not experiment.startswith("toy_"):
            run = make_run(SPEC, experiment, tier, 0, "fp32")  # type: ignore[arg-type]
            for role, network in run.system.networks.items():
                found.add((role, network, tuple(sorted(run.setup.sizes.items()))))
    return sorted(found)


@pytest.mark.parametrize(("role", "network", "sizes"), _used())
def test_shapes_and_ranges_at_every_size(role: str, network: str, sizes: tuple[tuple[str, int], ...]) -> None:
    module = checks.module(SPEC, network, dict(sizes))
    size = 128 if "128" in network else 64 if "64" in network else 32
    latent = dict(sizes).get("latent", 64 if network.startswith("age64") else 128)
    images, codes = (3, size, size), (latent,)
    inputs = {"generator": codes, "code_discriminator": codes}.get(role, images)
    output = {"generator": images, "encoder": codes}.get(role, (1,))
    assert module.layout.inputs[0] == inputs
    with torch.no_grad():
        found = module(uniform(2, *inputs))
    assert found.shape == (2, *output)
    assert torch.isfinite(found).all()
    if role == "generator":
        assert found.abs().max() <= 1
    if network in ("age_encoder", "age64_encoder"):
        assert torch.allclose(found.norm(dim=1), torch.ones(2), atol=1e-5)


@pytest.mark.parametrize(("generator", "discriminator", "size"), TAPPED)
def test_features_enter_right_after_the_linear_layer(generator: str, discriminator: str, size: int) -> None:
    g = checks.module(SPEC, generator, {})
    d = checks.module(SPEC, discriminator, {})
    assert d.layout.shape_at("features") == g.layout.shape_at("first_linear") == (size,)
    assert g.layout.output == d.layout.inputs[0]
    before = [layer.name for layer in g.layout.layers[: g.layout.taps["first_linear"]]]
    after = [layer.name for layer in g.layout.layers[g.layout.taps["first_linear"] + 1 :]]
    assert before == ["linear"]
    assert next(name for name in after if name != "reshape") in ("batch_norm", "resblock")
    assert "linear" not in after
    with torch.no_grad():
        images = g(uniform(1, size), g.index("first_linear", -1))
    assert images.shape == (1, *g.layout.output)
    assert images.abs().max() <= 1


def test_the_resnets_tap_leaves_the_discriminator_as_it_was() -> None:
    d = checks.module(SPEC, "resnet_discriminator", {})
    pool = next(index for index, layer in enumerate(d.layout.layers) if layer.name == "average_pool")
    images = uniform(2, 3, 32, 32)
    with torch.no_grad():
        maps = d(images, 0, pool)
        assert maps.shape == (2, 128, 8, 8)
        assert torch.allclose(d.layers[-1](maps.mean(dim=(2, 3))), d(images), atol=1e-5)


def test_age_codes_lie_on_the_sphere() -> None:
    for name, latent, size in (("age_encoder", 128, 32), ("age64_encoder", 64, 64)):
        with torch.no_grad():
            codes = checks.module(SPEC, name, {})(uniform(4, 3, size, size))
        assert codes.shape == (4, latent)
        assert torch.allclose(codes.norm(dim=1), torch.ones(4), atol=1e-5)


# --- systems --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("augmented", "base"), PAIRS)
def test_reconstruction_adds_two_signals_and_a_term_and_changes_no_network(augmented: str, base: str) -> None:
    """RL-C27."""
    ours, theirs = SPEC.systems[augmented], SPEC.systems[base]
    assert ours.networks == theirs.networks
    for place in ("svhn", "lsun", "celeba"):
        counts = [make_run(SPEC, f"{place}_{name}", "full", 0, "fp32").parameter_count for name in (augmented, base)]
        assert counts[0] == counts[1]
    assert set(ours.signals) - set(theirs.signals) == {"features", "reconstruction"}
    assert (ours.signals["features"].input, ours.signals["reconstruction"].enter) == ("real", "first_linear")
    for name, player in ours.players.items():
        added = {"absolute_error": {"output": "reconstruction", "target": "real", "weight": 5.0}}
        assert [written(term) for term in player.minimise] == [
            *(written(term) for term in theirs.players[name].minimise),
            added,
        ]
        same = {"minimise"}
        assert player.model_dump(exclude=same) == theirs.players[name].model_dump(exclude=same)
    assert ours.schedule == theirs.schedule == ("discriminator", "generator", "generator")


def test_gradient_penalties_weigh_ten() -> None:
    for name in ("dragan", "dragan_rl", "gan_gp", "gan_gp_rl"):
        (penalty,) = SPEC.systems[name].players["discriminator"].penalties
        assert penalty.weight == 10.0
        assert penalty.name == ("dragan" if name.startswith("dragan") else "gradient_penalty")
        assert SPEC.systems[name].players["generator"].penalties == ()


def test_code_matching_weighs_as_in_ages_program() -> None:
    """The program averages over codes and their values, the part over codes alone."""
    for experiment, latent in (("svhn_age", 128), ("lsun_age", 64)):
        generator = system_of(SPEC, SPEC.experiments[experiment]).players["generator"]
        assert generator.minimise[1].name == "cosine_distance"
        assert generator.minimise[1].weight * latent == 1000


@pytest.mark.parametrize(
    "experiment", ["svhn_age", "svhn_alpha_gan", "celeba_dragan_rl", "resnet_gan_rl", "resnet_sn_gan", "lsun_age"]
)
def test_smoke_runs_train(experiment: str, tmp_path: Path) -> None:
    run = make_run(SPEC, experiment, "smoke", 0, "fp32")
    prepare(run.numerics, 1)
    record = OneRun(run, tmp_path, tmp_path / "no-data-needed", "cpu").execute()
    assert record.status == "finished"
    assert record.scores["variance"].value is not None
    assert record.scores["fid"].reason is not None
    curves = Stored(record, tmp_path / run.folder).curves()
    assert all(len(curve) == run.iterations for curve in curves.values())
    assert {f"{player}_loss" for player in run.system.players} <= set(curves)
