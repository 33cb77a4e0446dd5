"""The engine of one machine: lanes that outlive their processes, and each GPU to lanes of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmark.commands.devices import visible_gpus
from benchmark.runs.engines.execute import execute
from benchmark.runs.engines.job import Job, Outcome
from benchmark.runs.engines.local import Lane, Local
from benchmark.runs.plan import make_run
from benchmark.runs.records import read_records
from tests.specs import load

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "toy.yaml"


@dataclass
class Killing:
    """A display that kills the first worker that says anything."""

    killed: int | None = None
    ended_runs: list[str] = field(default_factory=list)

    def advanced(self, run_id: str, iteration: int) -> None:
        if self.killed is None:
            process = multiprocessing.active_children()[0]
            self.killed = process.pid
            process.kill()

    def busy(self, run_id: str, told: str) -> None:
        pass

    def ended(self, run_id: str, outcome: Outcome) -> None:
        self.ended_runs.append(run_id)


def jobs(place: Path, seeds: int, file: Path = TOY) -> list[Job]:
    spec = load(file).spec
    runs = [make_run(spec, "toy_minimax", "smoke", seed, "fp32") for seed in range(seeds)]
    return [Job.of(run, file, place, place / "data", "cpu") for run in runs]


def test_a_worker_that_is_killed_costs_its_own_run_and_no_other(tmp_path: Path) -> None:
    """As the system does where memory runs out; the others go on, and those that wait begin all the same."""
    asked, display = jobs(tmp_path, 4), Killing()
    ending = execute(asked, Local(2), display)  # type: ignore[arg-type]
    assert display.killed is not None
    (lost,) = [one for one in ending.outcomes if one.status != "finished"]
    assert (lost.status, lost.reason) == ("failed", "its worker process died (killed, or out of memory)")
    assert sorted(display.ended_runs) == sorted(job.run_id for job in asked)
    assert {one.record.run_id for one in read_records(tmp_path)} == {job.run_id for job in asked} - {lost.run_id}
    assert not multiprocessing.active_children()


#: trains two runs that last for hours until it is killed
_PARENT = """
import sys
from dataclasses import replace
from pathlib import Path
from benchmark.runs.engines.progress import Display
from benchmark.runs.engines.execute import execute
from benchmark.runs.engines.local import Local
from tests.runs.test_engine import jobs
if __name__ == "__main__":
    todo = jobs(Path(sys.argv[1]), 2, Path(sys.argv[2]))
    execute(todo, Local(2), Display({job.run_id: (job.experiment, 10**6) for job in todo}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_a_parent_that_dies_takes_its_workers_along_after_they_saved(tmp_path: Path, number: signal.Signals) -> None:
    spec = tmp_path / "long.yaml"
    spec.write_text(TOY.read_text().replace("budget: {iterations: 60}", "budget: {iterations: 1000000}"))
    script, results = tmp_path / "parent.py", tmp_path / "results"
    script.write_text(_PARENT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    parent = subprocess.Popen([sys.executable, script, results, spec], env=environment, stderr=subprocess.DEVNULL)
    until(lambda: len(list(results.glob("*/*/*/.heartbeat"))) == 2)
    workers = children(parent.pid)
    assert len(workers) >= 2
    time.sleep(0.5)
    parent.send_signal(number)
    parent.wait(60)
    until(lambda: not any(Path(f"/proc/{worker}/status").exists() for worker in workers))
    assert len(list(results.glob("*/*/*/checkpoints/*.pt"))) == 2, "both saved their state"


def until(done: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)


def children(parent: int) -> list[int]:
    tasks = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(word) for file in tasks for word in file.read_text().split()]


def test_two_that_share_a_plan_train_each_run_once_and_both_end_well(tmp_path: Path) -> None:
    asked = jobs(tmp_path, 3)
    command = [sys.executable, "-m", "benchmark", "run", str(TOY), "--tier", "smoke", "-e", "toy_minimax"]
    command += ["--seeds", "0-2", "--results", str(tmp_path), "--no-report", "--device", "cpu"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    both = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=200)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    records = list(read_records(tmp_path))
    assert sorted(one.record.run_id for one in records) == sorted(job.run_id for job in asked)
    assert all(one.record.timing.sessions == 1 for one in records)


def test_a_process_that_dies_between_two_runs_costs_none() -> None:
    lane = Lane(None)
    try:
        first = lane.submit(os.getpid).result(60)
        os.kill(first, signal.SIGKILL)
        for process in multiprocessing.active_children():
            process.join(60)
        time.sleep(0.5)  # until the pool knows
        assert lane.submit(os.getpid).result(60) != first
    finally:
        lane.close()


def test_each_lane_sees_its_own_gpu() -> None:
    lanes = [Lane("3"), Lane("GPU-ab"), Lane(None)]
    try:
        seen = [lane.submit(os.getenv, "CUDA_VISIBLE_DEVICES", "every one").result(60) for lane in lanes]
    finally:
        for lane in lanes:
            lane.close()
    assert seen == ["3", "GPU-ab", os.environ.get("CUDA_VISIBLE_DEVICES", "every one")]


@pytest.mark.parametrize(
    ("device", "named", "count", "expected"),
    [
        ("cuda", None, 3, ["0", "1", "2"]),
        ("cuda", "4,6", 2, ["4", "6"]),
        ("cuda", " GPU-a , GPU-b ", 2, ["GPU-a", "GPU-b"]),
        ("cuda", "", 2, ["0", "1"]),
        ("cuda", None, 1, []),
        ("cuda", "4", 1, []),
        ("cuda:1", None, 3, []),
        ("cpu", None, 3, []),
    ],
)
def test_runs_are_spread_over_the_gpus_that_may_be_used(
    device: str, named: str | None, count: int, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    if named is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert visible_gpus(device) == expected
