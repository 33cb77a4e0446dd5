"""From a paper, a tier and seeds to runs: pure, without torch. Identical work appears once."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from benchmark.spec.base import TIERS, Tier, canonical
from benchmark.spec.dataflow import batches_per_iteration, curve_names
from benchmark.spec.experiments import Every, Setup
from benchmark.spec.paper import PaperSpec
from benchmark.spec.resolve import system_of, system_sizes
from benchmark.spec.shapes import layout
from benchmark.spec.systems import Network, System

#: raised whenever the trainer's arithmetic or the meaning of a record changes; part of every run's id
TRAINER_VERSION = 1


@dataclass(frozen=True)
class Run:
    """One training with one seed, spelled out. ``also`` lists other experiments that need the very same run."""

    paper: str
    experiment: str
    tier: Tier
    seed: int
    numerics: str
    setup: Setup
    system: System
    networks: dict[str, Network]
    sizes: dict[str, int]
    iterations: int
    run_id: str
    also: tuple[str, ...] = field(default=())
    #: the reading that it was planned under; None for a run of the base, whatever else needs it
    reading: str | None = None

    @property
    def iterations_per_epoch(self) -> float | None:
        """Iterations in one pass over a finite dataset; None for endless data."""
        return epoch_iterations(self.setup, self.system)

    @property
    def folder(self) -> str:
        """Where the run lies below a results folder."""
        return f"{self.paper}/{self.experiment}/{self.run_id}"

    @property
    def images(self) -> int:
        """Real examples shown in all iterations."""
        return self.iterations * batches_per_iteration(self.system) * self.setup.batch_size

    @property
    def parameter_count(self) -> int:
        """Trainable parameters of all networks."""
        return sum(layout(network, self.setup.sizes).parameter_count for network in self.networks.values())

    @property
    def disk_bytes(self) -> int:
        """About what the finished run takes on disk before compression: two checkpoints, curves and samples."""
        # weights and Adam's two moments, and at most the weights of each recurring score's best evaluation
        recurring = sum(score.every is not None for score in self.setup.scores.values())
        parameters = self.parameter_count * 4 * (3 + recurring)
        curves = self.iterations * len(curve_names(self.system)) * 4
        example = self.setup.dataset.example_bytes()
        shots = -(-self.iterations // in_iterations(self.setup.snapshots.every, self.setup, self.system)) + 1
        return 2 * (parameters + curves) + curves + shots * self.setup.snapshots.samples * example

    def moments(self, every: Every | None) -> list[int]:
        """Iterations at which something recurring happens: at each interval and at the end."""
        if every is None:
            return [self.iterations]
        step = in_iterations(every, self.setup, self.system)
        return [*range(step, self.iterations, step), self.iterations]

    def determinant(self) -> dict[str, Any]:
        """Everything that determines the result; its canonical JSON is hashed into the id."""
        return determinant(self.tier, self.seed, self.numerics, self.setup, self.system, self.networks, self.sizes)


#: keys of a determinant that keep the name they had when the first run ids were given, by today's name
_RENAMED = {"batch_size": "batch_images"}
_NOT_OF_A_RUN: Any = {
    **dict.fromkeys(("seeds", "system", "sizes", "replace", "reduces"), True),
    "scores": {"__all__": {"label"}},
}


def determinant(
    tier: str,
    seed: int,
    numerics: str,
    setup: Setup,
    system: System,
    networks: dict[str, Network],
    sizes: dict[str, int],
) -> dict[str, Any]:
    """See :meth:`Run.determinant`; prose and asserted counts are left out, since they change nothing."""
    written = setup.model_dump(mode="json", exclude=_NOT_OF_A_RUN)
    return {
        "trainer_version": TRAINER_VERSION,
        "tier": tier,
        "seed": seed,
        "numerics": numerics,
        "setup": {_RENAMED.get(key, key): value for key, value in written.items()},
        "system": system.model_dump(mode="json", exclude={"label", "says", "role", "networks"}),
        "networks": {
            role: network.model_dump(mode="json", exclude={"says", "parameters", "sizes"})
            for role, network in networks.items()
        },
        "sizes": sizes,
    }


def batches_per_epoch(setup: Setup) -> int | None:
    """Batches in one pass over a finite dataset; an incomplete last one counts only where it is kept."""
    count = setup.dataset.example_count()
    if count is None:
        return None
    return count // setup.batch_size if setup.last_batch == "drop" else math.ceil(count / setup.batch_size)


def epoch_iterations(setup: Setup, system: System) -> float | None:
    """Iterations per epoch: whole unless an iteration reads several batches."""
    batches = batches_per_epoch(setup)
    return None if batches is None else batches / batches_per_iteration(system)


def in_iterations(every: Every, setup: Setup, system: System) -> int:
    """An interval as a whole number of iterations, at least one."""
    if every.iterations is not None:
        return every.iterations
    per_epoch = epoch_iterations(setup, system)
    assert every.epochs is not None
    assert per_epoch is not None, "the loader refuses epochs of endless data"
    return max(1, round(every.epochs * per_epoch))


def id_of(determinant: Mapping[str, Any]) -> str:
    """A run's id from what determines it."""
    return hashlib.sha256(canonical(determinant).encode()).hexdigest()[:16]


def make_run(spec: PaperSpec, experiment: str, tier: Tier, seed: int, numerics: str) -> Run:
    """One run of one experiment; raises KeyError where the experiment has no such tier."""
    setup = spec.experiments[experiment].setup(tier)
    if setup is None:
        raise KeyError(f"{experiment} has no tier '{tier}'")
    system = system_of(spec, setup)
    networks = {role: spec.networks[name] for role, name in system.networks.items()}
    sizes = system_sizes(spec, setup)
    run_id = id_of(determinant(tier, seed, numerics, setup, system, networks, sizes))
    iterations = in_iterations(setup.budget, setup, system)
    return Run(spec.paper.id, experiment, tier, seed, numerics, setup, system, networks, sizes, iterations, run_id)


def run_ids(
    spec: PaperSpec, numerics: str, experiments: Iterable[str] | None = None, tiers: Iterable[Tier] = TIERS
) -> dict[str, dict[str, dict[int, str]]]:
    """What a spec plans: experiment -> tier -> seed -> run id."""
    return {
        name: {
            tier: {run.seed: run.run_id for run in make_plan(spec, tier, experiments=[name], numerics=numerics)}
            for tier in tiers
            if spec.experiments[name].setup(tier) is not None
        }
        for name in (spec.experiments if experiments is None else experiments)
    }


def make_plan(
    spec: PaperSpec,
    tier: Tier,
    *,
    experiments: Iterable[str] | None = None,
    seeds: Iterable[int] | None = None,
    numerics: str = "fp32",
    reading: str | None = None,
) -> list[Run]:
    """All runs of a paper at a tier, in the spec's order; experiments without the tier are left out.

    ``reading`` names the one that ``spec`` is the paper under.
    """
    chosen = list(experiments) if experiments is not None else list(spec.experiments)
    runs: dict[str, Run] = {}
    for name in chosen:
        setup = spec.experiments[name].setup(tier)
        if setup is None:
            continue
        several = list(seeds if seeds is not None else setup.seeds)
        first = make_run(spec, name, tier, several[0], numerics)
        facts = first.determinant()
        for seed in several:
            run = replace(first, seed=seed, reading=reading, run_id=id_of({**facts, "seed": seed}))
            known = runs.get(run.run_id)
            if known is None:
                runs[run.run_id] = run
            else:
                runs[run.run_id] = replace(known, also=(*known.also, name))
    return list(runs.values())
