"""Published numbers beside measured ones: margins, protocols, divergence, spreads in print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats

from benchmark.judging.cells import published_seeds
from benchmark.spec.quantities import Quantity

from .factory import cell, claim, evidence, expect, paper, run, score, table
from .judged import BETTER, GOOD, PROXY, SEEDS, measured, one_cell, one_claim, verdicts


def test_what_a_record_copied_of_its_metric_is_not_believed(tmp_path: Path) -> None:
    """A proxy that says it is none, and a direction turned round: the metric alone tells."""
    copies = {"label": "FID", "direction": "higher", "proxy": False}
    found = one_cell(cell(10.1, "a"), measured(tmp_path, GOOD, metric=PROXY, **copies))
    assert (found.state, "is a proxy score" in found.reason) == ("NOT COMPARABLE", True)
    stored = measured(tmp_path / "x", GOOD, **copies)
    assert (
        evidence(stored, expect({"a": SEEDS})).sample(Quantity(experiment="a", score="fid"), "full").direction
        == "lower"
    )


def test_a_metric_that_is_unknown_here_stands_beside_nothing_published(tmp_path: Path) -> None:
    found = one_cell(cell(10.1, "a"), measured(tmp_path, GOOD, metric="of_another_version"))
    assert found.state == "NOT COMPARABLE"


def test_total_collapse_keeps_its_direction(tmp_path: Path) -> None:
    """Seeds that all diverged have no value, and less is still better."""
    stored = [run(tmp_path, "a", seed, status="diverged", scores={"fid": score(None)}) for seed in SEEDS]
    found = evidence(stored, expect({"a": SEEDS})).sample(Quantity(experiment="a", score="fid"), "full")
    assert (found.direction, found.proxy, len(found.diverged)) == ("lower", False, 5)


def test_fewer_seeds_than_planned_are_an_interim_look_at_a_number(tmp_path: Path) -> None:
    """Four of five seeds: mean 10.25, s 0.6455, t(0.999, 3) = 10.215, so 0.15 +- 3.297 about what is printed."""
    few = measured(tmp_path, GOOD[:4])
    passed = one_cell(cell(10.1, "a"), few, margin=5.0)
    assert (passed.state, passed.interim) == ("REPRODUCED", True)
    about = "99.8 % interval of the deviation -3.147 to 3.447, margin 5.05"
    assert f"interim look at 4 of 5 planned seeds: {about}; 1 planned run missing" in passed.reason
    more = one_cell(cell(10.1, "a"), few, margin=3.0)
    assert (more.state, more.seeds_needed) == ("INTERIM", 5), "four would do at 5 %, and are not enough"
    assert one_cell(cell(10.1, "a"), few, margin=3.0, protocol={"checkpoint": "last"}).state == "INCONCLUSIVE", "ever"


def test_what_makes_a_seed_far_is_twice_the_margin_on_the_worse_side(tmp_path: Path) -> None:
    """Printed 10.0 with a margin of 1.0 and half a unit of its last digit: far lies beyond 2.1."""
    lower = one_cell(cell(10.0, "a"), measured(tmp_path, [10.0, 12.05, 12.15, 7.8, 10.2]), margin=1.0)
    assert lower.far_seeds == [2]
    higher = one_cell(cell(10.0, "a"), measured(tmp_path / "x", [10.0, 7.95, 7.85, 12.2, 10.2]), margin=1.0,
                      direction="higher")  # fmt: skip
    assert higher.far_seeds == [2]
    either = one_cell(cell(10.0, "a"), measured(tmp_path / "y", [10.0, 7.95, 7.85, 12.2, 10.2]), margin=1.0,
                      direction="two_sided")  # fmt: skip
    assert either.far_seeds == [2, 3]


def test_reproduced_inside_the_margin(tmp_path: Path) -> None:
    found = one_cell(cell(10.1, "a"), measured(tmp_path, GOOD))
    interval = scipy.stats.ttest_1samp(GOOD, 10.1).confidence_interval(0.9)
    assert found.deviation is not None
    assert (found.deviation.low, found.deviation.high) == pytest.approx((interval.low - 10.1, interval.high - 10.1))
    assert found.reason.startswith("90 % interval of the deviation ")
    assert [one.confidence for one in (found.deviation, found.prediction, found.far) if one is not None] == [0.9] * 3
    assert found.margin == pytest.approx(1.01)
    assert (found.state, found.assumed, found.conditions) == ("REPRODUCED", [], [])


def test_a_field_that_moves_the_score_makes_the_verdict_conditional(tmp_path: Path) -> None:
    stored = measured(tmp_path, GOOD, protocol={"samples": 20000, "resize": "bilinear", "batch": 50})
    for published, state in ((10.1, "REPRODUCED IF"), (8.0, "NOT REPRODUCED IF"), (13.0, "BETTER THAN PUBLISHED")):
        found = one_cell(cell(published, "a"), stored, protocol={"samples": 20000})
        assert (found.state, found.assumed) == (state, ["batch", "checkpoint", "resize"])
        assert found.conditions == ["checkpoint = last", "resize = bilinear"]
        assert "nobody knows whether these agree: batch, checkpoint, resize" in found.reason
    stated = {"samples": 20000, "resize": "bilinear", "checkpoint": "last"}
    assert one_cell(cell(10.1, "a"), stored, protocol=stated).state == "REPRODUCED"


@pytest.mark.parametrize(
    ("published", "would"), [(10.1, "REPRODUCED"), (8.0, "NOT REPRODUCED"), (13.0, "BETTER THAN PUBLISHED")]
)
def test_without_the_number_of_samples_nothing_is_reproduced_or_not(
    tmp_path: Path, published: float, would: str
) -> None:
    """FID falls with the samples: a number whose count nobody knows is matched by some count."""
    found = one_cell(cell(published, "a"), measured(tmp_path, GOOD), protocol={})
    assert found.state == "INCONCLUSIVE"
    assert found.reason.startswith(f"the paper does not give samples; measured as assumed here it would be {would}: ")
    assert found.assumed == ["checkpoint", "samples"]
    stated = cell(published, "a", protocol={"samples": 20000, "checkpoint": "last"})
    assert one_cell(stated, measured(tmp_path / "again", GOOD), protocol={}).state == would


@pytest.mark.parametrize(
    ("published", "direction", "state"),
    [
        (8.0, "lower", "NOT REPRODUCED"),
        (13.0, "lower", "BETTER THAN PUBLISHED"),
        (8.0, "higher", "BETTER THAN PUBLISHED"),
        (13.0, "higher", "NOT REPRODUCED"),
        (13.0, "two_sided", "NOT REPRODUCED"),
        (9.4, "lower", "INCONCLUSIVE"),
    ],
)
def test_cell_states(tmp_path: Path, published: float, direction: str, state: str) -> None:
    found = one_cell(cell(published, "a"), measured(tmp_path, GOOD), direction=direction)
    assert found.state == state
    assert found.deviation is not None
    assert (found.deviation.estimate > 0) == ((np.mean(GOOD) > published) != (direction == "higher"))
    assert (found.seeds_needed is not None) == (state == "INCONCLUSIVE")


def test_margins(tmp_path: Path) -> None:
    stored = measured(tmp_path, GOOD)
    assert one_cell(cell(3.0, "a"), stored).margin == 0.5
    assert one_cell(cell(8.0, "a"), stored, quantity="inception_score").margin == pytest.approx(0.4)
    assert one_cell(cell(1.5, "a"), stored, quantity="inception_score").margin == 0.1
    assert one_cell(cell(0.3, "a"), stored, quantity="ms_ssim").margin == 0.02
    assert one_cell(cell(10.1, "a"), stored, margin=0.2).state == "INCONCLUSIVE"


def test_a_published_seed_spread_counts(tmp_path: Path) -> None:
    stored = measured(tmp_path, GOOD)
    spread = cell(10.1, "a", spread=0.9, spread_means="seeds")
    protocol = {"seeds": 3, "samples": 20000, "checkpoint": "last"}
    plain, wide = (one_cell(one, stored, protocol=protocol) for one in (cell(10.1, "a"), spread))
    assert (plain.state, wide.state) == ("REPRODUCED", "INCONCLUSIVE")
    splits = one_cell(cell(10.1, "a", spread=0.9, spread_means="splits"), stored, protocol=protocol)
    assert splits.deviation == plain.deviation
    for written in ("3", 3.0):
        again = one_cell(spread, stored, protocol={**protocol, "seeds": written})
        assert again.deviation == wide.deviation
    uncounted = one_cell(spread, stored)
    assert (uncounted.state, uncounted.conditions) == ("REPRODUCED IF", ["seeds behind the published spread"])
    assert wide.seeds_needed is None, "no number of our seeds makes up for three of theirs"
    error = one_cell(cell(10.1, "a", spread=0.9 / 3**0.5, spread_means="standard_error"), stored, protocol=protocol)
    assert error.deviation is not None
    assert wide.deviation is not None
    assert (error.deviation.low, error.deviation.high) == pytest.approx((wide.deviation.low, wide.deviation.high))
    assert (plain.surprising, wide.surprising) == (False, None)


@pytest.mark.parametrize(
    ("said", "seeds"), [(2, 2), (3, 3), ("3", 3), (1, None), (0, None), (2.5, None), ("several", None)]
)
def test_seeds_behind_a_published_spread_are_two_at_least(said: object, seeds: int | None) -> None:
    (printed,) = paper(tables={"T1": table({"x": {"A": cell(10.0, "a")}}, protocol={"seeds": said})}).printed
    assert published_seeds(printed) == seeds


def test_what_is_not_comparable(tmp_path: Path) -> None:
    stored = measured(tmp_path, GOOD)
    differs = one_cell(cell(10.1, "a"), stored, protocol={"samples": 5000})
    assert (differs.state, "5000" in differs.reason) == ("NOT COMPARABLE", True)
    proxy = one_cell(cell(10.1, "a"), measured(tmp_path / "x", GOOD, metric=PROXY))
    assert (proxy.state, "proxy" in proxy.reason) == ("NOT COMPARABLE", True)
    short = [run(tmp_path / "y", "a", seed, tier="short", scores={"fid": score(GOOD[seed])}) for seed in SEEDS]
    found = one_cell(cell(10.1, "a"), short, tiers=("full", "short"))
    assert (found.state, found.tier, found.deviation) == ("NOT COMPARABLE", "short", None)
    assert found.measured is not None
    assert found.measured.mean == pytest.approx(np.mean(GOOD))


def test_cells_that_nothing_measures(tmp_path: Path) -> None:
    quoted = one_cell(cell(10.1, "a", quoted_from="another paper"), measured(tmp_path, GOOD))
    assert (quoted.state, quoted.measured) == ("QUOTED", None)
    assert one_cell(cell(10.1), []).state == "NOT ASSESSABLE"
    assert one_cell(cell(10.1, "a"), []).state == "NOT RUN"
    assert one_cell(cell(10.1, "a"), [], quantity="setting").state == "NOT ASSESSABLE"
    iterations = one_cell(cell(90, "a"), measured(tmp_path / "x", GOOD), quantity="iterations")
    assert iterations.state == "NOT ASSESSABLE"
    assert iterations.measured is not None
    assert iterations.measured.mean == 100


def test_too_few_seeds_for_a_cell(tmp_path: Path) -> None:
    found = one_cell(cell(10.1, "a"), measured(tmp_path, GOOD[:2]))
    assert (found.state, found.seeds_needed) == ("INTERIM", 3)
    assert "2 seeds of at least 3: 1 more needed" in found.reason
    assert "; 3 planned runs missing (no run at tier full)" in found.reason
    failed = run(tmp_path / "y", "a", 2, status="failed")
    mixed = one_cell(cell(10.1, "a"), [*measured(tmp_path / "y", GOOD[:2]), failed])
    why = "1 of them: failed: the generator's loss is not finite at iteration 7; 2 of them: no run at tier full"
    assert f"; 3 planned runs missing ({why})" in mixed.reason
    assert one_cell(cell(10.1, "a"), measured(tmp_path / "x", GOOD[:2]), seeds=range(2)).state == "INCONCLUSIVE"


def test_divergence_forbids_reproduced(tmp_path: Path) -> None:
    found = one_cell(cell(10.1, "a"), measured(tmp_path, [*GOOD[:4], None]))
    assert (found.state, found.diverged) == ("INCONCLUSIVE", (1, 5))
    assert "1 of 5 seeds diverged" in found.reason
    everything = one_cell(cell(10.1, "a"), measured(tmp_path / "x", [None] * 5))
    assert everything.state == "NOT REPRODUCED"
    # four seeds far off and one diverged: all five beyond the margin
    off = one_cell(cell(5.0, "a"), measured(tmp_path / "y", [*GOOD[:4], None]))
    assert off.state == "NOT REPRODUCED"


def test_identical_numbers_are_no_evidence(tmp_path: Path) -> None:
    assert one_cell(cell(10.0, "a"), measured(tmp_path, [10.0] * 5)).state == "INCONCLUSIVE"
    counts = measured(tmp_path / "x", [8.0] * 5, metric="modes_found")
    assert one_cell(cell(8.0, "a"), counts).state == "REPRODUCED"
    ends = measured(tmp_path / "y", [0.0] * 5)
    assert one_cell(cell(0.0, "a"), ends).state == "REPRODUCED", "a distance cannot be smaller"


@pytest.mark.parametrize("value", [-5.0, 1e300, 1e16])
def test_values_that_no_metric_gives_are_refused(tmp_path: Path, value: float) -> None:
    found = verdicts(
        paper({"C1": BETTER}, {"T1": table({"x": {"A": cell(10.1, "a")}})}), measured(tmp_path, [value, *GOOD[1:]])
    )
    (line,) = found.damage
    assert line.endswith(f"score fid: {value!r} is no value of frechet_inception_distance")
    assert found.cells[0].state == "INTERIM"


def test_a_curve_beyond_all_measure_has_no_value(tmp_path: Path) -> None:
    stored = [run(tmp_path, "a", seed, curves={"g": [1e20 if seed == 1 else 1.0 + seed / 10] * 100}) for seed in SEEDS]
    whole = {"unit": "share", "start": 0, "end": 1}
    mean = {"experiment": "a", "curve": "g", "statistic": {"mean": whole}}
    found = one_claim(claim({"bound": mean, "below": 9.0}), stored)
    assert (found.interim, found.seeds, found.quantities[0].seeds[1]) == (True, 4, None)
    assert found.quantities[0].reasons[1] == "1e+20 is no number that training gives"


def test_a_margin_that_passes_everything_judges_nothing(tmp_path: Path) -> None:
    found = one_cell(cell(10.1, "a"), measured(tmp_path, GOOD), margin=1e9)
    assert (found.state, "larger than the number itself" in found.reason) == ("NOT ASSESSABLE", True)


def test_a_seed_far_outside_on_the_worse_side_forbids_reproduced(tmp_path: Path) -> None:
    """Published 10.0, margin 5: 30 seeds near it, of which one may be at 25; the interval stays inside the margin."""
    values = [10.0 + 0.1 * (seed % 7) for seed in range(29)]
    clean = measured(tmp_path, [*values, 10.0])
    seeds = range(30)
    whole = one_cell(cell(10.0, "a"), clean, margin=5.0, seeds=seeds)
    assert (whole.state, whole.far_seeds) == ("REPRODUCED", [])
    assert whole.far is not None
    assert whole.far.high == pytest.approx(1 - 0.05 ** (1 / 30)), "none of 30: at most 9.5 % of seeds"
    broken = one_cell(cell(10.0, "a"), measured(tmp_path / "x", [*values, 25.0]), margin=5.0, seeds=seeds)
    assert (broken.state, broken.far_seeds, broken.seeds_needed) == ("INCONCLUSIVE", [29], None)
    assert "seed 29 lies far outside" in broken.reason


def test_half_a_unit_of_the_last_digit_is_no_deviation(tmp_path: Path) -> None:
    """0.345 prints as 0.3: with one decimal and a margin of 0.02 it agrees; with three it does not."""
    values = [0.3450, 0.3452, 0.3448, 0.3451, 0.3449]
    about: dict[str, Any] = {"quantity": "ms_ssim", "direction": "two_sided"}
    stored = measured(tmp_path, values, metric="ms_ssim")
    assert one_cell(cell(0.3, "a", decimals=1), stored, **about).state == "REPRODUCED"
    found = one_cell(cell(0.3, "a", decimals=3), stored, **about)
    assert (found.state, found.rounding, found.margin) == ("NOT REPRODUCED", 0.0005, 0.02)


def test_a_printed_number_is_one_run(tmp_path: Path) -> None:
    """Prediction interval of one more run: mean +- t(0.95, 4) s sqrt(1 + 1/5)."""
    found = one_cell(cell(11.0, "a"), measured(tmp_path, GOOD))
    half = scipy.stats.t.ppf(0.95, 4) * np.std(GOOD, ddof=1) * (1 + 1 / 5) ** 0.5
    assert found.prediction is not None
    assert (found.prediction.low, found.prediction.high) == pytest.approx((np.mean(GOOD) - half, np.mean(GOOD) + half))
    assert found.surprising is False
    edge = np.mean(GOOD) + half
    assert one_cell(cell(edge + 0.04, "a"), measured(tmp_path / "x", GOOD)).surprising is False, "it may be rounded"
    assert one_cell(cell(edge + 0.06, "a"), measured(tmp_path / "y", GOOD)).surprising is True


@pytest.mark.parametrize(("value", "state"), [(3.0, "REPRODUCED"), (2.9, "NOT ASSESSABLE"), (0.0, "REPRODUCED")])
def test_a_stated_margin_may_be_as_large_as_the_number(tmp_path: Path, value: float, state: str) -> None:
    """Printed 3.0 with a margin of 3.0; zero has no size that a margin could exceed."""
    near = [value + 0.1 * seed for seed in SEEDS]
    assert one_cell(cell(value, "a"), measured(tmp_path, near), margin=3.0).state == state


@pytest.mark.parametrize("decimals", [0, 1, 3])
def test_what_lies_at_twice_the_margin_is_not_far(tmp_path: Path, decimals: int) -> None:
    """The margin of 1.0 is widened by half a unit of the last digit."""
    allowed = 1.0 + 0.5 / 10**decimals
    far = one_cell(cell(8.0, "a", decimals=decimals), measured(tmp_path, [8.0, 8.0 + 2 * allowed, 10.0 + 2 * allowed]),
                   margin=1.0, seeds=range(3))  # fmt: skip
    assert (far.rounding, far.far_seeds) == (0.5 / 10**decimals, [2])
    assert far.far is not None
    assert far.far.estimate == pytest.approx(1 / 3)


def test_margins_beyond_which_seeds_lie_by_the_sign_test(tmp_path: Path) -> None:
    """Four seeds beyond the margin and one diverged: five of five, p = 1 / 32. Three and one: five of six, 7 / 64."""
    off = [12.0, 12.1, 12.2, 12.3]
    found = one_cell(cell(10.0, "a"), measured(tmp_path, [*off, None]), margin=1.0)
    assert found.state == "NOT REPRODUCED"
    assert "5 of 5 beyond the margin or diverged (sign test p = 0.031)" in found.reason
    at = one_cell(cell(10.0, "a", decimals=0), measured(tmp_path / "x", [*off[:3], 11.5, None]), margin=1.0)
    assert "(sign test" not in at.reason, "11.5 lies at the margin, so four of five are beyond: 6 / 32"
    one = one_cell(cell(10.0, "a"), measured(tmp_path / "y", [10.0, None, None]), margin=1.0, seeds=range(3))
    assert one.state == "INCONCLUSIVE"
    assert "1 value left to compare, sign test p = 0.5" in one.reason
    two = one_cell(cell(10.0, "a"), measured(tmp_path / "z", [10.0, 10.4, None]), margin=1.0, seeds=range(3))
    assert "median of the other seeds 10.2, 90 % interval" in two.reason


def test_a_number_far_below_or_above_one_more_run_is_a_surprise(tmp_path: Path) -> None:
    """Half a unit of its last digit, 0.05, belongs to the printed number at either end."""
    half = scipy.stats.t.ppf(0.95, 4) * np.std(GOOD, ddof=1) * (1 + 1 / 5) ** 0.5
    for beyond in (0.04, 0.06):
        for end in (np.mean(GOOD) - half - beyond, np.mean(GOOD) + half + beyond):
            found = one_cell(cell(float(end), "a"), measured(tmp_path / f"{end}", GOOD))
            assert found.surprising == (beyond > 0.05)


def test_a_published_spread_over_seeds_has_one_degree_of_freedom_less_than_seeds(tmp_path: Path) -> None:
    """Welch's interval of five values against a mean of three with a deviation of 0.9."""
    spread = cell(10.1, "a", spread=0.9, spread_means="seeds")
    protocol = {"seeds": 3, "samples": 20000, "checkpoint": "last"}
    found = one_cell(spread, measured(tmp_path, GOOD), protocol=protocol).deviation
    errors = np.array([np.var(GOOD, ddof=1) / 5, 0.9**2 / 3])
    freedom = errors.sum() ** 2 / (errors**2 / [4, 2]).sum()
    half = scipy.stats.t.ppf(0.95, freedom) * errors.sum() ** 0.5
    assert found is not None
    assert (found.low, found.high) == pytest.approx((np.mean(GOOD) - 10.1 - half, np.mean(GOOD) - 10.1 + half))


def test_a_number_needs_more_seeds_than_it_has(tmp_path: Path) -> None:
    """Three seeds, deviation 0, margin 1.06: half width 1.686 s. At s = 0.64 four seeds decide with 80 % power."""
    values = [9.46, 10.1, 10.74]
    found = one_cell(cell(10.1, "a"), measured(tmp_path, values), seeds=range(3))
    assert (found.state, found.seeds_needed) == ("INCONCLUSIVE", 5)
    random = np.random.default_rng(4)

    def power(n: int) -> float:
        draws = random.normal(0, 0.64, (4000, n))
        half = scipy.stats.t.ppf(0.95, n - 1) * draws.std(axis=1, ddof=1) / n**0.5
        return float((abs(draws.mean(axis=1)) + half < 1.01 + 0.05).mean())

    assert power(5) > 0.78
    assert power(4) < 0.8


def test_a_number_that_nothing_regenerates_says_why() -> None:
    assert one_cell(cell(10.1, note="its data are not public"), []).reason == "its data are not public"
    assert one_cell(cell(10.1), []).reason == "no experiment regenerates this number"
