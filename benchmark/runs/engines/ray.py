"""Ray as an engine: a job is a task, Ray chooses the machine and begins it again where a worker or a node is lost."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from benchmark.runs.engines.execute import EngineError, last_line
from benchmark.runs.engines.job import Job, Outcome, perform
from benchmark.runs.engines.place import code
from benchmark.runs.engines.progress import Display

#: bytes of the store that tasks share; ours pass nothing but names
_STORE_BYTES = 80 << 20
_REACH_SECONDS = 5.0
_ANSWER_SECONDS = 30.0
#: what an HTTP/2 client says first, with empty settings (RFC 9113, section 3.4): gRPC, which Ray speaks, sends its own
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
_PROBE_SECONDS = 120.0


class Preempted(Exception):
    """A job was stopped, and saved, by a signal that did not come from here: Ray is to begin it again."""


def _work(job: Job) -> Outcome:
    outcome = perform(job)
    if outcome.status == "interrupted" and outcome.signal != signal.SIGINT:  # as which Ray tells a task to stop
        raise Preempted(outcome.reason)
    return outcome


def _probe() -> Callable[..., str | None]:
    """A function that Ray sends as code, so that it can say that the package is missing."""

    def probe(same_code: str, token: str, pickled: bytes) -> str | None:
        import pathlib
        import pickle

        try:
            from benchmark.runs.engines.place import problem
        except ImportError as error:
            return f"it has no {error.name}: pip install 'ganrepro[ray,train]' there"
        return problem(same_code, pathlib.Path(token), pickle.loads(pickled))

    return probe


class Ray:
    """A cluster at ``address``, or one of this machine's own with ``at_once`` processors that ends with it."""

    def __init__(self, address: str | None, retries: int, at_once: int | None = None) -> None:
        for name, value in (
            ("RAY_USAGE_STATS_ENABLED", "0"),
            ("RAY_task_oom_retries", str(retries)),  # Ray would begin a run that is too large for ever
            ("RAY_worker_niceness", "0"),  # its 15 stands still beside any other work
        ):
            os.environ.setdefault(name, value)
        import ray

        self._ray: Any = ray
        self._retries = retries
        self._own: str | None = None
        self._jobs: dict[Any, Job] = {}
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "CRITICAL"}
        if address is None:
            self._own = tempfile.mkdtemp(prefix="ray-")
            quiet |= {"num_cpus": at_once, "include_dashboard": False, "object_store_memory": _STORE_BYTES}
            quiet |= {"_temp_dir": self._own}
        else:
            _reach(address)
        try:
            ray.init(address=address or "local", **quiet)
        except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            self.close()
            same = "" if address is None else "; a token, where it asks for one, must be the same as on its nodes"
            raise EngineError(f"no Ray cluster at {address or 'this machine'}: {last_line(error)}{same}") from error

    def check(self, jobs: Sequence[Job]) -> int:
        """The number of nodes; :class:`EngineError` where one of them cannot work, or none has what a job needs."""
        nodes = [node for node in self._ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) > 0]
        for job in jobs:
            wants = _wants(job)
            if not any(_fits(wants, node["Resources"]) for node in nodes):
                text = " and ".join(f"{_amount(name, value)}" for name, value in wants.items())
                raise EngineError(f"no node of the cluster has {text} for {job.experiment}")
        kinds = {(job.spec, job.experiment, job.reading): job for job in jobs}
        results = jobs[0].results
        results.mkdir(parents=True, exist_ok=True)
        probe = self._ray.remote(_probe())
        with tempfile.NamedTemporaryFile(dir=results, prefix=".shared-") as token:
            probes = {
                probe.options(num_cpus=0, scheduling_strategy=_only(node["NodeID"])).remote(
                    code(), token.name, pickle.dumps(list(kinds.values()))
                ): node
                for node in nodes
            }
            for answer, node in probes.items():
                try:
                    trouble = self._ray.get(answer, timeout=_PROBE_SECONDS)
                except self._ray.exceptions.RayError as error:
                    trouble = last_line(error)
                if trouble is not None:
                    raise EngineError(f"node {node['NodeManagerHostname']} ({node['NodeManagerAddress']}): {trouble}")
        return len(nodes)

    def begin(self, jobs: Sequence[Job]) -> None:
        work = self._ray.remote(_work)
        for job in jobs:
            wants = _wants(job)
            task = work.options(
                num_cpus=wants["CPU"],
                num_gpus=wants.get("GPU", 0),
                memory=wants.get("memory"),
                max_retries=self._retries,
                retry_exceptions=[Preempted],
                name=f"{job.experiment} seed {job.seed}",
            )
            self._jobs[task.remote(job)] = job

    @property
    def idle(self) -> bool:
        return not self._jobs

    def ended(self) -> list[tuple[Job, Outcome]]:
        if not self._jobs:
            return []
        done, _ = self._ray.wait(list(self._jobs), num_returns=len(self._jobs), timeout=0.3)
        outcomes = [(job, self._outcome(ref, job)) for ref in done for job in [self._jobs.pop(ref)]]
        return [(job, outcome) for job, outcome in outcomes if outcome is not None]

    def _outcome(self, ref: Any, job: Job) -> Outcome | None:
        """How a job ended; None where it was cancelled before it began."""
        errors = self._ray.exceptions
        try:
            outcome: Outcome = self._ray.get(ref)
            return outcome
        except errors.TaskCancelledError:
            return None
        except Preempted as error:
            return Outcome(job.run_id, "interrupted", last_line(error))
        except (errors.WorkerCrashedError, errors.OutOfMemoryError, errors.NodeDiedError):
            return Outcome(job.run_id, "failed", f"its worker or node was lost {self._retries + 1} times")
        except errors.RayError as error:
            return Outcome(job.run_id, "failed", last_line(error))

    def show(self, display: Display) -> None:
        display.look_at(self._jobs.values())

    def stop(self) -> None:
        for ref in self._jobs:
            with suppress(self._ray.exceptions.RayError):
                self._ray.cancel(ref)  # interrupts what runs: the job saves its state and returns

    def close(self) -> None:
        self._ray.shutdown()
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)


def _wants(job: Job) -> dict[str, float]:
    """What a task of Ray needs of a node."""
    wants: dict[str, float] = {"CPU": job.threads or 1}
    if job.device.startswith("cuda"):
        wants["GPU"] = 1
    if job.memory_bytes is not None:
        wants["memory"] = job.memory_bytes
    return wants


def _fits(wants: dict[str, float], resources: dict[str, float]) -> bool:
    return all(resources.get(name, 0) >= value for name, value in wants.items())


def _amount(name: str, value: float) -> str:
    return f"{value / 2**30:.1f} GiB of memory" if name == "memory" else f"{value:g} {name}"


def _only(node_id: str) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node_id, soft=False)


def _reach(address: str) -> None:
    """Raise :class:`EngineError` where nothing of Ray's kind listens at HOST:PORT; Ray itself would ask for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if address in ("auto", "local"):
        return
    if not host or not port.isdigit():
        raise EngineError(f"--address {address}: write HOST:PORT, ray://HOST:PORT or auto")
    try:
        with socket.create_connection((host, int(port)), _REACH_SECONDS) as line:
            line.settimeout(_ANSWER_SECONDS)
            if os.environ.get("RAY_USE_TLS") != "1":
                line.sendall(_HELLO)
                if line.recv(4, socket.MSG_WAITALL)[3:] != b"\x04":  # the type of a frame of settings
                    raise EngineError(f"no Ray cluster at {address}: something else listens there")
    except (OSError, OverflowError) as error:
        raise EngineError(f"no Ray cluster at {address}: {error}") from error
