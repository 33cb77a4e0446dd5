"""``ganrepro speed``: what this device does, the training loop against the textbook one, and the time of a full run."""

from __future__ import annotations

import argparse

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.devices import check_numerics, resolve_device
from benchmark.commands.select_runs import select
from benchmark.runs import sidecars
from benchmark.runs.plan import Run
from benchmark.runs.sidecars import Calibration
from benchmark.spec.words import counted


def speed_options(to: argparse.ArgumentParser) -> None:
    opt.papers(to)
    opt.experiments(to, "full")
    opt.add(to, "--reading", "--numerics", "--results", "--device")
    to.add_argument("--threads", type=opt.positive, metavar="N", default=1, help="of a CPU; default: 1, as a run has")
    to.add_argument("--seconds", type=opt.positive, default=30, metavar="S", help="per experiment; default: 30")
    to.add_argument("--rounds", type=opt.positive, default=5, metavar="N", help="turns of both loops; default: 5")
    opt.add(to, "--json")


def speed(options: argparse.Namespace) -> int:
    import torch

    from benchmark.evaluation.calibration import calibrate, loop_speed

    device = resolve_device(options.device)
    if device == "cpu":
        torch.set_num_threads(options.threads)
    results = places.results_folder(options.results)
    check_numerics(options.numerics, device)
    runs = {}
    if options.papers:
        options.tier = options.tier or "full"
        options.seeds = (0,)
        runs = {_name(run): run for selection in select(options) for run in selection.runs}
        if not runs:
            raise opt.NothingSelectedError(f"no experiment has tier {options.tier}")
    terminal.say("measuring the device")
    calibration = calibrate(device)
    for name, run in runs.items():
        terminal.say(f"measuring the loop of {name}")
        loop = loop_speed(run, device, seconds=options.seconds, rounds=options.rounds)
        calibration = calibration.model_copy(update={"loops": {**calibration.loops, name: loop}})
    file = sidecars.keep_calibration(results, calibration)
    if options.json:
        terminal.as_json(calibration.model_dump(mode="json"))
    else:
        _print(calibration)
        print(f"kept in {places.shown(file)}")
    return 0


def _name(run: Run) -> str:
    """A loop's name beside those of other readings, tiers and numerics."""
    reading = "" if run.reading is None else f" under {run.reading}"
    tier = "" if run.tier == "full" else f" at {run.tier}"
    return f"{run.paper}/{run.experiment}{reading}{tier}{'' if run.numerics == 'fp32' else f' in {run.numerics}'}"


def _print(calibration: Calibration) -> None:
    print(f"{calibration.device}, {counted(calibration.threads, 'thread')}")
    print(f"  matrix product     {calibration.matrix_product_gflops:>10,.0f} GFLOP/s, fp32")
    print(f"  convolution        {calibration.convolution_gflops:>10,.0f} GFLOP/s, fp32")
    print(f"  copy               {calibration.copy_gigabytes_per_second:>10,.1f} GB/s, read and written")
    print(f"  one operation      {calibration.launch_microseconds:>10,.1f} microseconds")
    print(f"  a tiny step        {calibration.tiny_step_microseconds:>10,.0f} microseconds")
    if (load := calibration.load_average) is not None and load > calibration.threads + 0.5:
        print(f"  other work goes on: a load of {load:.1f}, so all of this may be slower than it is alone")
    if calibration.other_processes:
        print(f"  {calibration.other_processes} other processes compute on it")
    for name, loop in calibration.loops.items():
        low, high = loop.ratio_range
        print(f"{name}: {1000 * loop.tuned_seconds_per_iteration:.3g} ms an iteration")
        print(f"  the textbook loop takes {loop.ratio:.2f} times as long ({low:.2f} to {high:.2f})")
        print(f"  one whole run of it would train for {terminal.duration(loop.full_run_seconds)}, at this rate")
