"""Runs as planned: their length, what they show, what they take on disk and what they are called, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.runs.plan import TRAINER_VERSION, Run, id_of, make_plan, make_run
from benchmark.runs.records import read_records
from benchmark.spec.experiments import Every
from benchmark.spec.load import load, loads
from benchmark.spec.resolve import system_of
from tests.spec.small import edited

PAPERS = Path(__file__).parents[2] / "papers"
EVIDENCE = Path(__file__).parents[2] / "results" / "reference"


def run_of(experiment: str, *changes: str) -> Run:
    return make_run(loads(edited(*changes)).spec, experiment, "full", 0, "fp32")


def test_points_take_two_checkpoints_curves_and_samples() -> None:
    """259 parameters; 5 curves; 10 points of 8 bytes at iterations 0, 50 and 100."""
    run = run_of("ring")
    assert (run.parameter_count, run.iterations, run.images) == (226 + 33, 100, 1600)
    assert run.iterations_per_epoch is None
    assert run.moments(run.setup.snapshots.every) == [50, 100]
    weights, curves = 259 * 4 * 3, 100 * 5 * 4
    assert run.disk_bytes == 2 * (weights + curves) + curves + 3 * 10 * 8


def test_images_take_a_byte_for_each_value() -> None:
    """240 and 67 parameters; 1,797 digits are 29 batches of 64, the last incomplete; 64 bytes each at 3 epochs."""
    run = run_of("scans")
    assert (run.parameter_count, run.iterations, run.images) == (240 + 67, 58, 58 * 64)
    assert run.iterations_per_epoch == 29
    assert run.moments(run.setup.snapshots.every) == [29, 58]
    weights, curves = 307 * 4 * 3, 58 * 5 * 4
    assert run.disk_bytes == 2 * (weights + curves) + curves + 3 * 10 * 64


def test_the_best_evaluation_of_a_recurring_score_keeps_weights_of_its_own() -> None:
    once = run_of("ring")
    recurring = run_of(
        "ring",
        "least_share: 0.01}}, checkpoint: last",
        "least_share: 0.01}}, checkpoint: best, every: {iterations: 50}",
    )
    assert recurring.disk_bytes - once.disk_bytes == 2 * 259 * 4


def test_an_interval_that_does_not_divide_a_run_ends_with_it() -> None:
    run = run_of("ring")
    longer = replace(run, iterations=110)
    assert longer.moments(run.setup.snapshots.every) == [50, 100, 110]
    assert longer.moments(None) == [110]
    assert longer.disk_bytes - run.disk_bytes == 3 * 10 * 5 * 4 + 10 * 8  # three times its curves, one more snapshot


def test_an_incomplete_batch_counts_only_where_it_is_kept() -> None:
    run = run_of("scans", "last_batch: keep", "last_batch: drop")
    assert (run.iterations_per_epoch, run.iterations) == (28, 56)


def test_players_that_draw_batches_of_their_own_share_an_epoch() -> None:
    """Both players read real data: an iteration takes two of 29 batches."""
    run = run_of("scans", "batches: iteration", "batches: update")
    assert (run.iterations_per_epoch, run.iterations, run.images) == (14.5, 29, 29 * 2 * 64)
    assert run.moments(Every(epochs=1)) == [14, 28, 29]
    assert run.moments(Every(epochs=0.01)) == list(range(1, 30))


def test_one_training_that_two_experiments_need_is_planned_once() -> None:
    spec = loads(edited("system: saturating", "system: plain")).spec
    runs = make_plan(spec, "full", experiments=["ring", "ring_saturating"])
    assert [(run.experiment, run.seed, run.also) for run in runs] == [
        ("ring", seed, ("ring_saturating",)) for seed in (0, 1, 2)
    ]
    assert [run.run_id for run in runs] == [id_of(run.determinant()) for run in runs]
    assert [run.run_id for run in runs] == [make_run(spec, "ring", "full", seed, "fp32").run_id for seed in (0, 1, 2)]
    assert [run.seed for run in make_plan(spec, "full", experiments=["ring"], seeds=[7])] == [7]
    with pytest.raises(KeyError, match="scans has no tier 'smoke'"):
        make_run(spec, "scans", "smoke", 0, "fp32")


@pytest.mark.parametrize("paper", ["gan_dcgan_mnist", "gan_rl"])
def test_a_run_under_any_reading_is_called_what_determines_it(paper: str) -> None:
    """What readings leave as it is, is planned once: for none of them with what another one changes."""
    loaded = load(PAPERS / f"{paper}.yaml")
    for reading in (None, *loaded.readings.planned):
        spec = loaded.under(reading)
        for run in make_plan(spec, "short", reading=reading, seeds=[3]):
            assert (run.reading, run.run_id) == (reading, id_of(run.determinant()))
            setup = spec.experiments[run.experiment].setup("short")
            assert (run.setup, run.system) == (setup, system_of(spec, setup))
            assert run.networks == {role: spec.networks[name] for role, name in run.system.networks.items()}


@pytest.mark.parametrize("paper", ["lsgan_fashion_mnist", "sn_gan", "gan_rl", "facegans"])
def test_every_size_of_every_network_is_part_of_the_name(paper: str) -> None:
    """Also where two networks give one name different values, as the widths of an LSGAN's two do."""
    spec = load(PAPERS / f"{paper}.yaml").spec
    tried = set()
    for name, experiment in spec.experiments.items():
        setup = experiment.setup("full")
        assert setup is not None
        run = make_run(spec, name, "full", 0, "fp32")
        for network in spec.systems[setup.system].networks.values():
            for size, value in spec.networks[network].sizes.items():
                if size in setup.sizes or (network, size, setup.system) in tried:
                    continue
                tried.add((network, size, setup.system))
                other = spec.networks[network].model_copy(
                    update={"sizes": {**spec.networks[network].sizes, size: value + 1}}
                )
                changed = spec.model_copy(update={"networks": {**spec.networks, network: other}})
                assert make_run(changed, name, "full", 0, "fp32").run_id != run.run_id, (name, network, size)
    assert len(tried) >= 4


def test_committed_records_are_called_what_their_determinants_say_today() -> None:
    records = [stored.record for stored in read_records(EVIDENCE / "mnist-h200")]
    assert records
    for record in records:
        assert record.determinant["trainer_version"] == TRAINER_VERSION
        assert id_of(record.determinant) == record.run_id
