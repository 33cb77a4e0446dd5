"""The shipped classifiers: intact, small, and as accurate as recorded."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from benchmark.parts.extractors import classifier
from benchmark.parts.extractors.classifier import FOLDER, INDEX, ClassifierName, load
from benchmark.spec.parts import MetricError

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("GANREPRO_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
FACTS = json.loads(INDEX.read_text())


@pytest.fixture(scope="module")
def training():
    sys.path.insert(0, str(REPOSITORY / "scripts"))
    try:
        import train_extractors
    finally:
        sys.path.pop(0)
    return train_extractors


@pytest.mark.parametrize("name", get_args(ClassifierName))
def test_file_is_small_and_the_recorded_one(name: ClassifierName) -> None:
    content = (FOLDER / f"{name}.safetensors").read_bytes()
    assert len(content) < 2_000_000
    assert hashlib.sha256(content).hexdigest() == FACTS[name]["sha256"]
    assert f"`{name}`" in (FOLDER / "README.md").read_text()


def test_index_lists_exactly_the_classifiers() -> None:
    assert set(FACTS) == set(get_args(ClassifierName)) == {file.stem for file in FOLDER.glob("*.safetensors")}


def _accuracy(name: ClassifierName, images: torch.Tensor, classes: torch.Tensor) -> float:
    network = load(name, "cpu")
    found = network.logits(network.features(images.numpy())).argmax(axis=1)
    return float((found == classes.numpy()).mean())


def test_digits_are_recognised_as_recorded(training) -> None:
    data = training.digits()
    measured = _accuracy("digits_8x8", data.held_out_images, data.held_out_classes)
    assert measured == pytest.approx(FACTS["digits_8x8"]["held_out_accuracy"], abs=0.003)
    assert measured > 0.96


@pytest.mark.parametrize(
    ("name", "folder", "least"), [("mnist_28x28", "MNIST", 0.985), ("fashion_mnist_28x28", "FashionMNIST", 0.895)]
)
def test_test_images_are_recognised_as_recorded(training, name: ClassifierName, folder: str, least: float) -> None:
    if not (DATA / folder / "raw" / "t10k-images-idx3-ubyte").is_file():
        pytest.skip(f"{folder} is not under {DATA}; GANREPRO_TEST_DATA names another place")
    data = training.from_torchvision(folder, DATA)
    measured = _accuracy(name, data.held_out_images[:2000], data.held_out_classes[:2000])
    recorded = FACTS[name]["held_out_accuracy"]
    assert recorded > least
    assert measured == pytest.approx(recorded, abs=3 * (recorded * (1 - recorded) / 2000) ** 0.5)


def test_altered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray((FOLDER / "digits_8x8.safetensors").read_bytes())
    content[-1] ^= 1
    (tmp_path / "digits_8x8.safetensors").write_bytes(content)
    monkeypatch.setattr(classifier, "FOLDER", tmp_path)
    load.cache_clear()
    with pytest.raises(MetricError, match="SHA-256 is"):
        load("digits_8x8", "cpu")
    (tmp_path / "digits_8x8.safetensors").unlink()
    with pytest.raises(MetricError, match="install it again"):
        load("digits_8x8", "cpu")


def test_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 1, 8, 8), dtype=np.uint8)
    network = load("digits_8x8", "cpu")
    whole = network.features(images)
    monkeypatch.setattr(classifier, "_BATCH", 7)
    np.testing.assert_allclose(network.features(images), whole, rtol=0, atol=1e-5 * np.abs(whole).max())


def test_other_sizes_are_fitted_and_colour_is_refused() -> None:
    network = load("digits_8x8", "cpu")
    images = np.random.default_rng(0).integers(0, 256, (20, 1, 8, 8), dtype=np.uint8)
    blocks = np.kron(images, np.ones((1, 1, 4, 4), dtype=np.uint8))
    assert network.features(blocks).shape == (20, 64)
    with pytest.raises(MetricError, match=r"takes images of 1 channel.s., these have 3"):
        network.features(np.repeat(images, 3, axis=1))


def test_loading_leaves_the_random_state_alone() -> None:
    load.cache_clear()
    before = torch.get_rng_state()
    load("digits_8x8", "cpu")
    assert torch.equal(before, torch.get_rng_state())


def test_training_is_repeatable(training, tmp_path: Path) -> None:
    data = training.digits()
    short = training.Labelled(**{**vars(data), "epochs": 1})
    files = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with torch.random.fork_rng():
            training.publish("digits_8x8", short, training.fit(short), tmp_path / name)
        files.append((tmp_path / name / "digits_8x8.safetensors").read_bytes())
    assert files[0] == files[1]
