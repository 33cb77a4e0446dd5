"""Spectral Normalization for Generative Adversarial Networks (Miyato et al. 2018), a paper in nothing but YAML."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from benchmark.judging.published import on_published
from benchmark.runs.plan import make_plan, make_run
from benchmark.runs.runner import OneRun
from benchmark.spec.check import system_of
from benchmark.spec.paper import Cell
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
    assert set(SPEC.departures) == {f"SN-D{number}" for number in range(1, 5)}
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

SETTINGS = {
    "a": (1e-4, 0.5, 0.9, 5),
    "b": (1e-4, 0.5, 0.999, 1),
    "c": (2e-4, 0.5, 0.999, 1),
    "d": (1e-3, 0.5, 0.9, 5),
    "e": (1e-3, 0.5, 0.999, 5),
    "f": (1e-3, 0.9, 0.999, 5),
}


@pytest.mark.parametrize("method", ["spectral", "wgan_gp"])
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


def _as_claimed() -> dict[str, Planted]:
    def planted(inception_score: float, fid: float) -> Planted:
        return Planted(scores={"inception_score": inception_score, "fid": fid})

    return {
        "spectral_c": planted(7.42, 29.3),
        "spectral_d": planted(7.1, 35.5),
        "spectral_e": planted(7.2, 34.5),
        "spectral_f": planted(6.1, 45.5),
        "wgan_gp_a": planted(6.68, 40.2),
        "wgan_gp_d": planted(3.1, 120.5),
        "wgan_gp_e": planted(2.1, 150.5),
        "wgan_gp_f": planted(1.1, 200.5),
        "clipping": planted(6.41, 42.6),
        "gan_gp": planted(6.93, 37.7),
        "batch_norm": planted(6.27, 56.3),
        "layer_norm": planted(7.19, 33.9),
        "spectral_hinge": planted(7.58, 25.5),
        "resnet": planted(8.22, 21.7),
    }


def _faults() -> dict[str, tuple[str, Mapping[str, Planted]]]:
    true = _as_claimed()

    def swapped(one: str, other: str) -> dict[str, Planted]:
        return {**true, one: true[other], other: true[one]}

    return {
        "a penalty is better": ("SN-C1", swapped("spectral_c", "gan_gp")),
        "layer normalisation has the lower FID": ("SN-C2", swapped("spectral_c", "layer_norm")),
        "the hinge loss is no help": ("SN-C3", swapped("spectral_c", "spectral_hinge")),
        "fails at setting E": ("SN-C4", swapped("spectral_e", "wgan_gp_e")),
        "the ResNet is worse": ("SN-C5", swapped("resnet", "spectral_hinge")),
    }


@pytest.mark.parametrize("fault", sorted(_faults()))
def test_claims_are_decided_by_what_they_say(fault: str) -> None:
    claim, world = _faults()[fault]
    checks.assert_decided(SPEC, claim, _as_claimed(), world)


def test_every_measured_claim_is_planted() -> None:
    measured = {name for name, claim in SPEC.claims.items() if claim.predicate is not None}
    assert measured == {claim for claim, _ in _faults().values()}


@pytest.mark.parametrize("claim", ["SN-C1", "SN-C2", "SN-C3", "SN-C5"])
def test_printed_numbers_bear_the_claims_out(claim: str) -> None:
    predicate = SPEC.claims[claim].predicate
    assert predicate is not None
    assert on_published(SPEC, predicate)[0] == "holds"


@pytest.mark.parametrize("experiment", ["resnet", "spectral_a"])
def test_smoke_tier_trains(tmp_path: Path, experiment: str) -> None:
    run = make_run(SPEC, experiment, "smoke", 0, "fp32")
    prepare(run.numerics, 1)
    record = OneRun(run, tmp_path, tmp_path / "data", "cpu").execute()
    assert record.status == "finished"
