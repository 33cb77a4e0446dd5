"""Stand-ins: what they may stand for, and that their pictures are smooth, of classes, and apart between splits."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from benchmark.parts.datasets.images.blobs import blobs
from benchmark.parts.datasets.stand_in import StandIn
from benchmark.parts.metrics.inputs import real
from benchmark.spec.fields import written
from benchmark.spec.parts import DATASETS
from tests.parts.datasets.layouts import levels

CIFAR = {"cifar10": {"split": "train", "size": 32, "resize": "none", "value_range": [-1, 1]}}


def stand_in(of: object = CIFAR, count: object = 16) -> StandIn:
    return StandIn.model_validate({"of": of, "count": count})


@pytest.mark.parametrize(
    ("of", "says"),
    [
        ({"stand_in": {"of": CIFAR, "count": 10}}, "stand_in"),
        ({"digits": {"value_range": [-1, 1]}}, "digits needs no stand-in"),
        ({"eight_gaussians": {"radius": 2.0, "deviation": 0.02, "divisor": 1.414}}, "needs no stand-in"),
        ({"cifar10": {"split": "val", "size": 32, "resize": "none", "value_range": [-1, 1]}}, "split"),
        ({"image_folder": {"folder": "../x"}}, "folder"),
        (None, "of"),
    ],
)
def test_what_it_cannot_stand_for(of: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        stand_in(of)


@pytest.mark.parametrize("count", [0, 9, 10_001, 2.5, "64"])
def test_counts_out_of_range_are_refused(count: object) -> None:
    with pytest.raises(ValidationError, match="count"):
        stand_in(count=count)


def test_it_is_written_as_it_was_read_and_has_a_schema() -> None:
    assert written(stand_in()) == {"stand_in": {"of": CIFAR, "count": 16}}
    assert TypeAdapter(StandIn).json_schema()["required"] == ["of", "count"]
    assert DATASETS.get("stand_in") is StandIn


def test_splits_show_different_pictures(tmp_path: Path) -> None:
    train = stand_in()
    held_out = train.held_out()
    assert held_out == stand_in({"cifar10": {**CIFAR["cifar10"], "split": "test"}})
    one, other = (levels(each.load(tmp_path, "cpu")) for each in (train, held_out))
    assert not {picture.tobytes() for picture in one} & {picture.tobytes() for picture in other}


def test_metrics_find_its_test_split(tmp_path: Path) -> None:
    class Subject:
        dataset = stand_in()
        data = dataset.load(tmp_path, "cpu")
        root = tmp_path

    examples = real(Subject(), "all", reference="test")  # type: ignore[arg-type]
    assert (examples == levels(stand_in().held_out().load(tmp_path, "cpu"))).all()


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("GANREPRO_CACHE", str(tmp_path / "cache"))
    faces = {
        "celeba": {
            "split": "all",
            "crop": "centre_108",
            "size": 64,
            "resize": "bilinear",
            "mirror": True,
            "value_range": [-1, 1],
        }
    }
    data = stand_in(faces).load(tmp_path / "nowhere", "cpu")
    assert not list(tmp_path.iterdir())
    assert levels(data).shape == (32, 3, 64, 64)


def test_blobs_are_smooth_and_of_classes() -> None:
    """Unlike noise, neighbours differ little; the nearest other picture is of the same class."""
    pictures = blobs(100, 32, 32, 3, first=0).astype(float)
    assert np.abs(np.diff(pictures, axis=2)).mean() < 5  # about 85 for uniform noise
    assert pictures.std(axis=(1, 2, 3)).min() > 10
    flat = pictures.reshape(100, -1)
    distance = np.stack([np.linalg.norm(flat - one, axis=1) for one in flat])
    assert (distance[~np.eye(100, dtype=bool)] > 0).all()
    np.fill_diagonal(distance, np.inf)
    assert (distance.argmin(axis=1) % 10 == np.arange(100) % 10).all()
    assert (blobs(5, 32, 32, 3, first=7) == blobs(100, 32, 32, 3, first=0)[7:12]).all()
