"""Published numbers beside measured ones: equivalence within a margin that was fixed before any run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmark.judging import hypothesis_tests, words
from benchmark.judging.hypothesis_tests import ALPHA, LEAST_SEEDS
from benchmark.judging.published import Printed, cells
from benchmark.judging.samples import Evidence, Sample, protocol_difference
from benchmark.judging.verdict import CellState, CellVerdict, Interval
from benchmark.spec.base import TIERS
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import METRICS
from benchmark.spec.quantities import Quantity

#: key of a table's protocol that says over how many training seeds its spreads are
_SEEDS = "seeds"
#: without these nobody can say that a number agrees, or that it does not: how many examples, which real ones, what size
_DECISIVE = ("samples", "pairs", "reference", "size")
#: identities and consequences of other fields, which no paper can be expected to print
_OURS = ("metric", "dataset", "n_real", _SEEDS)


def margin(printed: Printed) -> float | None:
    """The margin of a cell: the table's own, else what is usual for its metric; None where there is neither."""
    if printed.source.margin is not None:
        return printed.source.margin
    metric = METRICS.find(printed.source.quantity)
    if metric is None or metric.usual_margin is None:
        return None
    share, least = metric.usual_margin
    return max(share * abs(printed.cell.value), least)


def cell_verdicts(spec: PaperSpec, evidence: Evidence) -> list[CellVerdict]:
    """A verdict on every published number, in reading order."""
    every = cells(spec)
    return [_verdict(evidence, printed, _first_time(printed, every)) for printed in every]


@dataclass(frozen=True)
class _Finding:
    state: CellState
    reason: str
    deviation: Interval | None = None
    seeds_needed: int | None = None
    assumed: tuple[str, ...] = ()


def _verdict(evidence: Evidence, printed: Printed, first: Printed | None) -> CellVerdict:
    sample = _measured(evidence, printed)
    finding = _judge(printed, sample)
    if printed.source.quantity == "seconds" and sample is not None:
        finding, sample = replace(finding, reason=finding.reason + _time_ratio(evidence, printed, first)), None
    return CellVerdict(
        table=printed.table,
        row=printed.row,
        column=printed.column,
        published=printed.cell.value,
        decimals=printed.cell.decimals,
        state=finding.state,
        reason=finding.reason,
        tier=sample.tier if sample is not None and sample.seeds else None,
        measured=sample.summary() if sample is not None and sample.seeds else None,
        deviation=finding.deviation,
        margin=margin(printed),
        seeds_needed=finding.seeds_needed,
        diverged=(len(sample.diverged), len(sample.seeds)) if sample is not None else (0, 0),
        assumed=list(finding.assumed),
    )


def _measured(evidence: Evidence, printed: Printed) -> Sample | None:
    """What regenerates the cell, at the fullest tier that has any; None where nothing regenerates it."""
    cell = printed.cell
    if cell.experiment is None or cell.quoted_from is not None:
        return None
    found: Sample | None = None
    for tier in TIERS:
        if cell.score is None:
            if printed.source.quantity != "seconds":
                return None
            sample = evidence.sample(Quantity(experiment=cell.experiment, time="training_seconds"), tier)
        elif printed.source.quantity == "iterations":
            sample = evidence.best_iteration(cell.experiment, cell.score, tier)
        else:
            sample = evidence.sample(Quantity(experiment=cell.experiment, score=cell.score), tier)
        if sample.seeds:
            return sample
        found = found or sample
    return found


def _judge(printed: Printed, sample: Sample | None) -> _Finding:
    cell = printed.cell
    if cell.quoted_from is not None:
        return _Finding("QUOTED", f"taken from {cell.quoted_from}, not measured by this paper")
    if printed.source.quantity == "setting":
        return _Finding("NOT ASSESSABLE", "a setting that was chosen, not a measurement")
    if printed.source.quantity == "seconds":
        return _Finding("NOT COMPARABLE", "seconds depend on the device: only ratios on one device are judged")
    if sample is None:
        return _Finding("NOT ASSESSABLE", cell.note or "no experiment regenerates this number")
    if not sample.seeds:
        return _Finding("NOT RUN", not_run(sample))
    if sample.tier != "full":
        return _Finding("NOT COMPARABLE", reduced(sample.tier))
    if sample.proxy:
        return _Finding("NOT COMPARABLE", f"{sample.label} is a proxy score, never compared with published numbers")
    protocol = next((sample.protocols[seed] for seed in sorted(sample.values)), {})
    difference = protocol_difference([sample]) or _differs(printed.protocol, protocol)
    if difference is not None:
        return _Finding("NOT COMPARABLE", difference)
    allowed = margin(printed)
    if allowed is None:
        return _Finding("NOT ASSESSABLE", f"no margin is fixed for {printed.source.quantity}")
    assumed = _assumed(printed.protocol, protocol)
    return _compare(printed, sample, allowed, assumed)


def _first_time(printed: Printed, every: Sequence[Printed]) -> Printed | None:
    """The first time in the row of a table of seconds that an experiment here regenerates."""
    row = (one for one in every if (one.table, one.row) == (printed.table, printed.row))
    return next((one for one in row if one.cell.experiment is not None and one.cell.quoted_from is None), None)


def _time_ratio(evidence: Evidence, printed: Printed, first: Printed | None) -> str:
    """How a time relates to the first of its row, in print and as measured: all that another device can tell."""
    if first is None or first.column == printed.column or first.cell.value == 0:
        return ""
    told = f"; {words.number(printed.cell.value / first.cell.value)} times {first.column} in print"
    ours, theirs = _measured(evidence, printed), _measured(evidence, first)
    if ours is None or theirs is None or not ours.values or not theirs.values or ours.tier != theirs.tier:
        return f"{told}, not measured here"
    difference = protocol_difference([ours, theirs])
    if difference is not None:
        return f"{told}, no ratio here: {difference}"
    ratio = words.number(hypothesis_tests.mean(ours.numbers) / hypothesis_tests.mean(theirs.numbers))
    seeds = f"{len(ours.values)} and {words.counted(len(theirs.values), 'seed')}"
    return f"{told}, {ratio} times here (tier {ours.tier}, {seeds})"


def _compare(printed: Printed, sample: Sample, allowed: float, assumed: tuple[str, ...]) -> _Finding:
    cell, direction = printed.cell, printed.source.direction
    one_sided = direction in ("lower", "higher")
    count, broken = len(sample.seeds), len(sample.diverged)
    failures = (
        f"{broken} of {words.counted(count, 'seed')} diverged, which the paper does not report; " if broken else ""
    )
    tail = _incomplete(sample) + (f"; nobody knows whether these agree: {', '.join(assumed)}" if assumed else "")

    unknown = [name for name in _DECISIVE if name in assumed and name not in printed.protocol]

    def said(state: CellState, why: str, deviation: Interval | None, needed: int | None = None) -> _Finding:
        if unknown and state != "INCONCLUSIVE":
            why = f"the paper does not give {', '.join(unknown)}; measured as assumed here it would be {state}: {why}"
            state = "INCONCLUSIVE"
        return _Finding(state, failures + why + tail, deviation, needed, assumed)

    if count < LEAST_SEEDS:
        missing = LEAST_SEEDS - count
        why = f"{words.counted(count, 'seed')} of at least {LEAST_SEEDS}: {missing} more needed"
        return said("INCONCLUSIVE", why, None, LEAST_SEEDS)
    worse = {
        seed: direction_sign(direction) * (sample.values[seed] - cell.value) for seed in sorted(sample.values)
    } | dict.fromkeys(sample.diverged, float("inf"))
    far = sum((abs(value) if not one_sided else value) > allowed for value in worse.values())
    if broken and hypothesis_tests.sign_test(far, count) <= ALPHA:
        p = words.p_value(hypothesis_tests.sign_test(far, count))
        return said("NOT REPRODUCED", f"{far} of {count} beyond the margin or diverged (sign test {p})", None)
    if len(sample.values) < 2:
        return said("INCONCLUSIVE", f"{words.counted(len(sample.values), 'value')} left to compare", None)
    seeds = printed.protocol.get(_SEEDS)
    spread = cell.spread if cell.spread_means == "seeds" and isinstance(seeds, int) else None
    estimate = hypothesis_tests.oriented(
        hypothesis_tests.against_published(
            sample.numbers, cell.value, spread=spread, seeds=seeds if isinstance(seeds, int) else None
        ),
        direction,
    )
    low, high = estimate.interval()
    deviation = Interval(estimate=estimate.value, low=low, high=high, confidence=1 - 2 * ALPHA)
    place = hypothesis_tests.equivalence(estimate, allowed)
    between = f"{words.number(low)} to {words.number(high)}, margin {words.number(allowed)}"
    what = f"90 % interval of the deviation {between}"
    if estimate.error == 0:
        return said(
            "INCONCLUSIVE", f"all seeds gave the same number, so they are no independent runs; {what}", deviation
        )
    if place == "above" or (place == "below" and not one_sided):
        return said("NOT REPRODUCED", what, deviation)
    if broken:
        middle = words.number(hypothesis_tests.median(sample.numbers))
        return said("INCONCLUSIVE", f"median of the other seeds {middle}, {what}", deviation)
    if place == "below":
        return said("BETTER THAN PUBLISHED", f"{what}; look for leakage or an easier protocol", deviation)
    if place == "inside":
        return said("REPRODUCED", what, deviation)
    own = hypothesis_tests.one_sample(sample.numbers)
    needed = hypothesis_tests.seeds_needed(abs(allowed - abs(estimate.value)), own.error * count**0.5)
    needed = None if needed is None else max(needed, count + 1)
    return said("INCONCLUSIVE", what + enough(needed, [sample]), deviation, needed)


def direction_sign(direction: str) -> float:
    """-1 where higher is better, so that a positive deviation is worse."""
    return -1.0 if direction == "higher" else 1.0


def _differs(stated: Mapping[str, Any], measured: Mapping[str, Any]) -> str | None:
    for name in stated:
        if name in measured and str(stated[name]).lower() != str(measured[name]).lower():
            return f"protocol field '{name}' differs: the paper has {stated[name]}, these runs {measured[name]}"
    return None


def _assumed(stated: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, ...]:
    """Fields that only one side gives, so that nobody knows whether they agree."""
    fields = set(stated) ^ set(measured)
    return tuple(sorted(name for name in fields if name not in _OURS and not name.endswith("_sha256")))


# --- reasons that cells and claims share ----------------------------------------------------------------------------


def reduced(tier: str) -> str:
    """Why runs of a reduced tier give no verdict."""
    if tier == "smoke":
        return "only smoke runs exist: they show that everything works, and nothing about the paper"
    return f"only reduced runs (tier {tier}) exist: numbers of another budget decide nothing"


def not_run(*samples: Sample) -> str:
    """Why quantities have no value at any seed: each reason once, with the experiments and seeds that it is about."""
    experiments: dict[str, list[str]] = {}
    for sample in samples:
        reasons = Counter(sample.reasons[seed] for seed in sample.planned if seed in sample.reasons)
        for reason, seeds in reasons.items() if sample.planned else [(f"no run is planned at tier {sample.tier}", 0)]:
            if seeds < len(sample.planned):
                reason = f"{reason} ({seeds} of {len(sample.planned)} seeds)"
            named = experiments.setdefault(reason, [])
            if sample.experiment not in named:
                named.append(sample.experiment)
    return "; ".join(f"{', '.join(named)}: {reason}" for reason, named in experiments.items())


def enough(needed: int | None, samples: list[Sample]) -> str:
    """How many seeds and device hours would decide, as the end of a sentence."""
    if needed is None:
        return "; no reasonable number of seeds would decide at this distance from the bound"
    hours = 0.0
    runs = {sample.experiment: sample for sample in samples}
    for sample in runs.values():
        if sample.seconds:
            each = hypothesis_tests.mean([*sample.seconds.values()])
            hours += max(0, needed - len(sample.seeds)) * each / 3600
    return f"; about {words.counted(needed, 'seed')} would decide, {words.number(hours)} device hours more"


def _incomplete(sample: Sample) -> str:
    missing = [seed for seed in sample.planned if seed not in sample.seeds]
    if not missing:
        return ""
    first = sample.reasons.get(missing[0], "no reason recorded")
    return f"; {len(missing)} of {len(sample.planned)} planned seeds missing ({first})"
