"""Power of the planned seeds before any run, against closed forms and against counting."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import scipy.stats

from benchmark.judging import power
from benchmark.judging.power import SPREADS, ClaimPower, Power, planned_power, power_lines, power_of_more, power_summary
from benchmark.judging.predicates import evaluate
from benchmark.judging.seeds_needed import power_equivalence
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import METRICS

from .factory import cell, claim, fid, paper, table

FID = METRICS.get("frechet_inception_distance")
STATED = {"samples": 20000, "reference": "training_data", "checkpoint": "last"}


def planned(claims: dict[str, Any], seeds: int = 5, protocol: dict[str, Any] = STATED, **over: Any) -> PaperSpec:
    """A paper that prints 20.0 for a and 30.0 for b, and plans so many seeds."""
    cells = {"A": cell(20.0, "a", **over), "B": cell(30.0, "b", **over)}
    spec = paper(
        {name: claim(written) for name, written in claims.items()}, {"T1": table({"x": cells}, protocol=protocol)}
    )
    metric = FID.model_construct(samples=20000, resize="bilinear", extractor="x", reference="training_data")
    setup = SimpleNamespace(
        seeds=tuple(range(seeds)),
        scores={"fid": SimpleNamespace(metric=metric, checkpoint="last")},
        generator_mode="running_statistics",
    )
    return spec.model_copy(update={"experiments": {"a": setup, "b": setup}})


def test_claims_on_printed_numbers_are_simulated_about_them() -> None:
    """20 < 30 with a paired t: noncentrality 10 sqrt(n) / (spread sqrt(20^2 + 30^2))."""
    found = planned_power(planned({"C1": {"order": [fid("a"), fid("b")]}}, seeds=3)).claims[0]
    for spread, decided in zip(SPREADS, found.decided or (), strict=True):
        strength = 10 * math.sqrt(3) / (spread * math.hypot(20, 30))
        assert decided == pytest.approx(scipy.stats.nct.sf(scipy.stats.t.ppf(0.95, 2), 2, strength), abs=0.15)
    both = planned_power(planned({f"C{k}": {"order": [fid("a"), fid("b")]} for k in range(20)}, seeds=3)).claims[0]
    assert (both.decided or [])[1] < (found.decided or [])[1], "twenty claims share one level"
    opposed = planned_power(planned({"C1": {"order": [fid("b"), fid("a")]}})).claims[0]
    assert (opposed.decided or [])[0] == 1.0, "that it is reversed would be decided"


def test_of_what_is_not_printed_the_smallest_effect_is_told() -> None:
    curve = {"curve": "g", "statistic": {"mean": {"unit": "share", "start": 0, "end": 1}}}
    found = planned_power(planned({"C1": {"bound": {"experiment": "a", **curve}, "above": 0.0}})).claims[0]
    assert (found.decided, found.never) == (None, None)
    assert found.effect is not None
    power = scipy.stats.nct.sf(scipy.stats.t.ppf(0.95, 4), 4, found.effect * math.sqrt(5))
    assert power == pytest.approx(0.8, abs=0.01)


def test_a_share_of_seeds_counts_the_seeds_of_its_own_experiment() -> None:
    """Ten seeds of b can show a share above one half (1/1024), though a, which the claim also names, has three."""
    share = {"in_seeds": {"bound": fid("b"), "below": 40.0}, "share": 0.5}
    spec = planned({"C1": {"all_of": [{"order": [fid("a"), fid("b")]}, share]}}, seeds=3)
    assert planned_power(spec).claims[0].never == "p is 0.125 at best with 3 seeds"
    more = spec.experiments["b"].__class__(**{**vars(spec.experiments["b"]), "seeds": tuple(range(10))})
    spec = spec.model_copy(update={"experiments": {**spec.experiments, "b": more}})
    assert planned_power(spec).claims[0].never is None


def test_what_no_outcome_of_so_many_seeds_decides() -> None:
    """Five of five seeds: p = 1 / 32 under a share of one half, which passes a first Holm step over one claim only."""
    most = {"in_seeds": {"order": [fid("a"), fid("b")]}, "share": 0.5}
    assert planned_power(planned({"C1": most})).claims[0].never is None
    two = planned_power(planned({"C1": most, "C2": {"all_of": [most, most]}}))
    assert [one.never for one in two.claims] == ["p is 0.03125 at best with 5 seeds"] * 2
    assert "C1, C2" in power_lines(two)[-1]
    assert power_lines(Power(spreads=list(SPREADS), seeds=None, claims=[], cells=[])) == [], "no head without a row"
    some = planned_power(planned({"C1": {"any_of": [most, most]}})).claims[0]
    assert some.never == "p is 0.0625 at best with 5 seeds"
    many = planned_power(planned({"C1": {"any_of": [most] * 40}})).claims[0]
    assert many.never == "p is 1 at best with 5 seeds"
    few = planned_power(planned({"C1": {"order": [fid("a"), fid("b")]}}, seeds=2))
    assert few.claims[0].never == "2 seeds planned of at least 3"
    assert few.cells[0].never == "INCONCLUSIVE: 2 seeds planned of at least 3"
    assert len(few.cells[0].decided) == len(SPREADS), "that of two seeds is known all the same"


def test_numbers_that_are_right() -> None:
    """Margins 2 and 3 with one decimal: the same share of the number, so nearly the same power."""
    found = planned_power(planned({}, seeds=3)).cells
    assert [one.decided for one in found[:1]] == [pytest.approx([1.0, 0.56, 0.14], abs=0.03)]
    assert [one.conditions for one in found] == [["resize", "extractor", "generator_mode"]] * 2
    assert [one.never for one in found] == [None, None]


@pytest.mark.parametrize(
    ("protocol", "never"),
    [
        ({**STATED, "samples": 5000}, "NOT COMPARABLE: protocol field 'samples' differs"),
        ({"samples": 20000, "checkpoint": "last"}, "INCONCLUSIVE: the paper does not give reference"),
    ],
)
def test_what_protocols_forbid(protocol: dict[str, Any], never: str) -> None:
    found = planned_power(planned({}, protocol=protocol))
    assert all((one.never or "").startswith(never) for one in found.cells)
    assert any(line.startswith(never) and line.endswith(": 2 numbers") for line in power_lines(found))


def test_quoted_numbers_are_not_planned() -> None:
    assert planned_power(planned({}, quoted_from="another paper")).cells == []


def test_a_time_is_no_score_and_one_seed_has_no_spread() -> None:
    """Beside the two scores, ``a`` also has a number without a score."""
    spec = planned({}, seeds=1)
    numbers = {"A": cell(20.0, "a", decimals=0), "T": {"value": 5.0, "experiment": "a"}}
    spec = spec.model_copy(update={"tables": {"T1": table({"x": numbers}, protocol=STATED)}})
    spec.__dict__.pop("printed", None)
    (one,) = planned_power(spec).cells
    assert (one.seeds, one.decided) == (1, [])
    assert one.never == "INCONCLUSIVE: 1 seed planned of at least 3"
    (three,) = planned_power(spec, 3).cells
    widened = [power_equivalence(0.0, spread * 20, 3, 2.0 + 0.5)[0] for spread in SPREADS]
    assert three.decided == [round(power, 3) for power in widened], "a margin of 2 and half a unit of the last digit"


def test_the_usual_power_is_enough() -> None:
    claims = [ClaimPower(claim=name, seeds=3, decided=[first, 0.79, 0.0], effect=None, never=None)
              for name, first in (("C1", 0.8), ("C2", 0.79))]  # fmt: skip
    lines = power_lines(Power(spreads=list(SPREADS), seeds=None, claims=claims, cells=[]))
    assert lines[1].split()[-9:] == ["1", "of", "2", "0", "of", "2", "0", "of", "2"]
    assert lines[2] == "not decided even at 2 %: C2"


def test_more_seeds_decide_more() -> None:
    spec = planned({"C1": {"order": [fid("a"), fid("b")]}}, seeds=3)
    more = power_of_more(spec)
    assert [one.seeds for one in more] == [5, 10, 20]
    lines = power_lines(planned_power(spec), more)
    row = next(index for index, line in enumerate(lines) if line.startswith("right numbers reproduced"))
    assert [line.split()[-9:] for line in lines[row : row + 3]] == [
        ["2", "of", "2", "0", "of", "2", "0", "of", "2"],
        ["2", "of", "2", "2", "of", "2", "0", "of", "2"],
        ["2", "of", "2", "2", "of", "2", "2", "of", "2"],
    ]
    told = power_summary(planned_power(spec))
    assert told == (
        "where seeds differ by 2, 5 and 10 %: 1 of 1, 1 of 1 and 1 of 1 claims on printed numbers are decided; "
        "2 of 2, 0 of 2 and 0 of 2 right numbers reproduced"
    )


def test_the_table_begins_with_the_assumed_spreads() -> None:
    lines = power_lines(planned_power(planned({}, seeds=3)))
    assert lines[0].split() == ["where", "seeds", "differ", "by", "2", "%", "5", "%", "10", "%"]


def test_claims_of_unknown_size_are_told_by_their_seeds() -> None:
    """Two claims with three seeds and one with five, by their own effects."""
    claims = [ClaimPower(claim=f"C{seeds}{effect}", seeds=seeds, decided=None, effect=effect, never=None)
              for seeds, effect in ((5, 1.234), (3, 2.345), (3, 2.345))]  # fmt: skip
    lines = power_lines(Power(spreads=list(SPREADS), seeds=None, claims=claims, cells=[]))
    assert lines == [
        "2 claims on what is not printed: 3 seeds show what differs by 2.3 standard deviations or more",
        "1 claim on what is not printed: 5 seeds show what differs by 1.2 standard deviations or more",
    ]


@pytest.mark.parametrize(("a", "draws"), [(20.0, 20), (29.0, 60)])
def test_what_is_plain_after_twenty_draws_is_drawn_no_further(
    monkeypatch: pytest.MonkeyPatch, a: float, draws: int
) -> None:
    """With a spread of 2 %: 20 and 30 never overlap, 29 and 30 do."""
    asked: list[Any] = []

    def counted(predicate: Any, measured: Any) -> Any:
        asked.append(predicate)
        return evaluate(predicate, measured)

    monkeypatch.setattr(power, "evaluate", counted)
    monkeypatch.setattr(power, "SPREADS", (0.02,))
    order = {"order": [fid("a"), fid("b")]}
    cells = {"A": cell(a, "a"), "B": cell(30.0, "b")}
    spec = planned({"C1": order}).model_copy(update={"tables": {"T1": table({"x": cells}, protocol=STATED)}})
    spec.__dict__.pop("printed", None)
    (decided,) = planned_power(spec).claims[0].decided or ()
    assert len(asked) == draws
    assert decided * draws == pytest.approx(round(decided * draws))
    assert (0 < decided < 1) == (draws == 60)


def test_more_seeds_are_more_than_the_fewest_that_are_planned() -> None:
    assert [one.seeds for one in power_of_more(planned({}, seeds=5))] == [10, 20]
    assert [one.seeds for one in power_of_more(planned({}, seeds=4))] == [5, 10, 20]


def test_seeds_that_a_claim_asks_for_itself() -> None:
    spec = planned({"C1": {"order": [fid("a"), fid("b")]}}, seeds=4)
    five = spec.claims["C1"].model_copy(update={"min_seeds": 5})
    (found,) = planned_power(spec.model_copy(update={"claims": {"C1": five}})).claims
    assert (found.never, found.decided, found.effect) == ("4 seeds planned of at least 5", None, None)
    (found,) = planned_power(spec.model_copy(update={"claims": {"C1": five}}), 5).claims
    assert (found.never, found.seeds) == (None, 5)


def test_what_can_never_be_decided_is_counted_on_one_line() -> None:
    """Two seeds decide neither the claim nor the two numbers; nothing else is known then."""
    order = {"order": [fid("a"), fid("b")]}
    assert power_summary(planned_power(planned({"C1": order}, seeds=2))) == (
        "where seeds differ by 2, 5 and 10 %: 3 claims and numbers cannot be decided"
    )
    blind = {"samples": 20000, "checkpoint": "last"}
    told = power_summary(planned_power(planned({"C1": order}, protocol=blind)))
    assert told.endswith("claims on printed numbers are decided; 2 claims and numbers cannot be decided")
    assert power_summary(planned_power(planned({}, quoted_from="another paper"))) == (
        "where seeds differ by 2, 5 and 10 %: nothing of it is known beforehand"
    )
    held = power_lines(planned_power(planned({}, seeds=3)))[-1]
    assert held == "at best under a condition, for the paper does not give resize, extractor, generator_mode: 2 numbers"
