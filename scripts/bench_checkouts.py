"""Training iterations of two checkouts, by turns: the ratio of their processor time, and whether bits are the same.

    git worktree add /tmp/before ba948f6
    python scripts/bench_checkouts.py /tmp/before . papers/gan_rl.yaml toy_minimax toy_reconstruction

Each checkout has a process of its own with one thread and trains its own spec. Turns are short and many, because other
work on the machine comes and goes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

WARM_UP = 300

#: what a process does: seconds of an iteration for each number of iterations that it reads, and at the end the bits
LOOP = """
import hashlib, sys, time
from pathlib import Path
from benchmark.runs.plan import make_run
from benchmark.spec.load import load
from benchmark.training.numerics import prepare
from benchmark.training.trainer import Trainer

paper, experiment, tier, numerics, data_root = sys.argv[1:]
run = make_run(load(Path(paper)).spec, experiment, tier, 0, numerics)
prepare(numerics, 1)
trainer = Trainer(run, run.setup.dataset.load(Path(data_root), "cpu"), "cpu")
for line in sys.stdin:
    began = time.process_time()
    trainer.advance(trainer.iteration + int(line), lambda _: False)
    print((time.process_time() - began) / int(line), flush=True)
values = [value for network in trainer.networks.values() for value in network.state_dict().values()]
bits = b"".join(value.contiguous().numpy().tobytes() for value in values)
print(hashlib.sha256(bits + b"".join(curve.tobytes() for curve in trainer.curves().values())).hexdigest())
"""


def started(checkout: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", LOOP, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=checkout, env=environment, stdin=pipe, stdout=pipe, text=True)


def seconds(loop: subprocess.Popen[str], iterations: int) -> float:
    assert loop.stdin is not None
    assert loop.stdout is not None
    print(iterations, file=loop.stdin, flush=True)
    return float(loop.stdout.readline())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("paper", help="path of a spec, in both checkouts")
    parser.add_argument("experiments", nargs="+")
    parser.add_argument("--tier", default="short")
    parser.add_argument("--numerics", default="fp32")
    parser.add_argument("--data-root", type=Path, default=Path("data"))
    parser.add_argument("--iterations", type=int, default=60, help="of one turn")
    parser.add_argument("--turns", type=int, default=15)
    options = parser.parse_args()
    for experiment in options.experiments:
        arguments = (options.paper, experiment, options.tier, options.numerics, str(options.data_root.resolve()))
        loops = [started(checkout.resolve(), *arguments) for checkout in (options.before, options.after)]
        for loop in loops:
            seconds(loop, WARM_UP)
        ratios = []
        for turn in range(options.turns):
            order = loops if turn % 2 == 0 else loops[::-1]
            taken = {loop.pid: seconds(loop, options.iterations) for loop in order}
            ratios.append(taken[loops[0].pid] / taken[loops[1].pid])
        first, second = (loop.communicate()[0] for loop in loops)
        same = "the same bits" if first == second else "OTHER BITS"
        print(f"{experiment}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), {same}")


if __name__ == "__main__":
    main()
