"""What a device does, and how the training loop fares on it against the textbook one.

Rates are of fp32 with TF32 off. Each is the best of a few tries, since disturbances only lower it. Two loops are timed
by turns on one device, and only their ratio is compared.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch
from torch import nn

from benchmark.evaluation.textbook import Textbook
from benchmark.parts.datasets.images.resident import ResidentImages
from benchmark.runs.environment import describe
from benchmark.runs.plan import Run
from benchmark.runs.records import device_of
from benchmark.runs.sidecars import Calibration, LoopSpeed, pace_of
from benchmark.spec.levels import Range
from benchmark.spec.parts import Data
from benchmark.training.numerics import WARMUP_ITERATIONS, prepare, training_in
from benchmark.training.trainer import Trainer

_TRIES = 5
#: least time of one try
_TRY_SECONDS = 0.05
#: (matrix side, images of the convolution, megabytes copied) that fill a processor and a GPU
_CPU_SIZES = (1024, 32, 64)
_GPU_SIZES = (8192, 256, 1024)
#: the convolution: channels in and out, side of the images and of the kernel
_CHANNELS, _SIDE, _KERNEL = 128, 16, 5
#: pictures that stand in for a dataset's when only time matters
_PICTURES = 2048


def calibrate(device: str) -> Calibration:
    """Measure a device's rates; takes seconds."""
    prepare("fp32", None)
    side, images, megabytes = _GPU_SIZES if device.startswith("cuda") else _CPU_SIZES
    environment = describe(device)
    gpu = environment["gpu"]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        product = _matrix_product(device, side)
        convolution = _convolution(device, images)
        copy = _copy(device, megabytes)
        launch, step = _launch(device), _tiny_step(device)
    return Calibration(
        schema_version=1,
        device=device_of(environment),
        threads=torch.get_num_threads(),
        matrix_product_gflops=product,
        convolution_gflops=convolution,
        copy_gigabytes_per_second=copy,
        launch_microseconds=launch,
        tiny_step_microseconds=step,
        other_processes=None if gpu is None else gpu["other_processes"],
        load_average=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        environment=environment,
    )


def waited(device: str) -> None:
    """Wait until the device has done all that was asked."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def _timed(work: Callable[[], object], device: str, clock: Callable[[], float]) -> float:
    waited(device)
    began = clock()
    work()
    waited(device)
    return clock() - began


def best_seconds(work: Callable[[], object], device: str, clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of one call of ``work``: the least over several tries, each repeated until it takes long enough."""
    work()
    repeats = 1

    def repeated() -> None:
        for _ in range(repeats):
            work()

    while _timed(repeated, device, clock) < _TRY_SECONDS and repeats < 2**20:
        repeats *= 2
    return min(_timed(repeated, device, clock) for _ in range(_TRIES)) / repeats


def _matrix_product(device: str, side: int) -> float:
    first, second = torch.randn(2, side, side, device=device)
    out = torch.empty(side, side, device=device)
    return 2 * side**3 / best_seconds(lambda: torch.mm(first, second, out=out), device) / 1e9


def _convolution(device: str, images: int) -> float:
    layer = nn.Conv2d(_CHANNELS, _CHANNELS, _KERNEL, padding=_KERNEL // 2, bias=False, device=device)
    layer = layer.to(memory_format=torch.channels_last).requires_grad_(False)
    value = torch.randn(images, _CHANNELS, _SIDE, _SIDE, device=device).to(memory_format=torch.channels_last)
    operations = 2 * images * _SIDE**2 * (_CHANNELS * _KERNEL) ** 2
    return operations / best_seconds(lambda: layer(value), device) / 1e9


def _copy(device: str, megabytes: int) -> float:
    """Bytes read and written per second."""
    source = torch.zeros(megabytes * 2**20, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * source.numel() / best_seconds(lambda: target.copy_(source), device) / 1e9


def _launch(device: str) -> float:
    number = torch.zeros(1, device=device)
    return best_seconds(lambda: number.add_(1.0), device) * 1e6


def _tiny_step(device: str) -> float:
    network = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1)).to(device)
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    value = torch.randn(8, 4, device=device)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        network(value).mean().backward()
        optimizer.step()

    return best_seconds(step, device) * 1e6


class _Pictures(ResidentImages):
    """A few random pictures given out as if they were a whole dataset: time depends on sizes alone."""

    def __init__(self, run: Run, device: str, value_range: Range) -> None:
        random = torch.Generator().manual_seed(0)
        shape = (_PICTURES, *run.setup.dataset.example_shape())
        images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)
        super().__init__(images, device, value_range=value_range)
        self.count = run.setup.dataset.example_count()

    def _picked(self, indices: torch.Tensor) -> torch.Tensor:
        return self.images.index_select(0, indices % _PICTURES)


def stand_in(run: Run, device: str) -> Data:
    """Made-up data of the run's sizes, on which time depends alone. Endless data are drawn as they are."""
    value_range = run.setup.dataset.image_range()
    if value_range is not None:
        return _Pictures(run, device, value_range)
    return run.setup.dataset.load(Path(), device)


_textbook: Textbook | None = None


def _begin_textbook(run: Run, device: str, threads: int) -> None:
    global _textbook
    torch.set_num_threads(threads)
    _textbook = Textbook(run, stand_in(run, device), device)


def _go_on(iterations: int) -> float:
    """Seconds of an iteration of this process's textbook loop."""
    assert _textbook is not None
    with training_in("fp32"):
        return _seconds(_textbook.advance, iterations, _textbook.device)


def _seconds(advance: Callable[[int], object], iterations: int, device: str) -> float:
    """Mean seconds of an iteration. On a CPU it is processor time, which other processes disturb less."""
    clock = time.perf_counter if device.startswith("cuda") else time.process_time
    return _timed(lambda: advance(iterations), device, clock) / iterations


def loop_speed(run: Run, device: str, *, seconds: float, rounds: int) -> LoopSpeed:
    """Time the run's loop and the textbook one by turns, for about ``seconds`` in all; the warm-up is left out.

    The textbook has a process of its own, because what memory costs is a process's: see ``keep_memory``.
    """
    prepare(run.numerics, None)
    trainer = Trainer(run, stand_in(run, device), device)
    threads = (run, device, torch.get_num_threads())
    with ProcessPoolExecutor(1, get_context("spawn"), _begin_textbook, threads) as elsewhere:

        def tuned(iterations: int) -> float:
            return _seconds(lambda more: trainer.advance(trainer.iteration + more, lambda _: False), iterations, device)

        def textbook(iterations: int) -> float:
            return elsewhere.submit(_go_on, iterations).result()

        loops = {"tuned": tuned, "textbook": textbook}
        for loop in loops.values():
            loop(WARMUP_ITERATIONS)
        iterations = max(2, round(seconds / (rounds * sum(loop(WARMUP_ITERATIONS) for loop in loops.values()))))
        times: dict[str, list[float]] = {name: [] for name in loops}
        for turn in range(rounds):
            for name in loops if turn % 2 == 0 else reversed(loops):
                times[name].append(loops[name](iterations))
    ratios = [slow / fast for slow, fast in zip(times["textbook"], times["tuned"], strict=True)]
    pace = statistics.median(times["tuned"])
    return LoopSpeed(
        tier=run.tier,
        numerics=run.numerics,
        pace=pace_of(run.determinant()),
        iterations=iterations,
        tuned_seconds_per_iteration=pace,
        textbook_seconds_per_iteration=statistics.median(times["textbook"]),
        ratio=statistics.median(ratios),
        ratio_range=[min(ratios), max(ratios)],
        rounds=rounds,
        full_run_seconds=pace * run.iterations,
    )
