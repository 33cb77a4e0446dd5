"""Files of a results folder: written whole or not at all, hashed, and read without pickles and without torch."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from pydantic import ValidationError

from benchmark.spec.base import Model

M = TypeVar("M", bound=Model)

SHARED = "shared"
#: bytes that one .npz may unfold to, and how often its own size that may be
MOST_ARRAY_BYTES = 4 << 30
MOST_RATIO = 200
#: that ratio is only looked at above this: equal numbers fold very small
_SMALL_ARRAY_BYTES = 64 << 20
#: characters of an array's header
_HEADER = 10_000
#: a path of plain, visible names
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){0,5}\Z")


class StoreError(Exception):
    """A results folder that cannot be written or read, or that does not hold what its records say."""


def plain(name: str) -> bool:
    """Whether a file's name that was written elsewhere is a relative path of plain, visible names."""
    return _NAME.match(name) is not None


def irregular(file: Path) -> str | None:
    """Why ``file`` is not a plain file: it is a link, a folder, a pipe. None for a plain file, and for none."""
    try:
        mode = file.lstat().st_mode
    except OSError:
        return None
    return None if stat.S_ISREG(mode) else f"{file} is a link" if stat.S_ISLNK(mode) else f"{file} is no file"


def read_bytes(file: Path) -> bytes:
    """Content of a file that is neither a link nor anything else; raises :class:`StoreError`."""
    problem = irregular(file)
    if problem is not None:
        raise StoreError(problem)
    try:
        return file.read_bytes()
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror or error}") from error


def read_arrays(file: Path) -> dict[str, np.ndarray]:
    """Arrays of an .npz file that is safe to open; empty where there is no file."""
    problem = irregular(file)
    if problem is not None:
        raise StoreError(problem)
    if not file.is_file():
        return {}
    unsafe = unsafe_arrays(file)
    if unsafe is not None:
        raise StoreError(f"{file}: {unsafe}")
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise StoreError(f"{file}: not a readable .npz file ({error})") from error


def unsafe_arrays(file: Path) -> str | None:
    """Why an .npz must not be opened: it would unfold without measure, need a pickle, or claim more than it holds."""
    from numpy.lib import format as npy

    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            total = sum(info.file_size for info in infos)
            if total > MOST_ARRAY_BYTES or total > max(_SMALL_ARRAY_BYTES, MOST_RATIO * file.stat().st_size):
                return f"unfolds from {file.stat().st_size} to {total} bytes"
            for info in infos:
                with archive.open(info) as stream:
                    version = npy.read_magic(stream)
                    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
                    shape, _, kind = read(stream, max_header_size=_HEADER)
                    if kind.hasobject:
                        return f"{info.filename} holds objects, which only a pickle could read"
                    size = kind.itemsize
                    for length in shape:
                        size *= length
                    if size != info.file_size - stream.tell():
                        return f"{info.filename} says it has {size} bytes, it has {info.file_size - stream.tell()}"
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, EOFError, KeyError) as error:
        return f"not a readable .npz file ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
    return None


def packed(arrays: Mapping[str, np.ndarray], *, compressed: bool = True) -> bytes:
    """An .npz as bytes, the same for the same arrays; measured moments of features hardly compress."""
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
    return results / SHARED / f"{digest}.npz"


def write_atomic(file: Path, content: bytes) -> None:
    """Write ``content`` so that ``file`` is either the old one or the whole new one, also after a power cut."""
    with replacing(file) as stream:
        stream.write(content)


@contextmanager
def replacing(file: Path) -> Iterator[IO[bytes]]:
    """A stream whose content takes the place of ``file`` when the block ends well; else the old one stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
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


def parse(content: bytes) -> Any:
    """JSON without NaN, infinities and repeated keys; raises ValueError."""

    def refuse(text: str) -> Any:
        raise ValueError(f"'{text}' is no JSON number")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs_by_key = dict(pairs)
        if len(pairs_by_key) != len(pairs):
            raise ValueError("a key occurs twice")
        return pairs_by_key

    try:
        return json.loads(content, parse_constant=refuse, object_pairs_hook=once)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_as(file: Path, kind: type[M]) -> M:
    """Read one JSON file as a model; raises :class:`StoreError` naming the file and the first fault."""
    content = read_bytes(file)
    try:
        parse(content)
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise StoreError(f"{file}: {first_fault(error)}") from error
    except ValueError as error:
        raise StoreError(f"{file}: {error}") from error


def first_fault(error: ValidationError) -> str:
    """Where the first fault of a file lies, and what it is."""
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(str(step) for step in first['loc']) or 'file'}: {first['msg']}"
