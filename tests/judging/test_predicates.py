"""Predicates on samples: p values against SciPy, directions, divergence, protocols and proxies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats

from benchmark.judging.evidence import Sample
from benchmark.judging.finding import Finding, Incomparable, Undecidable
from benchmark.judging.predicates import evaluate
from benchmark.spec.claims import Quantity

from .factory import fid, predicate, sample

GOOD = [10.0, 11.0, 10.5, 9.5, 10.2]
BAD = [20.0, 21.5, 19.0, 20.5, 20.1]


def judged(written: dict[str, Any], **samples: Sample) -> Finding:
    def lookup(asked: Quantity) -> Sample:
        return samples[asked.experiment]

    return evaluate(predicate(written), lookup)


def of(values: list[float | None], experiment: str, **over: Any) -> Sample:
    return sample(values, experiment, **over)


A_BELOW_B = {"order": [fid("a"), fid("b")]}


def test_shared_seeds_are_paired() -> None:
    found = judged(A_BELOW_B, a=of(GOOD, "a"), b=of(BAD, "b"))
    expected = scipy.stats.ttest_rel(BAD, GOOD, alternative="greater")
    assert found.p == pytest.approx(expected.pvalue)
    assert found.p_against == pytest.approx(1 - expected.pvalue)
    interval = scipy.stats.ttest_rel(BAD, GOOD).confidence_interval(0.9)
    assert found.statistic is not None
    assert (found.statistic.low, found.statistic.high) == pytest.approx((interval.low, interval.high))
    assert found.statistic.estimate == pytest.approx(np.mean(BAD) - np.mean(GOOD))
    assert found.truths == dict.fromkeys(range(5), True)
    assert found.points == "same"
    assert "differences by seed" in found.says


def test_other_seeds_take_welch() -> None:
    found = judged(A_BELOW_B, a=of(GOOD, "a"), b=of(BAD[:4], "b", seeds=[10, 11, 12, 13]))
    expected = scipy.stats.ttest_ind(BAD[:4], GOOD, equal_var=False, alternative="greater")
    assert found.p == pytest.approx(expected.pvalue)
    assert not found.truths
    assert found.points == "same"
    assert "Welch" in found.says


def test_a_diverged_seed_is_the_worst_rank() -> None:
    a, b = of([10.0, 11.0, 12.0, 13.0], "a"), of([14.0, 15.0, None, None], "b")
    found = judged(A_BELOW_B, a=a, b=b)
    assert found.p == pytest.approx(1 / 70)
    assert "Mann-Whitney" in found.says
    assert found.truths == dict.fromkeys(range(4), True)
    # higher is better: diverged is now below everything, so two of the four pairs turn over
    higher = judged(A_BELOW_B, a=of([10.0, 11.0, 12.0, 13.0], "a", direction="higher"),
                  b=of([14.0, 15.0, None, None], "b", direction="higher"))  # fmt: skip
    # two of b above and two below all of a: no direction at all
    assert higher.p == higher.p_against > 0.5
    assert higher.truths == {0: True, 1: True, 2: False, 3: False}


def test_divergence_without_a_direction_helps_neither_side() -> None:
    a, b = of([1.0, 2.0, 3.0, None], "a", direction="none"), of([4.0, 5.0, 6.0, 7.0], "b", direction="none")
    found = judged(A_BELOW_B, a=a, b=b)
    assert found.p == pytest.approx(scipy.stats.mannwhitneyu([1, 2, 3, 99], [4, 5, 6, 7], alternative="less").pvalue)
    swapped = judged({"order": [fid("b"), fid("a")]}, a=a, b=b)
    assert swapped.p_against >= found.p - 1e-12
    assert swapped.p > 0.05


def test_an_event_that_never_came_ranks_last() -> None:
    late = Sample(label="x", experiment="b", tier="full", planned=(0, 1, 2, 3), beyond=frozenset(range(4)))
    found = judged(A_BELOW_B, a=of([10.0, 11.0, 12.0, 13.0], "a", direction="none"), b=late)
    assert found.p == pytest.approx(1 / 70)
    assert found.statistic is None


def test_no_spread_falls_back_on_ranks() -> None:
    found = judged(A_BELOW_B, a=of([1.0] * 5, "a"), b=of([8.0] * 5, "b"))
    assert found.p == pytest.approx(1 / math.comb(10, 5))
    assert judged(A_BELOW_B, a=of([1.0] * 5, "a"), b=of([1.0] * 5, "b")).p == 1


def test_two_quantities_of_one_run_are_always_paired() -> None:
    run = of(GOOD, "a")
    shifted = Sample(**{**vars(run), "values": {seed: value + 0.5 for seed, value in run.values.items()}})
    samples = iter([run, shifted])
    found = evaluate(predicate({"order": [fid("a"), fid("a")]}), lambda _: next(samples))
    assert found.p == 1 / 32  # the very same difference in each of five seeds: the sign test


def test_one_seed_points_but_tests_nothing() -> None:
    found = judged(A_BELOW_B, a=of([1.0], "a"), b=of([2.0], "b"))
    assert (found.p, found.p_against, found.statistic, found.points) == (1, 1, None, "same")
    assert judged(A_BELOW_B, a=of([3.0], "a"), b=of([2.0], "b")).points == "other"


def test_order_is_as_strong_as_its_weakest_link() -> None:
    samples = {"a": of(GOOD, "a"), "b": of([12.0, 10.4, 13.0, 11.0, 12.5], "b"), "c": of(BAD, "c")}
    found = judged({"order": [fid("a"), fid("b"), fid("c")]}, **samples)
    parts = [judged({"order": [fid(x), fid(y)]}, **samples) for x, y in ("ab", "bc")]
    assert found.p == max(part.p for part in parts)
    assert found.p_against == pytest.approx(min(1, 2 * min(part.p_against for part in parts)))
    assert found.points == "mixed"
    assert found.truths[1] is False


def test_smallest_and_largest() -> None:
    samples = {"a": of(GOOD, "a"), "b": of(BAD, "b"), "c": of([15.0, 15.5, 14.0, 16.0, 15.1], "c")}
    assert judged({"smallest": [fid("a"), fid("b"), fid("c")]}, **samples).p < 0.01
    assert judged({"largest": [fid("b"), fid("a"), fid("c")]}, **samples).p < 0.01
    wrong = judged({"smallest": [fid("c"), fid("a"), fid("b")]}, **samples)
    assert wrong.p > 0.95
    assert wrong.p_against < 0.01
    assert wrong.points == "mixed"


def test_the_smallest_of_several_where_seeds_diverged() -> None:
    """Exact ranks decide: against b all four of a come first; against c one of c comes before the last of a."""
    samples = {
        "a": of([1.0, 2.0, 3.0, 4.0], "a"),
        "b": of([5.0, 6.0, None, None], "b"),
        "c": of([3.5, 7.0, 8.0, None], "c"),
    }
    against_b, against_c = (judged({"order": [fid("a"), fid(other)]}, **samples) for other in "bc")
    assert against_b.p == pytest.approx(1 / 70)
    assert against_c.p == pytest.approx(2 / 70), "U = 1: two of 70 divisions are as good"
    found = judged({"smallest": [fid("a"), fid("b"), fid("c")]}, **samples)
    assert found.p == against_c.p
    assert "exact Mann-Whitney" in found.says
    assert found.truths == dict.fromkeys(range(4), True)
    best_diverged = judged({"smallest": [fid("b"), fid("a")]}, **samples)
    assert best_diverged.p_against == pytest.approx(1 / 70)


def test_bounds() -> None:
    expected = scipy.stats.ttest_1samp(GOOD, 9.8, alternative="greater").pvalue
    assert judged({"bound": fid("a"), "above": 9.8}, a=of(GOOD, "a")).p == pytest.approx(expected)
    assert judged({"bound": fid("a"), "below": 9.8}, a=of(GOOD, "a")).p == pytest.approx(1 - expected)
    both = judged({"bound": fid("a"), "above": 8.0, "below": 12.0}, a=of(GOOD, "a"))
    assert both.p < 0.01
    diverged = judged({"bound": fid("a"), "below": 12.0}, a=of([*GOOD, None], "a"))
    assert diverged.p == pytest.approx(scipy.stats.binomtest(5, 6, alternative="greater").pvalue)
    assert diverged.truths[5] is False


def test_ratio_is_tested_on_logarithms() -> None:
    a, b = of(BAD, "a"), of(GOOD, "b")
    logs = np.log(BAD) - np.log(GOOD)
    below = judged({"ratio": [fid("a"), fid("b")], "below": 2.1}, a=a, b=b)
    assert below.p == pytest.approx(scipy.stats.ttest_1samp(logs, np.log(2.1), alternative="less").pvalue)
    assert below.statistic is not None
    assert below.statistic.estimate == pytest.approx(2.1 - np.exp(logs.mean()))
    above = judged({"ratio": [fid("a"), fid("b")], "above": 1.7}, a=a, b=b)
    assert above.p == pytest.approx(scipy.stats.ttest_1samp(logs, np.log(1.7), alternative="greater").pvalue)
    assert above.statistic is not None
    interval = scipy.stats.ttest_1samp(logs, 0).confidence_interval(0.9)
    assert above.statistic.low == pytest.approx(np.exp(interval.low) - 1.7)
    assert above.truths == {seed: bad / good > 1.7 for seed, (bad, good) in enumerate(zip(BAD, GOOD, strict=True))}


def test_ratio_of_what_is_not_positive_is_undecidable() -> None:
    with pytest.raises(Undecidable, match="positive values"):
        judged({"ratio": [fid("a"), fid("b")], "below": 2.0}, a=of([1.0, 0.0, 2.0], "a"), b=of(GOOD[:3], "b"))


def test_equality_needs_two_tests() -> None:
    close = [value + 0.1 * (-1) ** index for index, value in enumerate(GOOD)]
    found = judged({"equal": [fid("a"), fid("b")], "margin": 0.5}, a=of(GOOD, "a"), b=of(close, "b"))
    differences = np.subtract(close, GOOD)
    expected = max(
        scipy.stats.ttest_1samp(differences, -0.5, alternative="greater").pvalue,
        scipy.stats.ttest_1samp(differences, 0.5, alternative="less").pvalue,
    )
    assert found.p == pytest.approx(expected)
    assert found.statistic is not None
    assert found.statistic.low is not None
    assert found.statistic.low > 0
    far = judged({"equal": [fid("a"), fid("b")], "margin": 0.5}, a=of(GOOD, "a"), b=of(BAD, "b"))
    assert far.p > 0.99
    assert far.p_against < 0.01
    assert far.statistic is not None
    assert far.statistic.high is not None
    assert far.statistic.high < 0
    broken = judged({"equal": [fid("a"), fid("b")], "margin": 0.5}, a=of(GOOD, "a"), b=of([*close[:4], None], "b"))
    assert broken.p == 1


def test_exactly_counts_seeds() -> None:
    written = {"exactly": fid("a"), "value": 1, "share": 0.5}
    found = judged(written, a=of([1.0] * 9 + [2.0], "a"))
    assert found.p == pytest.approx(11 / 1024)
    assert found.statistic is not None
    low = scipy.stats.binomtest(9, 10).proportion_ci(0.9, method="exact").low
    assert found.statistic.low == pytest.approx(low - 0.5)
    assert sum(found.truths.values()) == 9
    # a diverged seed did not take the value
    assert judged(written, a=of([1.0] * 4 + [None], "a")).p == pytest.approx(6 / 32)
    never = judged(written, a=of([8.0] * 5, "a"))
    assert (never.p, never.p_against, never.points) == (1, pytest.approx(1 / 32), "other")


def test_any_of_pays_for_choosing() -> None:
    samples = {"a": of(GOOD, "a"), "b": of(BAD, "b")}
    parts = [{"bound": fid("a"), "below": 10.5}, {"bound": fid("b"), "below": 10.0}]
    single = judged(parts[0], **samples)
    found = judged({"any_of": parts}, **samples)
    assert found.p == pytest.approx(2 * single.p)
    assert found.points == single.points
    assert found.truths == single.truths
    assert judged({"all_of": parts}, **samples).p > 0.99


def test_protocols_must_agree() -> None:
    def protocols(samples: int) -> dict[int, dict[str, Any]]:
        return {seed: {"metric": "fid", "samples": samples} for seed in range(5)}

    a = of(GOOD, "a", protocols=protocols(20000))
    with pytest.raises(Incomparable, match=r"'samples' differs: 20000 \(a, seed 0\), 50000"):
        judged(A_BELOW_B, a=a, b=of(BAD, "b", protocols=protocols(50000)))
    mixed = of(GOOD, "a", protocols={**protocols(20000), 3: {"metric": "fid", "samples": 10}})
    with pytest.raises(Incomparable, match="samples"):
        judged({"bound": fid("a"), "below": 12.0}, a=mixed)
    assert judged(A_BELOW_B, a=a, b=of(BAD, "b", protocols=protocols(20000))).p < 0.05


def test_proxies_test_directions_only() -> None:
    a, b = of(GOOD, "a", proxy=True), of(BAD, "b", proxy=True)
    assert judged(A_BELOW_B, a=a, b=b).p < 0.05
    assert judged({"ratio": [fid("a"), fid("b")], "below": 1.0}, a=a, b=b).p < 0.05
    for written in (
        {"bound": fid("a"), "below": 12.0},
        {"ratio": [fid("a"), fid("b")], "below": 0.9},
        {"equal": [fid("a"), fid("b")], "margin": 0.5},
        {"exactly": fid("a"), "value": 1, "share": 0.5},
    ):
        with pytest.raises(Incomparable, match="proxy"):
            judged(written, a=a, b=b)


def test_needed_seeds_would_decide() -> None:
    values = [0.3, -0.2, 0.4, 0.1]
    found = judged({"bound": fid("a"), "above": 0.0}, a=of(values, "a"))
    assert found.p > 0.05
    needed = found.needed(0.05)
    assert needed is not None
    mean, spread = np.mean(values), np.std(values, ddof=1)

    def p(n: int) -> float:
        return float(scipy.stats.t.sf(mean / spread * math.sqrt(n), n - 1))

    assert p(needed) < 0.05 <= p(needed - 1)
    assert (found.needed(0.01) or 0) > needed
