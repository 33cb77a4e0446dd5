"""MNIST, CIFAR-10 and SVHN: pixels where the formats put them, damage noticed, and the real sets where they lie."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate
from torchvision import datasets

from benchmark.parts.datasets.levels import CIFAR10, MNIST, SVHN, FashionMNIST
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import DataError
from tests.parts.datasets.layouts import held, levels, noise, write_cifar, write_idx, write_svhn

REAL = Path(__file__).parents[4] / "shared" / "data"
real = pytest.mark.skipif(not (REAL / "FashionMNIST").is_dir(), reason="the real files are not there")


def mnist(split: str = "train") -> MNIST:
    return MNIST.model_validate({"split": split, "size": 28, "resize": "none", "value_range": [-1, 1]})


def cifar(split: str = "train") -> CIFAR10:
    return CIFAR10.model_validate({"split": split, "size": 32, "resize": "none", "value_range": [-1, 1]})


def svhn(split: str = "train") -> SVHN:
    return SVHN.model_validate({"split": split, "size": 32, "resize": "none", "value_range": [-1, 1]})


def test_mnist_pixels(tmp_path: Path) -> None:
    train, test = noise(5, 28, 28), noise(3, 28, 28)
    write_idx(tmp_path, "MNIST", train, test)
    assert (levels(held(mnist(), tmp_path))[:, 0] == train).all()
    assert (levels(held(mnist("test"), tmp_path))[:, 0] == test).all()


def test_cifar_pixels(tmp_path: Path) -> None:
    train, test = noise(10, 3, 32, 32), noise(2, 3, 32, 32)
    write_cifar(tmp_path, train, test)
    assert (levels(held(cifar(), tmp_path)) == train).all()
    assert (levels(held(cifar("test"), tmp_path)) == test).all()


@pytest.mark.parametrize("split", ["train", "test", "extra"])
def test_svhn_pixels(split: str, tmp_path: Path) -> None:
    images = noise(4, 3, 32, 32)
    write_svhn(tmp_path, split, images)
    assert (levels(held(svhn(split), tmp_path)) == images).all()


def test_enlarging_is_the_plain_bilinear_rule(tmp_path: Path) -> None:
    """Half-pixel centres, as torch's interpolate; Pillow rounds to bytes after each direction."""
    train = noise(5, 28, 28)
    write_idx(tmp_path, "MNIST", train, train)
    enlarged = MNIST(split="train", size=32, resize="bilinear", value_range=SYMMETRIC)
    found = levels(held(enlarged, tmp_path)).astype(float)
    plain = torch.from_numpy(train).double().unsqueeze(1)
    expected = interpolate(plain, size=(32, 32), mode="bilinear", align_corners=False).numpy()
    assert found.shape == (5, 1, 32, 32)
    assert np.abs(found - expected).max() <= 1.0


def test_reducing_by_box_is_the_mean_of_squares(tmp_path: Path) -> None:
    images = noise(4, 3, 32, 32)
    write_svhn(tmp_path, "train", images)
    found = levels(held(SVHN(split="train", size=16, resize="box", value_range=SYMMETRIC), tmp_path)).astype(float)
    expected = images.reshape(4, 3, 16, 2, 16, 2).mean(axis=(3, 5))
    assert np.abs(found - expected).max() <= 1.0


def test_another_set_under_the_same_names_is_refused(tmp_path: Path) -> None:
    write_idx(tmp_path, "MNIST", noise(5, 28, 28), noise(3, 28, 28))
    with pytest.raises(DataError, match="not the published file of mnist"):
        mnist().load(tmp_path, "cpu")
    message = mnist().problem(tmp_path)
    assert message is not None
    assert "not the published file of mnist" in message


def test_files_without_the_published_checksums_are_refused_before_they_are_unpickled(tmp_path: Path) -> None:
    write_cifar(tmp_path, noise(10, 3, 32, 32), noise(2, 3, 32, 32))
    with pytest.raises(DataError, match="not the published file"):
        cifar().load(tmp_path, "cpu")
    write_svhn(tmp_path, "train", noise(4, 3, 32, 32))
    with pytest.raises(DataError, match="not the published file"):
        svhn().load(tmp_path, "cpu")


@pytest.mark.parametrize("damage", [lambda whole: whole[:-5], lambda _: b"", lambda whole: b"\1" + whole[1:]])
def test_a_damaged_idx_file_is_one_line(damage, tmp_path: Path) -> None:
    write_idx(tmp_path, "MNIST", noise(5, 28, 28), noise(3, 28, 28))
    file = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(DataError, match=r"MNIST.* is damaged") as caught:
        mnist().source(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_pictures_of_the_split_are_asked_for_and_nothing_else(tmp_path: Path) -> None:
    write_idx(tmp_path, "MNIST", noise(5, 28, 28), noise(3, 28, 28))
    (tmp_path / "MNIST" / "raw" / "t10k-images-idx3-ubyte").unlink()
    assert mnist().missing(tmp_path) is None
    message = mnist("test").missing(tmp_path)
    assert message is not None
    assert "t10k-images-idx3-ubyte is missing" in message


@real
def test_the_real_sets_are_told_from_each_other_and_from_damaged_ones(tmp_path: Path) -> None:
    """Same names, sizes and shapes; one byte; another shape of as many bytes; then repaired."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    file = raw / "train-images-idx3-ubyte"
    genuine = (REAL / "MNIST" / "raw" / file.name).read_bytes()

    def says(content: bytes) -> str:
        file.write_bytes(content)
        message = mnist().problem(tmp_path)
        if message is not None:
            with pytest.raises(DataError) as caught:
                mnist().load(tmp_path, "cpu")
            assert str(caught.value) == message
        return message or "well"

    assert "is that of fashion_mnist, split train" in says((REAL / "FashionMNIST" / "raw" / file.name).read_bytes())
    assert "not the published file" in says(genuine[:5000] + bytes([genuine[5000] ^ 255]) + genuine[5001:])
    assert "not the published file" in says(genuine[:8] + struct.pack(">2i", 56, 14) + genuine[16:])
    assert says(genuine) == "well"
    data = mnist().load(tmp_path, "cpu")
    assert data.fingerprint == mnist().published_fingerprint()


@pytest.mark.parametrize("dataset", [cifar(), cifar("test"), svhn(), svhn("test"), svhn("extra")])
def test_published_hashes_are_those_of_torchvision(dataset: CIFAR10 | SVHN) -> None:
    if isinstance(dataset, SVHN):
        _, file, digest = datasets.SVHN.split_list[dataset.split]
        assert dataset.published() == {file: digest}
    else:
        known = datasets.CIFAR10.train_list if dataset.split == "train" else datasets.CIFAR10.test_list
        assert dataset.published() == {f"cifar-10-batches-py/{file}": digest for file, digest in known}


@real
@pytest.mark.parametrize(
    ("dataset", "mean", "deviation"),
    [
        (MNIST(split="train", size=28, resize="none", value_range=SYMMETRIC), 0.1307, 0.3081),
        (FashionMNIST(split="train", size=28, resize="none", value_range=SYMMETRIC), 0.2860, 0.3530),
    ],
    ids=["mnist", "fashion_mnist"],
)
def test_the_real_sets_have_their_known_mean_and_deviation(dataset: MNIST, mean: float, deviation: float) -> None:
    """The constants by which these sets are usually normalised."""
    if dataset.missing(REAL) is not None:
        pytest.skip("the real files are not there")
    data = dataset.load(REAL, "cpu")
    assert data.count == 60_000
    assert data.fingerprint == dataset.published_fingerprint()
    lit = data.images.double() / 255  # type: ignore[attr-defined]
    assert float(lit.mean()) == pytest.approx(mean, abs=5e-5)
    assert float(lit.std()) == pytest.approx(deviation, abs=5e-5)
