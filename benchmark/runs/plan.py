"""From a paper, a tier and seeds to runs: pure, without torch. Identical work appears once."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Generic, TypeVar

from benchmark.spec.base import TIERS, Tier, canonical
from benchmark.spec.dataflow import batches_per_iteration, curve_names
from benchmark.spec.experiments import Every, Experiment, Setup
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import DATASETS
from benchmark.spec.resolve import replaced, sizes_of
from benchmark.spec.shapes import layout, resolve_sizes
from benchmark.spec.systems import Network, System

#: raised whenever the trainer's arithmetic or the meaning of a record changes; part of every run's id
TRAINER_VERSION = 1

T = TypeVar("T")
#: planned runs that are remembered: more than all readings of a paper have
_KEPT = 8192


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
    #: of all networks by name, of one name the last network's
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

    def facts(self) -> dict[str, Any]:
        """What a record says of its run, whatever came of it."""
        return {
            "schema_version": 1,
            "determinant": self.determinant(),
            "planned_iterations": self.iterations,
            **{name: getattr(self, name) for name in _FACTS},
        }

    def determinant(self) -> dict[str, Any]:
        """Everything that determines the result; its canonical JSON is hashed into the id.

        Prose and asserted counts are left out, since they change nothing.
        """
        written = self.setup.model_dump(mode="json", exclude=_NOT_OF_A_RUN)
        return {
            "trainer_version": TRAINER_VERSION,
            "tier": self.tier,
            "seed": self.seed,
            "numerics": self.numerics,
            "setup": {_RENAMED.get(key, key): value for key, value in written.items()},
            "system": self.system.model_dump(mode="json", exclude={"label", "says", "role", "networks"}),
            "networks": {
                role: network.model_dump(mode="json", exclude={"says", "parameters", "sizes"})
                for role, network in self.networks.items()
            },
            "sizes": {**self.sizes, **self._sizes_apart()},
        }

    def _sizes_apart(self) -> dict[str, int]:
        """Sizes of single networks where another one gives the same name another value: ``generator.width``."""
        return {
            f"{role}.{name}": value
            for role, network in self.networks.items()
            for name, value in resolve_sizes(network, self.setup.sizes).items()
            if value != self.sizes[name]
        }


_FACTS = ("run_id", "paper", "experiment", "tier", "seed", "numerics", "reading", "iterations_per_epoch")
#: keys of a determinant that keep the name they had when the first run ids were given, by today's name
_RENAMED = {"batch_size": "batch_images"}
_NOT_OF_A_RUN: Any = {
    **dict.fromkeys(("seeds", "system", "sizes", "replace", "reduces"), True),
    "scores": {"__all__": {"label"}},
}


def batches_per_epoch(setup: Setup) -> int | None:
    """Batches in one pass over a finite dataset. An incomplete last batch counts if it is kept."""
    count = setup.dataset.example_count()
    if count is None:
        return None
    return count // setup.batch_size if setup.last_batch == "drop" else math.ceil(count / setup.batch_size)


def epoch_iterations(setup: Setup, system: System) -> float | None:
    """Iterations per epoch: whole unless an iteration reads several batches."""
    batches = batches_per_epoch(setup)
    return None if batches is None else batches / batches_per_iteration(system)


def iterations_per_epoch(determinant: Mapping[str, Any]) -> float | None:
    """See :attr:`Run.iterations_per_epoch`, from what was hashed into a run's id.

    Raises KeyError, TypeError or ValueError where it names what is unknown here.
    """
    written, names = determinant["setup"], {new: old for old, new in _RENAMED.items()}
    ((dataset, settings),) = written["dataset"].items()
    facts = {names.get(key, key): value for key, value in written.items()}
    setup = Setup.model_construct(**{**facts, "dataset": DATASETS.get(dataset).model_validate(settings)})
    return epoch_iterations(setup, System.model_validate({**determinant["system"], "networks": {}}))


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
    runs = runs_of(spec, experiment, tier, seeds=[seed], numerics=numerics)
    if not runs:
        raise KeyError(f"{experiment} has no tier '{tier}'")
    return runs[0]


def runs_of(
    spec: PaperSpec,
    experiment: str,
    tier: Tier,
    *,
    seeds: Iterable[int] | None = None,
    numerics: str = "fp32",
    reading: str | None = None,
) -> list[Run]:
    """The runs of one experiment at a tier, by seed; none where it has no such tier."""
    setup = _setup(_Same(spec.experiments[experiment]), tier)
    if setup is None:
        return []
    system = _system(_Same(spec.systems[setup.system]), _Same(setup))
    networks = tuple((role, _Same(spec.networks[name])) for role, name in system.networks.items())
    run, texts = _unseeded(spec.paper.id, experiment, tier, numerics, _Same(setup), _Same(system), networks)
    wanted = seeds if seeds is not None else setup.seeds
    return [replace(run, seed=seed, run_id=run_id, reading=reading) for seed, run_id in _ids(texts, wanted)]


class _Same(Generic[T]):
    """A frozen object as a key, equal to none but itself: readings share what they leave as it is."""

    def __init__(self, it: T) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.it is other.it


@lru_cache(maxsize=_KEPT)
def _setup(experiment: _Same[Experiment], tier: Tier) -> Setup | None:
    return experiment.it.setup(tier)


@lru_cache(maxsize=_KEPT)
def _system(system: _Same[System], setup: _Same[Setup]) -> System:
    return replaced(system.it, setup.it)


@lru_cache(maxsize=_KEPT)
def _unseeded(
    paper: str,
    experiment: str,
    tier: Tier,
    numerics: str,
    setup: _Same[Setup],
    system: _Same[System],
    networks: Iterable[tuple[str, _Same[Network]]],
) -> tuple[Run, dict[str, str]]:
    """A run without a seed, and the canonical JSON of each thing that determines it."""
    named = {role: network.it for role, network in networks}
    run = Run(
        paper=paper,
        experiment=experiment,
        tier=tier,
        seed=0,
        numerics=numerics,
        setup=setup.it,
        system=system.it,
        networks=named,
        sizes=sizes_of(named.values(), setup.it),
        iterations=in_iterations(setup.it.budget, setup.it, system.it),
        run_id="",
    )
    return run, {key: canonical(value) for key, value in run.determinant().items()}


def _ids(texts: Mapping[str, str], seeds: Iterable[int]) -> Iterator[tuple[int, str]]:
    """Each seed with its run's id, as :func:`id_of` gives it from what ``texts`` are the JSON of."""
    for seed in seeds:
        content = ",".join(f'"{key}":{text}' for key, text in sorted({**texts, "seed": str(seed)}.items()))
        yield seed, hashlib.sha256(f"{{{content}}}".encode()).hexdigest()[:16]


def run_ids(spec: PaperSpec, numerics: str) -> dict[str, dict[str, dict[int, str]]]:
    """What a spec plans: experiment -> tier -> seed -> run id."""
    return {
        name: {
            tier: {run.seed: run.run_id for run in runs_of(spec, name, tier, numerics=numerics)}
            for tier in TIERS
            if spec.experiments[name].setup(tier) is not None
        }
        for name in spec.experiments
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
    seeds = None if seeds is None else list(seeds)
    runs: dict[str, Run] = {}
    for name in experiments if experiments is not None else spec.experiments:
        for run in runs_of(spec, name, tier, seeds=seeds, numerics=numerics, reading=reading):
            known = runs.get(run.run_id)
            runs[run.run_id] = run if known is None else replace(known, also=(*known.also, name))
    return list(runs.values())
