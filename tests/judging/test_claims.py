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
        (0.001, 0.999, "HOLDS", "for x"),
        (0.3, 0.7, "INCONCLUSIVE", "for x"),
        (0.5, 0.5, "INCONCLUSIVE", "for x"),
        (0.7, 0.3, "INCONCLUSIVE", "against x"),
        (0.999, 0.001, "REVERSED", "against x"),
        (0.024, 0.976, "HOLDS", "for x"),  # Holm over two parts doubles what is smaller
        (0.026, 0.974, "INCONCLUSIVE", "for x"),
        (0.976, 0.024, "REVERSED", "against x"),
        (0.974, 0.026, "INCONCLUSIVE", "against x"),
    ],
)
def test_a_part_is_told_by_the_side_that_it_leans_to(p: float, p_against: float, state: str, told: str) -> None:
    """Beside a part that says nothing, in a claim that is alone and undecided."""
    parts = (part("x", p, p_against), part("y", 0.6, 0.6))
    whole = Finding("x and y", 0.6, 0.06, None, {}, "mixed", "", "", lambda _level, _power: None, parts)
    found, _ = _parts(whole, _Family(0.6, 0.06, 1), 0.05)
    assert (found.test, found.state, found.reason) == ("x", state, told)


def test_parts_bear_what_the_claim_bears_for_others() -> None:
    """Among ten claims a part that holds needs a tenth of the level, and Holm over two parts half of that."""
    for p, state in ((0.0024, "HOLDS"), (0.0026, "INCONCLUSIVE")):
        parts = (part("x", p, 0.9), part("y", 0.6, 0.6))
        whole = Finding("x and y", 0.6, 0.5, None, {}, "mixed", "", "", lambda _level, _power: None, parts)
        found, _ = _parts(whole, _Family(1.0, 1.0, 10), 0.05)
        assert found.state == state
