"""FID, IS, KID, precision and recall through Inception, its weights random, against formulas written out here."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset
from torch_fidelity import calculate_metrics
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import calculate_precision_recall_full

from benchmark.parts.extractors import inception
from benchmark.parts.metrics import frechet, inception_score
from benchmark.parts.metrics.frechet import FrechetInceptionDistance, Moments
from benchmark.parts.metrics.frechet_over_real import FrechetOverReal
from benchmark.parts.metrics.inception_score import InceptionScore, score
from benchmark.parts.metrics.inputs import cache_folder
from benchmark.parts.metrics.kernel_inception_distance import KernelInceptionDistance, distances, fidelity_settings
from benchmark.parts.metrics.precision_recall import Precision, Recall, inside
from benchmark.spec.parts import Measurement, Metric, MetricError
from tests.parts.extractors.inception_weights import random_weights

COUNT = 8
COMMON = {"samples": COUNT, "resize": "tensorflow_bilinear", "extractor": "inception_2015_12_05"}
REFERENCE = {"reference": "training_data", "reference_images": COUNT}


@pytest.fixture
def made(subject, root: Path, digits: np.ndarray):
    """Eight digits as generated, eight others as real."""
    found = subject(digits[:COUNT], digits[COUNT : 2 * COUNT])
    found.root = root
    return found


def pool(made) -> tuple[np.ndarray, np.ndarray]:
    network = inception.load(made.root, "cpu", "tensorflow_bilinear")
    return tuple(network.features(images).astype(np.float64) for images in (made.fake, made.true))


class SmallFeatures:
    """In Inception's place where its 2,048 dimensions would only cost time: 16 fixed mixtures of pixels."""

    name = "small"
    weights_sha256 = "0" * 64
    dimensions = 16

    def features(self, images: np.ndarray) -> np.ndarray:
        pixels = images.reshape(len(images), -1).astype(np.float64)
        mixtures: np.ndarray = pixels @ np.random.default_rng(0).normal(size=(pixels.shape[1], self.dimensions))
        return mixtures


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> SmallFeatures:
    network = SmallFeatures()
    monkeypatch.setattr(inception, "load", lambda *_: network)
    return network


def frechet_of_few(first: np.ndarray, second: np.ndarray) -> float:
    """Fréchet distance of fewer samples than features: the root's trace is the nuclear norm of A B' / (n - 1)."""
    a, b = (part - part.mean(axis=0) for part in (first, second))
    n = len(first) - 1
    root = np.linalg.norm(a @ b.T, ord="nuc") / n
    shift = first.mean(axis=0) - second.mean(axis=0)
    return float(shift @ shift + ((a**2).sum() + (b**2).sum()) / n - 2 * root)


def test_frechet_inception_distance_from_images_to_number(made, monkeypatch: pytest.MonkeyPatch) -> None:
    metric = FrechetInceptionDistance(**COMMON, **REFERENCE)
    with pytest.raises(MetricError, match="8 generated examples are too few, the minimum is 2049"):
        metric.measure(made)
    assert "the minimum is 2049" in str(metric.unavailable(made.root))
    monkeypatch.setattr(frechet, "least_images", lambda _dimensions: 2)
    before = torch.get_rng_state()
    found = metric.measure(made)
    assert torch.equal(before, torch.get_rng_state())
    expected = frechet_of_few(*pool(made))
    assert expected > 1e-3
    # rounding enters through the 2040 directions without variance
    assert found.value == pytest.approx(expected, rel=1e-3)
    assert found.protocol["n_real"] == COUNT
    assert found.protocol["weights_sha256"] == hashlib.sha256(random_weights()).hexdigest()
    assert len(list(cache_folder(made.root).glob("*.npz"))) == 1


def test_distance_over_that_of_real_images(
    made, small: SmallFeatures, digits: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric = FrechetOverReal(**COMMON)
    assert "the minimum is 2049" in str(metric.unavailable(made.root))
    monkeypatch.setattr(frechet, "least_images", lambda _dimensions: 2)
    made.true = digits[COUNT : 3 * COUNT]
    found = metric.measure(made)
    fake, true = (small.features(images) for images in (made.fake, made.true))
    order = np.random.default_rng(0).permutation(2 * COUNT)
    aside, rest = true[order[:COUNT]], true[order[COUNT:]]
    expected = frechet_of_few(fake, rest), frechet_of_few(aside, rest)
    assert (found.details["generated"], found.details["real"]) == pytest.approx(expected, rel=1e-3)
    assert found.value == pytest.approx(expected[0] / expected[1], rel=2e-3)
    assert found.protocol["n_real"] == COUNT
    made.fake = made.true[order[:COUNT]]  # real images score 1, the second time from the statistics that were kept
    assert metric.measure(made).value == pytest.approx(1, rel=1e-6)
    made.true = made.true[: COUNT + 1]
    with pytest.raises(MetricError, match="9 real examples are too few"):
        metric.measure(made)


def test_real_images_at_no_distance_from_each_other_are_no_scale(
    made, small: SmallFeatures, digits: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those set aside are those left: what lies between them is rounding, and nothing is a multiple of it."""
    monkeypatch.setattr(frechet, "least_images", lambda _dimensions: 2)
    order = np.random.default_rng(0).permutation(2 * COUNT)
    made.true = np.empty_like(digits[: 2 * COUNT])
    made.true[order[:COUNT]] = made.true[order[COUNT:]] = digits[COUNT : 2 * COUNT]
    metric = FrechetOverReal(**COMMON)
    with pytest.raises(MetricError, match="no distance from each other"):
        metric.measure(made)
    monkeypatch.setattr(small, "features", lambda images: np.ones((len(images), small.dimensions)))
    made.true = digits[: 2 * COUNT]
    with pytest.raises(MetricError, match="no distance from each other"):
        metric.measure(made)


@pytest.mark.parametrize(("apart", "fine"), [(0.9e-5, False), (1.1e-5, True)])
def test_what_real_images_lie_apart_is_no_rounding_from_a_hundred_thousandth_of_their_variance(
    apart: float, fine: bool
) -> None:
    """Two sets of variance 1/2, which is 1 of both together, whose means lie the square root of ``apart`` apart."""
    arrays = _of_normals(0.5, generated=2.0, aside=apart**0.5, reference=0.0)
    metric = FrechetOverReal(**COMMON)
    if fine:
        assert metric.recomputed(arrays) == pytest.approx(4 / apart)
    else:
        with pytest.raises(MetricError, match="no distance from each other"):
            metric.recomputed(arrays)


def test_a_distance_of_just_rounding_is_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frechet, "ROUNDING", 0.125)
    with pytest.raises(MetricError, match="no distance from each other"):
        FrechetOverReal(**COMMON).recomputed(_of_normals(1.0, generated=2.0, aside=0.5, reference=0.0))


def _of_normals(variance: float, **means: float) -> dict[str, np.ndarray]:
    """What is kept of sets of one feature each."""
    sides = [frechet.kept(side, Moments(np.array([mean]), np.array([[variance]]))) for side, mean in means.items()]
    return {name: array for kept in sides for name, array in kept.items()}


def test_the_part_of_a_distance_that_is_of_means_stands_beside_it(
    made, small: SmallFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frechet, "least_images", lambda _dimensions: 2)
    found = FrechetInceptionDistance(**COMMON, **REFERENCE).measure(made)
    apart = small.features(made.fake).mean(axis=0) - small.features(made.true).mean(axis=0)
    assert found.details["mean_term"] == pytest.approx(float(apart @ apart))
    assert 0 < found.details["mean_term"] < found.value


def from_kept(
    subject, small: SmallFeatures, true: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Measurement]:
    """Measure once; the function measures again with other settings, real images no longer being readable."""
    monkeypatch.setattr(frechet, "least_images", lambda _dimensions: 2)
    made = subject(true[:COUNT] ^ 1, true)
    expected = FrechetOverReal(**COMMON).measure(made)
    known = made.data

    def unreadable(count: int | None) -> np.ndarray:
        raise MetricError(f"{count} real images were read")

    def again(*, facts: dict[str, object] | None = None, **settings: object) -> Measurement:
        data = SimpleNamespace(**{**vars(known), **(facts or {})})
        changed = SimpleNamespace(dataset=made.dataset, data=data, root=made.root, device="cpu")
        changed.samples, changed.reals = made.samples, unreadable
        return FrechetOverReal(**{**COMMON, **settings}).measure(changed)

    assert again() == expected
    return again


def test_kept_statistics_of_real_images_are_used_without_reading_any(
    subject, small: SmallFeatures, digits: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = from_kept(subject, small, digits[: 3 * COUNT], monkeypatch)
    assert again().protocol["n_real"] == 2 * COUNT


@pytest.mark.parametrize(
    ("settings", "of_network", "code"),
    [
        ({"facts": {"fingerprint": "another set"}}, {}, {}),
        ({"facts": {"count": 3 * COUNT - 1}}, {}, {}),
        ({"samples": COUNT - 1}, {}, {}),
        ({"resize": "bilinear"}, {}, {}),
        ({}, {"name": "another"}, {}),
        ({}, {"weights_sha256": "1" * 64}, {}),
        ({}, {}, {"benchmark.parts.metrics.inputs._code": lambda: "another"}),
        ({}, {}, {"benchmark.parts.metrics.inputs.version": lambda _package: "another"}),
        ({}, {}, {"benchmark.parts.metrics.frechet_over_real._SEED": 1}),
    ],
)
def test_kept_statistics_are_never_those_of_anything_else(
    subject,
    small: SmallFeatures,
    digits: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, object],
    of_network: dict[str, object],
    code: dict[str, object],
) -> None:
    again = from_kept(subject, small, digits[: 3 * COUNT], monkeypatch)
    for name, value in of_network.items():
        monkeypatch.setattr(small, name, value)
    for name, value in code.items():
        monkeypatch.setattr(name, value)
    with pytest.raises(MetricError, match="None real images were read"):
        again(**settings)


def test_inception_score_from_images_to_number(made, monkeypatch: pytest.MonkeyPatch) -> None:
    metric = InceptionScore(**COMMON, splits=1)
    with pytest.raises(MetricError, match="the minimum is 100"):
        metric.measure(made)
    monkeypatch.setattr(inception_score, "_PER_SPLIT", 2)
    network = inception.load(made.root, "cpu", "tensorflow_bilinear")
    logits = network.logits(network.features(made.fake))
    p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    expected = np.exp((p * np.log(p / p.mean(axis=0))).sum(axis=1).mean())
    assert metric.measure(made).value == pytest.approx(expected, rel=1e-9)


def test_splits_that_do_not_come_out_even_are_cut_as_torch_fidelity_does() -> None:
    logits = np.random.default_rng(0).normal(size=(302, 5))
    again = InceptionScore(**COMMON, splits=3).recomputed(inception_score.kept(logits, 3))
    assert again == pytest.approx(score(logits, 3)[0], rel=1e-12)


@pytest.mark.parametrize(("splits", "rows"), [(2, 3), (3, 2)])
def test_what_was_kept_of_another_number_of_splits_gives_no_score(splits: int, rows: int) -> None:
    kept = {"mean_probabilities": np.full((rows, 2), 0.5), "mean_negative_entropies": np.zeros(splits)}
    for given in (splits, rows):
        with pytest.raises(ValueError, match=f"are not of {given} splits"):
            InceptionScore(**COMMON, splits=given).recomputed(kept)


def test_score_of_known_distributions(monkeypatch: pytest.MonkeyPatch) -> None:
    certain = 200 * np.eye(10)[np.arange(1000) % 10]
    mean, _ = score(certain, 1)
    assert mean == pytest.approx(10, rel=1e-9)
    assert score(np.zeros((1000, 10)), 5) == (pytest.approx(1), pytest.approx(0))


def test_kernel_inception_distance_from_images_to_number(made) -> None:
    metric = KernelInceptionDistance(**COMMON, **REFERENCE, subsets=3, subset_images=COUNT)
    x, y = pool(made)
    kernel = {name: (a @ b.T / 2048 + 1) ** 3 for name, (a, b) in {"xx": (x, x), "yy": (y, y), "xy": (x, y)}.items()}
    within = sum((kernel[name].sum() - np.trace(kernel[name])) / (COUNT * (COUNT - 1)) for name in ("xx", "yy"))
    found = metric.measure(made)
    assert found.value == pytest.approx(within - 2 * kernel["xy"].mean(), rel=1e-6)
    assert found.details["subset_deviation"] == pytest.approx(0, abs=1e-9)


def test_kernel_distance_of_the_same_law_is_about_zero() -> None:
    random = np.random.default_rng(0)
    first, second, other = (random.normal(shift, 1, (400, 16)) for shift in (0, 0, 1))
    near, far = (distances(first, given, subsets=20, subset_images=200) for given in (second, other))
    assert abs(near.mean()) < 5 * near.std()
    assert far.mean() > 20 * near.std()


def test_kernel_distances_are_torch_fidelitys() -> None:
    first, second = (np.random.default_rng(seed).normal(size=(50, 8)) for seed in (0, 1))
    settings = {"kid_kernel": "poly", "kid_kernel_poly_degree": 3, "kid_kernel_poly_gamma": None}
    settings |= {"kid_kernel_poly_coef0": 1.0, "kid_subsets": 4, "kid_subset_size": 20, "rng_seed": 2020}
    theirs = kid_features_to_metric(torch.from_numpy(first), torch.from_numpy(second), **settings, verbose=False)
    ours = distances(first, second, subsets=4, subset_images=20)
    assert ours.mean() == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-12)
    assert ours.std() == pytest.approx(theirs["kernel_inception_distance_std"], rel=1e-12)


def test_precision_and_recall(made, subject, digits: np.ndarray) -> None:
    settings = {**COMMON, **REFERENCE, "neighbours": 2}
    copies = subject(made.true[[0, 0, 0, 0, 1, 1, 1, 2]], made.true)
    copies.root = made.root
    precision, recall = (metric(**settings).measure(copies) for metric in (Precision, Recall))
    assert precision.value == 1, "copies of real images lie among real images"
    assert recall.value < 0.8, "few real images lie among copies of three of them"
    assert precision.details["recall"] == recall.value


def test_the_edge_of_a_ball_belongs_to_it() -> None:
    """Balls of radius 1 about 0, 1 and 2."""
    others = np.float32([[0], [1], [2]])
    assert inside(np.float32([[-1], [-1.25], [3], [3.25]]), others, 1, "cpu").tolist() == [True, False, True, False]


def test_precision_and_recall_need_one_example_more_than_neighbours(
    subject, small: SmallFeatures, digits: np.ndarray
) -> None:
    metric = Precision(**{**COMMON, **REFERENCE, "samples": 4, "reference_images": "all"}, neighbours=3)
    assert 0 <= metric.measure(subject(digits[:4], digits[4:8])).value <= 1
    with pytest.raises(MetricError, match="3 real examples are too few, the minimum is 4"):
        metric.measure(subject(digits[:4], digits[4:7]))


def test_precision_and_recall_are_torch_fidelitys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of another size than the set, points of two overlapping laws."""
    monkeypatch.setattr("benchmark.parts.metrics.nearest._BLOCK", 16)
    ours, theirs = (np.random.default_rng(0).normal(shift, 1, (50, 3)).astype(np.float32) for shift in (0, 1.5))
    expected = calculate_precision_recall_full(torch.from_numpy(ours), torch.from_numpy(theirs), 3)
    found = inside(ours, theirs, 3, "cpu").mean(), inside(theirs, ours, 3, "cpu").mean()
    assert found == pytest.approx(expected, abs=1e-7)
    assert 0 < min(found) < max(found) < 1


def test_precision_and_recall_of_features_far_from_zero_are_those_between_them() -> None:
    """At a distance of 10^4 from zero the squares of 32-bit numbers leave nothing of distances near 1."""
    random = np.random.default_rng(0)
    ours, theirs = ((10_000 + random.normal(shift, 1, (60, 3))).astype(np.float32) for shift in (0, 1.5))

    def plain(points: np.ndarray, others: np.ndarray) -> np.ndarray:
        between = [[np.linalg.norm(a - b) for b in others.astype(np.float64)] for a in points.astype(np.float64)]
        among = [[np.linalg.norm(a - b) for b in others.astype(np.float64)] for a in others.astype(np.float64)]
        return (np.array(between) <= np.sort(among, axis=1)[:, 3]).any(axis=1)

    for points, others in ((ours, theirs), (theirs, ours)):
        assert inside(points, others, 3, "cpu").tolist() == plain(points, others).tolist()
    assert 0 < inside(ours, theirs, 3, "cpu").mean() < 1


@pytest.mark.parametrize(
    ("metric", "settings"),
    [
        (FrechetInceptionDistance, REFERENCE),
        (FrechetOverReal, {}),
        (InceptionScore, {"splits": 2}),
        (KernelInceptionDistance, {**REFERENCE, "subsets": 3, "subset_images": 5}),
        (Precision, {**REFERENCE, "neighbours": 2}),
        (Recall, {**REFERENCE, "neighbours": 2}),
    ],
)
def test_what_is_kept_gives_the_value_again_without_torch(
    made, digits: np.ndarray, monkeypatch: pytest.MonkeyPatch, metric: type[Metric], settings: dict[str, object]
) -> None:
    monkeypatch.setattr(frechet, "least_images", lambda _dimensions: 2)
    monkeypatch.setattr(inception_score, "_PER_SPLIT", 2)
    if metric in (FrechetInceptionDistance, FrechetOverReal):
        monkeypatch.setattr(inception, "load", lambda *_: SmallFeatures())
        made.true = digits[COUNT : 3 * COUNT]
    one = metric(**COMMON, **settings)
    found = one.measure(made)
    monkeypatch.setitem(sys.modules, "torch", None)
    again = one.recomputed({**found.arrays, **found.shared})
    assert again == pytest.approx(found.value, rel=one.rounding, abs=one.rounding)


class Tensors(Dataset):
    """uint8 images as torch-fidelity takes them."""

    def __init__(self, images: np.ndarray) -> None:
        self.images = torch.from_numpy(images)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.images[index]


def test_a_whole_evaluation_agrees_with_torch_fidelity_s(subject, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both read the same weights file and the same images; nothing else is shared."""
    monkeypatch.setattr(frechet, "least_images", lambda _dimensions: 2)
    monkeypatch.setattr(inception_score, "_PER_SPLIT", 2)
    random = np.random.default_rng(0)
    fake, true = (random.integers(0, high, (COUNT, 3, 20, 20), dtype=np.uint8) for high in (256, 160))
    with torch.random.fork_rng():
        theirs = calculate_metrics(
            input1=Tensors(fake),
            input2=Tensors(true),
            isc=True,
            kid=True,
            prc=True,
            isc_splits=2,
            kid_subsets=4,
            kid_subset_size=6,
            prc_neighborhood=3,
            feature_extractor="inception-v3-compat",
            feature_extractor_weights_path=str(inception.weights_file(root)),
            cuda=False,
            cache=False,
            save_cpu_ram=True,
            verbose=False,
        )
    made = subject(fake, true)
    made.root = root
    held = {**COMMON, "reference": "training_data", "reference_images": "all"}
    score_found = InceptionScore(**COMMON, splits=2).measure(made)
    assert score_found.value == pytest.approx(theirs["inception_score_mean"], abs=1e-5)
    # random weights tell classes apart by little: what is above 1 must agree too
    assert score_found.value - 1 == pytest.approx(theirs["inception_score_mean"] - 1, rel=0.01)
    assert score_found.details["split_deviation"] == pytest.approx(theirs["inception_score_std"], abs=1e-5)
    kernel = KernelInceptionDistance(**held, subsets=4, subset_images=6).measure(made)
    assert kernel.value == pytest.approx(theirs["kernel_inception_distance_mean"], abs=1e-5)
    settings = {**held, "neighbours": 3}
    assert Precision(**settings).measure(made).value == pytest.approx(theirs["precision"])
    assert Recall(**settings).measure(made).value == pytest.approx(theirs["recall"])
    distance_found = FrechetInceptionDistance(**held).measure(made)
    # torch-fidelity's root takes half a minute: its distance is looked at in test_measure.py
    assert distance_found.value == pytest.approx(frechet_of_few(*pool(made)), rel=1e-3)


def test_batches_leave_scores_unchanged(made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inception_score, "_PER_SPLIT", 2)
    network = inception.load(made.root, "cpu", "tensorflow_bilinear")
    values = []
    for batch_size in (3, COUNT):
        ours, theirs = (network.extract(images, batch_size=batch_size) for images in (made.fake, made.true))
        found = distances(ours, theirs, subsets=2, subset_images=COUNT).mean()
        values.append((score(network.logits(ours), 2)[0], found, frechet_of_few(ours, theirs)))
    np.testing.assert_allclose(*values, rtol=0, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_processor_s_scores(made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inception_score, "_PER_SPLIT", 2)
    monkeypatch.setattr(frechet, "least_images", lambda _dimensions: 2)
    metrics = [
        InceptionScore(**COMMON, splits=2),
        KernelInceptionDistance(**COMMON, **REFERENCE, subsets=2, subset_images=COUNT),
        Precision(**COMMON, **REFERENCE, neighbours=2),
        FrechetInceptionDistance(**COMMON, **REFERENCE),
    ]
    found = []
    for device in ("cpu", "cuda"):
        made.device = device
        found.append([metric.measure(made).value for metric in metrics])
    np.testing.assert_allclose(*found, rtol=1e-3)


def test_a_setting_that_torch_fidelity_does_not_know_is_refused() -> None:
    with pytest.raises(MetricError, match="kid_subset_count"):
        fidelity_settings(kid_subsets=3, kid_subset_count=3)
