"""What every registered dataset promises, whatever it is: new ones are covered unseen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.parts.datasets.images.pictures import Pictures
from benchmark.parts.datasets.stand_in import StandIn
from benchmark.spec.parts import DATASETS, DataError, Dataset
from tests.parts.datasets.layouts import levels

EXAMPLES: list[Dataset] = [
    *(dataset for _, part in DATASETS.items() for dataset in part.variants()),
    DATASETS.get("image_folder").model_validate(
        {
            "folder": "faces/large",
            "images": 12,
            "size": 16,
            "resize": "box",
            "crop": "centre",
            "mirror": True,
            "value_range": [-1, 1],
        }
    ),
]
SPLITS = ("train", "valid", "test")
RANGE = {"value_range": [-1, 1]}
PICTURES = [dataset for dataset in EXAMPLES if isinstance(dataset, Pictures)]


def label(dataset: Dataset) -> str:
    return f"{dataset.name}-{getattr(dataset, 'split', '')}"


@pytest.mark.parametrize("dataset", PICTURES, ids=label)
def test_missing_files_are_one_line_that_says_what_goes_where(dataset: Pictures, tmp_path: Path) -> None:
    message = dataset.missing(tmp_path)
    assert message is not None
    assert "\n" not in message
    assert str(tmp_path) in message
    assert "ganrepro data fetch" in message or "not downloaded from here" in message
    with pytest.raises(DataError, match="is missing"):
        dataset.load(tmp_path, "cpu")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dataset", PICTURES, ids=label)
def test_a_stand_in_is_loaded_by_the_datasets_own_code(dataset: Pictures, tmp_path: Path) -> None:
    stand_in = StandIn(of=dataset, count=10)
    data = stand_in.load(tmp_path, "cpu")
    assert data.shape == dataset.example_shape() == stand_in.example_shape()
    assert data.count == stand_in.example_count() == (20 if dataset.mirrored() else 10)
    assert stand_in.missing(tmp_path) is None
    assert not list(tmp_path.iterdir())
    shown = levels(data)
    assert len(np.unique(shown.reshape(len(shown), -1), axis=0)) == data.count
    assert StandIn(of=dataset, count=10).load(tmp_path, "cpu").fingerprint == data.fingerprint


@pytest.mark.parametrize("dataset", [each for each in EXAMPLES if each.example_count() is not None], ids=label)
def test_counts_agree_with_the_published_ones(dataset: Dataset) -> None:
    """Counts as the datasets' authors give them."""
    published = {
        "digits-": 1797,
        "mnist-train": 60_000,
        "mnist-test": 10_000,
        "fashion_mnist-train": 60_000,
        "fashion_mnist-test": 10_000,
        "cifar10-train": 50_000,
        "cifar10-test": 10_000,
        "svhn-train": 73_257,
        "svhn-test": 26_032,
        "celeba-all": 202_599,
        "lsun_bedrooms-train": 3_033_042,
        "lsun_bedrooms-val": 300,
        "cz-": 14_248,
        "image_folder-": 24,
    }
    assert dataset.example_count() == published[label(dataset)]


def test_the_splits_of_celeba_add_up() -> None:
    of = {"crop": "face_128", "size": 128, "resize": "none", "mirror": False, "value_range": [-1, 1]}
    counts = [DATASETS.get("celeba").model_validate({**of, "split": split}).example_count() for split in SPLITS]
    assert sum(filter(None, counts)) == 202_599


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("mnist", {"split": "train", "size": 32, "resize": "none", **RANGE}, "size 32 from 28 needs a filter"),
        ("mnist", {"split": "train", "size": 28, "resize": "bilinear", **RANGE}, "size 28 already"),
        ("mnist", {"split": "train", "size": 30, "resize": "bilinear", **RANGE}, "28, 32 or 64"),
        ("cifar10", {"split": "extra", "size": 32, "resize": "none", **RANGE}, "'train' or 'test'"),
        ("svhn", {"split": "train", "size": 2000, "resize": "box", **RANGE}, "1024"),
        (
            "celeba",
            {"split": "all", "crop": "face_128", "size": 64, "resize": "none", "mirror": False, **RANGE},
            "from 128",
        ),
        (
            "celeba",
            {"split": "all", "crop": "none", "size": 64, "resize": "none", "mirror": False, **RANGE},
            "needs a filter",
        ),
        (
            "celeba",
            {"split": "all", "crop": "rows_7_to_71", "size": 32, "resize": "box", "mirror": False, **RANGE},
            "size 64",
        ),
        ("celeba", {"split": "all", "crop": "centre_108", "size": 64, "resize": "box", **RANGE}, "mirror"),
        ("mnist", {"split": "train", "size": 28, "resize": "none"}, "value_range"),
        ("mnist", {"split": "train", "size": 28, "resize": "none", "value_range": [0, 255]}, r"\[-1, 1\] or \[0, 1\]"),
        ("digits", {}, "value_range"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(name: str, settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        DATASETS.get(name).model_validate(settings)


@pytest.mark.parametrize("dataset", [each for each in EXAMPLES if each.kind == "points"], ids=label)
def test_points_are_drawn_from_the_generator_alone_with_the_shape_that_is_promised(
    dataset: Dataset, tmp_path: Path
) -> None:
    """The same state gives the same points, another seed others, and two halves of many points have one law."""
    assert dataset.missing(tmp_path) is None
    data = dataset.load(tmp_path, "cpu")
    assert data.shape == dataset.example_shape()
    assert data.count == dataset.example_count()
    assert data.fingerprint == dataset.load(tmp_path, "cpu").fingerprint
    assert not list(tmp_path.iterdir())
    if data.count is not None:
        pytest.skip("finite: its examples are indexed")
    torch.manual_seed(0)
    first, again, other = (data.draw(20_000, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert first.shape == (20_000, *data.shape)
    assert first.dtype == torch.float32
    assert torch.isfinite(first).all()
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    spread = first.std(dim=0)
    assert (spread > 0).all()
    # five standard errors of a difference of two means
    assert ((first.mean(dim=0) - other.mean(dim=0)).abs() < 5 * spread * (2 / 20_000) ** 0.5).all()


def test_another_law_of_points_has_another_fingerprint() -> None:
    """A run's identity rests on it: settings that move a point move the fingerprint."""
    (law,) = DATASETS.get("eight_gaussians").variants()
    others = [law.model_copy(update={name: 0.75}) for name in ("radius", "deviation", "divisor")]
    assert len({one.load(Path("none"), "cpu").fingerprint for one in (law, *others)}) == 4
