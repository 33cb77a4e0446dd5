"""What choosing a checkpoint does to a score: last, best, median of the last few, and how much of it is luck.

The best of K evaluations that differ by noise alone looks better than one of them by ``s * e(K)``: s their standard
deviation, e(K) the expected largest of K standard normal numbers. s comes from successive differences (von Neumann
1941), which a slow trend moves little; of 4 to 8 evaluations it comes out about a tenth too low, of evaluations that
are correlated lower still. So this expectation is shown and nothing is concluded from it. Whether choosing gained more
than luck is a test of its own: if the evaluations of a run differ by noise alone, its last one is any of them.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from benchmark.judging import hypothesis_tests
from benchmark.judging.evidence import Evidence
from benchmark.judging.verdict import Selected
from benchmark.runs.records import ScoreRecord

#: evaluations at the end of training whose median is shown
WINDOW = 5
#: fewer evaluations than this say nothing of their noise
_LEAST_EVALUATIONS = 4
#: choices of one evaluation a run that are still all tried
_MOST_CHOICES = 2000
#: what is shown of all runs as the mean of what it is of each
_MEANS = ("last", "best", "median_of_last", "own", "noise", "gain", "luck")
#: sums that differ by less, relatively, are equal
_TIE = 1e-12


@dataclass(frozen=True)
class Choice:
    """One run's score under each rule of choosing; ``noise``, ``gain`` and ``luck`` as in ``verdict.Selected``."""

    evaluations: int
    last: float
    best: float | None
    median_of_last: float
    own: float
    noise: float | None
    gain: float | None
    luck: float | None
    #: what the best gains over each evaluation, the last one's at the end; empty where there is no best
    gains: tuple[float, ...]


def selection(evidence: Evidence) -> list[Selected]:
    """Every score that was evaluated over training, experiment by experiment and tier by tier."""
    rows = []
    for experiment, tiers in evidence.expected.items():
        for tier, seeds in tiers.items():
            records = [evidence.record(experiment, tier, seed) for seed in seeds]
            finished = [record for record in records if record is not None and record.status == "finished"]
            for name in sorted({name for record in finished for name in record.scores}):
                entries = [record.scores[name] for record in finished if name in record.scores]
                row = _row(experiment, tier, name, entries)
                if row is not None:
                    rows.append(row)
    return rows


def _row(experiment: str, tier: str, name: str, entries: Sequence[ScoreRecord]) -> Selected | None:
    choices = [choice for entry in entries if (choice := choose(entry)) is not None]
    if not choices:
        return None

    def over_seeds(name: str) -> float | None:
        values = [getattr(choice, name) for choice in choices]
        return None if None in values else hypothesis_tests.mean(values)

    means: dict[str, Any] = {name: over_seeds(name) for name in _MEANS}
    evaluations = min(choice.evaluations for choice in choices)
    return Selected(
        experiment=experiment,
        tier=tier,
        score=name,
        label=entries[0].label,
        direction=entries[0].direction,
        rule=entries[0].checkpoint,
        seeds=len(choices),
        evaluations=evaluations,
        window=min(WINDOW, evaluations),
        **means,
        p=no_better_than_any([choice.gains for choice in choices]),
    )


def choose(entry: ScoreRecord) -> Choice | None:
    """One run's score under each rule; None where it was evaluated fewer than twice or has no value."""
    values = [value for _, value in sorted(entry.series)]
    if len(values) < 2 or entry.value is None:
        return None
    last = values[-1]
    best = {"lower": min(values), "higher": max(values)}.get(entry.direction)
    noise = evaluation_noise(values)
    gains = () if best is None else tuple(abs(value - best) for value in values)
    return Choice(
        evaluations=len(values),
        last=last,
        best=best,
        median_of_last=hypothesis_tests.median(values[-WINDOW:]),
        own=entry.value,
        noise=noise,
        gain=gains[-1] if gains else None,
        luck=None if noise is None or best is None else noise * expected_maximum(len(values)),
        gains=gains,
    )


def no_better_than_any(gains: Sequence[Sequence[float]]) -> float | None:
    """p value of the gain over the runs' last evaluations, were each the gain over any evaluation of its run.

    ``gains`` holds one sequence a run, that over its last evaluation at the end. Exact where the choices of one
    evaluation a run are few, else from draws that are always the same. None where no gain could be significant.
    """
    choices = math.prod(len(run) for run in gains)
    if not choices or choices < 1 / hypothesis_tests.ALPHA:
        return None
    least = math.fsum(run[-1] for run in gains) * (1 - _TIE)
    if choices <= _MOST_CHOICES:
        sums = [math.fsum(chosen) for chosen in itertools.product(*gains)]
        return sum(total >= least for total in sums) / choices
    draw = random.Random(0)
    hits = sum(math.fsum(draw.choice(run) for run in gains) >= least for _ in range(_MOST_CHOICES))
    return (hits + 1) / (_MOST_CHOICES + 1)


def evaluation_noise(values: Sequence[float]) -> float | None:
    """Standard deviation of one evaluation about its trend, from the second half of the evaluations."""
    if len(values) < _LEAST_EVALUATIONS:
        return None
    later = values[len(values) // 2 - 1 :] if len(values) < 2 * _LEAST_EVALUATIONS else values[len(values) // 2 :]
    steps = [b - a for a, b in itertools.pairwise(later)]
    return math.sqrt(math.fsum(step * step for step in steps) / (2 * len(steps)))


@lru_cache
def expected_maximum(count: int) -> float:
    """Expected largest of ``count`` independent standard normal numbers: what exceeds 0 less what falls below it."""
    from scipy.integrate import quad
    from scipy.special import ndtr

    return float(quad(lambda x: 1 - ndtr(x) ** count - ndtr(-x) ** count, 0, math.inf)[0])
