"""Worlds to test claims in: a paper's own world, and what is otherwise in each of many hostile ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from benchmark.spec.paper import PaperSpec
from tests.papers import checks
from tests.papers.checks import Planted

Worlds = Mapping[str, Planted]


@dataclass(frozen=True)
class World:
    """One way in which things may have come out, and whether the claim's sentence is true of it."""

    claim: str
    what: str
    sentence: Literal["true", "false"]
    changes: Worlds

    def __str__(self) -> str:
        return f"{self.claim}, {self.sentence}: {self.what}"


def true(claim: str, what: str, **changes: Planted) -> World:
    """A world in which the sentence is true, though perhaps not as one would expect."""
    return World(claim, what, "true", changes)


def false(claim: str, what: str, **changes: Planted) -> World:
    """A world in which the sentence is false, though a careless predicate might not notice."""
    return World(claim, what, "false", changes)


def but(base: Worlds, changes: Worlds) -> dict[str, Planted]:
    """``base`` with what is written in ``changes`` in its place, score by score and curve by curve."""
    changed = dict(base)
    for name, change in changes.items():
        old = base[name]
        changed[name] = replace(
            old,
            curves={**old.curves, **change.curves},
            scores={**old.scores, **change.scores},
            evaluated={**old.evaluated, **change.evaluated},
            diverged=change.diverged,
            odd=change.odd,
        )
    return changed


def assert_told(spec: PaperSpec, base: Worlds, world: World) -> None:
    """The predicate holds where the sentence is true, in every seed but odd ones; where it is false it does not."""
    finding = checks.judged(spec, world.claim, but(base, world.changes))
    if world.sentence == "true":
        odd = any(planted.odd for planted in world.changes.values())
        assert odd or set(finding.truths.values()) == {True}, finding.says
        assert finding.p < 0.05, finding.says
    else:
        assert finding.p > 0.05, finding.says
        assert not all(finding.truths.values()) or not finding.truths, finding.says


def unprobed(spec: PaperSpec, worlds: list[World]) -> set[tuple[str, str]]:
    """Measured claims without a world of either kind."""
    measured = {name for name, claim in spec.claims.items() if claim.predicate is not None}
    probed = {(world.claim, world.sentence) for world in worlds}
    return {(claim, sentence) for claim in measured for sentence in ("true", "false")} - probed
