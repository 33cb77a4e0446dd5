"""Statistics of reference images on disk, under a key of everything that they depend on."""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import logging
import os
import stat
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmark.parts import extractors
from benchmark.parts.extractors.base import Extractor
from benchmark.parts.metrics import frechet
from benchmark.parts.metrics.frechet import Moments, moments
from benchmark.parts.metrics.inputs import CountOrAll, Reference, digest, real, test_split
from benchmark.spec.parts import Subject

Arrays = dict[str, np.ndarray]
_log = logging.getLogger(__name__)
_KEPT = 3
_memory: dict[tuple[object, ...], tuple[Moments, dict[str, object]]] = {}


def reference_moments(
    subject: Subject, extractor: Extractor, *, reference: Reference, images: CountOrAll, resize: str
) -> tuple[Moments, dict[str, object]]:
    """Moments of the reference's features and the facts of protocol they add; read from disk where they are known.

    A process keeps the last few in memory, so that a run with many evaluations reads its real images once.
    """
    known = (
        *(subject.root, subject.data.fingerprint, reference, images),
        *(resize, extractor.name, extractor.weights_sha256),
    )
    if known not in _memory:
        if len(_memory) >= _KEPT:
            _memory.pop(next(iter(_memory)))
        _memory[known] = _reference_moments(subject, extractor, reference, images, resize)
    return _memory[known]


def _reference_moments(
    subject: Subject, extractor: Extractor, reference: Reference, images: CountOrAll, resize: str
) -> tuple[Moments, dict[str, object]]:
    data = subject.data if reference == "training_data" else test_split(subject)
    key = {
        **identity(subject, extractor, resize),
        "dataset": data.fingerprint,
        "n_real": images,
        "reference": reference,
    }

    def compute() -> Arrays:
        reals = real(subject, images, reference=reference, least=frechet.least_images(extractor.dimensions))
        values = moments(extractor.features(reals), "real")
        which = {
            "n_real": np.array(len(reals)),
            "reference_sha256": np.frombuffer(bytes.fromhex(digest(reals)), np.uint8),
        }
        return {"mean": values.mean, "covariance": values.covariance, **which}

    arrays = cached(cache_folder(subject.root), key, compute)
    facts: dict[str, object] = {
        "n_real": int(arrays["n_real"]),
        "reference_sha256": arrays["reference_sha256"].tobytes().hex(),
        "weights_sha256": extractor.weights_sha256,
    }
    return Moments(arrays["mean"], arrays["covariance"]), facts


def identity(subject: Subject, extractor: Extractor, resize: str) -> dict[str, object]:
    """What features of a dataset's images depend on, besides which images: part of the key of all kept statistics."""
    return {
        "dataset": subject.data.fingerprint,
        "extractor": extractor.name,
        "weights_sha256": extractor.weights_sha256,
        "resize": resize,
        "code": _code(),
        "torch_fidelity": version("torch-fidelity"),
    }


@functools.cache
def _code() -> str:
    """SHA-256 over the source of what makes features and moments of images."""
    files = [*sorted(Path(extractors.__file__).parent.glob("*.py")), Path(frechet.__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def cache_folder(root: Path) -> Path:
    """``statistics`` in GANREPRO_CACHE if that is set, else in ``.cache`` below the data root."""
    return Path(os.environ.get("GANREPRO_CACHE") or root / ".cache") / "statistics"


def cached(folder: Path, key: Mapping[str, object], compute: Callable[[], Arrays]) -> Arrays:
    """Arrays stored under ``key``, else computed and stored; a damaged entry counts as absent."""
    text = json.dumps(key, sort_keys=True)
    file = folder / f"{hashlib.sha256(text.encode()).hexdigest()}.npz"
    arrays = _read(file, text)
    if arrays is None:
        arrays = compute()
        try:
            _write(file, text, arrays)
        except OSError as error:  # a folder that cannot be written costs time, not the measurement
            _log.warning("%s: statistics not kept (%s)", file, error.strerror)
    return arrays


def _seal(text: str, arrays: Arrays) -> str:
    state = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        state.update(f"{name} {digest(arrays[name])}".encode())
    return state.hexdigest()


def _read(file: Path, text: str) -> Arrays | None:
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files if name != "seal"}
            return arrays if str(archive["seal"]) == _seal(text, arrays) else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        _log.warning("%s: unreadable, computed again (%s)", file, error)
        return None


def _write(file: Path, text: str, arrays: Arrays) -> None:
    above = next(folder for folder in file.parents if folder.is_dir())
    if not above.stat().st_mode & stat.S_IWUSR:
        raise PermissionError(errno.EACCES, f"{above} is read-only")  # an administrator could write all the same
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".statistics-")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(stream, seal=np.array(_seal(text, arrays)), **arrays)  # type: ignore[arg-type]
        os.chmod(temporary, 0o644)
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
