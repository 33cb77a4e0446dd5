"""Predicates over seeds, taken apart into elementary statements.

"Every" is an intersection-union test (the largest p value), "any" a union under Bonferroni; their denials the other way
round. See ``statements`` for what is tested and how, ``computed`` for the samples.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

from benchmark.judging import words
from benchmark.judging.computed import Measured, among, with_computed
from benchmark.judging.finding import Finding, Lookup, Points, silent
from benchmark.judging.hypothesis_tests import LEAST_SEEDS
from benchmark.judging.statements import bound_on, equal, exactly, in_share, less, meeting, ratio
from benchmark.spec.claims import (
    AllOf,
    AnyOf,
    Bound,
    Equal,
    Exactly,
    Given,
    InSeeds,
    Largest,
    Order,
    Predicate,
    Ratio,
    Smallest,
)


def evaluate(predicate: Predicate, measured: Measured) -> Finding:
    """Test a predicate; raises :class:`Incomparable` and :class:`Undecidable`."""
    return _test(predicate, with_computed(measured))


def _test(predicate: Predicate, lookup: Lookup) -> Finding:
    match predicate:
        case Order(order=several):
            return every([less(a, b, lookup) for a, b in itertools.pairwise(several)])
        case Smallest(smallest=several):
            return every([less(several[0], other, lookup) for other in several[1:]])
        case Largest(largest=several):
            return every([less(other, several[0], lookup) for other in several[1:]])
        case Bound(bound=one, above=above, below=below):
            sides = [(above, False), (below, True)]
            return every([bound_on(one, bound, upper, lookup) for bound, upper in sides if bound is not None])
        case Ratio(ratio=(first, second), above=above, below=below):
            sides = [(above, False), (below, True)]
            return every([ratio(first, second, bound, upper, lookup) for bound, upper in sides if bound is not None])
        case Equal(equal=(first, second), margin=margin):
            return equal(first, second, margin, lookup)
        case Exactly(exactly=one, value=value, share=share):
            return exactly(one, value, share, lookup)
        case InSeeds(in_seeds=part, share=share):
            return in_share(_test(part, lookup).truths, share, words.describe(part))
        case AllOf(all_of=parts):
            return every([_test(part, lookup) for part in parts])
        case AnyOf(any_of=parts):
            return some([_test(part, lookup) for part in parts])
        case Given(given=condition, then=then):
            return _among(condition, then, lookup)
    raise AssertionError(f"unknown predicate {type(predicate).__name__}")


def _among(condition: Bound, then: Predicate, lookup: Lookup) -> Finding:
    """Test ``then`` in the seeds that meet the condition; too few of them say nothing."""
    seeds = meeting(condition, lookup)
    if len(seeds) < LEAST_SEEDS:
        count = words.counted(len(seeds), "seed")
        return silent({}, "mixed", f"{words.describe(condition)} in {count}, {LEAST_SEEDS} of them are needed")
    return _test(then, among(seeds, lookup))


def every(parts: Sequence[Finding]) -> Finding:
    """All parts hold: as strong as the weakest; the opposite is shown by any part (Bonferroni)."""
    if len(parts) == 1:
        return parts[0]
    weakest = max(parts, key=lambda part: part.p)
    opposed = min(parts, key=lambda part: part.p_against)
    doubtful = [part for part in parts if part.p > 0.5]
    shown = {part.points for part in parts}
    points: Points = shown.pop() if len(shown) == 1 else "mixed"

    def needed(alpha: float) -> int | None:
        if not doubtful:
            return _largest([part.needed(alpha) for part in parts])
        return _smallest([part.needed(alpha / len(parts)) for part in doubtful])

    return Finding(
        p=weakest.p,
        p_against=min(1.0, len(parts) * opposed.p_against),
        statistic=(opposed if doubtful else weakest).statistic,
        truths=_together([part.truths for part in parts], all),
        points=points,
        says=weakest.says,
        says_against=opposed.says_against,
        needed=needed,
    )


def some(parts: Sequence[Finding]) -> Finding:
    """At least one part holds, under Bonferroni; the opposite needs every part's opposite."""
    strongest = min(parts, key=lambda part: part.p)
    least_opposed = max(parts, key=lambda part: part.p_against)
    hopeful = [part for part in parts if part.p <= 0.5]
    shown = {part.points for part in parts}
    points: Points = "same" if "same" in shown else "other" if shown == {"other"} else "mixed"

    def needed(alpha: float) -> int | None:
        if hopeful:
            return _smallest([part.needed(alpha / len(parts)) for part in hopeful])
        return _largest([part.needed(alpha) for part in parts])

    return Finding(
        p=min(1.0, len(parts) * strongest.p),
        p_against=least_opposed.p_against,
        statistic=(strongest if hopeful else least_opposed).statistic,
        truths=_together([part.truths for part in parts], any),
        points=points,
        says=strongest.says,
        says_against=least_opposed.says_against,
        needed=needed,
    )


def _together(truths: Sequence[Mapping[int, bool]], combine: Callable[[list[bool]], bool]) -> dict[int, bool]:
    shared = set.intersection(*(set(one) for one in truths))
    return {seed: combine([one[seed] for one in truths]) for seed in sorted(shared)}


def _largest(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return max(known) if len(known) == len(counts) else None


def _smallest(counts: Sequence[int | None]) -> int | None:
    return min((count for count in counts if count is not None), default=None)
