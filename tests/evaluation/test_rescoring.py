"""Scoring a finished run again: the same protocol gives the recorded number, others differ as they must."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.evaluation.rescoring import AXES, Scorer
from benchmark.parts.metrics import infinity
from benchmark.parts.metrics.frechet import frechet_distance, moments
from benchmark.runs.files import StoreError
from benchmark.runs.integrity import damage
from benchmark.runs.plan import Run, make_run
from benchmark.runs.records import RECORD, RunRecord, Stored, read_record
from benchmark.runs.runner import OneRun
from benchmark.spec.parts import DataError, MetricError
from benchmark.training.numerics import prepare
from benchmark.training.subject import TrainedSubject
from tests.specs import load

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory):
    """Statistics of references are kept below a folder of these tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANREPRO_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def finished(results: Path, file: Path, experiment: str, iterations: int) -> tuple[Run, RunRecord]:
    run = replace(make_run(load(file).spec, experiment, "smoke", 0, "fp32"), iterations=iterations)
    prepare(run.numerics, 1)
    return run, OneRun(run, results, Path("no-data-needed"), "cpu").execute()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    run, record = finished(results, ROOT / "papers" / "gan_dcgan_mnist.yaml", "dcgan", 60)
    return run, record, results / run.folder


@pytest.fixture(scope="module")
def scorer(pictures) -> Scorer:
    run, record, folder = pictures
    return Scorer(run, record, folder, Path("no-data-needed"), "cpu")


@pytest.fixture(scope="module")
def grid(scorer):
    return scorer.grid(list(scorer.run.setup.scores), AXES)


def test_the_same_protocol_gives_the_recorded_number(grid, pictures):
    _, record, _ = pictures
    assert grid.again == grid.recorded == {name: score.value for name, score in record.scores.items()}
    assert sum(value is not None for value in grid.again.values()) >= 3


def test_every_axis_is_varied_and_says_why_not(grid):
    told = {(one.score, one.axis) for one in grid.variants}
    for axis in ("count", "reference", "reference_count", "extractor", "rounding", "mode", "noise"):
        assert ("digit_distance", axis) in told
    for one in grid.variants:
        assert (one.value is None) == (one.reason is not None)
        base = grid.again[one.score]
        if one.value is not None:
            assert one.change == pytest.approx(one.value - base)
    (line,) = grid.extrapolated
    assert line.score == "digit_distance"
    assert (len(line.counts), line.counts[0], line.counts[-1]) == (15, 100, 1000)
    moved = {one.axis for one in grid.variants if one.change}
    assert {"count", "rounding", "mode", "noise", "reference_count"} <= moved


def test_rounding_down_loses_at_most_one_level(scorer):
    near, down = (TrainedSubject(scorer.trainer, Path(), rounding=way).samples(300) for way in ("nearest", "down"))
    lost = near.astype(int) - down.astype(int)
    assert set(np.unique(lost)) == {0, 1}
    reals = TrainedSubject(scorer.trainer, Path(), rounding="down").reals(50)
    assert np.array_equal(reals, TrainedSubject(scorer.trainer, Path()).reals(50)), "real images are bytes already"


def test_the_run_s_files_are_untouched(pictures, scorer, grid):
    _, record, folder = pictures
    assert damage(Stored(record, folder)) == []
    assert read_record(folder / RECORD) == record


def test_counts_can_be_chosen(scorer):
    found = scorer.grid(["recognisability"], ["count"], counts=(100, 1000, 150))
    assert [one.setting for one in found.variants] == [
        "100 samples instead of 1000",
        "150 samples instead of 1000",
    ]


def test_no_checkpoint_of_the_end_and_other_data_are_refused(pictures):
    run, record, folder = pictures
    with pytest.raises(StoreError, match="no checkpoint of the end"):
        Scorer(replace(run, iterations=61), record, folder, Path(), "cpu")
    with pytest.raises(StoreError, match="no checkpoint of the end"):
        Scorer(run, record, folder / "nowhere", Path(), "cpu")
    with pytest.raises(DataError, match="not what this run was trained on"):
        Scorer(run, record.model_copy(update={"hashes": {"dataset": "0"}}), folder, Path(), "cpu")


def test_last_against_best(tmp_path):
    """Points without batch normalisation: no mode to vary; the best evaluation's weights give its number again."""
    run, record = finished(tmp_path, ROOT / "tests" / "toy.yaml", "toy_non_saturating", 60)
    scorer = Scorer(run, record, tmp_path / run.folder, Path(), "cpu")
    found = scorer.grid(["good"], AXES)
    series = dict(record.scores["good"].series)
    (best,) = [one for one in found.variants if one.axis == "checkpoint"]
    assert best.value == max(series.values())
    assert f"iteration {next(at for at, value in series.items() if value == best.value)}" in best.setting
    assert found.recorded["good"] == found.again["good"] == series[60]
    assert {one.axis for one in found.variants} == {"count", "noise", "checkpoint"}


# --- FID-infinity ---


def test_a_line_is_found_exactly():
    counts = infinity.counts_up_to(50_000, 2048)
    line = infinity.line_through(counts, [3.5 + 9000 / count for count in counts])
    assert (line.intercept, line.slope) == (pytest.approx(3.5), pytest.approx(9000))
    assert line.intercept_error < 1e-9


@pytest.mark.parametrize(
    ("most", "dimensions", "first"),
    [(50_000, 2048, 5000), (100_000, 2048, 5000), (10_000, 2048, 2049), (1000, 64, 100)],
)
def test_counts_of_the_line(most, dimensions, first):
    counts = infinity.counts_up_to(most, dimensions)
    assert (len(counts), counts[0], counts[-1]) == (15, first, most)
    assert max(np.diff(counts)) - min(np.diff(counts)) <= 1


def test_too_few_images_for_a_line():
    with pytest.raises(MetricError, match="too few"):
        infinity.counts_up_to(2055, 2048)


def test_the_intercept_is_nearer_to_the_truth():
    """Normal features in 32 dimensions, means 0.1 apart in each: the true distance is 0.32."""
    random = np.random.default_rng(0)
    reference = moments(random.normal(size=(200_000, 32)), "real")
    features = random.normal(0.1, 1, size=(4000, 32))
    counts = infinity.counts_up_to(4000, 32)
    values = [
        frechet_distance(reference, moments(features[random.permutation(4000)[:count]], "generated"))
        for count in counts
    ]
    line = infinity.line_through(counts, values)
    assert abs(line.intercept - 0.32) < abs(values[-1] - 0.32) < abs(values[0] - 0.32)
