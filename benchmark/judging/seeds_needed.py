"""What seeds can show: the power of the verdicts' tests, and how many seeds would decide (ranks: Noether 1987)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from benchmark.judging.hypothesis_tests import ALPHA, LEAST_SEEDS, Estimate, mean, quantile

#: power that "about n seeds would decide" promises
POWER = 0.8
#: a number of seeds beyond this is not worth naming
MOST_SEEDS = 1000
#: parts into which the distribution of a sample's spread is divided
_SHARES = 200


@cache
def _spreads(freedom: float) -> np.ndarray:
    """Equally likely values of sample / true standard deviation: middles of equal shares of their distribution."""
    from scipy.special import chdtri

    shares = (np.arange(_SHARES) + 0.5) / _SHARES
    return np.asarray(np.sqrt(chdtri(freedom, shares) / freedom))


def power_above(effect: float, spread: float, seeds: int, *, samples: int = 1, alpha: float = ALPHA) -> float:
    """Chance that ``seeds`` a sample show an ``effect`` above 0 (Student's t), by its noncentral distribution.

    ``spread`` is one seed's standard deviation of the deciding difference; ``samples`` independent samples give
    ``samples * (seeds - 1)`` degrees of freedom.
    """
    from scipy.special import ndtr

    freedom = samples * (seeds - 1)
    if spread == 0:
        return float(effect > 0)
    strength = effect * math.sqrt(seeds) / spread
    return float(ndtr(strength - quantile(1 - alpha, freedom) * _spreads(freedom)).mean())


def seeds_needed(
    effect: float, spread: float, count: int, *, samples: int = 1, alpha: float = ALPHA, power: float = POWER
) -> int | None:
    """Fewest seeds a sample, more than ``count``, that show ``effect`` with ``power``; None where none would."""
    if effect <= 0:
        return None
    return fewest(lambda n: power_above(effect, spread, n, samples=samples, alpha=alpha) >= power, count + 1)


def power_equivalence(
    deviation: float, spread: float, seeds: int, margin: float, *, alpha: float = ALPHA, other: Estimate | None = None
) -> tuple[float, float]:
    """Chances of (inside the margin, beyond it on either side) for a true ``deviation`` and a seed's ``spread``.

    ``other`` is the published number's own uncertainty. It widens the interval, yet does not vary with our seeds.
    """
    from scipy.special import ndtr, stdtrit

    if spread == 0:
        return float(abs(deviation) < margin), float(abs(deviation) > margin)
    own = spread / math.sqrt(seeds)
    error = own * _spreads(seeds - 1)
    freedom = np.full_like(error, seeds - 1.0)
    if other is not None:
        whole = error**2 + other.error**2
        freedom = whole**2 / (error**4 / (seeds - 1) + other.error**4 / other.freedom)
        error = np.sqrt(whole)
    half = stdtrit(freedom, 1 - alpha) * error
    room = np.maximum(margin - half, 0.0)
    inside = ndtr((room - deviation) / own) - ndtr((-room - deviation) / own)
    beyond = ndtr((deviation - margin - half) / own) + ndtr((-deviation - margin - half) / own)
    return float(inside.mean()), float(beyond.mean())


def power_share(share: float, seeds: int, bound: float, alpha: float = ALPHA, *, against: bool = True) -> float:
    """Chance that the binomial test tells on which side of ``bound`` a share lies, which truly is ``share``.

    With ``against=False`` only that it lies above. The sign test is that of 0.5.
    """
    from scipy.stats import binom

    hits = np.arange(seeds + 1)
    decides = binom.sf(hits - 1, seeds, bound) <= alpha
    if against:
        decides |= binom.cdf(hits, seeds, bound) <= alpha
    return float(binom.pmf(hits[decides], seeds, share).sum())


def ranks_needed(
    smaller: Sequence[float], larger: Sequence[float], count: int, alpha: float, power: float
) -> int | None:
    """Seeds a sample with which the rank test decides (Noether 1987)."""
    from scipy.special import ndtri

    pairs = [(a < b) + (a == b) / 2 for a in smaller for b in larger]
    apart = abs(mean(pairs) - 0.5)
    if apart == 0:
        return None
    needed = max(count + 1, math.ceil((ndtri(1 - alpha) + ndtri(power)) ** 2 / (6 * apart**2)))
    return needed if needed <= MOST_SEEDS else None


def fewest(decides: Callable[[int], bool], least: int = LEAST_SEEDS) -> int | None:
    """A number of seeds from ``least`` up for which ``decides`` is true: the fewest, where it stays true from there."""
    low, high = max(least, LEAST_SEEDS), MOST_SEEDS
    if low > high or not decides(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle + 1, high)
    return low
