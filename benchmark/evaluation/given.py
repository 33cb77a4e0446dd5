"""Samples and references that lie outside any run: pictures, arrays, statistics, generators that are trusted."""

from __future__ import annotations

import importlib
import io
import logging
import math
import sys
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmark.batches import batches
from benchmark.parts.datasets.images.files import SUFFIXES, decode, picture_names, printable
from benchmark.parts.metrics.frechet import Moments
from benchmark.spec.levels import UNIT, Range, to_levels
from benchmark.spec.parts import DataError
from benchmark.training.streams import Streams

_log = logging.getLogger(__name__)

#: noise vectors that pass through a generator at once
_AT_ONCE = 256
_ARRAYS = (".npy", ".npz")
#: names of the samples in an .npz that holds several arrays
_NAMES = ("samples", "images", "arr_0")
_UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError)


@dataclass(frozen=True)
class GeneratorInput:
    """What a generator is fed with: ``count`` draws of ``shape`` from a law, and the range of what it gives out."""

    law: str
    shape: tuple[int, ...]
    count: int
    seed: int
    value_range: Range


def examples(path: Path) -> np.ndarray:
    """Samples in a folder or zip of pictures, .npy or .npz: uint8 (n, channels, height, width), or points (n, d)."""
    if path.is_dir():
        names, passed = picture_names(path, path)
        if passed:
            _log.warning("%s: passed over: %s", path, ", ".join(f"{n} {kind}" for kind, n in passed.items()))
        return _stacked(path, ((name, path / name) for name in names))
    if not path.is_file():
        raise DataError(f"{path}: neither a file nor a folder")
    if path.suffix.lower() in _ARRAYS:
        return _as_examples(_array(path), path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(name for name in archive.namelist() if name.lower().endswith(SUFFIXES))
            return _stacked(path, ((name, io.BytesIO(archive.read(name))) for name in names))
    except _UNREADABLE as error:
        raise DataError(f"{path}: neither a folder or zip of pictures nor an .npy or .npz ({error})") from error


def _stacked(path: Path, files: Iterable[tuple[str, Any]]) -> np.ndarray:
    pictures: list[np.ndarray] = []
    converted: list[str] = []
    for name, file in files:
        try:
            levels = np.asarray(decode(file, None, converted)).transpose(2, 0, 1)
        except DataError as error:
            raise DataError(f"{path}/{printable(name)}: {error}") from error
        if pictures and levels.shape != pictures[0].shape:
            sizes = " and ".join("x".join(map(str, picture.shape[1:])) for picture in (pictures[0], levels))
            raise DataError(f"{path}: pictures of {sizes} ({name}): samples must be of one size")
        pictures.append(levels)
    if not pictures:
        raise DataError(f"{path}: no picture ({', '.join(SUFFIXES)}) there")
    for what, count in Counter(converted).items():
        _log.warning("%s: %s of %s pictures: %s", path, f"{count:,}", f"{len(pictures):,}", what)
    return np.stack(pictures)


def _array(path: Path) -> np.ndarray:
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded as archive:
            names = [name for name in _NAMES if name in archive.files] or archive.files
            if len(names) != 1 and not set(names) & set(_NAMES):
                raise DataError(f"{path}: holds {', '.join(names) or 'nothing'}: call the samples '{_NAMES[0]}'")
            array: np.ndarray = archive[names[0]]
            return array
    except _UNREADABLE as error:
        why = "it holds no numbers alone" if "pickle" in str(error) else error  # NumPy would have it loaded unsafely
        raise DataError(f"{path}: not a readable array ({why})") from error


def _as_examples(array: np.ndarray, path: Path) -> np.ndarray:
    """``array`` as examples; where the channels stand is told by which side is 1 or 3 long."""
    if array.ndim == 2 and np.issubdtype(array.dtype, np.floating):
        return array.astype(np.float32)
    if array.dtype != np.uint8 or array.ndim not in (3, 4):
        raise DataError(
            f"{path}: {array.dtype} of shape {array.shape}: images are uint8 (n, height, width, channels) or "
            "(n, channels, height, width), points are floats (n, dimensions)"
        )
    if array.ndim == 3:
        return array[:, None]
    first, last = array.shape[1] in (1, 3), array.shape[3] in (1, 3)
    if first == last:
        raise DataError(f"{path}: shape {array.shape} does not tell which side is the 1 or 3 channels")
    return array if first else np.ascontiguousarray(array.transpose(0, 3, 1, 2))


def with_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """Samples with one channel where ``channels`` is 1 and all three are equal; else as they are."""
    if channels != 1 or images.ndim != 4 or images.shape[1] != 3:
        return images
    return images[:, :1] if all((images[:, :1] == images[:, i : i + 1]).all() for i in (1, 2)) else images


def statistics(path: Path) -> Moments | None:
    """Mean and covariance of an .npz with ``mu`` and ``sigma``; None where it holds none."""
    if path.suffix.lower() != ".npz" or not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not {"mu", "sigma"} <= set(archive.files):
                return None
            mean, covariance = (archive[name].astype(np.float64) for name in ("mu", "sigma"))
    except _UNREADABLE as error:
        raise DataError(f"{path}: not a readable .npz ({error})") from error
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)):
        raise DataError(f"{path}: mu {mean.shape} and sigma {covariance.shape} do not belong together")
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise DataError(f"{path}: mu or sigma hold numbers that are not finite")
    return Moments(mean, covariance)


@torch.inference_mode()
def generated(word: str, noise: GeneratorInput, device: str) -> np.ndarray:
    """Samples of a generator that is trusted; this runs what its file or module holds."""
    generator = _loaded(word, device)
    streams = Streams(noise.seed, device)
    parts = []
    for start in batches(noise.count, _AT_ONCE, "samples"):
        drawn = min(_AT_ONCE, noise.count - start)
        output = generator(streams.noise(noise.law, "given", (drawn, *noise.shape), start))
        if not isinstance(output, torch.Tensor) or len(output) != drawn:
            raise DataError(f"{word}: must give a tensor of {drawn} samples for as much noise")
        parts.append(_levels(output.cpu(), noise.value_range, word))
    return _as_examples(np.concatenate(parts), Path(word))


def _loaded(word: str, device: str) -> Callable[[torch.Tensor], Any]:
    try:
        if ":" in word and not Path(word).exists():
            module, _, name = word.partition(":")
            sys.path.insert(0, "")
            function: Callable[[torch.Tensor], Any] = getattr(importlib.import_module(module), name)
            return function
        if word.lower().endswith(".pt2"):
            exported: Callable[[torch.Tensor], Any] = torch.export.load(word).module().to(device)
            return exported
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the format is no longer advised helps nobody who was handed a file
            scripted: Callable[[torch.Tensor], Any] = torch.jit.load(word, map_location=device).eval()  # type: ignore[no-untyped-call]
        return scripted
    except (ImportError, AttributeError, RuntimeError, ValueError, OSError) as error:
        raise DataError(f"{word}: not a generator that loads ({str(error).splitlines()[0]})") from error


def _levels(output: torch.Tensor, value_range: Range, word: str) -> np.ndarray:
    if output.dtype == torch.uint8 or output.ndim == 2:
        return np.asarray(output.numpy())
    low, high = float(output.min()), float(output.max())
    if not math.isfinite(low + high) or low < value_range[0] - 1e-4 or high > value_range[1] + 1e-4:
        other = "; for [0, 1] write --range 0 1" if value_range != UNIT else ""
        raise DataError(f"{word}: images reach from {low:.4g} to {high:.4g}, the range is {value_range}{other}")
    return np.asarray(to_levels(output.float(), value_range).round().clamp(0, 255).to(torch.uint8).numpy())
