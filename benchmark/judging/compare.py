"""Two results folders side by side: the same experiments, score by score, with the statistics of the verdicts.

Differences are B minus A. Where both have the same seeds they are taken seed by seed (Student), else between
independent samples (Welch), and on ranks where a seed diverged (Mann-Whitney); p values are two-sided and corrected by
Holm over everything that was tested. Where seeds differ, runs that are the same in both folders are left out: they are
no evidence of a difference. Nothing is compared across protocols, and no time across devices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

from benchmark.judging import hypothesis_tests
from benchmark.judging.finding import unit
from benchmark.judging.hypothesis_tests import ALPHA
from benchmark.judging.samples import Sample, protocol_difference
from benchmark.judging.verdict import Interval
from benchmark.runs.records import RunRecord, Stored, device_of
from benchmark.spec.base import Model, digest, flat, grouped
from benchmark.spec.words import counted, number, p_value

Group = dict[int, RunRecord]
#: paper, experiment, tier, reading, hash of the recipe without its seed
Key = tuple[str, str, str, str, str]
#: differing fields of a recipe or an environment that are listed
_MOST_FIELDS = 12


class Compared(Model):
    """One score of one experiment in both folders."""

    score: str
    label: str
    proxy: bool
    first: list[float]
    second: list[float]
    #: runs with the same result in both folders that are no part of the difference, since the folders' seeds differ
    left_out: int = 0
    #: seeds whose runs diverged, in A and in B
    diverged: tuple[int, int]
    mean_first: float | None
    mean_second: float | None
    #: B minus A
    difference: Interval | None = None
    paired: bool = False
    p: float | None = None
    p_holm: float | None = None
    outcome: Literal["equal", "A lower", "B lower", "no difference shown", "not comparable", "too few seeds"]
    says: str


class Times(Model):
    """Training time per iteration, B over A, on one device."""

    device: str
    ratio: Interval | None
    #: as of a score
    left_out: int = 0
    says: str


class ComparedExperiment(Model):
    """One experiment at one tier and by one recipe in both folders."""

    paper: str
    experiment: str
    tier: str
    #: as the records of A name it, and those of B
    readings: tuple[str, str]
    #: of A and of B
    numerics: tuple[str, str]
    seeds_first: list[int]
    seeds_second: list[int]
    #: fields of the recipe that differ, ``path: A -> B``
    recipe: list[str]
    scores: list[Compared]
    times: Times | None


class Comparison(Model):
    """Two results folders."""

    experiments: list[ComparedExperiment]
    #: what only one side has, as ``paper/experiment at tier``
    only_first: list[str]
    only_second: list[str]
    environment: list[str]
    #: fields of the environments that differ beyond those listed
    environment_more: int
    #: runs that cannot be believed, and why
    left_out: list[str] = []


def compare(first: Sequence[Stored], second: Sequence[Stored]) -> Comparison:
    """Compare the records of two folders, experiment by experiment."""
    a, b = _groups(first), _groups(second)
    shared = _shared(a, b)
    experiments = [_experiment(key, other, a[key], b[other]) for key, other in shared]
    tested = [score.p for each in experiments for score in each.scores if score.p is not None]
    adjusted = iter(hypothesis_tests.holm(tested))
    experiments = [
        each.model_copy(update={"scores": [_corrected(score, adjusted) for score in each.scores]})
        for each in experiments
    ]
    fields = _environments([a[key] for key, _ in shared], [b[key] for _, key in shared])
    return Comparison(
        experiments=experiments,
        only_first=[_name(key, group) for key, group in a.items() if key not in dict(shared)],
        only_second=[_name(key, group) for key, group in b.items() if key not in dict(shared).values()],
        environment=fields[:_MOST_FIELDS],
        environment_more=max(0, len(fields) - _MOST_FIELDS),
    )


def _groups(stored: Sequence[Stored]) -> dict[Key, Group]:
    """Records by experiment, recipe and seed; of several of one seed the first by folder.

    Recipes tell readings and numerics apart: a record may lack the name of its reading.
    """
    alike: dict[tuple[str, str, str, str], Group] = {}
    for run in sorted(stored, key=lambda run: str(run.folder)):
        record = run.record
        recipe = digest({name: value for name, value in record.determinant.items() if name != "seed"})
        alike.setdefault((record.paper, record.experiment, record.tier, recipe), {}).setdefault(record.seed, record)
    groups: dict[Key, Group] = {}
    for (paper, experiment, tier, recipe), group in alike.items():
        reading = next((record.reading for record in group.values() if record.reading), "")
        groups[paper, experiment, tier, reading, recipe] = group
    return dict(sorted(groups.items(), key=lambda item: item[0]))  # full before short before smoke


def _shared(a: Mapping[Key, Group], b: Mapping[Key, Group]) -> list[tuple[Key, Key]]:
    """What is compared with what: one recipe, else one reading, else what either side has one of."""
    pairs: dict[Key, Key] = {}

    def match(same: Callable[[Key], tuple[str, ...]]) -> None:
        left = grouped((same(key), key) for key in a if key not in pairs)
        right = grouped((same(key), key) for key in b if key not in pairs.values())
        pairs.update(
            (keys[0], right[name][0]) for name, keys in left.items() if len(keys) == len(right.get(name, ())) == 1
        )

    match(lambda key: (*key[:3], key[4]))
    match(lambda key: key[:4])
    match(lambda key: key[:3])
    return sorted(pairs.items())


def _numerics(group: Group) -> str:
    return next(iter(group.values())).numerics


def _name(key: Key, group: Group) -> str:
    numerics = f", in {_numerics(group)}" if _numerics(group) != "fp32" else ""
    return f"{key[0]}/{key[1]} at {key[2]}" + (f", reading {key[3]}" if key[3] else "") + numerics


def _experiment(key: Key, other: Key, a: Group, b: Group) -> ComparedExperiment:
    names = sorted({name for record in (*a.values(), *b.values()) for name in record.scores})
    return ComparedExperiment(
        paper=key[0],
        experiment=key[1],
        tier=key[2],
        readings=(key[3], other[3]),
        numerics=(_numerics(a), _numerics(b)),
        seeds_first=sorted(a),
        seeds_second=sorted(b),
        recipe=_recipes(a, b),
        scores=[_score(name, a, b) for name in names],
        times=_times(a, b),
    )


def _sample(side: str, name: str, group: Group) -> Sample:
    values, protocols = {}, {}
    for seed, record in sorted(group.items()):
        score = record.scores.get(name)
        if record.status == "finished" and score is not None and score.value is not None:
            values[seed] = score.value
            protocols[seed] = {"metric": score.metric, "checkpoint": score.checkpoint, **score.protocol}
    return Sample(
        label=name,
        experiment=side,
        tier="",
        planned=tuple(sorted(group)),
        values=values,
        diverged=frozenset(seed for seed, record in group.items() if record.status == "diverged"),
        protocols=protocols,
    )


def _score(name: str, a: Group, b: Group) -> Compared:
    """Outcome (still without Holm), difference, whether it is paired, two-sided p value, and how it was found."""
    entries = [record.scores[name] for record in (*a.values(), *b.values()) if name in record.scores]
    first, second = _sample("A", name, a), _sample("B", name, b)
    said = partial(
        Compared,
        score=name,
        label=entries[0].label,
        proxy=any(entry.proxy for entry in entries),
        first=first.numbers,
        second=second.numbers,
        diverged=(len(first.diverged), len(second.diverged)),
        mean_first=hypothesis_tests.mean(first.numbers) if first.values else None,
        mean_second=hypothesis_tests.mean(second.numbers) if second.values else None,
    )
    problem = protocol_difference([first, second])
    if problem is not None:
        return said(outcome="not comparable", says=problem)
    same = _same(a, b, lambda record: (record.status, record.scores.get(name))) & first.seeds
    if first.seeds == second.seeds:
        found, without = _difference(said, first, second, entries[0].direction), "with"
    else:
        said = partial(said, left_out=len(same))
        first, second = _sample("A", name, _without(same, a)), _sample("B", name, _without(same, b))
        found, without = _difference(said, first, second, entries[0].direction), "without"
    if not same or found.outcome == "equal":
        return found
    says = f"{without} {counted(len(same), 'run')} of the same result in both: {found.says}"
    return found.model_copy(update={"says": says})


def _same(a: Group, b: Group, result: Callable[[RunRecord], object]) -> frozenset[int]:
    """Seeds of one and the same run in both folders, where both tell the same result of it."""
    shared = a.keys() & b.keys()
    return frozenset(seed for seed in shared if a[seed].run_id == b[seed].run_id and result(a[seed]) == result(b[seed]))


def _without(seeds: frozenset[int], group: Group) -> Group:
    return {seed: record for seed, record in group.items() if seed not in seeds}


def _difference(said: Callable[..., Compared], a: Sample, b: Sample, direction: str) -> Compared:
    paired = set(a.values) == set(b.values) and len(a.values) >= 2
    if not a.diverged and not b.diverged and dict(a.values) == dict(b.values) and a.values:
        return said(outcome="equal", paired=True, says=f"the same in {counted(len(a.values), 'seed')}")
    if a.diverged or b.diverged:
        return _ranks(said, a, b, direction)
    if min(len(a.values), len(b.values)) < 2:
        return said(outcome="too few seeds", says=f"{len(a.values)} and {counted(len(b.values), 'seed')}")
    estimate = (hypothesis_tests.paired if paired else hypothesis_tests.two_samples)(a.numbers, b.numbers)
    estimate = estimate.floored(unit([*a.numbers, *b.numbers], a, b), min(len(a.values), len(b.values)))
    p = min(1.0, 2 * min(estimate.p_above(), estimate.p_below()))
    how = f"{'differences by seed' if paired else 'independent samples'}, {p_value(p)}"
    lower = "A lower" if estimate.value > 0 else "B lower"
    return said(outcome=lower, difference=estimate.shown(), paired=paired, p=p, says=how)


def _ranks(said: Callable[..., Compared], a: Sample, b: Sample, direction: str) -> Compared:
    """A seed that diverged ranks worst; without a direction there is no worst."""
    worst = {"lower": math.inf, "higher": -math.inf}.get(direction, math.nan)
    first, second = ([*side.numbers, *[worst] * len(side.diverged)] for side in (a, b))
    if not first or not second:
        return said(outcome="too few seeds", says="seeds diverged, and nothing is left to rank")
    if math.isnan(worst):
        return said(outcome="too few seeds", says="seeds diverged, and a score without a direction does not rank them")
    lower, higher = hypothesis_tests.mann_whitney(first, second), hypothesis_tests.mann_whitney(second, first)
    p = min(1.0, 2 * min(lower, higher))
    how = f"ranks, {len(a.diverged)} and {len(b.diverged)} diverged, {p_value(p)}"
    return said(outcome="A lower" if lower < higher else "B lower", p=p, says=how)


def _corrected(compared: Compared, adjusted: Iterator[float]) -> Compared:
    if compared.p is None:
        return compared
    p = next(adjusted)
    outcome = compared.outcome if p <= ALPHA else "no difference shown"
    return compared.model_copy(
        update={"p_holm": p, "outcome": outcome, "says": f"{compared.says}, {p_value(p)} after Holm"}
    )


def _times(a: Group, b: Group) -> Times | None:
    rates = [
        {
            seed: rate
            for seed, record in sorted(group.items())
            if record.status == "finished" and (rate := record.timing.rate(record.iterations)) is not None and rate > 0
        }
        for group in (a, b)
    ]
    same = _same(a, b, lambda record: (record.status, record.timing)) & rates[0].keys()
    apart = rates[0].keys() != rates[1].keys()
    about = f"{'without' if apart else 'with'} {counted(len(same), 'run')} of the same time in both: " if same else ""
    if apart:
        a, b = _without(same, a), _without(same, b)
        rates = [{seed: rate for seed, rate in pace.items() if seed not in same} for pace in rates]
    if not (same or all(rates)):
        return None
    devices = sorted({device_of(record.environment) for record in (*a.values(), *b.values())})
    if len(devices) > 1 or devices == ["not recorded"]:
        return Times(device=", ".join(devices), ratio=None, says="times of different devices are not compared")
    counts = f"{len(rates[0])} and {counted(len(rates[1]), 'run')}"
    said = partial(Times, device=devices[0], left_out=len(same) if apart else 0)
    if not all(rates):
        return said(ratio=None, says=f"{about}{counts}")
    logs = [[math.log(rate) for rate in pace.values()] for pace in rates]
    middle = math.exp(hypothesis_tests.mean(logs[1]) - hypothesis_tests.mean(logs[0]))
    if min(len(log) for log in logs) < 2:
        return said(
            ratio=Interval(estimate=middle, low=None, high=None, confidence=hypothesis_tests.confidence()),
            says=f"{about}{number(middle)} times A's, from {counts}",
        )
    paired = set(rates[0]) == set(rates[1])
    gap = (hypothesis_tests.paired if paired else hypothesis_tests.two_samples)(logs[0], logs[1])
    return said(ratio=gap.shown().mapped(math.exp), says=f"{about}{number(middle)} times A's")


def _recipes(a: Group, b: Group) -> list[str]:
    """Where the recipes of the two differ; the seeds are not part of it."""
    sides = []
    for group in (a, b):
        record = next(iter(group.values()))
        sides.append(flat({key: value for key, value in record.determinant.items() if key != "seed"}))
    return _differing(*sides)[:_MOST_FIELDS]


def _environments(a: Sequence[Group], b: Sequence[Group]) -> list[str]:
    """Fields of the environment that differ between the folders, each with all values it takes."""
    sides: list[dict[str, str]] = []
    for groups in (a, b):
        seen: dict[str, set[str]] = {}
        for record in (record for group in groups for record in group.values()):
            for field, value in flat(record.environment).items():
                seen.setdefault(field, set()).add(value)
        sides.append({field: " or ".join(sorted(values)) for field, values in seen.items()})
    return _differing(*sides)


def _differing(a: Mapping[str, str], b: Mapping[str, str]) -> list[str]:
    return [
        f"{field}: {a.get(field, 'nothing')} -> {b.get(field, 'nothing')}"
        for field in sorted({*a, *b})
        if a.get(field) != b.get(field)
    ]
