"""From records on disk to verdicts on claims: states, reasons, seeds, parts. Faults are planted and must be seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats

from benchmark.judging.judge import judge
from benchmark.judging.samples import protocol_difference
from benchmark.reporting.tables import stands_on
from benchmark.runs.records import Stored
from benchmark.spec.claims import Claim
from benchmark.spec.quantities import Quantity

from .factory import cell, claim, evidence, expect, fid, paper, run, sample, score, series, table
from .judged import BAD, BETTER, GOOD, PROXY, SEEDS, measured, one_cell, one_claim, verdicts


def test_a_claim_that_holds(tmp_path: Path) -> None:
    found = one_claim(BETTER, [*series(tmp_path, "a", GOOD), *series(tmp_path, "b", BAD)])
    assert (found.state, found.tier, found.seeds, found.share) == ("HOLDS", "full", 5, 1.0)
    assert (found.preview, found.parts, found.seeds_needed, found.planned, found.interim) == (None, [], None, 5, False)
    assert found.p == pytest.approx(scipy.stats.ttest_rel(BAD, GOOD, alternative="greater").pvalue)
    assert found.p_holm == found.p
    assert found.test == "fid (a) is below fid (b)"
    assert [values.mean for values in found.quantities] == [pytest.approx(np.mean(x)) for x in (GOOD, BAD)]


def test_seeds_of_a_computed_number_are_those_that_all_its_parts_have(tmp_path: Path) -> None:
    gain = {"compute": "1 - ours / plain", "of": {"ours": fid("a"), "plain": fid("b")}, "says": "gain"}
    tested = claim({"bound": gain, "above": 0.3})
    values = {"a": GOOD, "b": BAD}
    half = [run(tmp_path, name, seed, scores={"fid": score(values[name][seed])}) for name in "ab" for seed in range(3)]
    found = one_claim(tested, half, seeds=range(3))
    assert (found.state, found.seeds, found.test) == (
        "HOLDS",
        3,
        "gain [1 - ours / plain, where ours is fid (a), plain is fid (b)] is above 0.3",
    )
    gains = [1 - values["a"][seed] / values["b"][seed] for seed in range(3)]
    assert found.p == pytest.approx(scipy.stats.ttest_1samp(gains, 0.3, alternative="greater").pvalue)
    assert [one.experiment for one in found.quantities] == ["a", "b"]
    apart = tmp_path / "apart"
    runs = [(name, seed) for name, seeds in (("a", (0, 1, 2)), ("b", (2, 3, 4))) for seed in seeds]
    found = one_claim(
        tested, [run(apart, name, seed, scores={"fid": score(values[name][seed])}) for name, seed in runs]
    )
    assert (found.state, found.seeds) == ("INTERIM", 1)
    assert found.reason.startswith("1 seed of at least 3: 2 more needed")


def test_a_claim_on_some_runs_needs_enough_of_them(tmp_path: Path) -> None:
    tested = claim({"given": {"bound": fid("a"), "above": 10.1}, "then": {"bound": fid("a"), "below": 12.0}})
    found = one_claim(tested, series(tmp_path / "most", "a", GOOD))  # 11, 10.5 and 10.2
    assert (found.state, found.share) == ("HOLDS", 1.0)
    found = one_claim(tested, series(tmp_path / "few", "a", [10.0, 11.0, 10.05, 9.5, 10.2]))
    assert (found.state, found.share) == ("INCONCLUSIVE", None)
    assert found.reason.startswith("where fid (a) is above 10.1: 2 seeds, 3 are needed")
    short = [run(tmp_path, "a", seed, tier="short", scores={"fid": score(10.0)}) for seed in SEEDS]
    found = one_claim(tested, short, tiers=("full", "short"))
    assert (found.state, found.tier) == ("NOT COMPARABLE", "short"), "reduced runs decide nothing in any case"


def test_a_claim_that_is_reversed(tmp_path: Path) -> None:
    found = one_claim(BETTER, [*series(tmp_path, "a", BAD), *series(tmp_path, "b", GOOD)])
    assert (found.state, found.share) == ("REVERSED", 0.0)
    assert found.p is not None
    assert found.p_against_holm is not None
    assert found.p > 0.95 > 0.05 > found.p_against_holm
    assert found.statistic is not None
    assert found.statistic.estimate < 0


def test_an_unclear_claim_says_how_many_seeds_would_do(tmp_path: Path) -> None:
    unclear = [9.8, 11.2, 10.2, 9.9, 10.4]
    found = one_claim(BETTER, [*series(tmp_path, "a", GOOD), *series(tmp_path, "b", unclear)])
    assert (found.state, found.share) == ("INCONCLUSIVE", 0.6)
    assert found.seeds_needed is not None
    assert found.seeds_needed > 5
    # two experiments of one hour a run
    hours = 2 * (found.seeds_needed - 5)
    assert f"about {found.seeds_needed} seeds would decide with 80 % power, {hours} device hours more" in found.reason


def test_of_two_claims_each_needs_the_seeds_of_half_the_level(tmp_path: Path) -> None:
    """In the normal limit (1.960 + 0.842)^2 / (1.645 + 0.842)^2 = 1.27 times as many."""
    stored = [*series(tmp_path, "a", GOOD), *series(tmp_path, "b", [9.8, 11.2, 10.2, 9.9, 10.4])]
    alone, *both = (
        verdicts(paper(dict.fromkeys(names, BETTER)), stored).claims[0].seeds_needed for names in (["C1"], ["C1", "C2"])
    )
    assert both == [pytest.approx(1.27 * (alone or 0), rel=0.03)]


def test_what_points_nowhere_is_told_as_the_claim_states_it(tmp_path: Path) -> None:
    """Differences 1, -1, 1, -1: either side has p = 0.5."""
    stored = [*series(tmp_path, "a", [10.0, 12.0, 10.0, 12.0]), *series(tmp_path, "b", [11.0] * 4)]
    order = {"order": [fid("a"), fid("b")]}
    found = one_claim(claim({"all_of": [order, order]}), stored, seeds=range(4))
    assert found.state == "INCONCLUSIVE"
    assert [(part.state, part.p, part.p_against) for part in found.parts] == [("INCONCLUSIVE", 0.5, 0.5)] * 2
    whole = one_claim(claim(order), stored, seeds=range(4))
    assert (whole.state, whole.p, whole.p_against) == ("INCONCLUSIVE", 0.5, 0.5)
    assert not any("against" in text for text in (whole.reason, *(part.reason for part in found.parts)))


def test_holm_can_withhold_what_one_test_would_grant(tmp_path: Path) -> None:
    slightly = [10.5, 11.6, 10.4, 10.2, 10.9]
    stored = [*series(tmp_path, "a", GOOD), *series(tmp_path, "b", slightly)]
    alone = one_claim(BETTER, stored)
    assert alone.state == "HOLDS"
    bounds = {f"B{step}": claim({"bound": fid("a"), "below": 10.2 + step / 100}) for step in range(11)}
    among = verdicts(paper({"C1": BETTER, **bounds}), stored)
    assert among.claims[0].p == alone.p
    assert among.claims[0].state == "INCONCLUSIVE"
    assert "after Holm over 12 claims" in among.claims[0].reason
    unclear = [*series(tmp_path / "x", "a", GOOD), *series(tmp_path / "x", "b", [9.8, 11.2, 10.2, 9.9, 10.4])]
    few, many = (
        verdicts(paper(claims), unclear).claims[0].seeds_needed for claims in ({"C1": BETTER}, {"C1": BETTER, **bounds})
    )
    assert few is not None
    assert many is not None
    assert many > few, "a twelfth of the level takes more seeds"


def test_too_few_seeds(tmp_path: Path) -> None:
    stored = [*series(tmp_path, "a", GOOD[:3]), *series(tmp_path, "b", BAD)]
    needs_four = claim({"order": [fid("a"), fid("b")]}, min_seeds=4)
    found = one_claim(needs_four, stored)
    assert (found.state, found.seeds, found.seeds_needed, found.p) == ("INTERIM", 3, 4, None)
    assert "3 seeds of at least 4: 1 more needed" in found.reason
    assert "2 planned runs missing (no run at tier full)" in found.reason
    two = [*series(tmp_path / "x", "a", GOOD[:2]), *series(tmp_path / "x", "b", BAD[:2])]
    assert one_claim(claim({"order": [fid("a"), fid("b")]}, min_seeds=2), two, seeds=range(2)).state == "INCONCLUSIVE"


def test_statements_of_a_claim_with_too_few_seeds_say_what_these_show(tmp_path: Path) -> None:
    """FID of three seeds is below 10.2 in one of them, above 5 in all; the claim asks for four, so no test is made."""
    several = claim({"all_of": [{"bound": fid("a"), "below": 10.2}, {"bound": fid("a"), "above": 5.0}]}, min_seeds=4)
    found = one_claim(several, series(tmp_path, "a", GOOD[:3]))
    assert (found.state, found.p, found.p_against) == ("INTERIM", None, None)
    assert [(part.state, part.p, part.reason.rpartition(": ")[2]) for part in found.parts] == [
        ("INTERIM", None, "so in 1 of 3 seeds"),
        ("INTERIM", None, "so in 3 of 3 seeds"),
    ]
    assert found.effects == pytest.approx([-0.3, 5.5])
    two = one_claim(several, series(tmp_path / "x", "a", GOOD[:2]))
    assert (two.parts, two.effects) == ([], []), "two seeds are not enough to rank anything by"


def test_what_a_condition_of_several_bears_is_told(tmp_path: Path) -> None:
    """FIDs of 9.5 to 11 are above 10 by 0.24, below 15 by 4.76: against one of two conditions p counts twice."""
    both = claim({"together": [{"bound": fid("a"), "below": 10.0}, {"bound": fid("a"), "below": 15.0}]})
    found = one_claim(both, series(tmp_path, "a", GOOD))
    by_hand = scipy.stats.ttest_1samp(GOOD, 10.0, alternative="greater").pvalue
    assert found.p_against == pytest.approx(2 * by_hand)
    assert f"p = {by_hand:.2g} against, p = {2 * by_hand:.2g} over all conditions" in found.reason


def test_fewer_seeds_than_planned_are_an_interim_look(tmp_path: Path) -> None:
    """Haybittle-Peto: before the last planned seed only p <= 0.001 decides; with all of them 0.05 does."""
    some = [*series(tmp_path, "a", GOOD[:4]), *series(tmp_path, "b", [11.0, 11.5, 11.9, 10.9])]
    early, done = one_claim(BETTER, some), one_claim(BETTER, some, seeds=range(4))
    assert 0.001 < (early.p or 0) == done.p < 0.05
    assert (early.state, early.interim, early.planned) == ("INTERIM", True, 5)
    assert "interim look at 4 of 5 planned seeds, which decides at 0.001" in early.reason
    assert early.seeds_needed == 5, "before the last seed the level is another"
    assert (done.state, done.interim, done.planned) == ("HOLDS", False, 4)
    clear = [*series(tmp_path / "x", "a", GOOD[:4]), *series(tmp_path / "x", "b", [60.0, 61.5, 60.4, 59.6])]
    passed = one_claim(BETTER, clear)
    assert (passed.state, passed.interim) == ("HOLDS", True)
    assert "2 planned runs missing" in passed.reason
    opposite = one_claim(claim({"order": [fid("b"), fid("a")]}), clear)
    assert (opposite.state, opposite.interim) == ("REVERSED", True)


def test_of_how_many_seeds_an_interim_look_is_is_told_of_what_lacks_some(tmp_path: Path) -> None:
    """All five seeds of one side, six of ten of the other; four of five that diverged or finished."""
    stored = [*series(tmp_path, "a", GOOD), *series(tmp_path, "b", [11.0, 11.5, 11.9, 10.9, 11.2, 11.1])]
    spec = paper({"C1": BETTER})
    (found,) = judge(spec, "0" * 64, stored, expect({"a": SEEDS, "b": range(10), "c": SEEDS})).claims
    assert (found.interim, stands_on(found)) == (True, "6 of 10 seeds")
    assert "interim look at 6 of 10 planned seeds" in found.reason
    broken = one_cell(cell(10.1, "a"), measured(tmp_path / "x", [10.0, None, 10.5, 9.5]), margin=5.0)
    assert stands_on(broken) == "4 of 5 seeds"
    assert "interim look at 4 of 5 planned seeds" in broken.reason


def test_without_a_test_no_statement_of_several_is_told_as_the_one_that_decides(tmp_path: Path) -> None:
    low, high = {"bound": fid("a"), "below": 12.0}, {"bound": fid("a"), "below": 5.0}
    two = series(tmp_path, "a", GOOD[:2])
    assert one_claim(claim({"all_of": [low, high]}), two).statistic is None
    assert one_claim(claim(low), two).statistic is not None
    assert one_claim(claim({"all_of": [low, high]}), series(tmp_path / "x", "a", GOOD)).statistic is not None


def test_deleting_the_least_favourable_runs_decides_nothing(tmp_path: Path) -> None:
    unclear = [*series(tmp_path, "a", GOOD), *series(tmp_path, "b", [11.3, 10.2, 12.1, 8.4, 11.4])]
    assert one_claim(BETTER, unclear).state == "INCONCLUSIVE"
    kept = [one for one in unclear if one.record.seed not in (1, 3)]
    assert one_claim(BETTER, kept, seeds=(0, 2, 4)).state == "HOLDS"
    assert one_claim(BETTER, kept).state == "INTERIM"


def test_not_run_says_why(tmp_path: Path) -> None:
    found = one_claim(BETTER, series(tmp_path, "a", GOOD))
    assert (found.state, found.tier, found.reason) == ("NOT RUN", None, "b: no run at tier full")
    unmeasured = [run(tmp_path / "x", "b", seed, scores={"fid": score(None)}) for seed in SEEDS]
    found = one_claim(BETTER, [*series(tmp_path / "x", "a", GOOD), *unmeasured])
    assert (found.state, found.reason) == ("NOT MEASURED", "b: fid not measured: the weights are absent")
    some = [
        *series(tmp_path / "z", "a", GOOD),
        *(run(tmp_path / "z", "b", n, scores={"fid": score(None)}) for n in (0, 1)),
    ]
    found = one_claim(BETTER, some)
    told = "b: fid not measured: the weights are absent (2 of 5 seeds); b: no run at tier full (3 of 5 seeds)"
    assert (found.state, found.reason) == ("NOT MEASURED", told)
    said = {"fid": score(None, reason="The weights are absent.")}
    ended = [run(tmp_path / "w", "b", n, scores=said) for n in (0, 1)]
    found = one_claim(BETTER, [*series(tmp_path / "w", "a", GOOD), *ended])
    assert "are absent (2 of 5 seeds); b: no run" in found.reason, "a full stop within a sentence"
    failed = [run(tmp_path / "y", name, seed, status="failed") for name in "ab" for seed in SEEDS]
    found = one_claim(BETTER, failed)
    assert (found.state, found.reason.partition(":")[0]) == ("NOT MEASURED", "a, b")
    assert "failed: the generator's loss is not finite" in found.reason


def test_reduced_tiers_preview_and_never_judge(tmp_path: Path) -> None:
    def at(tier: str, folder: str) -> list[Stored]:
        return [
            run(tmp_path / folder, name, seed, tier=tier, scores={"fid": score(values[seed])})
            for name, values in (("a", GOOD), ("b", BAD))
            for seed in SEEDS
        ]

    short = one_claim(BETTER, at("short", "1"), tiers=("full", "short", "smoke"))
    assert (short.state, short.tier, short.preview) == ("NOT COMPARABLE", "short", "points the same way")
    assert (short.p, short.p_holm) == (None, None)
    opposite = one_claim(claim({"order": [fid("b"), fid("a")]}), at("short", "2"), tiers=("full", "short"))
    assert opposite.preview == "points the other way"
    smoke = one_claim(BETTER, at("smoke", "3"), tiers=("full", "short", "smoke"))
    assert (smoke.state, smoke.preview, smoke.share) == ("NOT COMPARABLE", None, None)
    assert "nothing about the paper" in smoke.reason
    full = [*series(tmp_path / "4", "a", BAD), *series(tmp_path / "4", "b", GOOD)]
    both = one_claim(BETTER, [*full, *at("short", "5")], tiers=("full", "short"))
    assert (both.state, both.tier) == ("REVERSED", "full")


def test_divergence_is_counted_and_ranked_last(tmp_path: Path) -> None:
    found = one_claim(BETTER, [*series(tmp_path, "a", GOOD), *series(tmp_path, "b", [*BAD[:3], None, None])])
    assert (found.state, found.diverged, found.share) == ("HOLDS", (2, 10), 1.0)
    assert found.p == pytest.approx(1 / 252)
    assert "2 of 10 runs diverged" in found.reason
    assert found.quantities[1].seeds[4] is None
    assert "not finite at iteration 7" in found.quantities[1].reasons[4]


def test_protocols_that_differ_are_named(tmp_path: Path) -> None:
    other = series(tmp_path, "b", BAD, protocol={"samples": 50000})
    found = one_claim(BETTER, [*series(tmp_path, "a", GOOD), *other])
    assert found.state == "NOT COMPARABLE"
    assert "'samples' differs: 20000 (a, seed 0), 50000 (b, seed 0)" in found.reason


def test_proxies_are_named(tmp_path: Path) -> None:
    """A proxy is one whatever a record says of itself."""
    stored = [*series(tmp_path, "a", GOOD, metric=PROXY), *series(tmp_path, "b", BAD, metric=PROXY)]
    found = one_claim(BETTER, stored)
    assert found.state == "HOLDS"
    assert "proxy" in found.reason
    bound = one_claim(claim({"bound": fid("a"), "below": 12.0}), stored)
    assert bound.state == "NOT COMPARABLE"


def test_claims_about_curves(tmp_path: Path) -> None:
    stored = [
        run(tmp_path, name, seed, curves={"g": np.linspace(start + seed / 10, 0, 100)})
        for name, start in (("a", 2.0), ("b", 4.0))
        for seed in SEEDS
    ]
    early = {"curve": "g", "statistic": {"mean": {"unit": "share", "start": 0, "end": 0.2}}}
    smaller = claim({"order": [{"experiment": "a", **early}, {"experiment": "b", **early}]})
    found = one_claim(smaller, stored)
    assert found.state == "HOLDS"
    assert found.quantities[0].seeds[0] == pytest.approx(np.linspace(2, 0, 100)[:20].mean(), rel=1e-5)
    settles = {"curve": "g", "statistic": {"first_below": 3.0, "average": 1}}
    sooner = claim({"order": [{"experiment": "a", **settles}, {"experiment": "b", **settles}]})
    assert one_claim(sooner, stored).state == "HOLDS"
    never = {"curve": "g", "statistic": {"first_below": -1.0, "average": 1}}
    found = one_claim(claim({"order": [{"experiment": "a", **settles}, {"experiment": "b", **never}]}), stored)
    assert (found.state, found.p) == ("HOLDS", pytest.approx(1 / 252))
    assert "does not stay below -1 within 100 iterations" in found.quantities[1].reasons[0]


def test_trend_share_and_sequence_over_the_seeds_by_hand(tmp_path: Path) -> None:
    """Lines from s down to 1 over 100 iterations; seed k has s = 3 + k / 10."""
    starts = [3 + seed / 10 for seed in SEEDS]
    stored = [run(tmp_path, "a", seed, curves={"g": np.linspace(start, 1, 100)}) for seed, start in enumerate(starts)]
    whole = {"unit": "share", "start": 0, "end": 1}
    slope = {"experiment": "a", "curve": "g", "statistic": {"slope": whole}}
    found = one_claim(claim({"bound": slope, "below": -0.5}), stored)
    slopes = [(1 - start) / ((start + 1) / 2) for start in starts]  # change over the mean level: -1 for s = 3
    assert list(found.quantities[0].seeds.values()) == pytest.approx(slopes, rel=1e-5)
    interval = scipy.stats.ttest_1samp(slopes, 0).confidence_interval(0.9)
    assert found.statistic is not None
    assert (found.statistic.low, found.statistic.high) == pytest.approx(
        (-0.5 - interval.high, -0.5 - interval.low), rel=1e-5
    )
    assert found.state == "HOLDS"
    assert one_claim(claim({"bound": slope, "above": -0.5}), stored).state == "REVERSED"
    above = {"experiment": "a", "curve": "g", "statistic": {"share": whole, "above": 2.0}}
    shares = [sum(value > 2 for value in np.linspace(start, 1, 100).astype(np.float32)) / 100 for start in starts]
    found = one_claim(claim({"bound": above, "above": 0.48}), stored)
    assert list(found.quantities[0].seeds.values()) == pytest.approx(shares)
    assert shares[0] == 0.5
    assert found.p == pytest.approx(scipy.stats.ttest_1samp(shares, 0.48, alternative="greater").pvalue)

    def mean(start: float, end: float) -> dict[str, Any]:
        window = {"unit": "share", "start": start, "end": end}
        return {"experiment": "a", "curve": "g", "statistic": {"mean": window}}

    parts = [mean(start, start + 0.25) for start in (0.75, 0.5, 0.25, 0)]
    assert one_claim(claim({"order": parts}), stored).state == "HOLDS", "it falls from quarter to quarter"
    swapped = one_claim(claim({"order": [parts[0], parts[2], parts[1], parts[3]]}), stored)
    assert swapped.state == "HOLDS IN PART", "one step of three goes up"
    assert [part.state for part in swapped.parts] == ["HOLDS", "REVERSED", "HOLDS"]
    assert one_claim(claim({"order": parts[::-1]}), stored).state == "REVERSED"


def test_claims_without_a_predicate() -> None:
    claims = {
        "C1": Claim(where="1", says="It is nice.", not_assessable="nice is not defined"),
        "C2": Claim(where="1", says="It adds no weights.", verified_by="tests/test_weights.py"),
    }
    found = verdicts(paper(claims), [])
    assert [(one.state, one.reason) for one in found.claims] == [
        ("NOT ASSESSABLE", "nice is not defined"),
        ("VERIFIED BY TEST", "a statement about the method, checked by tests/test_weights.py"),
    ]


@pytest.mark.parametrize("broken", [1, 4, 5])
def test_every_seed_diverged_is_the_strongest_evidence(tmp_path: Path, broken: int) -> None:
    stored = [*series(tmp_path, "a", GOOD), *series(tmp_path, "b", [*BAD[broken:], *[None] * broken])]
    for written in ({"order": [fid("a"), fid("b")]}, {"ratio": [fid("b"), fid("a")], "above": 1.2}):
        found = one_claim(claim(written), stored, "frechet_inception_distance")
        assert (found.state, found.p) == ("HOLDS", pytest.approx(1 / 252)), written
    bound = one_claim(claim({"bound": fid("b"), "above": 15.0}), stored, "frechet_inception_distance")
    assert (bound.state, bound.p) == ("HOLDS", 1 / 32)


def test_a_conjunction_of_which_one_half_holds(tmp_path: Path) -> None:
    stored = [*series(tmp_path, "a", GOOD), *series(tmp_path, "b", BAD)]
    low, high = {"bound": fid("a"), "below": 12.0}, {"bound": fid("b"), "below": 12.0}
    half = one_claim(claim({"all_of": [low, high]}), stored)
    assert half.state == "HOLDS IN PART"
    assert [(part.test, part.state) for part in half.parts] == [
        ("fid (a) is below 12", "HOLDS"),
        ("fid (b) is below 12", "REVERSED"),
    ]
    assert "HOLDS: fid (a) is below 12: mean 10.24" in half.reason
    assert "REVERSED: fid (b) is below 12: mean 20.22" in half.reason
    assert "; together p < 0.0001 against after Holm over 1 claim" in half.reason, "not of the last part alone"
    none = one_claim(claim({"all_of": [{"bound": fid("a"), "below": 5.0}, high]}), stored)
    assert (none.state, [part.state for part in none.parts]) == ("REVERSED", ["REVERSED", "REVERSED"])
    unclear = one_claim(claim({"all_of": [{"bound": fid("a"), "below": 10.3}, high]}), stored)
    assert (unclear.state, [part.state for part in unclear.parts]) == (
        "REVERSED IN PART",
        ["INCONCLUSIVE", "REVERSED"],
    )
    assert one_claim(BETTER, stored).parts == []


def test_a_superlative_and_what_stands_together_are_one_statement(tmp_path: Path) -> None:
    """Better than one of two rivals is no part of being the best, and a condition that is met is no merit."""
    worst = [value + 10 for value in BAD]
    stored = [*series(tmp_path, "a", GOOD), *series(tmp_path, "b", BAD), *series(tmp_path, "c", worst)]
    low, high = {"bound": fid("a"), "below": 12.0}, {"bound": fid("b"), "below": 12.0}

    def states(predicate: dict[str, object]) -> tuple[str, list[str]]:
        found = one_claim(claim(predicate), stored)
        return found.state, [part.state for part in found.parts]

    best, second = {"smallest": [fid("a"), fid("b"), fid("c")]}, {"smallest": [fid("b"), fid("a"), fid("c")]}
    assert states(best) == ("HOLDS", [])
    assert states(second) == ("REVERSED", [])
    assert states({"largest": [fid("b"), fid("a"), fid("c")]}) == ("REVERSED", [])
    assert states({"order": [fid("b"), fid("a"), fid("c")]}) == ("HOLDS IN PART", ["REVERSED", "HOLDS"])
    assert states({"together": [low, high]}) == ("REVERSED", [])
    assert states({"together": [low, low]}) == ("HOLDS", [])
    assert states({"all_of": [{"together": [low, high]}, second]}) == ("REVERSED", ["REVERSED", "REVERSED"])
    assert states({"all_of": [{"together": [low, high]}, best]}) == ("HOLDS IN PART", ["REVERSED", "HOLDS"])


def test_claims_against_the_published_cells() -> None:
    tables = {
        "T1": table({"x": {"A": cell(32.4, "a"), "B": cell(37.4, "b")}}),
        "T2": table({"x": {"A": cell(32.4, "a"), "C": cell(58.2, "c", quoted_from="elsewhere")}}),
    }
    claims = {
        "C1": BETTER,
        "C2": claim({"ratio": [fid("b"), fid("a")], "below": 1.1}),
        "C3": claim({"order": [fid("b"), fid("a"), fid("c")]}),
        "C4": claim({"order": [fid("a"), fid("d")]}),
    }
    found = judge(paper(claims, tables), "0" * 64, [], {}).claims
    assert [one.on_published for one in found] == ["holds", "fails", "holds in part", None]
    reasons = [one.on_published_reason or "" for one in found]
    assert "fid (a) 32.4 is below fid (b) 37.4" in reasons[0]
    assert "= 1.154 is not below 1.1" in reasons[1]
    assert "fid (b) 37.4 is not below fid (a) 32.4" in reasons[2]
    assert "quoted from elsewhere" in reasons[2]
    assert "no number for fid (d)" in reasons[3]
    assert [[part.state for part in one.on_published_parts] for one in found] == [[], [], ["REVERSED", "HOLDS"], []]


def test_a_number_printed_twice_must_agree() -> None:
    tables = {name: table({"x": {"A": cell(value, "a")}}) for name, value in (("T1", 32.4), ("T2", 32.5))}
    found = judge(paper({"C1": claim({"bound": fid("a"), "below": 40.0})}, tables), "0" * 64, [], {}).claims[0]
    assert found.on_published is None
    assert "32.4 (T1, x, A) and 32.5 (T2, x, A)" in (found.on_published_reason or "")


def test_three_seeds_against_three_that_all_diverged(tmp_path: Path) -> None:
    """The smallest p that ranks give, 1 / 20, is just small enough for one claim, and so for all parts of it."""
    stored = [*series(tmp_path, "a", GOOD[:3]), *series(tmp_path, "b", [None] * 3)]
    order = {"order": [fid("a"), fid("b")]}
    one = one_claim(claim(order), stored, "frechet_inception_distance", seeds=range(3))
    assert (one.state, one.p) == ("HOLDS", 0.05)
    twice = one_claim(claim({"all_of": [order, order]}), stored, "frechet_inception_distance", seeds=range(3))
    assert (twice.state, [part.state for part in twice.parts]) == ("HOLDS", ["HOLDS", "HOLDS"])
    back = {"order": [fid("b"), fid("a")]}
    denied = one_claim(claim(back), stored, "frechet_inception_distance", seeds=range(3))
    assert (denied.state, denied.p_against) == ("REVERSED", 0.05)


def test_the_iteration_of_a_checkpoint_is_that_of_a_score_that_has_both(tmp_path: Path) -> None:
    """Of five runs one has another score alone, one no value, one no iteration."""
    facts = [("fid", 10.0, 40), ("other", 1.0, 50), ("fid", None, 50), ("fid", 9.0, None), ("fid", 8.0, 90)]
    stored = [
        run(tmp_path, "a", seed, scores={name: score(value, iteration=iteration, checkpoint="best")})
        for seed, (name, value, iteration) in enumerate(facts)
    ]
    found = evidence(stored, expect({"a": SEEDS})).best_iteration("a", "fid", "full")
    assert found.values == {0: 40.0, 4: 90.0}
    assert (found.resolution, found.label, found.runs) == (1.0, "iteration of fid", 5)
    assert found.reasons == {
        1: "fid not measured: the run was not asked for it",
        2: "fid not measured: the weights are absent",
        3: "fid not measured: no reason recorded",
    }
    assert found.protocols[0] == {"metric": "frechet_inception_distance", "checkpoint": "best", "samples": 20000}


def test_nothing_that_training_gives_is_larger_than_absurd(tmp_path: Path) -> None:
    """1e15 may be a curve's mean, the next number may not."""
    for name, level, value in (("x", 1e15, 1e15), ("y", 1.1e15, None), ("z", -1e15, -1e15)):
        level = float(np.float32(level)) if value is None else level
        one = run(tmp_path / name, "a", 0, scores={"v": score(level, metric="a_metric_of_tomorrow")})
        found = evidence([one], expect({"a": [0]})).sample(Quantity(experiment="a", score="v"), "full")
        assert found.values == ({} if value is None else {0: value})


def test_fields_that_a_claim_compares_across_are_told_where_it_is_tested(tmp_path: Path) -> None:
    stored = [*series(tmp_path, "a", GOOD), *series(tmp_path, "b", BAD, protocol={"samples": 50000})]
    across = BETTER.model_copy(update={"across": ["samples"]})
    assert one_claim(across, stored).reason.endswith("; compared across samples, as the claim does")
    assert "across" not in one_claim(BETTER, stored).reason
    assert "across" not in one_claim(across, []).reason
    alike = [*series(tmp_path / "x", "a", GOOD), *series(tmp_path / "x", "b", BAD)]
    assert "across" not in one_claim(BETTER, alike).reason


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ({}, "'samples' differs: 8 (a, seed 0), not recorded (a, seed 1)"),
        ({"samples": 9}, "'samples' differs: 8 (a, seed 0), 9 (a, seed 1)"),
        ({"samples": 8, "size": 1}, "'size' differs: not recorded (a, seed 0), 1 (a, seed 1)"),
    ],
)
def test_two_seeds_must_have_one_protocol(other: dict[str, int], differs: str) -> None:
    protocols = {0: {"samples": 8}, 1: other}
    assert protocol_difference([sample([1.0, 2.0], protocols=protocols)]) == f"protocol field {differs}"
    assert protocol_difference([sample([1.0, None], protocols=protocols)]) is None, "one value alone"


def test_what_has_no_ratio_is_undecided_at_full_and_no_preview_at_short(tmp_path: Path) -> None:
    none = claim({"ratio": [fid("a"), fid("b")], "below": 2.0})
    full = [*series(tmp_path, "a", [0.0, 1.0, 2.0]), *series(tmp_path, "b", GOOD[:3])]
    found = one_claim(none, full, seeds=range(3))
    assert (found.state, found.p, found.seeds_needed) == ("INCONCLUSIVE", None, None)
    assert found.reason == "a ratio needs positive values and a positive bound"
    short = [
        run(tmp_path, name, seed, tier="short", scores={"fid": score(float(seed))})
        for name in "ab"
        for seed in range(3)
    ]
    found = one_claim(none, short, seeds=range(3), tiers=("full", "short"))
    assert (found.state, found.preview) == ("NOT COMPARABLE", None)
