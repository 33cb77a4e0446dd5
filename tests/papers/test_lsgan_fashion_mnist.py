"""LSGANs for image generation on Fashion-MNIST (Sarwar, Schwartz and Silva)."""

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

from benchmark.judging.published import Numbers
from benchmark.runs.plan import make_run
from benchmark.runs.runner import OneRun
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import Shape
from benchmark.spec.shapes import layout
from benchmark.training.numerics import prepare
from benchmark.training.subject import evaluation_copy
from benchmark.training.trainer import Trainer
from tests.papers import checks

NAME = "lsgan_fashion_mnist"
LOADED = checks.paper(NAME)
SPEC = LOADED.spec
TEXT = (checks.ROOT / "papers" / f"{NAME}.yaml").read_text(encoding="utf-8")
EPOCHS = 200
EPOCH = 20
PUBLISHED = {
    "LS-T1.1.1": ("gan", 66.73),
    "LS-T1.1.2": ("gan_batch_norm", 144.43),
    "LS-T1.1.3": ("gan_batch_norm_005", 347.65),
    "LS-T1.2.1": ("lsgan", 48.72),
    "LS-T1.2.2": ("lsgan_batch_norm", 74.12),
    "LS-T1.2.3": ("lsgan_batch_norm_005", 144.11),
    "LS-N1": ("lsgan_deep_batch_norm", 94.23),
}


def test_everything_the_paper_has_is_there() -> None:
    assert {name for name in SPEC.claims if name.count("-") == 1} == {f"LS-C{number}" for number in range(1, 14)}
    assert set(SPEC.contradictions) == {f"LS-I{number}" for number in range(1, 19)}
    marks = [f"LS-V{number}" for number in range(1, 11)] + [*PUBLISHED, "LS-U1"]
    assert [mark for mark in marks if not re.search(rf"{re.escape(mark)}(?![\d.])", TEXT)] == []


def test_what_the_paper_says_is_counted_as_said() -> None:
    """It contradicts itself on the reference set, the deeper model's convolution and which images are better."""
    assert [name for name, one in SPEC.contradictions.items() if one.kind == "itself"] == ["LS-I4", "LS-I7", "LS-I9"]
    deeper = [
        f"networks.{role}_deep_batch_norm.defaults.batch_norm.momentum" for role in ("generator", "discriminator")
    ]
    assert [path for path in (*deeper, "experiments.lsgan.budget") if path not in SPEC.stated] == []
    # that batch normalisation follows the linear layer is in the released program alone
    assert not [path for path in SPEC.stated if path.startswith("networks.generator_") and path.endswith(".layers.1")]


def test_limits_that_part_the_paper_s_own_numbers_are_called_circular() -> None:
    """200 lies between the 144 and the 348 of table 1."""
    for name, claim in SPEC.claims.items():
        if claim.predicate is not None and "200" in claim.predicate.model_dump_json():
            assert "circular" in (claim.note or "") or "LS-C5" in (claim.note or ""), name


def test_no_alternative_was_split_at_a_comma() -> None:
    """An unquoted comma in a flow list makes two alternatives of one, the second of which begins in mid-sentence."""
    begins = ("which ", "whose ", "that ", "as ")
    told = [one for entry in SPEC.unstated.values() for one in entry.alternatives]
    assert [one for one in told if one.startswith(begins)] == []


def test_departures_are_marked_where_they_happen() -> None:
    recipe = TEXT[: TEXT.index("\ndepartures:")]
    assert set(SPEC.departures) == {"LS-D1"}
    assert all(departure in recipe for departure in SPEC.departures)


# --- published numbers ----------------------------------------------------------------------------------------------


def printed() -> dict[str, tuple[str | None, float]]:
    """Every cell by the id that its place gives it."""
    table, number = SPEC.tables["T1"], SPEC.tables["N1"].rows[0].cells["FID"]
    found = {
        f"LS-T1.{row_index}.{column_index}": (row.cells[column].experiment, row.cells[column].value)
        for row_index, row in enumerate(table.rows, 1)
        for column_index, column in enumerate(table.columns, 1)
    }
    return {**found, "LS-N1": (number.experiment, number.value)}


def test_cells() -> None:
    assert printed() == PUBLISHED
    cells = [cell for table in SPEC.tables.values() for row in table.rows for cell in row.cells.values()]
    assert {(cell.decimals, cell.score) for cell in cells} == {(2, "fid")}
    assert [cell.value for cell in cells if cell.bold] == [48.72]
    assert {(table.quantity, table.direction) for table in SPEC.tables.values()} == {
        ("frechet_inception_distance", "lower")
    }


def test_cells_as_in_the_dossier() -> None:
    file = checks.ROOT.parent / "shared" / "papers" / "DOSSIER.md"
    if not file.is_file():
        pytest.skip("the facts of the papers are not here")
    rows = re.findall(r"^\| LS-V\d+ \|.*\| \**([\d.]+)\** \| (LS-\S+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert {mark: float(value) for value, mark in rows} == {mark: value for mark, (_, value) in PUBLISHED.items()}


def test_cells_as_in_the_text() -> None:
    text = checks.text_of(NAME)
    for label, row in (("GAN", "1"), ("LSGAN", "2")):
        line = next(line for line in text.split("\n") if line.startswith(f"{label}\t"))
        assert [float(value) for value in line.split("\t")[1:]] == [PUBLISHED[f"LS-T1.{row}.{n}"][1] for n in (1, 2, 3)]
    assert "FID score of 94.23" in text


def test_what_the_paper_says_of_its_own_numbers() -> None:
    predicates = {name: claim.predicate for name, claim in SPEC.claims.items() if claim.predicate is not None}
    found = {name: Numbers(SPEC).outcome(predicate) for name, predicate in predicates.items()}
    outcomes = {name: outcome for name, (outcome, _) in found.items()}
    holding = {name for name, outcome in outcomes.items() if outcome == "holds"}
    assert holding == {"LS-C1", "LS-C2", "LS-C3", "LS-C4", "LS-C8"}
    # 94.23 is above the 74.12 of the shallow LSGAN with momentum 0.1
    assert {name for name, outcome in outcomes.items() if outcome == "holds in part"} == {"LS-C9"}
    assert found["LS-C9"][1] == "fid (lsgan_deep_batch_norm) 94.23 is not below fid (lsgan_batch_norm) 74.12"
    assert "fails" not in outcomes.values()


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


def kernels(*maps: int) -> int:
    """Weights and biases of convolutions of 3 x 3 through these maps."""
    return sum(9 * a * b + b for a, b in itertools.pairwise(maps))


def test_parameter_counts() -> None:
    shallow = 1024 * 8192 + 8192 + kernels(128, 128, 64, 1)
    deep = 1024 * 512 + 512 + kernels(128, 128, 64, 32, 16, 1)
    small = kernels(1, 16, 32, 64) + 64 * 16 + 1
    deeper = kernels(1, 16, 32, 64, 128) + 128 * 4 + 1
    assert (shallow, small, deep) == (8_618_753, 24_321, 769_409)
    normed, small_normed = shallow + 2 * (8192 + 128 + 64), small + 2 * (32 + 64)
    expected = {
        "generator": shallow,
        "generator_batch_norm": normed,
        "generator_batch_norm_005": normed,
        "generator_batch_norm_after": normed,
        "generator_deep": deep,
        "generator_deep_batch_norm": 769_889,
        "discriminator": small,
        "discriminator_batch_norm": small_normed,
        "discriminator_batch_norm_005": small_normed,
        "discriminator_batch_norm_after": small_normed,
        "discriminator_deep": deeper,
        "discriminator_deep_batch_norm": deeper + 2 * (32 + 64 + 128),
        "discriminator_large": kernels(1, 16, 32, 64, 128, 256, 512) + 512 + 1,
    }
    assert {name: network.parameters for name, network in SPEC.networks.items()} == expected
    assert {name: meta_pass(name, {})[1] for name in SPEC.networks} == expected


def test_images_of_28_pixels() -> None:
    """Maps of 7 x 7 are doubled twice; D's 28, 14, 7 and 4 end on as many as 32 do, so that its count is the same."""
    spec = LOADED.under("at_28")
    whole = 1024 * 128 * 49 + 128 * 49 + kernels(128, 128, 64, 1)
    assert meta_pass("generator", {}, spec) == ((3, 1, 28, 28), whole)
    assert meta_pass("generator_batch_norm_005", {}, spec)[1] == whole + 2 * (128 * 49 + 128 + 64)
    for name in ("discriminator", "discriminator_batch_norm_after", "discriminator_large"):
        assert meta_pass(name, {}, spec) == ((3, 1), SPEC.networks[name].parameters)
    for name, tier in checks.setups(spec):
        setup = spec.experiments[name].setup(tier)
        assert setup is not None
        sizes = checks.run_sizes(spec, name, tier)
        shapes = {meta_pass(one, sizes, spec)[0] for one in spec.systems[setup.system].networks.values()}
        side = 32 if "deep" in name else 28
        assert setup.dataset.example_shape() == (1, side, side)
        assert shapes == {(3, 1), (3, 1, side, side)}


SIZES = [{}, {"width": 16}, {"width": 4, "latent": 8}]


def test_sizes_are_those_of_the_tiers() -> None:
    used = [dict(checks.run_sizes(SPEC, experiment, tier)) for experiment, tier in checks.setups(SPEC)]
    assert all(sizes in used for sizes in SIZES)
    assert all(sizes in SIZES for sizes in used)


@pytest.mark.parametrize("sizes", SIZES, ids=["full", "short", "smoke"])
def test_shapes(sizes: dict[str, int]) -> None:
    for name in SPEC.networks:
        assert meta_pass(name, sizes)[0] == ((3, 1) if "discriminator" in name else (3, 1, 32, 32))


@pytest.mark.parametrize("sizes", SIZES, ids=["full", "short", "smoke"])
@pytest.mark.parametrize("network", sorted(SPEC.networks))
def test_ranges(network: str, sizes: dict[str, int]) -> None:
    module = checks.module(SPEC, network, sizes).train()
    inputs = torch.randn(4, *module.layout.inputs[0], generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        output = module(100 * inputs)
    low, high = (0, 1) if "discriminator" in network else (-1, 1)
    assert low <= output.min() <= output.max() <= high


def test_where_batch_normalisation_stands() -> None:
    def names(network: str) -> str:
        short = {"batch_norm": "B", "leaky_relu": "a", "linear": "L", "conv": "c", "deconv": "d"}
        return "".join(short.get(layer.name, "") for layer in SPEC.networks[network].layers)

    assert names("generator") == "Ladadac"
    assert names("generator_batch_norm") == names("generator_batch_norm_005") == "LBadBadBac"
    assert names("generator_batch_norm_after") == "LaBdaBdaBc"
    assert names("generator_deep") == "Ladadadadac"
    assert names("generator_deep_batch_norm") == "LadBadBadBadBac"
    assert names("discriminator") == "cacacaL"
    assert names("discriminator_batch_norm") == names("discriminator_batch_norm_005") == "cacBacBaL"
    assert names("discriminator_batch_norm_after") == "cacaBcaBL"
    assert names("discriminator_deep_batch_norm") == "cacBacBacBaL"
    assert names("discriminator_large") == "cacacacacacaL"


# --- LS-I11 ---------------------------------------------------------------------------------------------------------


def trained(experiment: str) -> Trainer:
    run = make_run(SPEC, experiment, "smoke", 0, "fp32")
    trainer = Trainer(run, run.setup.dataset.load(Path("no-data"), "cpu"), "cpu")
    trainer.advance(run.iterations, lambda _iteration: False)
    return trainer


def same(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


def curves_of(trainer: Trainer) -> dict[str, Tensor]:
    return {name: torch.from_numpy(values) for name, values in trainer.curves().items()}


@pytest.mark.parametrize("system", ["gan", "lsgan"])
def test_momentum_changes_no_step_of_training(system: str) -> None:
    """The same weights bit for bit; only what evaluation mode reads differs, and batch statistics do not read that."""
    prepare("fp32", 1)
    default, slow, other = (
        trained(name) for name in (f"{system}_batch_norm", f"{system}_batch_norm_005", "lsgan_batch_norm_after")
    )
    assert same(curves_of(default), curves_of(slow))
    assert not same(curves_of(default), curves_of(other))
    noise = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))
    for role, network in default.networks.items():
        assert same(dict(network.named_parameters()), dict(slow.networks[role].named_parameters()))
        assert not same(dict(network.named_buffers()), dict(slow.networks[role].named_buffers()))
    for batch_statistics, agree in ((True, True), (False, False)):
        images = [
            evaluation_copy(trainer.networks["generator"], batch_statistics=batch_statistics)(noise)
            for trainer in (default, slow)
        ]
        assert torch.equal(*images) == agree


def test_momenta() -> None:
    momenta = {
        name: {layer.momentum for layer in network.layers if layer.name == "batch_norm"}  # type: ignore[attr-defined]
        for name, network in SPEC.networks.items()
        if "batch_norm" in name
    }
    assert momenta == {name: {0.05 if name.endswith("_005") else 0.1} for name in momenta}


# --- losses ---------------------------------------------------------------------------------------------------------


class _Bench:
    def __init__(self, real: Tensor, fake: Tensor) -> None:
        self.signals = {"real_output": real, "fake_output": fake}

    def signal(self, name: str) -> Tensor:
        return self.signals[name]


def losses(system: str, real: Tensor, fake: Tensor, spec: PaperSpec | None = None) -> dict[str, Tensor]:
    """Each player's loss where D gives ``real`` and ``fake``."""
    context = _Bench(real, fake)
    found = {}
    for name, player in (spec or SPEC).systems[system].players.items():
        terms = [term.weight * term.value(context) for term in player.minimise]  # type: ignore[arg-type]
        found[name] = sum(terms[1:], start=terms[0])
    return found


def test_losses_as_printed() -> None:
    real, fake = torch.tensor([[0.9], [0.6]]), torch.tensor([[0.2], [0.4]])
    found = losses("lsgan", real, fake)
    assert found["discriminator"].item() == pytest.approx((0.01 + 0.16) / 4 + (0.04 + 0.16) / 4)
    assert found["generator"].item() == pytest.approx((0.64 + 0.36) / 4)
    found = losses("pearson_linear", real, fake)
    assert found["discriminator"].item() == pytest.approx((0.01 + 0.16) / 4 + (1.44 + 1.96) / 4)
    assert found["generator"].item() == pytest.approx((0.04 + 0.16) / 4)
    found = losses("gan", real, fake)
    real_term, fake_term = -math.log(0.9 * 0.6) / 2, -math.log(0.8 * 0.6) / 2
    assert found["discriminator"].item() == pytest.approx((real_term + fake_term) / 2)
    assert found["generator"].item() == pytest.approx(-math.log(0.2 * 0.4) / 4)


@pytest.mark.parametrize("system", sorted(SPEC.systems))
def test_generator_goes_first_on_the_batch_that_both_share(system: str) -> None:
    one = SPEC.systems[system]
    assert one.schedule == ("generator", "discriminator")
    assert one.signals["fake"].reuse
    assert one.noise["z"].redraw == "iteration"


def test_linear_systems_leave_out_the_sigmoid() -> None:
    read = {
        name: {one.signals[signal].until for signal in ("real_output", "fake_output")}
        for name, one in SPEC.systems.items()
    }
    linear = {"lsgan_linear", "pearson_linear"}
    assert read == {name: {"linear_output" if name in linear else None} for name in SPEC.systems}
    names = [layer.name for layer in SPEC.networks["discriminator"].layers]
    assert names[-3:] == ["linear", "tap", "sigmoid"]


def slopes(system: str, logit: float) -> dict[str, float]:
    """Slope of each player's loss in the number behind D's sigmoid, on a generated image."""
    value = torch.tensor([[logit]], dtype=torch.float64, requires_grad=True)
    found = losses(system, torch.tensor([[0.9]], dtype=torch.float64), value.sigmoid())
    return {name: torch.autograd.grad(loss, value, retain_graph=True)[0].item() for name, loss in found.items()}


def test_pearson_setting_behind_a_sigmoid_has_no_adversaries() -> None:
    """LS-C12: both players pull D(G(z)) down; in the setting of the paper they pull against each other."""
    for logit in (-3.0, 0.0, 3.0):
        together, against = slopes("pearson_sigmoid", logit), slopes("lsgan", logit)
        assert together["discriminator"] > 0
        assert together["generator"] > 0
        assert against["discriminator"] > 0 > against["generator"]


def test_which_gradients_vanish() -> None:
    """LS-C13: of a rejected image, the sigmoid least squares and log(1 - D) lose the gradient, the swapped labels not.

    With D = s(x): d/dx of -log D / 2 is (D - 1) / 2, of (D - 1)^2 / 2 it is (D - 1) D (1 - D), of log(1 - D) it is -D.
    """
    logit = -8.0
    rejected = 1 / (1 + math.exp(-logit))
    assert slopes("gan", logit)["generator"] == pytest.approx((rejected - 1) / 2)
    assert slopes("lsgan", logit)["generator"] == pytest.approx(-rejected * (1 - rejected) ** 2)
    assert abs(slopes("gan", logit)["generator"]) > 0.49
    assert abs(slopes("lsgan", logit)["generator"]) < 1e-3
    value = torch.tensor(logit, dtype=torch.float64, requires_grad=True)
    (saturating,) = torch.autograd.grad(torch.log(1 - value.sigmoid()), value)
    assert saturating.item() == pytest.approx(-rejected)


def test_readings_of_the_losses() -> None:
    """Of D(x) = 0.9 and D(G(z)) = 0.2: sums of what the base halves; log(1 - D) of the number behind the sigmoid."""
    real, fake = torch.tensor([[0.9]]), torch.tensor([[0.2]])
    base = losses("gan", real, fake)
    whole = losses("gan", real, fake, LOADED.under("losses_not_halved"))
    assert all(whole[name].item() == pytest.approx(2 * base[name].item()) for name in base)
    first = losses("gan", real, fake, LOADED.under("generator_not_halved"))
    assert first["generator"].item() == pytest.approx(-math.log(0.2))
    assert first["discriminator"].item() == base["discriminator"].item() == pytest.approx(-math.log(0.9 * 0.8) / 2)
    minimax = losses("gan", real.logit(), fake.logit(), LOADED.under("minimax"))
    assert minimax["discriminator"].item() == pytest.approx(base["discriminator"].item())
    assert minimax["generator"].item() == pytest.approx(0.5 * math.log(0.8), rel=1e-5)


def test_readings_of_what_is_sampled_and_scored_change_nothing_else() -> None:
    """Every experiment but the two controls, which have batch statistics already."""
    for reading, path in (("batch_statistics", "generator_mode"), ("training_images_as_reference", "scores")):
        spec = LOADED.under(reading)
        for name, experiment in spec.experiments.items():
            old, new = SPEC.experiments[name].model_dump(), experiment.model_dump()
            different = {key for key in new if key != "tiers" and new[key] != old[key]}
            control = name.endswith("_batch_statistics") and path == "generator_mode"
            assert different == (set() if control else {path}), name
        assert spec.systems == SPEC.systems
        assert spec.networks == SPEC.networks


# --- experiments ----------------------------------------------------------------------------------------------------


def test_experiments_differ_in_system_and_sampling_alone() -> None:
    apart = {"says", "label", "role", "where", "system", "generator_mode", "tiers", "seeds"}
    more = {name: len(one.seeds) for name, one in SPEC.experiments.items() if len(one.seeds) != 5}
    assert more == {"gan_large": 10, "lsgan_large": 10}
    base = SPEC.experiments["lsgan"].model_dump(exclude=apart)
    sampled = {name for name, one in SPEC.experiments.items() if one.generator_mode == "batch_statistics"}
    assert sampled == {"gan_batch_norm_batch_statistics", "lsgan_batch_norm_batch_statistics"}
    for name, experiment in SPEC.experiments.items():
        assert experiment.model_dump(exclude=apart) == base
        assert experiment.system == name.removesuffix("_batch_statistics")
        assert make_run(SPEC, name, "full", 0, "fp32").iterations == 187_600


def test_fid_as_in_the_released_program() -> None:
    metric = SPEC.experiments["gan"].scores["fid"].metric.model_dump()
    stated = SPEC.tables["T1"].protocol
    assert {name: metric[name] for name in ("reference", "samples", "resize")} == {
        name: stated[name] for name in ("reference", "samples", "resize")
    }
    assert stated["generator_mode"] == SPEC.experiments["gan"].generator_mode


@pytest.mark.parametrize("experiment", ["gan", "lsgan_deep_batch_norm"])
def test_smoke_run(experiment: str, tmp_path: Path) -> None:
    prepare("fp32", 1)
    run = make_run(SPEC, experiment, "smoke", 0, "fp32")
    record = OneRun(run, tmp_path / "results", tmp_path / "no-data", "cpu").execute()
    assert record.status == "finished"
    assert record.iterations == run.iterations
    with np.load(tmp_path / "results" / run.folder / "curves.npz") as curves:
        assert all(np.isfinite(curves[name]).all() and len(curves[name]) == run.iterations for name in curves)
        # outputs start near 1/2
        level = math.log(2) if experiment == "gan" else 0.25
        assert curves["discriminator_loss"][0] == pytest.approx(level, rel=0.1)
    assert set(record.scores) == set(run.setup.scores)


# --- the text -------------------------------------------------------------------------------------------------------


def test_pointers_name_places_that_exist() -> None:
    text = checks.text_of(NAME).replace("~", " ")
    wrong = {place: lost for place, where in checks.pointers(SPEC) if (lost := checks.missing_pointers(where, text))}
    assert wrong == {}
