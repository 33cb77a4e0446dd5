"""Elementary statements about quantities over seeds: the exact or Student test that decides each.

Two quantities are compared by rules fixed beforehand:

1. any seed diverged, or an event that never came: exact Mann-Whitney on ranks (the sign test within one experiment);
2. equal sets of seeds: Student's t on the differences by seed;
3. otherwise: Welch's t.

Where seeds show no spread at all, Student's t has no scale, and the exact test of rule 1 decides. Ratios are tested on
logarithms. A single quantity takes Student's t, or the sign test in the cases of rule 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from benchmark.judging import hypothesis_tests, words
from benchmark.judging.finding import (
    Finding,
    Incomparable,
    Lookup,
    Points,
    Undecidable,
    has_scale,
    more,
    points_of,
    seed_spread,
    signs,
    silent,
    student,
)
from benchmark.judging.hypothesis_tests import ALPHA
from benchmark.judging.samples import Sample, protocol_difference
from benchmark.judging.verdict import Interval
from benchmark.spec.claims import Bound
from benchmark.spec.quantities import Computed, Quantity

_Operand = Quantity | Computed


def _ranked(sample: Sample, unknown_worst: float, scale: Callable[[float], float] = float) -> dict[int, float]:
    """Values by seed, in order. Diverged seeds take the worst rank by the metric's direction, else ``unknown_worst``.

    An event that never came ranks last.
    """
    worst = {"lower": math.inf, "higher": -math.inf}.get(sample.direction, unknown_worst)
    ranked = {seed: scale(value) for seed, value in sample.values.items()}
    ranked |= dict.fromkeys(sample.diverged, worst) | dict.fromkeys(sample.beyond, math.inf)
    return dict(sorted(ranked.items()))


def less(first: _Operand, second: _Operand, lookup: Lookup) -> Finding:
    """``first`` is smaller than ``second``."""
    a, b = lookup(first), lookup(second)
    _one_protocol(a, b)
    statement = f"{words.quantity(first)} < {words.quantity(second)}"
    return _compare(a, b, statement, float, lambda interval: interval, _means(a, b))


def ratio(first: _Operand, second: _Operand, bound: float, upper: bool, lookup: Lookup) -> Finding:
    """``first / second`` lies below ``bound`` (``upper``) or above it; values must be positive."""
    a, b = lookup(first), lookup(second)
    _one_protocol(a, b)
    if bound != 1:
        _no_proxy(a, b, what="a ratio's size")
    if bound <= 0 or any(value <= 0 for value in (*a.values.values(), *b.values.values())):
        raise Undecidable("a ratio needs positive values and a positive bound")
    shift = math.log(bound)
    statement = words.between(
        f"{words.quantity(first)} / {words.quantity(second)}", None if upper else bound, bound if upper else None
    )
    numbers = ""
    if a.values and b.values:
        logs = [hypothesis_tests.mean([math.log(value) for value in one.numbers]) for one in (a, b)]
        numbers = f"ratio of geometric means {words.number(math.exp(logs[0] - logs[1]))}"

    def distance(log_distance: float) -> float:
        """From the log of bound / ratio (or its inverse) to the distance between the ratio and its bound."""
        return bound * (1 - math.exp(-log_distance)) if upper else bound * (math.exp(log_distance) - 1)

    def shown(interval: Interval) -> Interval:
        return Interval(
            estimate=distance(interval.estimate),
            low=None if interval.low is None else distance(interval.low),
            high=None if interval.high is None else distance(interval.high),
            confidence=interval.confidence,
        )

    if upper:
        return _compare(a, b, statement, math.log, shown, numbers, shift_second=shift)
    return _compare(b, a, statement, math.log, shown, numbers, shift_second=-shift)


def _compare(
    a: Sample,
    b: Sample,
    statement: str,
    scale: Callable[[float], float],
    shown: Callable[[Interval], Interval],
    numbers: str,
    *,
    shift_second: float = 0.0,
) -> Finding:
    """Whether scale(a) < scale(b) + shift_second."""

    def moved(value: float) -> float:
        return scale(value) + shift_second

    # a diverged seed whose metric has no direction counts against whichever statement is being shown
    doubting = _ranked(a, math.inf, scale), _ranked(b, -math.inf, moved)
    trusting = _ranked(a, -math.inf, scale), _ranked(b, math.inf, moved)
    shared = sorted(set(doubting[0]) & set(doubting[1]))
    truths = {seed: doubting[0][seed] < doubting[1][seed] for seed in shared}
    falsehoods = {seed: trusting[0][seed] > trusting[1][seed] for seed in shared}
    points = points_of(truths, falsehoods)
    if not shared:
        middles = [hypothesis_tests.median([*one.values()]) if one else math.nan for one in (*doubting, *trusting)]
        points = "same" if middles[0] < middles[1] else "other" if middles[2] > middles[3] else "mixed"
    one_run = a.experiment == b.experiment
    broken = bool(a.diverged | b.diverged | a.beyond | b.beyond)
    if min(len(a.seeds), len(b.seeds)) < 2 or (one_run and len(shared) < 2):
        return silent(truths, points, f"{statement}: {numbers}" if numbers else statement)
    if not broken:
        pairs = one_run or set(a.values) == set(b.values)
        of_a, of_b = (shared, shared) if pairs else (sorted(a.values), sorted(b.values))
        first, second = [scale(a.values[seed]) for seed in of_a], [moved(b.values[seed]) for seed in of_b]
        estimate = hypothesis_tests.paired(first, second) if pairs else hypothesis_tests.two_samples(first, second)
        if has_scale(estimate, (*first, *second)):
            test = "differences by seed" if pairs else "Welch"
            samples, count = (1, len(first)) if pairs else (2, min(len(first), len(second)))
            return student(estimate, statement, numbers, test, truths, points, shown, samples=samples, count=count)
    says = f"{statement}: {numbers + ', ' if numbers else ''}"
    if one_run:
        return signs(truths, falsehoods, points, says)
    low, high = [*doubting[0].values()], [*doubting[1].values()]
    opposite_low, opposite_high = [*trusting[1].values()], [*trusting[0].values()]
    interval = hypothesis_tests.shift(low, high)
    p, p_against = hypothesis_tests.mann_whitney(low, high), hypothesis_tests.mann_whitney(opposite_low, opposite_high)
    apart = max(low) < min(high) or max(opposite_low) < min(opposite_high)
    return Finding(
        p=p,
        p_against=p_against,
        statistic=shown(interval) if interval is not None else None,
        truths=truths,
        points=points,
        says=f"{says}exact Mann-Whitney {words.p_value(p)}",
        says_against=f"{says}exact Mann-Whitney {words.p_value(p_against)} against",
        needed=lambda alpha: hypothesis_tests.fewest(lambda n: 1 / math.comb(2 * n, n) <= alpha) if apart else None,
    )


def bound_on(asked: _Operand, bound: float, upper: bool, lookup: Lookup) -> Finding:
    """A quantity lies below ``bound`` (``upper``) or above it."""
    sample = lookup(asked)
    _one_protocol(sample)
    _no_proxy(sample, what="a bound")
    sign = -1.0 if upper else 1.0
    statement = words.between(words.quantity(asked), None if upper else bound, bound if upper else None)
    doubting = [sign * (value - bound) for value in _ranked(sample, math.inf if upper else -math.inf).values()]
    trusting = [sign * (value - bound) for value in _ranked(sample, -math.inf if upper else math.inf).values()]
    seeds = sorted(sample.seeds)
    truths = {seed: value > 0 for seed, value in zip(seeds, doubting, strict=True)}
    falsehoods = {seed: value < 0 for seed, value in zip(seeds, trusting, strict=True)}
    points = points_of(truths, falsehoods)
    numbers = f"mean {words.number(hypothesis_tests.mean(sample.numbers))}" if sample.values else "no value"
    if len(seeds) < 2:
        return silent(truths, points, f"{statement}: {numbers}")
    if not sample.diverged | sample.beyond:
        estimate = hypothesis_tests.one_sample(doubting)
        if has_scale(estimate, sample.numbers):
            return student(
                estimate, statement, numbers, "Student", truths, points, lambda interval: interval, count=len(seeds)
            )
    return signs(truths, falsehoods, points, f"{statement}: {numbers}, ", hypothesis_tests.middle(doubting))


def equal(first: _Operand, second: _Operand, margin: float, lookup: Lookup) -> Finding:
    """Two quantities differ by less than ``margin`` (two one-sided tests)."""
    a, b = lookup(first), lookup(second)
    _one_protocol(a, b)
    _no_proxy(a, b, what="a difference's size")
    statement = f"|{words.quantity(first)} - {words.quantity(second)}| < {words.number(margin)}"
    shared = sorted(a.seeds & b.seeds)
    both = {seed for seed in shared if seed in a.values and seed in b.values}
    truths = {seed: seed in both and abs(a.values[seed] - b.values[seed]) < margin for seed in shared}
    falsehoods = {seed: seed in both and abs(a.values[seed] - b.values[seed]) > margin for seed in shared}
    points = points_of(truths, falsehoods)
    numbers = _means(a, b)
    if not shared and a.values and b.values:
        points = (
            "same" if abs(hypothesis_tests.mean(a.numbers) - hypothesis_tests.mean(b.numbers)) < margin else "other"
        )
    if min(len(a.seeds), len(b.seeds)) < 2:
        return silent(truths, points, f"{statement}: {numbers}" if numbers else statement)
    if a.diverged | b.diverged | a.beyond | b.beyond:
        return silent(truths, "mixed", f"{statement}: equality cannot be shown where seeds have no value")
    if a.experiment == b.experiment and set(a.values) != set(b.values):
        raise Undecidable("only some seeds have both quantities")
    pairs = set(a.values) == set(b.values)
    estimate = (hypothesis_tests.paired if pairs else hypothesis_tests.two_samples)(a.numbers, b.numbers)
    if not has_scale(estimate, (*a.numbers, *b.numbers)):
        return signs(truths, falsehoods, points, f"{statement}: {numbers}, ")
    low, high = estimate.interval()
    p = max(estimate.p_above(-margin), estimate.p_below(margin))
    p_against = min(1.0, 2 * min(estimate.p_above(margin), estimate.p_below(-margin)))
    samples, count = 1 if pairs else 2, min(len(a.values), len(b.values))
    spread = seed_spread(estimate, count)
    return Finding(
        p=p,
        p_against=p_against,
        statistic=Interval(
            estimate=margin - abs(estimate.value),
            low=margin - max(abs(low), abs(high)),
            high=margin - (0.0 if low <= 0 <= high else min(abs(low), abs(high))),
            confidence=1 - 2 * ALPHA,
        ),
        truths=truths,
        points=points,
        says=f"{statement}: {numbers}, two one-sided tests {words.p_value(p)}",
        says_against=f"{statement}: {numbers}, {words.p_value(p_against)} against",
        needed=lambda alpha: more(
            count,
            hypothesis_tests.seeds_needed(abs(margin - abs(estimate.value)), spread, samples=samples, alpha=alpha),
        ),
    )


def exactly(asked: _Operand, value: float, share: float, lookup: Lookup) -> Finding:
    """A quantity equals ``value`` in more than ``share`` of the seeds; a diverged seed does not."""
    sample = lookup(asked)
    _one_protocol(sample)
    _no_proxy(sample, what="an exact value")
    truths = {seed: sample.values.get(seed) == value for seed in sorted(sample.seeds)}
    return in_share(truths, share, f"{words.quantity(asked)} = {words.number(value)}")


def in_share(truths: Mapping[int, bool], share: float, statement: str) -> Finding:
    """``statement`` is true in more than ``share`` of the seeds (exact binomial)."""
    count, hits = len(truths), sum(truths.values())
    says = f"{statement} in {hits} of {words.counted(count, 'seed')}"
    if not truths:
        return silent({}, "mixed", says)
    found = hits / count
    points: Points = "same" if found > share else "other" if hits == 0 else "mixed"
    p = hypothesis_tests.binomial_at_least(hits, count, share)
    p_against = hypothesis_tests.binomial_at_least(count - hits, count, 1 - share)
    interval = hypothesis_tests.share_interval(hits, count)

    def decides(n: int, alpha: float) -> bool:
        k = round(found * n)
        return (
            hypothesis_tests.binomial_at_least(k, n, share) <= alpha
            or hypothesis_tests.binomial_at_least(n - k, n, 1 - share) <= alpha
        )

    return Finding(
        p=p,
        p_against=p_against,
        statistic=Interval(
            estimate=found - share,
            low=None if interval.low is None else interval.low - share,
            high=None if interval.high is None else interval.high - share,
            confidence=interval.confidence,
        ),
        truths=truths,
        points=points,
        says=f"{says}, exact binomial {words.p_value(p)}",
        says_against=f"{says}, exact binomial {words.p_value(p_against)} against",
        needed=lambda alpha: more(count, hypothesis_tests.fewest(lambda n: decides(n, alpha))),
    )


def meeting(condition: Bound, lookup: Lookup) -> frozenset[int]:
    """Seeds in which a bound is true."""
    sample = lookup(condition.bound)
    _one_protocol(sample)
    _no_proxy(sample, what="a condition")
    low = -math.inf if condition.above is None else condition.above
    high = math.inf if condition.below is None else condition.below
    return frozenset(seed for seed, value in sample.values.items() if low < value < high)


def _means(a: Sample, b: Sample) -> str:
    if not a.values or not b.values:
        return ""
    return (
        f"means {words.number(hypothesis_tests.mean(a.numbers))} and {words.number(hypothesis_tests.mean(b.numbers))}"
    )


def _one_protocol(*samples: Sample) -> None:
    difference = protocol_difference(samples)
    if difference is not None:
        raise Incomparable(difference)


def _no_proxy(*samples: Sample, what: str) -> None:
    for sample in samples:
        if sample.proxy:
            raise Incomparable(f"{sample.label} of {sample.experiment} is a proxy score, which {what} cannot rest on")
