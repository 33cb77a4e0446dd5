"""The engine of one machine: lanes that outlive their processes, and each GPU to lanes of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmark.commands.devices import visible_gpus
from benchmark.runs.engines.job import Job, Outcome
from benchmark.runs.engines.serial import Lane, execute
from benchmark.runs.plan import make_run
from benchmark.runs.records import read_records
from tests.specs import load

TOY = Path(__file__).parents[1] / "toy.yaml"


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


def jobs(place: Path, seeds: int) -> list[Job]:
    spec = load(TOY).spec
    runs = [make_run(spec, "toy_minimax", "smoke", seed, "fp32") for seed in range(seeds)]
    return [
        Job(TOY, run.experiment, run.tier, run.seed, run.numerics, run.run_id, place, place / "data", "cpu", 1)
        for run in runs
    ]


def test_a_worker_that_is_killed_costs_its_own_run_and_no_other(tmp_path: Path) -> None:
    """As the system does where memory runs out; the others go on, and those that wait begin all the same."""
    asked, display = jobs(tmp_path, 4), Killing()
    ending = execute(asked, 2, display)  # type: ignore[arg-type]
    assert display.killed is not None
    (lost,) = [one for one in ending.outcomes if one.status != "finished"]
    assert (lost.status, lost.reason) == ("failed", "its worker process died (killed, or out of memory)")
    assert sorted(display.ended_runs) == sorted(job.run_id for job in asked)
    assert {one.record.run_id for one in read_records(tmp_path)} == {job.run_id for job in asked} - {lost.run_id}
    assert not multiprocessing.active_children()


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
