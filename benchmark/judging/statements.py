"""Elementary statements about quantities over seeds: the exact or Student test that decides each.

Two quantities are compared by rules fixed beforehand:

1. any seed diverged, or an event that never came: exact Mann-Whitney on ranks (the sign test within one experiment);
2. equal sets of seeds: Student's t on the differences by seed, as ``hypothesis_tests.sided`` has it;
3. otherwise: Welch's t.

Rule 2 pairs runs of different systems too. Seeds of one number share their data's order and often their noise, which
pairing uses; where they share nothing it costs degrees of freedom and no validity, since differences by seed are as
independent as the runs are.

Seeds are taken to differ by at least a little (``finding.unit``), so that exact agreement has a scale. Ratios are
tested on logarithms. A single quantity takes Student's t, or the sign test in the cases of rule 1. What Student's t
shows of a mean is told where the seeds carry it and where it is more than next to nothing (``finding.carried``).

If every seed of one side diverged, the ranks decide as with one finite seed left: all its seeds tie at the worst rank,
and the other side's are better.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from benchmark.judging import hypothesis_tests
from benchmark.judging.finding import (
    Finding,
    Incomparable,
    Lookup,
    Points,
    Undecidable,
    carried,
    points_of,
    signs,
    silent,
    student,
    unit,
)
from benchmark.judging.hypothesis_tests import mean
from benchmark.judging.samples import Sample, protocol_difference
from benchmark.judging.seeds_needed import fewest, power_equivalence, power_share, ranks_needed, seeds_needed
from benchmark.judging.verdict import Interval
from benchmark.spec import words
from benchmark.spec.claims import Bound
from benchmark.spec.quantities import Operand

#: two means that differ by less than this share of their level are not told apart, however small the spread
_NEGLIGIBLE = 0.0025


def _ranked(sample: Sample, unknown_worst: float, scale: Callable[[float], float] = float) -> dict[int, float]:
    """Values by seed, in order. Diverged seeds take the worst rank by the metric's direction, else ``unknown_worst``.

    An event that never came ranks last.
    """
    worst = {"lower": math.inf, "higher": -math.inf}.get(sample.direction, unknown_worst)
    ranked = {seed: scale(value) for seed, value in sample.values.items()}
    ranked |= dict.fromkeys(sample.diverged, worst) | dict.fromkeys(sample.beyond, math.inf)
    return dict(sorted(ranked.items()))


def less(first: Operand, second: Operand, lookup: Lookup) -> Finding:
    """``first`` is smaller than ``second``."""
    a, b = _measured_alike(lookup, first, second)
    statement = f"{first.text} is below {second.text}"
    level = max((abs(hypothesis_tests.median(side.numbers)) for side in (a, b) if side.values), default=0.0)
    return _compare(
        a, b, statement, float, lambda interval: interval, _means(a, b),
        finest=_unit(a, b), least=_NEGLIGIBLE * level,
    )  # fmt: skip


def ratio(first: Operand, second: Operand, bound: float, upper: bool, lookup: Lookup) -> Finding:
    """``first / second`` lies below ``bound`` (``upper``) or above it; values must be positive."""
    a, b = _measured_alike(lookup, first, second, what="a ratio's size" if bound != 1 else None)
    if bound <= 0 or any(value <= 0 for value in (*a.values.values(), *b.values.values())):
        raise Undecidable("a ratio needs positive values and a positive bound")
    shift = math.log(bound)
    statement = f"{first.text} / {second.text} is {'below' if upper else 'above'} {words.number(bound)}"
    numbers = ""
    if a.values and b.values:
        logs = [mean([math.log(value) for value in side.numbers]) for side in (a, b)]
        numbers = f"ratio of geometric means {words.number(math.exp(logs[0] - logs[1]))}, "

    def distance(log_distance: float) -> float:
        """From the log of bound / ratio (or its inverse) to the distance between the ratio and its bound."""
        return bound * (1 - math.exp(-log_distance)) if upper else bound * (math.exp(log_distance) - 1)

    def shown(interval: Interval) -> Interval:
        return interval.mapped(distance)

    finest = _unit(a, b) / min((*a.values.values(), *b.values.values()), default=math.inf)
    if upper:
        return _compare(a, b, statement, math.log, shown, numbers, finest=finest, shift_second=shift)
    return _compare(b, a, statement, math.log, shown, numbers, finest=finest, shift_second=-shift)


def _compare(
    a: Sample,
    b: Sample,
    statement: str,
    scale: Callable[[float], float],
    shown: Callable[[Interval], Interval],
    numbers: str,
    *,
    finest: float,
    shift_second: float = 0.0,
    least: float = 0.0,
) -> Finding:
    """Whether scale(a) < scale(b) + shift_second, by ``least`` where it shall be told."""

    def moved(value: float) -> float:
        return scale(value) + shift_second

    # a diverged seed whose metric has no direction counts against whichever statement is being shown
    broken = a.broken | b.broken
    doubting = _ranked(a, math.inf, scale), _ranked(b, -math.inf, moved)
    trusting = (_ranked(a, -math.inf, scale), _ranked(b, math.inf, moved)) if broken else doubting
    shared = sorted(set(doubting[0]) & set(doubting[1]))
    truths = {seed: doubting[1][seed] > doubting[0][seed] + least for seed in shared}
    falsehoods = {seed: trusting[0][seed] > trusting[1][seed] + least for seed in shared}
    points = points_of(truths, falsehoods)
    if not shared:
        middles = [hypothesis_tests.median([*rank.values()]) if rank else math.nan for rank in (*doubting, *trusting)]
        points = "same" if middles[0] < middles[1] else "other" if middles[2] > middles[3] else "mixed"
    one_run = a.experiment == b.experiment
    if min(len(a.seeds), len(b.seeds)) < 2 or (one_run and len(shared) < 2):
        return silent(statement, truths, points, numbers.removesuffix(", "))
    if not broken:
        if one_run or set(a.values) == set(b.values):
            gaps = hypothesis_tests.differences(
                [scale(a.values[seed]) for seed in shared], [moved(b.values[seed]) for seed in shared]
            )
            noun = "seed"
            found = student(
                mean(gaps), *hypothesis_tests.sided(gaps, finest), statement, f"{numbers}differences by seed",
                truths, points, shown, count=len(gaps),
            )  # fmt: skip
        else:
            first, second = [*map(scale, a.numbers)], [*map(moved, b.numbers)]
            count = min(len(first), len(second))
            estimate = hypothesis_tests.two_samples(first, second).floored(finest, count)
            found = student(
                estimate.value, estimate, estimate, statement, f"{numbers}Welch", truths, points, shown,
                count=count, samples=2,
            )  # fmt: skip
            gaps, noun = [high - low for low in first for high in second], "pair"
        return carried(found, gaps, noun, of_runs=one_run, least=least)
    if one_run:
        return signs(statement, truths, falsehoods, points, numbers)
    low, high = [*doubting[0].values()], [*doubting[1].values()]
    opposite_low, opposite_high = [*trusting[1].values()], [*trusting[0].values()]
    interval = hypothesis_tests.shift(low, high)
    p, p_against = hypothesis_tests.mann_whitney(low, high), hypothesis_tests.mann_whitney(opposite_low, opposite_high)
    ordered = (low, high) if p <= p_against else (opposite_low, opposite_high)
    return Finding(
        test=statement,
        p=p,
        p_against=p_against,
        statistic=shown(interval) if interval is not None else None,
        truths=truths,
        points=points,
        says=f"{statement}: {numbers}exact Mann-Whitney {words.p_value(p)}",
        says_against=f"{statement}: {numbers}exact Mann-Whitney {words.p_value(p_against)} against",
        needed=lambda alpha, power: ranks_needed(*ordered, min(len(low), len(high)), alpha=alpha, power=power),
    )


def bound_on(operand: Operand, bound: float, upper: bool, lookup: Lookup) -> Finding:
    """A quantity lies below ``bound`` (``upper``) or above it."""
    (sample,) = _measured_alike(lookup, operand, what="a bound")
    sign = -1.0 if upper else 1.0
    statement = f"{operand.text} is {'below' if upper else 'above'} {words.number(bound)}"
    doubting = [sign * (value - bound) for value in _ranked(sample, math.inf if upper else -math.inf).values()]
    trusting = [sign * (value - bound) for value in _ranked(sample, -math.inf if upper else math.inf).values()]
    seeds = sorted(sample.seeds)
    truths = {seed: value > 0 for seed, value in zip(seeds, doubting, strict=True)}
    falsehoods = {seed: value < 0 for seed, value in zip(seeds, trusting, strict=True)}
    points = points_of(truths, falsehoods)
    numbers = f"mean {words.number(mean(sample.numbers))}" if sample.values else "no value"
    if len(seeds) < 2:
        return silent(statement, truths, points, numbers)
    if sample.broken:
        return signs(statement, truths, falsehoods, points, f"{numbers}, ", hypothesis_tests.middle(doubting))
    sides = hypothesis_tests.sided(doubting, unit([*sample.numbers, bound], sample))
    found = student(
        mean(doubting), *sides, statement, f"{numbers}, Student", truths, points, lambda interval: interval,
        count=len(seeds),
    )  # fmt: skip
    return carried(found, doubting, "seed", of_runs=True)


def equal(first: Operand, second: Operand, margin: float, lookup: Lookup) -> Finding:
    """Two quantities differ by less than ``margin`` (two one-sided tests)."""
    a, b = _measured_alike(lookup, first, second, what="a difference's size")
    statement = f"{first.text} and {second.text} differ by less than {words.number(margin)}"
    shared = sorted(a.seeds & b.seeds)
    both = {seed for seed in shared if seed in a.values and seed in b.values}
    truths = {seed: seed in both and abs(a.values[seed] - b.values[seed]) < margin for seed in shared}
    falsehoods = {seed: seed in both and abs(a.values[seed] - b.values[seed]) > margin for seed in shared}
    points = points_of(truths, falsehoods)
    numbers = _means(a, b)
    if not shared and a.values and b.values:
        points = "same" if abs(mean(a.numbers) - mean(b.numbers)) < margin else "other"
    if min(len(a.seeds), len(b.seeds)) < 2:
        return silent(statement, truths, points, numbers.removesuffix(", "))
    if a.broken | b.broken:
        return silent(statement, truths, "mixed", "equality cannot be shown where seeds have no value")
    if a.experiment == b.experiment and set(a.values) != set(b.values):
        raise Undecidable("only some seeds have both quantities")
    pairs = set(a.values) == set(b.values)
    samples, count = 1 if pairs else 2, min(len(a.values), len(b.values))
    estimate = (hypothesis_tests.paired if pairs else hypothesis_tests.two_samples)(a.numbers, b.numbers)
    estimate = estimate.floored(_unit(a, b), count)
    low, high = estimate.interval()
    p = max(estimate.p_above(-margin), estimate.p_below(margin))
    p_against = min(1.0, 2 * min(estimate.p_above(margin), estimate.p_below(-margin)))

    def needed(alpha: float, power: float) -> int | None:
        spread = estimate.seed_spread(count)
        if abs(estimate.value) >= margin:
            return seeds_needed(
                abs(estimate.value) - margin, spread, count, samples=samples, alpha=alpha / 2, power=power
            )
        return fewest(
            lambda n: power_equivalence(estimate.value, spread, n, margin, alpha=alpha)[0] >= power,
            count + 1,
        )

    return Finding(
        test=statement,
        p=p,
        p_against=p_against,
        statistic=hypothesis_tests.interval(
            margin - abs(estimate.value),
            margin - max(abs(low), abs(high)),
            margin - (0.0 if low <= 0 <= high else min(abs(low), abs(high))),
        ),
        truths=truths,
        points=points,
        says=f"{statement}: {numbers}two one-sided tests {words.p_value(p)}",
        says_against=f"{statement}: {numbers}{words.p_value(p_against)} against",
        needed=needed,
    )


def exactly(operand: Operand, value: float, share: float, lookup: Lookup) -> Finding:
    """A quantity equals ``value`` in more than ``share`` of the seeds; a diverged seed does not."""
    (sample,) = _measured_alike(lookup, operand, what="an exact value")
    truths = {seed: sample.values.get(seed) == value for seed in sorted(sample.seeds)}
    return in_share(truths, share, f"{operand.text} is {words.number(value)}")


def in_share(truths: Mapping[int, bool], share: float, statement: str) -> Finding:
    """``statement`` is true in more than ``share`` of the seeds (exact binomial)."""
    count, hits = len(truths), sum(truths.values())
    test, says = f"{statement} in {words.share_of_seeds(share)}", f"{hits} of {words.counted(count, 'seed')}"
    if not truths:
        return silent(test, {}, "mixed", says)
    observed = hits / count
    points: Points = "same" if observed > share else "other" if hits == 0 else "mixed"
    p = hypothesis_tests.binomial_at_least(hits, count, share)
    p_against = hypothesis_tests.binomial_at_least(count - hits, count, 1 - share)
    return Finding(
        test=test,
        p=p,
        p_against=p_against,
        statistic=hypothesis_tests.share_interval(hits, count).mapped(lambda of_seeds: of_seeds - share),
        truths=truths,
        points=points,
        says=f"{test}: {says}, exact binomial {words.p_value(p)}",
        says_against=f"{test}: {says}, exact binomial {words.p_value(p_against)} against",
        needed=lambda alpha, power: fewest(lambda n: power_share(observed, n, share, alpha) >= power, count + 1),
    )


def meeting(condition: Bound, lookup: Lookup) -> frozenset[int]:
    """Seeds in which a bound is true."""
    (sample,) = _measured_alike(lookup, condition.bound, what="a condition")
    low = -math.inf if condition.above is None else condition.above
    high = math.inf if condition.below is None else condition.below
    return frozenset(seed for seed, value in sample.values.items() if low < value < high)


def _means(a: Sample, b: Sample) -> str:
    if not a.values or not b.values:
        return ""
    return f"means {words.number(mean(a.numbers))} and {words.number(mean(b.numbers))}, "


def _unit(a: Sample, b: Sample) -> float:
    return unit([*a.numbers, *b.numbers, 0.0], a, b)


def _measured_alike(lookup: Lookup, *operands: Operand, what: str | None = None) -> list[Sample]:
    """Samples of one protocol, and no proxy scores where ``what`` cannot rest on any; else :class:`Incomparable`."""
    samples = [lookup(operand) for operand in operands]
    difference = protocol_difference(samples)
    if difference is not None:
        raise Incomparable(difference)
    for sample in samples if what is not None else ():
        if sample.proxy:
            raise Incomparable(f"{sample.label} of {sample.experiment} is a proxy score, which {what} cannot rest on")
    return samples
