"""A record that is there and cannot be read: every command that tells of its paper says so, none calls it no run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.judging.selftest import paper
from benchmark.runs.records import RECORD

SEEDS = (0, 1, 3)


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The made-up paper, of whose seeds two have a record, one a truncated one, and two none."""
    file, results = tmp_path / "made_up.yaml", tmp_path / "results"
    file.write_text(paper.TEXT, encoding="utf-8")
    for experiment in ("plain", "penalised"):
        for seed in SEEDS:
            paper.made(experiment, seed).write(results)
    broken(results).write_bytes(broken(results).read_bytes()[:500])
    return [str(file), "--results", str(results)]


def broken(results: Path) -> Path:
    return results / paper.runs()["plain", 1].folder / RECORD


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 0
    return " ".join(capsys.readouterr().out.split())


def test_a_seed_whose_record_cannot_be_read_is_not_called_no_run(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (judged,) = json.loads(told(capsys, "judge", *words, "--json"))
    reasons = judged["cells"][0]["measured"]["reasons"]
    assert reasons == {"1": "its record cannot be read", "2": "no run at tier full", "4": "no run at tier full"}
    assert "1 of them: its record cannot be read; 2 of them: no run at tier full" in judged["cells"][0]["reason"]
    (kept,) = json.loads(told(capsys, "judge", *words, "--json", "--accept", "trained", "--accept", "reported"))
    assert kept["cells"] == judged["cells"]
    for what in ("MU-C1", "T1/digits/plain"):
        out = told(capsys, "why", what, *words)
        assert "none of seed 1: its record cannot be read; none of seeds 2, 4: no run at tier full" in out


def test_a_score_of_which_all_records_cannot_be_read_was_run(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for file in Path(words[-1]).glob(f"made_up/plain/*/{RECORD}"):
        file.write_text("{")
    (judged,) = json.loads(told(capsys, "judge", *words, "--json"))
    assert [cell["state"] for cell in judged["cells"]] == ["NOT MEASURED", "INTERIM"]
    assert "its record cannot be read (3 of 5 seeds)" in judged["cells"][0]["reason"]


@pytest.mark.parametrize("command", ["judge", "why", "status", "report"])
def test_the_damage_is_a_line_of_its_own(command: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    results = Path(words[-1])
    named = f"{broken(results).relative_to(results)}: "
    assert named in told(capsys, command, *(["MU-C1"] if command == "why" else []), *words)
    if command == "report":
        assert named in (results / "report" / "report.md").read_text().replace("\\_", "_")


def test_status_tells_of_records_that_it_does_not_count(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "status", *words, "--seeds", "0")
    assert "3 records beside these" in out, "one cannot be read, and is told below"
    assert out.count(f"! {broken(Path(words[-1]))}: ") == 1
