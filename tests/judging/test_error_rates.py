"""How often verdicts are wrong, by seeded simulation: the promise is at most 5 %, tested with room for chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmark.judging import hypothesis_tests
from benchmark.judging.predicates import evaluate

from .factory import fid, predicate, sample

SIMULATIONS = 4000
MARGIN = 1.0


def reproduced(deviation: float, spread: float, seeds: int, random: np.random.Generator) -> float:
    """Share of simulated papers whose cell comes out REPRODUCED."""
    draws = random.normal(deviation, spread, (SIMULATIONS, seeds)).tolist()
    inside = (hypothesis_tests.equivalence(hypothesis_tests.one_sample(values), MARGIN) == "inside" for values in draws)
    return sum(inside) / SIMULATIONS


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("spread", [0.4, 0.7])
def test_wrongly_reproduced_at_the_margin(seeds: int, spread: float) -> None:
    assert reproduced(MARGIN, spread, seeds, np.random.default_rng(1)) <= 0.06


@pytest.mark.parametrize(("spread", "seeds", "power"), [(0.4, 3, 0.75), (0.4, 5, 0.99), (0.7, 3, 0.30), (0.7, 5, 0.68)])
def test_power_at_no_deviation(spread: float, seeds: int, power: float) -> None:
    assert reproduced(0.0, spread, seeds, np.random.default_rng(2)) == pytest.approx(power, abs=0.025)


def holds(first: np.ndarray, second: np.ndarray, seeds: Sequence[Sequence[int]], diverging: float = 0.0) -> float:
    """Share of simulations in which "a below b" is found to hold."""
    written = predicate({"order": [fid("a"), fid("b")]})
    random = np.random.default_rng(5)
    found = 0
    for rows in zip(first.tolist(), second.tolist(), strict=True):
        samples = {}
        for name, row, numbered in zip("ab", rows, seeds, strict=True):
            lost = random.random(len(row)) < diverging
            values = [None if gone else value for value, gone in zip(row, lost, strict=True)]
            samples[name] = sample(values, name, seeds=numbered)
        found += evaluate(written, lambda asked, samples=samples: samples[asked.experiment]).p <= hypothesis_tests.ALPHA  # type: ignore[misc]
    return found / len(first)


PAIRED = (range(5), range(5))
UNPAIRED = (range(5), range(10, 15))


@pytest.mark.parametrize("seeds", [PAIRED, UNPAIRED])
@pytest.mark.parametrize("spreads", [(1.0, 1.0), (1.0, 4.0)])
def test_wrongly_holds_under_no_difference(
    seeds: tuple[Sequence[int], Sequence[int]], spreads: tuple[float, float]
) -> None:
    random = np.random.default_rng(3)
    first, second = (random.normal(10, spread, (2000, 5)) for spread in spreads)
    assert holds(first, second, seeds) <= 0.06


def test_wrongly_holds_when_seeds_diverge() -> None:
    random = np.random.default_rng(4)
    first, second = (random.normal(10, 1, (1000, 5)) for _ in "ab")
    assert holds(first, second, PAIRED, diverging=0.2) <= 0.06


def test_pairing_uses_what_seeds_share() -> None:
    random = np.random.default_rng(6)
    shared = random.normal(10, 3, (500, 5))
    first, second = (shared + random.normal(shift, 0.5, shared.shape) for shift in (0, 1))
    assert holds(first, second, PAIRED) > 0.6 > 0.2 > holds(first, second, UNPAIRED)


@pytest.mark.parametrize("seeds", [8, 10])
@pytest.mark.parametrize("law", ["normal", "t3", "collapses of either"])
def test_drawing_in_what_is_far_out_keeps_the_level(law: str, seeds: int) -> None:
    random = np.random.default_rng(7)
    shape = (SIMULATIONS, seeds)
    draws = {"normal": random.normal(size=shape), "t3": random.standard_t(3, size=shape)}
    rare = random.binomial(1, 0.1, (2, *shape))
    draws["collapses of either"] = 10.0 * (rare[0] - rare[1]) + random.normal(size=shape)
    shown = [hypothesis_tests.sided(values, 0.0)[0].p_above() for values in draws[law].tolist()]
    for level, most in ((0.05, 0.06), (0.01, 0.015)):
        assert sum(p <= level for p in shown) / SIMULATIONS <= most
