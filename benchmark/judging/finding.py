"""What the seeds say of one statement, and how the Student and sign tests say it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmark.judging import hypothesis_tests, words
from benchmark.judging.hypothesis_tests import ALPHA, Estimate
from benchmark.judging.samples import Sample
from benchmark.judging.verdict import Interval
from benchmark.spec.quantities import Computed, Quantity

Points = Literal["same", "other", "mixed"]
Lookup = Callable[[Quantity | Computed], Sample]


class Incomparable(ValueError):
    """Values that must not be compared; the message says why."""


class Undecidable(ValueError):
    """Values on which the predicate has no meaning; the message says why."""


@dataclass(frozen=True)
class Finding:
    """What the seeds say of one predicate."""

    #: p value of "as claimed", and of "the opposite"
    p: float
    p_against: float
    #: positive means as claimed
    statistic: Interval | None
    #: whether the predicate holds, by seed that all its quantities share
    truths: Mapping[int, bool]
    points: Points
    #: the deciding numbers and the test, in words: for the claim, and against it
    says: str
    says_against: str
    #: fewest seeds that would decide at a level, should the numbers stay as they are
    needed: Callable[[float], int | None]


def student(
    estimate: Estimate,
    statement: str,
    numbers: str,
    test: str,
    truths: Mapping[int, bool],
    points: Points,
    shown: Callable[[Interval], Interval],
    *,
    count: int,
    samples: int = 1,
) -> Finding:
    """Student's t on ``estimate``, whose positive values are as claimed; ``shown`` maps its interval for display."""
    low, high = estimate.interval()
    p, p_against = estimate.p_above(), estimate.p_below()
    spread = seed_spread(estimate, count)
    return Finding(
        p=p,
        p_against=p_against,
        statistic=shown(Interval(estimate=estimate.value, low=low, high=high, confidence=1 - 2 * ALPHA)),
        truths=truths,
        points=points,
        says=f"{statement}: {numbers}, {test} {words.p_value(p)}",
        says_against=f"{statement}: {numbers}, {test} {words.p_value(p_against)} against",
        needed=lambda alpha: more(
            count, hypothesis_tests.seeds_needed(abs(estimate.value), spread, samples=samples, alpha=alpha)
        ),
    )


def signs(
    truths: Mapping[int, bool],
    falsehoods: Mapping[int, bool],
    points: Points,
    says: str,
    statistic: Interval | None = None,
) -> Finding:
    """The sign test over seeds; a seed for which neither it nor its opposite is true counts for neither."""
    count, hits, misses = len(truths), sum(truths.values()), sum(falsehoods.values())
    p, p_against = hypothesis_tests.sign_test(hits, count), hypothesis_tests.sign_test(misses, count)
    share = max(hits, misses) / count if count else 0.0
    return Finding(
        p=p,
        p_against=p_against,
        statistic=statistic,
        truths=truths,
        points=points,
        says=f"{says}{hits} of {words.counted(count, 'seed')}, exact sign test {words.p_value(p)}",
        says_against=f"{says}{misses} of {words.counted(count, 'seed')} against, "
        f"exact sign test {words.p_value(p_against)}",
        needed=lambda alpha: more(
            count, hypothesis_tests.fewest(lambda n: hypothesis_tests.sign_test(round(share * n), n) <= alpha)
        ),
    )


def silent(truths: Mapping[int, bool], points: Points, says: str) -> Finding:
    """Too little for a test: only what single seeds show."""

    def never(_alpha: float) -> None:
        return None

    return Finding(1.0, 1.0, None, truths, points, says, says, never)


def points_of(truths: Mapping[int, bool], falsehoods: Mapping[int, bool]) -> Points:
    """Where all seeds point, if they agree."""
    if truths and all(truths.values()):
        return "same"
    return "other" if falsehoods and all(falsehoods.values()) else "mixed"


def has_scale(estimate: Estimate, values: Sequence[float]) -> bool:
    """Whether seeds differ by more than rounding of their values could."""
    return estimate.error > 1e-12 * max(abs(value) for value in values)


def seed_spread(estimate: Estimate, count: int) -> float:
    """One seed's standard deviation of the deciding difference, if all samples had ``count`` seeds."""
    return estimate.error * math.sqrt(count)


def more(count: int, needed: int | None) -> int | None:
    """A number of seeds that did not decide cannot be the number that would."""
    return None if needed is None else max(needed, count + 1)
