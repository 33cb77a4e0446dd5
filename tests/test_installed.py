"""The package as pip installs it, away from any checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with a wheel of this package and, behind it, all that this one has."""
    if find_spec("pip") is None or int(version("setuptools").split(".")[0]) < 77:
        pytest.skip("builds a wheel with pip and setuptools 77 or later")
    place = tmp_path_factory.mktemp("installed")
    quiet = {"check": True, "capture_output": True, "cwd": place}
    for name in ("benchmark", "papers", "pyproject.toml", "README.md", "LICENSE"):  # building writes into its source
        (place / "source").mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", ROOT / name, place / "source"], **quiet)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", place, place / "source"], **quiet)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "env"], **quiet)
    inside = place / "env" / "bin" / "python"
    site = next((place / "env" / "lib").glob("python*/site-packages"))
    (site / "behind.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (wheel,) = place.glob("*.whl")
    subprocess.run([*pip, "--python", inside, "install", "-q", "--no-deps", "--ignore-installed", wheel], **quiet)
    return inside


def ran(python: Path, folder: Path, *words: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GANREPRO_", "PYTHONPATH"))}
    done = subprocess.run(
        [python, "-m", "benchmark", *words], cwd=folder, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_installed_package_brings_its_papers(python: Path, tmp_path: Path) -> None:
    shown = ran(python, tmp_path, "list")
    for file in (ROOT / "papers").glob("*.yaml"):
        assert file.stem in shown
    assert "RL-C4" in ran(python, tmp_path, "audit", "gan_rl")


def test_its_results_lie_where_it_is_called(python: Path, tmp_path: Path) -> None:
    told = json.loads(ran(python, tmp_path, "sys-info", "--json"))["places"]
    places = {name: Path(one["value"]) for name, one in told.items()}
    assert tmp_path / places["results"] == tmp_path / "results" / "local"
    assert tmp_path / places["data"] == tmp_path / "data"
    assert python.parents[1] in places["papers"].parents
