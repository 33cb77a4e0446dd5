"""Samples that predicates compare: as measured, computed from several by seed, or of some seeds alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from benchmark.judging.finding import Incomparable, Lookup, Undecidable
from benchmark.judging.samples import Sample, protocol_difference
from benchmark.spec.expression import evaluate
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
        value = float(evaluate(computed.compute, values))
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
        return float(evaluate(computed.compute, values))
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
