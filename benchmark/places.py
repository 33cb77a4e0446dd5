"""Where things lie: papers, results and data, from flags, environment and defaults, in this order."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def papers_folder() -> Path:
    """GANREPRO_PAPERS, else ``papers`` here, else that of the checkout."""
    chosen = os.environ.get("GANREPRO_PAPERS")
    if chosen:
        return Path(chosen)
    here = Path("papers")
    return here if here.is_dir() else ROOT / "papers"


def results_folder(flag: Path | None) -> Path:
    """The flag, GANREPRO_RESULTS, or ``results/local`` of the checkout."""
    return flag or Path(os.environ.get("GANREPRO_RESULTS") or ROOT / "results" / "local")


def data_folder(flag: Path | None) -> Path:
    """The flag, GANREPRO_DATA, or ``data`` of the checkout."""
    return flag or Path(os.environ.get("GANREPRO_DATA") or ROOT / "data")


def paper_file(text: str) -> Path:
    """A spec named by path or by id; a path that does not exist here is looked for in the checkout."""
    for candidate in (Path(text), ROOT / text, papers_folder() / f"{text}.yaml"):
        if candidate.is_file():
            return candidate
    return Path(text)


def shown(path: Path) -> str:
    """``path`` as short as it can be written from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
