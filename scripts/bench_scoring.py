"""Scoring against torch-fidelity's own, both from images to numbers: FID and Inception score of the same images.

    python scripts/bench_scoring.py                       # 2,049 images, this machine's processor
    python scripts/bench_scoring.py --device cuda --rounds 5
    python scripts/bench_scoring.py --against command     # torch-fidelity's command on the same images as PNG files

Each side loads the weights, extracts both sets of images, and computes both scores, with nothing kept from before:
2,049 images a set are the fewest that a covariance of 2,048 features takes. The sides run by turns, so that only ratios
count: of wall time, and of processor time, which other work on the machine disturbs less. Weights are random unless a
file is given; time does not depend on them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmark.parts.extractors import inception
from benchmark.parts.metrics import frechet
from benchmark.parts.metrics.frechet import FrechetInceptionDistance
from benchmark.parts.metrics.inception_score import InceptionScore
from benchmark.training.numerics import prepare

SPLITS = 10
THEIR_NAMES = ("frechet_inception_distance", "inception_score_mean")

Scores = tuple[float, float]


@dataclass
class Pictures:
    """The ``Subject`` contract over two arrays."""

    fake: np.ndarray
    true: np.ndarray
    root: Path
    device: str

    @property
    def dataset(self) -> Any:
        return SimpleNamespace(name="random", kind="images", example_shape=lambda: self.true.shape[1:])

    @property
    def data(self) -> Any:
        return SimpleNamespace(fingerprint="random", count=len(self.true), shape=self.true.shape[1:])

    def samples(self, count: int) -> np.ndarray:
        return self.fake[:count]

    def reals(self, count: int | None) -> np.ndarray:
        return self.true[:count]

    def apply(self, network: str, examples: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class Tensors(Dataset):  # type: ignore[type-arg]
    """uint8 images as torch-fidelity takes them."""

    def __init__(self, images: np.ndarray) -> None:
        self.images = torch.from_numpy(images)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.images[index]


def ours(pictures: Pictures) -> Scores:
    """Our scores, with nothing kept from an earlier call."""
    inception._loaded.cache_clear()
    inception._digests.clear()
    frechet._memory.clear()
    common = {
        "samples": len(pictures.fake),
        "resize": "tensorflow_bilinear",
        "extractor": "inception_2015_12_05",
    }
    distance = FrechetInceptionDistance.model_validate(
        {**common, "reference": "training_data", "reference_images": "all"}
    )
    score = InceptionScore.model_validate({**common, "splits": SPLITS})
    with tempfile.TemporaryDirectory() as cache:
        os.environ["GANREPRO_CACHE"] = cache
        return distance.measure(pictures).value, score.measure(pictures).value


def their_call(pictures: Pictures) -> Scores:
    """torch-fidelity's function on the same arrays."""
    from torch_fidelity import calculate_metrics

    found = calculate_metrics(
        input1=Tensors(pictures.fake),
        input2=Tensors(pictures.true),
        isc=True,
        fid=True,
        isc_splits=SPLITS,
        feature_extractor="inception-v3-compat",
        feature_extractor_weights_path=str(inception.weights_file(pictures.root)),
        cuda=pictures.device.startswith("cuda"),
        cache=False,
        verbose=False,
    )
    return found[THEIR_NAMES[0]], found[THEIR_NAMES[1]]


def their_command(pictures: Pictures) -> Scores:
    """torch-fidelity's command on the same images as files, in a process of its own."""
    words = ["--isc", "--fid", "--json", "--silent", "--no-cache", "--isc-splits", str(SPLITS)]
    words += ["--gpu", "0"] if pictures.device.startswith("cuda") else ["--cpu"]
    words += ["--feature-extractor", "inception-v3-compat"]
    words += ["--feature-extractor-weights-path", str(inception.weights_file(pictures.root))]
    words += ["--input1", str(pictures.root / "fake"), "--input2", str(pictures.root / "true")]
    done = subprocess.run(
        [sys.executable, "-m", "torch_fidelity.fidelity", *words],
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout[done.stdout.index("{") :])
    return found[THEIR_NAMES[0]], found[THEIR_NAMES[1]]


def write_files(pictures: Pictures) -> None:
    """Both sets as PNG files in folders ``fake`` and ``true``."""
    from PIL import Image

    for name, images in (("fake", pictures.fake), ("true", pictures.true)):
        (pictures.root / name).mkdir()
        for index, image in enumerate(images):
            Image.fromarray(image.transpose(1, 2, 0)).save(pictures.root / name / f"{index:06d}.png")


def processor_seconds() -> float:
    """Of this process and of those that it waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def timed(work: Callable[[], Scores]) -> tuple[Scores, float, float]:
    """What ``work`` gives, its wall seconds and its processor seconds."""
    began, worked = time.perf_counter(), processor_seconds()
    found = work()
    return found, time.perf_counter() - began, processor_seconds() - worked


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--images", type=int, default=inception.DIMENSIONS + 1, help="in each of the two sets")
    words.add_argument("--side", type=int, default=32, help="of the images, in pixels")
    words.add_argument("--rounds", type=int, default=1)
    words.add_argument("--device", default="cpu")
    words.add_argument("--threads", type=int)
    words.add_argument("--weights", type=Path)
    words.add_argument("--against", choices=("call", "command"), default="call")
    options = words.parse_args()
    prepare("fp32", options.threads)
    if options.weights is not None:
        content = options.weights.read_bytes()
    else:
        from tests.parts.extractors.inception_weights import random_weights

        content = random_weights()
        inception.SHA256 = hashlib.sha256(content).hexdigest()
    os.environ.pop("GANREPRO_WEIGHTS", None)
    shape = (2, options.images, 3, options.side, options.side)
    fake, true = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    fake[:, :, : options.side // 2] //= 2  # otherwise there is no distance to agree on
    with tempfile.TemporaryDirectory() as folder:
        pictures = Pictures(fake, true, Path(folder), options.device)
        file = inception.weights_file(pictures.root)
        file.parent.mkdir()
        file.write_bytes(content)
        if options.against == "command":
            write_files(pictures)
        if options.device.startswith("cuda"):
            ours(pictures)  # starts the device and chooses its kernels
        theirs = their_call if options.against == "call" else their_command
        walls, processors = [], []
        for turn in range(options.rounds):
            found: dict[str, tuple[Scores, float, float]] = {}
            for name in ("ours", "theirs") if turn % 2 == 0 else ("theirs", "ours"):
                side = ours if name == "ours" else theirs
                found[name] = timed(lambda side=side: side(pictures))  # type: ignore[misc]
                scores, wall, processor = found[name]
                shown = f"FID {scores[0]:.6g}, IS {scores[1]:.6g}"
                print(f"{name:>6}: {wall:8.1f} s, processor {processor:8.1f} s; {shown}", flush=True)
            walls.append(found["theirs"][1] / found["ours"][1])
            processors.append(found["theirs"][2] / found["ours"][2])
    where = torch.cuda.get_device_name() if options.device.startswith("cuda") else f"{torch.get_num_threads()} threads"
    print(
        f"2 x {options.images} images of {options.side} x {options.side} on {where}, {options.rounds} round(s): "
        f"torch-fidelity's {options.against} takes {statistics.median(walls):.2f} times as long, "
        f"{statistics.median(processors):.2f} times the processor time"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
