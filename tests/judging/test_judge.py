"""From records on disk to verdicts: states, reasons, integrity. Faults are planted and must be seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats

from benchmark.judging.cells import published_seeds
from benchmark.judging.judge import judge, judge_papers, keep_states
from benchmark.judging.samples import protocol_difference
from benchmark.judging.selftest import paper as made_up
from benchmark.judging.verdict import CellVerdict, ClaimVerdict, PaperVerdicts
from benchmark.reporting.tables import stands_on
from benchmark.runs.files import to_json, write_atomic
from benchmark.runs.records import RECORD, Stored, read_record, write_record_hash
from benchmark.spec.claims import Claim
from benchmark.spec.load import load
from benchmark.spec.paper import PaperSpec
from benchmark.spec.quantities import Quantity

from .factory import cell, claim, evidence, expect, fid, paper, run, run_id, sample, score, series, table

SEEDS = range(5)
PROXY = "proxy_frechet_distance"
GOOD = [10.0, 11.0, 10.5, 9.5, 10.2]
BAD = [20.0, 21.5, 19.0, 20.5, 20.1]
BETTER = claim({"order": [fid("a"), fid("b")]})


def verdicts(spec: PaperSpec, stored: Sequence[Stored], seeds: Sequence[int] = SEEDS, **over: Any) -> PaperVerdicts:
    found = judge(spec, "0" * 64, stored, expect({"a": seeds, "b": seeds, "c": seeds}, **over))
    assert PaperVerdicts.model_validate_json(to_json(found.model_dump(mode="json"))) == found
    return found


def one_claim(tested: Claim, stored: Sequence[Stored], metric: str | None = None, **over: Any) -> ClaimVerdict:
    return verdicts(paper({"C1": tested}, metric=metric), stored, **over).claims[0]


def one_cell(
    written: dict[str, Any],
    stored: Sequence[Stored],
    tiers: Sequence[str] = ("full",),
    seeds: Sequence[int] = SEEDS,
    **over: Any,
) -> CellVerdict:
    made = paper(tables={"T1": table({"row": {"A": written}}, **over)})
    return verdicts(made, stored, seeds, tiers=tiers).cells[0]


# --- claims ---


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
    assert (found.state, found.seeds, found.test) == ("HOLDS", 3, "gain [1 - ours / plain] is above 0.3")
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
    assert found.state == "NOT MEASURED"
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


# --- cells ---


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


def measured(tmp_path: Path, values: Sequence[float | None], **over: Any) -> list[Stored]:
    return series(tmp_path, "a", values, **over)


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


def test_one_run_under_several_seeds_counts_once(tmp_path: Path) -> None:
    several = series(tmp_path, "a", [10.123456789012, 10.123456789012, 10.5, 11.0, 10.2])
    found = verdicts(paper(tables={"T1": table({"x": {"A": cell(10.1, "a")}})}), several)
    (line,) = found.damage
    assert "same scores to the last digit as seed 0" in line
    assert found.cells[0].measured is not None
    assert found.cells[0].measured.seeds[1] is None


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


# --- total collapse ---


@pytest.mark.parametrize("broken", [1, 4, 5])
def test_every_seed_diverged_is_the_strongest_evidence(tmp_path: Path, broken: int) -> None:
    stored = [*series(tmp_path, "a", GOOD), *series(tmp_path, "b", [*BAD[broken:], *[None] * broken])]
    for written in ({"order": [fid("a"), fid("b")]}, {"ratio": [fid("b"), fid("a")], "above": 1.2}):
        found = one_claim(claim(written), stored, "frechet_inception_distance")
        assert (found.state, found.p) == ("HOLDS", pytest.approx(1 / 252)), written
    bound = one_claim(claim({"bound": fid("b"), "above": 15.0}), stored, "frechet_inception_distance")
    assert (bound.state, bound.p) == ("HOLDS", 1 / 32)


# --- claims in part ---


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


# --- the paper's own numbers ---


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


# --- integrity ---


def test_records_are_found_wherever_they_lie(tmp_path: Path) -> None:
    stored = [run(tmp_path, "a", seed, folder="elsewhere", scores={"fid": score(GOOD[seed])}) for seed in SEEDS]
    found = verdicts(paper({"C1": claim({"bound": fid("a"), "below": 12.0})}), stored)
    assert (found.claims[0].state, found.stale, found.damage) == ("HOLDS", [], [])
    assert [(one.experiment, one.planned, one.finished, one.training_seconds) for one in found.experiments] == [
        ("a", 5, 5, 18000.0),
        ("b", 5, 0, 0.0),
        ("c", 5, 0, 0.0),
    ]


def test_stale_records_judge_nothing(tmp_path: Path) -> None:
    old = run(tmp_path, "old", 0, scores={"fid": score(1.0)})
    foreign = run(tmp_path, "other", 0, paper="other")
    found = verdicts(paper({"C1": BETTER}), [old, foreign])
    assert found.stale == [str(old.folder)]
    assert found.claims[0].state == "NOT RUN"


def test_the_same_seed_twice(tmp_path: Path) -> None:
    first, second = (run(tmp_path / name, "a", 0, scores={"fid": score(1.0)}) for name in "xy")
    (line,) = verdicts(paper(), [first, second]).damage
    assert line.startswith(f"{second.folder}: seed 0 of a at tier full is recorded in {first.folder}")


def test_copied_samples_are_not_an_independent_run(tmp_path: Path) -> None:
    stored = [
        run(tmp_path, "a", seed, scores={"fid": score(GOOD[seed])}, samples=b"same" if seed in (1, 3) else None)
        for seed in SEEDS
    ]
    found = verdicts(paper(tables={"T1": table({"x": {"A": cell(10.1, "a")}})}), stored)
    (line,) = found.damage
    assert line.startswith(f"{stored[3].folder}: same samples as seed 1")
    assert found.cells[0].measured is not None
    assert found.cells[0].measured.seeds[3] is None
    assert "not an independent run" in found.cells[0].measured.reasons[3]


def test_damage_is_told_of_the_paper_it_lies_in_by_its_place_below_the_results(tmp_path: Path) -> None:
    texts = {name: made_up.TEXT.replace(f"id: {made_up.PAPER}", f"id: {name}") for name in (made_up.PAPER, "other")}
    papers = []
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        papers.append(load(tmp_path / f"{name}.yaml"))
    results = tmp_path / "results"
    edited = made_up.made("plain", 0).write(results).folder
    (edited / "samples.npz").write_bytes(b"other")
    for name in texts:
        write_atomic(results / name / "plain" / "unreadable" / RECORD, b"{}")
    mine, others = (one.verdicts.damage for one in judge_papers(papers, results, "fp32", write=False))
    assert [line.split(": ")[0] for line in others] == [f"other/plain/unreadable/{RECORD}"]
    assert mine[0].startswith(f"{made_up.PAPER}/plain/unreadable/{RECORD}: ")
    assert mine[1:] == [f"{edited.relative_to(results)}/samples.npz has changed since its record was written"]


@pytest.mark.parametrize(
    ("how", "kept"),
    [
        ({}, True),
        ({"write": False}, False),
        ({"origin": "committed"}, False),
        ({"accepted": ("trained", "measured")}, False),
        ({"accepted": ("measured",)}, False),
    ],
)
def test_verdicts_are_kept_beside_this_machine_s_own_records_alone(
    tmp_path: Path, how: dict[str, Any], kept: bool
) -> None:
    file = tmp_path / "made_up.yaml"
    file.write_text(made_up.TEXT, encoding="utf-8")
    made_up.made("plain", 0).write(tmp_path / "results")
    (one,) = judge_papers([load(file)], tmp_path / "results", "fp32", **how)
    assert [run.record.seed for run in one.stored] == [0]
    assert (tmp_path / "results" / "verdicts" / f"{made_up.PAPER}.json").is_file() == kept


def test_changed_files_are_damage(tmp_path: Path) -> None:
    stored = [run(tmp_path, "a", seed, curves={"g": [1.0 + seed] * 100}) for seed in SEEDS]
    (stored[2].folder / "curves.npz").write_bytes(b"edited")
    (stored[4].folder / "samples.npz").unlink()
    whole = {"unit": "share", "start": 0, "end": 1}
    bound = claim({"bound": {"experiment": "a", "curve": "g", "statistic": {"mean": whole}}, "below": 9.0})
    found = verdicts(paper({"C1": bound}), stored)
    assert [line.rsplit("/", 1)[1] for line in found.damage] == [
        "curves.npz has changed since its record was written",
        "samples.npz is missing",
    ]
    seeds = found.claims[0].quantities[0].seeds
    assert (seeds[2], seeds[4]) == (None, 5.0)


def test_an_edited_seed_is_damage(tmp_path: Path) -> None:
    stored = series(tmp_path, "a", GOOD)
    file = stored[0].folder / RECORD
    edited = json.loads(file.read_text())
    edited["determinant"]["seed"] = 7
    file.write_text(json.dumps(edited))
    write_record_hash(file.parent, file.read_bytes())
    reread = [Stored(read_record(file), stored[0].folder), *stored[1:]]
    found = verdicts(paper(tables={"T1": table({"x": {"A": cell(10.1, "a")}})}), reread)
    assert found.damage == [f"{stored[0].folder}: run_id {run_id('a', 'full', 0)} is not the hash of its determinant"]
    assert found.cells[0].measured is not None
    assert found.cells[0].measured.seeds[0] is None


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


# --- samples ---


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


def test_states_count_the_runs_and_the_seconds_of_each_tier(tmp_path: Path) -> None:
    stored = [
        run(tmp_path, "a", 0, seconds=100.0),
        run(tmp_path, "a", 1, seconds=50.0, status="diverged"),
        run(tmp_path, "a", 2, seconds=20.0, status="failed"),
        run(tmp_path, "a", 3, seconds=7.0),
        run(tmp_path, "a", 0, tier="short", seconds=5.0),
    ]
    found = evidence(stored, expect({"a": SEEDS}, tiers=("full", "short"))).states()
    assert [(one.tier, one.planned, one.finished, one.diverged, one.failed, one.training_seconds) for one in found] == [
        ("full", 5, 2, 1, 1, 177.0),
        ("short", 5, 1, 0, 0, 5.0),
    ]
    seconds = evidence(stored, expect({"a": SEEDS})).sample(Quantity(experiment="a", outcome="diverged"), "full")
    assert (seconds.values, seconds.resolution, seconds.runs) == ({0: 0.0, 1: 1.0, 3: 0.0}, 1.0, 4)


def test_one_numerics_tier_counts_that_of_most_records(tmp_path: Path) -> None:
    expected: dict[str, Any] = {"a": {"full": {}}}
    stored = []
    for seed, numerics in enumerate(["fp32", "exact", "exact", "tomorrow"]):
        stored.append(run(tmp_path, "a", seed, numerics=numerics, scores={"fid": score(10.0 + seed / 10)}))
        expected["a"]["full"][seed] = stored[-1].record.run_id
    found = evidence(stored, expected)
    assert list(found.sample(Quantity(experiment="a", score="fid"), "full").values) == [1, 2, 3]
    (line,) = found.damage
    assert line == f"{stored[0].folder}: trained in fp32, others in exact: numerics tiers are not mixed"


# --- published numbers by hand ---


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


def test_without_a_seal_no_states_are_kept(tmp_path: Path) -> None:
    found = verdicts(paper({"C1": BETTER}), [])
    assert found.seal is None
    keep_states(tmp_path, found, [])
    assert not [*tmp_path.iterdir()]


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


def test_a_number_that_nothing_regenerates_says_why() -> None:
    assert one_cell(cell(10.1, note="its data are not public"), []).reason == "its data are not public"
    assert one_cell(cell(10.1), []).reason == "no experiment regenerates this number"
