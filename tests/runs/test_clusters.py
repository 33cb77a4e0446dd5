"""One plan on every engine: the same records, also where a worker is killed or told to go in the middle."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.cli import main
from benchmark.runs.engines.job import Job, Outcome
from benchmark.runs.integrity import damage
from benchmark.runs.plan import make_run
from benchmark.runs.records import Stored, read_records
from tests.specs import load

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "toy.yaml"
#: engine -> what befalls its longest run in the middle of its training
BEFALLS = {"quiet": None, "local": signal.SIGKILL, "slurm": signal.SIGUSR2, "ray": signal.SIGKILL}
CALL = ["run", str(TOY), "--tier", "smoke", "-e", "toy_minimax", "--device", "cpu", "--no-report"]
NEEDS = {"slurm": "submitit", "ray": "ray"}


class Trouble:
    """A display that sends a signal to the process of the longest run once it has saved its state."""

    def __init__(self, job: Job, number: int | None) -> None:
        self.folder = job.results / job.folder
        self.number = number
        self.ended_runs: list[str] = []

    def look_at(self, _jobs: Iterable[Job], waiting: str = "") -> None:
        if self.number is not None and list(self.folder.glob("checkpoints/*.pt")):
            pid = int((self.folder / ".owner").read_text().split()[1])
            os.kill(pid, self.number)
            self.number = None

    def advanced(self, run_id: str, iteration: int) -> None:
        self.look_at([])

    def busy(self, run_id: str, told: str) -> None:
        pass

    def ended(self, run_id: str, outcome: Outcome) -> None:
        self.ended_runs.append(run_id)


def jobs(place: Path) -> list[Job]:
    """A short run and a long one that saves its state often."""
    results, long = place / "results", place / "long.yaml"
    results.mkdir(parents=True)
    long.write_text(TOY.read_text().replace("budget: {iterations: 60}", "budget: {iterations: 400}"))
    found = []
    for file, seed in ((long, 7), (TOY, 0)):
        run = make_run(load(file).spec, "toy_reconstruction", "smoke", seed, "fp32")
        found.append(replace(Job.of(run, file, results, place / "data", "cpu"), checkpoint_seconds=0.1))
    return found


def train(place: Path, name: str) -> None:
    """Do the jobs on an engine, and tell what happened in a file."""
    from benchmark.runs.engines.execute import Engine, execute
    from benchmark.runs.engines.local import Local
    from benchmark.runs.engines.ray import Ray
    from benchmark.runs.engines.slurm import Slurm

    todo = jobs(place)
    engine: Engine
    if name == "ray":
        engine = ray = Ray(None, retries=1, at_once=2)
        assert ray.check(todo) == 1
    elif name == "slurm":
        engine = Slurm(place / "logs", "local", None, retries=1, at_once=None)
    else:
        engine = Local(2, retries=1)
    trouble = Trouble(todo[0], BEFALLS[name])
    ending = execute(todo, engine, trouble)  # type: ignore[arg-type]
    told = {
        "outcomes": [outcome.status for outcome in ending.outcomes],
        "ended": sorted(trouble.ended_runs),
        "troubled": trouble.number is None,
        "left": [file.name for file in (place / "logs").glob("*")],
    }
    (place / "told.json").write_text(json.dumps(told))


#: what is wrong on the command line -> what the one line says
MISTAKES = {
    "--partition gpu": "--partition is for --engine slurm, not local",
    "--engine ray --partition gpu": "--partition is for --engine slurm, not ray",
    "--engine ray --address 127.0.0.1:9": "no Ray cluster at 127.0.0.1:9: ",
    "--engine ray --address nowhere": "--address nowhere: write HOST:PORT",
    "--engine ray --address 127.0.0.1:9 --jobs 2": "--jobs is for a machine of one's own",
    "--engine slurm --hours 2": "sbatch, which is not here",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_what_can_be_known_is_one_line_before_anything_is_queued(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if find_spec(NEEDS.get(words.split()[1], "os")) is None:
        pytest.skip("needs the extra")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert main([*CALL, "--results", str(tmp_path / "results"), *words.split()]) == 2
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith("ganrepro: ")
    assert MISTAKES[words] in line
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize(("engine", "extra"), [("ray", "ray"), ("slurm", "slurm")])
def test_a_missing_extra_is_named(
    engine: str, extra: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, NEEDS[engine], None)
    assert main([*CALL, "--results", str(tmp_path), "--engine", engine]) == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(f"pip install 'ganrepro[{extra}]'")


@pytest.mark.parametrize(("said", "trouble"), [(b"\0\0\0\x04\0\0\0\0\0", None), (b"SSH-2.0", "something else")])
def test_another_service_at_the_address_is_no_ray_cluster(said: bytes, trouble: str | None) -> None:
    """A server of gRPC begins with a frame of HTTP/2's settings; Ray would ask any other for a quarter of an hour."""
    from benchmark.runs.engines.execute import EngineError
    from benchmark.runs.engines.ray import _reach

    def answer() -> None:
        line, _ = server.accept()
        with line:
            line.sendall(said)

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        pool.submit(answer)
        address = f"127.0.0.1:{server.getsockname()[1]}"
        if trouble is None:
            _reach(address)
        else:
            with pytest.raises(EngineError, match=trouble):
                _reach(address)


def test_a_machine_that_cannot_do_the_jobs_says_why(tmp_path: Path) -> None:
    from benchmark.runs.engines.place import code, problem

    token = tmp_path / "token"
    token.touch()
    (job,) = jobs(tmp_path / "a")[1:]
    assert problem(code(), token, [job]) is None
    assert problem("0" * 64, token, [job]) == "it has another version of ganrepro"
    assert "another folder there" in str(problem(code(), tmp_path / "gone", [job]))
    digits = load(ROOT / "papers" / "gan_dcgan_mnist.yaml").spec
    run = make_run(digits, "gan", "short", 0, "fp32")
    needs = Job.of(run, ROOT / "papers" / "gan_dcgan_mnist.yaml", tmp_path, tmp_path / "data", "cpu")
    assert str(tmp_path / "data") in str(problem(code(), token, [needs]))
    assert "is now run" in str(problem(code(), token, [replace(job, run_id="0" * 16)]))


def test_a_node_without_the_package_says_so(tmp_path: Path) -> None:
    """The function travels as code: a bare interpreter with nothing but a pickle reader answers."""
    cloudpickle = pytest.importorskip("cloudpickle")
    from benchmark.runs.engines.ray import _probe

    (tmp_path / "probe").write_bytes(cloudpickle.dumps(_probe()))
    code = f"""
import sys; sys.path.insert(0, {str(Path(cloudpickle.__file__).parents[1])!r})
import pickle; probe = pickle.load(open({str(tmp_path / "probe")!r}, "rb"))
sys.path[:] = [place for place in sys.path if "site-packages" not in place]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
print(probe("", "", b""))
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout == "it has no benchmark: pip install 'ganrepro[ray,train]' there\n", done.stderr


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("quiet"), "quiet")


def trained(place: Path, name: str) -> Path:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    lines = ("import pathlib, tests.runs.test_clusters as here", 'if __name__ == "__main__":')
    call = f"    here.train(pathlib.Path({str(place / name)!r}), {name!r})"
    (place / "script.py").write_text("\n".join([*lines, call]))
    words = [sys.executable, str(place / "script.py")]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return place / name


def facts(stored: Stored) -> dict[str, Any]:
    """A record without its times."""
    return stored.record.model_dump(mode="json", exclude={"timing"})


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "slurm", "ray"])
def test_every_engine_gives_the_same_records_whatever_befalls_its_workers(
    engine: str, quiet: Path, tmp_path: Path
) -> None:
    if find_spec(NEEDS.get(engine, "os")) is None:
        pytest.skip(f"needs {NEEDS[engine]}")
    place = trained(tmp_path, engine)
    told = json.loads((place / "told.json").read_text())
    assert told["outcomes"] == ["finished"] * 2
    assert told["troubled"]
    assert told["left"] == []
    expected, got = (
        sorted(read_records(where / "results"), key=lambda one: one.record.seed) for where in (quiet, place)
    )
    assert told["ended"] == sorted(one.record.run_id for one in expected), "each ended once"
    assert [facts(one) for one in got] == [facts(one) for one in expected]
    assert [one.record.timing.sessions for one in expected] == [1, 1]
    assert [one.record.timing.sessions for one in got] == [1, 2], "the long run continued from its checkpoint"
    for one, other in zip(got, expected, strict=True):
        assert not damage(one)
        mine, others = one.curves(), other.curves()
        assert mine.keys() == others.keys()
        assert all(np.array_equal(mine[name], others[name]) for name in mine)


#: what stands in for Slurm: arrays, srun's log files, a queue that is told to do a job again, states, cancelling
SLURM = {
    "sinfo": 'print("cpu*|2:00:00\\ngpu|infinite\\nbrief|0:05:00")',
    "srun": """
words = sys.argv[1:]
open(f"{PLACE}/srun-words", "w").write("\\n".join(words))
while words[0].startswith("--"):
    words = words[1:] if words[0] == "--unbuffered" or "=" in words[0] else words[2:]
os.execvp(words[0], words)
""",
    "scontrol": 'open(f"{PLACE}/again-{sys.argv[2]}", "a").write("once ")',
    "squeue": """
one = [word[7:] for word in sys.argv if word.startswith("--jobs=")]
for file in sorted(glob.glob(f"{PLACE}/state-*")):
    name, state = file.rpartition("-")[2], open(file).read()
    if not one or name in one:
        print(state if one else f"{name}|{state}|None")
""",
    "sbatch": """
script = sys.argv[1]
text = open(script).read()
open(f"{PLACE}/script", "w").write(text)
count = int(re.search(r"--array=0-(\\d+)", text)[1]) + 1
for index in range(count):
    open(f"{PLACE}/state-77_{index}", "w").write("PENDING")
print("Submitted batch job 77", flush=True)
if os.fork():
    sys.exit()
for number in (0, 1, 2):
    os.dup2(os.open(os.devnull, os.O_RDWR), number)
for index in range(count):
    name = f"77_{index}"
    about = {"SLURM_JOB_ID": str(100 + index), "SLURM_ARRAY_JOB_ID": "77", "SLURM_ARRAY_TASK_ID": str(index)}
    while True:
        open(f"{PLACE}/state-{name}", "w").write("RUNNING")
        code = subprocess.call(["bash", "-c", text], env={**os.environ, **about, "SLURM_NTASKS": "1"})
        if not os.path.exists(f"{PLACE}/again-{name}"):
            break
        os.rename(f"{PLACE}/again-{name}", f"{PLACE}/done-again-{name}")
    open(f"{PLACE}/state-{name}", "w").write("COMPLETED" if code == 0 else "FAILED")
""",
}
#: what stands in for a Slurm that trains nothing: numbered arrays, and a queue that the test writes
QUIET = {
    "squeue": 'cat "$PLACE/queue" 2>/dev/null || { echo "squeue: error: no controller" >&2; exit 1; }',
    "sbatch": """
if [ -e "$PLACE/refuse" ]; then
    echo "sbatch: error: Batch job submission failed: Requested time limit is invalid" >&2; exit 1
fi
given=$(ls "$PLACE" | grep -c ^given-)
touch "$PLACE/given-$given"; echo "Submitted batch job $((50 + given))"
""",
    "scancel": 'echo "$@" >> "$PLACE/cancelled"; : > "$PLACE/queue"',
}


def scripts(place: Path, bodies: dict[str, str], head: str) -> None:
    for name, body in bodies.items():
        (place / name).write_text(head + body)
        (place / name).chmod(0o755)


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose Slurm is a few scripts."""
    pytest.importorskip("submitit")
    place = tmp_path / "slurm"
    place.mkdir()
    scripts(place, SLURM, f"#!{sys.executable} -S\nimport glob, os, re, subprocess, sys\nPLACE = {str(place)!r}\n")
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("SBATCH_PARTITION", raising=False)
    return place


@pytest.mark.parametrize("partitions", ["gpus", "cpu,gpus"])
def test_an_unknown_partition_is_named_with_those_there_are(
    partitions: str, slurm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--engine", "slurm", "--partition", partitions, "--results", str(tmp_path / "results")]
    assert main([*CALL, *words]) == 2
    told = "ganrepro: Slurm has no partition 'gpus'; did you mean 'gpu'?; it has brief, cpu, gpu"
    assert capsys.readouterr().err.splitlines()[-1] == told
    assert not (tmp_path / "results").exists()


def test_the_shortest_limit_of_the_partitions_counts(slurm: Path) -> None:
    from benchmark.runs.engines.slurm_queue import longest_minutes, minutes

    assert [longest_minutes(name) for name in (None, "gpu", "gpu,cpu", "gpu,cpu,brief")] == [120, None, 120, 5]
    written = {"infinite": None, "5:00": 5, "30:30": 30, "2:00:00": 120, "1-00:00:00": 1440, "7-12:30:00": 10830}
    assert {limit: minutes(limit) for limit in written} == written


@pytest.mark.slow
def test_slurm_gets_an_array_with_hours_and_memory_and_requeues_what_it_preempts(slurm: Path, tmp_path: Path) -> None:
    """SIGTERM comes before a preemption with GraceTime, USR2 before a time-out (tested with the local executor)."""
    from benchmark.runs.engines.execute import execute
    from benchmark.runs.engines.slurm import Slurm

    todo = [replace(job, hours=3.0, memory_bytes=2 << 30) for job in jobs(tmp_path / "all")]
    engine = Slurm(tmp_path / "all" / "logs", "slurm", "gpu,cpu", retries=2, at_once=1)
    trouble = Trouble(todo[0], signal.SIGTERM)
    ending = execute(todo, engine, trouble)  # type: ignore[arg-type]
    assert [(outcome.status, outcome.reason) for outcome in ending.outcomes] == [("finished", None)] * 2
    assert (slurm / "done-again-77_0").read_text() == "once "
    wanted = {line.removeprefix("#SBATCH --") for line in (slurm / "script").read_text().splitlines()}
    assert {"array=0-1%1", "time=120", "mem=2GB", "partition=gpu,cpu", "cpus-per-task=1", "requeue"} <= wanted
    assert "signal=USR2@180" in wanted
    assert "--cpus-per-task=1" in (slurm / "srun-words").read_text().splitlines(), "srun does not take it from sbatch"
    assert not (tmp_path / "all" / "logs").exists()
    records = sorted(read_records(tmp_path / "all" / "results"), key=lambda one: one.record.seed)
    assert [one.record.timing.sessions for one in records] == [1, 2]


class Watched:
    """An engine whose Slurm trains nothing, with two jobs in one array, looked at without waiting."""

    def __init__(self, slurm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, retries: int = 1) -> None:
        from benchmark.runs.engines import slurm as module

        for name, value in {"_ASK_SECONDS": 0.0, "_ASK_OFTEN_SECONDS": 0.0, "_SETTLE_SECONDS": 0.01}.items():
            monkeypatch.setattr(module, name, value)
        monkeypatch.setattr(module.time, "sleep", lambda _: None)
        monkeypatch.setattr(module.time, "monotonic", partial(next, count(1.0)))  # no two answers at one moment
        scripts(slurm, QUIET, f"#!/bin/sh\nPLACE={shlex.quote(str(slurm))}\n")
        self.place, self.logs = slurm, tmp_path / "logs"
        self.jobs = jobs(tmp_path / "all")
        self.jobs[1] = replace(self.jobs[1], folder=f"{self.jobs[1].folder}-other", run_id="other")
        self.engine = module.Slurm(self.logs, "slurm", "cpu", retries=retries, at_once=None)

    def queue(self, *lines: str) -> list[tuple[str, str | None]]:
        """What the engine makes of two equal answers of squeue."""
        (self.place / "queue").write_text("".join(f"{line}\n" for line in lines))
        return self.look() + self.look()

    def look(self) -> list[tuple[str, str | None]]:
        return [(outcome.status, outcome.reason) for _, outcome in self.engine.ended()]

    def finish(self, job_id: str, job: Job) -> None:
        from submitit.core.utils import cloudpickle_dump

        (folder,) = self.logs.glob(f"*/{job_id}")
        cloudpickle_dump(("success", Outcome(job.run_id, "finished", None)), folder / f"{job_id}_0_result.pkl")

    @property
    def given(self) -> int:
        return len(list(self.place.glob("given-*")))


@pytest.fixture
def watched(slurm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(slurm, tmp_path, monkeypatch)


def test_a_lost_job_is_given_again_and_told_as_failed_after_its_retries(watched: Watched) -> None:
    watched.engine.begin(watched.jobs)
    assert watched.queue("50_0|RUNNING|None", "50_1|RUNNING|None") == []
    assert watched.queue("50_0|COMPLETING|None", "50_1|RUNNING|None") == [], "it may yet be queued again"
    assert watched.queue("50_0|PENDING|BeginTime", "50_1|RUNNING|None") == []
    assert watched.given == 1
    assert watched.queue("50_0|NODE_FAIL|NodeDown", "50_1|RUNNING|None") == []
    assert watched.look() == []
    assert watched.given == 2
    told = watched.queue("51|FAILED|NonZeroExitCode", "50_1|RUNNING|None")
    assert [status for status, _ in told] == ["failed"]
    assert "its job 51 ended: FAILED; " in str(told[0][1])
    watched.finish("50_1", watched.jobs[1])
    assert watched.look() == [("finished", None)]
    assert watched.engine.idle
    assert watched.given == 2


def test_a_job_that_was_preempted_or_has_saved_is_given_again_without_counting(watched: Watched) -> None:
    watched.engine.begin(watched.jobs[:1])
    for array, state in ((50, "PREEMPTED"), (51, "FAILED"), (52, "PREEMPTED"), (53, "FAILED")):
        assert watched.given == array - 49
        if state == "FAILED":
            (folder,) = watched.logs.glob(f"*/{array}")
            (folder / "saved").touch()
        assert watched.queue(f"{array}|{state}|None") == []
        assert watched.look() == []
    assert watched.given == 5


def test_a_job_that_somebody_cancelled_is_not_given_again(watched: Watched) -> None:
    watched.engine.begin(watched.jobs)
    told = watched.queue("50_0|CANCELLED|None", "50_1|RUNNING|None")
    assert told == [("interrupted", "its job 50_0 ended: CANCELLED")]
    assert watched.given == 1


def test_while_the_controller_is_silent_nothing_is_taken_for_lost(watched: Watched) -> None:
    watched.engine.begin(watched.jobs)
    assert watched.queue("50_0|RUNNING|None", "50_1|RUNNING|None") == []
    (watched.place / "queue").unlink()
    assert [watched.look() for _ in range(5)] == [[]] * 5
    assert watched.engine._queue.waiting([]) == "Slurm does not answer (squeue: error: no controller)"
    watched.finish("50_0", watched.jobs[0])
    assert watched.look() == [("finished", None)], "a result needs no controller"
    assert watched.queue("50_1|RUNNING|None") == []
    assert watched.engine._queue.waiting([]) == ""


def test_what_jobs_wait_for_is_told_on_the_progress_line(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmark.runs.engines import progress

    monkeypatch.setattr(progress, "_EVERY_SECONDS", -1.0)
    shown = io.StringIO()
    display = progress.Display({job.run_id: (job.run_id, 60) for job in watched.jobs}, shown)
    watched.engine.begin(watched.jobs)
    assert watched.queue("50_0|PENDING|Resources", "50_1|PENDING|Priority", "7|PENDING|Licenses") == []
    watched.engine.show(display)
    assert shown.getvalue().splitlines()[-1].endswith("2 runs left; 2 in Slurm's queue (1 Resources, 1 Priority)")


def test_what_is_stopped_is_cancelled_and_waited_for(watched: Watched) -> None:
    watched.engine.begin(watched.jobs)
    assert watched.queue("50_0|RUNNING|None", "50_1|PENDING|Resources") == []
    watched.engine.stop()
    assert (watched.place / "cancelled").read_text() == "--quiet 50\n"
    assert watched.queue("50_0|COMPLETING|None", "50_1|CANCELLED|None") == []
    assert not watched.engine.idle, "it saves its state"
    assert watched.queue("50_0|CANCELLED|None") == []
    assert watched.engine.idle
    watched.engine.close()
    assert not watched.logs.exists()
    assert watched.given == 1


def test_what_sbatch_refuses_is_one_line_and_leaves_nothing(
    watched: Watched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (watched.place / "refuse").touch()
    results = tmp_path / "refused"
    assert main([*CALL, "--engine", "slurm", "--results", str(results)]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert (
        told
        == "ganrepro: slurm took no jobs: sbatch: error: Batch job submission failed: Requested time limit is invalid"
    )
    assert not (results / ".slurm").exists()


def test_a_refusal_in_the_middle_is_tried_again(watched: Watched) -> None:
    watched.engine.begin(watched.jobs[:1])
    (watched.place / "refuse").touch()
    watched.engine.begin(watched.jobs[1:])
    assert watched.queue("50|RUNNING|None") == []
    (watched.place / "refuse").unlink()
    assert watched.queue("50|RUNNING|None", "51|PENDING|None") == []
    assert watched.given == 2


def test_a_job_that_is_being_cancelled_is_not_queued_again(slurm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``scontrol requeue`` would begin it anew although it was cancelled."""
    from types import SimpleNamespace

    from benchmark.runs.engines.slurm import _queue_again

    here = SimpleNamespace(cluster="slurm", job_id="77_0", USR_SIG="USR2")
    for state, again in (("COMPLETING", False), ("RUNNING", True)):
        (slurm / "state-77_0").write_text(state)
        _queue_again(here, Outcome("run", "interrupted", None, signal=signal.SIGTERM))
        assert (slurm / "again-77_0").exists() == again


def test_a_job_that_saves_while_the_controller_is_silent_leaves_word(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmark.runs.engines import slurm as module

    interrupted = Outcome("run", "interrupted", "state saved", signal=signal.SIGTERM)
    monkeypatch.setattr(module, "perform", lambda _: interrupted)
    for name, value in {"SUBMITIT_EXECUTOR": "slurm", "SLURM_JOB_ID": "50"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SUBMITIT_FOLDER", str(tmp_path / "%j"))
    (tmp_path / "50").mkdir()
    with pytest.raises(SystemExit) as ended:
        module.Work(watched.jobs[0])()
    assert ended.value.code == 75
    assert [file.name for file in (tmp_path / "50").iterdir()] == ["saved"]
