"""Samples that no run made, measured: against torch-fidelity on the same files, and against formulas written out."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_fid.fid_score import get_activations
from pytorch_fid.inception import InceptionV3

from benchmark.cli import main
from benchmark.evaluation import given
from benchmark.evaluation.measure import Against, against, measure, metric_of
from benchmark.parts.extractors import inception
from benchmark.parts.metrics import frechet, inception_score
from benchmark.spec.parts import DataError
from tests.parts.extractors.inception_weights import random_weights

COUNT, SIDE = 8, 20


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GANREPRO_WEIGHTS", raising=False)
        patch.delenv("GANREPRO_CACHE", raising=False)
        patch.setattr(inception, "SHA256", hashlib.sha256(random_weights()).hexdigest())
        patch.setattr(frechet, "least_images", lambda _dimensions: 2)
        patch.setattr(inception_score, "_PER_SPLIT", 2)
        file = inception.weights_file(folder)
        file.parent.mkdir()
        file.write_bytes(random_weights())
        yield folder


@pytest.fixture(scope="module")
def pictures() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    fake, true = (random.integers(0, high, (COUNT, SIDE, SIDE, 3), dtype=np.uint8) for high in (256, 160))
    return fake, true


def folder_of(place: Path, pictures: np.ndarray) -> Path:
    place.mkdir()
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(place / f"{number}.png")
    return place


def values(root: Path, samples: np.ndarray, reference: Against, *words: str) -> list[float]:
    metrics = [metric_of(word, len(samples)) for word in words]
    found = measure(samples, reference, metrics, root, "cpu", anchors=False)
    assert [one.reason for one in found] == [None] * len(words)
    return [one.value or 0.0 for one in found]


def test_torch_fidelity_s_command_prints_the_same(root: Path, tmp_path: Path, pictures: Any) -> None:
    fake, true = (folder_of(tmp_path / name, one) for name, one in zip(("fake", "true"), pictures, strict=True))
    weights = ["--feature-extractor-weights-path", str(inception.weights_file(root))]
    scores = ["--isc", "--isc-splits", "2", "--fid", "--kid", "--kid-subsets", "4", "--kid-subset-size", "6"]
    command = ["-m", "torch_fidelity.fidelity", "--input1", str(fake), "--input2", str(true), *scores, *weights]
    printed = subprocess.run(
        [sys.executable, *command, "--cpu", "--save-cpu-ram", "--no-cache", "--json", "--silent"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    theirs = json.loads(printed)
    samples = given.examples(fake)
    words = ("fid", "kid:subsets=4,subset_images=6", "is:splits=2")
    distance, kernel, score = values(root, samples, against(str(true), root, "cpu", samples.shape[1:]), *words)
    # of 2,048 directions 7 have variance: rounding enters through the others
    assert distance == pytest.approx(theirs["frechet_inception_distance"], rel=1e-3)
    assert kernel == pytest.approx(theirs["kernel_inception_distance_mean"], abs=1e-5)
    assert score == pytest.approx(theirs["inception_score_mean"], abs=1e-5)


def few(theirs: list[np.ndarray]) -> float:
    """The Frechet distance between two sets of features; of few images the nuclear norm gives the root's trace.

    A general root of a 2,048 x 2,048 matrix takes half a minute.
    """
    (a, b), n = (part - part.mean(axis=0) for part in theirs), len(theirs[0]) - 1
    shift = theirs[0].mean(axis=0) - theirs[1].mean(axis=0)
    return float(shift @ shift + ((a**2).sum() + (b**2).sum()) / n - 2 * np.linalg.norm(a @ b.T, ord="nuc") / n)


def test_pytorch_fid_gives_the_same(root: Path, tmp_path: Path, pictures: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own network, its resize and its scaling; it takes weights from torch's folder, under their name there."""
    fake, true = (folder_of(tmp_path / name, one) for name, one in zip(("fake", "true"), pictures, strict=True))
    weights = tmp_path / "torch" / "hub" / "checkpoints" / "pt_inception-2015-12-05-6726825d.pth"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(inception.weights_file(root).read_bytes())
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    with torch.random.fork_rng():
        network = InceptionV3([InceptionV3.BLOCK_INDEX_BY_DIM[2048]])
    theirs = [
        get_activations(sorted(folder.iterdir()), network, batch_size=COUNT, num_workers=0) for folder in (fake, true)
    ]
    samples = given.examples(fake)
    (distance,) = values(root, samples, against(str(true), root, "cpu", samples.shape[1:]), "fid:resize=bilinear")
    assert distance == pytest.approx(few(theirs), rel=1e-3)


def test_clean_fid_gives_the_same(root: Path, tmp_path: Path, pictures: Any) -> None:
    """Its reading of files, its resize, its kernel distance; torch-fidelity's layers in place of its download."""
    clean_fid = pytest.importorskip("cleanfid.fid", reason="needs clean-fid")
    fake, true = (folder_of(tmp_path / name, one) for name, one in zip(("fake", "true"), pictures, strict=True))
    network = inception._network(inception.weights_file(root).read_bytes(), root)
    kinds = ("Conv2d", "MaxPool", "Mixed", "AvgPool")
    layers = torch.nn.Sequential(*(layer for name, layer in network.named_children() if name.startswith(kinds)))

    def features(folder: Path) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the signatures that it calls
            return clean_fid.get_folder_features(
                str(folder),
                lambda batch: layers((batch - 128) / 128).flatten(1),
                device=torch.device("cpu"),
                num_workers=0,
                verbose=False,
            ).astype(np.float64)

    theirs = [features(fake), features(true)]
    kernel_distance = clean_fid.kernel_distance(*theirs, num_subsets=1)
    samples = given.examples(fake)
    reference = against(str(true), root, "cpu", samples.shape[1:])
    resize = "resize=antialiased_bicubic"
    kid = f"kid:subsets=1,subset_images={COUNT}"
    distance, kernel, other = values(root, samples, reference, f"fid:{resize}", f"{kid},{resize}", kid)
    assert distance == pytest.approx(few(theirs), rel=1e-3)
    assert kernel == pytest.approx(kernel_distance, rel=1e-4)
    assert other != pytest.approx(kernel_distance, rel=1e-2), "the resize matters on these pictures"


def test_statistics_give_the_formula_s_value(root: Path, tmp_path: Path, pictures: Any) -> None:
    """mu and sigma as pytorch-fid computes them, of features of the same network; the root by its nuclear norm."""
    fake, true = (one.transpose(0, 3, 1, 2) for one in pictures)
    network = inception.load(root, "cpu", "bilinear")
    ours, theirs = (network.features(images).astype(np.float64) for images in (fake, true))
    np.savez(tmp_path / "stats.npz", mu=theirs.mean(axis=0), sigma=np.cov(theirs, rowvar=False))
    reference = against(str(tmp_path / "stats.npz"), root, "cpu", fake.shape[1:])
    (distance,) = values(root, fake, reference, "fid:resize=bilinear")
    assert distance == pytest.approx(few([ours, theirs]), rel=1e-3)
    (kernel,) = measure(fake, reference, [metric_of("kid:subset_images=6", COUNT)], root, "cpu", anchors=False)
    assert kernel.value is None
    assert "only fid" in str(kernel.reason)


def test_every_form_of_samples_is_the_same_samples(tmp_path: Path, pictures: Any) -> None:
    fake, _ = pictures
    place = folder_of(tmp_path / "pictures", fake)
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        for file in place.iterdir():
            archive.write(file, f"inner/{file.name}")
    first = fake.transpose(0, 3, 1, 2)
    np.save(tmp_path / "last.npy", fake)
    np.save(tmp_path / "first.npy", first)
    np.savez(tmp_path / "guided.npz", fake, labels=np.arange(COUNT))
    for name in ("pictures", "pictures.zip", "last.npy", "first.npy", "guided.npz"):
        np.testing.assert_array_equal(given.examples(tmp_path / name), first, err_msg=name)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 3, 8, 3), np.uint8), "does not tell which side"),
        (np.zeros((2, 8, 8, 3), np.float32), "images are uint8"),
        (np.array([{}], dtype=object), "not a readable array"),
    ],
)
def test_what_is_no_array_of_samples_is_refused(array: np.ndarray, message: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(DataError, match=message):
        given.examples(tmp_path / "a.npy")


def test_pictures_of_two_sizes_are_named(tmp_path: Path, pictures: Any) -> None:
    place = folder_of(tmp_path / "mixed", pictures[0])
    Image.fromarray(pictures[0][0, :9]).save(place / "9.png")
    with pytest.raises(DataError, match=r"pictures of 20x20 and 9x20 \(9.png\)"):
        given.examples(place)


class Scaled(torch.nn.Module):
    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        return torch.tanh(noise).reshape(-1, 1, 8, 8)


def by_function(noise: torch.Tensor) -> torch.Tensor:
    return Scaled()(noise)


def test_generators_of_all_kinds_give_the_same_and_only_with_trust(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, yet what many papers released
        torch.jit.trace(Scaled(), torch.zeros(2, 64)).save(str(tmp_path / "g.pt"))
    batch = torch.export.Dim("batch", min=2, max=512)
    exported = torch.export.export(Scaled(), (torch.zeros(4, 64),), dynamic_shapes=({0: batch},))
    torch.export.save(exported, tmp_path / "g.pt2")
    found = []
    for word in (str(tmp_path / "g.pt"), str(tmp_path / "g.pt2"), f"{__name__}:by_function"):
        noise = given.GeneratorInput("normal", (64,), 20, 0, (-1.0, 1.0))
        found.append(given.generated(word, noise, "cpu"))
        assert main(["measure", word, "--against", "digits", "--metric", "sharpness"]) == 2
        assert "runs code" in capsys.readouterr().err
    assert found[0].shape == (20, 1, 8, 8)
    assert len(np.unique(found[0])) > 100
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    with pytest.raises(DataError, match=r"images reach from .* --range 0 1"):
        given.generated(f"{__name__}:by_function", given.GeneratorInput("normal", (64,), 20, 0, (-0.1, 0.1)), "cpu")


def test_the_command_says_protocol_count_and_what_stands_around(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Digits against digits: another half is near, noise is far, and the line through counts ends below the value."""
    levels = against("digits", tmp_path, "cpu", (1, 8, 8)).real(None)
    np.save(tmp_path / "s.npy", levels[:600].transpose(0, 2, 3, 1).repeat(3, axis=3))
    word = ["measure", str(tmp_path / "s.npy"), "--against", "digits", "--data-root", str(tmp_path)]
    word += ["--metric", "proxy_frechet_distance:classifier=digits_8x8"]
    assert main([*word, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["protocol"]["samples"] == 600
    assert found["endless"][0] < found["value"] < found["anchors"]["noise"][0] / 20
    assert main(word) == 0
    assert "the number of samples adds about" in capsys.readouterr().out


def test_what_is_misspelt_is_told_with_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "s.npy", np.zeros((4, 8, 8, 1), np.uint8))
    for said, metric, expected in (
        ("digts", "fid", "did you mean 'digits'"),
        ("digits", "sharpnes", "did you mean 'sharpness'"),
        ("digits", "fid:resise=bilinear", "did you mean 'resize'"),
    ):
        assert main(["measure", str(tmp_path / "s.npy"), "--against", said, "--metric", metric]) == 2
        assert expected in capsys.readouterr().err
