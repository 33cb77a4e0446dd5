"""FaceGANs (Li, Zhan, Ding and Wang)."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmark.runs.plan import make_run
from benchmark.runs.runner import OneRun
from benchmark.spec.claims import quantities
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import Shape
from benchmark.spec.shapes import layout
from benchmark.spec.statistic import Window
from benchmark.spec.systems import System
from benchmark.training.numerics import prepare
from tests.papers import checks

NAME = "facegans"
LOADED = checks.paper(NAME)
SPEC = LOADED.spec
TEXT = (checks.ROOT / "papers" / f"{NAME}.yaml").read_text(encoding="utf-8")
TIERS = sorted(checks.setups(SPEC))
LENGTH = 3160
FACES = ("celeba_dcgan", "celeba_facegan")
RATES = {"x2": 4e-4, "x5": 1e-3, "x10": 2e-3}


def test_everything_the_paper_has_is_there() -> None:
    assert set(SPEC.claims) == {f"FG-C{number}" for number in range(1, 19)}
    assert set(SPEC.contradictions) == {f"FG-I{number}" for number in range(1, 13)}
    assert {*FACES, "mnist_dcgan", "mnist_facegan"} <= set(SPEC.experiments)


def test_departures_are_marked_where_they_happen() -> None:
    recipe = TEXT[: TEXT.index("\ndepartures:")]
    assert set(SPEC.departures) == {"FG-D1"}
    assert all(departure in recipe for departure in SPEC.departures)


# --- networks -------------------------------------------------------------------------------------------------------


def meta_pass(network: str, sizes: Mapping[str, int], spec: PaperSpec = SPEC) -> tuple[Shape, int]:
    """Shape after all of a network's torch modules, and their trainable parameters, on the meta device."""
    plan = layout(spec.networks[network], sizes)
    count = 0
    with torch.device("meta"):
        value = torch.empty(3, *plan.inputs[0])
        for layer, shape in zip(plan.layers, plan.inputs, strict=True):
            module = layer.module(shape)
            value = module(value)
            count += sum(parameter.numel() for parameter in module.parameters())
    return tuple(value.shape), count


def counts(width: int, size: int, channels: int, latent: int) -> dict[str, int]:
    """Parameters by the layers of the tables: kernels of 4 x 4 without biases, scale and shift of batch norm."""
    field = 16
    places = (size // 16) ** 2
    maps = (4 * width, 4 * width, 2 * width, width)
    stack = field * (sum(a * b for a, b in itertools.pairwise(maps)) + width * channels)
    wide, narrow = 128 * width, 4 * width * places
    project = 8 * width * places
    dcgan = field * (8 * 4 + 4 * 2 + 2) * width**2 + field * width * channels
    return {
        "facegan_generator": latent * wide + wide * narrow + 2 * (wide + narrow) + stack + 2 * sum(maps[1:]),
        "facegan_discriminator": stack + 2 * (2 + 4 + 4) * width + narrow * wide + 2 * wide + wide + 1,
        "dcgan_generator": latent * project + 2 * (8 + 4 + 2 + 1) * width + dcgan,
        "dcgan_discriminator": dcgan + 2 * (2 + 4 + 8) * width + project,
    }


@pytest.mark.parametrize(
    "sizes",
    [
        {"width": 64, "size": 64, "channels": 3, "latent": 100},
        {"width": 64, "size": 64, "channels": 1, "latent": 100},
        {"width": 32, "size": 64, "channels": 3, "latent": 100},
        {"width": 16, "size": 32, "channels": 1, "latent": 100},
        {"width": 4, "size": 16, "channels": 3, "latent": 8},
    ],
    ids=["faces", "digits", "light", "short", "smoke"],
)
def test_parameter_counts_and_shapes(sizes: dict[str, int]) -> None:
    for name, count in counts(**sizes).items():
        image = (3, sizes["channels"], sizes["size"], sizes["size"])
        assert meta_pass(name, sizes) == ((3, 1) if "discriminator" in name else image, count)


def test_published_widths_of_the_dcgan() -> None:
    full = counts(64, 64, 3, 100)
    assert full == {name: network.parameters for name, network in SPEC.networks.items()}
    assert (full["dcgan_generator"], full["dcgan_discriminator"]) == (3_576_704, 2_765_568)
    grey = counts(64, 64, 1, 100)
    assert (grey["dcgan_generator"], grey["dcgan_discriminator"]) == (3_574_656, 2_763_520)


@pytest.mark.parametrize(("experiment", "tier"), [pair for pair in TIERS if pair[1] == "smoke"])
def test_ranges(experiment: str, tier: str) -> None:
    setup = SPEC.experiments[experiment].setup(tier)
    assert setup is not None
    roles = SPEC.systems[setup.system].networks
    sizes = checks.run_sizes(SPEC, experiment, tier)
    generator = checks.module(SPEC, roles["generator"], sizes)
    discriminator = checks.module(SPEC, roles["discriminator"], sizes)
    noise = torch.randn(4, *generator.layout.inputs[0], generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        images = generator.train()(100 * noise)
        raw = discriminator(images, 0, discriminator.index("raw", 0))
        probability = discriminator(images)
    assert images.shape == (4, *setup.dataset.example_shape())
    assert images.abs().max() <= 1
    assert torch.equal(probability, raw.sigmoid())


def test_networks_mirror_each_other() -> None:
    """Widths of the generator, read backwards, are the discriminator's, and its first layer is the widest."""
    generator = layout(SPEC.networks["facegan_generator"], {})
    discriminator = layout(SPEC.networks["facegan_discriminator"], {})

    def outputs(plan: object, kinds: tuple[str, ...]) -> list[Shape]:
        assert isinstance(plan, type(generator))
        return [
            layer.output_shape(shape)
            for layer, shape in zip(plan.layers, plan.inputs, strict=True)
            if layer.name in kinds
        ]

    up = outputs(generator, ("linear", "deconv"))
    down = outputs(discriminator, ("linear", "conv"))
    assert up == [(8192,), (4096,), (256, 8, 8), (128, 16, 16), (64, 32, 32), (3, 64, 64)]
    assert down == [(64, 32, 32), (128, 16, 16), (256, 8, 8), (256, 4, 4), (8192,), (1,)]
    names = [layer.name for layer in discriminator.layers]
    assert names[:3] == ["conv", "leaky_relu", "conv"]
    assert names.count("batch_norm") == 4
    assert [layer.name for layer in generator.layers].count("batch_norm") == 5


def test_networks_of_readings() -> None:
    """By hand: 100 - 16,384 - 8,192 = 512 x 4 x 4 and its mirror; kernels of 5 x 5 in the DCGAN alone."""
    wide, narrow, maps = 16_384, 8_192, 512 * 256 + 256 * 128 + 128 * 64
    spec = LOADED.under("maps_512")
    up = 100 * wide + wide * narrow + 2 * (wide + narrow) + 16 * (maps + 64 * 3) + 2 * (256 + 128 + 64)
    down = 16 * (3 * 64 + maps) + 2 * (128 + 256 + 512) + narrow * wide + 2 * wide + wide + 1
    assert meta_pass("facegan_generator", {}, spec) == ((3, 3, 64, 64), up)
    assert meta_pass("facegan_discriminator", {}, spec) == ((3, 1), down)
    spec = LOADED.under("dcgan_of_carpedm20")
    drawn = 100 * 512 * 16 + 25 * (maps + 64 * 3) + 2 * (512 + 256 + 128 + 64)
    assert meta_pass("dcgan_generator", {}, spec) == ((3, 3, 64, 64), drawn)
    assert meta_pass("dcgan_discriminator", {}, spec)[1] == 25 * (3 * 64 + maps) + 2 * (128 + 256 + 512) + 512 * 16
    for name in ("facegan_generator", "facegan_discriminator"):
        assert spec.networks[name] == SPEC.networks[name]


@pytest.mark.parametrize(
    ("reading", "faces", "digits"),
    [
        ("faces_at_32", 32, 64),
        ("small_digits+faces_at_32", 32, 32),
        ("face_128", 64, 64),
        ("logistic_output", 64, 64),
    ],
)
def test_images_of_readings(reading: str, faces: int, digits: int) -> None:
    """Full runs draw what their data are, in shape and range."""
    spec = LOADED.under(reading)
    for name, setup in spec.experiments.items():
        shape = (1, digits, digits) if name.startswith("mnist") else (3, faces, faces)
        generator = spec.systems[setup.system].networks["generator"]
        assert setup.dataset.example_shape() == shape
        assert meta_pass(generator, checks.run_sizes(spec, name, "full"), spec)[0] == (3, *shape)
        low, last = (0, "sigmoid") if reading == "logistic_output" else (-1, "tanh")
        assert setup.dataset.image_range() == (low, 1)
        assert spec.networks[generator].layers[-1].name == last


# --- losses ---------------------------------------------------------------------------------------------------------


class _Bench:
    def __init__(self, real: Tensor, fake: Tensor) -> None:
        self.signals = {"real_output": real, "fake_output": fake}

    def signal(self, name: str) -> Tensor:
        return self.signals[name]


def losses(system: System, real: Tensor | float, fake: Tensor | float) -> tuple[Tensor, Tensor]:
    """Losses of D and of G where D gives ``real`` and ``fake``, as the player's terms have them."""
    context = _Bench(*(torch.as_tensor(value, dtype=torch.float64).reshape(-1, 1) for value in (real, fake)))
    both = []
    for player in ("discriminator", "generator"):
        (term,) = system.players[player].minimise
        both.append(term.weight * term.value(context))  # type: ignore[arg-type]
    return both[0], both[1]


def softplus(value: float) -> float:
    return math.log1p(math.exp(value))


@pytest.mark.parametrize("system", ["facegan", "dcgan_facegan_loss"])
def test_printed_losses(system: str) -> None:
    for real, fake in ((0.3, -1.2), (-2.0, 4.0)):
        by_d, by_g = losses(SPEC.systems[system], real, fake)
        assert by_d.item() == pytest.approx(softplus(-real) + softplus(fake - 1))
        assert by_g.item() == pytest.approx(softplus(-fake))


@pytest.mark.parametrize(
    ("system", "output", "by_d", "by_g"),
    [
        ("dcgan", 0.0, 1.386, 0.693),
        ("facegan_standard_loss", 0.0, 1.386, 0.693),
        ("facegan", 0.5, 0.948, 0.474),
        ("dcgan_facegan_loss", 0.5, 0.948, 0.474),
    ],
)
def test_equilibrium(system: str, output: float, by_d: float, by_g: float) -> None:
    """Where both laws agree D's best answer is one number, and there the losses are as the file says."""
    value = torch.tensor(output, dtype=torch.float64, requires_grad=True)
    found = losses(SPEC.systems[system], value, value)
    (slope,) = torch.autograd.grad(found[0], value)
    assert abs(slope.item()) < 1e-12
    assert (found[0].item(), found[1].item()) == pytest.approx((by_d, by_g), abs=5e-4)
    assert f"{by_d:.3f}" in TEXT
    assert f"{by_g:.3f}" in TEXT


def test_losses_at_the_start() -> None:
    by_d, by_g = losses(SPEC.systems["facegan"], 0.0, 0.0)
    assert (by_d.item(), by_g.item()) == pytest.approx((1.006, 0.693), abs=5e-4)


def test_two_sigmoids_keep_the_losses_close_by_construction() -> None:
    system = LOADED.under("two_sigmoids").systems["facegan"]
    assert {system.signals[name].until for name in ("real_output", "fake_output")} == {"probability"}
    values = [k / 50 for k in range(51)]
    pairs = [losses(system, real, fake) for real in values for fake in values]
    by_d, by_g = (torch.stack(list(side)) for side in zip(*pairs, strict=True))
    assert (by_d.min().item(), by_d.max().item()) == pytest.approx((0.627, 1.386), abs=5e-4)
    assert (by_g.min().item(), by_g.max().item()) == pytest.approx((0.313, 0.693), abs=5e-4)
    assert (by_d - by_g).max().item() == pytest.approx(1.073, abs=5e-4)
    assert (by_g - by_d).max().item() == pytest.approx(0.067, abs=5e-4)


def test_ablations_change_one_thing_each() -> None:
    def parts(name: str) -> tuple[object, object]:
        system = SPEC.systems[name]
        return system.networks, system.model_dump(exclude={"networks", "says", "label", "role"})

    dcgan, facegan = parts("dcgan"), parts("facegan")
    assert parts("facegan_standard_loss") == (facegan[0], dcgan[1])
    assert parts("dcgan_facegan_loss") == (dcgan[0], facegan[1])
    assert facegan[0] != dcgan[0]
    assert facegan[1] != dcgan[1]


# --- experiments ----------------------------------------------------------------------------------------------------


def test_budgets() -> None:
    for name in SPEC.experiments:
        assert make_run(SPEC, name, "full", 0, "fp32").iterations == LENGTH
        assert make_run(SPEC, name, "short", 0, "fp32").iterations == LENGTH


def test_every_variant_is_an_experiment_of_its_own_system_and_data() -> None:
    """The paper's two systems and each of its two changes alone, on both sets."""
    names = ("dcgan", "facegan", "facegan_standard_loss", "dcgan_facegan_loss")
    expected = {f"{data}_{name}": (name, data) for data in ("celeba", "mnist") for name in names}
    found = {name: (SPEC.experiments[name].system, SPEC.experiments[name].dataset.name) for name in expected}
    assert found == expected
    rates = {f"celeba_{system}_rate_{point}" for system in ("dcgan", "facegan", "networks") for point in RATES}
    assert set(SPEC.experiments) == set(expected) | rates


def test_datasets_name_split_crop_and_filter() -> None:
    faces, digits = SPEC.experiments["celeba_facegan"].dataset, SPEC.experiments["mnist_facegan"].dataset
    assert (
        faces.model_dump().items() >= {"split": "all", "crop": "centre_178", "size": 64, "resize": "bilinear"}.items()
    )
    assert digits.model_dump().items() >= {"split": "train", "size": 64, "resize": "bilinear"}.items()
    assert faces.image_range() == digits.image_range()


def test_figures() -> None:
    """Figure 1 is a drawing of the networks, 2 and 3 are curves, 4 and 5 samples."""
    found = {
        name: (figure.by, figure.experiments) for name, figure in SPEC.figures.items() if re.fullmatch(r"F\d", name)
    }
    assert found == {
        "F1": ("samples", ()),
        "F2": ("curves", ("celeba_dcgan",)),
        "F3": ("curves", ("celeba_facegan",)),
        "F4": ("samples", ("celeba_dcgan",)),
        "F5": ("samples", ("celeba_facegan",)),
    }
    assert all(SPEC.figures[name].curves == ("discriminator_loss", "generator_loss") for name in ("F2", "F3"))


def test_windows_of_the_claims() -> None:
    """By hand: iterations 80 and 60, twice as late at most, and 3,160, the iteration of figures 4 and 5."""

    def windows(claim: str) -> list[tuple[float, float]]:
        predicate = SPEC.claims[claim].predicate
        assert predicate is not None
        inner = [
            getattr(one.statistic, next(iter(type(one.statistic).model_fields)))
            for one in quantities(predicate)
            if one.statistic is not None
        ]
        return list(dict.fromkeys((one.start, one.end) for one in inner if isinstance(one, Window)))

    assert windows("FG-C1") == windows("FG-C2") == [(80, LENGTH), (160, LENGTH)]
    assert windows("FG-C3") == windows("FG-C4") == [(1, LENGTH)]
    assert windows("FG-C5") == [(160, 320), (320, LENGTH), (1, 160), (1, 320)]
    assert windows("FG-C7") == [(30, 120), (120, LENGTH)]
    assert {claim.min_seeds for claim in SPEC.claims.values() if claim.predicate is not None} == {3}
    assert min(len(SPEC.experiments[name].seeds) for name in SPEC.experiments) >= 3


def test_equal_parameters_are_equal() -> None:
    """FaceGAN at width 19 has the DCGAN's parameters to within 3 %, at width 64 eleven times as many."""
    for channels in (3, 1):
        plain, narrow = counts(64, 64, channels, 100), counts(19, 64, channels, 100)
        of_dcgan = plain["dcgan_generator"] + plain["dcgan_discriminator"]
        of_facegan = [
            sum(some[f"facegan_{role}"] for role in ("generator", "discriminator")) for some in (plain, narrow)
        ]
        assert of_facegan[0] / of_dcgan == pytest.approx(11.3, abs=0.1)
        assert of_facegan[1] / of_dcgan == pytest.approx(1.0, abs=0.03)
    of_digits = [
        sum(count for name, count in counts(width, 32, 1, 100).items() if name.startswith(whose))
        for whose, width in (("facegan", 8), ("dcgan", 16))
    ]
    assert of_digits[0] / of_digits[1] == pytest.approx(1.07, abs=0.005)
    read = LOADED.under("small_digits+equal_parameters_of_digits")
    widths = {name: read.experiments[name].sizes["width"] for name in read.experiments if name.startswith("mnist")}
    assert {name: width for name, width in widths.items() if "dcgan" not in name} == {
        "mnist_facegan": 8,
        "mnist_facegan_standard_loss": 8,
    }
    assert {width for name, width in widths.items() if "dcgan" in name} == {16}
    narrow_spec = LOADED.under("equal_parameters")
    assert {narrow_spec.networks[name].sizes["width"] for name in narrow_spec.networks if "facegan" in name} == {19}
    assert {narrow_spec.networks[name].sizes["width"] for name in narrow_spec.networks if "dcgan" in name} == {64}


def test_readings_change_what_they_say() -> None:
    def ids(reading: str) -> dict[str, str]:
        return {name: make_run(LOADED.under(reading), name, "full", 0, "fp32").run_id for name in SPEC.experiments}

    base = ids("base")
    changed = {reading: {name for name, one in ids(reading).items() if one != base[name]} for reading in SPEC.readings}
    of_facegan = {name for name in SPEC.experiments if SPEC.experiments[name].system == "facegan"}
    networks = of_facegan | {
        name for name in SPEC.experiments if SPEC.experiments[name].system == "facegan_standard_loss"
    }
    equation_2 = of_facegan | {name for name in SPEC.experiments if "dcgan_facegan_loss" in name}
    digits = {name for name in SPEC.experiments if name.startswith("mnist")}
    assert changed == {reading: set(SPEC.experiments) for reading in SPEC.readings} | {
        "three_times_as_late": set(),
        "middle_90": set(),
        "one_epoch_of_digits": digits,
        "most_iterations": set(),
        "standing_a_quarter_worse": set(),
        "two_sigmoids": of_facegan,
        "probability_as_meant": equation_2,
        "mean_of_terms": set(SPEC.experiments) - equation_2,
        "equal_parameters": networks,
        "half_width": networks,
        "slope_001": networks,
        "wider_first_layer": networks,
        "maps_512": networks,
        "dcgan_of_carpedm20": set(SPEC.experiments) - networks,
        "radford_widths": set(SPEC.experiments) - networks,
        "two_generator_updates": set(SPEC.experiments) - networks,
        "digits_at_32": digits,
        "equal_parameters_of_digits": digits & networks,
        "small_digits": digits,
        "centre_108": set(SPEC.experiments) - digits,
        "training_split": set(SPEC.experiments) - digits,
        "face_128": set(SPEC.experiments) - digits,
        "faces_at_32": set(SPEC.experiments) - digits,
    }
    assert set(re.findall(r"\(reading (\w+)", TEXT)) <= set(SPEC.readings)


def test_faces_end_within_the_first_epoch() -> None:
    per_epoch = make_run(SPEC, "celeba_facegan", "full", 0, "fp32").iterations_per_epoch
    assert per_epoch == math.ceil(202_599 / 64) == 3166


@pytest.mark.parametrize(
    ("system", "base"), [("dcgan", "dcgan"), ("facegan", "facegan"), ("networks", "facegan_standard_loss")]
)
@pytest.mark.parametrize("point", RATES)
def test_rates(system: str, base: str, point: str) -> None:
    slow = make_run(SPEC, f"celeba_{base}", "full", 0, "fp32")
    fast = make_run(SPEC, f"celeba_{system}_rate_{point}", "full", 0, "fp32")
    for name, player in fast.system.players.items():
        settings = slow.system.players[name].optimizer.model_dump()
        assert settings["learning_rate"] == 2e-4
        assert player.optimizer.model_dump() == {**settings, "learning_rate": RATES[point]}
    assert fast.networks == slow.networks


@pytest.mark.parametrize("experiment", ["celeba_facegan", "mnist_dcgan"])
def test_smoke_run(experiment: str, tmp_path: Path) -> None:
    """The DCGAN with two updates of its generator an iteration, which FaceGAN has not in that reading either."""
    prepare("fp32", 1)
    run = make_run(LOADED.under("two_generator_updates"), experiment, "smoke", 0, "fp32")
    assert run.system.schedule.count("generator") == (1 if "facegan" in experiment else 2)
    record = OneRun(run, tmp_path / "results", tmp_path / "no-data", "cpu").execute()
    assert record.status == "finished"
    assert record.iterations == run.iterations
    with np.load(tmp_path / "results" / run.folder / "curves.npz") as curves:
        assert all(np.isfinite(curves[name]).all() and len(curves[name]) == run.iterations for name in curves)
        # outputs start near zero, where the losses are known
        level = 1.006 if "facegan" in experiment else 1.386
        assert curves["discriminator_loss"][0] == pytest.approx(level, abs=0.15)
    assert set(record.scores) == set(run.setup.scores)


# --- the text -------------------------------------------------------------------------------------------------------


def test_pointers_name_places_that_exist() -> None:
    text = checks.text_of(NAME)
    wrong = {place: lost for place, where in checks.pointers(SPEC) if (lost := checks.missing_pointers(where, text))}
    # this paper's equations carry their numbers on a line of their own
    assert {name for lost in wrong.values() for name in lost} <= {"equation 1", "equation 2"}
    assert {"(1)", "(2)"} <= set(text.split("\n"))


def test_numbers_stand_in_the_text() -> None:
    text = checks.text_of(NAME)
    for words in ("around the 80th iteration", "smaller than 1", "larger than 1", "about the 60th iteration", "3160th"):
        assert words in text
    assert re.search(r"D\(x\) = \\frac\{1\}\{2\}", text)
