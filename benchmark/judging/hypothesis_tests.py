"""The statistics behind verdicts: Student and Welch intervals, equivalence, exact rank, sign and binomial tests, Holm.

The replication unit is the training seed. References: Schuirmann 1987 (two one-sided tests), Welch 1947 and
Satterthwaite 1946, Mann and Whitney 1947, Hodges and Lehmann 1963, Clopper and Pearson 1934, Holm 1979, Haybittle 1971
and Peto et al. 1976 (interim looks).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from benchmark.judging.verdict import Interval

#: level of every one-sided test
ALPHA = 0.05
#: level of an interim look at fewer seeds than planned (Haybittle 1971, Peto et al. 1976): so small that several
#: looks hardly add to the level of the last one, which stays as it is
INTERIM = 0.001
#: fewer seeds than this decide nothing
LEAST_SEEDS = 3
#: fewer values than this do not tell an outlier
_TELLING = 8
#: how many times as far from the median as the farthest on the other side a value counts
_REACH = 3.0

Equivalence = Literal["inside", "above", "below", "undecided"]


#: of at least one value; an infinite one may be the middle one
mean, median = statistics.fmean, statistics.median


def deviation(values: Sequence[float]) -> float | None:
    """Sample standard deviation (N - 1); None for fewer than two values."""
    if len(values) < 2:
        return None
    centre = mean(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))


def confidence(alpha: float = ALPHA) -> float:
    """Confidence of an interval of which either end is a one-sided bound at ``1 - alpha``."""
    return 1 - 2 * alpha


def interval(estimate: float, low: float | None, high: float | None, alpha: float = ALPHA) -> Interval:
    """An estimate between bounds of which either is one-sided at ``1 - alpha``."""
    return Interval(estimate=estimate, low=low, high=high, confidence=confidence(alpha))


@dataclass(frozen=True)
class Estimate:
    """A mean or a difference of means with its standard error and degrees of freedom (Student)."""

    value: float
    error: float
    freedom: float

    def floored(self, unit: float, count: int) -> Estimate:
        """With at least the standard error of ``count`` seeds of which one is off by ``unit``."""
        return Estimate(self.value, max(self.error, unit / count), self.freedom)

    def seed_spread(self, count: int) -> float:
        """One seed's standard deviation of the deciding difference, if all samples had ``count`` seeds."""
        return self.error * math.sqrt(count)

    def interval(self, alpha: float = ALPHA) -> tuple[float, float]:
        """Two-sided interval of :func:`confidence`: either end is a one-sided bound at ``1 - alpha``."""
        half = quantile(1 - alpha, self.freedom) * self.error
        return self.value - half, self.value + half

    def shown(self) -> Interval:
        """The estimate with its interval."""
        return interval(self.value, *self.interval())

    def p_above(self, bound: float = 0.0) -> float:
        """One-sided p value of "the true value lies above ``bound``"; without any error the value decides."""
        if self.error == 0:
            return float(self.value <= bound)
        return tail((self.value - bound) / self.error, self.freedom)

    def p_below(self, bound: float = 0.0) -> float:
        """One-sided p value of "the true value lies below ``bound``"; without any error the value decides."""
        return Estimate(-self.value, self.error, self.freedom).p_above(-bound)


@lru_cache
def quantile(probability: float, freedom: float) -> float:
    """Quantile of Student's t; ``freedom`` need not be whole."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, probability))


def tail(t: float, freedom: float) -> float:
    """P(T >= t) for Student's t."""
    from scipy.special import stdtr

    return float(stdtr(freedom, -t))


def one_sample(values: Sequence[float]) -> Estimate:
    """The mean of at least two values."""
    spread = deviation(values)
    assert spread is not None, "needs two values"
    return Estimate(mean(values), spread / math.sqrt(len(values)), len(values) - 1)


def sided(values: Sequence[float], unit: float) -> tuple[Estimate, Estimate]:
    """The mean of at least two values as it is shown to lie above 0, and below 0, each floored by ``unit``.

    Of eight values and more, one that lies on the side to be shown counts as no farther from the median than three
    times the farthest on the other side, where that shows more: a seed that says the same as all others and far more
    of it must not weaken what they say. It only draws the mean towards the other side, and the level of 5 % stays
    (docs/statistics.md).
    """
    below = _shown_above([-value for value in values], unit)
    return _shown_above(values, unit), Estimate(-below.value, below.error, below.freedom)


def _shown_above(values: Sequence[float], unit: float) -> Estimate:
    plain = one_sample(values).floored(unit, len(values))
    if len(values) < _TELLING:
        return plain
    middle = median(values)
    top = middle + _REACH * (middle - min(values))
    drawn_in = one_sample([min(value, top) for value in values]).floored(unit, len(values))
    return min(plain, drawn_in, key=Estimate.p_above)


def two_samples(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """mean(second) - mean(first) for independent samples of at least two values each (Welch)."""
    return _welch(mean(second) - mean(first), [one_sample(first), one_sample(second)])


def paired(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """Mean of second - first for values that belong together in this order."""
    return one_sample(differences(first, second))


def differences(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """second - first, in order."""
    return [b - a for a, b in zip(first, second, strict=True)]


def against(ours: Estimate, published: float, theirs: Estimate | None = None) -> Estimate:
    """Ours minus published; the published number's own uncertainty over seeds is added where it is known (Welch)."""
    return _welch(ours.value - published, [ours] if theirs is None else [ours, theirs])


def _welch(value: float, parts: Sequence[Estimate]) -> Estimate:
    if len(parts) == 1:
        return Estimate(value, parts[0].error, parts[0].freedom)
    variance = math.fsum(part.error**2 for part in parts)
    below = math.fsum(part.error**4 / part.freedom for part in parts)
    if below == 0:  # no spread anywhere, or so little that its fourth power vanishes
        return Estimate(value, math.sqrt(variance), min(part.freedom for part in parts))
    return Estimate(value, math.sqrt(variance), variance**2 / below)


def oriented(estimate: Estimate, direction: str) -> Estimate:
    """``estimate`` of ours minus published with its sign turned so that positive is worse."""
    return Estimate(-estimate.value, estimate.error, estimate.freedom) if direction == "higher" else estimate


def equivalence(estimate: Estimate, margin: float, alpha: float = ALPHA) -> Equivalence:
    """Where the interval at level ``alpha`` lies against (-margin, margin)."""
    low, high = estimate.interval(alpha)
    if -margin < low and high < margin:
        return "inside"
    if low > margin:
        return "above"
    return "below" if high < -margin else "undecided"


def mann_whitney(smaller: Sequence[float], larger: Sequence[float]) -> float:
    """Exact one-sided p value of "``smaller`` tends to be smaller"; ties share ranks, infinities are allowed.

    Exact given the ties: the rank sum's distribution over all divisions of the pooled values into two samples.
    """
    pooled = sorted([*smaller, *larger])
    rank = {value: 2 * pooled.index(value) + pooled.count(value) for value in set(pooled)}  # twice the mid-rank, less 1
    observed = sum(rank[value] for value in smaller)
    ways = _rank_sums([rank[value] for value in pooled], len(smaller))
    return math.fsum(ways[: observed + 1]) / math.comb(len(pooled), len(smaller))


def _rank_sums(ranks: Sequence[int], chosen: int) -> list[float]:
    """Number of ways to choose ``chosen`` of ``ranks``, and not all, with each sum from 0 up to below that of all."""
    ways = np.zeros((len(ranks), sum(ranks)))
    ways[0, 0] = 1
    for rank in ranks:
        for size in range(chosen, 0, -1):
            ways[size, rank:] += ways[size - 1, : ways.shape[1] - rank]
    return [float(count) for count in ways[chosen]]


def shift(first: Sequence[float], second: Sequence[float], alpha: float = ALPHA) -> Interval | None:
    """Hodges-Lehmann estimate of second - first with the bounds that invert the Mann-Whitney test.

    None where the estimate is not finite; a bound that is not finite, or that so few values do not have, is None.
    """
    differences = sorted(0.0 if a == b else b - a for a in first for b in second)
    few, many = len(first), len(second)
    ways = _rank_sums(range(few + many), few)[few * (few - 1) // 2 :]  # distribution of U without ties, ranks from 0
    return _ordered_interval(differences, [count / math.comb(few + many, few) for count in ways], alpha)


def sign_test(positive: int, count: int) -> float:
    """Exact one-sided p value of "more than half are positive"; what is neither must be counted as not positive."""
    return binomial_at_least(positive, count, 0.5)


def middle(values: Sequence[float], alpha: float = ALPHA) -> Interval | None:
    """Median with the bounds that invert the sign test; see :func:`shift` for None."""
    count = len(values)
    return _ordered_interval(sorted(values), [math.comb(count, k) / 2**count for k in range(count)], alpha)


def _ordered_interval(ordered: Sequence[float], probabilities: Sequence[float], alpha: float) -> Interval | None:
    estimate = median(ordered)
    if not math.isfinite(estimate):
        return None
    index, below = -1, 0.0
    for probability in probabilities:
        below += probability
        if below > alpha:
            break
        index += 1
    ends = (ordered[index], ordered[-1 - index]) if index >= 0 else (math.nan, math.nan)
    low, high = (end if math.isfinite(end) else None for end in ends)
    return interval(estimate, low, high, alpha)


def binomial_at_least(successes: int, count: int, share: float) -> float:
    """P(X >= successes) for X ~ Binomial(count, share)."""
    return math.fsum(math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(successes, count + 1))


def share_interval(successes: int, count: int, alpha: float = ALPHA) -> Interval:
    """Exact interval of a share: either end is a one-sided bound at ``1 - alpha`` (Clopper-Pearson)."""
    from scipy.special import betaincinv

    low = float(betaincinv(successes, count - successes + 1, alpha)) if successes > 0 else 0.0
    high = float(betaincinv(successes + 1, count - successes, 1 - alpha)) if successes < count else 1.0
    return interval(successes / count, low, high, alpha)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p values, in the order given: those <= alpha may be rejected with familywise error alpha."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - place) * p_values[index]))
        adjusted[index] = highest
    return adjusted
