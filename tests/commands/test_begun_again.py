"""``verify --replay``: which runs are begun again, how far, and why others are not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.cli import main
from benchmark.runs.files import sha256, to_json
from benchmark.runs.records import CURVES, RECORD, write_record_hash

TOY = str(Path(__file__).parents[1] / "toy.yaml")
RUN = ["run", TOY, "-e", "toy_minimax", "--tier", "smoke", "--seeds", "0,1", "--device", "cpu", "-j", "1"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seed 0, which is planned, and seed 1, which is not; each in two numerics tiers."""
    results = tmp_path_factory.mktemp("trained")
    for numerics in ("fp32", "bf16"):
        assert main([*RUN, "--results", str(results), "--numerics", numerics, "--no-report"]) == 0
    return results


def told(results: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["verify", str(results), TOY, *words])
    return code, capsys.readouterr().out


def test_every_seed_and_tier_is_begun_again(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twelve iterations of two runs, and the five of two others that bf16 lets one compare."""
    code, text = told(trained, capsys, "--replay", "12")
    assert code == 0
    assert "4 runs begun again for 34 iterations in all" in text
    assert text.count("the spec plans no such run (another seed, or it has changed since), so it judges nothing") == 1


def changed(results: Path, to: Path, change: Callable[[dict[str, Any], Path], object]) -> Path:
    """A copy with one record rewritten and sealed again."""
    shutil.copytree(results, to)
    file = next(iter(sorted(to.glob(f"toy/*/*/{RECORD}"))))
    record = json.loads(file.read_text())
    change(record, file.parent)
    record["files"][CURVES] = sha256(file.parent / CURVES)
    content = to_json(record)
    file.write_bytes(content)
    write_record_hash(file.parent, content)
    return to


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (lambda record, _: record["environment"].update(device="tpu:0"), 0, "it was trained on 'tpu', there is none"),
        (lambda _, folder: np.savez(folder / CURVES, loss=np.zeros((3, 2), "f4")), 1, "'loss' is no row of floats"),
        (lambda _, folder: np.savez(folder / CURVES), 1, f"{CURVES} holds 0 iterations"),
    ],
    ids=["device", "shape", "empty"],
)
def test_one_odd_record_stops_nothing(
    trained: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[dict[str, Any], Path], object],
    code: int,
    says: str,
) -> None:
    found, text = told(changed(trained, tmp_path / "copy", change), capsys, "--replay", "2")
    assert found == code
    assert says in text
    assert "not begun again: " in text
    assert "3 runs begun again for 6 iterations in all" in text


def test_verdicts_of_another_tier_are_not_held_against_the_records(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(trained, tmp_path / "copy")
    assert main(["judge", TOY, "--results", str(tmp_path / "copy")]) == 0
    assert told(tmp_path / "copy", capsys)[0] == 0
    code, text = told(tmp_path / "copy", capsys, "--numerics", "bf16")
    assert code == 1
    assert [line for line in text.splitlines() if line.startswith("MISMATCH")] == [
        "MISMATCH verdicts/toy.json: they are of fp32, asked was bf16: not compared"
    ]
    pack = tmp_path / "pack.zip"
    assert main(["pack", TOY, "--results", str(trained), "-o", str(pack)]) == 0
    assert main(["verify", str(pack), "--numerics", "bf16"]) == 2
    assert main(["verify", str(pack), TOY]) == 2
