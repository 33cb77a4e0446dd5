"""Time the training loop on a GPU: iterations one operation after another against the same replayed as CUDA graphs.

Both by turns in one process, on random pictures of the dataset's size, so that no data need be at hand:

    python scripts/bench_loop.py gan_dcgan_mnist/gan gan_dcgan_mnist/dcgan lsgan_fashion_mnist/lsgan
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch

from benchmark.evaluation.calibration import stand_in
from benchmark.runs.plan import Run, make_run
from benchmark.spec.load import load
from benchmark.training.numerics import prepare
from benchmark.training.trainer import Trainer

PAPERS = Path(__file__).parents[1] / "papers"
WARM_UP = 30


def trainer(run: Run, *, replays: bool) -> Trainer:
    made = Trainer(run, stand_in(run, "cuda"), "cuda")
    if not replays:
        made._replayer = None
    made.advance(WARM_UP, lambda _: False)
    made.wait()
    return made


def milliseconds(made: Trainer, iterations: int) -> float:
    """Time of one iteration."""
    began = time.perf_counter()
    made.advance(made.iteration + iterations, lambda _: False)
    made.wait()
    return (time.perf_counter() - began) / iterations * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiments", nargs="+", metavar="PAPER/EXPERIMENT")
    parser.add_argument("--iterations", type=int, default=200, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        parser.error("needs a GPU")
    prepare("fp32", None)
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}; medians of {arguments.rounds} turns")
    for name in arguments.experiments:
        paper, _, experiment = name.partition("/")
        run = make_run(load(PAPERS / f"{paper}.yaml").spec, experiment, "full", 0, "fp32")
        loops = {replays: trainer(run, replays=replays) for replays in (False, True)}
        times: dict[bool, list[float]] = {replays: [] for replays in loops}
        for _ in range(arguments.rounds):
            for replays, made in loops.items():
                times[replays].append(milliseconds(made, arguments.iterations))
        plain, replayed = (statistics.median(times[replays]) for replays in (False, True))
        print(
            f"{name}: plain {plain:.2f} ms, {loops[True].loop} {replayed:.2f} ms, ratio {plain / replayed:.2f}; "
            f"{run.iterations:,} iterations in {run.iterations * replayed / 1e3:,.0f} s"
        )


if __name__ == "__main__":
    main()
