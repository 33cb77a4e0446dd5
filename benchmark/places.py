"""Where things lie: papers, results and data, from flags, environment and defaults, in this order."""

from __future__ import annotations

import errno
import os
import site
import sys
from pathlib import Path

#: the folder that holds the package: of a checkout the whole repository
ROOT = Path(__file__).resolve().parent.parent
_CHECKOUT = (ROOT / "pyproject.toml").is_file()
_SHARE = Path("share", "ganrepro", "papers")


def papers_folder() -> Path:
    """GANREPRO_PAPERS, else ``papers`` here, else that of the checkout, or those that were installed."""
    chosen = os.environ.get("GANREPRO_PAPERS")
    if chosen:
        return Path(chosen)
    here = Path("papers")
    if here.is_dir():
        return here
    return ROOT / "papers" if _CHECKOUT else _installed_papers() or here


def _installed_papers() -> Path | None:
    """Where an installation without a checkout has its specs: below its prefix, as pip puts data files."""
    places = (Path(sys.prefix), Path(site.getuserbase()), ROOT)
    return next((place / _SHARE for place in places if (place / _SHARE).is_dir()), None)


def results_folder(flag: Path | None) -> Path:
    """The flag, GANREPRO_RESULTS, or ``results/local`` of the checkout, without one of the present folder.

    Raises ``NotADirectoryError`` where a file lies there.
    """
    folder = flag or Path(os.environ.get("GANREPRO_RESULTS") or _home() / "results" / "local")
    if folder.is_file():
        raise NotADirectoryError(errno.ENOTDIR, "is a file, results lie in a folder", str(folder))
    return folder


def reference_folder() -> Path:
    """Where committed evidence lies; an installation without a checkout has none."""
    return ROOT / "results" / "reference"


def data_folder(flag: Path | None) -> Path:
    """The flag, GANREPRO_DATA, or ``data`` of the checkout, without one of the present folder."""
    return flag or Path(os.environ.get("GANREPRO_DATA") or _home() / "data")


def _home() -> Path:
    return Path(shown(ROOT)) if _CHECKOUT else Path()


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
