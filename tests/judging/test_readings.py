"""What several verdicts on one claim say together, on verdicts made by hand."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any, get_args

import pytest

from benchmark.commands.judge import _text
from benchmark.judging import readings
from benchmark.judging.readings import Read, flips, headline, lines, side
from benchmark.judging.verdict import (
    AcrossReadings,
    ClaimState,
    ClaimVerdict,
    Interval,
    PaperVerdicts,
    PartVerdict,
    ReadingVerdict,
)
from tests.reporting.factory import cell_verdict


def verdict(state: ClaimState, *effects: float | None, claim: str = "C1", **over: Any) -> ClaimVerdict:
    intervals = [
        None if one is None else Interval(estimate=one, low=None, high=None, confidence=0.95) for one in effects
    ]
    several = len(intervals) > 1
    facts: dict[str, Any] = {
        "claim": claim,
        "where": "table 1",
        "says": "As it should be.",
        "test": "",
        "state": state,
        "reason": "",
        "tier": "full",
        "preview": None,
        "quantities": [],
        "statistic": None if several or not intervals else intervals[0],
        "p": None,
        "p_holm": None,
        "seeds": 3,
        "min_seeds": 3,
        "share": None,
        "diverged": (0, 6),
        "seeds_needed": None,
        "on_published": None,
        "on_published_reason": None,
        "note": None,
        "parts": [
            PartVerdict(test="", state="HOLDS", reason="", statistic=one) for one in (intervals if several else ())
        ],
    }
    return ClaimVerdict(**{**facts, **over})


def reads(*several: tuple[str, ClaimVerdict | None]) -> list[Read]:
    """Readings whose names tell their choices; the first is the ground."""
    return [(name, tuple(name.split("+")) if index else (), one) for index, (name, one) in enumerate(several)]


def across(claim: str, ground: str, world: Sequence[Read], **shared: str) -> AcrossReadings:
    """Each reading is trained by itself, but for those that ``shared`` gives one training."""
    return readings.across(claim, ground, world, {name: shared.get(name, name) for name, _, _ in world})


def test_every_state_counts_on_one_side() -> None:
    sides = {state: side(verdict(state)) for state in get_args(ClaimState)}
    assert sides == {
        "HOLDS": "holds",
        "HOLDS IN PART": "in part",
        "REVERSED IN PART": "reversed",
        "REVERSED": "reversed",
        "INTERIM": "undecided",
        "INCONCLUSIVE": "undecided",
        "NOT COMPARABLE": "not run",
        "NOT MEASURED": "not run",
        "NOT RUN": "not run",
        "NOT ASSESSABLE": "not run",
        "VERIFIED BY TEST": "not run",
    }
    assert side(verdict("NOT COMPARABLE", preview="points the same way")) == "undecided", (
        "a reduced run decides nothing"
    )
    assert side(None) == "not run"


def test_a_claim_whose_readings_disagree_says_so() -> None:
    world = reads(
        ("base", verdict("HOLDS", 2.0)),
        ("wide", verdict("HOLDS", 3.0)),
        ("long", verdict("HOLDS", 2.5)),
        ("slow", verdict("REVERSED", -1.0)),
        ("odd", verdict("INCONCLUSIVE", 0.5, p=0.2, p_against=0.9)),
        ("rare", None),
    )
    one = across("C1", "base", world)
    assert one.says == (
        "holds under 3 of 5 readings, reversed under 1, undecided under 1 (1 leaning its way, 0 the other); 1 not run"
    )
    assert one.disagree
    assert one.flips == [["slow"]]
    assert headline(verdict("HOLDS"), [one]) == f"HOLDS, but readings disagree: {one.says}"
    assert headline(verdict("HOLDS", claim="C2"), [one]) == "HOLDS", "that is another claim"
    assert lines(one)[1] == "flipped by slow"


def test_agreeing_readings_leave_the_headline_alone() -> None:
    one = across("C1", "base", reads(("base", verdict("HOLDS", 1.0)), ("wide", verdict("HOLDS", 1.5))))
    assert (one.says, one.disagree, one.flips) == ("holds under 2 of 2 readings", False, [])
    assert headline(verdict("HOLDS"), [one]) == "HOLDS"


def test_what_holds_in_part_says_how_much_of_it() -> None:
    def of(state: ClaimState, *states: str) -> str:
        parts = [PartVerdict(test="", state=one, reason="") for one in states]
        return headline(verdict(state, parts=parts), [])

    assert of("HOLDS IN PART", "HOLDS", "REVERSED", "REVERSED", "REVERSED") == "HOLDS IN PART (1 of 4, 3 reversed)"
    assert of("REVERSED IN PART", "REVERSED", "INCONCLUSIVE") == "REVERSED IN PART (1 of 2)"


def test_a_reading_without_numbers_is_named_beside_those_that_are_ranked() -> None:
    """One seed that turns all around moves nothing that is known, and must not look as if it moved little."""
    one = across(
        "C1",
        "base",
        reads(("base", verdict("HOLDS", 2.0)), ("a", verdict("HOLDS", 1.0)), ("b", verdict("INTERIM")), ("c", None)),
    )
    assert lines(one)[-1] == "without numbers that rank them: b"


def test_choices_are_ranked_by_how_far_they_move_the_effect() -> None:
    """Effects 2 -> 1, 4, -4: they move it by 1, 2 and 6 of the largest size, 4."""
    world = reads(*((name, verdict("HOLDS", effect)) for name, effect in (("base", 2), ("a", 1), ("b", 4), ("c", -4))))
    one = across("C1", "base", world)
    assert one.ranking == ["c", "b", "a"]
    assert [reading.moves for reading in one.readings] == [None, 0.25, 0.5, 1.5]


def test_like_is_compared_with_like_where_another_condition_decides() -> None:
    """The base turns on its first condition, -1.5; that becomes 0.5 where the second one, 0.25, decides: 2 of 1.5."""
    world = reads(
        ("base", verdict("REVERSED", -1.5).model_copy(update={"effects": [-1.5, 0.3]})),
        ("a", verdict("HOLDS", 0.25).model_copy(update={"effects": [0.5, 0.25]})),
    )
    base, a = across("C1", "base", world).readings
    assert (base.effects, a.effects) == ([-1.5], [0.5])
    assert a.moves == pytest.approx(2 / 1.5)


def test_of_a_conjunction_the_statement_counts_that_is_moved_most_whatever_its_unit() -> None:
    world = reads(
        ("base", verdict("HOLDS", 100.0, 0.01)),
        ("a", verdict("HOLDS", 120.0, 0.01)),
        ("b", verdict("HOLDS", 100.0, 0.04)),
    )
    one = across("C1", "base", world)
    assert one.ranking == ["b", "a"]
    assert [reading.moves for reading in one.readings] == [None, pytest.approx(20 / 120), pytest.approx(0.75)]


def test_without_numbers_nothing_is_ranked() -> None:
    one = across(
        "C1", "base", reads(("base", verdict("NOT RUN")), ("a", verdict("HOLDS", 1.0)), ("b", verdict("HOLDS", None)))
    )
    assert one.ranking == []
    assert one.says == "holds under 2 of 2 readings; 1 not run"


def test_reduced_runs_are_called_reduced() -> None:
    short: dict[str, Any] = {"tier": "short", "preview": "points the other way"}
    one = across(
        "C1", "base", reads(("base", verdict("NOT COMPARABLE", -1.0, **short)), ("a", verdict("NOT RUN", tier=None)))
    )
    assert one.reduced
    assert lines(one)[0] == ("reduced runs, undecided under 1 of 1 reading (0 leaning its way, 1 the other); 1 not run")


def test_the_smallest_flipping_sets_agree_with_brute_force() -> None:
    """Random worlds over four choices; flipping sets are searched by trying all sets in the order of their size."""
    draw = random.Random(1)
    names = "abcd"
    flipped = 0
    for _ in range(300):
        sets = [set(one) for size in range(1, 5) for one in itertools.combinations(names, size)]
        world = {frozenset(one): draw.choice(["holds", "reversed", "undecided", "not run", "in part"]) for one in sets}
        kept = [frozenset(), *draw.sample(sorted(world, key=sorted), 9)]
        world[frozenset()] = draw.choice(["holds", "reversed", "undecided"])
        opposite = {"holds": "reversed", "reversed": "holds"}.get(world[frozenset()])
        smallest: list[list[str]] = []
        for size in range(1, 5):
            smallest = smallest or [
                list(one)
                for one in itertools.combinations(names, size)
                if frozenset(one) in kept and world[frozenset(one)] == opposite
            ]
        found = flips([_reading(sorted(one), world[one]) for one in kept])
        assert sorted(found) == sorted(smallest)
        flipped += bool(found)
    assert 50 < flipped < 250, "both kinds of world must occur"


def _reading(choices: Sequence[str], counts: Any) -> ReadingVerdict:
    return ReadingVerdict(
        reading="+".join(choices),
        choices=list(choices),
        side=counts,
        state="HOLDS",
        tier="full",
        leans=None,
        effects=[],
        moves=None,
    )


def test_two_readings_that_disagree_are_enough() -> None:
    one = across("C1", "base", reads(("base", verdict("HOLDS", 1.0)), ("wide", verdict("REVERSED", -1.0))))
    assert one.disagree
    part = across("C1", "base", reads(("base", verdict("HOLDS", 1.0)), ("wide", verdict("HOLDS IN PART", -1.0))))
    assert not part.disagree


def test_what_is_reversed_in_part_is_told_so() -> None:
    world = reads(("base", verdict("REVERSED IN PART")), ("a", verdict("REVERSED")), ("b", verdict("INTERIM")))
    one = across("C1", "base", world)
    assert one.says == "reversed under 2 of 3 readings (1 in part), undecided under 1 (1 interim)"


def test_readings_of_one_training_are_no_repeated_evidence() -> None:
    """Three readings that count the base's runs otherwise, and one that is trained by itself."""
    world = reads(*((name, verdict("REVERSED", -1.0)) for name in ("base", "a", "b", "c")), ("d", verdict("HOLDS")))
    one = across("C1", "base", world, a="base", b="base", d="base")
    assert one.says == "holds under 1 of 5 readings, reversed under 4 (of 2 trainings)"


def test_of_a_verdict_before_all_seeds_their_number_is_told() -> None:
    """What more seeds may yet decide is told apart from what all of them left open."""
    world = reads(
        ("base", verdict("INTERIM", 1.0, seeds=2, planned=5)),
        ("a", verdict("INCONCLUSIVE", 1.0, seeds=5, planned=5)),
        ("b", verdict("INTERIM", 1.0, seeds=4, planned=5)),
    )
    one = across("C1", "base", world)
    assert [reading.so_far for reading in one.readings] == ["2 of 5 seeds", None, "4 of 5 seeds"]
    assert one.says == "undecided under 3 of 3 readings (2 interim)"


def test_statements_of_which_none_is_known_to_decide_move_nothing() -> None:
    """Too few seeds to test two statements: the one number at hand is of nobody knows which."""
    one = across("C1", "base", reads(("base", verdict("HOLDS", 1.0, 2.0)), ("a", verdict("INTERIM", None))))
    assert ([reading.moves for reading in one.readings], one.ranking) == ([None, None], [])


def test_a_claim_that_stands_with_its_readings_is_not_counted_as_without_evidence() -> None:
    one = across("C1", "wide", reads(("wide", verdict("HOLDS", 1.0)), ("a", verdict("HOLDS", 1.0))))
    found = PaperVerdicts(
        schema_version=1, paper="small", title="Small", spec_sha256="", cells=[], experiments=[], stale=[], damage=[],
        claims=[verdict("NOT RUN", claim=name, tier=None) for name in ("C1", "C2", "C3")], readings=[one],
    )  # fmt: skip
    text = _text(found, None, False, str)
    assert "on top of wide: holds under 2 of 2 readings" in text
    assert "claims without evidence here: 2 NOT RUN" in text


def test_cells_that_nothing_was_run_for_are_counted_and_not_listed() -> None:
    """Times in print are not comparable either way; one that was measured is listed."""
    cells = [
        cell_verdict("a", "time", "NOT COMPARABLE", measured=None),
        cell_verdict("b", "time", "NOT COMPARABLE", measured=None),
        cell_verdict("c", "time", "NOT COMPARABLE"),
        cell_verdict("d", "time", "QUOTED", measured=None),
    ]
    found = PaperVerdicts(
        schema_version=1, paper="small", title="Small", spec_sha256="", cells=cells, experiments=[], stale=[],
        damage=[], claims=[],
    )  # fmt: skip
    text = _text(found, None, False, str)
    assert "cells without evidence here: 1 QUOTED, 2 NOT COMPARABLE" in text
    assert [name for name in "abcd" if f"T1/{name}/time" in text] == ["c"]
    assert [name for name in "abcd" if f"T1/{name}/time" in _text(found, None, True, str)] == [*"abcd"]


def test_reduced_runs_beside_full_ones_are_called_so() -> None:
    short: dict[str, Any] = {"tier": "short", "preview": "mixed"}
    world = reads(("base", verdict("HOLDS", 1.0)), ("a", verdict("NOT COMPARABLE", 1.0, **short)))
    assert lines(across("C1", "base", world))[0].startswith("partly reduced runs, holds under 1 of 2 readings")


def test_effects_that_are_nothing_move_by_no_share() -> None:
    one = across("C1", "base", reads(("base", verdict("HOLDS", 0.0)), ("a", verdict("HOLDS", 0.0))))
    assert ([reading.moves for reading in one.readings], one.ranking) == ([None, None], [])


def test_three_readings_that_move_most_are_told() -> None:
    effects = (("base", 10), ("a", 9), ("b", 8), ("c", 7), ("d", 6))
    one = across("C1", "base", reads(*((name, verdict("HOLDS", effect)) for name, effect in effects)))
    told = "moved most by d (0.40), c (0.30), b (0.20), in units of the largest effect under any reading"
    assert lines(one)[-1] == told


def test_only_what_is_undecided_leans() -> None:
    toward, against, neither = {"p": 0.1, "p_against": 0.9}, {"p": 0.9, "p_against": 0.1}, {"p": 0.5, "p_against": 0.5}
    world = reads(
        ("base", verdict("HOLDS", 1.0, **toward)),
        ("a", verdict("INCONCLUSIVE", 1.0, **toward)),
        ("b", verdict("INTERIM", -1.0, **against)),
        ("c", verdict("INCONCLUSIVE", 0.0, **neither)),
        ("d", verdict("INCONCLUSIVE", 1.0)),
        ("e", verdict("NOT COMPARABLE", 1.0, tier="short", preview="points the same way")),
        ("f", verdict("NOT COMPARABLE", 1.0, tier="short", preview="mixed")),
        ("g", None),
    )
    one = across("C1", "base", world)
    assert [reading.leans for reading in one.readings] == [None, "for", "against", None, None, "for", None, None]
    assert one.says == (
        "holds under 1 of 7 readings, undecided under 6 (1 interim; 2 leaning its way, 1 the other); 1 not run"
    )


def test_numbers_that_chance_alone_would_bring_lean_nowhere() -> None:
    """Two seeds of five far on one side and three on the other: p = 0.48 against, which is no lean."""
    close: dict[str, Any] = {
        "a": (0.24, 0.76),
        "b": (0.26, 0.74),
        "c": (0.52, 0.48),
        "d": (0.74, 0.26),
        "e": (0.99, 0.24),
    }
    world = reads(
        *((name, verdict("INCONCLUSIVE", 1.0, p=p, p_against=against)) for name, (p, against) in close.items())
    )
    leans = [reading.leans for reading in across("C1", "a", world).readings]
    assert leans == ["for", None, None, None, "against"]


def test_the_smallest_sets_of_choices_that_flip_a_claim_in_words() -> None:
    world = reads(
        ("base", verdict("HOLDS", 1.0)),
        ("a", verdict("HOLDS", 1.0)),
        ("a+b", verdict("REVERSED", 1.0)),
        ("c+d", verdict("REVERSED", 1.0)),
        ("a+b+c", verdict("REVERSED", 1.0)),
    )
    assert lines(across("C1", "base", world))[1] == "flipped by a with b, or by c with d"
    on_top = across("C1", "wide", reads(("wide", verdict("HOLDS", 1.0)), ("a", verdict("HOLDS", 1.0))))
    assert lines(on_top) == ["on top of wide: holds under 2 of 2 readings"]
