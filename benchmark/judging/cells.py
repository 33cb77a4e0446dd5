"""Published numbers beside measured ones: equivalence within a margin that was fixed before any run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from benchmark.judging import hypothesis_tests
from benchmark.judging.evidence import Evidence
from benchmark.judging.hypothesis_tests import ALPHA, INTERIM, LEAST_SEEDS, Estimate, mean
from benchmark.judging.samples import Sample, protocol_difference
from benchmark.judging.seeds_needed import POWER, fewest, power_equivalence
from benchmark.judging.verdict import CellState, CellVerdict
from benchmark.spec import words
from benchmark.spec.base import TIERS
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import METRICS
from benchmark.spec.printed import Printed
from benchmark.spec.quantities import Quantity

#: key of a table's protocol that says over how many training seeds its spreads are
_SEEDS = "seeds"
#: without these nobody can say that a number agrees, or that it does not: how many examples, which real ones, what size
DECISIVE = ("samples", "pairs", "reference", "size")
#: these move a score too: where the paper is silent, a verdict holds if it measured as is assumed here
MOVING = ("checkpoint", "resize", "extractor", "generator_mode", "splits", "filter")
#: identities and consequences of other fields, which no paper can be expected to print
_OURS = ("metric", "dataset", "n_real", _SEEDS)
#: a seed is far outside when it is worse than the published number by more than so many margins
_FAR = 2.0


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
    numbers = spec.printed
    return [verdict_on(evidence, printed, _first_time(printed, numbers)) for printed in numbers]


def verdict_on(evidence: Evidence, printed: Printed, first: Printed | None = None) -> CellVerdict:
    """The verdict on one number; of a time, beside ``first``, the first one of its row."""
    sample = _measured(evidence, printed)
    rougher = None if sample is None else evidence.rougher(sample.experiment, sample.tier)
    if printed.source.quantity == "seconds" and sample is not None:
        verdict = _judge(printed, sample, None, rougher)
        return verdict.model_copy(update={"reason": verdict.reason + _time_ratio(evidence, printed, sample, first)})
    return _judge(printed, sample, sample, rougher)


def _said(printed: Printed, shown: Sample | None, state: CellState, reason: str, **facts: Any) -> CellVerdict:
    """The verdict on a number, with ``shown`` beside it."""
    usual: dict[str, Any] = {
        "table": printed.table,
        "row": printed.row,
        "column": printed.column,
        "published": printed.cell.value,
        "decimals": printed.cell.decimals,
        "state": state,
        "reason": reason,
        "tier": shown.tier if shown is not None and shown.seeds else None,
        "measured": shown.summary() if shown is not None and shown.seeds else None,
        "deviation": None,
        "margin": margin(printed),
        "rounding": rounding(printed),
        "seeds_needed": None,
        "diverged": (len(shown.diverged), len(shown.seeds)) if shown is not None else (0, 0),
        "planned": len(shown.planned) if shown is not None else 0,
    }
    return CellVerdict(**{**usual, **facts})


def rounding(printed: Printed) -> float:
    """Half a unit of the last printed digit: by so much the number may differ from what was measured."""
    return 0.5 * 10.0**-printed.cell.decimals


def _measured(evidence: Evidence, printed: Printed) -> Sample | None:
    """What regenerates the cell, at the fullest tier that has any; None where nothing regenerates it."""
    cell = printed.cell
    if cell.experiment is None or cell.quoted_from is not None:
        return None
    reduced: Sample | None = None
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
        if reduced is None or (sample.runs and not reduced.runs):
            reduced = sample
    return reduced


def _judge(printed: Printed, sample: Sample | None, shown: Sample | None, rougher: str | None) -> CellVerdict:
    """The rules that need no statistics; the others are in :func:`_compare`."""
    cell, allowed = printed.cell, margin(printed)
    said = partial(_said, printed, shown)
    if cell.quoted_from is not None:
        return said("QUOTED", f"taken from {cell.quoted_from}, not measured by this paper")
    if printed.source.quantity == "setting":
        return said("NOT ASSESSABLE", "a setting that was chosen, not a measurement")
    if printed.source.quantity == "seconds":
        return said("NOT COMPARABLE", "seconds depend on the device: only ratios on one device are judged")
    if sample is None:
        return said("NOT ASSESSABLE", cell.note or "no experiment regenerates this number")
    if not sample.seeds:
        return said("NOT MEASURED" if sample.runs else "NOT RUN", not_run(sample))
    if sample.tier != "full":
        return said("NOT COMPARABLE", reduced(sample.tier))
    if rougher is not None:
        return said("NOT COMPARABLE", rougher)
    if sample.proxy:
        return said("NOT COMPARABLE", f"{sample.label} is a proxy score, never compared with published numbers")
    protocol = next((sample.protocols[seed] for seed in sorted(sample.values)), {})
    difference = protocol_difference([sample]) or differs(printed.protocol, protocol)
    if difference is not None:
        return said("NOT COMPARABLE", difference)
    if allowed is None:
        return said("NOT ASSESSABLE", f"no margin is fixed for {printed.source.quantity}")
    if printed.source.margin is not None and 0 < abs(cell.value) < allowed:
        what = f"the margin {words.number(allowed)} is larger than the number itself, so that nearly all would pass"
        return said("NOT ASSESSABLE", what)
    return _compare(printed, sample, allowed + rounding(printed), protocol)


def _first_time(printed: Printed, numbers: Sequence[Printed]) -> Printed | None:
    """The first number of a row of times that an experiment here measures too."""
    row = (moment for moment in numbers if (moment.table, moment.row) == (printed.table, printed.row))
    return next((time for time in row if time.cell.experiment is not None and time.cell.quoted_from is None), None)


def _time_ratio(evidence: Evidence, printed: Printed, ours: Sample, first: Printed | None) -> str:
    """A time over the first time of its row, in print and as measured: seconds depend on the device, the ratio less."""
    if first is None or first.column == printed.column or first.cell.value == 0:
        return ""
    text = f"; {words.number(printed.cell.value / first.cell.value)} times {first.column} in print"
    theirs = _measured(evidence, first)
    if theirs is None or not ours.values or not theirs.values or ours.tier != theirs.tier:
        return f"{text}, not measured here"
    difference = protocol_difference([ours, theirs])
    if difference is not None:
        return f"{text}, no ratio here: {difference}"
    ratio = words.number(mean(ours.numbers) / mean(theirs.numbers))
    seeds = f"{len(ours.values)} and {words.counted(len(theirs.values), 'seed')}"
    return f"{text}, {ratio} times here (tier {ours.tier}, {seeds})"


def _compare(printed: Printed, sample: Sample, allowed: float, protocol: Mapping[str, Any]) -> CellVerdict:
    """State, reason and numbers, with what qualifies them: unknown fields, seeds far outside, interim looks."""
    interim = bool(sample.missing)
    state, why, facts = _decide(printed, sample, allowed, INTERIM if interim else ALPHA)
    assumed = _assumed(printed.protocol, protocol)
    silent = [name for name in assumed if name not in printed.protocol]
    blind = [name for name in silent if name in DECISIVE]
    conditions = [f"{name} = {words.shown(protocol[name])}" for name in silent if name in MOVING]
    if printed.cell.spread_means in ("seeds", "standard_error") and published_seeds(printed) is None:
        conditions.append(f"{_SEEDS} behind the published spread")
    if state not in ("INCONCLUSIVE", "INTERIM"):
        if blind:
            why = f"the paper does not give {', '.join(blind)}; measured as assumed here it would be {state}: {why}"
            state = "INCONCLUSIVE"
        elif conditions and state != "BETTER THAN PUBLISHED":
            state = "REPRODUCED IF" if state == "REPRODUCED" else "NOT REPRODUCED IF"
            why = f"if {', '.join(conditions)}: {why}"
    if interim:
        at = f"{len(sample.seeds)} of {words.counted(len(sample.planned), 'planned seed')}"
        if state == "INCONCLUSIVE" and not blind:
            state = "INTERIM"
        why = f"interim look at {at}: {why}"
    if sample.diverged:
        broken = f"{len(sample.diverged)} of {words.counted(len(sample.seeds), 'seed')}"
        why = f"{broken} diverged, which the paper does not report; {why}"
    text = f"; nobody knows whether these agree: {', '.join(assumed)}" if assumed else ""
    return _said(
        printed, sample, state, why + incomplete([sample]) + text,
        assumed=list(assumed), conditions=conditions, interim=interim, **facts,
    )  # fmt: skip


def _decide(printed: Printed, sample: Sample, allowed: float, alpha: float) -> tuple[CellState, str, dict[str, Any]]:
    """The same, as if the whole protocol were known."""
    cell, direction, count = printed.cell, printed.source.direction, len(sample.seeds)
    one_sided = direction in ("lower", "higher")
    sign = -1.0 if direction == "higher" else 1.0  # so that a positive deviation is worse
    worse = {seed: sign * (sample.values[seed] - cell.value) for seed in sorted(sample.values)}
    if not one_sided:
        worse = {seed: abs(value) for seed, value in worse.items()}
    worse |= dict.fromkeys(sorted(sample.diverged), math.inf)
    far = [seed for seed, value in worse.items() if value > _FAR * allowed]
    facts: dict[str, Any] = {"far": hypothesis_tests.share_interval(len(far), count), "far_seeds": far}
    if count < LEAST_SEEDS:
        missing = LEAST_SEEDS - count
        why = f"{words.counted(count, 'seed')} of at least {LEAST_SEEDS}: {missing} more needed"
        return "INCONCLUSIVE", why, {**facts, "seeds_needed": LEAST_SEEDS}
    beyond = sum(value > allowed for value in worse.values())
    p = hypothesis_tests.sign_test(beyond, count)
    if sample.diverged and p <= alpha:
        why = f"{beyond} of {count} beyond the margin or diverged (sign test {words.p_value(p)})"
        return "NOT REPRODUCED", why, facts
    if len(sample.values) < 2:
        why = f"{words.counted(len(sample.values), 'value')} left to compare, sign test {words.p_value(p)}"
        return "INCONCLUSIVE", why, facts
    own, other = hypothesis_tests.one_sample(sample.numbers), _published(printed)
    facts |= _prediction(printed, own, len(sample.values))
    estimate = hypothesis_tests.oriented(hypothesis_tests.against(own, cell.value, other), direction)
    place = hypothesis_tests.equivalence(estimate, allowed, alpha)
    facts["deviation"] = estimate.shown()
    low, high = estimate.interval(alpha)  # that of an interim look is far wider
    between = f"{words.number(low)} to {words.number(high)}, margin {words.number(allowed)}"
    what = f"{words.number(100 * hypothesis_tests.confidence(alpha))} % interval of the deviation {between}"
    if own.error == 0 and not (sample.resolution or sample.numbers[0] in sample.possible):
        return "INCONCLUSIVE", f"all seeds gave the same number, so they are no independent runs; {what}", facts
    if place == "above" or (place == "below" and not one_sided):
        return "NOT REPRODUCED", what, facts
    if sample.diverged:
        middle = words.number(hypothesis_tests.median(sample.numbers))
        return "INCONCLUSIVE", f"median of the other seeds {middle}, {what}", facts
    if place == "below":
        return "BETTER THAN PUBLISHED", f"{what}; look for leakage or an easier protocol", facts
    if place == "inside" and not far:
        return "REPRODUCED", what, facts
    if place == "inside":
        seeds = ", ".join(map(str, far))
        return "INCONCLUSIVE", f"the mean agrees, yet seed {seeds} lies far outside; {what}", facts
    power = partial(power_equivalence, estimate.value, own.seed_spread(len(sample.values)))
    # the level that it is for is that of the last look
    first = max(count + 1, len(sample.planned)) if sample.missing else count + 1
    facts["seeds_needed"] = fewest(lambda n: max(power(n, allowed, other=other)) >= POWER, first)
    return "INCONCLUSIVE", what + enough(facts["seeds_needed"], [sample]), facts


def published_seeds(printed: Printed) -> int | None:
    """Training seeds behind a published spread; None where the table does not say."""
    seeds = printed.protocol.get(_SEEDS)
    try:
        count = float(seeds)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return int(count) if count >= 2 and count.is_integer() else None


def _published(printed: Printed) -> Estimate | None:
    """The published number's own uncertainty; None where none is printed, or not over how many seeds."""
    spread, seeds = printed.cell.spread, published_seeds(printed)
    if spread is None or seeds is None or printed.cell.spread_means not in ("seeds", "standard_error"):
        return None
    error = spread / math.sqrt(seeds) if printed.cell.spread_means == "seeds" else spread
    return Estimate(printed.cell.value, error, seeds - 1)


def _prediction(printed: Printed, own: Estimate, count: int) -> dict[str, Any]:
    """Where one more run of ours would lie. A paper that prints one run prints such a number."""
    half = hypothesis_tests.quantile(1 - ALPHA, count - 1) * own.error * math.sqrt(count + 1)
    low, high = own.value - half, own.value + half
    single = printed.cell.spread_means not in ("seeds", "standard_error")
    near = low - rounding(printed) <= printed.cell.value <= high + rounding(printed)
    prediction = hypothesis_tests.interval(own.value, low, high)
    return {"prediction": prediction, "surprising": not near if single else None}


def differs(stated: Mapping[str, Any], measured: Mapping[str, Any]) -> str | None:
    """The first field of the protocol that both sides give and in which they differ, in words."""
    for name in stated:
        if name in measured and str(stated[name]).lower() != str(measured[name]).lower():
            return f"protocol field '{name}' differs: the paper has {stated[name]}, these runs {measured[name]}"
    return None


def _assumed(stated: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, ...]:
    """Fields that only one side gives, so that nobody knows whether they agree."""
    fields = set(stated) ^ set(measured)
    return tuple(sorted(name for name in fields if name not in _OURS and not name.endswith("_sha256")))


def reduced(tier: str) -> str:
    """Why runs of a reduced tier give no verdict."""
    if tier == "smoke":
        return "all that it needs has run at tier smoke alone, which shows that it works and nothing about the paper"
    return f"all that it needs has run at tier {tier} alone: numbers of another budget decide nothing"


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


def enough(needed: int | None, samples: Sequence[Sample]) -> str:
    """How many seeds and device hours would decide, as the end of a sentence."""
    power = f"{words.number(100 * POWER)} % power"
    if needed is None:
        return f"; no number of seeds is known that would decide with {power}"
    timed = {sample.experiment: sample for sample in samples if any(sample.seconds.values())}.values()
    hours = sum(max(0, needed - len(run.seeds)) * mean([*run.seconds.values()]) / 3600 for run in timed)
    text = f"; about {words.counted(needed, 'seed')} would decide with {power}"
    return f"{text}, {words.number(hours)} device hours more" if timed else text


def incomplete(samples: Sequence[Sample]) -> str:
    """How many planned runs are missing, as the end of a sentence."""
    missing = {
        (sample.experiment, seed): sample.reasons.get(seed, "no reason recorded")
        for sample in samples
        for seed in sample.missing
    }
    if not missing:
        return ""
    counts = Counter(missing.values())
    why = [f"{count} of them: {reason}" if len(counts) > 1 else reason for reason, count in counts.items()]
    return f"; {words.counted(len(missing), 'planned run')} missing ({'; '.join(why)})"
