"""Files of a results folder: written whole or not at all, hashed, and read without pickles and without torch."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from benchmark.spec.base import Model

if TYPE_CHECKING:
    import numpy as np

M = TypeVar("M", bound=Model)

SHARED = "shared"


class StoreError(Exception):
    """A results folder that cannot be written or read, or that does not hold what its records say."""


def read_arrays(file: Path) -> dict[str, np.ndarray]:
    """Arrays of an .npz file without pickles; empty where there is no file."""
    import numpy as np

    if not file.is_file():
        return {}
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise StoreError(f"{file}: not a readable .npz file ({error})") from error


def packed(arrays: Mapping[str, np.ndarray], *, compressed: bool = True) -> bytes:
    """An .npz as bytes, the same for the same arrays; measured moments of features hardly compress."""
    import numpy as np

    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, allow_pickle=False, **dict(arrays))
    return buffer.getvalue()


def keep_shared(results: Path, arrays: Mapping[str, np.ndarray]) -> str:
    """Keep arrays once in a results folder, however many runs share them, and return the SHA-256 that names them."""
    content = packed(arrays, compressed=False)
    digest = hashlib.sha256(content).hexdigest()
    file = shared_file(results, digest)
    if not file.is_file():
        write_atomic(file, content)
    return digest


def shared_file(results: Path, digest: str) -> Path:
    """Where arrays that runs share lie."""
    return results / SHARED / f"{digest}.npz"


def write_atomic(file: Path, content: bytes) -> None:
    """Write ``content`` so that ``file`` is either the old one or the whole new one, also after a power cut."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def sha256(file: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def to_json(data: Any) -> bytes:
    """Readable JSON with sorted keys; NaN and infinities are errors."""
    return (json.dumps(data, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def read_as(file: Path, kind: type[M]) -> M:
    """Read one JSON file as a model; raises :class:`StoreError` naming the file and the first fault."""
    try:
        return kind.model_validate_json(file.read_bytes())
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror or error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "file"
        raise StoreError(f"{file}: {place}: {first['msg']}") from error
