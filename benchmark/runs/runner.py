"""One run from start to record, and others that share its training. The same call continues what was interrupted."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from filelock import FileLock, Timeout

from benchmark.evaluation import scoring
from benchmark.evaluation.scoring import Measurements
from benchmark.runs.continued import ACCOUNTS, beginnings, candidates, checkpoint_of, end_of, trained
from benchmark.runs.environment import code_hash, describe
from benchmark.runs.files import sha256
from benchmark.runs.pace import PROGRESS, TELL_SECONDS, Progress
from benchmark.runs.plan import Run
from benchmark.runs.records import RECORD, RunRecord, Timing, finished_record, write_record
from benchmark.spec.parts import Data, DataError
from benchmark.training import checkpoint
from benchmark.training.numerics import WARMUP_ITERATIONS, training_in
from benchmark.training.trainer import Diverged, Trainer

#: in a record's environment: how many runs' statistics of other momenta moved along with its training
_MOMENTA = "momenta_beside"


class Interrupted(Exception):
    """The run was asked to stop; its state is saved, the same command continues it."""


class Locked(Exception):
    """Another process trains this run."""


class OneRun:
    """The state of one run between its start and its record.

    ``others`` have the same training and are not longer. Each is measured at its own iterations, as if it were alone,
    and gets a record of its own.
    """

    def __init__(
        self,
        run: Run,
        results: Path,
        data_root: Path,
        device: str,
        *,
        progress: Callable[[int], None] = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
        checkpoint_seconds: float = 60.0,
        others: Sequence[Run] = (),
    ) -> None:
        self.run = run
        self.folder = results / run.folder
        self.data_root = data_root
        self.device = device
        self.progress = progress
        self.stop = stop
        self.checkpoint_seconds = checkpoint_seconds
        self.results = results
        self.measurements = Measurements(run, results, data_root)
        self.seconds = dict.fromkeys(ACCOUNTS, 0.0)
        self.sessions = 0
        self.warm = 0
        self.warmup_iterations = 0
        self.data: Data | None = None
        self.loop: str | None = None
        self.others = [OneRun(other, results, data_root, device) for other in others]
        #: what of the training another run did, which one, and how many others' statistics moved along, which takes
        #: time; goes into the record's environment
        self.by_another: dict[str, str | int] = {}
        self.ended: RunRecord | None = None

    def execute(self) -> RunRecord:
        """Train to the end and write the record; raises :class:`Interrupted` or :class:`Locked`."""
        try:
            with ExitStack() as locks:
                for run in (self, *self.others):
                    run.folder.mkdir(parents=True, exist_ok=True)
                    locks.enter_context(FileLock(run.folder / ".lock").acquire(timeout=0))
                done = finished_record(self.folder)
                if done is not None:
                    return done
                self.others = [other for other in self.others if finished_record(other.folder) is None]
                for run in (self, *self.others):
                    (run.folder / RECORD).unlink(missing_ok=True)  # a failed run is tried again
                    run._clean()
                (self.folder / ".owner").write_text(f"process {os.getpid()} on {platform.node()}")
                try:
                    return self._train()
                except (Interrupted, DataError):
                    raise
                except Exception as error:
                    for run in (self, *self.others):
                        if run.ended is None:
                            run._write_failure(error)
                    raise
        except Timeout:
            owner = self.folder / ".owner"
            who = owner.read_text() if owner.is_file() else "another process"
            raise Locked(f"{self.folder}: {who} is training this run") from None

    def _train(self) -> RunRecord:
        self.data = self.run.setup.dataset.load(self.data_root, self.device)
        self._begin()
        self._resume()
        if self.sessions == 0 and not self.others:  # of the others nothing was measured at the beginning
            self._go_on()
        self.sessions += 1
        try:
            self._segments()
        except Diverged as error:
            for run in self._open():
                run._end("diverged", str(error))
        for run in self._open():
            run._finish()  # where the checkpoint that was continued from is that of the end
        assert self.ended is not None
        return self.ended

    def _begin(self) -> None:
        """Set up everything as before the first iteration."""
        assert self.data is not None
        self.trainer = Trainer(self.run, self.data, self.device, [other.run for other in self.others])
        self.measurements = Measurements(self.run, self.results, self.data_root)
        self.by_another = {_MOMENTA: self.trainer.other_momenta} if self.trainer.other_momenta else {}
        for other in self.others:
            other.data, other.by_another = self.data, {"trained_with": self.run.run_id, **self.by_another}
            other.measurements = Measurements(other.run, other.results, other.data_root)

    def _open(self) -> list[OneRun]:
        """This run and the others that have not ended. They share the times and see the training as it is now."""
        for other in self.others:
            other.trainer = self.trainer.as_seen_by(other.run)
            other.seconds, other.sessions, other.warmup_iterations = self.seconds, self.sessions, self.warmup_iterations
        return [run for run in (self, *self.others) if run.ended is None]

    # --- training in segments between pauses ------------------------------------------------------------------------

    def _segments(self) -> None:
        saved = began = shown = time.monotonic()
        first = self.trainer.iteration

        def tell(iteration: int) -> None:
            nonlocal shown
            if time.monotonic() - shown > TELL_SECONDS:
                shown = time.monotonic()
                far = Progress(iteration=iteration, first=first, seconds=shown - began)
                (self.folder / PROGRESS).write_text(far.model_dump_json())

        def pause_now(iteration: int) -> bool:
            if iteration % 16 == 0 or iteration == target:
                self.progress(iteration)
                tell(iteration)
            return self.stop() or time.monotonic() - saved > self.checkpoint_seconds

        pauses = {run.run.run_id: run.measurements.pauses() for run in self._open()}
        for target in sorted({moment for moments in pauses.values() for moment in moments}):
            while self.trainer.iteration < target:
                self._warm_up(target)
                self._timed("training", target, pause_now)
                if self.stop() and self.trainer.iteration < self.run.iterations:
                    self._save()
                    raise Interrupted(f"{self.folder}: stopped at iteration {self.trainer.iteration}, state saved")
                if time.monotonic() - saved > self.checkpoint_seconds:
                    self._save()
                    saved = time.monotonic()
            for run in self._open():
                if target > run.measurements.until and target in pauses[run.run.run_id]:
                    run._pause(target)
            if not self._open():
                return

    def _pause(self, iteration: int) -> None:
        """Measure what is to be measured now, and finish at the run's end."""
        try:
            with self._evaluating():
                self.measurements.at_pause(self.trainer, iteration)
        except Diverged as error:
            self._end("diverged", str(error))
            return
        self.measurements.until = iteration
        if iteration == self.run.iterations:
            self._finish()

    def _finish(self) -> None:
        try:
            self.trainer.check_parameters()
        except Diverged as error:
            self._end("diverged", str(error))
        else:
            self._save()  # before the record, so that a finished run always has the checkpoint of its end
            self._end("finished", None)

    def _end(self, status: Literal["finished", "diverged"], reason: str | None) -> None:
        self.loop = self.trainer.loop
        with self._evaluating():
            self.measurements.at_end(self.trainer, reason)
        self.ended = self._write(status, reason)

    def _warm_up(self, target: int) -> None:
        """Train the first iterations of a session, which carry allocation and tuning, and time them apart too."""
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

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        """Count the block's time as evaluation, none of it as training."""
        began = time.perf_counter()
        yield
        self.seconds["evaluation"] += time.perf_counter() - began

    # --- state on disk ----------------------------------------------------------------------------------------------

    @property
    def _checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    def _save(self) -> None:
        """Write the trainer's state and what was measured so far as one checkpoint."""
        kept = {
            **self.measurements.facts(),
            "seconds": self.seconds,
            "sessions": self.sessions,
            "warmup_iterations": self.warmup_iterations,
            "threads": torch.get_num_threads(),
            "by_another": self.by_another,
        }
        state = {**self.trainer.state(), "kept": json.dumps(kept), **self.measurements.tensors()}
        state["run_id"] = self.run.run_id
        state["others"] = {
            other.run.run_id: {"kept": json.dumps(other.measurements.facts()), **other.measurements.tensors()}
            for other in self.others
            if other.ended is None
        }
        checkpoint.save(self._checkpoints, self.trainer.iteration, state)

    def _resume(self) -> None:
        """Continue from the newest checkpoint that this run can continue from."""
        for file, state in checkpoint.newest_first(self._checkpoints, self.device, self.run.run_id):
            try:
                self._restore(state)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                checkpoint.set_aside(file, f"cannot be continued from ({error})")
                self._begin()
                continue
            lost = self._last_heartbeat() - self.seconds["training"] - self.seconds["redone"]
            self.seconds["redone"] += max(0.0, lost)
            return

    def _restore(self, state: dict[str, Any]) -> None:
        kept = json.loads(state["kept"])
        self.trainer.restore({**state, "curves": {name: curve.cpu() for name, curve in state["curves"].items()}})
        self.measurements.restore(kept, state)
        begun = state.get("others", {})
        self.others = [other for other in self.others if other.run.run_id in begun]  # of the rest nothing was measured
        for other in self.others:
            along = begun[other.run.run_id]
            other.measurements.restore(json.loads(along["kept"]), along)
        self.seconds, self.sessions = kept["seconds"], kept["sessions"]
        self.warmup_iterations, self.by_another = kept["warmup_iterations"], kept.get("by_another", {})
        if self.device == "cpu":  # sums are split among threads: another number would change the bits
            torch.set_num_threads(kept["threads"])

    def _go_on(self) -> None:
        """Continue from the end of a finished run that is this training or its beginning, if one is sound."""
        assert self.data is not None
        stored = [*candidates(self.run, self.results)]
        whole, begun = trained(self.run, stored, self.device), beginnings(self.run, stored, self.device)
        here = describe(self.device) if whole or begun else {}
        for one in (*whole, *begun):
            try:
                left = checkpoint.read(checkpoint_of(one), self.device, one.record.run_id)
                state = end_of(one, left, self.run, self.data, self.data_root, here)
                if state is not None:
                    self._restore(state if one in begun else self._unmeasured(state))
                    moved = {name: count for name, count in self.by_another.items() if name == _MOMENTA}
                    self.by_another = {"continued_from" if one in begun else "sampled_from": one.record.run_id, **moved}
                    return
            except (KeyError, Diverged, *checkpoint.UNREADABLE):
                self._begin()

    def _unmeasured(self, state: dict[str, Any]) -> dict[str, Any]:
        """The state of a training's end with nothing measured but the untrained networks."""
        self.measurements.at_pause(self.trainer, 0)
        kept = {**json.loads(state["kept"]), **self.measurements.facts(), "measured_until": self.run.iterations - 1}
        kept["seconds"]["evaluation"] = 0.0
        return {**state, "kept": json.dumps(kept), **self.measurements.tensors()}

    def _last_heartbeat(self) -> float:
        try:
            return float((self.folder / ".heartbeat").read_text())
        except (OSError, ValueError):
            return 0.0

    def _clean(self) -> None:
        """Remove temporary files that a killed process left. The lock is held."""
        for folder in (self.folder, self._checkpoints):
            for file in folder.glob(".*.*"):
                if file.is_file():
                    file.unlink()

    def _heartbeat(self) -> None:
        """Note the training time so far, so that a session that is killed leaves a trace of what was lost."""
        (self.folder / ".heartbeat").write_text(f"{self.seconds['training'] + self.seconds['redone']}")

    def _write(self, status: Literal["finished", "diverged"], reason: str | None) -> RunRecord:
        with self._evaluating():
            pictures = self.measurements.pictures(self.trainer)
        files = self.measurements.write(self.folder, pictures, self.trainer.curves())
        record = self._record(status, reason, len(next(iter(self.trainer.curves().values()))), files)
        write_record(self.folder, record)
        for name in (".heartbeat", ".owner", PROGRESS):
            (self.folder / name).unlink(missing_ok=True)
        return record

    def _write_failure(self, error: Exception) -> None:
        """Record that the run failed and why; the same command tries again from the last checkpoint."""
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
        write_record(self.folder, self._record("failed", reason, 0, ()))

    def _record(
        self,
        status: Literal["finished", "diverged", "failed"],
        reason: str | None,
        iterations: int,
        files: Iterable[str],
    ) -> RunRecord:
        run = self.run
        reason = None if reason is None else scoring.anywhere(reason, self.data_root)
        with training_in(run.numerics):  # switches of the record are those of the training
            environment = describe(self.device)
        return RunRecord(
            **run.facts(),
            status=status,
            reason=reason,
            iterations=iterations,
            scores=self.measurements.scores(f"the run {status}: {reason}"),
            timing=Timing(
                **{f"{account}_seconds": seconds for account, seconds in self.seconds.items()},
                warmup_iterations=self.warmup_iterations,
                sessions=self.sessions,
            ),
            hashes={"code": code_hash(run), **({"dataset": self.data.fingerprint} if self.data else {})},
            environment={
                **environment,
                "loop": self.loop,
                **self.by_another,
            },
            files={name: sha256(self.folder / name) for name in files},
        )
