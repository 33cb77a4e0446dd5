"""Floors and ceilings: against closed forms, with planted faults, and measured only once."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.evaluation import anchors
from benchmark.evaluation.anchors import Wanted, fitted, measure_all, wanted
from benchmark.parts.metrics.infinity import line_through
from benchmark.reporting.sidecars import anchor_remarks, better_than_real, too_good
from benchmark.reporting.sidecars import anchors as anchors_of
from benchmark.runs import sidecars
from benchmark.runs.files import StoreError
from benchmark.runs.plan import Run, make_run
from benchmark.runs.sidecars import Anchor, Companions, identity
from benchmark.spec.load import loads
from benchmark.spec.parts import METRICS, DataError, MetricError
from benchmark.training.subject import TrainedSubject
from benchmark.training.trainer import Trainer
from tests.specs import load

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "toy.yaml"
DIGITS = ROOT / "papers" / "gan_dcgan_mnist.yaml"


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory):
    """Statistics of references are kept below a folder of these tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANREPRO_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def toy(samples: int = 10000, experiment: str = "toy_minimax", width: int = 16, seed: int = 0) -> Run:
    text = TOY.read_text().replace("samples: 200}", f"samples: {samples}}}").replace("width: 16", f"width: {width}")
    return make_run(loads(text).spec, experiment, "smoke", seed, "fp32")


def record_of(run: Run, fingerprint: str | None = None) -> SimpleNamespace:
    """As much of a record as anchors look at."""
    data = run.setup.dataset.load(Path("none"), "cpu")
    return SimpleNamespace(determinant=run.determinant(), hashes={"dataset": fingerprint or data.fingerprint})


def measured(run: Run, *kinds: str, code: str = "c") -> dict[tuple[str, str], Anchor]:
    """Anchors of a run by (kind, metric)."""
    asked = [one for one in wanted([(run, record_of(run))], Companions(), code) if not kinds or one.kind in kinds]
    found = measure_all(asked, Path("none"), "cpu", code=code)
    return {(one.kind, next(iter(one.identity["metric"]))): one for one in found}


def digits(**metric) -> Run:
    """A run on digits with one score."""
    run = make_run(load(DIGITS).spec, "dcgan", "smoke", 0, "fp32")
    score = next(iter(run.setup.scores.values()))
    ((name, settings),) = metric.items()
    chosen = score.model_copy(update={"metric": METRICS.get(name).model_validate(settings)})
    return replace(run, setup=run.setup.model_copy(update={"scores": {"one": chosen}}))


def subject_of(run: Run) -> TrainedSubject:
    return TrainedSubject(Trainer(run, run.setup.dataset.load(Path("none"), "cpu"), "cpu"), Path("none"))


PROXY = {"classifier": "digits_8x8", "samples": 1000, "reference_images": "all"}


def test_eight_gaussians_against_geometry():
    """Real points lie near all modes; noise fills a box, of which eight discs of 4 deviations are a known share."""
    run = toy()
    found = measured(run)
    assert found["real", "modes_found"].values == [8.0, 8.0]
    assert all(value == pytest.approx(1 - math.exp(-8), abs=0.002) for value in found["real", "good_samples"].values)
    centres, deviation = run.setup.dataset.modes()
    side = 2 * (centres.max() + 3 * deviation)
    share = 8 * math.pi * (4 * deviation) ** 2 / side**2
    spread = math.sqrt(share / 10000)
    assert found["noise", "good_samples"].values[0] == pytest.approx(share, abs=5 * spread)
    assert found["noise", "modes_found"].values == [0.0]
    assert found["untrained", "good_samples"].values[0] < 0.1
    assert (
        "nothing" in found["copier", "modes_found"].reason or "no training set" in found["copier", "modes_found"].reason
    )
    assert found["copier", "modes_found"].values == []


def test_halves_are_disjoint_and_together_the_data():
    subject = subject_of(digits(proxy_frechet_distance={**PROXY, "reference": "training_data"}))
    metric = next(iter([METRICS.get("collapse").model_validate({"samples": 100, "reference_images": "all"})]))
    one, other = (anchors.stand_in("real", subject, metric, order) for order in (0, 1))
    first, second = one.samples(898), one.reals(None)
    assert np.array_equal(other.samples(898), second)
    assert np.array_equal(other.reals(None), first)
    together = sorted(image.tobytes() for image in np.concatenate([first, second]))
    every = sorted(image.tobytes() for image in subject.reals(None))
    assert len(every) == len(together) + 1
    for image in together:
        every.remove(image)
    assert len(every) == 1
    assert len({one.data.fingerprint, other.data.fingerprint, subject.data.fingerprint}) == 3


def test_generators_of_one_size_are_measured_each_by_itself():
    """As under a reading that builds the generator otherwise: the experiment and all sizes are the same."""
    text = TOY.read_text().replace("      - relu", "      - tanh", 1)
    runs = [toy(1000), make_run(loads(text).spec, "toy_minimax", "smoke", 0, "fp32")]
    runs[1] = replace(runs[1], setup=runs[0].setup)
    alone = [[*measured(run, "untrained").values()] for run in runs]
    asked = wanted([(run, record_of(run)) for run in runs], Companions(), "c")
    asked = [one for one in asked if one.kind == "untrained"]
    both = {anchor.name: anchor.values for anchor in measure_all(asked, Path("none"), "cpu", code="c")}
    assert both == {anchor.name: anchor.values for found in alone for anchor in found}
    assert [anchor.values for anchor in alone[0]] != [anchor.values for anchor in alone[1]]


@pytest.mark.parametrize("kind", ["noise", "copier", "real", "untrained"])
def test_a_stand_in_gives_the_same_in_parts_and_holds_a_few_at_once(kind):
    subject = subject_of(digits(collapse={"samples": 100, "reference_images": "all"}))
    metric = METRICS.get("collapse").model_validate({"samples": 100, "reference_images": "all"})
    parts = list(anchors.stand_in(kind, subject, metric, 0).samples_in_parts(700))
    assert max(map(len, parts)) <= 512
    assert sum(map(len, parts)) == 700
    again = anchors.stand_in(kind, subject, metric, 0)
    if kind != "untrained":  # whose noise goes on where it was
        assert np.array_equal(np.concatenate(parts), again.samples(700))
    order = np.random.default_rng(1).permutation(300)
    pieces = list(again.reals_in_parts(order, 64))
    assert [len(piece) for piece in pieces] == [64] * 4 + [44]
    assert np.array_equal(np.concatenate(pieces), again.reals(300)[order])


def test_halves_of_what_memory_cannot_hold_are_smaller_and_say_so(monkeypatch):
    monkeypatch.setattr(anchors, "_HALF_BYTES", 64 * 500)  # 500 scans of 8 x 8
    run = digits(nearest_training_distance={"samples": 300, "reference_images": "all", "neighbours": 1})
    metric = run.setup.scores["one"].metric
    one, other = (anchors.stand_in("real", subject_of(run), metric, order) for order in (0, 1))
    assert (len(one.reals(None)), one.generated, one.data.count) == (500, 500, 500)
    assert np.array_equal(other.samples(500), one.reals(None))
    assert measured(run)["real", "nearest_training_distance"].reduced == {"reference_images": ["all", 500]}


def test_a_symmetric_distance_is_the_same_both_ways():
    """Kept statistics of one half must never stand in for the other's or for the whole."""
    found = measured(digits(proxy_frechet_distance={**PROXY, "reference": "training_data"}))
    first, second = found["real", "proxy_frechet_distance"].values
    assert first == pytest.approx(second, rel=1e-6)
    assert first > 0.1
    values = {kind: anchor.values[0] for (kind, _), anchor in found.items()}
    assert values["copier"] < values["real"] < values["noise"] < values["untrained"]
    assert found["real", "proxy_frechet_distance"].reduced == {"samples": [1000, 898], "reference_images": ["all", 898]}
    assert found["copier", "proxy_frechet_distance"].reduced == {}


def test_a_copier_copies():
    found = measured(digits(nearest_training_distance={"samples": 300, "reference_images": "all", "neighbours": 1}))
    values = {kind: anchor.values[0] for (kind, _), anchor in found.items()}
    assert values["copier"] == 0
    assert values["real"] == pytest.approx(1, abs=0.1)
    assert values["noise"] > 2


def test_too_little_real_data_is_said():
    """Half of 1,797 images are too few for 2,048 features; a metric that needs the trained network has no anchors."""
    settings = {
        "samples": 5000,
        "reference": "training_data",
        "reference_images": "all",
        "resize": "bilinear",
        "extractor": "inception_2015_12_05",
    }
    found = measured(digits(frechet_inception_distance=settings))
    assert "too few" in found["real", "frechet_inception_distance"].reason
    accuracy = {"network": "discriminator", "samples": 100, "threshold": 0.0}
    assert measured(digits(discriminator_accuracy=accuracy)) == {}


@pytest.mark.parametrize(
    ("name", "settings", "generated", "reals", "cut"),
    [
        ("sharpness", {"samples": 50, "reference_images": 50}, 100, 100, {}),
        (
            "sharpness",
            {"samples": 500, "reference_images": 80},
            100,
            60,
            {"samples": [500, 60], "reference_images": [80, 60]},
        ),
        ("sharpness", {"samples": 500, "reference_images": "all"}, 100, None, {"samples": [500, 100]}),
        ("sharpness", {"samples": 500, "reference_images": "all"}, None, None, {}),
        ("ms_ssim", {"pairs": 100, "size": "native", "filter": "none"}, 50, 50, {"pairs": [100, 25]}),
    ],
)
def test_counts_are_cut_to_what_there_is(name, settings, generated, reals, cut):
    metric, told = fitted(METRICS.get(name).model_validate(settings), generated, reals)
    assert told == cut
    for field, (_, used) in cut.items():
        assert getattr(metric, field) == used


def test_a_setting_that_no_longer_fits_is_a_reason():
    metric = METRICS.get("modes_found").model_validate({"samples": 1000, "within_deviations": 4.0, "least_share": 0.01})
    with pytest.raises(MetricError, match="too little"):
        fitted(metric, 50, 50)


def test_what_an_anchor_is_keyed_by():
    def of(run: Run, kind: str, fingerprint: str = "f") -> str:
        return sidecars.key_of(identity(kind, run.determinant(), fingerprint, "good"), "code")

    base = toy()
    for kind in sidecars.KINDS:
        assert of(base, kind) == of(toy(seed=3), kind)
        assert of(base, kind) == of(toy(experiment="toy_non_saturating"), kind), (
            "the generator and its noise are the same"
        )
        assert of(base, kind) != of(base, kind, "other data")
        assert of(base, kind) != of(toy(samples=500), kind)
        assert (of(base, kind) == of(toy(width=8), kind)) == (kind != "untrained")
    assert len({of(base, kind) for kind in sidecars.KINDS}) == 4
    assert sidecars.key_of({"kind": "real"}, "old") != sidecars.key_of({"kind": "real"}, "new")


def test_each_is_measured_once_and_again_when_the_code_changes(tmp_path):
    run = toy(200)
    pairs = [(run, record_of(run)), (toy(200, "toy_non_saturating"), record_of(run))]
    asked = wanted(pairs, Companions(), "old")
    assert len(asked) == 8
    for anchor in measure_all(asked, Path("none"), "cpu", code="old"):
        sidecars.keep_anchor(tmp_path, anchor)
    known = sidecars.read(tmp_path)
    assert wanted(pairs, known, "old") == []
    again = wanted(pairs, known, "new")
    assert len(again) == 8
    for anchor in measure_all(again, Path("none"), "cpu", code="new"):
        sidecars.keep_anchor(tmp_path, anchor)
    now = sidecars.read(tmp_path)
    assert {anchor.code for anchor in now.anchors} == {"new"}
    assert len(now.anchors) == 8
    assert sorted(a.values for a in now.anchors) == sorted(a.values for a in known.anchors), "nothing is left to chance"


def test_other_data_than_the_run_s_are_refused():
    run = toy(200)
    asked = wanted([(run, record_of(run, "someone else's"))], Companions(), "c")
    with pytest.raises(DataError, match="not what toy_minimax was run on"):
        list(measure_all(asked, Path("none"), "cpu", code="c"))


def test_measuring_ends_when_time_is_up():
    run = toy(200)
    asked = wanted([(run, record_of(run))], Companions(), "c")
    left = iter([True, True, True, False, True])
    assert len(list(measure_all(asked, Path("none"), "cpu", code="c", go_on=lambda: next(left)))) == 2


def test_what_looks_costly_is_left_for_later():
    def numbers(**metric) -> float:
        return Wanted(digits(**metric), "one", {}).numbers

    size, count = 64, 1797
    assert numbers(sharpness={"samples": 100, "reference_images": 50}) == size * (count + 150)
    assert numbers(ms_ssim={"pairs": 100, "size": "native", "filter": "none"}) == size * (count + 200)
    inception = {"samples": 5000, "splits": 10, "resize": "bilinear", "extractor": "inception_2015_12_05"}
    assert numbers(inception_score=inception) == math.inf


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "anchors").mkdir()
    (tmp_path / "anchors" / "x.json").write_text("{}")
    with pytest.raises(StoreError, match=r"x\.json"):
        sidecars.read(tmp_path)


def seeds_against(monkeypatch, direction, values, real):
    """What is said of seeds with these values where real data give ``real`` against real data."""
    run = toy(200)
    anchor = next(measure_all(wanted([(run, record_of(run))], Companions(), "c"), Path("none"), "cpu", code="c"))
    name = next(one for one in run.setup.scores if run.setup.scores[one].metric.label == anchor.label)
    monkeypatch.setattr(type(run.setup.scores[name].metric), "direction", direction)
    anchor = anchor.model_copy(update={"values": real})
    runs = []
    for seed, value in enumerate(values):
        scores = {name: SimpleNamespace(value=value, metric=anchor.metric_name, protocol={})}
        runs.append(SimpleNamespace(record=SimpleNamespace(**vars(record_of(run)), scores=scores, seed=seed)))
    group = SimpleNamespace(runs=tuple(runs))
    assert [*anchors_of(Companions((anchor,)), group, name)] == ["real"]
    assert too_good(Companions(), group, name) is None
    return too_good(Companions((anchor,)), group, name)


@pytest.mark.parametrize(
    ("direction", "values", "flagged"),
    [
        ("lower", [1.0, 1.1, 0.9], True),
        ("higher", [1.0, 1.1, 0.9], False),
        ("higher", [3.0, 3.1, 2.9], True),
        ("lower", [1.0, 3.1, 1.4], False),
        ("lower", [1.0], False),
        ("two_sided", [1.0, 1.1, 0.9], False),
    ],
)
def test_seeds_better_than_real_data_are_flagged_where_their_spread_does_not_explain_it(
    monkeypatch, direction, values, flagged
):
    assert (seeds_against(monkeypatch, direction, values, [2.0, 2.2]) is not None) == flagged


def frechet(one, other):
    """Closed form from samples, independent of the package."""
    difference = one.mean(0) - other.mean(0)
    first, second = np.cov(one.T), np.cov(other.T)
    roots = np.sqrt(np.clip(np.linalg.eigvals(first @ second).real, 0, None))
    return difference @ difference + np.trace(first) + np.trace(second) - 2 * roots.sum()


def test_a_perfect_generator_is_seldom_flagged_and_a_copier_is():
    """Gaussian features: data of 400, halves of 200; a perfect generator draws 300 anew for each of 3 seeds.

    Without allowance for counts and noise every perfect generator was flagged, for the anchor has half the data.
    """
    random = np.random.default_rng(3)
    perfect, copiers, naive = [], [], []
    fewer = (1 / 300 + 1 / 400) / (1 / 200 + 1 / 200)
    for _ in range(200):
        data = random.normal(size=(400, 6))
        real = frechet(data[:200], data[200:])
        values = [frechet(random.normal(size=(300, 6)), data) for _ in range(3)]
        copies = [frechet(data[random.choice(400, 300, replace=False)], data) for _ in range(3)]
        naive.append(min(values) < real)
        perfect.append(better_than_real(values, real * fewer, "lower") <= 0.05)
        copiers.append(better_than_real(copies, real * fewer, "lower") <= 0.05)
    assert np.mean(naive) > 0.9
    assert np.mean(perfect) <= 0.09
    assert np.mean(copiers) > 0.9


def test_the_error_of_an_endless_count_is_of_the_fit_alone():
    """All counts share their images: over fresh images the value varies two to three times as much as the fit tells."""
    random = np.random.default_rng(4)
    reference = random.normal(size=(20_000, 6))
    lines = []
    for _ in range(60):
        images = random.normal(size=(2000, 6))
        counts = [int(count) for count in np.linspace(400, 2000, 15)]
        values = [frechet(images[random.permutation(2000)[:count]], reference) for count in counts]
        lines.append(line_through(counts, values))
    told = np.mean([line.intercept_error for line in lines])
    assert 1.5 < np.std([line.intercept for line in lines]) / told < 4


def test_anchors_of_two_versions_of_the_code_are_told_apart():
    """A folder that was merged of two machines may hold both; that of today's code stands first, whatever its name."""
    run = toy(200)
    record = record_of(run)
    asked = wanted([(run, record)], Companions(), "c")
    first = next(measure_all(asked, Path("none"), "cpu", code="c")).model_copy(update={"values": [0.25]})
    second = first.model_copy(update={"code": "d", "values": [0.5]})
    name = next(one for one in run.setup.scores if run.setup.scores[one].metric.label == first.label)
    for both in (Companions((first, second)), Companions((second, first))):
        assert both.of(record, name, "d") == {first.kind: second}
        assert both.of(record, name, "c") == {first.kind: first}
        assert anchor_remarks(second, both).endswith("another version of the code gave 0.25")
    agreeing = second.model_copy(update={"values": first.values})
    assert "another version" not in anchor_remarks(agreeing, Companions((first, agreeing)))
