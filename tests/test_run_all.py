"""run_all.sh: help, other working directories, failing loudly. Installing is tested by the fresh clone of CI."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")


def call(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "run_all.sh"), *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GANREPRO_PYTHON": sys.executable, **environment},
    )


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help(word, tmp_path):
    done = call(word, cwd=tmp_path)
    assert done.returncode == 0
    assert "usage: ./run_all.sh" in done.stdout


def test_options_reach_the_run_from_any_folder(tmp_path):
    done = call("gan_rl", "-e", "no_such_thing", cwd=tmp_path)
    assert done.returncode == 2
    assert "no experiment matches 'no_such_thing'" in done.stderr


def test_options_reach_pytest_and_its_exit_code_comes_back(tmp_path):
    done = call("test", "--no-such-option-of-pytest", cwd=tmp_path)
    assert done.returncode == 4
    assert "--no-such-option-of-pytest" in done.stderr
    few = f"--ignore-glob={ROOT}/tests/*/test_*"  # collecting every module takes long
    done = call("test", "-q", "--collect-only", "-k", "no_test_is_called_this", few, cwd=tmp_path)
    assert done.returncode == 5
    assert "deselected" in done.stdout


def test_a_failed_run_is_a_failure(tmp_path):
    """A planted fault: the results folder cannot be written."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    words = ("gan_rl", "--tier", "smoke", "-e", "toy_minimax", "--device", "cpu")
    done = call(*words, "--results", str(blocked / "x"), cwd=tmp_path)
    assert done.returncode not in (0, 2)
