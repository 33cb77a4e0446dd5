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

from benchmark.runs.files import StoreError, packed, read_arrays, sha256, to_json, write_atomic
from benchmark.runs.integrity import damage
from benchmark.runs.records import CURVES, RECORD, RunRecord, Stored, Timing, read_record, read_records, write_record


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
