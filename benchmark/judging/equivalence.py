"""Whether a rougher numerics tier gives an experiment the scores of fp32: the verdicts' test, on the same seeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchmark.judging import hypothesis_tests
from benchmark.judging.evidence import Evidence
from benchmark.judging.finding import unit
from benchmark.judging.hypothesis_tests import LEAST_SEEDS
from benchmark.judging.inspection import Inspected
from benchmark.judging.samples import Sample, protocol_difference
from benchmark.runs.plan import make_plan
from benchmark.runs.records import Stored
from benchmark.runs.sidecars import Equivalence, ScoreAgreement, recipe_of
from benchmark.spec import words
from benchmark.spec.base import Tier
from benchmark.spec.numerics import ROUGHER
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import Metric
from benchmark.spec.quantities import Quantity


def equivalence(
    spec: PaperSpec,
    stored: Sequence[Stored],
    experiment: str,
    tier: Tier,
    numerics: str,
    *,
    seeds: Sequence[int] | None = None,
    share: float | None = None,
    inspected: Inspected | None = None,
) -> Equivalence:
    """Compare every score that was measured, seed by seed, by two one-sided tests within its margin.

    The margin is what is usual for the metric, or ``share`` of the mean in fp32 where that is given. All scores must
    agree, and no seed may have diverged.
    """
    plans = [make_plan(spec, tier, experiments=[experiment], seeds=seeds, numerics=one) for one in ("fp32", numerics)]
    plain, rough = (
        Evidence(spec, stored, {experiment: {tier: {run.seed: run.run_id for run in plan}}}, inspected=inspected)
        for plan in plans
    )
    setup, planned = plans[0][0].setup, len(make_plan(spec, tier, experiments=[experiment]))
    unmeasured: list[str] = []
    scores: list[ScoreAgreement] = []
    problems: list[str] = []
    for name, score in setup.scores.items():
        quantity = Quantity(experiment=experiment, score=name)
        pair = plain.sample(quantity, tier), rough.sample(quantity, tier)
        if pair[0].diverged or pair[1].diverged:
            broken = words.counted(len(pair[0].diverged), "run")
            problems = [f"{broken} diverged in fp32, {len(pair[1].diverged)} in {numerics}"]
        if pair[0].values or pair[1].values:
            scores.append(_agreement(name, score.metric, *pair, share, planned))
        else:
            unmeasured.append(name)
    problems += [f"{score.score}: {score.says}" for score in scores if not score.agrees]
    if not scores:
        problems.append("no score was measured in either tier")
    agreed = f"{numerics} gives the scores of fp32: {'; '.join(f'{score.score}: {score.says}' for score in scores)}"
    silent = f"; measured in neither tier: {', '.join(unmeasured)}" if scores and unmeasured else ""
    return Equivalence(
        schema_version=1,
        paper=spec.paper.id,
        experiment=experiment,
        tier=tier,
        numerics=numerics,
        recipe=recipe_of(plans[0][0].determinant()),
        runs={run.seed: (run.run_id, other.run_id) for run, other in zip(*plans, strict=True)},
        share=share,
        scores=scores,
        agrees=not problems,
        says=f"{'; '.join(problems) or agreed}{silent}",
    )


def recomputed(
    spec: PaperSpec, stored: Sequence[Stored], kept: Iterable[Equivalence], inspected: Inspected | None = None
) -> Iterator[tuple[Equivalence, Equivalence]]:
    """What is kept of this paper's experiments, each beside what the records give on the same seeds and margins."""
    for one in kept:
        experiment = spec.experiments.get(one.experiment) if one.paper == spec.paper.id else None
        if experiment is not None and experiment.setup(one.tier) is not None and one.numerics in ROUGHER:
            words = (one.experiment, one.tier, one.numerics)
            seeds = sorted(one.runs) or None
            yield one, equivalence(spec, stored, *words, seeds=seeds, share=one.share, inspected=inspected)


def _agreement(
    name: str, metric: Metric, plain: Sample, rough: Sample, share: float | None, planned: int
) -> ScoreAgreement:
    """One score in both tiers; ``planned`` seeds are the spec's."""

    def unknown(says: str) -> ScoreAgreement:
        return ScoreAgreement(score=name, margin=None, difference=None, low=None, high=None, agrees=False, says=says)

    problem = protocol_difference([plain, rough])
    if problem is not None:
        return unknown(problem)
    both = sorted(set(plain.values) & set(rough.values))
    if len(both) < LEAST_SEEDS:
        return unknown(f"{words.counted(len(both), 'seed')} measured in both tiers, of at least {LEAST_SEEDS}")
    first, second = ([sample.values[seed] for seed in both] for sample in (plain, rough))
    middle = abs(hypothesis_tests.mean(first))
    if share is not None and middle == 0:
        return unknown("its mean in fp32 is 0, and a share of 0 is no margin")
    if share is not None:
        margin = share * middle
    elif metric.usual_margin is not None:
        margin = max(metric.usual_margin[0] * middle, metric.usual_margin[1])
    else:
        return unknown(f"no margin is fixed for {metric.name}: give one with --margin")
    estimate = hypothesis_tests.paired(first, second).floored(unit([*first, *second], plain, rough), len(both))
    place = hypothesis_tests.equivalence(estimate, margin)
    low, high = estimate.interval()
    where = "agrees" if place == "inside" else "does not agree" if place in ("above", "below") else "undecided"
    between = f"{words.number(low)} to {words.number(high)}, margin {words.number(margin)}"
    between += f", {words.number(100 * share)} % of the mean in fp32 as given" if share is not None else ""
    says = f"{where}: {words.number(100 * hypothesis_tests.confidence())} % interval of the difference {between}"
    says += f", from {words.counted(len(both), 'seed')} where {planned} are planned"
    return ScoreAgreement(
        score=name,
        margin=margin,
        difference=estimate.value,
        low=low,
        high=high,
        agrees=place == "inside",
        says=says,
    )
