"""One quantity over the seeds, and whether two of them were measured alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmark.judging import hypothesis_tests
from benchmark.judging.verdict import Values
from benchmark.spec import words
from benchmark.spec.parts import Direction

#: fields of a protocol that say which real images a score refers to
_OF_THE_DATA = frozenset({"dataset", "reference_images", "reference_sha256", "n_real"})


@dataclass(frozen=True)
class Sample:
    """One quantity at one tier over the seeds.

    ``values`` are measured and finite. ``diverged`` seeds have none because training broke down, ``beyond`` ones
    because an event did not happen within the run: both count as evidence. All other seeds are missing.
    """

    label: str
    experiment: str
    tier: str
    planned: tuple[int, ...]
    values: Mapping[int, float] = field(default_factory=dict)
    diverged: frozenset[int] = frozenset()
    beyond: frozenset[int] = frozenset()
    reasons: Mapping[int, str] = field(default_factory=dict)
    direction: Direction = "none"
    proxy: bool = False
    #: what must agree with whatever it is compared with, by seed
    protocols: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    #: whether it is computed from several quantities of each seed
    computed: bool = False
    #: the least by which two values that differ can differ: 1 for what counts, 0 where unknown
    resolution: float = 0.0
    #: the least and the most that the quantity can be
    possible: tuple[float, float] = (-math.inf, math.inf)
    #: seeds with a record of any kind
    runs: int = 0
    #: wall seconds of one run, by seed
    seconds: Mapping[int, float] = field(default_factory=dict)

    @property
    def seeds(self) -> frozenset[int]:
        """Seeds that are evidence."""
        return frozenset(self.values) | self.diverged | self.beyond

    @property
    def broken(self) -> frozenset[int]:
        """Seeds that are evidence without a value."""
        return self.diverged | self.beyond

    @property
    def missing(self) -> list[int]:
        """Planned seeds that are no evidence."""
        return [seed for seed in self.planned if seed not in self.seeds]

    @property
    def numbers(self) -> list[float]:
        """Measured values in the order of seeds."""
        return [self.values[seed] for seed in sorted(self.values)]

    def summary(self) -> Values:
        """As the report shows it."""
        return Values(
            label=self.label,
            experiment=self.experiment,
            tier=self.tier,
            seeds={seed: self.values.get(seed) for seed in self.planned},
            reasons=dict(self.reasons),
            mean=hypothesis_tests.mean(self.numbers) if self.values else None,
            deviation=hypothesis_tests.deviation(self.numbers),
        )


def protocol_difference(samples: Sequence[Sample]) -> str | None:
    """The first protocol field in which measured values differ, in words; None where all agree.

    Samples that are computed may refer to different data: each is computed from quantities that agree.
    """
    free = _OF_THE_DATA if all(sample.computed for sample in samples) else frozenset()
    known: list[tuple[str, Mapping[str, Any]]] = [
        (f"{sample.experiment}, seed {seed}", protocol)
        for sample in samples
        for seed, protocol in sorted(sample.protocols.items())
        if seed in sample.values or seed in sample.beyond
    ]
    for place, protocol in known[1:]:
        first_place, first = known[0]
        for name in sorted({*first, *protocol} - free):
            if first.get(name) != protocol.get(name):
                return (
                    f"protocol field '{name}' differs: {words.shown(first.get(name))} ({first_place}), "
                    f"{words.shown(protocol.get(name))} ({place})"
                )
    return None
