"""Checks, benchmarks and evidence that need a GPU, in one call within a time limit; see ``scripts/gpu_checks.sh``.

    scripts/gpu_checks.sh checks --limit 540 --out DIR        tests/gpu, loops by turns, several runs at once; a table
    scripts/gpu_checks.sh evidence --limit 3000 --out DIR     the queue of evidence; DIR from last time is continued

``--device cpu`` does the same on a processor, on tiny runs where ``--tier smoke`` is given, to see that it works.
What the limit leaves no time for is told in the table. Exit code 1: a check failed; 75: the limit came first.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shlex
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from benchmark.evaluation.calibration import stand_in, waited
from benchmark.evaluation.textbook import Textbook
from benchmark.runs.environment import describe
from benchmark.runs.plan import Run, make_run
from benchmark.runs.records import device_of
from benchmark.spec.load import load
from benchmark.training.numerics import prepare
from benchmark.training.trainer import Trainer

ROOT = Path(__file__).parents[1]
EXPERIMENTS = (
    *("gan_dcgan_mnist/gan", "gan_dcgan_mnist/dcgan", "lsgan_fashion_mnist/lsgan", "gan_rl/toy_reconstruction"),
    *("gan_rl/cifar10_gan_a", "gan_rl/resnet_wgan_gp"),
)
#: runs of this experiment are put side by side until the sum of their rates stops growing by so much
PACKED, GROWTH = "lsgan_fashion_mnist/lsgan", 1.05
WARM_UP = 30
CHECK_FAILED, LIMIT_CAME_FIRST = 1, 75
#: what `evidence` runs, in this order: options of `ganrepro run`, and runs at once
QUEUE = (
    (["lsgan_fashion_mnist", "-e", "lsgan*", "-e", "gan*", "--seeds", "0-2"], 4),
    (["gan_rl", "-e", "toy_*", "--seeds", "0-4", "--reading", "narrow"], 6),
    (["gan_rl", "-e", "toy_*", "--seeds", "0-4"], 6),
)


def run_of(name: str, tier: str, numerics: str) -> Run:
    """The run of ``paper/experiment``."""
    paper, _, experiment = name.partition("/")
    return make_run(load(ROOT / "papers" / f"{paper}.yaml").spec, experiment, tier, 0, numerics)  # type: ignore[arg-type]


# --- loops by turns -------------------------------------------------------------------------------------------------


@dataclass
class Loop:
    """One way to do an experiment's iterations."""

    name: str
    trainer: Trainer | Textbook
    device: str

    def milliseconds(self, iterations: int) -> float:
        """Time of one iteration."""
        numerics = self.trainer.run.numerics
        prepare(numerics, None)
        waited(self.device)
        began = time.perf_counter()
        if isinstance(self.trainer, Textbook):
            for _ in range(iterations):
                self.trainer.iterate()
        else:
            self.trainer.advance(self.trainer.iteration + iterations, lambda _: False)
        waited(self.device)
        return (time.perf_counter() - began) / iterations * 1e3


def loops_of(name: str, tier: str, device: str) -> list[Loop]:
    """The textbook loop, the plain one, and every tier as it would be run."""
    run = run_of(name, tier, "fp32")
    data = stand_in(run, device)
    plain = Trainer(run, data, device)
    plain._replayer = None
    loops = [Loop("textbook", Textbook(run, data, device), device), Loop("fp32 plain", plain, device)]
    for numerics in ("fp32", "tf32", "bf16") if device.startswith("cuda") else ("fp32", "bf16"):
        prepare(numerics, None)
        loops.append(Loop(numerics, Trainer(replace(run, numerics=numerics), data, device), device))
    return loops


def by_turns(name: str, tier: str, device: str, seconds: float) -> dict[str, float]:
    """Milliseconds of an iteration of each loop: medians of three turns."""
    loops = loops_of(name, tier, device)
    pace = sum(loop.milliseconds(WARM_UP if device.startswith("cuda") else 2) for loop in loops)
    iterations = max(2, round(seconds * 1e3 / (3 * pace)))
    turns = [{loop.name: loop.milliseconds(iterations) for loop in loops} for _ in range(3)]
    return {loop.name: statistics.median(turn[loop.name] for turn in turns) for loop in loops}


# --- several runs at once -------------------------------------------------------------------------------------------


def _train(name: str, tier: str, device: str, seconds: float, ready: Any, rates: Any) -> None:
    if device == "cpu":
        torch.set_num_threads(1)
    prepare("fp32", None)
    run = run_of(name, tier, "fp32")
    trainer = Trainer(run, stand_in(run, device), device)
    trainer.advance(WARM_UP if device.startswith("cuda") else 2, lambda _: False)
    ready.wait()
    first, until = trainer.iteration, time.monotonic() + seconds
    trainer.advance(10**9, lambda _: time.monotonic() > until)
    trainer.wait()
    rates.put((trainer.iteration - first) / (seconds + time.monotonic() - until))


def at_once(name: str, tier: str, device: str, count: int, seconds: float) -> float:
    """Iterations a second of ``count`` runs together."""
    context = multiprocessing.get_context("spawn")
    ready, rates = context.Barrier(count), context.Queue()
    arguments = (name, tier, device, seconds, ready, rates)
    workers = [context.Process(target=_train, args=arguments, daemon=True) for _ in range(count)]
    for worker in workers:
        worker.start()
    total = sum(rates.get(timeout=seconds + 300) for _ in workers)
    for worker in workers:
        worker.join()
    return total


def packed(name: str, tier: str, device: str, seconds: float, left: Any) -> Iterator[tuple[int, float]]:
    """The sum of rates of 1, 2, 3, ... runs, until one more adds less than a twentieth."""
    best, count = 0.0, 1
    while left() > 3 * seconds:
        rate = at_once(name, tier, device, count, seconds)
        yield count, rate
        if rate < GROWTH * best:
            return
        best, count = max(best, rate), count + 1


# --- the two modes --------------------------------------------------------------------------------------------------


def checks(options: argparse.Namespace, left: Any) -> int:
    """Run tests, loops and packing as far as the time goes; write the table after each step."""
    found: dict[str, Any] = {"device": device_of(describe(options.device)), "torch": torch.__version__}
    found |= {"tier": options.tier, "tests": "not reached", "loops": {}, "at_once": {}}
    options.out.mkdir(parents=True, exist_ok=True)
    code = 0
    if not options.no_tests:
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ROOT / "tests" / "gpu")]
        try:
            done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=0.5 * left(), check=False)
            found["tests"] = (done.stdout.strip().splitlines() or ["no output"])[-1]
            code = CHECK_FAILED if done.returncode else 0
            (options.out / "tests.txt").write_text(done.stdout + done.stderr)
        except subprocess.TimeoutExpired:
            found["tests"] = "cut off by the limit"
    write(options.out, found)
    for name in options.experiments or EXPERIMENTS:
        found["loops"][name] = "not reached"
        try:
            if left() >= 4 * options.seconds:
                found["loops"][name] = by_turns(name, options.tier, options.device, options.seconds)
        except (RuntimeError, KeyError, ValueError) as error:
            found["loops"][name], code = f"{type(error).__name__}: {error}"[:200], CHECK_FAILED
        write(options.out, found)
    for count, rate in packed(PACKED, options.tier, options.device, options.seconds, left):
        found["at_once"][count] = rate
        write(options.out, found)
    print((options.out / "gpu_checks.md").read_text())
    unreached = "not reached" in [*found["loops"].values()] or not found["at_once"]
    return code or (LIMIT_CAME_FIRST if unreached else 0)


def write(out: Path, found: dict[str, Any]) -> None:
    """The table, for people and for programs."""
    (out / "gpu_checks.json").write_text(json.dumps(found, indent=1))
    lines = [f"{found['device']}, torch {found['torch']}, tier {found['tier']}; tests/gpu: {found['tests']}", ""]
    names = list(dict.fromkeys(loop for one in found["loops"].values() if isinstance(one, dict) for loop in one))
    lines += [f"| ms an iteration | {' | '.join(names)} | bf16 against textbook |", f"|---{'|---' * (len(names) + 1)}|"]
    for name, one in found["loops"].items():
        if isinstance(one, dict):
            cells = [f"{one[loop]:.3g}" for loop in names]
            lines.append(f"| {name} | {' | '.join(cells)} | {one['textbook'] / one['bf16']:.2f} |")
        else:
            lines.append(f"| {name} | {one} |{' |' * len(names)}")
    lines += ["", f"| runs of {PACKED} at once | iterations/s in all |", "|---|---|"]
    lines += [f"| {count} | {rate:.4g} |" for count, rate in found["at_once"].items()]
    (out / "gpu_checks.md").write_text("\n".join(lines) + "\n")


def evidence(options: argparse.Namespace, left: Any) -> int:
    """Run the queue into ``out/evidence`` until the time is up; the same command goes on from what lies there."""
    results, code = options.out / "evidence", 0
    for words, jobs in [(shlex.split(options.queue), 1)] if options.queue else QUEUE:
        if left() < options.seconds:
            print(f"not reached: ganrepro run {' '.join(words)}")
            code = LIMIT_CAME_FIRST
            continue
        call = [sys.executable, "-m", "benchmark", "run", *words, "--tier", options.tier, "--device", options.device]
        call += ["-j", str(jobs), "--no-report", "--results", str(results)]
        call += ["--data-root", str(options.data_root)] if options.data_root else []
        worker = subprocess.Popen(call, cwd=ROOT)
        try:
            ended = worker.wait(timeout=max(1.0, left() - options.seconds))
        except subprocess.TimeoutExpired:
            worker.send_signal(signal.SIGTERM)  # it saves its state
            worker.wait()
            ended = LIMIT_CAME_FIRST
        code = code or ended
    print(f"{len(list(results.glob('*/*/*/record.json')))} records in {results}")
    return code


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", nargs="?", choices=("checks", "evidence"), default="checks")
    parser.add_argument("--limit", type=float, default=540.0, metavar="S", help="seconds in all; default: 540")
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help="of one measurement; to save, at the end"
    )
    parser.add_argument("--device", default="cuda", metavar="cuda|cpu")
    parser.add_argument("--tier", choices=("full", "short", "smoke"), default="full")
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", "results/gpu")), metavar="DIR")
    parser.add_argument("--data-root", type=Path, metavar="DIR")
    parser.add_argument("--no-tests", action="store_true")
    parser.add_argument("-e", "--experiments", action="append", metavar="PAPER/EXPERIMENT")
    parser.add_argument("--queue", metavar="WORDS", help="of evidence: options of one `ganrepro run`, in place of all")
    options = parser.parse_args(words)
    if options.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error("no GPU here; --device cpu --tier smoke shows that it works")
    end = time.monotonic() + options.limit
    return {"checks": checks, "evidence": evidence}[options.mode](options, lambda: end - time.monotonic())


if __name__ == "__main__":
    sys.exit(main())
