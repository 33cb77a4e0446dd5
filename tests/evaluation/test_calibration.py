"""What a device does: the arithmetic of the clock, and ratios within one process."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.evaluation.calibration import best_seconds, calibrate, loop_speed, stand_in
from benchmark.runs import sidecars
from benchmark.runs.plan import make_run
from benchmark.runs.sidecars import Calibration
from tests.specs import load

ROOT = Path(__file__).parents[2]


def toy_run():
    return make_run(load(ROOT / "tests" / "toy.yaml").spec, "toy_minimax", "smoke", 0, "fp32")


def test_the_best_try_counts_and_short_work_is_repeated():
    """Work of 1 ms under a clock that is sometimes late: the least is 1 ms, and each try takes 50 ms at least."""
    now, calls = [0.0], [0]

    def work() -> None:
        calls[0] += 1
        now[0] += 0.001 if calls[0] % 7 else 0.002

    seconds = best_seconds(work, "cpu", lambda: now[0])
    assert 0.001 <= seconds < 0.0013
    assert calls[0] >= 5 * 50


@pytest.fixture(scope="module")
def found() -> Calibration:
    return calibrate("cpu")


def test_rates_agree_with_a_plain_measurement(found):
    """The matrix product's rate against one timed here, within a factor: the machine may be busy."""
    first, second = torch.randn(2, 512, 512)
    rate = 2 * 512**3 / best_seconds(lambda: first @ second, "cpu") / 1e9
    assert rate / 4 < found.matrix_product_gflops < rate * 4
    assert found.convolution_gflops > found.matrix_product_gflops / 20
    assert found.launch_microseconds < found.tiny_step_microseconds
    assert found.environment["flags"]["tf32_matmul"] is False


def test_the_loops_by_turns(found, tmp_path):
    run = toy_run()
    loop = loop_speed(run, "cpu", seconds=0.5, rounds=3)
    low, high = loop.ratio_range
    assert 0 < low <= loop.ratio <= high
    assert loop.full_run_seconds == pytest.approx(loop.tuned_seconds_per_iteration * run.iterations)
    file = sidecars.keep_calibration(tmp_path, found.model_copy(update={"loops": {"toy/a": loop}}))
    sidecars.keep_calibration(tmp_path, found.model_copy(update={"loops": {"toy/b": loop}}))
    (kept,) = sidecars.read(tmp_path).calibrations
    assert set(kept.loops) == {"toy/a", "toy/b"}
    assert file.parent.name == "calibration"
    other = found.model_copy(update={"threads": found.threads + 1})
    sidecars.keep_calibration(tmp_path, other)
    assert sidecars.read(tmp_path).calibrations[0].loops == {}, "another number of threads is another device"


def test_full_runs_can_be_timed_without_their_data():
    run = make_run(load(ROOT / "papers" / "gan_dcgan_mnist.yaml").spec, "gan", "full", 0, "fp32")
    data = stand_in(run, "cpu")
    assert (data.count, data.shape) == (60_000, run.setup.dataset.example_shape())
    images = data.examples(torch.tensor([0, 59_999]))
    assert images.shape == (2, *data.shape)
    assert float(images.min()) >= -1
    assert float(images.max()) <= 1
