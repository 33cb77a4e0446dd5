"""Application of GANs and DCGANs (Ding, Shao and Ren 2019)."""

from __future__ import annotations

import fnmatch
import itertools
import math

import pytest
import torch
from torch import Tensor

from benchmark.commands.select_runs import DEFAULT_JOB
from benchmark.parts.objectives.adversarial import CrossEntropy
from benchmark.runs.plan import make_plan
from benchmark.runs.records import read_records
from benchmark.spec.claims import quantities
from benchmark.spec.curve_statistics import Course, statistic_value
from benchmark.spec.quantities import Quantity
from benchmark.training.assembly import Assembly
from tests.papers import checks

NAME = "gan_dcgan_mnist"
LOADED = checks.paper(NAME)
SPEC = LOADED.spec
TIERS = sorted(checks.setups(SPEC))
RECORDED = checks.ROOT / "results" / "reference" / "mnist-h200"


def test_claims_and_contradictions_are_complete() -> None:
    assert set(SPEC.claims) == {f"DG-C{number}" for number in range(1, 10)}
    assert set(SPEC.contradictions) == {f"DG-I{number}" for number in range(1, 13)}
    ways = {name: claim.predicate is not None for name, claim in SPEC.claims.items()}
    assert [name for name, typed in ways.items() if not typed] == ["DG-C9"]
    assert {claim.min_seeds for claim in SPEC.claims.values() if claim.predicate is not None} == {3}


def test_departures_are_marked_where_they_happen() -> None:
    text = (checks.ROOT / "papers" / f"{NAME}.yaml").read_text(encoding="utf-8")
    recipe = text[: text.index("\ndepartures:")]
    assert set(SPEC.departures) == {"DG-D1", "DG-D2", "DG-D3"}
    assert all(departure in recipe for departure in SPEC.departures)


def test_parameter_counts() -> None:
    def linear(*widths: int) -> int:
        return sum(a * b + b for a, b in itertools.pairwise(widths))

    expected = {
        "mlp_generator": linear(100, 256, 512, 1024, 784),
        "mlp_discriminator": linear(784, 1024, 512, 256, 1),
        "conv_generator": 100 * 128 * 49 + 2 * 128 + 128 * 64 * 16 + 2 * 64 + 64 * 16,
        "conv_discriminator": 64 * 16 + 64 * 128 * 16 + 2 * 128 + 128 * 49,
        "maxout_generator": linear(100, 1200, 1200, 784),
        "maxout_discriminator": linear(784, 240 * 5) + linear(240, 240 * 5) + linear(240, 1),
        "small_generator": linear(100, 128, 784),
        "small_discriminator": linear(784, 128, 1),
        # pytorch/examples dcgan with one channel, as the dossier counts it
        "conv_generator_64": 3_574_656,
        "conv_discriminator_64": 2_763_520,
        # 1,024, 512, 256 and 128 maps, of which the outermost of D and those of the projection have no normalisation
        "tutorial_generator": linear(100, 1024 * 16) + 16 * (1024 * 512 + 512 * 256 + 256 * 128 + 128) + 2 * 896,
        "tutorial_discriminator": 16 * (128 + 128 * 256 + 256 * 512 + 512 * 1024) + 2 * 1792 + linear(1024 * 16, 1),
        "projected_generator": linear(100, 128 * 49) + 128 * 64 * 16 + 2 * 64 + 64 * 16,
        "flattened_discriminator": 64 * 16 + 64 * 128 * 16 + 2 * 128 + linear(128 * 49, 1),
    }
    assert set(expected) == set(SPEC.networks)
    for name, count in expected.items():
        assert checks.trainable(checks.module(SPEC, name, {})) == count == SPEC.networks[name].parameters


@pytest.mark.parametrize(
    "reading", ["base", "released_gan", "small_gan", "at_64", "tutorial_dcgan", "linear_ends", "logistic_output"]
)
@pytest.mark.parametrize(("experiment", "tier"), TIERS)
def test_shapes_and_ranges(experiment: str, tier: str, reading: str) -> None:
    spec = LOADED.under(reading)
    setup = spec.experiments[experiment].setup(tier)
    assert setup is not None
    roles = spec.systems[setup.system].networks
    sizes = checks.run_sizes(spec, experiment, tier)
    generator = checks.module(spec, roles["generator"], sizes)
    discriminator = checks.module(spec, roles["discriminator"], sizes)
    noise = torch.randn(3, *generator.layout.inputs[0], generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        images = generator(100 * noise)
        logits = discriminator(images)
    assert noise[0].numel() == 100
    assert images.shape == (3, *setup.dataset.example_shape())
    low = 0 if reading in ("released_gan", "small_gan", "logistic_output") and experiment == "gan" else -1
    assert setup.dataset.image_range() == (low, 1)
    assert low <= images.min() < images.max() <= 1
    assert logits.shape == (3, 1)


def test_the_two_systems_differ_in_networks_and_epochs_only() -> None:
    gan, dcgan = SPEC.systems["gan"], SPEC.systems["dcgan"]
    same = {"networks", "noise", "says"}
    assert gan.model_dump(exclude=same) == dcgan.model_dump(exclude=same)
    first, second = SPEC.experiments["gan"], SPEC.experiments["dcgan"]
    apart = {"system", "budget", "snapshots", "says", "where", "tiers"}
    assert first.model_dump(exclude=apart) == second.model_dump(exclude=apart)
    assert (first.budget.epochs, second.budget.epochs) == (100, 50)


def test_epochs_are_of_600_iterations() -> None:
    def iterations(reading: str) -> dict[str, int]:
        return {run.experiment: run.iterations for run in make_plan(LOADED.under(reading), "full", seeds=[0])}

    assert iterations("base") == iterations("stated_loss") == {"gan": 60_000, "dcgan": 30_000}
    assert iterations("small_gan") == {"gan": 100 * (60_000 // 128), "dcgan": 30_000}
    assert iterations("batch_64") == {"gan": 93_700, "dcgan": 46_850}


def test_what_the_paper_states() -> None:
    """By hand from sections 3.2.2, 4 and 5: k = 1, 28 x 28 = 784 values, MNIST's training set, 100 and 50 epochs."""
    for name in ("gan", "dcgan"):
        assert SPEC.systems[name].schedule == ("discriminator", "generator")
        dataset = SPEC.experiments[name].dataset
        assert dataset.name == "mnist"
        assert dataset.model_dump().items() >= {"split": "train", "size": 28, "resize": "none"}.items()
    layers = SPEC.networks["mlp_generator"].layers
    assert [getattr(layer, "features", None) for layer in layers if layer.name == "linear"][-1] == "size * size"
    assert SPEC.networks["mlp_generator"].sizes["size"] ** 2 == 784


def test_readings_change_what_they_say() -> None:
    def loss(reading: str, system: str, player: str = "generator") -> list[tuple[str, float]]:
        terms = LOADED.under(reading).systems[system].players[player].minimise
        return [(term.name, term.weight) for term in terms]

    def optimizer(reading: str, system: str) -> dict[str, object]:
        return LOADED.under(reading).systems[system].players["generator"].optimizer.model_dump()

    for system in ("gan", "dcgan"):
        assert loss("base", system) == [("non_saturating", 1.0)]
        assert loss("stated_loss", system) == [("minimax", 1.0)]
        same = {"players"}
        assert SPEC.systems[system].model_dump(exclude=same) == LOADED.under("stated_loss").systems[system].model_dump(
            exclude=same
        )
    adam = {"learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "epsilon": 1e-8}
    sgd = {"learning_rate": 0.1, "momentum": 0.5}
    assert optimizer("base", "gan") == optimizer("base", "dcgan") == adam
    for reading, of_gan, of_dcgan in (
        ("released_gan", sgd, adam),
        ("small_gan", {"learning_rate": 1e-4, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-8}, adam),
        ("beta_09", {**adam, "beta1": 0.9}, adam),
        ("as_printed", sgd, sgd),
    ):
        assert (optimizer(reading, "gan"), optimizer(reading, "dcgan")) == (of_gan, of_dcgan)
    laws = {name: LOADED.under("small_gan").systems[name].noise["z"].law for name in ("gan", "dcgan")}
    assert laws == {"gan": "uniform", "dcgan": "normal"}
    small = LOADED.under("small_gan").experiments
    assert [small[name].batch_size for name in ("gan", "dcgan")] == [128, 100]


def test_first_weights_and_dropout_under_readings() -> None:
    def module(reading: str, network: str) -> Assembly:
        return checks.module(LOADED.under(reading), network, {})

    def deviation(reading: str, network: str) -> float:
        return max(module(reading, network).parameters(), key=Tensor.numel).std().item()

    def dropouts(reading: str) -> int:
        return sum(isinstance(one, torch.nn.Dropout) for one in module(reading, "mlp_discriminator").modules())

    assert (dropouts("base"), dropouts("no_dropout")) == (3, 0)
    assert checks.trainable(module("no_dropout", "mlp_discriminator")) == 1_460_225
    # U(-b, b) with b = 1 / sqrt(fan-in) has the deviation b / sqrt(3); fan-in 784 and 128 x 4 x 4
    assert deviation("base", "mlp_discriminator") == pytest.approx(784**-0.5 / 3**0.5, rel=0.02)
    assert deviation("normal_weights", "mlp_discriminator") == pytest.approx(0.02, rel=0.02)
    assert deviation("pytorch_weights", "conv_discriminator") == pytest.approx((64 * 16) ** -0.5 / 3**0.5, rel=0.02)
    # the tutorial draws scales as it draws the convolutions' weights, about 0
    scales = [one.weight for one in module("base", "tutorial_generator").modules() if hasattr(one, "running_mean")]
    assert [len(one) for one in scales] == [512, 256, 128]
    assert max(abs(one.mean().item()) for one in scales) < 0.01


def test_a_reading_of_one_system_leaves_the_other_as_it_is() -> None:
    def ids(reading: str) -> dict[str, str]:
        return {run.experiment: run.run_id for run in make_plan(LOADED.under(reading), "full", seeds=[0])}

    base = ids("base")
    changed = {reading: {name for name, one in ids(reading).items() if one != base[name]} for reading in SPEC.readings}
    both = {"gan", "dcgan"}
    assert changed == dict.fromkeys(SPEC.readings, both) | {
        "twice_as_loose": set(),
        "whole_runs": set(),
        "released_gan": {"gan"},
        "small_gan": {"gan"},
        "beta_09": {"gan"},
        "normal_weights": {"gan"},
        "no_dropout": {"gan"},
        "logistic_output": {"gan"},
        "at_64": {"dcgan"},
        "tutorial_dcgan": {"dcgan"},
        "linear_ends": {"dcgan"},
        "pytorch_weights": {"dcgan"},
        "radford_widths": {"dcgan"},
        "five_by_five": {"dcgan"},
        "keras_batch_norm": {"dcgan"},
    }


def test_runs_of_unlike_length_are_compared_up_to_epoch_50() -> None:
    """The recorded GAN settles at epochs 27.4, 24.1, 29.7 (D) and 36.4, 31.6, 36.2 (G) of 50, and later of 100."""
    predicate = SPEC.claims["DG-C4"].predicate
    assert predicate is not None
    asked = [one for one in quantities(predicate) if one.experiment == "gan"]
    runs = [one for one in read_records(RECORDED) if one.record.experiment == "gan"]
    runs.sort(key=lambda one: one.record.seed)
    courses = [Course(one.curves(), one.record.iterations_per_epoch) for one in runs]

    def settled(quantity: Quantity, **other: object) -> list[float]:
        assert quantity.curve is not None
        assert quantity.statistic is not None
        statistic = quantity.statistic.model_copy(update=other)
        return [round(statistic_value(course, quantity.curve, statistic), 1) for course in courses]

    assert [settled(one) for one in asked] == [[27.4, 24.1, 29.7], [36.4, 31.6, 36.2]]
    assert [settled(one, until=None) for one in asked] == [[29.7, 29.6, 34.4], [41.6, 42.6, 45.5]]


def test_both_loss_plots_and_the_digits_are_regenerated() -> None:
    found = {name: (figure.by, figure.experiments) for name, figure in SPEC.figures.items()}
    assert found["F2"] == ("curves", ("gan",))
    assert found["F2-DCGAN"] == ("curves", ("dcgan",))
    assert found["F3"] == ("samples", ("gan", "dcgan"))


def test_the_default_job_trains_the_two_systems_alone() -> None:
    (glob,) = [glob for paper, _, glob, _ in DEFAULT_JOB if paper == NAME]
    assert fnmatch.filter(SPEC.experiments, glob) == ["gan", "dcgan"]


# --- DG-C9, the theorem ---------------------------------------------------------------------------------------------


class _Bench:
    def __init__(self, **signals: Tensor) -> None:
        self.signals = signals

    def signal(self, name: str) -> Tensor:
        return self.signals[name]


def _loss(logits: Tensor, data: list[int], model: list[int]) -> Tensor:
    """D's loss on a discrete space: ``logits`` by point, and how often each point occurs in data and model."""
    points = torch.arange(len(logits))
    real = logits[points.repeat_interleave(torch.tensor(data))]
    fake = logits[points.repeat_interleave(torch.tensor(model))]
    return CrossEntropy(real="real", fake="fake").value(_Bench(real=real, fake=fake))  # type: ignore[arg-type]


def test_value_at_the_optimum_is_log_4() -> None:
    undecided = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    value = _loss(undecided, [4, 2, 1, 1], [4, 2, 1, 1])
    (gradient,) = torch.autograd.grad(value, undecided)
    assert value.item() == pytest.approx(math.log(4))
    assert gradient.abs().max() < 1e-12


def test_best_discriminator_is_the_density_ratio() -> None:
    data, model = [4, 2, 1, 1], [1, 1, 2, 4]
    share = torch.tensor([d / (d + m) for d, m in zip(data, model, strict=True)], dtype=torch.float64)
    best = torch.logit(share).requires_grad_()
    value = _loss(best, data, model)
    (gradient,) = torch.autograd.grad(value, best)
    assert gradient.abs().max() < 1e-12
    assert value.item() < math.log(4)
    moved = best.detach() + torch.tensor([0.1, -0.1, 0.1, -0.1])
    assert _loss(moved, data, model) > value


# --- the text -------------------------------------------------------------------------------------------------------


def test_pointers_name_places_that_exist() -> None:
    text = checks.text_of(NAME)
    wrong = {place: lost for place, where in checks.pointers(SPEC) if (lost := checks.missing_pointers(where, text))}
    assert wrong == {}


def test_a_pointer_to_nowhere_is_noticed() -> None:
    text = checks.text_of(NAME)
    assert checks.missing_pointers("section 3.9, figure 3 and algorithm 2", text) == ["section 3.9", "algorithm 2"]
