"""Claims as a reader sees them: what each says, what was measured, and what decided."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark.judging import hypothesis_tests
from benchmark.judging.readings import headline, lines
from benchmark.judging.verdict import AcrossReadings, ClaimVerdict, Interval, PaperVerdicts, PartVerdict, Values
from benchmark.reporting.charts import MethodRow, dots, strip
from benchmark.reporting.drawing import Drawing
from benchmark.reporting.painter import printed
from benchmark.reporting.run_groups import PaperRecords
from benchmark.reporting.tables import CLAIM_STATES, SeedValue, State, diverged, seed_values
from benchmark.spec import names, words
from benchmark.spec.base import grouped
from benchmark.spec.claims import (
    AllOf,
    Bound,
    Exactly,
    Given,
    InSeeds,
    Largest,
    Order,
    Predicate,
    Ratio,
    Smallest,
    Together,
    quantities,
)
from benchmark.spec.paper import PaperSpec
from benchmark.spec.quantities import Quantity
from benchmark.spec.words import percent, short, with_spread

_CHARTS = 3
#: characters of a statement from which on it is told without windows
_LONG = 250
#: where the test begins in a reason
_TEST = re.compile(r",? (?:Student|differences by seed|Welch|exact|sign test|two one-sided tests) .*")
_MEANS = re.compile(r": means (\S+) and (\S+)$")


@dataclass(frozen=True)
class PartView:
    """One statement of a conjunction; a long one without the windows of its curves where labels tell them apart."""

    test: str
    state: State
    reason: str
    statistic: str
    #: the numbers that speak of it, without the test
    effect: str


@dataclass(frozen=True)
class ClaimView:
    """One claim as text; ``verdict`` has the plain data."""

    verdict: ClaimVerdict
    state: State
    #: what goes on after the state where readings disagree; empty where they do not
    disagree: str
    #: what is known across readings, ground by ground
    readings: Sequence[str]
    #: means of what it speaks of, each under its name
    effect: str
    test: str
    reason: str
    parts: Sequence[PartView]
    #: what decides and how surely, by name
    facts: Sequence[tuple[str, str]]
    published: str | None
    published_parts: Sequence[PartView]
    strip: Drawing | None
    charts: Sequence[Drawing]
    quantities: Sequence[tuple[str, str, str, Sequence[SeedValue]]]


def claim_views(spec: PaperSpec, verdicts: PaperVerdicts, evidence: PaperRecords) -> list[ClaimView]:
    say = names.in_prose(spec)
    return [_claim(spec, verdict, verdicts, evidence, say) for verdict in verdicts.claims]


def told_across(across: AcrossReadings) -> str:
    """All that is known across readings of one claim, on one ground, in a line."""
    return "; ".join(lines(across))


def told_by_seed(values: Values, say: names.Say) -> str:
    """What was measured of each seed, and why of the others nothing was, in a line."""
    measured = {seed: value for seed, value in sorted(values.seeds.items()) if value is not None}
    parts = [f"seed {seed}: {value:.5g}" for seed, value in measured.items()]
    absent = sorted(set(values.seeds) - set(measured))
    reasons = grouped((values.reasons.get(seed, "not measured"), str(seed)) for seed in absent)
    parts += [f"none of seed{'s' * (len(seeds) > 1)} {', '.join(seeds)}: {say(why)}" for why, seeds in reasons.items()]
    return "; ".join(parts)


def _claim(
    spec: PaperSpec, verdict: ClaimVerdict, verdicts: PaperVerdicts, evidence: PaperRecords, say: names.Say
) -> ClaimView:
    state = CLAIM_STATES[verdict.state]
    predicate = spec.claims[verdict.claim].predicate if verdict.claim in spec.claims else None
    wanted = list(dict.fromkeys(quantities(predicate))) if predicate is not None else []
    groups = _groups(spec, wanted, verdict, say)
    of = next(iter(groups)) if len(groups) == 1 else None
    statistic = None if verdict.statistic is None else verdict.statistic.text(sign=True)
    return ClaimView(
        verdict=verdict,
        state=state,
        disagree=say(headline(verdict, verdicts.readings).removeprefix(verdict.state)),
        readings=[say(told_across(one)) for one in verdicts.readings if one.claim == verdict.claim],
        effect=_effect(spec, groups, bounds_of(predicate) if predicate is not None else {}, verdict.reason),
        test=say(verdict.test),
        reason=say(verdict.reason),
        parts=_parts(verdict.parts, spec, wanted, say),
        facts=[(name, text) for name, text in _claim_facts(verdict, predicate, statistic, of) if text],
        published=_published(verdict, say),
        published_parts=_parts(verdict.on_published_parts, spec, wanted, say),
        strip=None
        if verdict.parts or verdict.preview
        else strip(verdict.statistic, None, state.tone, f"statistic {statistic}; right is as claimed"),
        charts=_claim_charts(spec, groups, evidence),
        quantities=[
            (
                say(values.label),
                f"{names.of_experiment(spec, values.experiment)}, {values.tier} tier",
                _summary(values),
                seed_values(values, None),
            )
            for values in verdict.quantities
        ],
    )


_Groups = Mapping[str, list[tuple[Quantity | None, Values]]]


def _groups(spec: PaperSpec, quantities: Sequence[Quantity], verdict: ClaimVerdict, say: names.Say) -> _Groups:
    """Measured values by what they are of, whatever the window."""
    sources: Sequence[Quantity | None] = (
        quantities if len(quantities) == len(verdict.quantities) else [None] * len(verdict.quantities)
    )
    groups: dict[str, list[tuple[Quantity | None, Values]]] = {}
    for quantity, values in zip(sources, verdict.quantities, strict=True):
        if values.mean is not None:
            label = _name(spec, quantity) or brief(say(values.label))
            if any(values.experiment == other.experiment for _, other in groups.get(label, ())):
                label = say(values.label)  # two windows of one run are not alike
            groups.setdefault(label, []).append((quantity, values))
    return groups


def _name(spec: PaperSpec, quantity: Quantity | None) -> str | None:
    """Label of a plain score."""
    if quantity is None or quantity.score is None or quantity.statistic is not None:
        return None
    label, scores = (
        names.of_score(spec, quantity.experiment, quantity.score),
        spec.experiments[quantity.experiment].scores,
    )
    return f"{label} (proxy)" if scores[quantity.score].metric.proxy and "proxy" not in label else label


def brief(label: str) -> str:
    """A quantity without its window: ``mean of loss over the last 20 % of the run`` is ``loss``."""
    label = re.sub(r", averaged over [^,]*, settles.*", " settles", label)
    if label.startswith("share of "):
        return re.sub(r"^share of .*? with ", "share of iterations with ", label)
    return re.split(r" over (?:the|iterations|epochs|its) | about its | of the (?:last|first|whole) |, as a", label)[
        0
    ].removeprefix("mean of ")


def _effect(spec: PaperSpec, groups: _Groups, bounds: Mapping[Quantity, str], reason: str) -> str:
    """Means under the names of what they are of, those that the ``reason`` of a verdict tells of first."""

    def told(members: Sequence[tuple[Quantity | None, Values]]) -> bool:
        return any(quantity is not None and quantity.text in reason for quantity, _ in members)

    parts = []
    for label, members in sorted(groups.items(), key=lambda group: not told(group[1])):
        means = [
            f"{names.of_experiment(spec, values.experiment)} {short(values.mean)}"
            + (f" (tested: {bounds[quantity]})" if quantity and quantity in bounds else "")
            for quantity, values in members
            if values.mean is not None
        ]
        parts.append(f"{label}: {names.listed(means)}")
    return "; ".join(parts)


def bounds_of(predicate: Predicate) -> dict[Quantity, str]:
    """What a claim is tested to have a quantity be, where that is a number: ``below 0.1``."""
    match predicate:
        case Bound(bound=Quantity() as quantity, above=above, below=below):
            return {quantity: words.between(above, below)}
        case Exactly(exactly=quantity, value=value):
            return {quantity: words.number(value)}
        case AllOf(all_of=parts) | Together(together=parts):
            return {quantity: bound for part in parts for quantity, bound in bounds_of(part).items()}
        case InSeeds(in_seeds=part) | Given(then=part):
            return bounds_of(part)
    return {}


def _claim_charts(spec: PaperSpec, groups: _Groups, evidence: PaperRecords) -> list[Drawing]:
    """Where several experiments were measured alike, their means with intervals, and what the paper prints of each."""
    drawn = []
    for label, members in groups.items():
        if len({values.experiment for _, values in members}) < 2:
            continue
        rows = [_chart_row(spec, quantity, values, evidence) for quantity, values in members]
        text = "; ".join(
            f"{row.name} {row.text}" + (f", published {short(row.published)}" if row.published is not None else "")
            for row in rows
        )
        drawn.append(dots(rows, label, f"Dots of {label}, {members[0][1].tier} tier: {text}"))
    return drawn[:_CHARTS]


def _chart_row(spec: PaperSpec, quantity: Quantity | None, values: Values, evidence: PaperRecords) -> MethodRow:
    numbers = [(seed, value) for seed, value in sorted(values.seeds.items()) if value is not None]
    low = high = None
    if len(numbers) > 1:
        low, high = hypothesis_tests.one_sample([value for _, value in numbers]).interval()
    assert values.mean is not None
    group = evidence.group(values.experiment) if values.experiment in spec.experiments else None
    score = quantity.score if quantity is not None and quantity.statistic is None else None
    return MethodRow(
        names.of_experiment(spec, values.experiment),
        Interval(estimate=values.mean, low=low, high=high, confidence=0.9),
        _summary(values),
        numbers,
        printed(spec, group, score) if group is not None and score is not None else None,
    )


def _parts(parts: Sequence[PartVerdict], spec: PaperSpec, wanted: Sequence[Quantity], say: names.Say) -> list[PartView]:
    labels = {one: _name(spec, one) or brief(say(one.bare)) for one in wanted}

    def named_in(text: str) -> list[Quantity]:
        return sorted((one for one in labels if one.text in text), key=lambda one: text.index(one.text))

    def briefly(text: str) -> str:
        here = named_in(text)
        alike = Counter((one.experiment, labels[one]) for one in here)
        for one in sorted(here, key=lambda one: -len(one.text)):
            if alike[one.experiment, label := labels[one]] == 1:
                text = text.replace(one.text, f"{label} ({one.experiment})")
        return say(text)

    def read(text: str) -> str:
        return say(text) if len(text) <= _LONG else briefly(text)

    def numbers(reason: str) -> str:
        """What decides, without the test: ``loss: GAN 0.5, DCGAN 0.7``; ``loss (GAN) is below 1: mean 2``."""
        text = _TEST.sub("", reason)
        here, means = named_in(text), _MEANS.search(text)
        if means is not None and len(here) == 2 and labels[here[0]] == labels[here[1]]:
            pairs = zip((names.of_experiment(spec, one.experiment) for one in here), means.groups(), strict=True)
            return f"{labels[here[0]]}: {names.listed(' '.join(pair) for pair in pairs)}"
        return briefly(text)

    return [
        PartView(
            read(part.test),
            CLAIM_STATES[part.state],
            read(part.reason.removeprefix(f"{part.test}: ")),
            "" if part.statistic is None else part.statistic.text(sign=True),
            numbers(part.reason),
        )
        for part in parts
    ]


def _claim_facts(
    verdict: ClaimVerdict, predicate: Predicate | None, statistic: str | None, of: str | None
) -> list[tuple[str, str | None]]:
    decides = statistic_name(predicate, of) if predicate is not None else "statistic"
    if verdict.preview is not None:
        seeds = words.counted(verdict.seeds, "seed")
        return [("preview, not a verdict", f"{verdict.preview} ({verdict.tier} tier, {seeds})")]
    count = None
    if verdict.min_seeds is not None and verdict.seeds:
        planned = f" of {verdict.planned} planned" if verdict.planned else ""
        count = f"{verdict.seeds}{planned}, at least {verdict.min_seeds} needed"
        if verdict.seeds_needed is not None and verdict.p is not None:  # of fewer than the least nothing is known
            count += f"; about {verdict.seeds_needed} would decide"
    return [
        (decides, f"{statistic}; plus is as claimed" if statistic and not verdict.parts else None),
        ("test", p_text(verdict)),
        ("holds in", None if verdict.share is None else f"{percent(verdict.share)} of the seeds"),
        ("seeds", count),
        ("diverged", diverged(verdict.diverged)),
    ]


def statistic_name(predicate: Predicate, of: str | None) -> str:
    """What the statistic of a claim is, whose positive values are as claimed; ``of`` is what it compares."""
    match predicate:
        case Order(order=operands) | Smallest(smallest=operands) | Largest(largest=operands):
            return f"{'smallest ' if len(operands) > 2 else ''}difference{f' in {of}' if of else ''}"
        case Ratio(above=above, below=below):
            return f"distance of the ratio from {_bounds(above, below)}"
        case Bound(bound=operand, above=above, below=below):
            label = of or brief(operand.bare if isinstance(operand, Quantity) else operand.says)
            return f"distance of {label} from {_bounds(above, below)}"
        case InSeeds(in_seeds=part) | Given(then=part):
            return statistic_name(part, of)
    return "deciding difference"


def _bounds(above: float | None, below: float | None) -> str:
    known = [words.number(bound) for bound in (above, below) if bound is not None]
    return known[0] if len(known) == 1 else "the nearer bound"


def p_text(verdict: ClaimVerdict) -> str | None:
    """``p = 0.003 as claimed, p = 0.015 after Holm``: of the direction that the seeds point to."""
    if verdict.p is None:
        return None
    against = verdict.p_against is not None and verdict.p_against < verdict.p
    p, holm = (verdict.p_against, verdict.p_against_holm) if against else (verdict.p, verdict.p_holm)
    assert p is not None
    after = "" if holm is None else f", {words.p_value(holm)} after Holm"
    return f"{words.p_value(p)} {'against the claim' if against else 'as claimed'}{after}"


def _published(verdict: ClaimVerdict, say: names.Say) -> str | None:
    if verdict.on_published is None:
        return None
    text = f": {say(verdict.on_published_reason)}" if verdict.on_published_reason else ""
    return f"{verdict.on_published}{text}"


def _summary(values: Values) -> str:
    if values.mean is None:
        return "none"
    return with_spread(values.mean, values.deviation)
