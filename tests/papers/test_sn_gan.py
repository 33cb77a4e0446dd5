"""Spectral Normalization for Generative Adversarial Networks (Miyato et al. 2018), a paper in nothing but YAML."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmark.judging.published import Numbers
from benchmark.runs.plan import make_plan, make_run
from benchmark.runs.runner import OneRun
from benchmark.spec.check import system_of
from benchmark.spec.printed import Cell
from benchmark.training.numerics import prepare
from tests.papers import checks
from tests.papers.checks import Planted

NAME = "sn_gan"
SPEC = checks.paper(NAME).spec
TIERS = sorted(checks.setups(SPEC))


def cell(table: str, label: str) -> Cell:
    (found,) = (next(iter(row.cells.values())) for row in SPEC.tables[table].rows if row.label == label)
    return found


#: table 2 on CIFAR-10: Inception score, its spread, FID; the paper's text is not at hand
PRINTED = {
    "Real data": (11.24, 0.12, 7.8),
    "Weight clipping": (6.41, 0.11, 42.6),
    "GAN-GP": (6.93, 0.08, 37.7),
    "WGAN-GP": (6.68, 0.06, 40.2),
    "Batch norm.": (6.27, 0.10, 56.3),
    "Layer norm.": (7.19, 0.12, 33.9),
    "Weight norm.": (6.84, 0.07, 34.7),
    "Orthonormal": (7.40, 0.12, 29.0),
    "SN-GANs": (7.42, 0.08, 29.3),
    "SN-GANs, equation 17": (7.58, 0.12, 25.5),
    "Orthonormal, equation 17 (ResNet)": (7.92, 0.04, 23.8),
    "SN-GANs, equation 17 (ResNet)": (8.22, 0.05, 21.7),
    "WGAN-GP (ResNet)": (7.86, 0.08, None),
}
#: cells that a source beside memory confirms
CONFIRMED = {
    ("T2-IS", "Real data"),
    ("T2-IS", "GAN-GP"),
    ("T2-IS", "SN-GANs, equation 17 (ResNet)"),
    ("T2-IS", "WGAN-GP (ResNet)"),
    ("T2-FID", "Real data"),
    ("T2-FID", "GAN-GP"),
    ("T2-FID", "SN-GANs"),
    ("T2-FID", "SN-GANs, equation 17 (ResNet)"),
}


def test_cells() -> None:
    found = {
        name: {row.label: next(iter(row.cells.values())) for row in table.rows} for name, table in SPEC.tables.items()
    }
    scores = {label: (one.value, one.spread) for label, one in found["T2-IS"].items()}
    assert scores == {label: (value, spread) for label, (value, spread, _) in PRINTED.items()}
    distances = {label: one.value for label, one in found["T2-FID"].items()}
    assert distances == {label: fid for label, (_, _, fid) in PRINTED.items() if fid is not None}
    assert {label: one.spread for label, one in found["T2-FID"].items() if one.spread is not None} == {
        "Orthonormal, equation 17 (ResNet)": 0.58,
        "SN-GANs, equation 17 (ResNet)": 0.21,
    }
    assert set(SPEC.claims) == {f"SN-C{number}" for number in range(1, 7)}
    assert set(SPEC.contradictions) == {"SN-I1"}


def test_nothing_is_said_of_a_text_that_nobody_had() -> None:
    assert SPEC.paper.text == "not_at_hand"
    assert SPEC.stated == {}


def test_every_other_own_cell_says_that_it_is_a_recollection() -> None:
    for table, published in SPEC.tables.items():
        for row in published.rows:
            note = cell(table, row.label).note or ""
            if (table, row.label) in CONFIRMED:
                assert note in ("", "spread recalled"), (table, row.label)
            else:
                assert note.startswith("recollection"), (table, row.label)


def test_rows_without_an_experiment_are_named_as_a_departure() -> None:
    for table in SPEC.tables.values():
        for row in table.rows:
            (found,) = row.cells.values()
            trained = found.experiment is not None or found.quoted_from is not None or row.label == "Real data"
            assert trained != ("SN-D4" in (found.note or ""))


def test_departures_are_marked_where_they_happen() -> None:
    text = (checks.ROOT / "papers" / f"{NAME}.yaml").read_text(encoding="utf-8")
    recipe = text[: text.index("\ndepartures:")]
    assert set(SPEC.departures) == {f"SN-D{number}" for number in range(1, 6)}
    assert all(departure in recipe for departure in SPEC.departures)


# --- networks -------------------------------------------------------------------------------------------------------


def test_parameter_counts_by_hand() -> None:
    generator = 129 * 8192 + 2 * 8192
    for wide, narrow in itertools.pairwise([512, 256, 128, 64]):
        generator += 16 * wide * narrow + narrow + 2 * narrow
    generator += 9 * 64 * 3 + 3
    widths = [3, 64, 64, 128, 128, 256, 256, 512]
    kernels = itertools.cycle([9, 16])
    plain = sum(kernel * a * b + b for kernel, (a, b) in zip(kernels, itertools.pairwise(widths), strict=False))
    plain += 512 * 4 * 4 + 1
    norms = 2 * sum(widths[2:])
    g, d = 256, 128
    resnet_generator = 129 * 16 * g + 3 * (2 * (9 * g * g + g) + (g * g + g) + 2 * 2 * g) + 2 * g + 9 * g * 3 + 3
    first = (9 * 3 * d + d) + (9 * d * d + d) + (3 * d + d)
    down = 2 * (9 * d * d + d) + (d * d + d)
    expected = {
        "cnn_generator": generator,
        "cnn_spectral": plain,
        "cnn_plain": plain,
        "cnn_batch_norm": plain + norms,
        "cnn_layer_norm": plain + norms,
        "resnet_generator": resnet_generator,
        "resnet_spectral": first + down + 2 * 2 * (9 * d * d + d) + d,
    }
    for name, count in expected.items():
        assert checks.trainable(checks.module(SPEC, name, {})) == count == SPEC.networks[name].parameters


def _used() -> list[tuple[str, str, tuple[tuple[str, int], ...]]]:
    """Every pair of networks with the sizes that some experiment gives it at some tier."""
    found = set()
    for experiment, tier in TIERS:
        run = make_run(SPEC, experiment, tier, 0, "fp32")  # type: ignore[arg-type]
        roles = run.system.networks
        found.add((roles["generator"], roles["discriminator"], tuple(sorted(run.setup.sizes.items()))))
    return sorted(found)


@pytest.mark.parametrize(("generator", "discriminator", "sizes"), _used())
def test_shapes_and_ranges_at_every_size(
    generator: str, discriminator: str, sizes: tuple[tuple[str, int], ...]
) -> None:
    g, d = checks.module(SPEC, generator, dict(sizes)), checks.module(SPEC, discriminator, dict(sizes))
    noise = torch.randn(3, *g.layout.inputs[0], generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        images = g(100 * noise)
        assert images.shape == (3, 3, 32, 32)
        assert images.abs().max() <= 1
        found = d(images)
    assert found.shape == (3, 1)
    assert torch.isfinite(found).all()


def test_every_weight_of_the_spectral_discriminators_is_normalised() -> None:
    for name in ("cnn_spectral", "resnet_spectral"):
        network = SPEC.networks[name]
        assert all(kind.startswith("spectral_") for kind in network.initialise)


# --- settings -------------------------------------------------------------------------------------------------------

SWEPT = ("spectral", "wgan_gp", "gan_gp", "batch_norm", "layer_norm")
SETTINGS = {
    "a": (1e-4, 0.5, 0.9, 5),
    "b": (1e-4, 0.5, 0.999, 1),
    "c": (2e-4, 0.5, 0.999, 1),
    "d": (1e-3, 0.5, 0.9, 5),
    "e": (1e-3, 0.5, 0.999, 5),
    "f": (1e-3, 0.9, 0.999, 5),
}


@pytest.mark.parametrize("method", SWEPT)
@pytest.mark.parametrize("setting", sorted(SETTINGS))
def test_the_six_settings(method: str, setting: str) -> None:
    system = system_of(SPEC, SPEC.experiments[f"{method}_{setting}"])
    for player in system.players.values():
        adam = player.optimizer.model_dump()
        rate, beta1, beta2, updates = SETTINGS[setting]
        assert (adam["learning_rate"], adam["beta1"], adam["beta2"]) == (rate, beta1, beta2)
        assert list(system.schedule) == ["discriminator"] * updates + ["generator"]


def test_budget_is_counted_in_updates_of_the_generator() -> None:
    assert {run.iterations for run in make_plan(SPEC, "full", seeds=[0])} == {100_000}
    assert make_run(SPEC, "resnet", "full", 0, "fp32").images == 100_000 * 5 * 64


# --- claims ---------------------------------------------------------------------------------------------------------

BEST = {
    "spectral_c": (7.42, 29.3),
    "clipping": (6.41, 42.6),
    "gan_gp_c": (6.93, 37.7),
    "wgan_gp_a": (6.68, 40.2),
    "batch_norm_c": (6.27, 56.3),
    "layer_norm_c": (7.19, 33.9),
    "spectral_hinge": (7.58, 25.5),
    "resnet": (8.22, 21.7),
}
AGGRESSIVE = {
    "spectral_d": 7.1,
    "spectral_e": 7.2,
    "spectral_f": 6.1,
    "wgan_gp_d": 3.1,
    "wgan_gp_e": 2.1,
    "wgan_gp_f": 1.1,
}


def _as_claimed() -> dict[str, Planted]:
    def planted(inception_score: float, fid: float) -> Planted:
        return Planted(scores={"inception_score": inception_score, "fid": fid})

    world = {f"{method}_{setting}": planted(5.1, 60.5) for method in SWEPT for setting in SETTINGS}
    world |= {name: planted(score, 250 / score) for name, score in AGGRESSIVE.items()}
    return world | {name: planted(*scores) for name, scores in BEST.items()}


CLAIMED = _as_claimed()
BROKEN = frozenset(range(10))
RIVALS = [name for name in CLAIMED if not name.startswith(("spectral", "resnet"))]


def but(**changes: float | tuple[float, float] | frozenset[int]) -> Mapping[str, Planted]:
    """The world with other scores of some experiments: an Inception score, one and FID, or seeds that broke down."""
    world = dict(CLAIMED)
    for name, change in changes.items():
        if isinstance(change, frozenset):
            world[name] = replace(world[name], diverged=change)
        else:
            score, fid = change if isinstance(change, tuple) else (change, world[name].scores["fid"])
            world[name] = Planted(scores={"inception_score": score, "fid": fid})
    return world


#: claim, what is otherwise, the world, and whether the sentence is then true
WORLDS: list[tuple[str, str, Mapping[str, Planted], bool]] = [
    ("SN-C1", "a penalty is better", but(gan_gp_c=7.6), False),
    ("SN-C1", "a penalty is better at another setting", but(gan_gp_b=7.6), False),
    ("SN-C1", "layer normalisation ties", but(layer_norm_c=7.42), False),
    (
        "SN-C1",
        "all others break down",
        but(**{name: BROKEN for name in CLAIMED if not name.startswith("spectral")}),
        True,
    ),
    ("SN-C2", "layer normalisation has the lower FID", but(layer_norm_c=(7.1, 28.1)), False),
    ("SN-C2", "batch normalisation has it at another setting", but(batch_norm_e=(6.1, 28.1)), False),
    ("SN-C2", "clipping breaks down", but(clipping=BROKEN), True),
    ("SN-C3", "no help", but(spectral_hinge=BEST["spectral_c"]), False),
    ("SN-C3", "help by FID alone", but(spectral_hinge=(7.3, 25.5)), False),
    ("SN-C3", "the usual loss breaks down", but(spectral_c=BROKEN), True),
    ("SN-C4", "both fail at F", but(spectral_f=1.3), False),
    ("SN-C4", "WGAN-GP trains at D, if less well", but(wgan_gp_d=6.4), False),
    ("SN-C4", "WGAN-GP is better at E", but(wgan_gp_e=7.4), False),
    ("SN-C4", "WGAN-GP fails by breaking down", but(wgan_gp_d=BROKEN, wgan_gp_e=BROKEN, wgan_gp_f=BROKEN), True),
    ("SN-C5", "worse", but(resnet=(7.1, 30.1)), False),
    ("SN-C5", "better by FID alone", but(resnet=(7.5, 21.7)), False),
    ("SN-C5", "the standard networks break down", but(spectral_hinge=BROKEN), True),
]
MEASURED = sorted(name for name, claim in SPEC.claims.items() if claim.predicate is not None)


@pytest.mark.parametrize("claim", MEASURED)
def test_claims_hold_in_the_world_as_claimed(claim: str) -> None:
    finding = checks.judged(SPEC, claim, CLAIMED)
    assert set(finding.truths.values()) == {True}, finding.says
    assert finding.p < 0.05


@pytest.mark.parametrize(("claim", "world", "true"), [pytest.param(c, w, t, id=f"{c}: {x}") for c, x, w, t in WORLDS])
def test_worlds(claim: str, world: Mapping[str, Planted], true: bool) -> None:
    finding = checks.judged(SPEC, claim, world)
    if true:
        assert finding.p < 0.05, finding.says
        assert finding.points == "same"
    else:
        assert finding.p > 0.05, finding.says
        assert not any(finding.truths.values())


def test_every_measured_claim_has_a_world_in_which_it_is_false() -> None:
    assert {claim for claim, _, _, true in WORLDS if not true} == set(MEASURED)


@pytest.mark.parametrize("claim", ["SN-C3", "SN-C5"])  # of the others one setting is printed
def test_printed_numbers_bear_the_claims_out(claim: str) -> None:
    predicate = SPEC.claims[claim].predicate
    assert predicate is not None
    assert Numbers(SPEC).outcome(predicate)[0] == "holds"


@pytest.mark.parametrize("experiment", ["resnet", "spectral_a"])
def test_smoke_tier_trains(tmp_path: Path, experiment: str) -> None:
    run = make_run(SPEC, experiment, "smoke", 0, "fp32")
    prepare(run.numerics, 1)
    record = OneRun(run, tmp_path, tmp_path / "data", "cpu").execute()
    assert record.status == "finished"
