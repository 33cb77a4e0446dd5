"""Statistics against hand-computed values and against SciPy's own implementations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats

from benchmark.judging import hypothesis_tests, seeds_needed
from benchmark.judging.hypothesis_tests import Estimate

RANDOM = np.random.default_rng(7)
A = RANDOM.normal(10, 2, 6).tolist()
B = RANDOM.normal(12, 1, 4).tolist()


def test_mean_and_deviation_by_hand() -> None:
    assert hypothesis_tests.mean([1.0, 2.0, 6.0]) == 3
    assert hypothesis_tests.deviation([1.0, 2.0, 6.0]) == pytest.approx(math.sqrt(7))
    assert hypothesis_tests.deviation([1.0]) is None


def test_median_survives_infinities() -> None:
    assert hypothesis_tests.median([3.0, 1.0, math.inf]) == 3
    assert hypothesis_tests.median([1.0, 2.0, math.inf, math.inf]) == math.inf
    assert hypothesis_tests.median([math.inf, math.inf]) == math.inf


def test_interval_by_hand() -> None:
    # n = 3, mean 3, s = sqrt 7, t(0.95, 2) = 2.919986
    low, high = hypothesis_tests.one_sample([1.0, 2.0, 6.0]).interval()
    assert low == pytest.approx(3 - 2.919986 * math.sqrt(7 / 3), abs=1e-5)
    assert high == pytest.approx(3 + 2.919986 * math.sqrt(7 / 3), abs=1e-5)


def test_confidence_leaves_the_level_at_either_end() -> None:
    assert hypothesis_tests.confidence() == pytest.approx(0.9)
    assert hypothesis_tests.confidence(0.001) == pytest.approx(0.998)
    low, high = hypothesis_tests.one_sample(A).interval(0.001)
    both = scipy.stats.ttest_1samp(A, 0).confidence_interval(0.998)
    assert (low, high) == pytest.approx((both.low, both.high))


def test_one_sample_agrees_with_scipy() -> None:
    expected = scipy.stats.ttest_1samp(A, 9.0, alternative="greater")
    assert hypothesis_tests.one_sample(A).p_above(9.0) == pytest.approx(expected.pvalue)
    assert hypothesis_tests.one_sample(A).p_below(9.0) == pytest.approx(1 - expected.pvalue)


def test_welch_agrees_with_scipy() -> None:
    expected = scipy.stats.ttest_ind(B, A, equal_var=False, alternative="greater")
    estimate = hypothesis_tests.two_samples(A, B)
    assert estimate.p_above() == pytest.approx(expected.pvalue)
    assert estimate.freedom == pytest.approx(expected.df)
    both = scipy.stats.ttest_ind(B, A, equal_var=False).confidence_interval(0.9)
    assert estimate.interval() == pytest.approx((both.low, both.high))


def test_pairs_agree_with_scipy() -> None:
    expected = scipy.stats.ttest_rel(B, A[:4], alternative="greater")
    assert hypothesis_tests.paired(A[:4], B).p_above() == pytest.approx(expected.pvalue)


def test_published_spread_widens_the_interval() -> None:
    ours = hypothesis_tests.one_sample(A)
    alone = hypothesis_tests.against(ours, 9.0)
    assert (alone.error, alone.freedom) == (ours.error, 5)
    with_spread = hypothesis_tests.against(ours, 9.0, Estimate(9.0, 2.0 / math.sqrt(4), 3))
    expected = scipy.stats.ttest_ind_from_stats(
        np.mean(A), np.std(A, ddof=1), 6, 9.0, 2.0, 4, equal_var=False, alternative="greater"
    )
    assert with_spread.p_above() == pytest.approx(expected.pvalue)
    assert with_spread.error > alone.error


def test_samples_without_spread_keep_finite_freedom() -> None:
    assert hypothesis_tests.two_samples([1.0, 1.0], [2.0, 2.0]) == Estimate(1.0, 0.0, 1)


@pytest.mark.parametrize(
    ("value", "place"), [(0.0, "inside"), (0.5, "undecided"), (2.0, "above"), (-2.0, "below"), (1.0, "undecided")]
)
def test_equivalence(value: float, place: str) -> None:
    # t(0.95, 4) = 2.132: half width 0.64
    assert hypothesis_tests.equivalence(Estimate(value, 0.3, 4), margin=1.0) == place


def test_equivalence_is_two_one_sided_tests() -> None:
    for value in np.linspace(-1.5, 1.5, 31):
        estimate = Estimate(float(value), 0.3, 4)
        both = max(estimate.p_above(-1.0), estimate.p_below(1.0)) < 0.05
        assert (hypothesis_tests.equivalence(estimate, 1.0) == "inside") == both


def test_an_interval_that_touches_the_margin_is_undecided() -> None:
    """Half width t(0.95, 1) x 1 = 6.3137515; the margin is what either end is, to the digit."""
    half = hypothesis_tests.quantile(0.95, 1)
    for value, margin, place in (
        (0.0, half, "undecided"),
        (2 * half, half, "undecided"),
        (-2 * half, half, "undecided"),
        (1.0, 1.0 + half, "undecided"),
        (-1.0, 1.0 + half, "undecided"),
    ):
        assert hypothesis_tests.equivalence(Estimate(value, 1.0, 1), margin) == place
    assert hypothesis_tests.equivalence(Estimate(0.0, 1.0, 1), half + 1e-9) == "inside"


def test_higher_is_better_turns_the_sign() -> None:
    assert hypothesis_tests.oriented(Estimate(0.3, 0.1, 4), "higher").value == -0.3
    assert hypothesis_tests.oriented(Estimate(0.3, 0.1, 4), "lower").value == 0.3


def test_without_any_error_the_value_decides() -> None:
    exact = Estimate(1.0, 0.0, 4)
    assert (exact.p_above(0.5), exact.p_above(1.0), exact.p_above(2.0)) == (0.0, 1.0, 1.0)
    assert (exact.p_below(0.5), exact.p_below(1.0), exact.p_below(2.0)) == (1.0, 1.0, 0.0)


def test_a_floor_is_one_seed_off_by_a_unit() -> None:
    """Values 8, 8, 8, 8, 7 have a standard error of 1 / 5."""
    assert hypothesis_tests.one_sample([8, 8, 8, 8, 7]).error == pytest.approx(0.2)
    assert hypothesis_tests.one_sample([8.0] * 5).floored(1.0, 5).error == pytest.approx(0.2)
    assert hypothesis_tests.one_sample([8.0, 4.0]).floored(1.0, 2).error == 2.0


FAR_OUT = [4.0, 5.0, 5.5, 5.8, 6.2, 6.5, 7.0, 400.0]


def test_a_value_far_out_on_the_side_to_be_shown_counts_as_three_times_the_other_sides_farthest() -> None:
    """The median is 6 and the lowest 2 below it, so that 400 counts as 12."""
    above, below = hypothesis_tests.sided(FAR_OUT, 0.0)
    assert (above.value, above.freedom) == (pytest.approx(52 / 8), 7)
    drawn_in = [*FAR_OUT[:-1], 12.0]
    assert above.p_above() == pytest.approx(scipy.stats.ttest_1samp(drawn_in, 0, alternative="greater").pvalue)
    assert below == hypothesis_tests.one_sample(FAR_OUT)


def test_sides_are_alike() -> None:
    above, _ = hypothesis_tests.sided(FAR_OUT, 0.5)
    mirrored = hypothesis_tests.sided([-value for value in FAR_OUT], 0.5)
    assert (mirrored[1].value, mirrored[1].error) == (-above.value, above.error)


@pytest.mark.parametrize("values", [FAR_OUT[1:], [*FAR_OUT[:-1], 11.9], [-400.0, *FAR_OUT[1:-1], 8.0]])
def test_few_values_and_values_on_the_other_side_count_as_they_are(values: list[float]) -> None:
    assert hypothesis_tests.sided(values, 0.0)[0] == hypothesis_tests.one_sample(values)


def test_what_is_drawn_in_is_floored_too() -> None:
    assert hypothesis_tests.sided([*[1.0] * 7, 90.0], 2.0)[0] == Estimate(1.0, 0.25, 7)


@pytest.mark.parametrize(("seeds", "samples", "alpha"), [(3, 1, 0.05), (5, 1, 0.01), (5, 2, 0.05), (10, 2, 0.002)])
def test_power_is_that_of_the_noncentral_t(seeds: int, samples: int, alpha: float) -> None:
    freedom = samples * (seeds - 1)
    for effect in (0.3, 1.0, 2.5):
        exact = scipy.stats.nct.sf(scipy.stats.t.ppf(1 - alpha, freedom), freedom, effect * math.sqrt(seeds))
        found = seeds_needed.power_above(effect, 1.0, seeds, samples=samples, alpha=alpha)
        assert found == pytest.approx(exact, abs=0.004)


def test_power_of_equivalence_is_simulated() -> None:
    random = np.random.default_rng(7)
    values = random.normal(0.3, 0.7, (20_000, 5))
    own = values.mean(axis=1), values.std(axis=1, ddof=1) / math.sqrt(5)
    for other in (None, Estimate(0.0, 0.2, 3)):
        error, freedom = own[1], np.full(len(values), 4.0)
        if other is not None:
            error = np.sqrt(own[1] ** 2 + 0.2**2)
            freedom = error**4 / (own[1] ** 4 / 4 + 0.2**4 / 3)
        half = scipy.stats.t.ppf(0.95, freedom) * error
        inside = ((own[0] - half > -1) & (own[0] + half < 1)).mean()
        beyond = ((own[0] - half > 0.1) | (own[0] + half < -0.1)).mean()
        assert seeds_needed.power_equivalence(0.3, 0.7, 5, 1.0, other=other)[0] == pytest.approx(inside, abs=0.012)
        assert seeds_needed.power_equivalence(0.3, 0.7, 5, 0.1, other=other)[1] == pytest.approx(beyond, abs=0.012)


def test_without_spread_power_is_certain() -> None:
    assert seeds_needed.power_equivalence(0.5, 0.0, 3, 1.0) == (1.0, 0.0)
    assert seeds_needed.power_equivalence(-2.0, 0.0, 3, 1.0) == (0.0, 1.0)
    assert seeds_needed.power_equivalence(1.0, 0.0, 3, 1.0) == (0.0, 0.0), "neither, at the very margin"
    assert [seeds_needed.power_above(effect, 0.0, 3) for effect in (0.5, 0.0, -0.5)] == [1.0, 0.0, 0.0]


def test_beyond_a_margin_of_next_to_nothing_is_either_end_of_the_interval() -> None:
    assert seeds_needed.power_equivalence(0.0, 0.7, 5, 1e-9)[1] == pytest.approx(0.1, abs=0.002)


def test_a_share_whose_p_is_the_very_level_is_told() -> None:
    """Five of five under one half: p = 1 / 32."""
    for alpha, power in ((1 / 32, 1.0), (1 / 33, 0.0)):
        assert seeds_needed.power_share(1.0, 5, 0.5, alpha) == power
        assert seeds_needed.power_share(0.0, 5, 0.5, alpha) == power


@pytest.mark.parametrize(("share", "seeds", "bound"), [(0.8, 5, 0.5), (0.9, 12, 0.5), (0.3, 20, 0.6)])
def test_power_of_a_share_is_counted(share: float, seeds: int, bound: float) -> None:
    above = below = 0.0
    for k in range(seeds + 1):
        chance = scipy.stats.binom.pmf(k, seeds, share)
        above += chance * (scipy.stats.binomtest(k, seeds, bound, alternative="greater").pvalue <= 0.05)
        below += chance * (scipy.stats.binomtest(k, seeds, bound, alternative="less").pvalue <= 0.05)
    assert seeds_needed.power_share(share, seeds, bound) == pytest.approx(above + below)
    assert seeds_needed.power_share(share, seeds, bound, against=False) == pytest.approx(above)


def test_seeds_needed_is_the_fewest_with_the_power_promised() -> None:
    needed = seeds_needed.seeds_needed(1.0, 1.5, 3)
    assert needed is not None

    def power(n: int) -> float:
        return float(scipy.stats.nct.sf(scipy.stats.t.ppf(0.95, n - 1), n - 1, math.sqrt(n) / 1.5))

    assert power(needed) >= 0.8 > power(needed - 1)
    assert seeds_needed.seeds_needed(1.0, 1.5, 40) == 41, "so many were not enough"
    assert seeds_needed.seeds_needed(1.0, 1e-9, 1) == 3
    assert seeds_needed.seeds_needed(0.0, 1.0, 3) is None
    assert seeds_needed.seeds_needed(1e-6, 1.0, 3) is None
    assert seeds_needed.seeds_needed(1.0, 1.0, 1000) is None


def test_ranks_need_what_their_best_case_needs() -> None:
    """Complete separation: p = 1 / C(2n, n), which is 1 / 252 at five seeds; Noether's formula gives 5 at 0.05."""
    needed = seeds_needed.ranks_needed([1, 2, 3], [4, 5, math.inf], 3, 0.004, 0.8)
    assert needed is not None
    assert needed >= 5
    assert seeds_needed.ranks_needed([1, 2], [1, 2], 2, 0.05, 0.8) is None
    assert seeds_needed.ranks_needed([1, 2, 3], [4, 5, 6], 10, 0.05, 0.8) == 11, "ten were not enough"
    # P(a < b) = 7 / 9: (1.645 + 0.842)^2 / (6 (7/9 - 1/2)^2) = 13.4
    assert seeds_needed.ranks_needed([1, 2, 4], [3, 3, 5], 3, 0.05, 0.8) == 14


@pytest.mark.parametrize("sizes", [(3, 3), (5, 4), (6, 7)])
def test_mann_whitney_agrees_with_scipy(sizes: tuple[int, int]) -> None:
    first = RANDOM.normal(0, 1, sizes[0]).tolist()
    second = RANDOM.normal(0.7, 1, sizes[1]).tolist()
    expected = scipy.stats.mannwhitneyu(first, second, alternative="less", method="exact").pvalue
    assert hypothesis_tests.mann_whitney(first, second) == pytest.approx(expected)


def test_mann_whitney_floors() -> None:
    assert hypothesis_tests.mann_whitney([1, 2, 3], [4, 5, 6]) == pytest.approx(0.05)
    assert hypothesis_tests.mann_whitney([1, 2, 3, 4], [5, 6, 7, 8]) == pytest.approx(1 / 70)


def test_mann_whitney_with_ties_counts_all_divisions() -> None:
    first, second = [1.0, 2.0, math.inf], [2.0, math.inf, math.inf, 5.0]
    pooled = [*first, *second]
    ranks = scipy.stats.rankdata(pooled)
    observed = ranks[:3].sum()
    divisions = list(itertools.combinations(range(7), 3))
    expected = sum(ranks[list(chosen)].sum() <= observed + 1e-9 for chosen in divisions) / len(divisions)
    assert hypothesis_tests.mann_whitney(first, second) == pytest.approx(expected)


def test_shift_interval_inverts_the_test() -> None:
    interval = hypothesis_tests.shift(A, B)
    assert interval is not None
    assert interval.low is not None
    assert interval.high is not None
    assert interval.estimate == pytest.approx(np.median([b - a for a in A for b in B]))

    def p(shift: float) -> float:
        return hypothesis_tests.mann_whitney(A, [b - shift for b in B])

    # just inside the bound the test does not reject, just outside it does
    assert p(interval.low - 1e-9) <= 0.05 < p(interval.low + 1e-9)


def test_shift_without_enough_values_has_no_bounds() -> None:
    interval = hypothesis_tests.shift([1.0, 2.0], [5.0, 6.0])
    assert interval is not None
    assert (interval.estimate, interval.low, interval.high) == (4.0, None, None)


def test_shift_by_infinity_is_no_number() -> None:
    assert hypothesis_tests.shift([1.0, 2.0, 3.0], [math.inf] * 3) is None


def test_median_interval_by_hand() -> None:
    # five values: P(none below the median) = 1/32 <= 0.05 < 6/32, so the extremes bound it
    interval = hypothesis_tests.middle([5.0, 1.0, 2.0, 4.0, 3.0])
    assert interval is not None
    assert (interval.low, interval.estimate, interval.high) == (1.0, 3.0, 5.0)


def test_sign_test_by_hand() -> None:
    assert hypothesis_tests.sign_test(5, 5) == 1 / 32
    assert hypothesis_tests.sign_test(4, 5) == 6 / 32
    assert hypothesis_tests.sign_test(0, 5) == 1


@pytest.mark.parametrize(("successes", "count"), [(0, 5), (3, 5), (5, 5), (9, 10)])
def test_shares_agree_with_scipy(successes: int, count: int) -> None:
    test = scipy.stats.binomtest(successes, count, 0.5, alternative="greater")
    assert hypothesis_tests.binomial_at_least(successes, count, 0.5) == pytest.approx(test.pvalue)
    expected = scipy.stats.binomtest(successes, count).proportion_ci(0.9, method="exact")
    interval = hypothesis_tests.share_interval(successes, count)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_holm_by_hand() -> None:
    # sorted 0.01, 0.02, 0.04 times 3, 2, 1, never falling
    assert hypothesis_tests.holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert hypothesis_tests.holm([0.9, 0.8]) == [1.0, 1.0]
    assert hypothesis_tests.holm([]) == []


def test_bounds_of_the_median_invert_the_sign_test_at_both_ends() -> None:
    """Ten values: P(X <= 1) = 11 / 1024 <= 0.05 < P(X <= 2) = 56 / 1024, so the second from either end."""
    values = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0]
    found = hypothesis_tests.middle(values)
    assert found is not None
    assert (found.low, found.estimate, found.high, found.confidence) == (2.0, 24.0, 256.0, 0.9)
    open_above = hypothesis_tests.middle([*values[:8], math.inf, math.inf])
    assert open_above is not None
    assert (open_above.low, open_above.high) == (2.0, None)


def test_bounds_of_a_shift_invert_the_rank_test_at_both_ends() -> None:
    """Five against five: P(U <= 4) = 12 / 252 <= 0.05 < P(U <= 5), so the fifth difference from either end."""
    first, second = [0.0, 1.0, 3.0, 7.0, 15.0], [2.0, 10.0, 31.0, 63.0, 127.0]
    differences = sorted(b - a for a in first for b in second)
    found = hypothesis_tests.shift(first, second)
    assert found is not None
    assert (found.low, found.high) == (differences[4], differences[-5])
    assert found.estimate == differences[12]


@pytest.mark.parametrize("freedom", [2, 4, 10])
def test_spreads_that_power_averages_over_have_the_mean_of_a_sample_s_deviation(freedom: int) -> None:
    """The mean of chi over the root of its freedom, 0.940 for five values."""
    mean = scipy.stats.chi(freedom).mean() / freedom**0.5
    assert seeds_needed._spreads(freedom).mean() == pytest.approx(mean, rel=5e-4)


def test_three_against_three_have_bounds_at_the_very_level() -> None:
    """One division of 20 is as extreme, p = 0.05: the bounds are the smallest and the largest difference."""
    found = hypothesis_tests.shift([1.0, 2.0, 4.0], [11.0, 12.5, 13.0])
    assert found is not None
    assert (found.low, found.high) == (7.0, 12.0)


@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.05 / 27, 1e-6])
def test_seeds_that_ranks_need_are_enough_for_the_exact_test_at_its_best(alpha: float) -> None:
    """All of one sample below all of the other: p = 1 / C(2n, n)."""
    needed = seeds_needed.ranks_needed([1, 2, 3], [4, 5, 6], 3, alpha, 0.8)
    assert needed is not None
    assert 1 / math.comb(2 * needed, needed) <= alpha


def test_numbers_of_seeds_beyond_a_thousand_are_not_named() -> None:
    assert seeds_needed.fewest(lambda n: n >= 1000, 1000) == 1000
    assert seeds_needed.fewest(lambda n: n >= 1000) == 1000
    assert seeds_needed.fewest(lambda n: n >= 1001) is None
    assert seeds_needed.fewest(lambda _n: True, 1001) is None
    assert seeds_needed.ranks_needed([1, 2, 3], [4, 5, 6], 999, 0.05, 0.8) == 1000
    assert seeds_needed.ranks_needed([1, 2, 3], [4, 5, 6], 1000, 0.05, 0.8) is None


@pytest.mark.parametrize("seed", range(8))
def test_mann_whitney_counts_all_divisions_whatever_ties(seed: int) -> None:
    """Among mid-ranks that are halves, sums a half apart are told from one another."""
    random = np.random.default_rng(seed)
    first, second = random.integers(0, 4, 3).tolist(), random.integers(0, 4, 4).tolist()
    ranks = scipy.stats.rankdata([*first, *second])
    sums = [ranks[list(chosen)].sum() for chosen in itertools.combinations(range(7), 3)]
    expected = sum(one <= ranks[:3].sum() for one in sums) / len(sums)
    assert hypothesis_tests.mann_whitney(first, second) == pytest.approx(expected)
