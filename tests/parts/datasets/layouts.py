"""Small files in the datasets' own layouts, written here from the formats' descriptions and not by the package."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from scipy.io import savemat

from benchmark.parts.datasets.images.pictures import Pictures
from benchmark.spec.parts import Data


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, dtype=np.uint8)


def write_idx(root: Path, folder: str, train: np.ndarray, test: np.ndarray) -> None:
    raw = root / folder / "raw"
    raw.mkdir(parents=True)
    for prefix, images in (("train", train), ("t10k", test)):
        header = struct.pack(">4B3i", 0, 0, 8, 3, *images.shape)
        (raw / f"{prefix}-images-idx3-ubyte").write_bytes(header + images.tobytes())


def write_cifar(root: Path, train: np.ndarray, test: np.ndarray) -> None:
    """``train`` (5k, 3, 32, 32) in five batches of rows: all red levels first, then green, then blue."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for number, part in enumerate(np.split(train, 5), start=1):
        rows = part.reshape(len(part), 3072)
        (folder / f"data_batch_{number}").write_bytes(pickle.dumps({"data": rows, "labels": [0] * len(part)}))
    (folder / "test_batch").write_bytes(
        pickle.dumps({"data": test.reshape(len(test), 3072), "labels": [0] * len(test)})
    )
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": ["a"] * 10}))


def write_svhn(root: Path, split: str, images: np.ndarray) -> None:
    """``images`` (n, 3, 32, 32); the file holds rows, columns, channels, number."""
    labels = np.ones((len(images), 1), np.uint8)
    savemat(root / f"{split}_32x32.mat", {"X": images.transpose(2, 3, 1, 0), "y": labels})


def gradient(width: int, height: int, blue: int = 0) -> Image.Image:
    """A picture whose red level is the column and whose green level is the row."""
    levels = np.zeros((height, width, 3), np.uint8)
    levels[..., 0] = np.arange(width)[None, :]
    levels[..., 1] = np.arange(height)[:, None]
    levels[..., 2] = blue
    return Image.fromarray(levels)


def write_celeba(root: Path, codes: str) -> None:
    """One picture per code (0 train, 1 valid, 2 test), number i with blue level i; lossless under the usual names."""
    folder = root / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    names = [f"{number:06d}.jpg" for number in range(1, len(codes) + 1)]
    for number, name in enumerate(names, start=1):
        gradient(178, 218, number).save(folder / name, format="PNG")
    lines = [f"{name} {code}" for name, code in zip(names, codes, strict=True)]
    (root / "celeba" / "list_eval_partition.txt").write_text("\n".join(lines) + "\n")


def held(dataset: Pictures, root: Path, device: str = "cpu") -> Data:
    """Load without the published count and checksums, which small files cannot have."""
    return dataset.held(dataset.source(root), root / ".cache", device)


def levels(data: Data) -> np.ndarray:
    """All examples as bytes again."""
    assert data.count is not None
    floats = data.examples(torch.arange(data.count))
    result: Any = ((floats + 1) * 127.5).round().to(torch.uint8).numpy()
    return np.asarray(result)
