"""Whatever is typed or placed: an exit code and lines, no traceback, no hang, nothing created."""

from __future__ import annotations

import json
import os
import random
import signal
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import numpy as np
import pytest

from benchmark.cli import main
from benchmark.judging.selftest import paper
from benchmark.judging.selftest.faults import honest
from benchmark.runs.files import sha256, write_atomic
from benchmark.runs.records import CURVES, MEASURED, RECORD, SAMPLES, write_record_hash

ROOT = Path(__file__).parents[2]
CODES = {0, 1, 2, 5, 74}
_READERS = ("list", "validate", "audit", "plan", "status", "judge", "why", "compare", "verify", "sample", "data")
_WORDS = (
    *(
        paper.PAPER,
        paper.PAPER,
        "made_upp",
        "nowhere",
        "",
        "-",
        "--",
        "../..",
        "/",
        "\0",
        "\udcff",
        "ä",
        "x" * 5000,
        "-1",
        "1e400",
        "NaN",
    ),
    *("--tier", "full", "smoke", "-e", "*", "[", "--seeds", "0-99999999999", "0-", "-3", "3-1", "1,1", "--json"),
    *("--results", "--data-root", "--table", "--claim", "C1", "--numerics", "exact", "--reading", "all", "a+b"),
    *("verify", "mnist", "mnist:none", "PIPE", "FOLDER", "FILE", "--format", "csv", "--todo", "--details"),
)


@contextmanager
def within(seconds: int) -> Iterator[None]:
    def late(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"still busy after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def call(*words: str) -> int:
    """The exit code; argparse leaves by SystemExit, and anything else that is raised fails the test."""
    with within(60):
        try:
            return main(list(words))
        except SystemExit as left:
            return int(str(left.code))


def test_any_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / f"{paper.PAPER}.yaml").write_text(paper.TEXT)
    places = {"PIPE": tmp_path / "pipe.yaml", "FOLDER": tmp_path / "folder.yaml", "FILE": tmp_path / "file.yaml"}
    os.mkfifo(places["PIPE"])
    places["FOLDER"].mkdir()
    places["FILE"].write_bytes(b"\xff\0schema_version: 1")
    monkeypatch.chdir(tmp_path)
    for name in ("PAPERS", "RESULTS", "DATA"):
        monkeypatch.setenv(f"GANREPRO_{name}", str(tmp_path / name.lower()))
    before = sorted(tmp_path.rglob("*"))
    draw = random.Random(12)
    for _ in range(120):
        words = [draw.choice(_WORDS) for _ in range(draw.randint(0, 4))]
        words = [str(places.get(word, word)) for word in (draw.choice(_READERS), *words)]
        code = call(*words)
        assert code in CODES, words
        shown = capfd.readouterr()
        assert "Traceback" not in shown.err, words
        assert code in (0, 1) or shown.err, words
    assert sorted(tmp_path.rglob("*")) == before


# --- results folders ------------------------------------------------------------------------------------------------


def _npz(arrays: dict[str, np.ndarray]) -> Callable[[Path], None]:
    def place(file: Path) -> None:
        with file.open("wb") as stream:
            np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]

    return place


def _claims_too_much(file: Path) -> None:
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }"
    header = header.ljust(117) + "\n"
    with zipfile.ZipFile(file, "w") as archive:
        content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
        archive.writestr("generator_loss.npy", content)


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _link(file: Path) -> None:
    target = file.with_name("elsewhere")
    file.rename(target)
    file.symlink_to(target)


def _bytes(content: bytes) -> Callable[[Path], None]:
    def place(file: Path) -> None:
        file.write_bytes(content)

    return place


#: what lies in a file's place, run by run; the last four runs are left in peace
_IN_RECORDS: list[tuple[str, Callable[[Path], None]]] = [
    *((RECORD, place) for place in (_pipe, _folder, _link, _bytes(b""), _bytes(b"[1]"), _bytes(b"[" * 100_000))),
]
_IN_ARRAYS: list[tuple[str, Callable[[Path], None]]] = [
    (CURVES, _pipe),
    (CURVES, _link),
    (CURVES, _claims_too_much),
    (CURVES, _npz({"generator_loss": np.array(1.0)})),
    (CURVES, _npz({"generator_loss": np.zeros((40, 2), np.float32)})),
    (CURVES, _npz({"generator_loss": np.array(["a"] * 40)})),
    (CURVES, _npz({"generator_loss": np.zeros(80_000_000, np.float32)})),
    (MEASURED, _claims_too_much),
    (SAMPLES, _folder),
    (SAMPLES, _bytes(b"\xff\0{")),
]


@pytest.mark.parametrize("placed", [_IN_RECORDS, _IN_ARRAYS], ids=["records", "arrays"])
def test_anything_in_a_files_place_is_named_and_the_rest_is_judged(
    placed: list[tuple[str, Callable[[Path], None]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Arrays have their hash in the record renewed, so that nothing but their form speaks against them."""
    results, spec = tmp_path / "results", tmp_path / f"{paper.PAPER}.yaml"
    honest(results)
    spec.write_text(paper.TEXT)
    runs = list(paper.runs().values())
    for run, (name, place) in zip(runs, placed, strict=False):
        folder = results / run.folder
        place(folder / name)
        if name != RECORD and (folder / name).is_file():
            facts = json.loads((folder / RECORD).read_bytes())
            facts["files"][name] = sha256(folder / name)
            write_atomic(folder / RECORD, json.dumps(facts).encode())
            write_record_hash(folder, (folder / RECORD).read_bytes())
    monkeypatch.setenv("COLUMNS", "1000")
    assert call("judge", str(spec), "--results", str(results), "--details") == 0
    judged = capsys.readouterr().out
    assert call("verify", str(results), str(spec)) == 1
    verified = capsys.readouterr().out
    for run, (name, _) in zip(runs, placed, strict=False):
        told = f"{run.folder}"
        assert any(told in line and name in line for line in verified.splitlines()), (name, run.folder)
        if name in (RECORD, CURVES):
            assert any(told in line and name in line for line in judged.splitlines()), (name, run.folder)
    sound = {run.folder for run in runs[len(placed) :]}
    assert not [line for line in verified.splitlines() for folder in sound if folder in line]


def test_a_report_that_was_touched_is_written_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results, spec = tmp_path / "results", tmp_path / f"{paper.PAPER}.yaml"
    honest(results)
    spec.write_text(paper.TEXT)
    command = ("report", str(spec), "--results", str(results), "--format", "markdown")
    _pipe(results / paper.runs()["plain", 1].folder / RECORD)
    assert call(*command) == 0
    told = capsys.readouterr().out
    for name, content in (("inputs.json", b"[1]"), ("summary.txt", b"REPRODUCED"), ("inputs.json", b"\xff{")):
        (results / "report" / name).write_bytes(content)
        assert call(*command) == 0
        assert capsys.readouterr().out == told


# --- specs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("{iterations: 40}", "{iterations: 1000000000000}", "must be at most 1000000000"),
        ("{iterations: 40}", "{epochs: 1.0e+300}", "must be at most 1000000000"),
        ("{iterations: 40}", "{iterations: 900000000}", "times in the budget"),
        (f"id: {paper.PAPER}", "id: shared", "a folder of every results folder"),
        (f"id: {paper.PAPER}", "id: verdicts", "a folder of every results folder"),
    ],
)
def test_what_no_machine_could_do_is_refused_at_once(
    old: str, new: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in paper.TEXT
    file = tmp_path / "big.yaml"
    file.write_text(paper.TEXT.replace(old, new))
    for command in (["validate", str(file)], ["plan", str(file), "--tier", "full"]):
        with within(20):
            assert call(*command) == 2
        shown = capsys.readouterr()
        assert says in shown.err + shown.out
