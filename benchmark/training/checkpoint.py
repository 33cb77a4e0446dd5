"""Checkpoints that survive a kill: written whole, hashed, at least two kept, never trusted unread."""

from __future__ import annotations

import hashlib
import io
import pickle
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from benchmark.runs.files import sha256, write_atomic

KEEP = 2
#: what reading a file that is no checkpoint raises
UNREADABLE = (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError, AttributeError, TypeError)
_NAME = re.compile(r"(\d{9})\.pt\Z")


def save(folder: Path, iteration: int, state: dict[str, Any]) -> None:
    """Write a checkpoint, its SHA-256 first so that none is ever without, then remove all but the two newest."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue()
    file = folder / f"{iteration:09d}.pt"
    write_atomic(file.with_suffix(".sha256"), hashlib.sha256(content).hexdigest().encode())
    write_atomic(file, content)
    for old in checkpoints(folder)[:-KEEP]:
        old.unlink()
        old.with_suffix(".sha256").unlink(missing_ok=True)


def checkpoints(folder: Path) -> list[Path]:
    """Checkpoint files, oldest first."""
    return sorted(file for file in folder.glob("*.pt") if _NAME.match(file.name)) if folder.is_dir() else []


def newest_first(folder: Path, device: str, run_id: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Sound checkpoints of a run and their files, the newest first; what is none is set aside."""
    for file in reversed(checkpoints(folder)):
        try:
            yield file, read(file, device, run_id)
        except UNREADABLE as error:
            set_aside(file, error)


def load_newest(folder: Path, device: str, run_id: str) -> dict[str, Any] | None:
    """The newest sound checkpoint of a run, or None; see :func:`newest_first`."""
    return next((state for _, state in newest_first(folder, device, run_id)), None)


def set_aside(file: Path, reason: object) -> None:
    """Rename a checkpoint that cannot be used, so that the one before counts, and say so in one line."""
    said = str(reason).splitlines()[0] if str(reason) else type(reason).__name__
    file.rename(file.with_suffix(".damaged"))
    before = "the one before is tried" if checkpoints(file.parent) else "there is none before it"
    sys.stderr.write(f"ganrepro: {file}: {said}: set aside, {before}\n")


def read(file: Path, device: str, run_id: str) -> dict[str, Any]:
    """The state in a checkpoint of a run; raises one of ``UNREADABLE`` where it is none."""
    digest = file.with_suffix(".sha256")
    if not digest.is_file():
        raise ValueError("has no SHA-256 beside it")
    if digest.read_bytes().strip() != sha256(file).encode():
        raise ValueError("does not match its SHA-256")
    state = torch.load(file, map_location=device, weights_only=True)
    if not isinstance(state, dict) or "run_id" not in state:
        raise ValueError("is not a checkpoint of a run")
    if state["run_id"] != run_id:
        raise ValueError(f"belongs to run {state['run_id']}")
    return state
