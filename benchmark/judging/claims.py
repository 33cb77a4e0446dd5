"""Verdicts on a paper's claims: full-tier runs decide, under Holm over all claims that were tested.

"Holds" and "reversed" are two families, each at its own level: at most 5 % of papers have any claim that wrongly holds,
and at most 5 % any that is wrongly reversed. A reader who fears either error has at most 10 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmark.judging import hypothesis_tests
from benchmark.judging.cells import enough, incomplete, not_run, reduced
from benchmark.judging.evidence import Evidence
from benchmark.judging.finding import Finding, Incomparable, Points, Undecidable
from benchmark.judging.hypothesis_tests import ALPHA, INTERIM, LEAST_SEEDS
from benchmark.judging.predicates import evaluate, with_computed
from benchmark.judging.published import Numbers
from benchmark.judging.samples import Sample
from benchmark.judging.seeds_needed import POWER
from benchmark.judging.verdict import ClaimState, ClaimVerdict, PartState, PartVerdict, Preview
from benchmark.spec import words
from benchmark.spec.base import TIERS
from benchmark.spec.claims import Claim, Predicate, quantities
from benchmark.spec.paper import PaperSpec
from benchmark.spec.quantities import Computed, Quantity

_AFTER = " after Holm"
_PREVIEWS: dict[Points, Preview] = {"same": "points the same way", "other": "points the other way", "mixed": "mixed"}


@dataclass(frozen=True)
class Draft:
    """A claim before the correction for testing several: ``state`` is None where a test decides."""

    name: str
    claim: Claim
    state: ClaimState | None
    reason: str
    samples: Sequence[Sample] = ()
    finding: Finding | None = None
    #: what is computed from the samples and compared
    computed: Sequence[Sample] = ()

    @property
    def tier(self) -> str | None:
        return self.samples[0].tier if self.samples and self.state not in ("NOT RUN", "NOT MEASURED") else None

    @property
    def seeds(self) -> int:
        return min((len(sample.seeds) for sample in (*self.samples, *self.computed)), default=0)

    @property
    def interim(self) -> bool:
        return self.tier == "full" and any(sample.missing for sample in self.samples)

    @property
    def so_far(self) -> tuple[int, int]:
        """Seeds at hand, and how many are planned: of what lacks some, the fewest; else of what has fewest."""
        lacking = [sample for sample in self.samples if sample.missing] or self.samples
        if not lacking:
            return 0, 0
        fewest = min(lacking, key=lambda sample: len(sample.seeds))
        return min(len(sample.seeds) for sample in (fewest, *self.computed)), len(fewest.planned)


@dataclass(frozen=True)
class _Family:
    """What Holm makes of a claim's p values for and against, and over how many claims."""

    p: float
    p_against: float
    claims: int


def claim_verdicts(spec: PaperSpec, evidence: Evidence) -> list[ClaimVerdict]:
    """A verdict on every claim, in the spec's order."""
    return verdicts(spec, drafts(spec, evidence, spec.claims), spec.claims)


def drafts(spec: PaperSpec, evidence: Evidence, names: Iterable[str]) -> dict[str, Draft]:
    """What the evidence says of claims, each by itself."""
    return {name: _draft(name, spec.claims[name], evidence) for name in names}


def verdicts(spec: PaperSpec, known: Mapping[str, Draft], names: Iterable[str]) -> list[ClaimVerdict]:
    """Verdicts on the claims ``names``. Holm corrects over the drafts of all claims of the paper, ``known``."""
    tested = {
        draft.name: draft.finding for draft in known.values() if draft.state is None and draft.finding is not None
    }
    adjusted = hypothesis_tests.holm([finding.p for finding in tested.values()])
    against = hypothesis_tests.holm([finding.p_against for finding in tested.values()])
    families = [_Family(*pair, len(tested)) for pair in zip(adjusted, against, strict=True)]
    holm, numbers = dict(zip(tested, families, strict=True)), Numbers(spec)
    return [_verdict(numbers, known[name], holm.get(name)) for name in names]


def _draft(name: str, claim: Claim, evidence: Evidence) -> Draft:
    if claim.not_assessable is not None:
        return Draft(name, claim, "NOT ASSESSABLE", claim.not_assessable)
    if claim.verified_by is not None:
        return Draft(name, claim, "VERIFIED BY TEST", f"a statement about the method, checked by {claim.verified_by}")
    assert claim.predicate is not None
    needed = list(dict.fromkeys(quantities(claim.predicate)))
    for tier in TIERS:
        if all(evidence.sample(quantity, tier).seeds for quantity in needed):
            samples = {quantity: evidence.sample(quantity, tier) for quantity in needed}
            rougher = [why for quantity in needed if (why := evidence.rougher(quantity.experiment, tier)) is not None]
            if rougher and tier != "smoke":
                return Draft(name, claim, "NOT COMPARABLE", "; ".join(dict.fromkeys(rougher)), [*samples.values()])
            return _at_tier(name, claim, claim.predicate, samples)
    wanted = [evidence.sample(quantity, "full") for quantity in needed]
    absent = [sample for sample in wanted if not sample.seeds]
    state: ClaimState = "NOT MEASURED" if all(sample.runs for sample in absent) else "NOT RUN"
    return Draft(name, claim, state, not_run(*absent), wanted)


def _at_tier(name: str, claim: Claim, predicate: Predicate, samples: dict[Quantity, Sample]) -> Draft:
    samples = {quantity: without(sample, claim.across) for quantity, sample in samples.items()}
    compared = list(samples.values())
    tier = compared[0].tier
    if tier == "smoke":
        return Draft(name, claim, "NOT COMPARABLE", reduced(tier), compared)
    try:
        lookup = with_computed(samples.__getitem__)
        computed = [lookup(operand) for _, operand in predicate.operands() if isinstance(operand, Computed)]
        finding = evaluate(predicate, samples.__getitem__)
    except Incomparable as error:
        return Draft(name, claim, "NOT COMPARABLE", str(error), compared)
    except Undecidable as error:
        state: ClaimState = "INCONCLUSIVE" if tier == "full" else "NOT COMPARABLE"
        return Draft(name, claim, state, str(error), compared)
    if tier != "full":
        return Draft(name, claim, "NOT COMPARABLE", reduced(tier), compared, finding)
    draft = Draft(name, claim, None, "", compared, finding, computed)
    needed = max(claim.min_seeds or 0, LEAST_SEEDS)
    if draft.seeds < needed:
        why = f"{words.counted(draft.seeds, 'seed')} of at least {needed}: {needed - draft.seeds} more needed"
        return replace(draft, state="INTERIM" if draft.interim else "INCONCLUSIVE", reason=why)
    return draft


def without(sample: Sample, fields: Sequence[str]) -> Sample:
    """``sample`` without the fields of the protocol that a claim compares ``across``."""
    protocols = {
        seed: {name: value for name, value in protocol.items() if name not in fields}
        for seed, protocol in sample.protocols.items()
    }
    return replace(sample, protocols=protocols)


def _verdict(numbers: Numbers, draft: Draft, family: _Family | None) -> ClaimVerdict:
    claim, finding, state, reason, needed = draft.claim, draft.finding, draft.state, draft.reason, None
    parts: list[PartVerdict] = []
    if finding is not None and family is not None:
        state, reason, needed, parts = _decide(draft, finding, family)
    elif finding is not None and draft.tier == "full":
        needed = max(claim.min_seeds or 0, LEAST_SEEDS)
        parts = _untested(finding, draft.interim) if draft.seeds >= LEAST_SEEDS else []
    assert state is not None
    outcome, why = numbers.outcome(claim.predicate) if claim.predicate is not None else (None, None)
    runs = {(sample.experiment, seed) for sample in draft.samples for seed in sample.seeds}
    broken = {(sample.experiment, seed) for sample in draft.samples for seed in sample.diverged}
    late = {(sample.experiment, seed) for sample in draft.samples for seed in sample.beyond}
    truths = list(finding.truths.values()) if finding is not None else []
    return ClaimVerdict(
        claim=draft.name,
        where=claim.where,
        says=claim.says,
        test=claim.predicate.text if claim.predicate is not None else "",
        state=state,
        reason=reason + _caveats(draft, len(broken), len(late), len(runs)),
        tier=draft.tier,
        preview=_PREVIEWS[finding.points] if finding is not None and draft.tier == "short" else None,
        quantities=[sample.summary() for sample in draft.samples],
        # without a test none of several statements is the one that decides
        statistic=finding.statistic if finding is not None and (family is not None or not finding.parts) else None,
        p=finding.p if family is not None and finding is not None else None,
        p_holm=family.p if family is not None else None,
        seeds=draft.so_far[0],
        min_seeds=claim.min_seeds,
        share=sum(truths) / len(truths) if truths else None,
        diverged=(len(broken), len(runs)),
        seeds_needed=needed,
        on_published=outcome,
        on_published_reason=why,
        note=claim.note,
        p_against=finding.p_against if family is not None and finding is not None else None,
        p_against_holm=family.p_against if family is not None else None,
        parts=parts,
        effects=[*finding.effects] if finding is not None and draft.seeds >= LEAST_SEEDS else [],
        on_published_parts=numbers.parts(claim.predicate) if claim.predicate is not None else [],
        planned=draft.so_far[1],
        interim=draft.interim,
    )


def _decide(draft: Draft, finding: Finding, family: _Family) -> tuple[ClaimState, str, int | None, list[PartVerdict]]:
    """An interim look decides at its own, far smaller level."""
    alpha = INTERIM if draft.interim else ALPHA
    after = f"{_AFTER} over {words.counted(family.claims, 'claim')}"
    look = ""
    if draft.interim:
        seeds, planned = draft.so_far
        at = f"{seeds} of {words.counted(planned, 'planned seed')}"
        look = f"interim look at {at}, which decides at {INTERIM}: "
    parts = _parts(finding, family, alpha)
    if family.p <= alpha:
        return "HOLDS", f"{look}{finding.says}, {words.p_value(family.p)}{after}", None, parts
    if family.p_against <= alpha:
        told = "; ".join(f"{part.state}: {part.reason}" for part in parts)
        p = words.p_value(family.p_against)
        text = f"{told}; together {p} against" if told else f"{_against(finding)}, {p}"
        return _denied(parts), f"{look}{text}{after}", None, parts
    needed = finding.needed(ALPHA / family.claims, POWER)
    if needed is not None and draft.interim:  # the level that it is for is that of the last look
        needed = max(needed, *(len(sample.planned) for sample in draft.samples))
    toward = finding.p <= finding.p_against
    says, adjusted = (finding.says, family.p) if toward else (_against(finding), family.p_against)
    reason = f"{look}{says}, {words.p_value(adjusted)}{after}{enough(needed, draft.samples)}"
    return "INTERIM" if draft.interim else "INCONCLUSIVE", reason, needed, parts


def _against(finding: Finding) -> str:
    """What is against a claim: of several conditions one tells it, and bears that it was chosen among them."""
    chosen = f", {words.p_value(finding.p_against)} over all conditions" if len(finding.effects) > 1 else ""
    return f"{finding.says_against}{chosen}"


def _denied(parts: Sequence[PartVerdict]) -> ClaimState:
    """The state of a claim that is opposed as a whole or in parts."""
    states = {part.state for part in parts} or {"REVERSED"}
    if states == {"REVERSED"}:
        return "REVERSED"
    return "HOLDS IN PART" if "HOLDS" in states else "REVERSED IN PART"


def _parts(finding: Finding, family: _Family, alpha: float) -> list[PartVerdict]:
    """The statements of a conjunction, each by itself: Holm over its parts, times the claims that bear it.

    Where the whole is decided, so is what decided it: all parts of a claim that holds, the most opposed one of a claim
    that does not.
    """
    holding = hypothesis_tests.holm([part.p for part in finding.parts])
    against = hypothesis_tests.holm([part.p_against for part in finding.parts])
    opposed = min(finding.parts, key=lambda part: part.p_against, default=None)

    def verdict(part: Finding, p: float, p_against: float) -> PartVerdict:
        shown = min(family.p, p * family.claims)
        denied = min(1.0, p_against * family.claims, family.p_against if part is opposed else 1.0)
        state: PartState = "HOLDS" if shown <= alpha else "REVERSED" if denied <= alpha else "INCONCLUSIVE"
        toward = state == "HOLDS" or (state == "INCONCLUSIVE" and part.p <= part.p_against)
        says, corrected = (part.says, shown) if toward else (part.says_against, denied)
        return PartVerdict(
            test=part.test,
            state=state,
            reason=f"{says}, {words.p_value(corrected)}{_AFTER}",
            statistic=part.statistic,
            p=part.p,
            p_against=part.p_against,
            effects=[*part.effects],
        )

    adjusted = zip(finding.parts, holding, against, strict=True)
    return [verdict(part, p, p_against) for part, p, p_against in adjusted]


def _untested(finding: Finding, interim: bool) -> list[PartVerdict]:
    """The statements of a conjunction before there are as many seeds as the claim asks for: what the seeds show."""
    return [
        PartVerdict(
            test=part.test,
            state="INTERIM" if interim else "INCONCLUSIVE",
            reason=f"{part.test}: so in {sum(part.truths.values())} of {words.counted(len(part.truths), 'seed')}",
            statistic=part.statistic,
            effects=[*part.effects],
        )
        for part in finding.parts
    ]


def _caveats(draft: Draft, broken: int, late: int, runs: int) -> str:
    """What a reader must know besides the state: failures, missing seeds, proxy scores."""
    text = f"; {broken} of {words.counted(runs, 'run')} diverged" if broken else ""
    text += f"; in {late} of {words.counted(runs, 'run')} what is waited for never came" if late else ""
    if draft.tier == "full":
        text += incomplete(draft.samples)
    if draft.claim.across and draft.finding is not None:
        text += f"; compared across {', '.join(draft.claim.across)}, as the claim does"
    proxies = sorted({sample.label for sample in draft.samples if sample.proxy})
    if proxies and draft.finding is not None:
        text += f"; rests on proxy scores ({', '.join(proxies)}), which stand in for the paper's metric"
    return text
