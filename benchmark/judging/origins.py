"""Evidence by its origin: trained here, measured here on supplied samples, or reported. It is never mixed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from benchmark.judging.cells import cell_verdicts
from benchmark.judging.claims import claim_verdicts
from benchmark.judging.evidence import Evidence, Expected
from benchmark.judging.verdict import CellVerdict, ClaimVerdict, Column, PaperVerdicts, Values, Word
from benchmark.runs.brought import NOT_BROUGHT, of_todays_spec
from benchmark.runs.records import Origin, Stored
from benchmark.spec.base import canonical, grouped
from benchmark.spec.paper import PaperSpec
from benchmark.spec.quantities import Quantity

V = TypeVar("V", ClaimVerdict, CellVerdict)


def apart(stored: Sequence[Stored]) -> tuple[list[Stored], list[list[Stored]]]:
    """What was trained here, and what each origin brought."""
    brought = [(run.record.origin, run) for run in stored if run.record.origin is not None]
    groups = grouped((canonical(origin.model_dump(mode="json")), run) for origin, run in brought)
    return [run for run in stored if run.record.origin is None], [groups[key] for key in sorted(groups)]


def words_of(origin: Origin) -> str:
    """Whose word a verdict rests on, as the end of a sentence."""
    if origin.kind == "measured":
        return f"on samples supplied by {origin.who}"
    return f"as reported by {origin.who}"


def planned(expected: Expected, group: Sequence[Stored]) -> Expected:
    """As many seeds as the paper plans, under the numbers that they were brought with."""
    plans: dict[str, Mapping[str, Mapping[int, str]]] = {}
    for experiment, tiers in expected.items():
        there = {run.record.seed: run.record.run_id for run in group if run.record.experiment == experiment}
        others = [seed for seed in tiers.get("full", {}) if seed not in there]
        absent = others[: max(0, len(tiers.get("full", {})) - len(there))]
        plans[experiment] = {"full": {seed: there.get(seed, "") for seed in sorted({*there, *absent})}}
    return plans


def scores(evidence: Evidence, group: Sequence[Stored]) -> list[Values]:
    """Every score that was brought, over the seeds that were."""
    seeds = grouped((run.record.experiment, run.record.seed) for run in group)
    told = [
        (run.record.experiment, name)
        for run in group
        for name, score in run.record.scores.items()
        if score.reason != NOT_BROUGHT
    ]
    wanted = [Quantity(experiment=experiment, score=name) for experiment, name in dict.fromkeys(told)]
    samples = [evidence.sample(quantity, "full") for quantity in wanted]
    return [replace(sample, planned=tuple(sorted(seeds[sample.experiment]))).summary() for sample in samples]


def column(spec: PaperSpec, group: Sequence[Stored], expected: Expected, accepted: Collection[Word]) -> Column:
    """Verdicts on what one origin brought."""
    origin = group[0].record.origin
    assert origin is not None
    today = [run for run in group if of_todays_spec(spec, run.record)]
    evidence = Evidence(spec, today, planned(expected, today))
    said = words_of(origin)
    facts = {"word": origin.kind, "rests_on": said}
    return Column(
        word=origin.kind,
        says=said,
        code=origin.code,
        commit=origin.commit,
        unchecked=origin.unchecked,
        accepted=origin.kind in accepted,
        scores=scores(evidence, today),
        claims=[claim.model_copy(update=facts) for claim in claim_verdicts(spec, evidence) if claim.tier is not None],
        cells=[cell.model_copy(update=facts) for cell in cell_verdicts(spec, evidence) if cell.tier is not None],
        damage=evidence.damage,
        stale=[str(run.folder) for run in group if run not in today],
    )


def with_brought(
    spec: PaperSpec,
    verdicts: PaperVerdicts,
    brought: Sequence[Sequence[Stored]],
    expected: Expected,
    accepted: Collection[Word],
) -> PaperVerdicts:
    """``verdicts`` on what was trained here, and beside them those on what was brought.

    Where nothing trained here says anything, or it is not accepted, a verdict is that of the first accepted origin.
    """
    columns = [column(spec, group, expected, accepted) for group in brought]
    claims, cells = verdicts.claims, verdicts.cells
    if "trained" not in accepted:
        ours = Column(
            word="trained",
            says="trained here",
            accepted=False,
            claims=[claim for claim in claims if claim.tier is not None],
            cells=[cell for cell in cells if cell.tier is not None],
        )
        columns = [ours, *columns] if ours.claims or ours.cells else columns
        none, unheard = Evidence(spec, [], expected), {"reason": "what was trained here is not accepted"}
        shown = {*(claim.claim for claim in ours.claims), *(cell.place for cell in ours.cells)}
        claims = [one.model_copy(update=unheard) if one.claim in shown else one for one in claim_verdicts(spec, none)]
        cells = [one.model_copy(update=unheard) if one.place in shown else one for one in cell_verdicts(spec, none)]
    deciding = [column for column in columns if column.accepted]
    theirs = {claim.claim: claim for column in reversed(deciding) for claim in column.claims}
    places = {cell.place: cell for column in reversed(deciding) for cell in column.cells}
    return verdicts.model_copy(
        update={
            "accepted": sorted(accepted),
            "brought": columns,
            "claims": [claim if claim.tier else _qualified(theirs.get(claim.claim, claim)) for claim in claims],
            "cells": [cell if cell.tier else _qualified(places.get(cell.place, cell)) for cell in cells],
        }
    )


def _qualified(verdict: V) -> V:
    said = f"{verdict.rests_on}, not trained here: " if verdict.word != "trained" else ""
    return verdict.model_copy(update={"reason": said + verdict.reason})
