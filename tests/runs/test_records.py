"""Records on disk: whole, immutable, and caught when touched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmark.runs.files import StoreError, keep_shared, packed, read_arrays, sha256, to_json, write_atomic
from benchmark.runs.integrity import damage, edited
from benchmark.runs.records import (
    CURVES,
    RECORD,
    SAMPLES,
    Origin,
    RunRecord,
    ScoreRecord,
    Stored,
    Timing,
    device_of,
    finished_record,
    read_record,
    read_records,
    write_record,
)


def record(**changes) -> RunRecord:
    facts = {
        "schema_version": 1,
        "run_id": "0" * 16,
        "paper": "p",
        "experiment": "e",
        "tier": "smoke",
        "seed": 0,
        "numerics": "fp32",
        "status": "finished",
        "reason": None,
        "determinant": {},
        "iterations": 3,
        "planned_iterations": 3,
        "iterations_per_epoch": None,
        "scores": {},
        "timing": Timing(
            training_seconds=1.0,
            evaluation_seconds=0.0,
            redone_seconds=0.0,
            warmup_seconds=0.0,
            warmup_iterations=0,
            sessions=1,
        ),
        "hashes": {},
        "environment": {},
        "files": {},
    }
    return RunRecord(**{**facts, **changes})


def stored(folder: Path) -> Stored:
    write_atomic(folder / CURVES, packed({"loss": np.arange(3, dtype=np.float32)}))
    one = record(files={CURVES: sha256(folder / CURVES)})
    write_record(folder, one)
    return Stored(one, folder)


def test_a_record_comes_back_as_it_was(tmp_path):
    folder = tmp_path / "p" / "e" / "0"
    one = stored(folder)
    (found,) = read_records(tmp_path)
    assert found == one
    assert found.curves()["loss"].tolist() == [0, 1, 2]
    assert damage(found) == []


def test_a_record_is_never_replaced(tmp_path):
    stored(tmp_path)
    with pytest.raises(StoreError, match="immutable"):
        write_record(tmp_path, record(seed=1))


@pytest.mark.parametrize("fault", ["edit", "remove"])
def test_a_touched_file_is_damage(tmp_path, fault):
    one = stored(tmp_path)
    file = tmp_path / CURVES
    if fault == "remove":
        file.unlink()
    else:
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
    (problem,) = damage(one)
    assert CURVES in problem


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"schema_version": 2}, "schema_version"),
        ({"status": "great"}, "status"),
        ({"seed": "1"}, "seed"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_record_that_is_not_one_is_named(tmp_path, fault, says):
    file = tmp_path / RECORD
    file.write_text(json.dumps({**record().model_dump(mode="json"), **fault}))
    with pytest.raises(StoreError, match=says) as caught:
        read_record(file)
    assert str(file) in str(caught.value)


def test_a_rate_is_that_of_the_iterations_after_the_warm_up():
    timing = record().timing.model_copy(
        update={"training_seconds": 10.0, "warmup_seconds": 2.0, "warmup_iterations": 20}
    )
    assert timing.rate(100) == 0.1
    assert timing.rate(21) == 8
    assert timing.rate(20) is None
    assert timing.rate(5) is None


def test_the_value_at_the_end_is_the_last_of_a_series():
    score = ScoreRecord(metric="modes_found", value=8.0, checkpoint="best", series=[(5, 3.0), (10, 8.0), (15, 6.0)])
    assert score.at_end() == 6
    assert score.model_copy(update={"series": []}).at_end() == 8


def test_of_a_metric_that_is_unknown_nothing_is_claimed():
    known = ScoreRecord(metric="modes_found", value=8.0, checkpoint="last")
    assert (known.label != "modes_found", known.direction, known.proxy) == (True, "higher", False)
    unknown = ScoreRecord(metric="beauty", value=8.0, checkpoint="last")
    assert (unknown.label, unknown.direction, unknown.proxy) == ("beauty", "none", True)


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"gpu": {"name": "H200"}, "processor": "Xeon"}, "H200"),
        ({"gpu": None, "processor": "Xeon", "device": "cpu"}, "Xeon"),
        ({"gpu": {"name": ""}, "device": "cpu"}, "cpu"),
        ({"gpu": {"memory": 3}, "processor": 7}, "not recorded"),
        ({}, "not recorded"),
    ],
)
def test_a_device_is_called_what_its_environment_calls_it(environment, name):
    assert device_of(environment) == name


@pytest.mark.parametrize(("status", "ended"), [("finished", True), ("diverged", True), ("failed", False)])
def test_a_run_that_failed_has_no_finished_record(tmp_path, status, ended):
    assert finished_record(tmp_path) is None
    one = record(status=status)
    write_record(tmp_path, one)
    assert finished_record(tmp_path) == (one if ended else None)


def test_the_beginning_of_a_run_has_the_beginning_of_its_curves(tmp_path):
    one = stored(tmp_path)
    assert Stored(one.record, tmp_path, until=2).curves()["loss"].tolist() == [0, 1]


@pytest.mark.parametrize("curve", [np.zeros((2, 2), np.float32), np.arange(3)])
def test_a_curve_is_a_row_of_floats(tmp_path, curve):
    write_atomic(tmp_path / CURVES, packed({"loss": curve}))
    with pytest.raises(StoreError, match="'loss' is no row of floats"):
        Stored(record(), tmp_path).curves()


@pytest.mark.parametrize(
    ("fault", "says"), [("no hash", "is missing"), ("other hash", "has changed"), ("other record", "has changed")]
)
def test_a_record_and_its_hash_belong_together(tmp_path, fault, says):
    one = stored(tmp_path)
    if fault == "no hash":
        (tmp_path / "record.sha256").unlink()
    elif fault == "other hash":
        (tmp_path / "record.sha256").write_text("0" * 64 + "  record.json\n")
    else:
        (tmp_path / RECORD).write_bytes((tmp_path / RECORD).read_bytes() + b" ")
    (problem,) = damage(one)
    assert problem.startswith(str(tmp_path / "record"))
    assert says in problem


@pytest.mark.parametrize("name", [RECORD, "record.sha256", CURVES])
def test_a_link_is_not_what_was_written(tmp_path, name):
    one = stored(tmp_path / "run")
    (tmp_path / "run" / name).rename(tmp_path / name)
    (tmp_path / "run" / name).symlink_to(tmp_path / name)
    (problem,) = damage(one)
    assert problem.startswith(str(tmp_path / "run" / name))
    assert edited(one) == (None if name == CURVES else problem)


def test_what_never_was_on_disk_has_not_been_edited(tmp_path):
    assert edited(Stored(record(), tmp_path)) is None
    assert damage(Stored(record(files={CURVES: "0" * 64}), tmp_path)) == [f"{tmp_path / CURVES} is missing"]


def test_what_runs_share_lies_once_under_the_name_of_its_content(tmp_path):
    digests = [keep_shared(tmp_path, {"mean": np.full(3, value)}) for value in (1.0, 1.0, 2.0)]
    files = sorted((tmp_path / "shared").iterdir())
    assert sorted({f"{digest}.npz" for digest in digests}) == [file.name for file in files]
    assert [sha256(file) for file in files] == [file.stem for file in files]
    assert digests[0] == digests[1] != digests[2]
    assert read_arrays(tmp_path / "shared" / f"{digests[2]}.npz")["mean"].tolist() == [2, 2, 2]


def test_samples_come_back_as_they_were(tmp_path):
    one = stored(tmp_path)
    assert one.samples() == {}
    write_atomic(tmp_path / SAMPLES, packed({"real": np.arange(4, dtype=np.uint8)}))
    assert one.samples()["real"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("word", ["who", "code", "commit"])
def test_whose_evidence_it_is_takes_at_least_a_letter(word):
    facts = {"kind": "reported", "who": "A", "code": "B", "commit": "C", "unchecked": []}
    assert Origin(**facts).model_dump() == facts
    with pytest.raises(ValueError, match=word):
        Origin(**{**facts, word: ""})


def test_committed_records_would_be_written_as_they_were():
    files = sorted((Path(__file__).parents[2] / "results" / "reference").glob("*/*/*/*/record.json"))
    assert files
    for file in files:
        assert to_json(json.loads(file.read_bytes())) == file.read_bytes()


def test_not_a_number_cannot_be_written(tmp_path):
    with pytest.raises(ValueError, match=r"not JSON compliant|Out of range"):
        to_json({"value": float("nan")})


def test_pickled_arrays_are_refused(tmp_path):
    file = tmp_path / CURVES
    np.savez(file, loss=np.array([{"a": 1}], dtype=object))
    with pytest.raises(StoreError, match="only a pickle could read"):
        read_arrays(file)


_WRITER = """from benchmark.runs.files import write_atomic

import sys
from pathlib import Path
file = Path(sys.argv[1])
for number in range(10**6):
    write_atomic(file, bytes([number % 256]) * 300_000)
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_kill_never_leaves_half_a_file(tmp_path):
    for attempt in range(8):
        file = tmp_path / f"{attempt}"
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(file)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert writer.stdout is not None
        for _ in range(2 + attempt):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        content = file.read_bytes()
        assert len(content) == 300_000
        assert len(set(content)) == 1


def test_a_full_disk_keeps_the_old_file(tmp_path):
    """New content that does not fit (a limit on file size stands for the disk) leaves the old file as it was."""
    file = tmp_path / "record.json"
    file.write_bytes(b"old")
    code = (
        "import resource, signal, sys; from pathlib import Path; from benchmark.runs.files import write_atomic\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write_atomic(Path(sys.argv[1]), b'n' * 5000)\n"
        "except OSError as error: sys.exit(0 if error.errno == 27 else 1)\n"
        "sys.exit(2)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert done.returncode == 0
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
