"""What lies beside the records goes into a pack, makes the same report from there, and is checked by ``verify``."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli import main
from benchmark.parts.metrics.infinity import line_through
from benchmark.runs import sidecars
from benchmark.runs.files import to_json
from benchmark.runs.plan import make_run
from benchmark.runs.sidecars import Extrapolated
from tests.specs import load

TOY = Path(__file__).parents[1] / "toy.yaml"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the spec, one trained run and everything that can lie beside it."""
    place = tmp_path_factory.mktemp("place")
    (place / "papers").mkdir()
    shutil.copy(TOY, place / "papers" / "toy.yaml")
    results, about = place / "results", [str(TOY), "--device", "cpu"]
    run_id = make_run(load(TOY).spec, "toy_minimax", "smoke", 0, "fp32").run_id
    assert main(["run-one", run_id, *about, "--tier", "smoke", "--results", str(results)]) == 0
    assert main(["anchors", *about, "--results", str(results)]) == 0
    (folder,) = (results / "toy" / "toy_minimax").iterdir()
    assert main(["score", folder.name, *about, "--score", "good", "--results", str(results)]) == 0
    speed = ["speed", *about, "--tier", "smoke", "-e", "toy_minimax", "--seconds", "1", "--rounds", "2"]
    assert main([*speed, "--results", str(results)]) == 0
    (grid,) = sidecars.read(results).grids
    counts, values = [100, 200, 400, 800], [9.0, 5.2, 3.1, 2.2]
    line = Extrapolated(score="good", **vars(line_through(counts, values)))
    sidecars.keep(results, grid.model_copy(update={"extrapolated": [line]}))
    return place


@pytest.fixture(autouse=True)
def papers(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setenv("GANREPRO_PAPERS", str(place / "papers"))


def verify(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    code = main(["verify", str(path), "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code == bool(found["problems"])
    return found


def test_a_pack_holds_it_all_and_a_report_can_be_made_from_it(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pack.zip"
    assert main(["pack", "--results", str(place / "results"), "-o", str(file)]) == 0
    names = zipfile.ZipFile(file).namelist()
    for folder in set(sidecars.FOLDERS) - {sidecars.EQUIVALENCE}:
        here = {f"results/{folder}/{one.name}" for one in (place / "results" / folder).glob("*.json")}
        assert here
        assert here == {name for name in names if name.startswith(f"results/{folder}/")}
    found = verify(file, capsys)
    assert found["problems"] == []
    assert found["rescored"] == 2
    zipfile.ZipFile(file).extractall(tmp_path / "out")
    for root in (place, tmp_path / "out"):
        monkeypatch.setenv("GANREPRO_PAPERS", str(root / "papers"))
        assert main(["report", "--results", str(root / "results"), "--format", "html"]) == 0
    ours, theirs = (
        next(file for file in (root / "results" / "report").glob("*.html") if file.stem != "index").read_text()
        for root in (place, tmp_path / "out")
    )
    assert "How far the protocol alone moves a score" in theirs
    assert "real against real" in theirs
    assert theirs == ours


def _key(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.update({name: value})


def _nothing(data: dict[str, Any]) -> None:
    """Neither values nor, where an anchor cannot be measured, a reason."""
    data.update(values=[], reason=None)


def _variant(data: dict[str, Any]) -> None:
    next(one for one in data["variants"] if one["value"] is not None)["value"] += 0.001


def _line(data: dict[str, Any]) -> None:
    data["extrapolated"][0]["intercept"] += 1e-6


def _recorded(data: dict[str, Any]) -> None:
    data["recorded"]["good"] += 0.001


def _ratio(data: dict[str, Any]) -> None:
    next(iter(data["loops"].values()))["ratio"] *= 10


def _kind(data: dict[str, Any]) -> None:
    """Becomes an anchor of another kind, which for ``untrained`` is one that no score here has."""
    data["identity"]["kind"] = "copier" if data["identity"]["kind"] != "copier" else "noise"


@pytest.mark.parametrize(
    ("folder", "change", "says"),
    [
        ("anchors", _nothing, "must have either values or a reason"),
        ("anchors", _key("values", ["x"]), "values.0: Input should be a valid number"),
        ("anchors", _key("code", "0" * 64), "its name is not what its content makes it, "),
        ("anchors", _kind, "its name is not what its content makes it, "),
        ("anchors", _key("reduced", {"samples": [7, 5]}), "'samples' is said to be reduced from 7, asked was"),
        ("anchors", _key("spoilt", 1), "spoilt: Extra inputs are not permitted"),
        ("protocols", _key("seed", 7), "seed is 7, the run's is 0"),
        ("protocols", _key("iteration", 1), "scored after 1 iterations, the run has"),
        ("protocols", _recorded, "good is said to be recorded as"),
        ("protocols", _variant, "change"),
        ("protocols", _line, "the line through its values meets 0 at"),
        ("calibration", _key("device", "another"), "its name is not what its content makes it, another"),
        ("calibration", _ratio, "is not within"),
    ],
)
def test_what_does_not_agree_is_named(
    place: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    folder: str,
    change: Callable[[dict[str, Any]], None],
    says: str,
) -> None:
    results = tmp_path / "results"
    shutil.copytree(place / "results", results)
    assert verify(results, capsys)["problems"] == []
    changed = 0
    for file in sorted((results / folder).glob("*.json")):  # of every kind: their names, and so their order, vary
        whole = file.read_bytes()
        data = json.loads(whole)
        change(data)
        if to_json(data) == whole:
            continue  # what cannot be measured has no values already
        changed += 1
        file.write_bytes(to_json(data))
        problems = verify(results, capsys)["problems"]
        assert any(line.startswith(f"{folder}/{file.name}") and says in line for line in problems), problems
        file.write_bytes(whole)
    assert changed


def test_what_belongs_to_no_run_is_a_note_in_a_folder(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results"
    shutil.copytree(place / "results", results)
    (grid,) = (results / "protocols").iterdir()
    data = {**json.loads(grid.read_bytes()), "run_id": "0" * 16}
    (results / "protocols" / f"{'0' * 16}.json").write_bytes(to_json(data))
    found = verify(results, capsys)
    assert found["problems"] == []
    assert f"protocols/{'0' * 16}.json belongs to no run here" in found["notes"]
