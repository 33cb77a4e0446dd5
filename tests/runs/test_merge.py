"""Results folders of two machines in one: copied whole, refused where they contradict each other."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from benchmark.cli import main
from benchmark.runs.merge import carry_out, plan_merge
from benchmark.runs.records import CURVES, RECORD, RECORD_HASH, read_record, read_records, write_record_hash

REFERENCE = Path(__file__).parents[2] / "results" / "reference" / "default-job"


@pytest.fixture
def halves(tmp_path: Path) -> tuple[Path, Path]:
    """The committed evidence as two machines would hold it: every other run here, the rest there."""
    both = tmp_path / "a", tmp_path / "b"
    for number, half in enumerate(both):
        shutil.copytree(REFERENCE, half)
        for stored in list(read_records(half))[number::2]:
            shutil.rmtree(stored.folder)
    return both


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name != ".lock"
    }


def edit(file: Path, path: tuple[str, ...], value: object) -> None:
    """Change a record and vouch for it again."""
    facts = json.loads(file.read_text())
    place = facts
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    file.write_text(json.dumps(facts))
    write_record_hash(file.parent, file.read_bytes())


def edit_seal(file: Path, key: str, value: str) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), key: value}))


def test_two_halves_give_the_whole_and_merging_again_changes_nothing(
    halves: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = tmp_path / "all"
    call = ["merge", *map(str, halves), "--into", str(into)]
    assert main(call) == 0
    whole = tree(into)
    expected = {name: content for name, content in tree(REFERENCE).items() if name in whole}
    assert whole == expected
    assert {one.record.run_id for one in read_records(into)} == {one.record.run_id for one in read_records(REFERENCE)}
    assert {name.split("/")[0] for name in whole} == {file.name for file in REFERENCE.iterdir() if file.is_dir()}
    assert main(call) == 0
    assert "0 runs copied" in capsys.readouterr().out
    assert tree(into) == whole


def test_what_is_damaged_or_contradicts_is_refused_before_anything_is_copied(
    halves: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = halves
    stored = next(iter(read_records(second)))
    shutil.copytree(stored.folder, first / stored.folder.relative_to(second))
    file = first / stored.folder.relative_to(second) / RECORD
    into = tmp_path / "all"
    call = ["merge", str(first), str(second), "--into", str(into)]
    edit(file, ("timing", "training_seconds"), 1.5)
    assert main(call) == 0, "trained on two machines, with equal results"
    assert read_record(into / stored.folder.relative_to(second) / RECORD).timing.training_seconds == 1.5
    shutil.rmtree(into)
    name = next(name for name, score in stored.record.scores.items() if score.value is not None)
    edit(file, ("scores", name, "value"), 0.125)
    assert main(call) == 1
    assert "tell different results of one run" in capsys.readouterr().err
    assert not into.exists()
    file.write_text(file.read_text() + " ")
    assert main(call) == 1
    assert "has changed since it was written" in capsys.readouterr().err
    (file.parent / RECORD_HASH).unlink()
    assert main(call) == 1
    assert "is missing" in capsys.readouterr().err
    assert not into.exists()


def test_of_equal_seals_the_older_stays_and_others_and_moments_that_changed_are_refused(
    halves: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = halves
    call = ["merge", str(first), str(second), "--into", str(tmp_path / "all")]
    seal = first / "seals" / "gan_rl.json"
    edit_seal(seal, "sealed_at", "2001-01-01T00:00:00+00:00")
    for order in ((first, second), (second, first)):
        assert main(["merge", *map(str, order), "--into", str(tmp_path / "all")]) == 0
        assert (tmp_path / "all" / "seals" / "gan_rl.json").read_bytes() == seal.read_bytes(), "the older one"
        shutil.rmtree(tmp_path / "all")
    edit_seal(seal, "sha256", "0" * 64)
    assert main(call) == 1
    assert "seal different rules" in capsys.readouterr().err
    shutil.copy(second / "seals" / seal.name, seal)
    moments = next((second / "shared").iterdir())
    moments.write_bytes(moments.read_bytes() + b" ")
    assert main(call) == 1
    assert "missing or damaged" in capsys.readouterr().err
    assert not (tmp_path / "all").exists()


def test_of_two_files_beside_the_records_the_first_is_kept_and_both_are_named(
    halves: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = halves
    into = tmp_path / "all"
    call = ["merge", str(first), str(second), "--into", str(into)]

    def merged(folder: str, here: dict[str, object], there: dict[str, object]) -> tuple[int, list[str]]:
        for half, facts in ((first, here), (second, there)):
            (half / folder).mkdir(exist_ok=True)
            (half / folder / "one.json").write_text(json.dumps(facts))
        code = main(call)
        assert json.loads((into / folder / "one.json").read_text()) == here
        shutil.rmtree(into)
        return code, capsys.readouterr().err.splitlines()

    for folder in ("equivalence", "protocols", "anchors"):
        code, (line,) = merged(folder, {"share": 0.1, "says": "a"}, {"share": 0.2, "says": "a"})
        names = [str(half / folder / "one.json") for half in halves]
        assert (code, line) == (1, f"{names[0]} is kept, {names[1]} is not copied: they differ in share")
        assert merged(folder, {"says": "a", "seconds": 1.0}, {"says": "a", "seconds": 2.0}) == (0, [])
    code, (line,) = merged("calibration", {"loops": {"a": 1}}, {"loops": {"b": 1}})
    assert code == 0, "two measurements of a pace do not contradict each other"
    assert line.endswith("they differ in loops")


def test_a_run_that_ends_there_meanwhile_stays_whole(halves: tuple[Path, Path], tmp_path: Path) -> None:
    first, _ = halves
    into = tmp_path / "all"
    planned = plan_merge([first], into)
    stored = next(iter(read_records(first)))
    mine = into / stored.folder.relative_to(first)
    shutil.copytree(stored.folder, mine)
    (mine / CURVES).write_bytes(b"other")
    edit(mine / RECORD, ("files", CURVES), hashlib.sha256(b"other").hexdigest())
    before = tree(mine)
    carry_out(planned, into)
    assert tree(mine) == before
    assert len(list(read_records(into))) == len(list(read_records(first)))


def test_a_run_that_is_trained_there_is_left_alone(
    halves: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = halves
    into = tmp_path / "all"
    stored = list(read_records(first))[-1]
    mine = into / stored.folder.relative_to(first)
    mine.mkdir(parents=True)
    with FileLock(mine / ".lock"):
        assert main(["merge", str(first), "--into", str(into)]) != 0
    assert "this run is being trained" in capsys.readouterr().err
    assert tree(mine) == {}
    assert main(["merge", str(first), "--into", str(into)]) == 0


def test_a_record_brings_no_file_from_elsewhere(
    halves: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = halves
    (tmp_path / "other").write_text("of nobody's business")
    stored = next(iter(read_records(first)))
    name = "../../../../other"
    edit(stored.folder / RECORD, ("files", name), hashlib.sha256((tmp_path / "other").read_bytes()).hexdigest())
    into = tmp_path / "place" / "all"
    assert main(["merge", str(first), "--into", str(into)]) == 1
    assert f"'{name}' is no name of a file of evidence" in capsys.readouterr().err
    assert not (into.parent / "other").exists()


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["merge", str(tmp_path / "gone"), "--into", str(tmp_path)]) == 2
    assert main(["merge", str(tmp_path), "--into", str(tmp_path)]) == 2
    assert main(["merge", str(tmp_path), "--into", str(tmp_path / "all")]) == 5
    (tmp_path / "file").touch()
    assert main(["merge", str(tmp_path), "--into", str(tmp_path / "file")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 4
