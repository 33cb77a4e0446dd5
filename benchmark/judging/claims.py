"""Verdicts on a paper's claims: full-tier runs decide, under Holm over all claims that were tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmark.judging import hypothesis_tests, words
from benchmark.judging.cells import enough, not_run, reduced
from benchmark.judging.computed import with_computed
from benchmark.judging.finding import Finding, Incomparable, Undecidable
from benchmark.judging.hypothesis_tests import ALPHA, LEAST_SEEDS
from benchmark.judging.predicates import evaluate
from benchmark.judging.published import on_published
from benchmark.judging.samples import Evidence, Sample
from benchmark.judging.verdict import ClaimState, ClaimVerdict
from benchmark.spec.base import TIERS
from benchmark.spec.claims import Claim, Predicate, operands, quantities
from benchmark.spec.paper import PaperSpec
from benchmark.spec.quantities import Computed, Quantity

_PREVIEWS = {"same": "points the same way", "other": "points the other way", "mixed": "mixed"}


@dataclass(frozen=True)
class _Draft:
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
        return self.samples[0].tier if self.samples and self.state != "NOT RUN" else None

    @property
    def seeds(self) -> int:
        return min((len(sample.seeds) for sample in (*self.samples, *self.computed)), default=0)


def claim_verdicts(spec: PaperSpec, evidence: Evidence) -> list[ClaimVerdict]:
    """A verdict on every claim, in the spec's order."""
    drafts = [_draft(name, claim, evidence) for name, claim in spec.claims.items()]
    tested = [draft for draft in drafts if draft.state is None and draft.finding is not None]
    adjusted = hypothesis_tests.holm([draft.finding.p for draft in tested if draft.finding is not None])
    against = hypothesis_tests.holm([draft.finding.p_against for draft in tested if draft.finding is not None])
    holm = {draft.name: pair for draft, pair in zip(tested, zip(adjusted, against, strict=True), strict=True)}
    return [_verdict(spec, draft, holm.get(draft.name), len(tested)) for draft in drafts]


def _draft(name: str, claim: Claim, evidence: Evidence) -> _Draft:
    if claim.not_assessable is not None:
        return _Draft(name, claim, "NOT ASSESSABLE", claim.not_assessable)
    if claim.verified_by is not None:
        return _Draft(name, claim, "VERIFIED BY TEST", f"a statement about the method, checked by {claim.verified_by}")
    assert claim.predicate is not None
    for tier in TIERS:
        asked = list(dict.fromkeys(quantities(claim.predicate)))
        samples = {one: evidence.sample(one, tier) for one in asked}
        if all(sample.seeds for sample in samples.values()):
            return _at_tier(name, claim, claim.predicate, samples)
    missing = [evidence.sample(one, "full") for one in asked]
    reason = not_run(*(sample for sample in missing if not sample.seeds))
    return _Draft(name, claim, "NOT RUN", reason, missing)


def _at_tier(name: str, claim: Claim, predicate: Predicate, samples: dict[Quantity, Sample]) -> _Draft:
    samples = {asked: without(sample, claim.across) for asked, sample in samples.items()}
    several = list(samples.values())
    tier = several[0].tier
    if tier == "smoke":
        return _Draft(name, claim, "NOT COMPARABLE", reduced(tier), several)
    try:
        lookup = with_computed(samples.__getitem__)
        computed = [lookup(one) for _, one in operands(predicate) if isinstance(one, Computed)]
        finding = evaluate(predicate, samples.__getitem__)
    except Incomparable as error:
        return _Draft(name, claim, "NOT COMPARABLE", str(error), several)
    except Undecidable as error:
        state: ClaimState = "INCONCLUSIVE" if tier == "full" else "NOT COMPARABLE"
        return _Draft(name, claim, state, str(error), several)
    if tier != "full":
        return _Draft(name, claim, "NOT COMPARABLE", reduced(tier), several, finding)
    draft = _Draft(name, claim, None, "", several, finding, computed)
    needed = max(claim.min_seeds or 0, LEAST_SEEDS)
    if draft.seeds < needed:
        why = f"{words.counted(draft.seeds, 'seed')} of at least {needed}: {needed - draft.seeds} more needed"
        return replace(draft, state="INCONCLUSIVE", reason=why)
    return draft


def without(sample: Sample, fields: Sequence[str]) -> Sample:
    """``sample`` as it is compared by a claim that itself goes ``across`` some fields of the protocol."""
    protocols = {
        seed: {name: value for name, value in protocol.items() if name not in fields}
        for seed, protocol in sample.protocols.items()
    }
    return replace(sample, protocols=protocols)


def _verdict(spec: PaperSpec, draft: _Draft, holm: tuple[float, float] | None, tested: int) -> ClaimVerdict:
    claim, finding = draft.claim, draft.finding
    state, reason, needed = draft.state, draft.reason, None
    if state is None:
        assert finding is not None
        assert holm is not None
        state, reason, needed = _decide(draft, finding, holm, tested)
    elif state == "INCONCLUSIVE" and finding is not None:
        needed = max(claim.min_seeds or 0, LEAST_SEEDS)
    outcome, why = on_published(spec, claim.predicate) if claim.predicate is not None else (None, None)
    runs = {(sample.experiment, seed) for sample in draft.samples for seed in sample.seeds}
    broken = {(sample.experiment, seed) for sample in draft.samples for seed in sample.diverged}
    preview = finding is not None and draft.tier == "short"
    truths = list(finding.truths.values()) if finding is not None else []
    return ClaimVerdict(
        claim=draft.name,
        where=claim.where,
        says=claim.says,
        test=words.describe(claim.predicate) if claim.predicate is not None else "",
        state=state,
        reason=reason + _caveats(draft, len(broken), len(runs)),
        tier=draft.tier,
        preview=_PREVIEWS[finding.points] if preview and finding is not None else None,  # type: ignore[arg-type]
        quantities=[sample.summary() for sample in draft.samples],
        statistic=finding.statistic if finding is not None else None,
        p=finding.p if holm is not None and finding is not None else None,
        p_holm=holm[0] if holm is not None else None,
        seeds=draft.seeds,
        min_seeds=claim.min_seeds,
        share=sum(truths) / len(truths) if truths else None,
        diverged=(len(broken), len(runs)),
        seeds_needed=needed,
        on_published=outcome,
        on_published_reason=why,
        note=claim.note,
        p_against=finding.p_against if holm is not None and finding is not None else None,
        p_against_holm=holm[1] if holm is not None else None,
    )


def _decide(
    draft: _Draft, finding: Finding, holm: tuple[float, float], tested: int
) -> tuple[ClaimState, str, int | None]:
    family = f" after Holm over {words.counted(tested, 'claim')}"
    if holm[0] <= ALPHA:
        return "HOLDS", f"{finding.says}, {words.p_value(holm[0])}{family}", None
    if holm[1] <= ALPHA:
        return "REVERSED", f"{finding.says_against}, {words.p_value(holm[1])}{family}", None
    needed = finding.needed(ALPHA / tested)
    toward = finding.p <= finding.p_against
    says, adjusted = (finding.says, holm[0]) if toward else (finding.says_against, holm[1])
    return "INCONCLUSIVE", f"{says}, {words.p_value(adjusted)}{family}{enough(needed, list(draft.samples))}", needed


def _caveats(draft: _Draft, broken: int, runs: int) -> str:
    """What a reader must know besides the state: failures, missing seeds, proxy scores."""
    parts = []
    if broken:
        parts.append(f"{broken} of {words.counted(runs, 'run')} diverged")
    if draft.state not in ("NOT RUN",):
        missing = {
            (sample.experiment, seed): sample.reasons.get(seed, "no reason recorded")
            for sample in draft.samples
            for seed in sample.planned
            if seed not in sample.seeds
        }
        if missing and draft.tier == "full":
            first = next(iter(missing.values()))
            parts.append(f"{words.counted(len(missing), 'planned run')} missing ({first})")
    if draft.claim.across and draft.finding is not None:
        parts.append(f"compared across {', '.join(draft.claim.across)}, as the claim does")
    proxies = sorted({sample.label for sample in draft.samples if sample.proxy})
    if proxies:
        parts.append(f"rests on proxy scores ({', '.join(proxies)}), which stand in for the paper's metric")
    return "".join(f"; {part}" for part in parts)
