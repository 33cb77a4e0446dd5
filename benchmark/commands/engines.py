"""Which engine a command line names: this machine, a Ray cluster, or Slurm."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands.devices import resolve_device, visible_gpus
from benchmark.runs import costs
from benchmark.runs.engines.execute import Engine, EngineError
from benchmark.runs.engines.job import Job
from benchmark.runs.engines.local import Local
from benchmark.runs.engines.ray import Ray
from benchmark.runs.engines.slurm import Slurm
from benchmark.runs.plan import Run
from benchmark.runs.records import read_records
from benchmark.spec.words import counted

#: what is kept for a run over what is planned, of hours and memory: a job that is short of hours is queued again
_MARGIN, _MARGIN_UNMEASURED = 1.5, 3.0
#: options and the engines that know them
_OF = {
    "address": ("ray",),
    "cluster": ("slurm",),
    "partition": ("slurm",),
    "hours": ("slurm",),
    "memory": ("ray", "slurm"),
}


_amount = opt.number(float, lambda value: 0 < value < 1e6, " is not a positive number")
_count = opt.number(int, lambda value: 0 <= value <= 1000, " is not a whole number from 0 to 1000")


def options(to: argparse.ArgumentParser) -> None:
    group = to.add_argument_group("machines", "the same plan gives the same records on each; see docs/clusters.md")
    group.add_argument(
        "--engine",
        choices=("local", "ray", "slurm"),
        default="local",
        help="where runs are done; default: this machine",
    )
    group.add_argument(
        "--address", metavar="HOST:PORT", help="ray: a cluster that is there; default: RAY_ADDRESS, or one made here"
    )
    group.add_argument(
        "--partition",
        metavar="NAME",
        help="slurm: where jobs are queued, several with commas; default: the cluster's own",
    )
    group.add_argument(
        "--cluster", choices=("slurm", "local"), help="slurm: local tries it with processes here, all at once"
    )
    group.add_argument("--hours", type=_amount, metavar="H", help="slurm: limit of a job; default: as planned")
    group.add_argument("--memory", type=_amount, metavar="GB", help="ray, slurm: of a run; default: as planned")
    group.add_argument(
        "--retries",
        type=_count,
        default=3,
        metavar="N",
        help="how often a run begins again from its checkpoint when its process, machine or time is lost; default: 3",
    )


def device_of(options: argparse.Namespace) -> str:
    """The device of the runs; :class:`UsageError` for an option of another engine, or where it cannot be known here."""
    for name, engines in _OF.items():
        if getattr(options, name) is not None and options.engine not in engines:
            raise opt.UsageError(f"--{name} is for --engine {' or '.join(engines)}, not {options.engine}")
    address = _address(options)
    if address is not None and options.jobs is not None:
        raise opt.UsageError("--jobs is for a machine of one's own: a Ray cluster does as many runs as its nodes hold")
    if address is None and (options.engine != "slurm" or options.cluster == "local"):
        return resolve_device(options.device)
    if options.device == "auto":
        raise opt.UsageError(f"--engine {options.engine}: nodes differ from this machine, so name --device cuda or cpu")
    return str(options.device)


def with_needs(
    jobs: Sequence[Job], groups: Sequence[Sequence[Run]], options: argparse.Namespace, results: Path
) -> list[Job]:
    """Jobs, each of a group of runs, with the hours and memory that a scheduler is to keep for them."""
    kind: costs.Kind = "cpu" if jobs[0].device == "cpu" else "cuda"
    known = costs.known_devices(results, [run.record for run in read_records(results, [])])
    device = next((candidate for candidate in known if candidate.kind == kind), costs.STATED[kind])
    planned: dict[tuple[tuple[str, str, str | None], ...], tuple[float, int]] = {}
    sized = []
    for job, group in zip(jobs, groups, strict=True):
        key = tuple((run.paper, run.experiment, run.reading) for run in group)
        if key not in planned:
            each = [costs.cost(run, device) for run in group]
            seconds = each[0].training_seconds + sum(estimate.evaluation_seconds for estimate in each)
            limit = math.ceil(seconds / 3600 * (_MARGIN if each[0].measured else _MARGIN_UNMEASURED))
            gib = math.ceil(max(estimate.host_bytes for estimate in each) / 2**30 * _MARGIN)
            planned[key] = float(limit), gib * 2**30
        hours, memory = planned[key]
        sized.append(
            replace(
                job,
                hours=options.hours or hours,
                memory_bytes=memory if options.memory is None else round(options.memory * 2**30),
            )
        )
    return sized


def engine_of(options: argparse.Namespace, jobs: Sequence[Job]) -> tuple[Engine, str]:
    """The engine and what to call it; whatever can be known to be missing is a :class:`UsageError`."""
    device = jobs[0].device
    gpus = visible_gpus(device) if options.engine == "local" else []
    at_once = max(1, len(gpus)) if device.startswith("cuda") else os.cpu_count() or 1
    workers = min(options.jobs or at_once, len(jobs))
    if options.engine == "local":
        where = f"{len(gpus)} GPUs" if len(gpus) > 1 else device
        return Local(workers, gpus, options.retries), f"{where}, {workers} at once"
    try:
        if options.engine == "slurm":
            cluster = options.cluster or "slurm"
            logs = jobs[0].results / ".slurm"
            slurm = Slurm(logs, cluster, options.partition, options.retries, options.jobs)
            if cluster == "local":
                return slurm, f"{device}, all at once, as jobs of submitit's local executor"
            longest, most = slurm.longest_minutes, max((job.hours or 0 for job in jobs), default=0) * 60
            short = f" of at most {longest} min, longer runs are queued again" if longest and most > longest else ""
            return slurm, f"{device}, as jobs of Slurm{short}; their logs are in {places.shown(logs)}"
        address = _address(options)
        ray = Ray(address, options.retries, workers)
        try:
            nodes = ray.check(jobs)
        except BaseException:
            ray.close()
            raise
        return ray, f"{device}, Ray at {address or 'this machine'}, {counted(nodes, 'node')}"
    except EngineError as error:
        raise opt.UsageError(str(error)) from error


def _address(options: argparse.Namespace) -> str | None:
    """The Ray cluster that is there."""
    if options.engine != "ray":
        return None
    return options.address or os.environ.get("RAY_ADDRESS") or None
