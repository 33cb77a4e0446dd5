"""High-Resolution Deep Convolutional Generative Adversarial Networks (Curtó et al. 2017)."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmark.judging.published import Numbers
from benchmark.parts.networks.modules.growing import stage
from benchmark.runs.plan import make_plan, make_run
from benchmark.runs.runner import OneRun
from benchmark.spec.dataflow import inputs_of, networks_of
from benchmark.spec.resolve import sizes_of, system_of
from benchmark.spec.shapes import Layout, layout
from benchmark.training.numerics import prepare
from tests.papers import checks

NAME = "hdcgan"
LOADED = checks.paper(NAME)
SPEC = LOADED.spec
TIERS = sorted(checks.setups(SPEC))
EPOCH = 20
WIDTHS = [64 * 2**level for level in range(7)]


def test_everything_of_the_dossier_is_there() -> None:
    text = (checks.ROOT / "papers" / f"{NAME}.yaml").read_text(encoding="utf-8")
    assert {name for name in SPEC.claims if name.count("-") == 1} == {f"HD-C{number}" for number in range(1, 19)}
    assert set(SPEC.contradictions) == {f"HD-I{number}" for number in range(1, 17)}
    measured = {claim.min_seeds for claim in SPEC.claims.values() if claim.predicate is not None}
    assert measured == {3}
    assert [mark for mark in ("HD-U1", *(f"HD-V{number}" for number in range(1, 10))) if mark not in text] == []


def test_marks_of_ours_are_not_told_to_readers() -> None:
    """HD-V and HD-U are marks in comments; what is printed speaks of systems."""
    told = SPEC.model_dump_json()
    assert "HD-V" not in told
    assert "HD-U" not in told


def test_the_paper_contradicts_itself_in_one_statement_alone() -> None:
    """Equation 1's zero sum against errors that fall together; all else departs from other works, or is not shown."""
    assert [name for name, one in SPEC.contradictions.items() if one.kind == "itself"] == ["HD-I7"]
    stated = ("experiments.*.batch_size", "networks.bs_generator.layers", "experiments.hdcgan_celeba.budget")
    assert [path for path in stated if path not in SPEC.stated] == []


def test_figures() -> None:
    """Figures 1 and 2 are of the set and of the networks; all others are drawn again, at the epoch that they name."""
    found = {name: (figure.where, figure.by, figure.experiments) for name, figure in SPEC.figures.items()}
    assert found == {
        "F1": ("figure 1", "samples", ()),
        "F2": ("figure 2", "samples", ()),
        "F3": ("figure 3", "samples", ("hdcgan_cz",)),
        "F4": ("figure 4", "samples", ("hdcgan_cz",)),
        "F5": ("figure 5", "samples", ("hdcgan_12",)),
        "F6": ("figure 6", "curves", ("hdcgan_19",)),
        "F7": ("figures 7, 8 and 9", "samples", ("hdcgan_19",)),
        "F10": ("figures 10, 11 and 12", "samples", ("hdcgan_celeba",)),
        "F13": ("figure 13", "samples", ("hdcgan_celeba",)),
        "F14": ("figure 14", "scores", ("hdcgan_celeba",)),
    }
    assert SPEC.figures["F6"].curves == ("discriminator_loss", "generator_loss")
    assert {name: figure.epoch for name, figure in SPEC.figures.items() if figure.epoch is not None} == {"F10": 39}
    run = make_run(SPEC, "hdcgan_celeba", "full", 0, "fp32")
    shots = run.moments(run.setup.snapshots.every)
    assert 39 * 6331 in shots
    # figure 14's twelve points, and epochs 20, 25, ..., 70 of the other way of counting
    for score in ("ms_ssim", "fid"):
        assert {epoch * 6331 for epoch in (*range(19, 75, 5), *range(20, 75, 5))} <= set(
            run.moments(run.setup.scores[score].every)
        )


def test_every_variant_is_an_experiment_of_its_own_system() -> None:
    """HD-V1 to HD-V8 at 512 x 512 or, for the quoted rows, at 128 x 128; V9 is a departure."""
    expected = {
        "hdcgan_celeba": ("hdcgan", "celeba", 512),
        "hdcgan_cz": ("hdcgan", "cz", 512),
        "selu_19": ("selu_alone", "celeba", 512),
        "dcgan_19": ("dcgan", "celeba", 512),
        "wgan_19": ("wgan", "celeba", 512),
        "wgan_gp_19": ("wgan_gp", "celeba", 512),
        "lapgan_19": ("lapgan", "celeba", 512),
        "selu_19_low": ("selu_alone", "celeba", 128),
        "progressive_512": ("growing_wgan_gp", "celeba", 512),
        "wgan_gp_128": ("growing_wgan_gp", "celeba", 128),
        "progressive_128": ("growing_wgan_gp", "celeba", 128),
    }
    experiments = {name: SPEC.experiments[name] for name in expected}
    found = {name: (one.system, one.dataset.name, one.dataset.example_shape()[-1]) for name, one in experiments.items()}
    assert found == expected


def test_what_the_paper_states() -> None:
    """By hand from sections 5 and 6: Adam with 0.0002, batches of 32, 64 filters, 10,000 pairs at 128 x 128."""
    for name in ("hdcgan_celeba", "hdcgan_cz"):
        experiment = SPEC.experiments[name]
        assert experiment.batch_size == 32
        metric = experiment.scores["ms_ssim"].metric.model_dump()
        assert (metric["pairs"], metric["size"]) == (10_000, 128)
    for player in SPEC.systems["hdcgan"].players.values():
        assert player.optimizer.name == "adam"
        assert player.optimizer.model_dump()["learning_rate"] == 2e-4
        assert player.learning_rate is None
    for network in ("bs_generator", "bs_discriminator"):
        assert SPEC.networks[network].sizes["width"] == 64


def test_baselines_are_what_their_papers_are() -> None:
    """P8 and P3 of the dossier: clipping at 0.01 with RMSProp of 5e-5, and a penalty of 10; five critic updates."""
    for name in ("wgan", "wgan_gp", "growing_wgan_gp"):
        assert SPEC.systems[name].schedule == (*["critic"] * 5, "generator")
    clipped = SPEC.systems["wgan"].players["critic"].optimizer.model_dump()
    assert (clipped["clip"], clipped["learning_rate"]) == (0.01, 5e-5)
    for name in ("wgan_gp", "growing_wgan_gp"):
        (penalty,) = SPEC.systems[name].players["critic"].penalties
        assert (penalty.name, penalty.weight) == ("gradient_penalty", 10.0)
        assert penalty.model_dump()["target"] == 1.0
    assert SPEC.systems["growing_wgan_gp"].average == {"generator": pytest.approx(0.999**20)}


SIDES = [8, 16, 32, 64, 128, 256, 512]


def test_lapgan_is_what_its_release_is() -> None:
    """By hand from facebookarchive/eyescream: SGD of 0.01, cross-entropy over half a batch of each, uniform noise."""
    system = SPEC.systems["lapgan"]
    assert system.schedule == tuple(f"{role}_{side}" for side in SIDES for role in ("discriminator", "generator"))
    for name, player in system.players.items():
        role, _, side = name.partition("_")
        assert player.networks == (name,)
        assert (player.optimizer.name, player.optimizer.model_dump()["learning_rate"]) == ("sgd", 0.01)
        (term,) = player.minimise
        expected = ("cross_entropy", 0.5) if role == "discriminator" else ("non_saturating", 1.0)
        assert (term.name, term.weight) == expected
        assert term.model_dump()["fake"] == f"fake_logit_{side}"
        # D and G of a side learn from that side's images: real ones, or real ones of half the side made larger
        owners = {role for role in networks_of(system, f"fake_logit_{side}") if role in system.players}
        assert owners == {f"generator_{side}", f"discriminator_{side}"}
        assert inputs_of(system, f"fake_logit_{side}") == ({f"z_{side}", "real"} if side != "8" else {"z_8"})
    assert {noise.law for noise in system.noise.values()} == {"uniform"}
    assert inputs_of(system, system.sample) == {f"z_{side}" for side in SIDES}


def test_lapgan_s_parameters_by_hand() -> None:
    """7 x 7, 7 x 7 and 5 x 5 in G, 5 x 5 and 5 x 5 with stride 2 in D, each without padding; dense layers at 8 x 8."""
    for side in SIDES[1:]:
        left = (side - 4 - 5) // 2 + 1
        plans = {role: layout(SPEC.networks[f"lapgan_{role}_{side}"], {}) for role in ("generator", "discriminator")}
        generator = (4 * 49 + 1) * 128 + (128 * 49 + 1) * 128 + (128 * 25 + 1) * 3
        discriminator = (3 * 25 + 1) * 64 + (64 * 25 + 1) * 64 + left**2 * 64 + 1
        assert (plans["generator"].inputs[0], plans["generator"].output) == ((4, side, side), (3, side, side))
        assert plans["generator"].parameter_count == generator
        assert plans["discriminator"].parameter_count == discriminator
    assert SPEC.networks["lapgan_first_generator"].parameters == 65 * 600 + 601 * 600 + 601 * 192
    assert SPEC.networks["lapgan_first_discriminator"].parameters == 193 * 600 + 601 * 600 + 601


def test_lapgan_s_pyramid_loses_nothing() -> None:
    """An image is what its halved self gives, enlarged, and the rest; of a constant image there is no rest."""
    shrink, enlarge = (checks.module(SPEC, f"lapgan_{name}", {}) for name in ("shrink", "enlarge"))
    image = torch.rand(2, 3, 512, 512)
    below = image
    for side in SIDES[-2::-1]:
        stop = shrink.index(f"side_{side}", len(shrink.layers)) if side != 8 else len(shrink.layers)
        below = torch.nn.functional.avg_pool2d(below, 2)
        assert torch.allclose(shrink(image, 0, stop), below, atol=1e-6)
        start = enlarge.index(f"side_{side}", 0)
        larger = enlarge(below, start, enlarge.index(f"side_{2 * side}", 0))
        assert larger.shape[-1] == 2 * side
    flat = torch.full((1, 3, 8, 8), 0.25)
    assert torch.allclose(enlarge(flat), torch.full((1, 3, 512, 512), 0.25))


@pytest.mark.parametrize(
    "path",  # HD-U1: channels, noise, betas, start, last layers, preparation of CelebA; filter, epoch and pairing
    [
        "networks.bs_generator.layers.*.deconv",
        "networks.bs_discriminator.layers.*.conv",
        "systems.dcgan.noise.z",
        "systems.dcgan.players.*.optimizer",
        "networks.bs_generator.initialise",
        "networks.latent_noise",
        "networks.image_noise",
        "networks.bs_generator.layers.22",
        "networks.bs_discriminator.layers.21",
        "experiments.hdcgan_celeba.dataset",
        "experiments.hdcgan_celeba.scores.ms_ssim",
    ],
)
def test_what_the_paper_leaves_open_is_in_the_ledger(path: str) -> None:
    assert path in SPEC.unstated


def test_published_cells() -> None:
    rows = SPEC.tables["T1"].rows
    cells = [row.cells["MS-SSIM"] for row in rows]
    assert [(row.label, cell.value, cell.bold) for row, cell in zip(rows, cells, strict=True)] == [
        ("Gulrajani et al. (2017)", 0.2854, False),
        ("Karras et al. (2018)", 0.2838, False),
        ("HDCGAN", 0.1978, True),
    ]
    assert [cell.experiment for cell in cells] == ["wgan_gp_128", "progressive_128", "hdcgan_celeba"]
    assert [cell.quoted_from is not None for cell in cells] == [True, True, False]
    predicate = SPEC.claims["HD-C1"].predicate
    assert predicate is not None
    assert Numbers(SPEC).outcome(predicate)[0] == "holds"


def test_departures_are_marked_where_they_happen() -> None:
    text = (checks.ROOT / "papers" / f"{NAME}.yaml").read_text(encoding="utf-8")
    recipe = text[: text.index("\ndepartures:")]
    assert set(SPEC.departures) == {f"HD-D{number}" for number in range(1, 7)}
    assert [name for name in SPEC.departures if name not in recipe and name != "HD-D5"] == []


# --- networks -------------------------------------------------------------------------------------------------------


def test_parameter_counts_by_hand() -> None:
    """16 numbers a pair of channels, between 100, 4,096, ... 64 and 3, or 3, 64, ... 4,096 and 1."""
    up = 16 * sum(a * b for a, b in itertools.pairwise([100, *reversed(WIDTHS), 3]))
    down = 16 * sum(a * b for a, b in itertools.pairwise([3, *WIDTHS, 1]))
    norm_up, norm_down = 2 * sum(WIDTHS), 2 * sum(WIDTHS[1:])
    expected = {
        "bs_generator": up + norm_up,
        "bs_discriminator": down + norm_down,
        "bs_discriminator_throughout": down + 2 * sum(WIDTHS),
        "selu_generator": up,
        "selu_discriminator": down,
        "dcgan_generator": up + norm_up,
        "dcgan_discriminator": down + norm_down,
        "plain_critic": down + sum(WIDTHS) + 1,
    }
    assert (expected["bs_generator"], expected["bs_discriminator"]) == (185_486_208, 178_998_016)
    for name, count in expected.items():
        assert SPEC.networks[name].parameters == count
    capped = [min(width, 512) for width in WIDTHS]
    small = 16 * sum(a * b for a, b in itertools.pairwise([100, *reversed(capped), 3])) + 2 * sum(capped)
    assert layout(SPEC.networks["bs_generator"], {"cap": 512}).parameter_count == small
    assert small / 1e6 == pytest.approx(16.2, abs=0.05)


def test_parameter_counts_of_the_growing_networks_by_hand() -> None:
    """Widths of N11 in the dossier; 9 numbers a pair of channels, 16 where the kernel is 4 x 4."""
    widths = [512, 512, 256, 128, 64, 32]
    generator = 16 * 128 * 512 + 9 * 512**2 + 2 * 2 * 512
    critic = 9 * 512**2 + 16 * 512**2 + 2 * 2 * 512 + (512 + 1)
    for wide, narrow in itertools.pairwise(widths):
        generator += 9 * (wide * narrow + narrow**2) + 2 * 2 * narrow
        critic += 9 * (narrow**2 + narrow * wide) + 2 * (narrow + wide)
    generator += sum(3 * (width + 1) for width in widths)
    critic += sum((3 + 1) * width for width in widths)
    assert SPEC.networks["growing_generator"].parameters == generator
    assert SPEC.networks["growing_critic"].parameters == critic
    for sizes in ({"first_size": 4}, {"first_size": 128}):
        assert layout(SPEC.networks["growing_generator"], sizes).parameter_count == generator


def run_on_meta(plan: Layout) -> tuple[Tensor, int]:
    """Output of a network for two examples, and its parameters, without storage or arithmetic."""
    with torch.device("meta"):
        modules = [layer.module(shape) for layer, shape in zip(plan.layers, plan.inputs, strict=True)]
        value = torch.empty(2, *plan.inputs[0])
        for module in modules:
            value = module(value)
    return value, sum(one.numel() for module in modules for one in module.parameters())


def test_networks_of_readings_by_hand() -> None:
    """As above with other numbers: 16 or 25 a pair of channels, 1,024 to 16 of them, 128 values of noise."""

    def under(reading: str, network: str) -> tuple[tuple[int, ...], int]:
        output, count = run_on_meta(layout(LOADED.under(reading).networks[network], {}))
        return tuple(output.shape[1:]), count

    few = [width // 4 for width in WIDTHS]
    image, number = (3, 512, 512), (1,)
    up = [a * b for a, b in itertools.pairwise([*reversed(few), 3])]
    assert under("original_channels", "dcgan_generator") == (image, 16 * (100 * 1024 + sum(up)) + 2 * sum(few))
    assert under("original_channels", "bs_generator") == (image, 185_486_208)
    assert under("latent_128", "selu_generator") == (image, 185_469_952 + 16 * 28 * 4096)
    up = [a * b for a, b in itertools.pairwise([*reversed(WIDTHS), 3])]
    assert under("five_by_five", "bs_generator") == (image, 185_486_208 + 9 * sum(up))
    down = [a * b for a, b in itertools.pairwise([3, *WIDTHS])]
    assert under("five_by_five", "plain_critic") == (number, 178_990_017 + 9 * sum(down))
    assert under("layer_norm_in_critic", "plain_critic") == (number, 178_990_017 + 2 * sum(WIDTHS[1:]))
    planes = 25 * (3 * 128 + 128 * 128) + 2 * 128 + 128 * 252**2 + 1  # 512, 508 and 252 pixels a side
    assert under("lapgan_planes_and_dropout", "lapgan_discriminator_512") == (number, planes)
    assert under("lapgan_1200_units", "lapgan_first_generator")[1] == 65 * 1200 + 1201 * 1200 + 1201 * 192


def test_readings_reach_all_that_they_speak_of() -> None:
    def discriminators(reading: str) -> dict[str, str | None]:
        return {name: system.networks.get("discriminator") for name, system in LOADED.under(reading).systems.items()}

    crops = {
        name: one.dataset.model_dump().get("crop") for name, one in LOADED.under("quoted_crop").experiments.items()
    }
    assert {name for name, crop in crops.items() if crop != "face_128"} == {"hdcgan_cz"}
    ours = {
        name: "bs_discriminator_throughout" for name, one in discriminators("base").items() if one == "bs_discriminator"
    }
    assert discriminators("bs_in_first_layer") == discriminators("base") | ours
    runs = {run.experiment: run for run in make_plan(LOADED.under("latent_128"), "full", seeds=[0])}
    noises = {name: sizes_of(run.networks.values(), run.setup).get("latent") for name, run in runs.items()}
    assert {name for name, values in noises.items() if values != 128} == {"lapgan_19"}
    for name in ("progressive_128", "wide_128_progressive", "progressive_512"):
        run = make_run(LOADED.under("levels_of_600k"), name, "full", 0, "fp32")
        assert {run.setup.sizes[key] for key in ("images_per_level", "images_per_fade")} == {600_000}
        assert stage(run.images, 0, 5, 600_000, 600_000) == (5, 1.0)


@pytest.mark.parametrize(("experiment", "tier"), TIERS)
def test_shapes_at_every_size(experiment: str, tier: str) -> None:
    setup = SPEC.experiments[experiment].setup(tier)
    assert setup is not None
    system = system_of(SPEC, setup)
    for role, name in system.networks.items():
        plan = layout(SPEC.networks[name], setup.sizes)
        output, count = run_on_meta(plan)
        assert count == plan.parameter_count
        example = setup.dataset.example_shape()
        if role == "generator":
            assert output.shape == (2, *example)
        elif role in ("discriminator", "critic"):
            assert plan.inputs[0] == example
            assert output.shape == (2, 1)


def test_the_first_maps_are_of_4_pixels_at_512_alone() -> None:
    network = SPEC.networks["bs_generator"]
    assert [layout(network, {"size": size}).inputs[1][1] for size in (128, 256, 512)] == [1, 2, 4]


def test_samples_lie_in_the_range_of_images() -> None:
    for name in ("bs_generator", "selu_generator", "dcgan_generator"):
        generator = checks.module(SPEC, name, checks.run_sizes(SPEC, "hdcgan_celeba", "smoke"))
        with torch.no_grad():
            images = generator(100 * torch.randn(2, 100, 1, 1, generator=torch.Generator().manual_seed(0)))
        assert images.abs().max() <= 1


def kinds(network: str) -> list[str]:
    return [layer.name for layer in SPEC.networks[network].layers]


@pytest.mark.parametrize("side", ["generator", "discriminator"])
def test_what_each_network_changes(side: str) -> None:
    ours, plain, relu = (kinds(f"{name}_{side}") for name in ("bs", "selu", "dcgan"))
    assert [kind for kind in ours if kind != "batch_norm"] == plain
    rectifier = "relu" if side == "generator" else "leaky_relu"
    assert [rectifier if kind == "selu" else kind for kind in ours] == relu


def test_noise_enters_where_each_system_says() -> None:
    expected = {
        "hdcgan": ("noisy_z", "noisy_real", "noisy_fake"),
        "stark_noise": ("noisy_z", "noisy_real", "noisy_fake"),
        "dcgan_stark_noise": ("noisy_z", "noisy_real", "noisy_fake"),
        "selu_alone": ("z", "real", "fake"),
        "noise_on_images": ("z", "noisy_real", "noisy_fake"),
        "noise_on_latent": ("noisy_z", "real", "fake"),
        "no_noise": ("z", "real", "fake"),
        "dcgan": ("z", "real", "fake"),
    }
    for name, inputs in expected.items():
        signals = SPEC.systems[name].signals
        assert tuple(signals[signal].input for signal in ("fake", "real_logit", "fake_logit")) == inputs


# --- budgets --------------------------------------------------------------------------------------------------------


def test_iterations_that_the_epochs_imply() -> None:
    iterations = {run.experiment: run.iterations for run in make_plan(SPEC, "full", seeds=[0])}
    assert iterations["hdcgan_celeba"] == 74 * 6331
    assert iterations["hdcgan_19"] == 19 * 6331
    assert iterations["hdcgan_12"] == 12 * 6331
    assert iterations["hdcgan_as_cz"] == iterations["hdcgan_cz"]
    assert iterations["hdcgan_cz"] == 150 * 445
    assert iterations["wgan_19"] == 19 * 6331 // 5 + 1
    assert iterations["dcgan_12_batch_8"] == 12 * (202_599 // 8)


def test_ten_million_images_take_the_growing_networks_to_the_end() -> None:
    run = make_run(SPEC, "progressive_128", "full", 0, "fp32")
    assert run.images == 10_000_000
    assert stage(run.images, 0, 5, 800_000, 800_000) == (5, 1.0)
    last = 5 * 1_600_000
    assert stage(last - 1, 0, 5, 800_000, 800_000) == pytest.approx((5, 1.0), abs=1e-5)
    assert run.images - last == 2_000_000


def test_pggan_is_shown_as_many_pictures_at_512_as_hdcgan() -> None:
    run, ours = (make_run(SPEC, name, "full", 0, "fp32") for name in ("progressive_512", "hdcgan_celeba"))
    assert run.images == pytest.approx(ours.images, rel=0.002)
    assert stage(7 * 1_600_000, 0, 7, 800_000, 800_000) == (7, 1.0)
    assert run.images > 7 * 1_600_000


def test_rivals_on_the_wide_crop_differ_in_the_pictures_alone() -> None:
    for wide, tight in (("wide_128_wgan_gp", "wgan_gp_128"), ("wide_128_progressive", "progressive_128")):
        apart = {"says", "label", "where", "tiers", "dataset"}
        first, second = SPEC.experiments[wide], SPEC.experiments[tight]
        assert first.model_dump(exclude=apart) == second.model_dump(exclude=apart)
        celeba = SPEC.experiments["hdcgan_celeba"].dataset.model_dump()
        assert {**first.dataset.model_dump(), "size": 512} == celeba


def test_the_two_quoted_rows_differ_in_growth_only() -> None:
    first, second = SPEC.experiments["wgan_gp_128"], SPEC.experiments["progressive_128"]
    apart = {"says", "label", "where", "tiers", "sizes"}
    assert first.model_dump(exclude=apart) == second.model_dump(exclude=apart)
    assert (first.sizes, second.sizes) == ({"first_size": 128}, {"first_size": 4})


def test_rates_of_the_sweep() -> None:
    def rate(point: str) -> tuple[int, set[float]]:
        experiment = SPEC.experiments[f"dcgan_12_{point}"]
        system = system_of(SPEC, experiment)
        rates = {player.optimizer.learning_rate for player in system.players.values()}  # type: ignore[attr-defined]
        return experiment.batch_size, rates

    speeds = {"_slower": 1e-4, "": 2e-4, "_faster": 4e-4}
    for batch in (8, 16, 32):
        for speed, expected in speeds.items():
            assert rate(f"batch_{batch}{speed}") == (batch, {expected})


# --- from spec to record --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("experiment", ["progressive_128", "wgan_19", "hdcgan_19"])
def test_smoke_tier_trains(tmp_path: Path, experiment: str) -> None:
    run = make_run(SPEC, experiment, "smoke", 0, "fp32")
    prepare(run.numerics, 1)
    record = OneRun(run, tmp_path, tmp_path / "data", "cpu").execute()
    assert record.status == "finished"
    found = record.scores["ms_ssim"].value
    assert found is not None
    assert 0 <= found <= 1
    if experiment == "hdcgan_19":
        # at 4 iterations batch normalisation's running statistics know little yet, so any finite drift will do
        assert all(record.scores[f"normalised_{role}"].value is not None for role in ("generator", "discriminator"))


def test_smoke_tier_grows_through_every_level() -> None:
    run = make_run(SPEC, "progressive_128", "smoke", 0, "fp32")
    a_step = run.images // run.iterations
    seen = [stage(step * a_step, 0, 2, 40, 80) for step in range(run.iterations + 1)]
    assert {level for level, _ in seen} == {0, 1, 2}
    assert any(weight < 1 for _, weight in seen)
    assert seen[-1] == (2, 1.0)


# --- the text -------------------------------------------------------------------------------------------------------


def test_pointers_name_places_that_exist() -> None:
    text = checks.text_of(NAME)
    wrong = {place: lost for place, where in checks.pointers(SPEC) if (lost := checks.missing_pointers(where, text))}
    assert wrong == {}


@pytest.mark.parametrize(
    "number",
    ["14,248", "3,384", "202,599", "4,239", "0.0002", "150 epochs", "10,000 pairs", "0.2854", "0.2838", "0.1978"],
)
def test_numbers_stand_in_the_text(number: str) -> None:
    assert number in checks.text_of(NAME)
