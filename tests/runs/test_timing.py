"""What counts as training time: the clock is made up, and everything takes a time of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.evaluation import scoring
from benchmark.runs import runner
from benchmark.runs.plan import make_run
from benchmark.runs.runner import Interrupted, OneRun
from benchmark.training import checkpoint
from benchmark.training.numerics import prepare
from benchmark.training.subject import TrainedSubject
from benchmark.training.trainer import Trainer
from tests.specs import load

TOY = Path(__file__).parents[1] / "toy.yaml"
ITERATION, FIRST, SCORE, PICTURE, SAVE, LOAD = 1.0, 7.0, 1e3, 1e4, 1e5, 1e6


class Clock:
    """A clock that only moves when told; a device works behind it until somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.queued = 0.0

    def perf_counter(self) -> float:
        return self.now

    monotonic = perf_counter

    def process_time(self) -> float:
        return self.now / 2

    def takes(self, seconds: float, function: Callable) -> Callable:
        def slow(*given, **named):
            self.now += seconds
            return function(*given, **named)

        return slow


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    iterate = Trainer._iterate

    def queue(trainer: Trainer) -> None:
        made.queued += FIRST if trainer.iteration == 0 else ITERATION
        iterate(trainer)

    def wait(_trainer: Trainer) -> None:
        made.now += made.queued
        made.queued = 0.0

    monkeypatch.setattr(runner, "time", made)
    monkeypatch.setattr(Trainer, "_iterate", queue)
    monkeypatch.setattr(Trainer, "wait", wait)
    monkeypatch.setattr(scoring, "measure", made.takes(SCORE, scoring.measure))
    monkeypatch.setattr(TrainedSubject, "fixed_samples", made.takes(PICTURE, TrainedSubject.fixed_samples))
    monkeypatch.setattr(checkpoint, "save", made.takes(SAVE, checkpoint.save))
    return made


def execute(results: Path, clock: Clock, **settings):
    run = make_run(load(TOY).spec, "toy_reconstruction", "smoke", 0, "fp32")
    dataset = run.setup.dataset
    prepare(run.numerics, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(dataset), "load", clock.takes(LOAD, type(dataset).load))
        return OneRun(run, results, Path("no-data-needed"), "cpu", **settings).execute()


def test_training_alone_counts(tmp_path, clock):
    """60 iterations of 1 s, the first of 7 s; 2 scores at 2 moments, 3 pictures; a checkpoint whenever there may be."""
    record = execute(tmp_path, clock, checkpoint_seconds=5.0)
    timing = record.timing
    assert timing.training_seconds == 59 * ITERATION + FIRST
    assert timing.evaluation_seconds == 4 * SCORE + 3 * PICTURE
    assert (timing.warmup_seconds, timing.warmup_iterations) == (19 * ITERATION + FIRST, 20)
    assert timing.rate(record.iterations) == ITERATION
    assert timing.redone_seconds == 0
    assert timing.processor_seconds == timing.training_seconds / 2
    assert clock.now > LOAD + SAVE, "the rest did take its time"


def test_what_a_session_repeats_is_apart(tmp_path, clock, monkeypatch):
    """Killed at iteration 50 with a checkpoint of 30: the 20 lost iterations are redone work, not training."""
    saved = checkpoint.save

    def save_or_die(folder, iteration, state):
        if iteration > 30:
            raise KeyboardInterrupt
        saved(folder, iteration, state)

    calls = iter(range(1000))
    monkeypatch.setattr(checkpoint, "save", save_or_die)
    with pytest.raises(Interrupted):
        execute(tmp_path, clock, stop=lambda: next(calls) >= 29)
    with pytest.raises(KeyboardInterrupt):
        execute(tmp_path, clock, stop=lambda: next(calls) >= 50)
    monkeypatch.setattr(checkpoint, "save", saved)
    record = execute(tmp_path, clock)
    timing = record.timing
    assert timing.redone_seconds > 0
    assert timing.training_seconds == 59 * ITERATION + FIRST
    assert timing.sessions == 2, "the session that was killed left no count"
    assert timing.warmup_iterations == 40, "each session that counts warms up"
    assert timing.rate(record.iterations) == ITERATION
