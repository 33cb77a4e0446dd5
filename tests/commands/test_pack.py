"""``pack`` and ``verify`` as a reviewer meets them: one changed digit, seed or hash fails, and torch is not needed."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

from benchmark.cli import main
from benchmark.commands import run
from benchmark.judging.selftest import paper
from benchmark.judging.selftest.faults import honest
from benchmark.runs.bundle import write_pack
from benchmark.runs.files import SHARED, packed, sha256, to_json, write_atomic
from benchmark.runs.records import MEASURED, RECORD, write_record_hash

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up paper's spec, honest results with their verdicts, and a pack of them."""
    place = tmp_path_factory.mktemp("place")
    (place / "papers").mkdir()
    (place / "papers" / "made_up.yaml").write_text(paper.TEXT)
    honest(place / "results")
    return place


@pytest.fixture(autouse=True)
def papers(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setenv("GANREPRO_PAPERS", str(place / "papers"))


@pytest.fixture(scope="module")
def pack(place: Path) -> Path:
    os.environ["GANREPRO_PAPERS"] = str(place / "papers")
    try:
        assert main(["judge", "--results", str(place / "results")]) == 0
        assert main(["pack", "--results", str(place / "results"), "-o", str(place / "pack.zip")]) == 0
    finally:
        del os.environ["GANREPRO_PAPERS"]
    return place / "pack.zip"


def verify(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    capsys.readouterr()
    code = main(["verify", str(path), "--json"])
    return code, json.loads(capsys.readouterr().out)["problems"]


def test_an_honest_pack_and_its_folder_agree(place: Path, pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(pack, capsys) == (0, [])
    assert verify(place / "results", capsys) == (0, [])
    names = set(zipfile.ZipFile(pack).namelist())
    run = "results/" + paper.runs()["plain", 0].folder
    assert {
        f"{run}/{name}" for name in ("record.json", "record.sha256", "curves.npz", "samples.npz", "measured.npz")
    } <= names
    assert {"papers/made_up.yaml", "results/seals/made_up.json", "results/verdicts/made_up.json"} <= names
    assert {"tables/tables.csv", "tables/claims.csv"} <= names
    assert sum(name.startswith("results/shared/") for name in names) == 1


def test_packing_twice_gives_the_same_bytes(place: Path, pack: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(place / "results", moved)
    assert main(["pack", "--results", str(moved), "-o", str(tmp_path / "again.zip")]) == 0
    assert (tmp_path / "again.zip").read_bytes() == pack.read_bytes()


def test_a_folder_where_the_pack_belongs_is_named(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pack", "--results", str(place / "results"), "-o", str(tmp_path)]) == 74
    assert capsys.readouterr().err == f"ganrepro: {tmp_path}: Is a directory\n"
    assert list(tmp_path.iterdir()) == []


def test_verifying_takes_seconds_and_no_torch(pack: Path, place: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"  # importing it would fail
        "from benchmark.cli import main\n"
        f"code = main(['verify', {str(pack)!r}])\n"
        "print(code, [name for name in ('torchvision', 'torch_fidelity', 'sklearn') if name in sys.modules])"
    )
    before = os.times()
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr
    assert os.times().children_user - before.children_user < 20


def test_who_verifies_many_records_is_told_that_it_takes_a_while(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = len([*(place / "results").glob("*/*/*/record.json")])
    for most, said in ((there, f"computing again what {there} records say\n"), (there + 1, "")):
        monkeypatch.setattr("benchmark.commands.verify._MANY", most)
        assert main(["verify", str(place / "results"), "--json"]) == 0
        assert capsys.readouterr().err == said


def rewritten(pack: Path, target: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The pack with one member changed and everything else, the manifest too, as it was."""
    with zipfile.ZipFile(pack) as source, zipfile.ZipFile(target, "w") as out:
        for info in source.infolist():
            content = source.read(info)
            out.writestr(info.filename, change(content) if info.filename == name else content)
    return target


def _replace(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return change


RUN = "results/" + paper.runs()["plain", 1].folder


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (f"{RUN}/{RECORD}", b'"value": 3', b'"value": 2'),
        (f"{RUN}/{RECORD}", b'"seed": 1', b'"seed": 6'),
        (f"{RUN}/{RECORD}", b'"curves.npz": "', b'"curves.npz": "0'),
        ("papers/made_up.yaml", b"margin: 3.0", b"margin: 3.5"),
        ("papers/made_up.yaml", b"min_seeds: 3", b"min_seeds: 4"),
        ("results/verdicts/made_up.json", b"REPRODUCED", b"NOT REPRODUCED"),
        ("results/seals/made_up.json", b'"margin": 3.0', b'"margin": 4.0'),
        ("tables/tables.csv", b"30.0", b"31.0"),
        ("tables/claims.csv", b"HOLDS", b"REVERSED"),
    ],
)
def test_one_change_fails_and_is_named(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, old: bytes, new: bytes
) -> None:
    code, problems = verify(rewritten(pack, tmp_path / "p.zip", name, _replace(old, new)), capsys)
    assert code == 1
    assert f"{name} is not the file that was packed (SHA-256 differs)" in problems
    assert all(len(problem.splitlines()) == 1 for problem in problems)


def packed_anew(pack: Path, target: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The pack with one member changed and written anew around it, every hash right."""
    with zipfile.ZipFile(pack) as source:
        manifest = json.loads(source.read("MANIFEST.json"))
        members: dict[str, Path | bytes] = {member: source.read(member) for member in manifest["members"]}
        members[name] = change(source.read(name))
    about = {key: manifest[key] for key in manifest.keys() - {"format", "version", "members", "sha256"}}
    write_pack(target, about, members)
    return target


def test_a_forger_who_repairs_the_manifest_is_still_caught_by_what_is_recomputed(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One word of a verdict: it is recomputed."""
    change = _replace(b'"state": "HOLDS"', b'"state": "REVERSED"')
    code, problems = verify(packed_anew(pack, tmp_path / "forged.zip", "results/verdicts/made_up.json", change), capsys)
    assert code == 1
    assert problems == ['verdicts/made_up.json: claim MU-C1.state: stored "REVERSED", recomputed "HOLDS"']


def test_verdicts_by_another_spec_are_told_before_what_differs(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = results / "verdicts" / "made_up.json"
    verdicts = json.loads(file.read_text())
    file.write_text(json.dumps({**verdicts, "spec_sha256": "0" * 64}))
    code, problems = verify(results, capsys)
    assert code == 1
    assert problems[0] == (
        "verdicts/made_up.json: judged by another spec of made_up than today's; `ganrepro judge` does it anew"
    )
    assert any("spec_sha256" in line for line in problems[1:])


def test_a_table_without_a_column_is_one_line_and_its_other_columns_are_compared(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in packs of before ``claims.csv`` had the p value against a claim."""

    def without(content: bytes) -> bytes:
        table = pandas.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
        return table.drop(columns="p_against").to_csv(index=False).encode()

    name = "tables/claims.csv"
    code, problems = verify(packed_anew(pack, tmp_path / "old.zip", name, without), capsys)
    assert (code, problems) == (1, [f"{name}: its columns are not those that are written here: p_against"])
    changed = packed_anew(pack, tmp_path / "b.zip", name, lambda old: without(old).replace(b"HOLDS", b"REVERSED", 1))
    _, problems = verify(changed, capsys)
    assert len(problems) == 2
    assert problems[1].startswith(f"{name}: row 2 is not what the records give: made_up, ")


def test_a_pack_that_is_none_fails_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.zip").write_bytes(b"nothing")
    assert main(["verify", str(tmp_path / "x.zip")]) == 1
    out = capsys.readouterr().out
    assert "not a readable pack" in out
    assert main(["verify", str(tmp_path / "nowhere")]) == 2


# --- folders --------------------------------------------------------------------------------------------------------


@pytest.fixture
def results(place: Path, pack: Path, tmp_path: Path) -> Path:
    shutil.copytree(place / "results", tmp_path / "results")
    return tmp_path / "results"


def edit(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Edit a record as a forger would, who renews its hash."""
    data = json.loads(file.read_bytes())
    change(data)
    write_atomic(file, to_json(data))
    write_record_hash(file.parent, file.read_bytes())


def test_a_score_rewritten_in_agreement_is_named_by_the_stored_verdicts(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def rewrite(record: dict[str, Any]) -> None:
        score = record["scores"]["fid"]
        score["value"] = score["series"][-1][1] = score["value"] + 0.25

    edit(results / paper.runs()["plain", 1].folder / RECORD, rewrite)
    code, problems = verify(results, capsys)
    assert code == 1
    assert any("T1, digits, plain.measured.seeds.1: stored" in problem for problem in problems)


def test_states_beside_a_seal_are_recomputed_where_no_verdicts_are_stored(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (results / "verdicts" / "made_up.json").unlink()
    assert verify(results, capsys) == (0, [])
    kept = results / "seals" / "made_up.judged.json"
    content = json.loads(kept.read_text())
    name, state = next((name, state) for name, state in content["states"].items() if state == "HOLDS")
    content["states"][name] = "REVERSED"
    kept.write_text(json.dumps(content))
    told = f"seals/made_up.judged.json: {name}: stored REVERSED, recomputed {state}"
    assert verify(results, capsys) == (1, [told])


@pytest.mark.parametrize("gone", ["plain", "*"])
def test_a_sealed_verdict_whose_records_are_gone_is_named(
    results: Path, gone: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With all of a paper's records away, too; a single one is named by its run."""
    (results / "verdicts" / "made_up.json").unlink()
    run = paper.runs()["plain", 0]
    shutil.rmtree(results / run.folder)
    told = f"seals/made_up.judged.json: 1 run that sealed verdicts rest on is gone: {run.run_id}"
    assert verify(results, capsys) == (1, [told])
    kept = results / "seals" / "made_up.judged.json"
    edit(kept, lambda states: states["runs"].remove(run.run_id))
    assert verify(results, capsys) == (0, []), "verdicts that were sealed without it"
    for folder in (results / "made_up").glob(gone):
        shutil.rmtree(folder)
    code, problems = verify(results, capsys)
    assert code == 1
    assert "seals/made_up.judged.json: MU-C1: sealed as HOLDS, recomputed NOT RUN" in problems


def test_runs_that_came_after_verdicts_were_sealed_are_told(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (results / "verdicts" / "made_up.json").unlink()
    kept = results / "seals" / "made_up.judged.json"
    edit(kept, lambda states: states.update(runs=states["runs"][1:], evidence_sha256="0" * 64))
    assert main(["verify", str(results)]) == 0
    assert "1 run on made_up has come since its verdicts were sealed" in capsys.readouterr().out
    edit(kept, lambda states: states.update(runs=None))
    assert main(["verify", str(results)]) == 0
    assert "since its verdicts were sealed" not in capsys.readouterr().out, "kept before runs were named"


def test_unreadable_records_misplaced_ones_and_missing_files_are_each_one_line(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = {seed: results / paper.runs()["plain", seed].folder for seed in paper.SEEDS}
    (folders[0] / RECORD).write_text("{")
    (folders[1] / "curves.npz").unlink()
    folders[2].rename(folders[2].with_name("elsewhere"))
    edit(folders[3] / RECORD, lambda record: record["files"].update({"../../x": "0" * 64}))
    code, problems = verify(results, capsys)
    text = "\n".join(problems)
    assert code == 1
    assert f"{paper.runs()['plain', 0].folder}/{RECORD}" in text
    assert f"{paper.runs()['plain', 1].folder}/curves.npz is missing" in text
    assert f"made_up/plain/elsewhere: the record says it is {paper.runs()['plain', 2].folder}" in text
    assert "'../../x' is no name of a file of evidence" in text
    assert str(results) not in text


def test_arrays_that_claim_a_terabyte_are_named_and_not_opened(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = results / paper.runs()["plain", 1].folder
    text = "{'descr': '<f4', 'fortran_order': False, 'shape': (250000000000,), }".ljust(117) + "\n"
    head = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()
    with zipfile.ZipFile(folder / "curves.npz", "w") as target:
        target.writestr("generator_loss.npy", head + bytes(4))
    digest = sha256(folder / "curves.npz")
    edit(folder / RECORD, lambda record: record["files"].update({"curves.npz": digest}))
    code, problems = verify(results, capsys)
    assert code == 1
    assert any("generator_loss.npy says it has 1000000000000 bytes, it has 4" in problem for problem in problems)


def test_rules_changed_after_results_fail_and_are_named(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = tmp_path / "papers"
    changed.mkdir()
    (changed / "made_up.yaml").write_text(paper.TEXT.replace("margin: 3.0", "margin: 6.0"))
    monkeypatch.setenv("GANREPRO_PAPERS", str(changed))
    assert main(["judge", "--results", str(results)]) == 0
    assert "2 rules changed after results were seen" in " ".join(capsys.readouterr().out.split())
    assert main(["report", "--results", str(results)]) == 0
    for name in ("report.md", "index.html", "made_up.html"):
        assert "Rules were changed after results were seen" in (results / "report" / name).read_text()
    assert "What choosing the checkpoint is worth" in (results / "report" / "made_up.html").read_text()
    code, problems = verify(results, capsys)
    assert code == 1
    assert "seal of made_up: tables.T1, digits, plain.margin changed: 3.0 -> 6.0" in problems


def test_damaged_evidence_is_not_packed(results: Path, tmp_path: Path) -> None:
    (results / paper.runs()["plain", 1].folder / "samples.npz").write_bytes(b"x")
    assert main(["pack", "--results", str(results), "-o", str(tmp_path / "p.zip")]) == 1
    assert not (tmp_path / "p.zip").exists()


def keep(results: Path, arrays: dict[str, np.ndarray]) -> None:
    """Other arrays beside one record, every hash renewed."""
    folder = results / paper.runs()["plain", 1].folder
    write_atomic(folder / MEASURED, packed(arrays))
    digest = sha256(folder / MEASURED)
    edit(folder / RECORD, lambda record: record["files"].update({MEASURED: digest}))


def test_scores_are_recomputed_from_what_is_kept_of_them(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Equal covariances: the distance is that of the means, squared."""
    folder = results / paper.runs()["plain", 1].folder
    value = json.loads((folder / RECORD).read_bytes())["scores"]["fid"]["value"]
    for factor, code in ((1.0, 0), (1.0001, 1)):
        keep(results, paper.moments("generated", value * factor, "fid."))
        found, problems = verify(results, capsys)
        assert found == code, problems
        assert any("what is kept of it gives" in problem for problem in problems) == bool(code)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"other.x": np.zeros(1)}, "holds arrays of other, which has no value"),
        ({"other.x": np.zeros(1)}, "fid has a value and nothing is kept that it could be computed from"),
        ({"fid.generated.mean": np.zeros(3)}, "gives no score (KeyError"),
        (paper.moments("generated", 1.0, "fid.") | {"fid.generated.mean": np.zeros(4)}, "do not belong together"),
    ],
)
def test_arrays_that_give_no_score_are_named(
    results: Path, capsys: pytest.CaptureFixture[str], arrays: dict[str, np.ndarray], says: str
) -> None:
    keep(results, arrays)
    code, problems = verify(results, capsys)
    assert code == 1
    assert any(says in problem for problem in problems), problems


def test_a_changed_and_a_missing_reference_are_named(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file,) = (results / SHARED).iterdir()
    content = file.read_bytes()
    file.write_bytes(packed(paper.moments("reference", 1e-4), compressed=False))
    code, problems = verify(results, capsys)
    assert code == 1
    assert f"{paper.runs()['plain', 1].folder}: fid: shared/{file.name} has changed since it was written" in problems
    file.rename(file.with_stem("0" * 64))
    code, problems = verify(results, capsys)
    assert f"shared/{'0' * 64}.npz belongs to no score" in problems
    assert f"{paper.runs()['plain', 1].folder}: fid: shared/{file.name} is missing" in problems
    file.with_stem("0" * 64).unlink()
    file.write_bytes(content)
    assert verify(results, capsys) == (0, [])


# --- sealing by running ---------------------------------------------------------------------------------------------


def test_running_seals_the_rules_before_anything_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def stopped(*_: object) -> None:
        seen.append((tmp_path / "results" / "seals" / "toy.json").is_file())
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "execute", stopped)
    words = ["run", str(ROOT / "tests" / "toy.yaml"), "--tier", "smoke", "--results", str(tmp_path / "results")]
    assert main(words) == 130
    assert seen == [True]
