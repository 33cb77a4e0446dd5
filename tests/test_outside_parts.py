"""Parts from outside the package: found by every command and every worker, refused by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYER = '''
"""A layer that no paper here has."""

from benchmark.spec.parts import LAYERS, Layer


@LAYERS.register("my_softplus")
class MySoftplus(Layer):
    """log(1 + exp(x))."""

    def module(self, shape):
        from torch import nn

        return nn.Softplus()
'''


def called(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(
        [sys.executable, "-m", "benchmark", *words], cwd=folder, env=known, capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my_parts.py").write_text(LAYER)
    text = (ROOT / "tests" / "toy.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace("- relu", "- my_softplus"))
    return tmp_path


def test_a_file_of_parts_is_known_to_commands_and_workers(folder: Path) -> None:
    plain = called(folder, "validate", "mine.yaml")
    assert plain.returncode == 2
    assert "unknown layer 'my_softplus'" in plain.stderr
    about = ["-e", "toy_minimax", "--tier", "smoke", "--seeds", "0", "--results", "results", "--device", "cpu"]
    done = called(folder, "run", "mine.yaml", *about, GANREPRO_PARTS="my_parts.py")
    assert done.returncode == 0, done.stderr
    (record,) = (folder / "results" / "toy").glob("*/*/record.json")
    assert json.loads(record.read_text())["environment"]["packages"]["ganrepro"] is not None


def test_an_installed_distribution_names_its_module(folder: Path) -> None:
    known = folder / "my_distribution-1.dist-info"
    known.mkdir()
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: my-distribution\nVersion: 1\n")
    (known / "entry_points.txt").write_text("[ganrepro.parts]\nmine = my_parts\n")
    done = called(folder, "validate", "mine.yaml", PYTHONPATH=f"{ROOT}{os.pathsep}{folder}")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "FileNotFoundError"), ("import nowhere", "No module named 'nowhere'"), ("raise SystemExit", "SystemExit")],
)
def test_what_cannot_be_imported_is_one_line(content: str | None, says: str, folder: Path) -> None:
    if content is not None:
        (folder / "bad.py").write_text(content)
    done = called(folder, "validate", "mine.yaml", GANREPRO_PARTS="bad.py")
    assert done.returncode == 2
    assert done.stderr.startswith("ganrepro: parts of 'bad.py' cannot be imported: ")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
