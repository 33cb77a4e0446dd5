"""Predicates on samples: p values against SciPy, directions, divergence, protocols and proxies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats

from benchmark.judging.finding import Finding, Incomparable, Undecidable, carried, signs, unit
from benchmark.judging.predicates import evaluate
from benchmark.judging.samples import Sample
from benchmark.spec.quantities import Quantity

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


def test_one_seed_that_says_far_more_does_not_hide_what_all_say() -> None:
    values = [*BAD[:4], *BAD[:3], 900.0]
    found = judged(A_BELOW_B, a=of([10.0] * 8, "a"), b=of(values, "b"))
    assert scipy.stats.ttest_1samp(values, 10.0, alternative="greater").pvalue > 0.1
    assert found.p < 1e-5
    assert found.statistic is not None
    assert found.statistic.low > 0  # type: ignore[operator]
    assert found.statistic.estimate == pytest.approx(np.mean(values) - 10.0)


FEW_COLLAPSE = [9.0] * 6 + [400.0] * 4


@pytest.mark.parametrize("seeds", [range(10), range(20, 30)])
def test_a_few_collapses_do_not_make_the_better_of_two(seeds: range) -> None:
    """Four of ten collapse, and the mean with them; the other six are better."""
    collapses, steady = of(FEW_COLLAPSE, "b", seeds=[*seeds]), of([10.0] * 10, "a")
    assert scipy.stats.ttest_1samp(FEW_COLLAPSE, 10.0, alternative="greater").pvalue < 0.05
    found = judged(A_BELOW_B, a=steady, b=collapses)
    assert found.p == 0.5
    assert found.p_against > 0.5
    assert "yet in 4 of 10 seeds alone" in found.says or "yet in 40 of 100 pairs alone" in found.says
    assert found.needed(0.05, 0.8) is None
    mirrored = judged({"order": [fid("b"), fid("a")]}, a=steady, b=collapses)
    assert (mirrored.p, mirrored.p_against) == (found.p_against, 0.5)


def test_the_better_of_two_needs_more_seeds_than_contradict() -> None:
    values = [9.0] * 4 + [30.0, 40.0, 50.0, 60.0, 70.0]
    assert judged(A_BELOW_B, a=of([10.0] * 9, "a"), b=of(values, "b")).p < 0.05
    values = [9.0] * 4 + [10.0] + [40.0, 50.0, 60.0, 70.0]
    assert judged(A_BELOW_B, a=of([10.0] * 9, "a"), b=of(values, "b")).p == 0.5


def test_what_is_said_of_runs_is_so_in_more_than_four_fifths_of_them() -> None:
    above = {"bound": fid("a"), "above": 0.0}
    nine, eight = [-1.0] + [5.0] * 9, [-1.0] * 2 + [5.0] * 8
    assert judged(above, a=of(nine, "a")).p < 0.001
    assert scipy.stats.ttest_1samp(eight, 0.0, alternative="greater").pvalue < 0.001
    assert judged(above, a=of(eight, "a")).p == 0.5
    below = judged({"bound": fid("a"), "below": 0.0}, a=of(eight, "a"))
    assert (below.p_against, "yet in 8 of 10 seeds alone" in below.says_against) == (0.5, True)


def test_of_one_run_too() -> None:
    late, early = {**fid("a"), "score": "late"}, {**fid("a"), "score": "early"}
    samples = {"late": of([9.0] * 8 + [11.0] * 2, "a"), "early": of([10.0] * 8 + [10.5] * 2, "a")}
    found = evaluate(predicate({"order": [late, early]}), lambda asked: samples[str(asked.score)])
    assert (found.p, "yet in 8 of 10 seeds alone" in found.says) == (0.5, True)
    samples["late"] = of([value - 0.02 for value in samples["early"].numbers], "a")
    tie = evaluate(predicate({"order": [late, early]}), lambda asked: samples[str(asked.score)])
    assert (tie.p, "yet apart by next to nothing" in tie.says) == (0.5, True)


@pytest.mark.parametrize("seeds", [range(5), range(10, 15)])
def test_systems_that_differ_by_next_to_nothing_tie(seeds: range) -> None:
    """A quarter of a percent of the level, here of 401.4, is what two means must be apart at least: 1.0035."""
    noise = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])
    low = of([*(400 + noise)], "a")
    for level, told in ((400.9, False), (401.2, True)):
        high = of([*(level + noise)], "b", seeds=[*seeds])
        found, other = judged(A_BELOW_B, a=low, b=high), judged({"order": [fid("b"), fid("a")]}, a=low, b=high)
        assert (found.p < 1e-4, other.p_against < 1e-4) == (told, told)
        assert ("yet apart by next to nothing" in found.says) == (found.p == 0.5) == (not told)
        assert (found.needed(1e-12, 0.8) is not None) == told


def test_other_seeds_take_welch() -> None:
    found = judged(A_BELOW_B, a=of(GOOD, "a"), b=of(BAD[:4], "b", seeds=[10, 11, 12, 13]))
    expected = scipy.stats.ttest_ind(BAD[:4], GOOD, equal_var=False, alternative="greater")
    assert found.p == pytest.approx(expected.pvalue)
    assert not found.truths
    assert found.points == "same"
    assert "Welch" in found.says


def test_equal_medians_of_other_seeds_point_nowhere() -> None:
    found = judged(A_BELOW_B, a=of([1.0, 2.0, 3.0], "a"), b=of([1.5, 2.0, 2.5], "b", seeds=[7, 8, 9]))
    assert found.points == "mixed"


def test_a_sign_test_that_did_not_do_needs_more_seeds() -> None:
    """Five of five seeds pass at 0.05; at a level that they do not pass, six is the least that is named."""
    every = dict.fromkeys(range(5), True)
    found = signs("it", every, dict.fromkeys(range(5), False), "same", "")
    assert (found.needed(0.05, 0.8), found.needed(0.02, 0.8), found.needed(0.01, 0.8)) == (6, 6, 7)


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


def test_exact_agreement_weighs_more_than_near_agreement() -> None:
    bound = {"bound": fid("a"), "above": 0.95}
    exact = judged(bound, a=of([1.0] * 5, "a")).p
    assert exact <= judged(bound, a=of([1.0, 1.0, 1.0, 1.0, 0.9999], "a")).p < 1e-4
    order = judged(A_BELOW_B, a=of([1.0] * 5, "a"), b=of([8.0] * 5, "b")).p
    assert order <= judged(A_BELOW_B, a=of([1.0] * 5, "a"), b=of([8.0, 8.0, 8.0, 8.0, 8.0001], "b")).p < 1e-4
    same = judged(A_BELOW_B, a=of([1.0] * 5, "a"), b=of([1.0] * 5, "b"))
    assert (same.p, same.p_against) == (0.5, 0.5)
    nothing = judged(A_BELOW_B, a=of([0.0] * 5, "a"), b=of([0.0] * 5, "b"))
    assert (nothing.p, nothing.p_against) == (1.0, 1.0)


def test_counts_differ_by_one_at_least() -> None:
    """Six modes or more, 8 found in each of five seeds: as 8, 8, 8, 8, 7 about their mean."""
    found = judged({"bound": fid("a"), "above": 6.0}, a=of([8.0] * 5, "a", resolution=1.0))
    assert found.p == pytest.approx(scipy.stats.t.sf(2 / 0.2, 4))
    few = judged(A_BELOW_B, a=of([7.0] * 3, "a", resolution=1.0), b=of([8.0] * 3, "b", resolution=1.0))
    assert few.p == pytest.approx(scipy.stats.t.sf(1 / (1 / 3), 2))
    ratio = judged(
        {"ratio": [fid("b"), fid("a")], "above": 1.0}, a=of([4.0] * 5, "a", resolution=1.0), b=of([8.0] * 5, "b")
    )
    assert ratio.p == pytest.approx(scipy.stats.t.sf(math.log(2) / (1 / 4 / 5), 4))


def test_two_quantities_of_one_run_are_always_paired() -> None:
    run = of(GOOD, "a")
    shifted = Sample(**{**vars(run), "values": {seed: value + 0.5 for seed, value in run.values.items()}})
    samples = iter([run, shifted])
    found = evaluate(predicate({"order": [fid("a"), {**fid("a"), "score": "other"}]}), lambda _: next(samples))
    assert found.p < 1e-4, "the very same difference in each of five seeds"


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
    high = scipy.stats.binomtest(9, 10).proportion_ci(0.9, method="exact").high
    assert (found.statistic.estimate, found.statistic.high) == (pytest.approx(0.4), pytest.approx(high - 0.5))
    assert sum(found.truths.values()) == 9
    # a diverged seed did not take the value
    assert judged(written, a=of([1.0] * 4 + [None], "a")).p == pytest.approx(6 / 32)
    never = judged(written, a=of([8.0] * 5, "a"))
    assert (never.p, never.p_against, never.points) == (1, pytest.approx(1 / 32), "other")


def test_in_seeds_takes_each_seed_by_itself() -> None:
    """Seeds 0 to 3 fail in one way, 4 to 8 in the other, seed 9 in none: no way alone is the usual one."""
    samples = {"a": of([0.0] * 4 + [5.0] * 6, "a"), "b": of([5.0] * 4 + [0.0] * 5 + [5.0], "b")}
    ways = [{"bound": fid(name), "below": 1.0} for name in "ab"]
    found = judged({"in_seeds": {"any_of": ways}, "share": 0.5}, **samples)
    assert found.p == pytest.approx(scipy.stats.binomtest(9, 10, 0.5, alternative="greater").pvalue)
    assert found.truths == {**dict.fromkeys(range(9), True), 9: False}
    assert "9 of 10 seeds" in found.says
    assert judged({"in_seeds": ways[0], "share": 0.5}, **samples).p > 0.5


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
    needed = found.needed(0.05, 0.8)
    assert needed is not None
    mean, spread = np.mean(values), np.std(values, ddof=1)

    def power(n: int) -> float:
        return float(scipy.stats.nct.sf(scipy.stats.t.ppf(0.95, n - 1), n - 1, mean / spread * math.sqrt(n)))

    assert power(needed) >= 0.8 > power(needed - 1)
    assert (found.needed(0.01, 0.8) or 0) > needed


def test_needed_seeds_of_a_conjunction_show_all_of_it() -> None:
    """Two parts at 90 % power each are both shown with at least 80 %."""
    values = [0.3, -0.2, 0.4, 0.1]
    part = {"bound": fid("a"), "above": 0.0}
    one = judged(part, a=of(values, "a"))
    both = judged({"all_of": [part, part]}, a=of(values, "a"))
    assert both.needed(0.05, 0.8) == one.needed(0.05, 0.9)
    opposed = judged({"all_of": [part, {"bound": fid("a"), "above": 0.4}]}, a=of(values, "a"))
    against = judged({"bound": fid("a"), "below": 0.4}, a=of(values, "a"))
    assert opposed.needed(0.05, 0.8) == against.needed(0.025, 0.8), "the part that is opposed would decide"


# --- computed from several quantities of one seed -------------------------------------------------------------------


def gain(**of: str) -> dict[str, Any]:
    return {"compute": "1 - augmented / plain", "of": {name: fid(one) for name, one in of.items()}, "says": "gain"}


GAINS = {"order": [gain(augmented="a", plain="b"), gain(augmented="c", plain="d")]}


def test_gains_are_computed_seed_by_seed_and_paired() -> None:
    """Gains 1 - 10/20 = 0.5, 0.45, 0.475 against 1 - 4/10 = 0.6, 0.62, 0.6."""
    samples = {
        "a": of([10.0, 11.0, 10.5], "a"),
        "b": of([20.0, 20.0, 20.0], "b"),
        "c": of([4.0, 3.8, 4.0], "c"),
        "d": of([10.0, 10.0, 10.0], "d"),
    }
    found = judged(GAINS, **samples)
    expected = scipy.stats.ttest_rel([0.6, 0.62, 0.6], [0.5, 0.45, 0.475], alternative="greater")
    assert found.p == pytest.approx(expected.pvalue)
    assert found.statistic is not None
    assert found.statistic.estimate == pytest.approx((0.1 + 0.17 + 0.125) / 3)
    assert found.truths == dict.fromkeys(range(3), True)
    small = judged({"bound": GAINS["order"][0], "below": 0.48}, **samples)
    assert small.truths == {0: False, 1: True, 2: True}


def test_a_gain_exists_in_seeds_that_both_its_parts_have() -> None:
    a, b = of([10.0, 11.0, 12.0, None], "a"), of([20.0, 20.0, 20.0, 20.0], "b", seeds=[1, 2, 3, 4])
    found = judged({"bound": gain(augmented="a", plain="b"), "above": 0.0}, a=a, b=b)
    # seeds 1 and 2 have both, seed 3 diverged without the denominator's help, seeds 0 and 4 are of one part only
    assert found.truths == {1: True, 2: True, 3: False}
    assert found.p == pytest.approx(scipy.stats.binomtest(2, 3, alternative="greater").pvalue)


def test_gains_on_different_data_compare_and_their_own_parts_must_not_differ() -> None:
    def measured(experiment: str, values: list[float | None], **protocol: Any) -> Sample:
        whole = {"metric": "fid", "dataset": "one", "samples": 20000, **protocol}
        return of(values, experiment, protocols=dict.fromkeys(range(3), whole))

    first = {"a": measured("a", [10.0, 11.0, 10.5]), "b": measured("b", [20.0, 20.0, 21.0])}
    other = {"c": measured("c", [4.0, 3.8, 4.0], dataset="two"), "d": measured("d", [10.0, 10.0, 9.0], dataset="two")}
    assert judged(GAINS, **first, **other).points == "same"
    with pytest.raises(Incomparable, match="gain: protocol field 'dataset' differs"):
        judged(GAINS, a=first["a"], b=other["c"], c=first["a"], d=first["b"])
    fewer = {name: measured(name, [4.0, 3.8, 4.0], dataset="two", samples=10) for name in "cd"}
    with pytest.raises(Incomparable, match="'samples' differs"):
        judged(GAINS, **first, **fewer)
    with pytest.raises(Incomparable, match="'dataset' differs"):
        judged({"order": [GAINS["order"][0], fid("c")]}, **first, **other)


def test_a_gain_without_a_value_is_undecidable() -> None:
    with pytest.raises(Undecidable, match="no value in seed 1"):
        judged(GAINS, a=of(GOOD, "a"), b=of([1.0, 0.0, 2.0, 2.0, 2.0], "b"), c=of(GOOD, "c"), d=of(BAD, "d"))


def test_sizes_of_gains_cannot_rest_on_proxies() -> None:
    better = [value - 5 for value in GOOD]
    samples = {n: of(values, n, proxy=True) for n, values in zip("abcd", [GOOD, BAD, better, BAD], strict=True)}
    assert judged(GAINS, **samples).p < 0.01
    with pytest.raises(Incomparable, match="proxy"):
        judged({"bound": GAINS["order"][0], "above": 0.1}, **samples)


# --- among the seeds that meet a condition --------------------------------------------------------------------------

RISING = {"experiment": "a", "curve": "g", "statistic": {"slope": {"unit": "share", "start": 0.5, "end": 1.0}}}
COLLAPSED = {"given": {"bound": fid("a"), "above": 200.0}, "then": {"bound": RISING, "above": 0.0}}


def conditioned(fids: list[float | None], slopes: list[float | None]) -> Finding:
    samples = {"fid": of(fids, "a"), None: of(slopes, "a", direction="none")}
    return evaluate(predicate(COLLAPSED), lambda asked: samples[asked.score])


def test_only_seeds_that_meet_the_condition_count() -> None:
    found = conditioned([300.0, 250.0, 40.0, 220.0, 40.0, None], [0.5, 0.6, -9.0, 0.4, -8.0, -7.0])
    assert found.truths == {0: True, 1: True, 3: True}
    assert found.p == pytest.approx(scipy.stats.ttest_1samp([0.5, 0.6, 0.4], 0, alternative="greater").pvalue)
    against = conditioned([300.0, 250.0, 40.0, 220.0], [-0.5, -0.6, 9.0, -0.4])
    assert against.p > 0.95
    assert against.p_against < 0.05


def test_too_few_seeds_that_meet_the_condition_say_nothing() -> None:
    found = conditioned([300.0, 250.0, 40.0, 40.0, 40.0], [0.5, 0.6, 0.4, 0.4, 0.4])
    assert (found.p, found.p_against, found.points, found.truths) == (1, 1, "mixed", {})
    assert "where fid (a) is above 200: 2 seeds, 3 are needed" in found.says


# --- how many seeds would decide ------------------------------------------------------------------------------------


def test_needed_seeds_of_independent_samples_have_twice_the_freedom() -> None:
    first, second = [0.0, 1.0, 2.0], [0.6, 1.1, 2.9]
    found = judged(A_BELOW_B, a=of(first, "a"), b=of(second, "b", seeds=(10, 11, 12)))
    needed = found.needed(0.05, 0.8)
    assert needed is not None
    effect = np.mean(second) - np.mean(first)
    spread = math.sqrt(np.var(first, ddof=1) + np.var(second, ddof=1))

    def power(n: int) -> float:
        freedom = 2 * (n - 1)
        return float(scipy.stats.nct.sf(scipy.stats.t.ppf(0.95, freedom), freedom, effect / spread * math.sqrt(n)))

    assert power(needed) >= 0.8 > power(needed - 1)


def test_needed_seeds_of_the_sign_test() -> None:
    """All of three above 0, one of them by diverging: 2^-n <= 0.05 needs five seeds."""
    found = judged({"bound": fid("a"), "above": 0.0}, a=of([3.0, 4.0, None], "a", direction="lower"))
    assert (found.p, found.needed(0.05, 0.8), found.needed(0.01, 0.8)) == (1 / 8, 5, 7)


def test_needed_seeds_of_an_equivalence() -> None:
    """Difference 0.1, margin 0.5, spread about 0.6: two one-sided tests by simulation."""
    first, second = [0.0, 1.0, 2.0, 3.0], [0.6, 0.5, 2.9, 2.4]
    written = {"equal": [fid("a"), fid("b")], "margin": 0.9}
    found = judged(written, a=of(first, "a"), b=of(second, "b"))
    needed = found.needed(0.05, 0.8)
    assert needed is not None
    differences = np.subtract(second, first)
    random = np.random.default_rng(3)

    def power(n: int) -> float:
        draws = random.normal(differences.mean(), differences.std(ddof=1), (4000, n))
        half = scipy.stats.t.ppf(0.95, n - 1) * draws.std(axis=1, ddof=1) / math.sqrt(n)
        return float((abs(draws.mean(axis=1)) + half < 0.9).mean())

    assert power(needed) > 0.77
    assert power(needed - 1) < 0.83
    apart = judged({**written, "margin": 0.01}, a=of([0.0, 1.0, 2.0], "a"), b=of([0.6, 1.1, 2.9], "b"))
    outside = apart.needed(0.05, 0.8)
    one_sided = judged({"bound": fid("a"), "above": 0.01}, a=of([0.6, 0.1, 0.9], "a")).needed(0.025, 0.8)
    assert outside == one_sided


def test_needed_seeds_of_a_share() -> None:
    written = {"exactly": fid("a"), "value": 8, "share": 0.5}
    found = judged(written, a=of([8.0, 8.0, 8.0, 7.0], "a"))
    needed = found.needed(0.05, 0.8)
    assert needed is not None
    hits = np.arange(needed + 1)
    decides = (scipy.stats.binom.sf(hits - 1, needed, 0.5) <= 0.05) | (scipy.stats.binom.cdf(hits, needed, 0.5) <= 0.05)
    assert scipy.stats.binom.pmf(hits[decides], needed, 0.75).sum() >= 0.8


def test_needed_seeds_are_more_than_there_are() -> None:
    """What one seed more would decide is told as one seed more, by every kind of test."""
    apart = of([1.0, 2.0, 3.0], "a"), of([0.95, 2.0, 3.05], "b")
    found = judged({"equal": [fid("a"), fid("b")], "margin": 0.5}, a=apart[0], b=apart[1])
    assert found.needed(0.001, 0.8) is not None
    assert found.needed(0.05, 0.8) == 4
    assert found.statistic is not None
    assert found.statistic.confidence == 0.9
    above = {"bound": fid("a"), "above": 0.0}
    assert judged(above, a=of([3.0, 4.0, 5.0, None], "a")).needed(0.05, 0.8) == 5
    assert judged(above, a=of([3.0, 4.0, 5.0, 4.0], "a")).needed(0.05, 0.8) == 5
    assert judged({"exactly": fid("a"), "value": 8, "share": 0.5}, a=of([8.0] * 4, "a")).needed(0.05, 0.8) == 5
    ranks = judged(A_BELOW_B, a=of([1.0, 2.0, 3.0], "a"), b=of([4.0, 5.0, None], "b"))
    assert ranks.needed(0.05, 0.8) == 5, "Noether: (1.645 + 0.842)^2 / (6 / 4) = 4.1"


@pytest.mark.parametrize(
    ("values", "bound"), [(GOOD, 0.0), (GOOD, -1.0), ([0.0, *GOOD[1:]], 1.0), ([-1.0, *GOOD[1:]], 2.0)]
)
def test_a_ratio_is_of_positive_numbers(values: list[float | None], bound: float) -> None:
    for sides in ({"a": values, "b": BAD}, {"a": BAD, "b": values}):
        with pytest.raises(Undecidable, match="positive values and a positive bound"):
            judged(
                {"ratio": [fid("a"), fid("b")], "above": bound},
                **{name: of(side, name) for name, side in sides.items()},
            )


A_EQUALS_B = {"equal": [fid("a"), fid("b")], "margin": 1.0}
NEAR = [10.3, 11.1, 10.9, 9.6, 10.6]


@pytest.mark.parametrize("values", [NEAR, [x + 0.9 for x in NEAR], [x + 3 for x in NEAR], [x - 3 for x in NEAR]])
@pytest.mark.parametrize("paired", [True, False])
def test_equality_is_two_one_sided_tests(values: list[float], paired: bool) -> None:
    b = of([*values], "b", seeds=None if paired else range(10, 15))
    found = judged(A_EQUALS_B, a=of([*GOOD], "a"), b=b)
    gaps = np.subtract(values, GOOD)

    def p(bound: float, alternative: str) -> float:
        if paired:
            return float(scipy.stats.ttest_1samp(gaps, bound, alternative=alternative).pvalue)
        return float(
            scipy.stats.ttest_ind(np.subtract(values, bound), GOOD, equal_var=False, alternative=alternative).pvalue
        )

    assert found.p == pytest.approx(max(p(-1, "greater"), p(1, "less")))
    assert found.p_against == pytest.approx(min(1.0, 2 * min(p(1, "greater"), p(-1, "less"))))
    test = scipy.stats.ttest_1samp(gaps, 0) if paired else scipy.stats.ttest_ind(values, GOOD, equal_var=False)
    ends = test.confidence_interval(0.9)
    nearest = 0.0 if ends.low <= 0 <= ends.high else min(abs(ends.low), abs(ends.high))
    assert found.statistic is not None
    assert (found.statistic.low, found.statistic.estimate, found.statistic.high) == pytest.approx(
        (1 - max(abs(ends.low), abs(ends.high)), 1 - abs(gaps.mean()), 1 - nearest)
    )
    assert found.points == ("same" if abs(gaps.mean()) < 1 and not paired else found.points)
    if not paired:
        assert (found.truths, found.points) == ({}, "same" if abs(gaps.mean()) < 1 else "other")


def test_seeds_are_equal_within_the_margin_each() -> None:
    found = judged(A_EQUALS_B, a=of([1.0, 1.0, 1.0, 1.0], "a"), b=of([1.9, 2.0, 2.1, 0.05], "b"))
    assert found.truths == {0: True, 1: False, 2: False, 3: True}
    one = judged(A_EQUALS_B, a=of([1.0], "a"), b=of([1.1], "b"))
    assert (one.p, one.truths) == (1.0, {0: True})
    assert judged(A_EQUALS_B, a=of([1.0, 1.2], "a"), b=of([1.1, 1.31], "b")).p < 0.05
    broken = judged(A_EQUALS_B, a=of([1.0, 1.2, 1.1], "a"), b=of([1.1, 1.31, None], "b"))
    assert (broken.p, broken.points, broken.truths[2]) == (1.0, "mixed", False)
    assert "cannot be shown where seeds have no value" in broken.says


def test_both_scores_of_one_run_must_be_there() -> None:
    late, early = {**fid("a"), "score": "late"}, {**fid("a"), "score": "early"}
    samples = {"late": of([1.0, 1.1, 1.2], "a"), "early": of([1.0, 1.1], "a")}
    with pytest.raises(Undecidable, match="only some seeds have both"):
        evaluate(predicate({"equal": [late, early], "margin": 1.0}), lambda asked: samples[str(asked.score)])


@pytest.mark.parametrize("apart", [0.5, 1.5])
def test_seeds_that_equality_needs_have_the_power_promised(apart: float) -> None:
    """Gaps of deviation 0.6 about 0.5, inside the margin of 1, or about 1.5, outside: by simulation."""
    gaps = np.array([-0.6, 0.0, 0.6]) + apart
    found = judged(A_EQUALS_B, a=of([10.0, 10.0, 10.0], "a"), b=of([*(10 + gaps)], "b"))
    needed = found.needed(0.05, 0.8)
    assert needed is not None
    random = np.random.default_rng(3)

    def power(n: int) -> float:
        draws = random.normal(apart, 0.6, (6000, n))
        error = draws.std(axis=1, ddof=1) / n**0.5
        if apart > 1:  # on either side, so that each has half of the level
            return float((draws.mean(axis=1) - scipy.stats.t.ppf(0.975, n - 1) * error > 1).mean())
        half = scipy.stats.t.ppf(0.95, n - 1) * error
        return float(((draws.mean(axis=1) + half < 1) & (draws.mean(axis=1) - half > -1)).mean())

    assert power(needed) > 0.78
    assert power(needed - 1) < 0.82


@pytest.mark.parametrize(("second", "points"), [(402.0, "same"), (400.5, "mixed"), (399.5, "mixed"), (398.0, "other")])
def test_seeds_that_differ_by_next_to_nothing_point_nowhere(second: float, points: str) -> None:
    """A quarter of a percent of 400 is 1."""
    found = judged(A_BELOW_B, a=of([400.0] * 5, "a"), b=of([second] * 5, "b"))
    assert (found.points, set(found.truths.values())) == (points, {points == "same"})


def test_values_are_known_to_a_ten_thousandth_of_the_largest_or_to_what_a_metric_resolves() -> None:
    fine, coarse = of([1.0], "a"), of([1.0], "b", resolution=0.5)
    assert unit([10.0, -400.0], fine) == pytest.approx(0.04)
    assert unit([10.0, -400.0], fine, coarse) == 0.5
    assert unit([10.0, -40000.0], fine, coarse) == pytest.approx(4.0)


def test_next_to_nothing_is_less_than_the_least_difference() -> None:
    found = judged(A_BELOW_B, a=of(GOOD, "a"), b=of(BAD, "b"))
    for mean, kept in ((2.0, True), (1.99, False), (-2.0, True), (-1.99, False)):
        finding = found if mean > 0 else found.opposite
        apart = [mean, mean, mean]
        assert (carried(finding, apart, "seed", of_runs=False, least=2.0) is finding) == kept


# --- at the very bound ----------------------------------------------------------------------------------------------


def test_what_lies_at_the_bound_is_neither_above_nor_below() -> None:
    for side in ("above", "below"):
        found = judged({"bound": fid("a"), side: 1.0}, a=of([1.0] * 3, "a"))
        assert (found.truths, found.points) == (dict.fromkeys(range(3), False), "mixed")
        equal = judged({"ratio": [fid("a"), fid("b")], side: 1.0}, a=of([2.0] * 3, "a"), b=of([2.0] * 3, "b"))
        assert (equal.truths, equal.points) == (dict.fromkeys(range(3), False), "mixed")
        broken = judged({"bound": fid("a"), side: 1.0}, a=of([1.0, 1.0, None], "a", direction="none"))
        assert (broken.p, broken.p_against) == (1.0, 1.0), "none of three on either side"


@pytest.mark.parametrize("low", [399.0, 399.5])
def test_seeds_within_a_quarter_of_a_percent_point_nowhere(low: float) -> None:
    """A quarter of a percent of 400 is 1."""
    a, b = of([low] * 3, "a"), of([400.0] * 3, "b")
    for first, second in ("ab", "ba"):
        found = judged({"order": [fid(first), fid(second)]}, a=a, b=b)
        assert (found.truths, found.points) == (dict.fromkeys(range(3), False), "mixed")


@pytest.mark.parametrize("seeds", [range(2), range(7, 9)])
def test_two_seeds_are_tested(seeds: range) -> None:
    first, second = [1.0, 1.25], [2.0, 2.5]
    found = judged(A_BELOW_B, a=of([*first], "a"), b=of([*second], "b", seeds=seeds))
    test = scipy.stats.ttest_rel if seeds == range(2) else scipy.stats.ttest_ind
    options = {} if seeds == range(2) else {"equal_var": False}
    assert found.p == pytest.approx(test(second, first, alternative="greater", **options).pvalue)
    above = judged({"bound": fid("a"), "above": 1.0}, a=of([1.1, 1.2], "a"))
    assert above.p == pytest.approx(scipy.stats.ttest_1samp([1.1, 1.2], 1.0, alternative="greater").pvalue)
    runs = {"late": of([1.0, 1.2], "a"), "early": of([2.0, 2.5], "a")}
    order = predicate({"order": [{**fid("a"), "score": "late"}, {**fid("a"), "score": "early"}]})
    of_one_run = evaluate(order, lambda asked: runs[str(asked.score)])
    assert of_one_run.p == pytest.approx(scipy.stats.ttest_rel([2.0, 2.5], [1.0, 1.2], alternative="greater").pvalue)


def test_seeds_that_tie_contradict_nothing() -> None:
    """Four of nine agree, two tie, three contradict."""
    values = [9.0] * 3 + [10.0] * 2 + [40.0, 50.0, 60.0, 70.0]
    a, b = of([10.0] * 9, "a"), of([*values], "b")
    assert judged(A_BELOW_B, a=a, b=b).p < 0.05
    assert judged({"order": [fid("b"), fid("a")]}, a=a, b=b).p_against < 0.05


def test_a_power_that_is_just_reached_is_enough() -> None:
    """Where all seeds agree, five of five decide with certainty, and four of four (1 / 16) never do."""
    exact = judged({"exactly": fid("a"), "value": 8, "share": 0.5}, a=of([8.0] * 3, "a"))
    signed = judged({"bound": fid("a"), "above": 0.0}, a=of([3.0, 4.0, None], "a"))
    assert (exact.needed(0.05, 1.0), signed.needed(0.05, 1.0)) == (5, 5)


def test_a_p_value_at_the_very_level_decides() -> None:
    """Three against three ranks: 1 / 20."""
    found = judged(A_BELOW_B, a=of([1.0, 2.0, 3.0], "a"), b=of([4.0, 5.0, None], "b"))
    for one in (found, found.opposite):
        assert [one.decided(level) for level in (0.05, 0.049)] == [True, False]


def test_where_equality_points_by_hand() -> None:
    """By seed where seeds are shared, however large the numbers; by means where none is; nowhere without values."""
    for first, second, points in (
        ([10.0, 10.2], [-10.0, -10.3], "other"),
        ([10.0, 10.2], [10.5, 10.7], "same"),
        ([10.0, 10.2], [10.5, 12.7], "mixed"),
        ([10.0, 10.2], [11.0, 11.2], "mixed"),
    ):
        assert judged(A_EQUALS_B, a=of([*first], "a"), b=of([*second], "b")).points == points
    for second, points in (([12.0, 13.0], "other"), ([11.0, 11.5], "other"), ([10.5, 10.7], "same")):
        assert judged(A_EQUALS_B, a=of([10.0, 10.5], "a"), b=of([*second], "b", seeds=[7, 8])).points == points
    gone = of([None, None], "b", seeds=[7, 8])
    assert judged(A_EQUALS_B, a=of([10.0, 10.2], "a"), b=gone).points == "mixed"
    assert judged(A_EQUALS_B, a=gone, b=of([10.0, 10.2], "a")).points == "mixed"


def test_seeds_that_show_two_samples_apart_have_the_freedom_of_both() -> None:
    """Gaps beyond a margin, against what Welch's t takes to show the same gap beyond 0 at half the level."""
    first, second = [0.0, 1.0, 2.0, 3.0], [0.6, 1.1, 2.9, 4.2]
    apart = judged({**A_EQUALS_B, "margin": 0.2}, a=of([*first], "a"), b=of([*second], "b", seeds=range(10, 14)))
    moved = [value - 0.2 for value in second]
    order = judged(A_BELOW_B, a=of([*first], "a"), b=of([*moved], "b", seeds=range(10, 14)))
    assert apart.needed(0.05, 0.8) == order.needed(0.025, 0.8)
    touching = judged({**A_EQUALS_B, "margin": 1.0}, a=of([0.0, 0.5, 1.0], "a"), b=of([1.0, 1.5, 2.0], "b"))
    assert touching.needed(0.05, 0.8) is None, "what lies at the margin is never shown to lie on either side"


@pytest.mark.parametrize(("hits", "points"), [(0, "other"), (1, "mixed"), (2, "mixed"), (3, "same"), (4, "same")])
def test_a_share_points_the_claim_s_way_where_more_seeds_are_so(hits: int, points: str) -> None:
    """Of four seeds and one half: two are not more than half."""
    values = [8.0] * hits + [7.0] * (4 - hits)
    assert judged({"exactly": fid("a"), "value": 8, "share": 0.5}, a=of([*values], "a")).points == points


def test_a_part_that_says_nothing_is_not_held_against_the_claim() -> None:
    """One part at p = 0.5, by next to nothing; one more that is opposed is what decides."""
    a, b = of([10.0, 11.0, 12.0], "a"), of([10.01, 11.01, 12.01], "b")
    tie = judged(A_BELOW_B, a=a, b=b)
    assert tie.p == 0.5
    above = {"bound": fid("a"), "above": 9.0}
    both = judged({"all_of": [A_BELOW_B, above]}, a=a, b=b)
    assert both.statistic == tie.statistic
    assert both.needed(0.05, 0.8) is None
    opposed = judged({"all_of": [A_BELOW_B, {"bound": fid("a"), "below": 9.0}]}, a=a, b=b)
    alone = judged({"bound": fid("a"), "below": 9.0}, a=a)
    assert opposed.statistic == alone.statistic
    assert opposed.needed(0.05, 0.8) == alone.opposite.needed(0.025, 0.8)


@pytest.mark.parametrize(("hits", "share"), [(1, 0.5), (2, 0.8), (4, 0.8), (3, 0.5)])
def test_that_a_share_is_no_larger_is_the_binomial_test_of_the_misses(hits: int, share: float) -> None:
    values = [8.0] * hits + [7.0] * (5 - hits)
    found = judged({"exactly": fid("a"), "value": 8, "share": share}, a=of([*values], "a"))
    assert found.p == pytest.approx(scipy.stats.binomtest(hits, 5, share, alternative="greater").pvalue)
    assert found.p_against == pytest.approx(scipy.stats.binomtest(hits, 5, share, alternative="less").pvalue)


def test_where_the_seeds_at_hand_would_have_done_one_more_is_named() -> None:
    """Eight seeds that all agree, where five would do; of ranks and of two one-sided tests four."""
    eight = {"a": of([8.0] * 8, "a"), "b": of([9.0, *[11.0] * 6, None], "b")}
    exact = judged({"exactly": fid("a"), "value": 8, "share": 0.5}, **eight)
    signed = judged({"bound": fid("b"), "above": 0.0}, **eight)
    ranks = judged(A_BELOW_B, **eight)
    near = of([8.0 + 0.1 * (-1) ** seed for seed in range(8)], "b")
    equal = judged({"equal": [fid("a"), fid("b")], "margin": 1.0}, a=eight["a"], b=near)
    apart = judged({"equal": [fid("a"), fid("b")], "margin": 0.5}, a=eight["a"], b=of([10.0, *[11.0] * 7], "b"))
    mean = judged({"bound": fid("b"), "above": 0.0}, b=near)
    assert [one.needed(0.05, 0.8) for one in (exact, signed, ranks, equal, apart, mean)] == [9] * 6


@pytest.mark.parametrize(
    ("below", "points"), [((11.5, 9.0), "same"), ((9.0, 9.2), "other"), ((9.0, 10.2), "mixed"), ((11.5, 11.6), "same")]
)
def test_where_one_of_several_points(below: tuple[float, float], points: str) -> None:
    """All of GOOD lie below 11.5, none below 9, some below 10.2."""
    parts = [{"bound": fid("a"), "below": bound} for bound in below]
    found = judged({"any_of": parts}, a=of([*GOOD], "a"))
    assert found.points == points
    assert found.test == f"fid (a) is below {below[0]:g} or fid (a) is below {below[1]:g}"
    assert found.truths == {seed: value < max(below) for seed, value in enumerate(GOOD)}
