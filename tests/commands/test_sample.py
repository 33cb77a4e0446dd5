"""``ganrepro sample``: the very examples that scores were measured on, as files that another program can read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import laplace

from benchmark.cli import main
from tests.spec.small import edited

TOY = Path(__file__).parents[1] / "toy.yaml"
SCANS = edited(
    "    scores: {}\n",
    "    scores:\n"
    "      edges: {metric: {sharpness: {samples: 30, reference_images: 40}}, checkpoint: last}\n"
    "      best_gap: {metric: {sharpness_gap: {samples: 30, reference_images: 40}}, checkpoint: best, "
    "every: {iterations: 1}}\n",
    "budget: {epochs: 2}",
    "budget: {iterations: 3}",
    "every: {epochs: 1}, samples: 10}\n    seeds: [0]",
    "every: {iterations: 3}, samples: 4}\n    seeds: [0]",
)  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two trained runs, of images and of points, and their specs."""
    place = tmp_path_factory.mktemp("place")
    (place / "scans.yaml").write_text(SCANS)
    every = ["--device", "cpu", "-j", "1", "--results", str(place / "results"), "--no-report"]
    assert main(["run", str(place / "scans.yaml"), "-e", "scans", "--tier", "full", *every]) == 0
    assert main(["run", str(TOY), "-e", "toy_minimax", "--tier", "smoke", *every]) == 0
    return place


def sampled(place: Path, folder: Path, paper: str, *words: str) -> dict[str, object]:
    (run,) = (place / "results").glob(f"{paper}/*/*/record.json")
    spec = TOY if paper == "toy" else place / "scans.yaml"
    about = [run.parent.name[:8], str(spec), "--results", str(place / "results"), "--device", "cpu"]
    assert main(["sample", *about, "-o", str(folder), *words]) == 0
    told: dict[str, object] = json.loads((folder / "about.json").read_text())
    record = json.loads(run.read_text())
    assert told["run_id"] == record["run_id"]
    return {**record, "told": told}


def pixels(folder: Path) -> np.ndarray:
    files = sorted(folder.glob("*.png"))
    return np.stack([np.asarray(Image.open(file)) for file in files])


def sharpness(images: np.ndarray) -> float:
    """Mean variance of the inner Laplacian, by SciPy."""
    return float(np.mean([laplace(image.astype(float))[1:-1, 1:-1].var() for image in images]))


def test_another_program_finds_the_recorded_score_in_the_files(place: Path, tmp_path: Path) -> None:
    record = sampled(place, tmp_path / "made", "small", "--count", "30")
    images = pixels(tmp_path / "made")
    assert images.shape == (30, 8, 8)
    assert len(np.unique(images.reshape(30, -1), axis=0)) > 20
    assert sharpness(images) == pytest.approx(record["scores"]["edges"]["value"], rel=1e-12)  # type: ignore[index]
    assert record["told"]["sha256"] == hashlib.sha256(images[:, None].tobytes()).hexdigest()  # type: ignore[index]


def test_the_checkpoint_that_counts_for_a_score_is_sampled(place: Path, tmp_path: Path) -> None:
    """The best of three evaluations is found again in the files, with the iteration that it belongs to."""
    record = sampled(place, tmp_path / "best", "small", "--count", "30", "--score", "best_gap")
    score = record["scores"]["best_gap"]  # type: ignore[index]
    assert len({value for _, value in score["series"]}) == 3
    assert score["value"] == min(value for _, value in score["series"])
    assert record["told"]["iteration"] == {value: at for at, value in score["series"]}[score["value"]]  # type: ignore[index]
    found = abs(np.log(sharpness(pixels(tmp_path / "best")) / score["details"]["real"]))
    assert found == pytest.approx(score["value"], rel=1e-9)


def test_the_data_come_in_the_order_in_which_scores_take_them(place: Path, tmp_path: Path) -> None:
    record = sampled(place, tmp_path / "real", "small", "--count", "40", "--real")
    real = record["scores"]["edges"]["details"]["real"]  # type: ignore[index]
    assert sharpness(pixels(tmp_path / "real")) == pytest.approx(real, rel=1e-12)
    about = json.loads((tmp_path / "real" / "about.json").read_text())
    assert "real examples" in about["what"]
    assert not {"iteration", "checkpoint"} & set(about), "data have no checkpoint"


def test_points_are_one_array(place: Path, tmp_path: Path) -> None:
    sampled(place, tmp_path / "points", "toy", "--count", "200")
    points = np.load(tmp_path / "points" / "points.npy")
    assert (points.shape, points.dtype) == ((200, 2), np.float32)
    assert np.isfinite(points).all()


def test_nothing_is_written_over_and_too_many_are_refused(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    (run,) = (place / "results").glob("small/*/*/record.json")
    about = [run.parent.name, str(place / "scans.yaml"), "--results", str(place / "results"), "--device", "cpu"]
    assert main(["sample", *about, "-o", str(tmp_path)]) == 2
    assert "is not an empty folder" in capsys.readouterr().err
    assert main(["sample", *about, "-o", str(tmp_path / "new"), "--real", "--count", "5000"]) == 2
    assert "the data has 1797 examples" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
