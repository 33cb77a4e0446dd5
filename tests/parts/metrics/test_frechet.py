"""The Fréchet distance against its closed form, torch-fidelity and an independent matrix square root."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from torch.utils.data import Dataset
from torch_fidelity import FeatureExtractorBase, calculate_metrics, register_feature_extractor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from benchmark.parts.metrics import frechet
from benchmark.parts.metrics.frechet import Moments, frechet_distance, kept, moments, restored
from benchmark.spec.parts import MetricError


def features(seed: int, count: int = 400, dimensions: int = 24) -> np.ndarray:
    """Correlated features with a falling spectrum."""
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(dimensions, dimensions)) / np.arange(1, dimensions + 1)
    return (random.normal(size=(count, dimensions)) @ mixing + random.normal(size=dimensions)).astype(np.float32)


def test_closed_form_of_normals_that_commute() -> None:
    variances = np.array([[4.0, 9.0], [1.0, 25.0]])
    first, second = (Moments(np.array(m), np.diag(v)) for m, v in zip([[0, 0], [3, 4]], variances, strict=True))
    assert frechet_distance(first, second) == pytest.approx(25 + (2 - 1) ** 2 + (3 - 5) ** 2, abs=1e-12)


def test_moments_are_those_of_numpy() -> None:
    given = features(0)
    found = moments(given, "real")
    np.testing.assert_allclose(found.mean, given.astype(np.float64).mean(0), atol=1e-14)
    np.testing.assert_allclose(found.covariance, np.cov(given.astype(np.float64), rowvar=False), atol=1e-12)


def test_agrees_with_torch_fidelity_and_with_sqrtm() -> None:
    first, second = features(1), features(2)
    ours = frechet_distance(moments(first, "real"), moments(second, "generated"))
    theirs = fid_statistics_to_metric(
        *(fid_features_to_statistics(torch.from_numpy(part).double()) for part in (first, second)), verbose=False
    )["frechet_inception_distance"]
    a, b = moments(first, "real"), moments(second, "generated")
    root = sqrtm(a.covariance @ b.covariance).real
    plain = np.sum((a.mean - b.mean) ** 2) + np.trace(a.covariance + b.covariance - 2 * root)
    assert ours == pytest.approx(theirs, rel=1e-9)
    assert ours == pytest.approx(plain, rel=1e-9)


def test_agrees_with_torch_fidelity_from_images_on() -> None:
    class Means(FeatureExtractorBase):
        """Means of 2x2 blocks of 6x6 images, (n, 27)."""

        def __init__(self, name: str, features_list: list[str], **_settings: object) -> None:
            super().__init__(name, features_list)

        @staticmethod
        def get_provided_features_list() -> tuple[str]:
            return ("means",)

        @staticmethod
        def get_default_feature_layer_for_metric(_metric: str) -> str:
            return "means"

        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
            return (torch.nn.functional.avg_pool2d(images.float(), 2).flatten(1),)

    class Images(Dataset):
        def __init__(self, images: np.ndarray) -> None:
            self.images = torch.from_numpy(images)

        def __len__(self) -> int:
            return len(self.images)

        def __getitem__(self, index: int) -> torch.Tensor:
            return self.images[index]

    register_feature_extractor("means-of-blocks", Means)
    random = np.random.default_rng(0)
    images = [random.integers(0, high, (90, 3, 6, 6), dtype=np.uint8) for high in (256, 200)]
    with torch.random.fork_rng():
        theirs = calculate_metrics(
            input1=Images(images[0]),
            input2=Images(images[1]),
            fid=True,
            feature_extractor="means-of-blocks",
            cuda=False,
            cache=False,
            save_cpu_ram=True,
            verbose=False,
        )["frechet_inception_distance"]
    blocks = [part.reshape(90, 3, 3, 2, 3, 2).mean((3, 5)).reshape(90, 27) for part in images]
    ours = frechet_distance(moments(blocks[1], "real"), moments(blocks[0], "generated"))
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_features_that_never_vary_are_no_obstacle() -> None:
    first, second = features(1), features(2)
    for part in (first, second):
        part[:, :3] = 5.0
    ours = frechet_distance(moments(first, "real"), moments(second, "generated"))
    rest = frechet_distance(moments(first[:, 3:], "real"), moments(second[:, 3:], "generated"))
    assert ours == pytest.approx(rest, rel=1e-9)


def test_identical_sets_are_at_distance_zero_and_order_is_indifferent() -> None:
    first, second = moments(features(1), "real"), moments(features(2), "generated")
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(first, second) == pytest.approx(frechet_distance(second, first), rel=1e-10)


def test_too_few_images_are_refused_with_the_minimum() -> None:
    with pytest.raises(MetricError, match="24 real images are too few for 24 features, the minimum is 25"):
        moments(features(0, count=24), "real")


def test_features_that_are_not_finite_are_refused() -> None:
    broken = features(0)
    broken[7, 3] = np.nan
    with pytest.raises(MetricError, match="not finite on generated images"):
        moments(broken, "generated")


@pytest.mark.parametrize(
    ("variance", "below", "fine"),
    [(0.25, 9e-5, True), (0.25, 1.1e-4, False), (50.0, 9e-3, True), (50.0, 1.1e-2, False)],
)
def test_what_falls_below_0_by_more_than_rounding_is_no_distance(
    monkeypatch: pytest.MonkeyPatch, variance: float, below: float, fine: bool
) -> None:
    """A ten-thousandth of both variances together, at least of 1."""
    monkeypatch.setattr(frechet, "_trace_of_root", lambda *_: variance + below / 2)
    same = Moments(np.zeros(1), np.array([[variance]]))
    if fine:
        assert frechet_distance(same, same) == pytest.approx(-below)
    else:
        with pytest.raises(MetricError, match="came out as -"):
            frechet_distance(same, same)


def test_just_so_far_below_0_is_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frechet, "_BELOW", 0.125)
    monkeypatch.setattr(frechet, "_trace_of_root", lambda *_: 0.3125)
    same = Moments(np.zeros(1), np.array([[0.25]]))
    assert frechet_distance(same, same) == -0.125


def test_impossible_moments_never_become_a_number() -> None:
    real = moments(features(1), "real")
    swollen = Moments(real.mean, real.covariance * np.inf)
    with pytest.raises(MetricError, match="too large"):
        frechet_distance(real, swollen)


@pytest.mark.parametrize(("mean", "triangle"), [((3,), (5,)), ((3,), (7,)), ((3, 1), (6,))])
def test_moments_that_do_not_belong_together_are_refused(mean: tuple[int, ...], triangle: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="do not belong together"):
        restored("real", {"real.mean": np.zeros(mean), "real.covariance": np.zeros(triangle)})


def test_moments_come_back_as_they_were_kept() -> None:
    given = moments(features(0), "real")
    found = restored("real", kept("real", given))
    assert (found.mean == given.mean).all()
    np.testing.assert_allclose(found.covariance, given.covariance, rtol=1e-14)
