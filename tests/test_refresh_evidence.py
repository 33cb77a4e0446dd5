"""``scripts/refresh_evidence.py`` on a copy of committed evidence with a planted verdict and other rules sealed."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest

from benchmark.judging.rule_changes import state
from benchmark.judging.seal import Seal, make_seal, read_seal
from benchmark.runs.files import to_json
from tests.specs import load

ROOT = Path(__file__).parents[1]
PAPER = "gan_dcgan_mnist"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One run of one paper, and no other papers."""
    shutil.copytree(ROOT / "results" / "reference" / "mnist-cpu", tmp_path / "evidence")
    (tmp_path / "papers").mkdir()
    shutil.copy(ROOT / "papers" / f"{PAPER}.yaml", tmp_path / "papers")
    monkeypatch.setenv("GANREPRO_PAPERS", str(tmp_path / "papers"))
    return tmp_path / "evidence"


def refresh(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    about = importlib.util.spec_from_file_location("refresh_evidence", ROOT / "scripts" / "refresh_evidence.py")
    assert about is not None
    assert about.loader is not None
    script = importlib.util.module_from_spec(about)
    about.loader.exec_module(script)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["refresh_evidence.py", *words, str(folder)])
        code: int = script.main()
    return code, capsys.readouterr().out.splitlines()


def content(folder: Path) -> dict[str, bytes]:
    """What the files hold that are evidence; locks are none."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.suffix != ".lock"]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def sealed(file: Path) -> Seal:
    seal = read_seal(file.read_bytes())
    assert seal is not None
    return seal


def test_a_moved_verdict_is_told_and_with_write_alone_it_is_kept_and_todays_rules_are_sealed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = load(ROOT / "papers" / f"{PAPER}.yaml").spec
    seal, kept = folder / "seals" / f"{PAPER}.json", folder / "seals" / f"{PAPER}.judged.json"
    states = json.loads(kept.read_text())["states"]
    name = "stated_loss: DG-C2"  # under a reading, as the run is
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "states": {**states, name: "HOLDS"}}))
    claim = spec.claims["DG-C3"]
    stricter = claim.model_copy(update={"min_seeds": (claim.min_seeds or 0) + 1})
    older = spec.model_copy(update={"claims": {**spec.claims, "DG-C3": stricter}})
    seal.write_bytes(to_json(make_seal(older, "2020-01-01T00:00:00+00:00", 0).model_dump(mode="json")))
    (folder / "verdicts").mkdir(exist_ok=True)
    (folder / "verdicts" / f"{PAPER}.json").write_text("{}")
    before = content(folder)
    told = ["evidence: 1 verdict moved", f"  {PAPER}, {name}: HOLDS -> {states[name]}"]

    assert refresh(folder, capsys) == (1, told)
    assert content(folder) == before, "nothing is written"
    found = state(spec, sealed(seal))
    assert found is not None
    assert found.status == "changed"

    assert refresh(folder, capsys, "--write") == (1, told)
    changed = {file for file in before.keys() | content(folder).keys() if content(folder).get(file) != before.get(file)}
    assert changed == {f"seals/{PAPER}.json", f"seals/{PAPER}.judged.json", f"verdicts/{PAPER}.json"}
    assert f"verdicts/{PAPER}.json" not in content(folder), "it named the seal of before"
    assert json.loads(kept.read_text())["states"] == states
    assert json.loads(kept.read_text())["sealed_sha256"] == sealed(seal).sha256
    found = state(spec, sealed(seal))
    assert found is not None
    assert (found.status, found.changes) == ("late", [])
    assert sealed(seal).runs_before == len(list(folder.glob(f"{PAPER}/*/*/record.json")))

    assert refresh(folder, capsys) == (0, ["evidence: 0 verdicts moved"])


def test_a_seal_that_holds_todays_rules_keeps_its_date(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refresh(folder, capsys, "--write")
    seal = folder / "seals" / f"{PAPER}.json"
    spec = load(ROOT / "papers" / f"{PAPER}.yaml").spec
    seal.write_bytes(to_json(make_seal(spec, "2020-01-01T00:00:00+00:00", 0).model_dump(mode="json")))
    before = content(folder)
    assert refresh(folder, capsys, "--write") == (0, ["evidence: 0 verdicts moved"])
    assert content(folder) == before
    damaged = json.loads(seal.read_text()) | {"runs_before": 7}
    seal.write_text(json.dumps(damaged))
    refresh(folder, capsys, "--write")
    assert sealed(seal).whole
    assert sealed(seal).runs_before == len(list(folder.glob(f"{PAPER}/*/*/record.json")))


def test_a_folder_without_records_is_no_folder_in_which_nothing_moved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (tmp_path, tmp_path / "misspelt"):
        with pytest.raises(SystemExit) as ended:
            refresh(folder, capsys)
        assert ended.value.code == 2
        assert f"{folder}: no records are there" in capsys.readouterr().err
