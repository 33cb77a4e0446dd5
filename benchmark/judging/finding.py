"""What the seeds say of one statement, and how the Student and sign tests say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from benchmark.judging import hypothesis_tests
from benchmark.judging.hypothesis_tests import ALPHA, Estimate, mean
from benchmark.judging.samples import Sample
from benchmark.judging.seeds_needed import fewest, power_share, seeds_needed
from benchmark.judging.verdict import Interval
from benchmark.spec import words
from benchmark.spec.quantities import Operand

Points = Literal["same", "other", "mixed"]
Lookup = Callable[[Operand], Sample]

#: seeds are taken to differ by at least this share of their level: nothing that is trained is known more finely
_FINEST = 1e-4
#: in more than this share of the runs must a statement on single runs be true, or false, to be told of them all
_OF_RUNS = 0.8
#: p value of what the mean says and the seeds do not carry: it speaks for neither side
_UNTOLD = 0.5


class Incomparable(ValueError):
    """Values that must not be compared; the message says why."""


class Undecidable(ValueError):
    """Values on which the predicate has no meaning; the message says why."""


@dataclass(frozen=True)
class Finding:
    """What the seeds say of one predicate."""

    #: the predicate in words
    test: str
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
    #: fewest seeds that decide at a level with a power, should the numbers stay as they are; None where none is known
    needed: Callable[[float, float], int | None]
    #: the statements of a conjunction
    parts: tuple[Finding, ...] = ()
    #: estimates of the conditions that it was combined of
    conditions: tuple[float | None, ...] = ()

    @property
    def effects(self) -> tuple[float | None, ...]:
        """The estimate of each condition, in the predicate's order: what it is a finding of by itself, or many."""
        return self.conditions or (self.statistic.estimate if self.statistic is not None else None,)

    def decided(self, alpha: float) -> bool:
        """Whether it or its opposite is shown at this level."""
        return min(self.p, self.p_against) <= alpha

    @property
    def opposite(self) -> Finding:
        points: Points = {"same": "other", "other": "same", "mixed": "mixed"}[self.points]  # type: ignore[assignment]
        return replace(
            self,
            p=self.p_against,
            p_against=self.p,
            says=self.says_against,
            says_against=self.says,
            points=points,
            parts=(),
        )


def student(
    value: float,
    above: Estimate,
    below: Estimate,
    test: str,
    numbers: str,
    truths: Mapping[int, bool],
    points: Points,
    shown: Callable[[Interval], Interval],
    *,
    count: int,
    samples: int = 1,
) -> Finding:
    """Student's t on ``value``, which is positive where it is as claimed.

    ``above`` and ``below`` are its estimates for the claim and against it, as ``hypothesis_tests.sided`` gives them.
    ``shown`` maps the interval for display.
    """
    p, p_against, estimate = above.p_above(), below.p_below(), above if value > 0 else below
    return Finding(
        test=test,
        p=p,
        p_against=p_against,
        statistic=shown(hypothesis_tests.interval(value, above.interval()[0], below.interval()[1])),
        truths=truths,
        points=points,
        says=f"{test}: {numbers} {words.p_value(p)}",
        says_against=f"{test}: {numbers} {words.p_value(p_against)} against",
        needed=lambda alpha, power: seeds_needed(
            abs(estimate.value), estimate.seed_spread(count), count, samples=samples, alpha=alpha, power=power
        ),
    )


def carried(finding: Finding, apart: Sequence[float], noun: str, *, of_runs: bool, least: float = 0.0) -> Finding:
    """``finding``, or one that shows nothing, where its mean tells of all what is so of few, or of next to nothing.

    ``apart`` are positive where a seed, or another ``noun``, is as claimed. A statement on single runs (``of_runs``) is
    shown where it is true in more than four fifths of them, one that compares two systems where more agree with it than
    contradict it; and both where their mean is at least ``least`` from 0. Against it, alike.
    """
    if not finding.decided(ALPHA):
        return finding
    toward = finding.p < finding.p_against
    agree, contradict = sum(value > 0 for value in apart), sum(value < 0 for value in apart)
    these, others = (agree, contradict) if toward else (contradict, agree)
    if abs(mean(apart)) < least:
        told = "yet apart by next to nothing"
    elif these <= _OF_RUNS * len(apart) if of_runs else these <= others:
        told = f"yet in {these} of {words.counted(len(apart), noun)} alone"
    else:
        return finding
    return replace(
        finding,
        p=_UNTOLD if toward else finding.p,
        p_against=finding.p_against if toward else _UNTOLD,
        says=f"{finding.says}, {told}" if toward else finding.says,
        says_against=finding.says_against if toward else f"{finding.says_against}, {told}",
        needed=lambda _alpha, _power: None,
    )


def signs(
    test: str,
    truths: Mapping[int, bool],
    falsehoods: Mapping[int, bool],
    points: Points,
    numbers: str,
    statistic: Interval | None = None,
) -> Finding:
    """The sign test over seeds; a seed for which neither it nor its opposite is true counts for neither."""
    count, hits, misses = len(truths), sum(truths.values()), sum(falsehoods.values())
    p, p_against = hypothesis_tests.sign_test(hits, count), hypothesis_tests.sign_test(misses, count)
    seeds, sign = words.counted(count, "seed"), "exact sign test"
    return Finding(
        test=test,
        p=p,
        p_against=p_against,
        statistic=statistic,
        truths=truths,
        points=points,
        says=f"{test}: {numbers}{hits} of {seeds}, {sign} {words.p_value(p)}",
        says_against=f"{test}: {numbers}{misses} of {seeds} against, {sign} {words.p_value(p_against)}",
        needed=lambda alpha, power: fewest(
            lambda n: power_share(max(hits, misses) / count, n, 0.5, alpha, against=False) >= power,
            count + 1,
        ),
    )


def silent(test: str, truths: Mapping[int, bool], points: Points, numbers: str) -> Finding:
    """A finding without a test, for which there are too few seeds: what single seeds show."""
    says = f"{test}: {numbers}" if numbers else test
    return Finding(test, 1.0, 1.0, None, truths, points, says, says, lambda _alpha, _power: None)


def points_of(truths: Mapping[int, bool], falsehoods: Mapping[int, bool]) -> Points:
    """Where all seeds point, if they agree."""
    if truths and all(truths.values()):
        return "same"
    return "other" if falsehoods and all(falsehoods.values()) else "mixed"


def unit(values: Sequence[float], *samples: Sample) -> float:
    """By how much seeds differ at least: one where they count things, else a small share of their level.

    Where all seeds agree their spread is that of seeds of which one is off by a unit. So exact agreement weighs more
    than any near agreement, and not without bound.
    """
    return max([_FINEST * max(abs(value) for value in values), *(sample.resolution for sample in samples)])
