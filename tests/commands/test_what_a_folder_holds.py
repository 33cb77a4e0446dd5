"""``judge``, ``status``, ``plan`` and ``why`` where a results folder holds runs of some papers and readings alone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.judging.selftest import paper
from tests.judging.test_readings_of_records import READINGS, runs
from tests.judging.test_readings_of_records import record as made
from tests.spec.small import TEXT
from tests.specs import load

ROOT = Path(__file__).parents[2]
#: a second paper with claims, tables and figures of the same names, and none of the readings
OTHER = TEXT.replace("id: small", "id: other", 1)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs of one paper of two, all of its reading ``longer``."""
    for name, text in (("small", TEXT + READINGS), ("other", OTHER)):
        file = tmp_path / "papers" / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("GANREPRO_PAPERS", str(tmp_path / "papers"))
    loaded = load(tmp_path / "papers" / "small.yaml")
    for run in runs(loaded, "longer", "ring"):
        made(tmp_path / "results", run, 3.0 + run.seed / 10)
    return tmp_path / "results"


def told(capsys: pytest.CaptureFixture[str], results: Path, *words: str, code: int = 0) -> str:
    """What a command prints on the folder, in one line."""
    capsys.readouterr()
    assert main([*words, "--results", str(results)]) == code
    return " ".join(capsys.readouterr().out.split())


def test_judge_names_readings_with_runs_where_the_base_has_none(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = len([*results.glob("small/*/*/record.json")])
    found = f"no finished run here is of the base; finished runs are of: longer ({count}) (--reading longer)"
    assert told(capsys, results, "judge", "small").endswith(found)
    assert "no finished run" not in told(capsys, results, "judge", "small", "--reading", "longer")
    assert "no finished run" not in told(capsys, results, "judge", "other"), "no reading has any either"


def test_status_is_of_the_papers_that_have_runs_and_names_readings_beside_those_asked_for(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = len([*results.glob("small/*/*/record.json")])
    found = told(capsys, results, "status")
    assert f"{count} records of other readings: longer ({count}) (--reading longer)" in found
    assert found.endswith("no run here is of other")
    assert {row["paper"] for row in json.loads(told(capsys, results, "status", "--json"))} == {"small"}
    found = told(capsys, results, "status", "--reading", "longer")
    assert f"{count} finished" in found
    assert "of other readings" not in found
    assert "no run here" not in told(capsys, results, "status", "--claim", "C1"), "what is named is told of every paper"
    assert {row["paper"] for row in json.loads(told(capsys, results.parent, "status", "--json"))} == {"small", "other"}


@pytest.mark.parametrize("command", ["status", "plan"])
def test_a_reading_that_some_papers_have_is_of_these(
    command: str, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [command, "small", "other", "--json", "--reading"]
    assert {row["paper"] for row in json.loads(told(capsys, results, *words, "longer"))} == {"small"}
    assert main([*words, "longr", "--results", str(results)]) == 2
    assert "did you mean 'longer'" in capsys.readouterr().err


def test_why_is_answered_of_papers_with_runs_and_names_the_others(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(capsys, results, "why", "C1")
    assert found.count("section 4)") == found.count("(small, section 4)") == 1
    assert found.endswith("C1 is also in other, without a run here: name the paper")
    named = told(capsys, results, "why", "C1", "other")
    assert "(other, section 4)" in named
    assert "also in" not in named
    everywhere = told(capsys, results.parent, "why", "C1")
    assert "(small, section 4)" in everywhere
    assert "(other, section 4)" in everywhere
    assert "also in" not in everywhere


def test_a_claim_tested_in_print_is_answered_without_a_results_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GANREPRO_RESULTS", str(tmp_path / "none"))
    assert main(["why", "LS-C8", "lsgan_fashion_mnist"]) == 0
    found = " ".join(capsys.readouterr().out.split())
    assert "on the paper's own numbers it holds: FID (deeper LSGAN, BN) 94.23 is below 200" in found
    assert "committed evidence on lsgan_fashion_mnist is in results/reference: fashion-short" in found
    assert main(["why", "LS-C2-quality", "lsgan_fashion_mnist"]) == 2
    assert "results/reference: fashion-short (--results DIR)" in capsys.readouterr().err
    assert main(["judge", "lsgan_fashion_mnist"]) == 2
    assert "results/reference: fashion-short (--results DIR)" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_judge_tells_in_a_line_what_is_known_in_print(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "made_up.yaml"
    file.write_text(paper.TEXT, encoding="utf-8")
    found = told(capsys, tmp_path, "judge", str(file))
    assert found.endswith("in print, without any run: 1 claim holds (`ganrepro audit made_up` tells which)")
    assert "in print" not in told(capsys, tmp_path, "judge", str(file), "--table", "T1")


def test_git_leaves_every_report_beside_committed_evidence_out() -> None:
    places = [f"results/reference/toy-narrow/{name}/report.md" for name in ("report", "report-narrow", "report-RL-C1")]
    found = subprocess.run(["git", "check-ignore", *places], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode == 128:
        pytest.skip("no clone")
    assert found.stdout.split() == places
