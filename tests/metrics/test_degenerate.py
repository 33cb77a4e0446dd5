"""Input that must never become a number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pytest
import torch

from benchmark.metrics.inputs import real
from benchmark.spec.parts import DATASETS, METRICS, Data, DataError, Dataset, MetricError, Shape

STANDARD = {
    "extractor": "inception_2015_12_05",
    "resize": "tensorflow_bilinear",
    "reference": "training_data",
    "reference_images": "all",
}
PROXY = {"classifier": "digits_8x8", "reference_images": "all"}
FRECHET = {**PROXY, "reference": "training_data"}
SHARPNESS = {"samples": 100, "reference_images": "all"}
KERNEL = {**STANDARD, "subsets": 2, "subset_images": 150}
SCORE = {"extractor": "inception_2015_12_05", "resize": "bilinear"}
NATIVE = {"pairs": 10, "size": "native", "filter": "none"}


def _nan_points(_good: np.ndarray) -> np.ndarray:
    points = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    points[7, 1] = np.nan
    return points


def _infinite_points(_good: np.ndarray) -> np.ndarray:
    points = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    points[3, 0] = np.inf
    return points


CASES: dict[str, tuple[str, dict[str, Any], Callable[[np.ndarray], np.ndarray], str]] = {
    "fid of one image": ("frechet_inception_distance", {**STANDARD, "samples": 1}, lambda x: x, "minimum is 2049"),
    "fid of 2048": ("frechet_inception_distance", {**STANDARD, "samples": 2048}, lambda x: x, "minimum is 2049"),
    "is of fewer than splits": ("inception_score", {**SCORE, "samples": 5, "splits": 10}, lambda x: x, "is 1000"),
    "is of 999 in 10 splits": ("inception_score", {**SCORE, "samples": 999, "splits": 10}, lambda x: x, "is 1000"),
    "kid below a subset": ("kernel_inception_distance", {**KERNEL, "samples": 100}, lambda x: x, "is 150"),
    "recall of as many as neighbours": (
        "recall",
        {**STANDARD, "samples": 3, "neighbours": 3},
        lambda x: x,
        "minimum is 4",
    ),
    "proxy of 64": ("proxy_frechet_distance", {**FRECHET, "samples": 64}, lambda x: x, "minimum is 65"),
    "proxy of one image over": (
        "proxy_frechet_distance",
        {**FRECHET, "samples": 100},
        lambda x: np.repeat(x[:1], len(x), axis=0),
        "same one",
    ),
    "proxy score of too few": (
        "proxy_inception_score",
        {**PROXY, "samples": 150, "splits": 2},
        lambda x: x,
        "minimum is 200",
    ),
    "proxy score of black": (
        "proxy_inception_score",
        {**PROXY, "samples": 200, "splits": 2},
        lambda x: 0 * x,
        "same one",
    ),
    "float images": ("recognisability", {**PROXY, "samples": 100}, lambda x: x / 255, "must be uint8"),
    "images with nan": ("recognisability", {**PROXY, "samples": 100}, lambda x: x * np.nan, "must be uint8"),
    "int images beyond 255": ("sharpness", SHARPNESS, lambda x: x.astype(np.int32) + 300, "must be uint8"),
    "colour where grey is promised": ("sharpness", SHARPNESS, lambda x: np.repeat(x, 3, axis=1), "have shape"),
    "channels last": ("sharpness", SHARPNESS, lambda x: np.moveaxis(x, 1, 3), "have shape"),
    "fewer images than asked": ("sharpness", SHARPNESS, lambda x: x[:50], "have shape"),
    "sharpness of flat images": ("sharpness_gap", SHARPNESS, lambda x: 0 * x, "one level throughout"),
    "ms_ssim of 8x8": ("ms_ssim", NATIVE, lambda x: x, "multiples of 16, images are 8x8"),
    "points with nan": ("collapse", SHARPNESS, _nan_points, "not finite"),
    "points with infinity": ("duplicates", {"samples": 100, "quantile": 0.1}, _infinite_points, "not finite"),
    "one example": ("collapse", {"samples": 1, "reference_images": "all"}, lambda x: x, "minimum is 2"),
    "more real images than there are": (
        "recognisability",
        {**PROXY, "samples": 100, "reference_images": 1000},
        lambda x: x,
        "the reference has 500",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_is_refused_with_its_reason(case: str, subject, digits: np.ndarray) -> None:
    name, settings, spoil, message = CASES[case]
    spoiled = spoil(digits[:1000])
    true = spoiled[::-1] if spoiled.ndim == 2 else digits[1000:1500]
    if spoiled.ndim == 2:
        true = np.random.default_rng(1).normal(size=(200, 2)).astype(np.float32)
    metric = METRICS.get(name)(**settings)
    with pytest.raises(MetricError, match=message):
        metric.measure(subject(spoiled, true))


@pytest.mark.parametrize("broken", ["features", "logits"])
def test_numbers_of_an_extractor_that_are_not_finite_are_refused(
    broken: str, subject, digits: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmark.extractors.classifier import Classifier

    true = getattr(Classifier, broken)
    monkeypatch.setattr(Classifier, broken, lambda self, given: true(self, given) * np.nan)
    made = subject(digits[:800], digits[800:])
    names = ["recognisability", "class_coverage", "proxy_inception_score"]
    for name in [*names, "proxy_frechet_distance"] if broken == "features" else names:
        part = METRICS.get(name)
        choices = {**FRECHET, "samples": 400, "splits": 2}
        metric = part(**{field: choices[field] for field in part.model_fields})
        with pytest.raises(MetricError, match="finite"):
            metric.measure(made)


def test_a_dataset_without_a_test_split_cannot_be_referred_to(subject, digits: np.ndarray) -> None:
    made = subject(digits[:800], digits[800:], DATASETS.get("digits").variants()[0])
    metric = METRICS.get("proxy_frechet_distance")(**{**FRECHET, "samples": 400, "reference": "test"})
    with pytest.raises(MetricError, match="'digits' has no test split"):
        metric.measure(made)


class Halved(Dataset):
    """Pictures whose two splits lie in two files."""

    name = "halved"
    kind = "images"
    split: Literal["train", "test"]

    def example_shape(self) -> Shape:
        return (1, 8, 8)

    def example_count(self) -> int:
        return 200

    def missing(self, root: Path) -> str | None:
        return None if (root / self.split).is_file() else f"{root / self.split} is missing"

    def load(self, root: Path, device: str) -> Data:
        levels = np.frombuffer((root / self.split).read_bytes(), dtype=np.uint8).reshape(-1, 1, 8, 8)
        if len(levels) != 200:
            raise DataError(f"{len(levels)} pictures, not 200")
        scaled = torch.from_numpy(levels.copy()).float().div(255).sub(0.5).div(0.5)
        return SimpleNamespace(count=200, examples=lambda indices: scaled[indices])


def test_the_test_split_is_read_as_it_lies_on_disk(subject, tmp_path: Path) -> None:
    held_out = np.random.default_rng(0).integers(0, 256, (200, 1, 8, 8), dtype=np.uint8)
    (tmp_path / "test").write_bytes(held_out.tobytes())
    made = subject(held_out[::-1], held_out[::-1], Halved(split="train"))
    assert (real(made, "all", reference="test") == held_out).all()
    assert (real(made, 7, reference="test") == held_out[:7]).all()
    assert (real(made, "all") == held_out[::-1]).all()


def test_a_test_split_that_is_missing_or_broken_is_named(subject, digits: np.ndarray, tmp_path: Path) -> None:
    made = subject(digits[:200], digits[200:400], Halved(split="train"))
    metric = METRICS.get("proxy_frechet_distance")(**{**FRECHET, "samples": 200, "reference": "test"})
    with pytest.raises(MetricError, match="test is missing"):
        metric.measure(made)
    (tmp_path / "test").write_bytes(bytes(64))
    with pytest.raises(MetricError, match="1 pictures, not 200"):
        metric.measure(made)
