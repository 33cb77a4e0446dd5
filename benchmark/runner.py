"""One run from start to record: train, sample, score, write. The same call continues a run that was interrupted.

``samples.npz`` holds: ``iterations`` (s,), ``samples`` (s, n, *shape) uint8 images or float32 points from one fixed
noise, ``real`` (n, *shape), where asked for ``value_surface`` (s, p, p) raw outputs with ``extent``, and of images what
``training.neighbours`` finds near the first of the last samples.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from filelock import FileLock, Timeout

from benchmark import scoring, store
from benchmark.environment import describe, source_hash
from benchmark.plan import Run
from benchmark.spec.parts import Data, DataError, MetricError
from benchmark.store import RunRecord, ScoreRecord, Timing
from benchmark.training import checkpoint
from benchmark.training.neighbours import nearest_training_examples
from benchmark.training.subject import TrainedSubject, value_surface
from benchmark.training.trainer import Diverged, Trainer

WARMUP_ITERATIONS = 20
#: generated images that are shown beside training images, and how many beside each
_LOOKED_UP, _NEIGHBOURS = 8, 5


class Interrupted(Exception):
    """The run was asked to stop; its state is saved, the same command continues it."""


class Locked(Exception):
    """Another process trains this run."""


def prepare(numerics: str, threads: int | None) -> None:
    """Set what a numerics tier means for this process: ``exact`` deterministic, ``fp32`` fused; TF32 off in both."""
    if threads is not None:
        torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = numerics != "exact"
    torch.use_deterministic_algorithms(numerics == "exact")


class OneRun:
    """The state of one run between its start and its record."""

    def __init__(
        self,
        run: Run,
        results: Path,
        data_root: Path,
        device: str,
        *,
        progress: Callable[[int, float], None] = lambda _iteration, _seconds: None,
        stop: Callable[[], bool] = lambda: False,
        checkpoint_seconds: float = 60.0,
    ) -> None:
        self.run = run
        self.results = results
        self.folder = results / run.folder
        self.data_root = data_root
        self.device = device
        self.progress = progress
        self.stop = stop
        self.checkpoint_seconds = checkpoint_seconds
        self.series: dict[str, list[tuple[int, float]]] = {name: [] for name in run.setup.scores}
        self.measured: dict[str, ScoreRecord] = {}
        self.snapshots: dict[str, list[np.ndarray]] = {"samples": [], "value_surface": []}
        self.kept: dict[str, np.ndarray] = {}
        #: score: iteration of its best evaluation so far; and the weights of those iterations
        self.best: dict[str, int] = {}
        self.best_weights: dict[int, dict[str, Any]] = {}
        self.snapshot_iterations: list[int] = []
        self.measured_until = -1
        self.seconds = dict.fromkeys(("training", "processor", "evaluation", "redone", "warmup"), 0.0)
        self.sessions = 0
        self.warm = 0
        self.warmup_iterations = 0
        self.data: Data | None = None
        self.loop: str | None = None

    def execute(self) -> RunRecord:
        """Train to the end and write the record; raises :class:`Interrupted` or :class:`Locked`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / ".lock")
        try:
            with lock.acquire(timeout=0):
                done = store.finished_record(self.folder)
                if done is not None:
                    return done
                (self.folder / store.RECORD).unlink(missing_ok=True)  # a failed run is tried again
                (self.folder / ".owner").write_text(f"process {os.getpid()} on {platform.node()}")
                try:
                    return self._train()
                except (Interrupted, DataError):
                    raise
                except Exception as error:
                    self._write_failure(error)
                    raise
        except Timeout:
            owner = self.folder / ".owner"
            who = owner.read_text() if owner.is_file() else "another process"
            raise Locked(f"{self.folder}: {who} is training this run") from None

    def _train(self) -> RunRecord:
        self.data = self.run.setup.dataset.load(self.data_root, self.device)
        self.trainer = Trainer(self.run, self.data, self.device)
        self._resume()
        self.sessions += 1
        status: Literal["finished", "diverged"] = "finished"
        reason = None
        try:
            self._segments()
            self.trainer.check_parameters()
        except Diverged as error:
            status, reason = "diverged", str(error)
        self.loop = self.trainer.loop
        self._final_scores(reason)
        return self._write(status, reason)

    # --- training in segments between pauses ------------------------------------------------------------------------

    def _pauses(self) -> list[int]:
        """Iterations at which training pauses to measure or to keep samples, ascending; the last is the end."""
        setup = self.run.setup
        pauses = {0, self.run.iterations, *self.run.moments(setup.snapshots.every)}
        for score in setup.scores.values():
            pauses.update(self.run.moments(score.every))
        return sorted(pauses)

    def _segments(self) -> None:
        saved = time.monotonic()

        def pause_now(iteration: int) -> bool:
            if iteration % 16 == 0 or iteration == target:
                self.progress(iteration, self.seconds["training"])
            return self.stop() or time.monotonic() - saved > self.checkpoint_seconds

        for target in self._pauses():
            while self.trainer.iteration < target:
                self._warm_up(target)
                self._timed("training", target, pause_now)
                if self.stop() and self.trainer.iteration < self.run.iterations:
                    self._save()
                    raise Interrupted(f"{self.folder}: stopped at iteration {self.trainer.iteration}, state saved")
                if time.monotonic() - saved > self.checkpoint_seconds:
                    self._save()
                    saved = time.monotonic()
            if target > self.measured_until:
                self._measure(target)
                self.measured_until = target

    def _warm_up(self, target: int) -> None:
        """The first iterations of a session carry allocation and tuning: timed apart as well."""
        if self.warm < WARMUP_ITERATIONS:
            until = min(target, self.trainer.iteration + WARMUP_ITERATIONS - self.warm)
            before, seconds = self.trainer.iteration, self.seconds["training"]
            self._timed("training", until, lambda _: self.stop())
            self.warm += self.trainer.iteration - before
            self.warmup_iterations += self.trainer.iteration - before
            self.seconds["warmup"] += self.seconds["training"] - seconds

    def _timed(self, account: str, until: int, stop: Callable[[int], bool]) -> None:
        self.trainer.wait()
        began, worked = time.perf_counter(), time.process_time()
        try:
            self.trainer.advance(until, stop)
        finally:
            self.trainer.wait()
            self.seconds[account] += time.perf_counter() - began
            self.seconds["processor"] += time.process_time() - worked
            self._heartbeat()

    # --- measuring --------------------------------------------------------------------------------------------------

    def _subject(self) -> TrainedSubject:
        return TrainedSubject(self.trainer, self.data_root)

    def _measure(self, iteration: int) -> None:
        """Snapshots and recurring scores at one pause."""
        began = time.perf_counter()
        setup, subject = self.run.setup, self._subject()
        with torch.random.fork_rng():
            if iteration == 0 or iteration in self.run.moments(setup.snapshots.every):
                self._snapshot(subject, iteration)
            for name, score in setup.scores.items():
                if score.every is not None and iteration in self.run.moments(score.every):
                    self._score(name, subject)
        self.seconds["evaluation"] += time.perf_counter() - began

    def _snapshot(self, subject: TrainedSubject, iteration: int) -> None:
        snapshots = self.run.setup.snapshots
        try:
            samples = subject.fixed_samples(snapshots.samples)
        except MetricError as error:
            raise Diverged(f"iteration {iteration}: {error}") from error
        self.snapshots["samples"].append(samples)
        surface = snapshots.value_surface
        if surface is not None:
            self.snapshots["value_surface"].append(
                value_surface(subject, surface.network, surface.extent, surface.points)
            )
        self.snapshot_iterations.append(iteration)

    def _score(self, name: str, subject: TrainedSubject) -> None:
        """Measure one score; keep it as the last one, or as the best one where the spec asks for that."""
        score = self.run.setup.scores[name]
        kept = scoring.Kept()
        new = scoring.measure(score, self.run.setup, subject, self.trainer.iteration, kept)
        if new.value is not None:
            self._keep_if_best(name, new.value)
            self.series[name].append((self.trainer.iteration, new.value))
        if scoring.better(score, new, self.measured.get(name)):
            shared = store.keep_shared(self.results, kept.shared) if kept.shared else None
            self.measured[name] = new.model_copy(update={"shared": shared})
            self.kept = {key: value for key, value in self.kept.items() if not key.startswith(f"{name}.")}
            self.kept |= {f"{name}.{key}": value for key, value in kept.arrays.items()}

    def _keep_if_best(self, name: str, value: float) -> None:
        """Keep the weights of a recurring score's best evaluation, so that it can be scored again."""
        score = self.run.setup.scores[name]
        if score.every is None or score.metric.direction not in ("lower", "higher"):
            return
        so_far = [known for _, known in self.series[name]]
        if so_far and not scoring.improves(score.metric, value, so_far):
            return
        self.best[name] = self.trainer.iteration
        if self.trainer.iteration not in self.best_weights:
            self.best_weights[self.trainer.iteration] = self.trainer.weights()
        self.best_weights = {at: kept for at, kept in self.best_weights.items() if at in self.best.values()}

    def _has_value(self, name: str) -> bool:
        return self.measured[name].value is not None

    def _final_scores(self, diverged: str | None) -> None:
        """Measure what is measured once, at the end; a run that diverged has no last score."""
        began = time.perf_counter()
        subject = None if diverged else self._subject()
        for name, score in self.run.setup.scores.items():
            if subject is not None and score.every is None:
                with torch.random.fork_rng():
                    self._score(name, subject)
            elif diverged and (score.checkpoint == "last" or name not in self.measured):
                self.measured[name] = scoring.unmeasured(score, f"the run diverged: {diverged}")
        self.seconds["evaluation"] += time.perf_counter() - began

    # --- state on disk ----------------------------------------------------------------------------------------------

    @property
    def _checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    def _save(self) -> None:
        """Write the trainer's state and what was measured so far as one checkpoint."""
        state = self.trainer.state()
        kept = {
            "series": self.series,
            "measured": {name: score.model_dump(mode="json") for name, score in self.measured.items()},
            "seconds": self.seconds,
            "sessions": self.sessions,
            "warmup_iterations": self.warmup_iterations,
            "snapshot_iterations": self.snapshot_iterations,
            "measured_until": self.measured_until,
        }
        state["kept"] = json.dumps(kept)
        state["snapshots"] = {
            key: torch.from_numpy(np.stack(values)) for key, values in self.snapshots.items() if values
        }
        state["arrays"] = {name: torch.from_numpy(value) for name, value in self.kept.items()}
        state["best"], state["best_weights"] = self.best, self.best_weights
        checkpoint.save(self._checkpoints, self.trainer.iteration, state)

    def _resume(self) -> None:
        state = checkpoint.load_newest(self._checkpoints, self.device)
        if state is None:
            return
        kept = json.loads(state["kept"])
        self.trainer.restore({**state, "curves": {name: curve.cpu() for name, curve in state["curves"].items()}})
        self.series = {name: [(step, value) for step, value in pairs] for name, pairs in kept["series"].items()}
        self.measured = {name: ScoreRecord.model_validate(score) for name, score in kept["measured"].items()}
        self.snapshot_iterations, self.measured_until = kept["snapshot_iterations"], kept["measured_until"]
        self.snapshots = {
            key: list(state["snapshots"][key].cpu().numpy()) if key in state["snapshots"] else []
            for key in self.snapshots
        }
        self.kept = {name: value.cpu().numpy() for name, value in state["arrays"].items()}
        self.best, self.best_weights = state["best"], state["best_weights"]
        self.seconds, self.sessions = kept["seconds"], kept["sessions"]
        self.warmup_iterations = kept["warmup_iterations"]
        heartbeat = self.folder / ".heartbeat"
        if heartbeat.is_file():
            lost = float(heartbeat.read_text() or 0) - self.seconds["training"] - self.seconds["redone"]
            self.seconds["redone"] += max(0.0, lost)

    def _heartbeat(self) -> None:
        """Note the training time so far, so that a session that is killed leaves a trace of what was lost."""
        (self.folder / ".heartbeat").write_text(f"{self.seconds['training'] + self.seconds['redone']}")

    def _write(self, status: Literal["finished", "diverged"], reason: str | None) -> RunRecord:
        began, subject = time.perf_counter(), self._subject()
        arrays: dict[str, np.ndarray] = {
            "iterations": np.array(self.snapshot_iterations, dtype=np.int64),
            "real": subject.reals(min(self.run.setup.snapshots.samples, self.trainer.data.count or 2**31)),
        }
        arrays |= {key: np.stack(values) for key, values in self.snapshots.items() if values}
        if self.run.setup.dataset.kind == "images" and self.trainer.data.count is not None and "samples" in arrays:
            arrays |= nearest_training_examples(subject, arrays["samples"][-1][:_LOOKED_UP], _NEIGHBOURS)
        self.seconds["evaluation"] += time.perf_counter() - began
        surface = self.run.setup.snapshots.value_surface
        if surface is not None:
            arrays["extent"] = np.array(surface.extent)
        store.write_atomic(self.folder / store.SAMPLES, store.packed(arrays))
        store.write_atomic(self.folder / store.CURVES, store.packed(self.trainer.curves()))
        for name, pairs in self.series.items():
            self.measured[name] = self.measured[name].model_copy(update={"series": pairs})
        files = [store.CURVES, store.SAMPLES]
        kept = {key: value for key, value in self.kept.items() if self._has_value(key.partition(".")[0])}
        if kept:
            store.write_atomic(self.folder / store.MEASURED, store.packed(kept, compressed=False))
            files.append(store.MEASURED)
        record = self._record(status, reason, len(next(iter(self.trainer.curves().values()))), files)
        store.write_record(self.folder, record)
        ended = {**self.trainer.state(), "best": self.best, "best_weights": self.best_weights}
        checkpoint.save(self._checkpoints, self.trainer.iteration, ended)
        for name in (".heartbeat", ".owner"):
            (self.folder / name).unlink(missing_ok=True)
        return record

    def _write_failure(self, error: Exception) -> None:
        """Record that the run failed and why; the same command tries again from the last checkpoint."""
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
        store.write_record(self.folder, self._record("failed", reason, 0, ()))

    def _record(
        self,
        status: Literal["finished", "diverged", "failed"],
        reason: str | None,
        iterations: int,
        files: Iterable[str],
    ) -> RunRecord:
        run, setup = self.run, self.run.setup
        reason = None if reason is None else scoring.anywhere(reason, self.data_root)
        missing = {
            name: scoring.unmeasured(score, f"the run {status}: {reason}") for name, score in setup.scores.items()
        }
        return RunRecord(
            schema_version=1,
            run_id=run.run_id,
            paper=run.paper,
            experiment=run.experiment,
            tier=run.tier,
            seed=run.seed,
            numerics=run.numerics,
            status=status,
            reason=reason,
            determinant=run.determinant(),
            iterations=iterations,
            planned_iterations=run.iterations,
            iterations_per_epoch=run.iterations_per_epoch,
            scores={**missing, **self.measured},
            timing=Timing(
                training_seconds=self.seconds["training"],
                processor_seconds=self.seconds["processor"],
                evaluation_seconds=self.seconds["evaluation"],
                redone_seconds=self.seconds["redone"],
                warmup_seconds=self.seconds["warmup"],
                warmup_iterations=self.warmup_iterations,
                sessions=self.sessions,
            ),
            hashes={"code": code_hash(run), **({"dataset": self.data.fingerprint} if self.data else {})},
            environment={**describe(self.device), "loop": self.loop},
            files={name: store.sha256(self.folder / name) for name in files},
        )


def code_hash(run: Run) -> str:
    """SHA-256 over the source of the trainer, of all metrics and of every part that ``run`` uses."""
    setup, system = run.setup, run.system
    parts: list[Any] = [setup.dataset, *(score.metric for score in setup.scores.values())]
    for player in system.players.values():
        parts += [*player.minimise, *player.penalties, player.optimizer]
    for network in run.networks.values():
        parts += network.layers
        for laws in network.initialise.values():
            parts += [law for law in (laws.weight, laws.bias) if law is not None]
    modules = {type(part).__module__ for part in parts} | {__name__, scoring.__name__}
    shared = ("benchmark.training.", "benchmark.metrics.", "benchmark.extractors.", "benchmark.datasets.images.")
    modules |= {name for name in sys.modules if name.startswith(shared)}
    return source_hash(modules)
