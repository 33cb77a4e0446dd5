"""Two folders side by side: the numbers by hand, and what must not be compared."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from benchmark.commands.compare import lines
from benchmark.judging.compare import Comparison, _corrected, compare
from benchmark.runs.records import RunRecord, Stored
from tests.judging.factory import run, score


def told(comparison: Comparison) -> str:
    return "\n".join(lines(comparison))


ENVIRONMENT = {"gpu": {"name": "Some GPU"}, "packages": {"torch": "2.15"}}


def folder(
    place: Path, values: list[float | None], *, over: dict[str, Any] | None = None, **changes: Any
) -> list[Stored]:
    """Runs of seeds 0, 1, ...; None is a diverged one."""
    found = []
    for seed, value in enumerate(values):
        status = "diverged" if value is None else "finished"
        scores = {} if value is None else {"fid": score(value, **(over or {}))}
        one = run(place, "a", seed, status=status, scores=scores)
        record = RunRecord.model_validate({**one.record.model_dump(), "environment": ENVIRONMENT, **changes})
        found.append(Stored(record, one.folder))
    return found


def only(found: Comparison):
    ((one,),) = (each.scores for each in found.experiments)
    return one


def test_shared_seeds_are_compared_seed_by_seed(tmp_path: Path) -> None:
    a, b = [10.0, 12.0, 14.0, 16.0], [11.0, 13.5, 14.5, 17.2]
    one = only(compare(folder(tmp_path / "a", a), folder(tmp_path / "b", b)))
    expected = stats.ttest_rel(b, a)
    low, high = expected.confidence_interval(0.9)
    assert one.paired
    assert one.p == pytest.approx(expected.pvalue)
    assert one.difference is not None
    assert (one.difference.low, one.difference.high) == (pytest.approx(low), pytest.approx(high))
    assert one.outcome == "A lower"
    assert one.difference.confidence == 0.9
    assert "  FID: 13 and 14.05, B - A 1.05" in told(compare(folder(tmp_path / "c", a), folder(tmp_path / "d", b)))


def test_two_shared_seeds_are_enough_to_pair(tmp_path: Path) -> None:
    one = only(compare(folder(tmp_path / "a", [10.0, 12.0]), folder(tmp_path / "b", [11.0, 13.5])))
    assert (one.paired, one.p) == (True, pytest.approx(stats.ttest_rel([11.0, 13.5], [10.0, 12.0]).pvalue))


def test_other_seeds_are_independent_samples(tmp_path: Path) -> None:
    a, b = [10.0, 12.0, 14.0, 16.0], [11.0, 13.5, 14.5]
    one = only(compare(folder(tmp_path / "a", a), folder(tmp_path / "b", b)))
    expected = stats.ttest_ind(b, a, equal_var=False)
    assert not one.paired
    assert one.p == pytest.approx(expected.pvalue)
    assert one.outcome == "no difference shown"


def test_runs_of_both_folders_are_no_evidence_where_seeds_differ(tmp_path: Path) -> None:
    """Seeds 0 to 2 of both are one run; what either has alone decides."""
    shared, a, b = [50.0, 10.0, 30.0], [10.0, 12.0, 14.0], [20.0, 21.5, 24.5, 23.0]
    first = folder(tmp_path / "a", [*shared, *a])
    second = [
        *folder(tmp_path / "b", shared),
        *(run(tmp_path / "b", "a", seed, scores={"fid": score(value)}) for seed, value in enumerate(b, 6)),
    ]
    one = only(compare(first, second))
    assert (one.left_out, one.paired, one.outcome) == (3, False, "A lower")
    assert one.p == pytest.approx(stats.ttest_ind(b, a, equal_var=False).pvalue)
    assert one.says.startswith("without 3 runs of the same result in both: independent samples, p ")
    more = only(compare(first, folder(tmp_path / "c", [*shared, *a, *b])))
    assert (more.left_out, more.outcome, more.p) == (6, "too few seeds", None)
    assert more.says == "without 6 runs of the same result in both: 0 and 4 seeds"
    again = only(compare(first, folder(tmp_path / "d", [*shared, 11.0, 12.5, 16.0])))
    assert (again.left_out, again.paired) == (0, True)
    assert again.p == pytest.approx(stats.ttest_rel([*shared, 11.0, 12.5, 16.0], [*shared, *a]).pvalue)
    assert again.says.startswith("with 3 runs of the same result in both: differences by seed, ")
    broken = only(compare(folder(tmp_path / "e", [1.0, 2.0, None, 3.0]), folder(tmp_path / "f", [1.0, 2.0, None])))
    assert (broken.left_out, broken.outcome) == (3, "too few seeds")


def test_times_of_one_run_are_no_evidence_where_seeds_differ(tmp_path: Path) -> None:
    a = [run(tmp_path / "a", "a", seed, environment=ENVIRONMENT, seconds=10.0) for seed in (0, 1, 2, 3)]
    b = [run(tmp_path / "b", "a", seed, environment=ENVIRONMENT, seconds=10.0 + 10 * (seed > 1)) for seed in (0, 1, 5)]
    times = compare(a, b).experiments[0].times
    assert times is not None
    assert times.says == "without 2 runs of the same time in both: 2 times A's, from 2 and 1 run"
    assert times.left_out == 2
    copied = compare(a, b[:2]).experiments[0].times
    assert copied is not None, "the same runs are there, and say nothing"
    assert (copied.ratio, copied.says) == (None, "without 2 runs of the same time in both: 2 and 0 runs")
    whole = compare(a, a).experiments[0].times
    assert whole is not None
    assert (whole.left_out, whole.says) == (0, "with 4 runs of the same time in both: 1 times A's")
    broken = [*a[:3], run(tmp_path / "d", "a", 3, environment=ENVIRONMENT, status="failed")]
    ended = compare(a, broken).experiments[0].times
    assert ended is not None, "the one that failed in B took no time there to compare"
    assert ended.says == "without 3 runs of the same time in both: 1 and 0 runs"
    failed = [run(tmp_path / "c", "a", seed, environment=ENVIRONMENT, status="failed") for seed in (0, 1)]
    assert compare(failed, failed).experiments[0].times is None


def test_the_very_same_values_are_equal_not_untested(tmp_path: Path) -> None:
    one = only(compare(folder(tmp_path / "a", [1.0, 2.0]), folder(tmp_path / "b", [1.0, 2.0])))
    assert one.outcome == "equal"
    assert one.p is None


def test_protocols_that_differ_forbid_it(tmp_path: Path) -> None:
    other = folder(tmp_path / "b", [1.0, 2.0, 3.0], over={"protocol": {"samples": 5000}})
    one = only(compare(folder(tmp_path / "a", [1.0, 2.0, 3.0]), other))
    assert one.outcome == "not comparable"
    assert "'samples' differs: 20000 (A, seed 0), 5000 (B, seed 0)" in one.says
    assert one.difference is None


def test_a_diverged_seed_ranks_worst(tmp_path: Path) -> None:
    a, b = [1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, None, 8.0, 9.0]
    one = only(compare(folder(tmp_path / "a", a), folder(tmp_path / "b", b)))
    assert one.p == pytest.approx(2 / math.comb(10, 5))
    assert one.diverged == (0, 1)
    assert one.outcome == "A lower"
    alike = only(compare(folder(tmp_path / "c", [1.0, 2.0, None]), folder(tmp_path / "d", [1.0, 2.0, None])))
    assert (alike.p, alike.outcome) == (1.0, "no difference shown")


def test_many_scores_are_corrected_together(tmp_path: Path) -> None:
    """Two scores with one p value: Holm doubles it."""
    folders = []
    for side, shift in (("a", 0.0), ("b", 1.0)):
        several = []
        for seed, noise in enumerate((0.0, 0.4, 0.9, 0.2)):
            value = 10 + seed + shift * (1 + noise)
            several.append(run(tmp_path / side, "a", seed, scores={"x": score(value), "y": score(value)}))
        folders.append(several)
    found = compare(*folders)
    assert "FID (x): " in told(found), "two of one label"
    first, second = found.experiments[0].scores
    assert first.p == second.p
    assert first.p is not None
    assert first.p_holm == pytest.approx(2 * first.p)


def test_times_are_ratios_on_one_device_only(tmp_path: Path) -> None:
    a = folder(tmp_path / "a", [1.0, 2.0])
    times = compare(a, folder(tmp_path / "b", [1.0, 2.0])).experiments[0].times
    assert times is not None
    assert times.ratio is not None
    assert times.ratio.estimate == pytest.approx(1.0)
    faster = a[0].record.timing.model_copy(update={"training_seconds": 1800.0})
    times = compare(a, folder(tmp_path / "c", [1.0, 2.0], timing=faster.model_dump())).experiments[0].times
    assert times is not None
    assert times.ratio is not None
    assert (times.ratio.estimate, times.ratio.low, times.ratio.high) == pytest.approx((0.5, 0.5, 0.5))
    one = compare(folder(tmp_path / "e", [1.0]), folder(tmp_path / "f", [1.0, 2.0], timing=faster.model_dump()))
    assert one.experiments[0].times is not None
    ratio = one.experiments[0].times.ratio
    assert ratio is not None
    assert (ratio.estimate, ratio.low, ratio.high, ratio.confidence) == (pytest.approx(0.5), None, None, 0.9)
    assert one.experiments[0].times.says == "0.5 times A's, from 1 and 2 runs"
    elsewhere = folder(tmp_path / "d", [1.0, 2.0], environment={"gpu": {"name": "Other GPU"}})
    found = compare(a, elsewhere)
    assert found.experiments[0].times is not None
    assert found.experiments[0].times.ratio is None
    assert 'gpu.name: "Some GPU" -> "Other GPU"' in found.environment
    assert "packages.torch" in " ".join(found.environment)


def test_times_need_a_finished_run_on_either_side(tmp_path: Path) -> None:
    fine, broken = folder(tmp_path / "a", [1.0, 2.0]), folder(tmp_path / "b", [None, None])
    for pair in ((fine, broken), (broken, fine), (broken, broken)):
        (found,) = compare(*pair).experiments
        assert (found.paper, found.experiment, found.tier, found.times) == ("small", "a", "full", None)


def test_other_recipes_and_one_sided_experiments_are_told(tmp_path: Path) -> None:
    a = folder(tmp_path / "a", [1.0, 2.0])
    b = folder(tmp_path / "b", [1.0, 2.0], determinant={"tier": "full", "numerics": "exact", "seed": 0})
    extra = run(tmp_path / "b", "b", 0, scores={"fid": score(1.0)})
    found = compare(a, [*b, extra])
    assert 'numerics: "fp32" -> "exact"' in found.experiments[0].recipe
    assert found.only_second == ["small/b at full"]
    text = told(found)
    assert "recipe differs: numerics" in text
    assert "only in B: small/b at full" in text
    assert "seeds A 0,1, B 0,1" in text


def test_readings_of_one_experiment_are_compared_each_with_its_own(tmp_path: Path) -> None:
    """Seeds of one number lie in a folder once for each reading; their recipes tell them apart, named or not."""

    def under(place: Path, name: str | None, width: int, values: list[float | None]) -> list[Stored]:
        recipe = {"experiment": "a", "tier": "full", "numerics": "fp32", "seed": 0, "width": width}
        return folder(place, values, determinant=recipe, reading=name)

    a = [*under(tmp_path / "x", "wide", 128, [1.0, 2.0]), *under(tmp_path / "y", None, 512, [7.0, 9.0])]
    b = [*under(tmp_path / "v", None, 128, [1.0, 2.0]), *under(tmp_path / "u", "wider", 512, [7.0, 9.0])]
    rest = under(tmp_path / "w", "widest", 1024, [3.0, 3.0])
    found = compare(a, [*b, *rest])
    assert {one.readings: one.scores[0].first for one in found.experiments} == {
        ("wide", ""): [1.0, 2.0],
        ("", "wider"): [7.0, 9.0],
    }
    assert [one.scores[0].outcome for one in found.experiments] == ["equal", "equal"]
    assert found.only_second == ["small/a at full, reading widest"]
    assert "small/a at full, reading wide (seeds A 0,1, B 0,1)" in told(found)
    (odd,) = compare(a[:2], rest).experiments
    assert (odd.readings, odd.recipe) == (("wide", "widest"), ["width: 128 -> 1024"])


@pytest.mark.parametrize("fields", [11, 12, 13, 14])
def test_twelve_differing_fields_are_listed_and_the_rest_counted(tmp_path: Path, fields: int) -> None:
    a, b = (
        folder(
            tmp_path / side,
            [1.0, 2.0],
            environment={f"field_{index:02}": side for index in range(fields)},
            determinant={"seed": 0, **{f"field_{index:02}": side for index in range(fields)}},
        )
        for side in "ab"
    )
    found = compare(a, b)
    assert [len(found.environment), found.environment_more] == [min(fields, 12), max(0, fields - 12)]
    assert found.environment == found.experiments[0].recipe
    assert found.environment[-1] == f'field_{min(fields, 12) - 1:02}: "a" -> "b"'
    assert ("more fields" in told(found)) == (fields > 12)


def test_a_difference_is_told_up_to_the_very_level(tmp_path: Path) -> None:
    one = only(compare(folder(tmp_path / "a", [1.0, 2.0, 3.0]), folder(tmp_path / "b", [11.0, 12.1, 13.0])))
    for p, outcome in ((0.05, "A lower"), (0.0501, "no difference shown")):
        corrected = _corrected(one, iter([p]))
        assert (corrected.p_holm, corrected.outcome) == (p, outcome)


def test_only_finished_runs_with_a_value_are_compared(tmp_path: Path) -> None:
    """Of A one run failed with a value, one finished without; of B one has not the score at all."""
    a = [
        run(tmp_path / "a", "a", 0, status="failed", scores={"fid": score(1.0)}),
        run(tmp_path / "a", "a", 1, scores={"fid": score(None)}),
        run(tmp_path / "a", "a", 2, scores={"fid": score(3.0)}),
    ]
    b = [run(tmp_path / "b", "a", 0), run(tmp_path / "b", "a", 1, scores={"fid": score(5.0)})]
    one = only(compare(a, b))
    assert (one.first, one.second, one.outcome, one.says) == ([3.0], [5.0], "too few seeds", "1 and 1 seed")
    assert (one.mean_first, one.mean_second, one.p, one.paired) == (3.0, 5.0, None, False)


def test_one_shared_seed_is_too_few_and_none_of_two_is_paired(tmp_path: Path) -> None:
    for index, (a, b) in enumerate((([1.0], [2.0]), ([1.0], [2.0, 3.0]), ([1.0, 2.0], [3.0]))):
        one = only(compare(folder(tmp_path / f"a{index}", [*a]), folder(tmp_path / f"b{index}", [*b])))
        assert (one.outcome, one.p, one.paired, one.difference) == ("too few seeds", None, False, None)


def test_which_side_is_lower(tmp_path: Path) -> None:
    low, high = [1.0, 2.0, 3.0], [11.0, 12.5, 13.0]
    assert only(compare(folder(tmp_path / "a", [*low]), folder(tmp_path / "b", [*high]))).outcome == "A lower"
    assert only(compare(folder(tmp_path / "c", [*high]), folder(tmp_path / "d", [*low]))).outcome == "B lower"
    broken = [None, 11.0, 12.0, 13.0], [1.0, 2.0, 3.0, 4.0]
    for first, second, outcome in ((0, 1, "B lower"), (1, 0, "A lower")):
        sides = [folder(tmp_path / f"{outcome}{side}", [*broken[side]]) for side in (first, second)]
        one = only(compare(*sides))
        assert (one.outcome, one.p, one.difference) == (outcome, pytest.approx(2 / math.comb(8, 4)), None)
        assert "ranks, " in one.says
    none = {"metric": "loss_gap"}
    sides = [folder(tmp_path / f"none{side}", [*broken[side]], over=none) for side in (0, 1)]
    assert only(compare(*sides)).says == "seeds diverged, and a score without a direction does not rank them"


def test_what_diverged_everywhere_is_measured_in_neither(tmp_path: Path) -> None:
    a = [run(tmp_path / "a", "a", 0, status="diverged", scores={"fid": score(None)})]
    b = [run(tmp_path / "b", "a", 0, status="diverged", scores={"fid": score(None)})]
    text = told(compare(a, b))
    assert "  FID: measured in neither" in text
    half = told(compare(folder(tmp_path / "c", [1.0, 2.0]), [run(tmp_path / "d", "a", 0, scores={})]))
    assert "  FID: 1.5 and none: too few seeds (2 and 0 seeds)" in half


def test_several_devices_in_either_folder_compare_no_times(tmp_path: Path) -> None:
    gpu = {"gpu": {"name": "Other GPU"}}
    a = [run(tmp_path / "a", "a", seed, environment=ENVIRONMENT if seed else gpu) for seed in range(2)]
    b = [run(tmp_path / "b", "a", seed, environment=gpu) for seed in range(2)]
    for first, second in ((a, b), (b, a)):
        times = compare(first, second).experiments[0].times
        assert times is not None
        assert (times.ratio, times.says) == (None, "times of different devices are not compared")
    unnamed = [[run(tmp_path / side, "a", seed, environment={}) for seed in range(2)] for side in "cd"]
    times = compare(*unnamed).experiments[0].times
    assert times is not None
    assert (times.device, times.ratio) == ("not recorded", None)
    both = compare(b, [run(tmp_path / "e", "a", seed, environment=gpu, seconds=9000.0) for seed in (0, 1, 2)])
    assert "  training time per iteration: 2.5 times A's [2.5, 2.5] (Other GPU)" in told(both)


def test_a_folder_of_failed_runs_alone_is_not_ranked(tmp_path: Path) -> None:
    failed = [run(tmp_path / "a", "a", seed, status="failed", scores={"fid": score(None)}) for seed in range(2)]
    diverged = [run(tmp_path / "b", "a", seed, status="diverged", scores={"fid": score(None)}) for seed in range(2)]
    for sides in ((failed, diverged), (diverged, failed)):
        one = only(compare(*sides))
        assert (one.outcome, one.says) == ("too few seeds", "seeds diverged, and nothing is left to rank")


def test_no_p_value_exceeds_one(tmp_path: Path) -> None:
    """Nothing but zeros, without any error."""
    one = only(compare(folder(tmp_path / "a", [None, None, 0.0, 0.0])[2:], folder(tmp_path / "b", [0.0, 0.0])))
    assert (one.p, one.outcome, one.paired) == (1.0, "no difference shown", False)


def test_times_without_bounds_have_none_in_words(tmp_path: Path) -> None:
    slower = [run(tmp_path / "b", "a", 0, environment=ENVIRONMENT, seconds=7200.0)]
    found = compare(folder(tmp_path / "a", [1.0]), slower)
    assert "  training time per iteration: 2 times A's, from 1 and 1 run (Some GPU)" in told(found)


def test_a_run_that_took_no_time_has_no_rate(tmp_path: Path) -> None:
    a = [run(tmp_path / "a", "a", seed, seconds=seconds) for seed, seconds in enumerate((0.0, 10.0, 20.0))]
    b = [run(tmp_path / "b", "a", seed, seconds=seconds) for seed, seconds in enumerate((5.0, 30.0, 60.0))]
    times = compare(a, b).experiments[0].times
    assert times is not None
    assert times.ratio is not None
    middle = math.log(5 * 30 * 60) / 3 - math.log(10 * 20) / 2
    assert times.ratio.estimate == pytest.approx(math.exp(middle))
    test = stats.ttest_ind([math.log(5), math.log(30), math.log(60)], [math.log(10), math.log(20)], equal_var=False)
    low, high = test.confidence_interval(0.9)
    assert (times.ratio.low, times.ratio.high) == pytest.approx((math.exp(low), math.exp(high)))
