"""The script for machines with a GPU, dry: on a processor, tiny, so that it is ready when there is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import gpu_checks

DRY = ["--device", "cpu", "--tier", "smoke", "--no-tests", "--seconds", "0.2"]


def test_checks_measure_every_loop_and_write_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = iter([10.0, 16.0, 18.0, 18.5, 99.0])
    monkeypatch.setattr(gpu_checks, "at_once", lambda *_: next(rates))
    words = ["checks", *DRY, "--out", str(tmp_path), "-e", "gan_dcgan_mnist/gan", "-e", "gan_dcgan_mnist/no_such"]
    assert gpu_checks.main(words) == gpu_checks.CHECK_FAILED  # one experiment is not there; the rest is measured
    found = json.loads((tmp_path / "gpu_checks.json").read_text())
    assert found["at_once"] == {"1": 10.0, "2": 16.0, "3": 18.0, "4": 18.5}  # 18.5 is less than 1.05 times 18
    loops = found["loops"]["gan_dcgan_mnist/gan"]
    assert set(loops) == {"textbook", "fp32 plain", "fp32", "bf16"}
    assert all(milliseconds > 0 for milliseconds in loops.values())
    assert "no_such" in found["loops"]["gan_dcgan_mnist/no_such"]
    assert "| gan_dcgan_mnist/gan |" in capsys.readouterr().out


def test_what_the_limit_leaves_no_time_for_is_told(tmp_path: Path) -> None:
    words = ["checks", *DRY, "--limit", "0", "--out", str(tmp_path), "-e", "gan_dcgan_mnist/gan"]
    assert gpu_checks.main(words) == gpu_checks.LIMIT_CAME_FIRST
    assert json.loads((tmp_path / "gpu_checks.json").read_text())["loops"] == {"gan_dcgan_mnist/gan": "not reached"}
    words = ["evidence", *DRY, "--limit", "0", "--out", str(tmp_path)]
    assert gpu_checks.main(words) == gpu_checks.LIMIT_CAME_FIRST


def test_one_run_alone_has_a_rate() -> None:
    assert gpu_checks.at_once("gan_rl/toy_minimax", "smoke", "cpu", 1, 0.2) > 0


def test_evidence_that_was_cut_off_is_continued_by_the_same_command(tmp_path: Path) -> None:
    words = ["evidence", *DRY, "--out", str(tmp_path), "--queue", "gan_rl -e toy_minimax --seeds 0"]
    records = tmp_path / "evidence" / "gan_rl" / "toy_minimax"
    assert gpu_checks.main([*words, "--limit", "1"]) == gpu_checks.LIMIT_CAME_FIRST
    assert not list(records.glob("*/record.json"))
    for _ in range(2):
        assert gpu_checks.main([*words, "--limit", "250"]) == 0
        assert len(list(records.glob("*/record.json"))) == 1
