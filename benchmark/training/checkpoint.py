"""Checkpoints that survive a kill: written whole, hashed, at least two kept, never trusted unread."""

from __future__ import annotations

import hashlib
import io
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import torch

from benchmark.runs.files import sha256, write_atomic

KEEP = 2
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


def load_newest(folder: Path, device: str) -> dict[str, Any] | None:
    """The newest sound checkpoint, or None. A damaged one is set aside with a warning and the one before is used."""
    for file in reversed(checkpoints(folder)):
        digest = file.with_suffix(".sha256")
        reason = None
        if not digest.is_file():
            reason = "has no SHA-256 beside it"
        elif digest.read_text().strip() != sha256(file):
            reason = "does not match its SHA-256"
        else:
            try:
                state: dict[str, Any] = torch.load(file, map_location=device, weights_only=True)
                return state
            except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
                reason = f"cannot be read ({str(error).splitlines()[0]})"
        warnings.warn(f"{file} {reason}: set aside, using the one before", stacklevel=2)
        file.rename(file.with_suffix(".damaged"))
    return None
