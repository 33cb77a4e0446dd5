"""``compare`` on folders and packs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.judging.selftest import paper
from benchmark.judging.selftest.faults import honest
from benchmark.runs.plan import id_of


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "made_up.yaml").write_text(paper.TEXT)
    monkeypatch.setenv("GANREPRO_PAPERS", str(tmp_path / "papers"))
    honest(tmp_path / "a")
    for seed in paper.SEEDS:
        made = paper.made("plain", seed)
        score = paper.fid(made.run, 33.0 + seed)
        type(made)(made.run, score, made.curves, made.samples, {}).write(tmp_path / "b")
    return tmp_path / "a", tmp_path / "b"


def test_a_folder_against_another(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    a, b = map(str, folders)
    assert main(["compare", a, b]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "made_up/plain at full (seeds A 0,1,2,3,4, B 0,1,2,3,4)" in text
    assert ": A lower (differences by seed, p = " in text
    assert "only in A: made_up/penalised at full" in text


def test_a_pack_against_its_folder(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "pack.zip")
    assert main(["pack", "--results", str(folders[0]), "-o", file]) == 0
    capsys.readouterr()
    assert main(["compare", file, str(folders[0]), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [score["outcome"] for one in found["experiments"] for score in one["scores"]] == ["equal", "equal"]


def test_nothing_in_common_and_nothing_there(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["compare", str(folders[0]), str(tmp_path / "empty")]) == 5
    said = " ".join(capsys.readouterr().err.split())
    assert "/a has made_up/penalised at full and made_up/plain at full; " in said
    assert said.endswith("/empty has no run")
    assert main(["compare", str(folders[0]), str(tmp_path / "nowhere")]) == 2
    assert "neither a results folder nor a pack" in capsys.readouterr().err


def test_a_record_that_was_edited_is_left_out_and_named(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = folders
    file = next(iter(b.glob("made_up/plain/*/record.json")))
    seed = json.loads(file.read_text())["seed"]
    file.write_text(file.read_text().replace(f'"value": {33.0 + seed}', '"value": 3.0'))
    assert main(["compare", str(a), str(b)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    others = ",".join(str(other) for other in paper.SEEDS if other != seed)
    assert f"B {others})" in text
    assert f"left out: B: made_up/plain/{file.parent.name}: record.json has changed since it was written" in text


def test_a_run_of_another_numerics_tier_is_told_apart(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = folders
    for seed in paper.SEEDS:
        made = paper.made("plain", seed)
        rougher = replace(made.run, numerics="bf16", run_id="")
        type(made)(
            replace(rougher, run_id=id_of(rougher.determinant())), made.score, made.curves, made.samples, {}
        ).write(b)
    assert main(["compare", str(a), str(b)]) == 0
    assert "only in B: made_up/plain at full, in bf16" in capsys.readouterr().out
