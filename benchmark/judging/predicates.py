"""What the seeds say of a predicate: its elementary statements tested, and the answers combined.

See ``statements`` for what is tested and how. What predicates compare are samples as measured, computed from several by
seed, or of some seeds alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from benchmark.judging import statements
from benchmark.judging.finding import Finding, Incomparable, Lookup, Points, Undecidable, silent
from benchmark.judging.hypothesis_tests import LEAST_SEEDS
from benchmark.judging.samples import Sample, protocol_difference
from benchmark.spec import expression, words
from benchmark.spec.claims import Bound, Predicate
from benchmark.spec.quantities import Computed, Operand, Quantity

Measured = Callable[[Quantity], Sample]


def with_computed(measured: Measured) -> Lookup:
    """A lookup of measured quantities and of what is computed from them."""

    def lookup(operand: Operand) -> Sample:
        if isinstance(operand, Quantity):
            return measured(operand)
        return _computed(operand, {name: measured(quantity) for name, quantity in operand.of.items()})

    return lookup


def number(computed: Computed, values: Mapping[str, float]) -> float | None:
    """The expression's value; None where it has none."""
    try:
        value = float(expression.evaluate(computed.compute, values))
    except (ArithmeticError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _computed(computed: Computed, parts: Mapping[str, Sample]) -> Sample:
    """By seed that all parts have.

    A seed in which one part diverged has diverged. It ranks last if the worst value of that part makes the number
    infinite.
    """
    samples = list(parts.values())
    difference = protocol_difference(samples)
    if difference is not None:
        raise Incomparable(f"{computed.says}: {difference}")
    if any(sample.beyond for sample in samples):
        raise Undecidable(f"{computed.says}: an event that it is computed from did not happen within the run")
    shared = sorted(set.intersection(*(set(sample.seeds) for sample in samples)))
    broken = frozenset(seed for seed in shared if any(seed in sample.diverged for sample in samples))
    last = frozenset(seed for seed in broken if _worst(computed, parts, seed) == math.inf)
    values = {}
    for seed in shared:
        if seed not in broken:
            value = number(computed, {name: sample.values[seed] for name, sample in parts.items()})
            if value is None:
                raise Undecidable(f"{computed.says}: '{computed.compute}' has no value in seed {seed}")
            values[seed] = value
    return Sample(
        label=computed.says,
        experiment=", ".join(sorted({sample.experiment for sample in samples})),
        tier=samples[0].tier,
        planned=tuple(shared),
        values=values,
        diverged=broken - last,
        beyond=last,
        proxy=any(sample.proxy for sample in samples),
        protocols={seed: samples[0].protocols[seed] for seed in values if seed in samples[0].protocols},
        computed=True,
    )


def _worst(computed: Computed, parts: Mapping[str, Sample], seed: int) -> float:
    """The expression with the worst value in place of each part that diverged; NaN where there is none."""
    worst = {"lower": math.inf, "higher": -math.inf}
    values = {name: sample.values.get(seed, worst.get(sample.direction, math.nan)) for name, sample in parts.items()}
    try:
        return float(expression.evaluate(computed.compute, values))
    except (ArithmeticError, ValueError):
        return math.nan


def among(seeds: Collection[int], lookup: Lookup) -> Lookup:
    """The same lookup, of these seeds alone."""

    def kept(sample: Sample) -> Sample:
        return replace(
            sample,
            planned=tuple(seed for seed in sample.planned if seed in seeds),
            values={seed: value for seed, value in sample.values.items() if seed in seeds},
            diverged=sample.diverged & frozenset(seeds),
            beyond=sample.beyond & frozenset(seeds),
        )

    return lambda operand: kept(lookup(operand))


def evaluate(predicate: Predicate, measured: Measured) -> Finding:
    """Test a predicate; raises :class:`Incomparable` and :class:`Undecidable`."""
    return predicate.ask(Seeds(with_computed(measured)))


@dataclass(frozen=True)
class Seeds:
    """Answers of the seeds at hand; a ``spec.claims.Logic``."""

    lookup: Lookup

    def less(self, first: Operand, second: Operand) -> Finding:
        return statements.less(first, second, self.lookup)

    def within(self, operand: Operand, above: float | None, below: float | None) -> Finding:
        return _one([statements.bound_on(operand, *side, self.lookup) for side in _sides(above, below)])

    def ratio(self, first: Operand, second: Operand, above: float | None, below: float | None) -> Finding:
        return _one([statements.ratio(first, second, *side, self.lookup) for side in _sides(above, below)])

    def close(self, first: Operand, second: Operand, margin: float) -> Finding:
        return statements.equal(first, second, margin, self.lookup)

    def exactly(self, operand: Operand, value: float, share: float) -> Finding:
        return statements.exactly(operand, value, share, self.lookup)

    def in_seeds(self, part: Predicate, share: float) -> Finding:
        return statements.in_share(part.ask(self).truths, share, part.text)

    def given(self, condition: Bound, then: Predicate) -> Finding:
        """Too few seeds that meet the condition say nothing."""
        seeds = statements.meeting(condition, self.lookup)
        if len(seeds) < LEAST_SEEDS:
            count = words.counted(len(seeds), "seed")
            return silent(f"where {condition.text}", {}, "mixed", f"{count}, {LEAST_SEEDS} are needed")
        return then.ask(Seeds(among(seeds, self.lookup)))

    def every(self, parts: Sequence[Finding]) -> Finding:
        return combined(parts, "every")

    def some(self, parts: Sequence[Finding]) -> Finding:
        return combined(parts, "some")

    def whole(self, answer: Finding) -> Finding:
        return replace(answer, parts=())


def _sides(above: float | None, below: float | None) -> list[tuple[float, bool]]:
    return [(bound, upper) for bound, upper in ((above, False), (below, True)) if bound is not None]


def _one(sides: Sequence[Finding]) -> Finding:
    """Two bounds on one quantity are one statement: on the wrong side of one, the other is no merit."""
    return replace(combined(sides, "every"), parts=())


def combined(parts: Sequence[Finding], how: Literal["every", "some"]) -> Finding:
    """The conjunction (or disjunction) of several findings.

    "Every" is an intersection-union test: that all parts hold is shown when the weakest is, at the full level, since
    all must be shown (Berger 1982). That some part is opposed may come from any of them, so the strongest opposition
    counts at 1 / parts of the level (Bonferroni). "Some" is the same with claim and opposite exchanged.
    """
    if len(parts) == 1:
        return parts[0]
    if how == "some":
        shown = {part.points for part in parts}
        return replace(
            combined([part.opposite for part in parts], "every").opposite,
            test=" or ".join(part.test for part in parts),
            truths=_together([part.truths for part in parts], any),
            points="same" if "same" in shown else "other" if shown == {"other"} else "mixed",
            parts=(),
        )
    # the steps of several orders are so many statements
    parts = [inner for part in parts for inner in (part.parts or (part,))]
    weakest = max(parts, key=lambda part: part.p)
    opposed = min(parts, key=lambda part: part.p_against)
    doubtful = [part for part in parts if part.p > 0.5]
    shown = {part.points for part in parts}
    points: Points = shown.pop() if len(shown) == 1 else "mixed"

    def needed(alpha: float, power: float) -> int | None:
        # each part may miss its share of what the whole may miss, and then all are shown with the power promised
        share = 1 - (1 - power) / len(parts)
        counts = [part.needed(alpha / len(parts), power) for part in doubtful]
        counts = counts or [part.needed(alpha, share) for part in parts]
        known = [count for count in counts if count is not None]
        if doubtful:
            return min(known, default=None)
        return max(known) if len(known) == len(counts) else None

    return Finding(
        test=" and ".join(part.test for part in parts),
        p=weakest.p,
        p_against=min(1.0, len(parts) * opposed.p_against),
        # the interval of the part that decides: the verdict can only be against where the numbers of a part are
        statistic=(opposed if doubtful else weakest).statistic,
        truths=_together([part.truths for part in parts], all),
        points=points,
        says=weakest.says,
        says_against=opposed.says_against,
        needed=needed,
        parts=tuple(parts),
        conditions=tuple(effect for part in parts for effect in part.effects),
    )


def _together(truths: Sequence[Mapping[int, bool]], combine: Callable[[list[bool]], bool]) -> dict[int, bool]:
    shared = set.intersection(*(set(truth) for truth in truths))
    return {seed: combine([truth[seed] for truth in truths]) for seed in sorted(shared)}
