"""From run records to one quantity over the seeds: which records count, what they say, and why a seed is missing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

from benchmark.judging.consistency import ABSURD
from benchmark.judging.inspection import Inspected, refusals
from benchmark.judging.samples import Sample
from benchmark.judging.verdict import ExperimentState
from benchmark.runs.files import StoreError
from benchmark.runs.records import CURVES, RECOUNTED, RunRecord, ScoreRecord, Stored, device_of
from benchmark.runs.sidecars import recipe_of
from benchmark.spec import words
from benchmark.spec.curve_statistics import CurveError, series_value
from benchmark.spec.numerics import ROUGHER
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import METRICS, Direction, Metric
from benchmark.spec.quantities import Quantity
from benchmark.spec.statistic import FirstBelow, Statistic

#: experiment -> tier -> seed -> run_id, as today's spec plans
Expected = Mapping[str, Mapping[str, Mapping[int, str]]]
#: a process that gets less of one core than this share shared it with others
_UNDISTURBED = 0.8


def worse_way(statistic: Statistic | None, direction: Direction) -> Direction:
    """Which way is better, of a statistic of a quantity that has a ``direction``."""
    return direction if statistic is None or statistic.better == "as the curve" else statistic.better


def ids_of(expected: Expected) -> set[str]:
    return {run_id for tiers in expected.values() for seeds in tiers.values() for run_id in seeds.values()}


class Evidence:
    """Those records of a results folder that today's spec asks for. ``inspected`` may be shared between folders."""

    def __init__(
        self,
        spec: PaperSpec,
        stored: Sequence[Stored],
        expected: Expected,
        others: Collection[str] = (),
        inspected: Inspected | None = None,
    ) -> None:
        self.spec = spec
        self.expected = expected
        self._inspected = Inspected() if inspected is None else inspected
        #: a score, a curve's statistic, a time or an outcome over the seeds of one tier
        self.sample = cache(self._sample)
        owners: dict[str, list[str]] = {}
        for experiment, tiers in expected.items():
            for run_id in dict.fromkeys(run_id for seeds in tiers.values() for run_id in seeds.values()):
                owners.setdefault(run_id, []).append(experiment)
        known = {*owners, *others}
        self.stale = sorted(
            str(run.folder) for run in stored if run.record.run_id not in known and run.record.paper == spec.paper.id
        )
        used = [run for run in stored if run.record.run_id in owners]
        self._runs = {run.record.run_id: run for run in reversed(used)}  # of several of one id the first
        self.damage, refused = refusals(used, owners, self._inspected)
        #: by run id why a record that is there does not count
        self._refused = dict.fromkeys(self._inspected.unread, "its record cannot be read") | refused

    def rougher(self, experiment: str, tier: str) -> str | None:
        """Why runs of an experiment may not be judged: they are in a tier not shown equivalent to fp32 for it."""
        for record in self._records(experiment, tier):
            name = record.numerics
            if name in ROUGHER and (recipe_of(record.determinant), name) not in self._inspected.shown:
                return f"{experiment}: {name} is not shown equivalent to fp32 (`ganrepro equivalence` does that)"
        return None

    def states(self) -> list[ExperimentState]:
        """How far each experiment is at each tier."""
        states = []
        for experiment, tiers in self.expected.items():
            for tier, seeds in tiers.items():
                runs = self._records(experiment, tier)
                count = {
                    status: sum(run.status == status for run in runs) for status in ("finished", "diverged", "failed")
                }
                seconds = sum(run.timing.training_seconds for run in runs)
                states.append(
                    ExperimentState(
                        experiment=experiment, tier=tier, planned=len(seeds), training_seconds=seconds, **count
                    )
                )
        return states

    def _planned(self, experiment: str, tier: str) -> Mapping[int, str]:
        """Run ids by seed."""
        return self.expected.get(experiment, {}).get(tier, {})

    def _records(self, experiment: str, tier: str) -> list[RunRecord]:
        """Those of the planned runs that are there."""
        ids = self._planned(experiment, tier).values()
        return [self._runs[run_id].record for run_id in ids if run_id in self._runs]

    def _sample(self, quantity: Quantity, tier: str) -> Sample:
        blank = self._blank(quantity, tier)
        if quantity.outcome is not None:
            return self._gather(blank, _outcome, ("finished", "diverged"))
        return self._gather(blank, lambda run: self._read(quantity, run))

    def _blank(self, quantity: Quantity, tier: str) -> Sample:
        """What the spec alone says of a quantity: which way is worse is known even if every run diverged."""
        planned = tuple(self._planned(quantity.experiment, tier))
        about = partial(Sample, quantity.bare, quantity.experiment, tier, planned)
        if quantity.outcome is not None:
            return about(resolution=1.0)
        if quantity.score is None:
            return about(direction="lower" if quantity.time is not None else worse_way(quantity.statistic, "none"))
        setup = self.spec.experiments.get(quantity.experiment)
        here = setup.setup(tier) if setup is not None else None
        records = (record.scores for record in self._records(quantity.experiment, tier))
        named = next((scores[quantity.score].metric for scores in records if quantity.score in scores), None)
        metric: Metric | type[Metric] | None = METRICS.find(named) if named is not None else None
        if here is not None and quantity.score in here.scores:
            metric = here.scores[quantity.score].metric
        if metric is None:  # nobody knows what it is, so it may stand beside no published number
            return about(proxy=named is not None)
        if quantity.statistic is not None:
            return about(direction=worse_way(quantity.statistic, metric.direction), proxy=metric.proxy)
        about = partial(about, resolution=float(metric.counts), possible=metric.possible)
        return about(direction=metric.direction, proxy=metric.proxy)

    def best_iteration(self, experiment: str, score: str, tier: str) -> Sample:
        """Iteration of the checkpoint that a score was taken at, over the seeds of one tier."""

        def read(run: Stored) -> _Reading:
            entry = run.record.scores.get(score)
            if entry is None or entry.iteration is None or entry.value is None:
                return _Reading(None, _why_missing(score, entry))
            return _Reading(float(entry.iteration), protocol=_protocol(entry))

        planned = tuple(self._planned(experiment, tier))
        return self._gather(Sample(f"iteration of {score}", experiment, tier, planned, resolution=1.0), read)

    def _gather(
        self, blank: Sample, read: Callable[[Stored], _Reading], readable: Sequence[str] = ("finished",)
    ) -> Sample:
        """``blank`` with what is read of the runs whose status is ``readable``."""
        values: dict[int, float] = {}
        reasons: dict[int, str] = {}
        diverged, beyond = set(), set()
        protocols: dict[int, Mapping[str, Any]] = {}
        seconds: dict[int, float] = {}
        planned = self._planned(blank.experiment, blank.tier)
        for seed, run_id in planned.items():
            run = self._runs.get(run_id)
            if run is not None:
                timing = run.record.timing
                seconds[seed] = timing.training_seconds + timing.evaluation_seconds
            if run is None or run_id in self._refused:
                reasons[seed] = self._refused.get(run_id, f"no run at tier {blank.tier}")
                continue
            record = run.record
            if record.status not in readable:
                reasons[seed] = f"{record.status}: {record.reason or 'no reason recorded'}"
                if record.status == "diverged":
                    diverged.add(seed)
                continue
            reading = read(run)
            protocols[seed] = reading.protocol
            if reading.value is None:
                reasons[seed] = reading.reason
                beyond |= {seed} if reading.beyond else set()
            elif abs(reading.value) <= ABSURD:
                values[seed] = reading.value
            else:
                reasons[seed] = f"{words.number(reading.value)} is no number that training gives"
        return replace(
            blank,
            values=values,
            diverged=frozenset(diverged),
            beyond=frozenset(beyond),
            reasons={seed: words.clause(why) for seed, why in reasons.items()},
            protocols=protocols,
            seconds=seconds,
            runs=sum(run_id in self._runs or run_id in self._refused for run_id in planned.values()),
        )

    def _read(self, quantity: Quantity, run: Stored) -> _Reading:
        if quantity.score is not None:
            entry = run.record.scores.get(quantity.score)
            if entry is None or entry.value is None:
                return _Reading(None, _why_missing(quantity.score, entry))
            if quantity.statistic is not None:
                return _over_training(quantity.statistic, entry, run.record)
            return _Reading(entry.value, protocol=_protocol(entry))
        if quantity.time is not None:
            return _time(quantity.time, run.record)
        assert quantity.curve is not None
        assert quantity.statistic is not None
        if self._inspected[run].broken_curves:
            return _Reading(None, f"{CURVES} is missing or has changed since its record was written")
        # "never within the run" is only comparable between runs of one length
        protocol = {"iterations": run.record.planned_iterations} if isinstance(quantity.statistic, FirstBelow) else {}
        try:
            return _Reading(self._inspected.statistic(run, quantity.curve, quantity.statistic), protocol=protocol)
        except (CurveError, StoreError) as error:
            beyond = isinstance(error, CurveError) and error.beyond
            return _Reading(None, str(error), beyond=beyond, protocol=protocol)

    def record(self, experiment: str, tier: str, seed: int) -> RunRecord | None:
        """The record of one planned run, if there is one."""
        run = self._runs.get(self._planned(experiment, tier).get(seed, ""))
        return run.record if run is not None else None


@dataclass(frozen=True)
class _Reading:
    value: float | None
    reason: str = ""
    beyond: bool = False
    protocol: Mapping[str, Any] = field(default_factory=dict)


def _outcome(run: Stored) -> _Reading:
    """1 for a run that diverged, 0 for one that finished."""
    if run.record.origin is not None:
        return _Reading(None, "whether training diverged is not told")
    return _Reading(float(run.record.status == "diverged"))


def _over_training(statistic: Statistic, entry: ScoreRecord, record: RunRecord) -> _Reading:
    """A statistic of a score's evaluations; their number is part of the protocol."""
    protocol = {**_protocol(entry), "evaluations": len(entry.series)}
    if RECOUNTED in entry.details:
        return _Reading(None, f"counted again by another rule {entry.details[RECOUNTED]}", protocol=protocol)
    try:
        value = series_value(entry.series, record.planned_iterations, record.iterations_per_epoch, statistic)
    except CurveError as error:
        return _Reading(None, str(error), protocol=protocol)
    return _Reading(value, protocol=protocol)


def _time(word: str, record: RunRecord) -> _Reading:
    """Training time at the rate after the warm-up, with the device that it belongs to."""
    environment, timing = record.environment, record.timing
    protocol: dict[str, Any] = {"quantity": word, "device": device_of(environment), "numerics": record.numerics}
    if isinstance(gpu := environment.get("gpu"), dict):
        protocol["loop"] = environment.get("loop")  # replayed iterations cost less than plain ones
        protocol["shared"] = bool(gpu.get("other_processes"))
    else:
        worked = timing.processor_seconds
        protocol["threads"] = environment.get("threads")
        protocol["shared"] = worked is not None and worked < _UNDISTURBED * timing.training_seconds
    if "momenta_beside" in environment:  # statistics that moved along took time
        protocol["momenta_beside"] = environment["momenta_beside"]
    if protocol["device"] == "not recorded":
        return _Reading(None, "the record does not name the device", protocol=protocol)
    rate = timing.rate(record.iterations)
    if rate is None:
        return _Reading(None, "the run is no longer than its warm-up", protocol=protocol)
    value = rate if word == "seconds_per_iteration" else rate * record.iterations
    return _Reading(value, protocol=protocol)


def _protocol(entry: ScoreRecord) -> dict[str, Any]:
    return {"metric": entry.metric, "checkpoint": entry.checkpoint, **entry.protocol}


def _why_missing(score: str, entry: ScoreRecord | None) -> str:
    why = "the run was not asked for it" if entry is None else entry.reason or "no reason recorded"
    return f"{score} not measured: {why}"
