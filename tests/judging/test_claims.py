"""Parts of a conjunction: what each is, and which side of it is told."""

from __future__ import annotations

import pytest

from benchmark.judging.claims import _Family, _parts
from benchmark.judging.finding import Finding


def part(name: str, p: float, p_against: float) -> Finding:
    return Finding(name, p, p_against, None, {}, "mixed", f"for {name}", f"against {name}", lambda _level, _power: None)


@pytest.mark.parametrize(
    ("p", "p_against", "state", "told"),
    [
        (0.001, 0.999, "HOLDS", "for x, p = 0.002 after Holm"),
        (0.3, 0.7, "INCONCLUSIVE", "for x, p = 0.6 after Holm"),
        (0.5, 0.5, "INCONCLUSIVE", "for x, p = 0.6 after Holm"),
        (0.7, 0.3, "INCONCLUSIVE", "against x, p = 0.6 after Holm"),
        (0.999, 0.001, "REVERSED", "against x, p = 0.002 after Holm"),
        (0.024, 0.976, "HOLDS", "for x, p = 0.048 after Holm"),  # Holm over two parts doubles what is smaller
        (0.026, 0.974, "INCONCLUSIVE", "for x, p = 0.052 after Holm"),
        (0.976, 0.024, "REVERSED", "against x, p = 0.048 after Holm"),
        (0.974, 0.026, "INCONCLUSIVE", "against x, p = 0.052 after Holm"),
    ],
)
def test_a_part_is_told_by_the_side_that_it_leans_to(p: float, p_against: float, state: str, told: str) -> None:
    """Beside a part that says nothing, in a claim that is alone and undecided."""
    parts = (part("x", p, p_against), part("y", 0.6, 0.6))
    against = min(1.0, 2 * min(p_against, 0.6))
    whole = Finding("x and y", max(p, 0.6), against, None, {}, "mixed", "", "", lambda _level, _power: None, parts)
    found, _ = _parts(whole, _Family(max(p, 0.6), against, 1), 0.05)
    assert (found.test, found.state, found.reason) == ("x", state, told)


def test_parts_bear_what_the_claim_bears_for_others() -> None:
    """Among ten claims a part that holds needs a tenth of the level, and Holm over two parts half of that."""
    for p, state in ((0.0024, "HOLDS"), (0.0026, "INCONCLUSIVE")):
        parts = (part("x", p, 0.9), part("y", 0.6, 0.6))
        whole = Finding("x and y", 0.6, 0.5, None, {}, "mixed", "", "", lambda _level, _power: None, parts)
        found, _ = _parts(whole, _Family(1.0, 1.0, 10), 0.05)
        assert found.state == state


@pytest.mark.parametrize(("p_against", "state"), [(0.05, "REVERSED"), (0.0501, "INCONCLUSIVE")])
def test_the_most_opposed_part_of_a_claim_that_is_opposed_at_the_very_level(p_against: float, state: str) -> None:
    """By itself, under Holm over two parts, it would not be."""
    parts = (part("x", 0.7, 0.03), part("y", 0.6, 0.6))
    whole = Finding("x and y", 0.7, p_against, None, {}, "mixed", "", "", lambda _level, _power: None, parts)
    found = _parts(whole, _Family(0.7, p_against, 1), 0.05)
    assert [one.state for one in found] == [state, "INCONCLUSIVE"]


def test_all_parts_of_a_claim_that_holds_at_the_very_level_hold() -> None:
    parts = (part("x", 0.05, 0.9), part("y", 0.04, 0.9))
    for level, state in ((0.05, "HOLDS"), (0.0501, "INCONCLUSIVE")):
        whole = Finding("x and y", level, 0.9, None, {}, "mixed", "", "", lambda _level, _power: None, parts)
        assert [one.state for one in _parts(whole, _Family(level, 0.9, 1), 0.05)] == [state, state]


@pytest.mark.parametrize(
    ("p", "p_against", "family", "state"),
    [
        (0.025, 0.9, _Family(0.6, 0.06, 1), "HOLDS"),  # Holm over two parts doubles what is smaller
        (0.0125, 0.9, _Family(0.6, 0.18, 2), "HOLDS"),  # and two claims bear it
        (0.0126, 0.9, _Family(0.6, 0.18, 2), "INCONCLUSIVE"),
        (0.9, 0.0024, _Family(0.6, 0.18, 10), "REVERSED"),  # against it as for it: all ten claims bear it
        (0.9, 0.0026, _Family(0.6, 0.18, 10), "INCONCLUSIVE"),
    ],
)
def test_a_part_at_the_very_level_is_decided(p: float, p_against: float, family: _Family, state: str) -> None:
    parts = (part("x", p, p_against), part("y", 0.6, 0.6))
    whole = Finding("x and y", 0.6, 0.06, None, {}, "mixed", "", "", lambda _level, _power: None, parts)
    assert [one.state for one in _parts(whole, family, 0.05)] == [state, "INCONCLUSIVE"]
