"""Experiments of one's own beside published numbers: a comparison, never a verdict on the paper."""

from __future__ import annotations

from dataclasses import replace

from benchmark.judging.cells import verdict_on
from benchmark.judging.evidence import Evidence
from benchmark.judging.verdict import OwnComparison
from benchmark.spec.paper import PaperSpec

_SAYS = {
    "REPRODUCED": "the same within the margin",
    "REPRODUCED IF": "the same within the margin, if measured as assumed",
    "BETTER THAN PUBLISHED": "better than the printed number",
    "NOT REPRODUCED": "worse than the printed number",
    "NOT REPRODUCED IF": "worse than the printed number, if measured as assumed",
}


def compared(spec: PaperSpec, evidence: Evidence) -> list[OwnComparison]:
    """Every experiment under ``ours`` against the printed numbers that it names, by the rules of a cell."""
    numbers = {printed.path: printed for printed in spec.printed}
    comparisons = []
    for experiment, places in spec.ours.items():
        for place in places:
            printed = numbers[place]
            own = replace(printed, cell=printed.cell.model_copy(update={"experiment": experiment, "quoted_from": None}))
            verdict = verdict_on(evidence, own)
            comparisons.append(
                OwnComparison(
                    experiment=experiment,
                    against=place,
                    published=verdict.published,
                    says=_SAYS.get(verdict.state, verdict.state.lower()),
                    measured=verdict.measured,
                    deviation=verdict.deviation,
                    reason=verdict.reason,
                )
            )
    return comparisons
