"""Checkpoints under kill, bit rot and hostile content."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from benchmark.training import checkpoint


def state(value: float) -> dict[str, object]:
    return {"run_id": "a run", "iteration": int(value), "weights": torch.full((100,), value)}


def test_the_two_newest_are_kept(tmp_path):
    for iteration in range(5):
        checkpoint.save(tmp_path, iteration, state(iteration))
    assert [file.name for file in checkpoint.checkpoints(tmp_path)] == ["000000003.pt", "000000004.pt"]
    assert len(list(tmp_path.glob("*.sha256"))) == 2
    newest = checkpoint.load_newest(tmp_path, "cpu", "a run")
    assert newest is not None
    assert newest["iteration"] == 4


@pytest.mark.parametrize("bit", [3, 4001, 9000])
def test_a_flipped_bit_is_caught_and_the_one_before_is_used(tmp_path, bit, capsys):
    checkpoint.save(tmp_path, 1, state(1))
    checkpoint.save(tmp_path, 2, state(2))
    newest = checkpoint.checkpoints(tmp_path)[-1]
    content = bytearray(newest.read_bytes())
    content[(bit // 8) % len(content)] ^= 1 << (bit % 8)
    newest.write_bytes(content)
    found = checkpoint.load_newest(tmp_path, "cpu", "a run")
    why = "does not match its SHA-256: set aside, the one before is tried"
    assert capsys.readouterr().err == f"ganrepro: {newest}: {why}\n"
    assert found is not None
    assert found["iteration"] == 1
    assert newest.with_suffix(".damaged").is_file()


def test_a_pickle_in_disguise_runs_nothing(tmp_path, capsys):
    canary = tmp_path / "canary"

    class Payload:
        def __reduce__(self):
            return (Path.touch, (canary,))

    file = tmp_path / "000000007.pt"
    torch.save({"state": Payload()}, file)
    from benchmark.runs.files import sha256

    file.with_suffix(".sha256").write_text(sha256(file))
    assert checkpoint.load_newest(tmp_path, "cpu", "a run") is None
    (told,) = capsys.readouterr().err.splitlines()
    assert told.endswith(": set aside, there is none before it")
    assert not canary.exists()
    with file.with_suffix(".damaged").open("rb") as stream, pytest.raises(pickle.UnpicklingError):
        torch.load(stream, weights_only=True)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (lambda file: checkpoint.save(file.parent, 2, {**state(2), "run_id": "another"}), "belongs to run another"),
        (lambda file: checkpoint.save(file.parent, 2, {"iteration": 2}), "is not a checkpoint of a run"),
        (lambda file: checkpoint.save(file.parent, 2, [1, 2]), "is not a checkpoint of a run"),
        (lambda file: file.with_suffix(".sha256").write_bytes(b"\xff\xfe"), "does not match its SHA-256"),
        (lambda file: file.with_suffix(".sha256").unlink(), "has no SHA-256"),
        (lambda file: file.write_bytes(b""), "does not match its SHA-256"),
    ],
)
def test_what_is_no_checkpoint_of_the_run_never_hides_the_sound_one_before(tmp_path, fault, says, capsys):
    checkpoint.save(tmp_path, 1, state(1))
    checkpoint.save(tmp_path, 2, state(2))
    fault(tmp_path / "000000002.pt")
    newest = checkpoint.load_newest(tmp_path, "cpu", "a run")
    assert says in capsys.readouterr().err
    assert newest is not None
    assert newest["iteration"] == 1


#: begins to write checkpoints into every folder that it is told, in a process of its own each: torch is imported once
_WRITER = r"""
import os, sys
from pathlib import Path
import torch
from benchmark.training import checkpoint

def write(folder):
    for iteration in range(10**6):
        state = {"run_id": "a run", "iteration": iteration, "weights": torch.full((200_000,), float(iteration))}
        checkpoint.save(folder, iteration, state)
        os.write(1, b"%d\n" % iteration)  # lines of two processes never mix

for line in sys.stdin:
    writer = os.fork()
    if writer == 0:
        write(Path(line.strip()))
    os.write(1, b"writer %d\n" % writer)
    _, status = os.waitpid(writer, 0)
    os.write(1, b"ended %d\n" % os.WTERMSIG(status))
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_a_sound_checkpoint(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as writers:
        assert writers.stdin is not None
        assert writers.stdout is not None
        for attempt in range(6):
            folder = tmp_path / str(attempt)
            print(folder, file=writers.stdin, flush=True)
            told = [writers.stdout.readline() for _ in range(4)]
            (writer,) = (int(line.split()[1]) for line in told if line.startswith("writer"))
            assert sum(line.strip().isdigit() for line in told) == 3
            time.sleep(0.003 * attempt)
            os.kill(writer, signal.SIGKILL)
            assert f"ended {signal.SIGKILL:d}\n" in iter(writers.stdout.readline, "")
            found = checkpoint.load_newest(folder, "cpu", "a run")
            assert found is not None
            assert bool((found["weights"] == found["iteration"]).all())
        writers.stdin.close()
    assert writers.returncode == 0
