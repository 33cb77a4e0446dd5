"""Decoded pictures on disk, one folder per key of everything they depend on: made once, mapped by every run.

A folder appears whole or not at all, and one process at a time makes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.runs.files import write_atomic
from benchmark.spec.parts import DataError

_LEVELS = "levels.uint8"
_FACTS = "facts.json"
#: pictures decoded as one task
_TASK = 64
_MOST_THREADS = 16
#: faults of pictures that are told one by one
_MOST_SHOWN = 10
#: bytes left free on the disk
_SPARE = 1 << 28


def cache_folder(root: Path) -> Path:
    """GANREPRO_CACHE, else ``.cache`` below the data root."""
    return Path(os.environ.get("GANREPRO_CACHE") or root / ".cache")


def remembered(folder: Path, place: Path, names: Iterable[str], what: str, compute: Callable[[], str]) -> str:
    """A hash of files, computed again only when the size or the time of change of one of them is new."""
    state = hashlib.sha256(f"{what}\n".encode() + os.fsencode(place.resolve()))
    for name in names:
        state.update(os.fsencode(name) + f"\0{_stamp(place / name)}\n".encode())
    note = folder / f"{state.hexdigest()[:32]}.seen"
    with contextlib.suppress(OSError, ValueError):
        known = note.read_text(encoding="ascii")
        if re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{64}", known):
            return known
    result = compute()
    with contextlib.suppress(OSError):  # where nothing can be written, it is computed every time
        write_atomic(note, result.encode())
    return result


def file_hash(file: Path, kind: str) -> str:
    """``md5`` or ``sha256`` of a file's bytes, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()


def decoded(
    folder: Path, *, key: Mapping[str, object], shape: tuple[int, ...], example: Callable[[int], np.ndarray], label: str
) -> tuple[np.ndarray, str]:
    """All examples, uint8 of ``shape``, as a private mapping, and the SHA-256 of shape and bytes.

    ``example`` gives example i as uint8 of ``shape[1:]``, from any thread. What lies there already is taken
    unless it is damaged. Raises :class:`DataError` where nothing can be written, and of examples all their own at once.
    """
    from filelock import FileLock

    text = json.dumps({**key, "shape": shape}, sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:32]
    entry = folder / name
    fingerprint = _intact(entry, text, shape)
    if fingerprint is None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / f"{name}.lock"):
                fingerprint = _intact(entry, text, shape) or _made(entry, text, shape, example, label)
        except OSError as error:
            raise DataError(
                f"{folder}: pictures decoded once are kept here ({error.strerror or error}); "
                "GANREPRO_CACHE names another place"
            ) from error
    return _mapped(entry / _LEVELS, shape, "c"), fingerprint


def _mapped(file: Path, shape: tuple[int, ...], mode: Any) -> np.ndarray:
    return np.memmap(file, dtype=np.uint8, mode=mode, shape=shape)


def _intact(entry: Path, text: str, shape: tuple[int, ...]) -> str | None:
    """The fingerprint of a complete entry; None where there is none or it is damaged.

    Bytes are hashed again only when the file is not the one last seen, by its size and time of change.
    """
    from benchmark.parts.datasets.images.resident import hash_levels

    try:
        facts = json.loads((entry / _FACTS).read_text(encoding="utf-8"))
        seen = _stamp(entry / _LEVELS)
        if not isinstance(facts, dict) or facts.get("key") != text or seen[0] != math.prod(shape):
            return None
        fingerprint = facts["sha256"]
        if facts["stamp"] != seen:
            if hash_levels(_mapped(entry / _LEVELS, shape, "r")) != fingerprint:
                return None
            with contextlib.suppress(OSError):  # where nothing can be written, it is hashed every time
                _note(entry, text, fingerprint)
    except (OSError, ValueError, KeyError):
        return None
    return str(fingerprint)


def _made(entry: Path, text: str, shape: tuple[int, ...], example: Callable[[int], np.ndarray], label: str) -> str:
    """Decode everything beside the entry's place, then put it there."""
    from benchmark.parts.datasets.images.resident import hash_levels

    partial = entry.with_name(f"{entry.name}.partial")
    for remains in (partial, entry):
        if remains.exists():
            shutil.rmtree(remains)
    free = shutil.disk_usage(entry.parent).free
    size = math.prod(shape)
    if free < size + _SPARE:
        raise DataError(f"{entry.parent}: {size / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free")
    partial.mkdir()
    try:
        _reserve(partial / _LEVELS, size)
        levels: Any = _mapped(partial / _LEVELS, shape, "r+")
        _fill(levels, example, label)
        levels.flush()
        fingerprint = hash_levels(levels)
        _note(partial, text, fingerprint)
        os.replace(partial, entry)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return fingerprint


def _reserve(file: Path, size: int) -> None:
    """Make a file of ``size`` bytes with its blocks: a disk that fills up under a mapping kills the process."""
    with file.open("wb") as stream:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(stream.fileno(), 0, size)
        stream.truncate(size)


def _fill(levels: np.ndarray, example: Callable[[int], np.ndarray], label: str) -> None:
    from tqdm import tqdm

    faults: list[tuple[int, str]] = []

    def task(start: int) -> int:
        stop = min(start + _TASK, len(levels))
        for index in range(start, stop):
            try:
                levels[index] = example(index)
            except DataError as error:
                faults.append((index, str(error)))
        return stop - start

    pool = ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1))
    try:
        with tqdm(total=len(levels), desc=label, unit=" pictures", disable=None) as bar:
            for done in pool.map(task, range(0, len(levels), _TASK)):
                bar.update(done)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if faults:
        shown = "; ".join(message for _, message in sorted(faults)[:_MOST_SHOWN])
        more = f"; and {len(faults) - _MOST_SHOWN:,} more" if len(faults) > _MOST_SHOWN else ""
        raise DataError(f"{len(faults):,} of {len(levels):,} pictures cannot be used: {shown}{more}")


def _note(entry: Path, text: str, fingerprint: str) -> None:
    """Write what is known of the levels, and by which marks the file is known again."""
    facts = {"key": text, "sha256": fingerprint, "stamp": _stamp(entry / _LEVELS)}
    write_atomic(entry / _FACTS, json.dumps(facts).encode())


def _stamp(file: Path) -> list[int]:
    state = file.stat()
    return [state.st_size, state.st_mtime_ns]
