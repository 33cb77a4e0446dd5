"""How often verdicts are wrong, through the whole of judging: made-up records whose truth is known, by the thousand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from benchmark.judging.judge import judge
from benchmark.judging.selftest import paper
from benchmark.judging.verdict import PaperVerdicts
from benchmark.runs.records import RunRecord, Stored
from benchmark.spec.base import Model

#: the margin that every cell has, widened by half a unit of its last digit
_MARGIN = paper.MARGIN + 0.05
#: the largest rate that passes: 5 % by design, and what chance adds to that many simulations
LIMIT = 0.06
_CELL_PAPERS = 240
_CLAIM_PAPERS = 1000
_LAW_PAPERS = 120

_CLAIMS = f"""\
claims:
  MU-C1:
    where: none
    says: One is below the other.
    predicate: {{order: [{{experiment: penalised, score: fid}}, {{experiment: plain, score: fid}}]}}
    min_seeds: 3
  MU-C2:
    where: none
    says: One is above what it is.
    predicate: {{bound: {{experiment: plain, score: fid}}, above: {paper.PUBLISHED}}}
    min_seeds: 3
"""
_BEFORE, _, _REST = paper.TEXT.partition("claims:\n")
TEXT = _BEFORE + _CLAIMS + "stated: {}\n" + _REST.partition("stated: {}\n")[2]

Kind = Literal["false pass", "false alarm"]
Values = dict[tuple[str, int], float | None]
Draw = Callable[[np.random.Generator], Values]
Law = Callable[[np.random.Generator], float]

#: laws of seeds besides the normal one, each with mean 0 and standard deviation 1
LAWS: dict[str, Law] = {
    # log-normal with sigma 1, whose long tail is on the worse side
    "skewed": lambda random: float((random.lognormal(0, 1) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e)),
    # Student's t with three degrees of freedom
    "heavy-tailed": lambda random: float(random.standard_t(3) / np.sqrt(3)),
    # a tenth of the seeds three standard deviations worse
    "two-mode": lambda random: float((random.standard_normal() + 3 * (random.random() < 0.1) - 0.3) / np.sqrt(1.81)),
}


class Rate(Model):
    """How often one kind of wrong verdict was given where it was possible."""

    about: str
    kind: Kind
    wrong: int
    judged: int
    #: law of the seeds; the rates are promised for the normal one alone
    law: str = "normal"

    @property
    def rate(self) -> float:
        """Share of wrong verdicts."""
        return self.wrong / self.judged if self.judged else 0.0

    @property
    def passed(self) -> bool:
        """Whether it is no larger than promised, or nothing is promised of it."""
        return self.rate <= LIMIT or self.law != "normal"


def rates() -> list[Rate]:
    """All error rates, from fixed random seeds."""
    return [*_cells(), *_claims(), *_laws()]


def _laws() -> Iterator[Rate]:
    """The same where seeds are not normal: what holds of the promise, and what does not."""
    for index, (law, draw) in enumerate(LAWS.items()):
        states = _of_cells(_LAW_PAPERS, _of(_MARGIN, 0.4 * _MARGIN, draw), seed=20 + index)
        yield _rate("number at the margin: REPRODUCED", "false pass", states, {"REPRODUCED"}, law)
        states = _of_claims(_LAW_PAPERS, _equal(0.0, draw), seed=30 + index)
        yield _rate("two untrue claims: any HOLDS", "false pass", states, {"HOLDS"}, law)
        yield _rate("two untrue claims: any REVERSED", "false alarm", states, {"REVERSED"}, law)


def _cells() -> Iterator[Rate]:
    spread = 0.4 * _MARGIN
    states = _of_cells(_CELL_PAPERS, _of(_MARGIN, spread), seed=1)
    yield _rate("number at the margin: REPRODUCED", "false pass", states, {"REPRODUCED"})
    yield _rate("number at the margin: NOT REPRODUCED", "false alarm", states, {"NOT REPRODUCED"})
    states = _of_cells(_CELL_PAPERS // 2, _of(2 * _MARGIN, spread), seed=2)
    yield _rate("number off by twice the margin: REPRODUCED", "false pass", states, {"REPRODUCED"})
    states = _of_cells(_CELL_PAPERS // 2, _of(0.0, spread), seed=3)
    wrong = set[str]().union(*states) - {"REPRODUCED", "INCONCLUSIVE"}
    yield _rate("number right: NOT REPRODUCED or BETTER", "false alarm", states, wrong)


def _claims() -> Iterator[Rate]:
    """Claims of one paper together: a paper counts as wrong if any of its claims is."""
    states = _of_claims(_CLAIM_PAPERS, _equal(0.0), seed=4)
    yield _rate("two untrue claims: any HOLDS", "false pass", states, {"HOLDS"})
    yield _rate("two untrue claims: any REVERSED", "false alarm", states, {"REVERSED"})
    # a diverged seed is evidence against, so that REVERSED would not be wrong there
    states = _of_claims(_CLAIM_PAPERS // 4, _equal(0.2), seed=6)
    yield _rate("two untrue claims, a fifth of the seeds diverged: any HOLDS", "false pass", states, {"HOLDS"})
    states = [{verdicts.claims[0].state} for verdicts in _judged(_CELL_PAPERS // 4, _of(0.0, 1.0), seed=9)]
    yield _rate("true claim: REVERSED", "false alarm", states, {"REVERSED"})


def _rate(about: str, kind: Kind, states: Sequence[set[str]], wrong: set[str], law: str = "normal") -> Rate:
    """``states`` are those of one number, or of all claims of one paper, each."""
    return Rate(
        about=about, kind=kind, wrong=sum(not wrong.isdisjoint(some) for some in states), judged=len(states), law=law
    )


def _of_cells(papers: int, draw: Draw, seed: int) -> list[set[str]]:
    return [{cell.state} for verdicts in _judged(papers, draw, seed) for cell in verdicts.cells]


def _of_claims(papers: int, draw: Draw, seed: int) -> list[set[str]]:
    return [{claim.state for claim in verdicts.claims} for verdicts in _judged(papers, draw, seed)]


def _of(off: float, spread: float, law: Law = np.random.Generator.standard_normal) -> Draw:
    """Both experiments ``off`` above what the paper prints of them."""

    def draw(random: np.random.Generator) -> Values:
        return {
            key: (paper.PUBLISHED if key[0] == "plain" else paper.PUBLISHED - 10) + off + spread * law(random)
            for key in paper.runs(TEXT)
        }

    return draw


def _equal(diverging: float, law: Law = np.random.Generator.standard_normal) -> Draw:
    """Both experiments with the same law, about the bound that the second claim sets."""

    def draw(random: np.random.Generator) -> Values:
        return {key: None if random.random() < diverging else paper.PUBLISHED + law(random) for key in paper.runs(TEXT)}

    return draw


def _judged(papers: int, draw: Draw, seed: int) -> Iterator[PaperVerdicts]:
    random = np.random.default_rng(seed)
    spec, expected, planned = paper.loaded(TEXT).spec, paper.expected(TEXT), paper.runs(TEXT)
    honest = {key: paper.record(run, paper.fid(run, paper.PUBLISHED)) for key, run in planned.items()}
    for _ in range(papers):
        stored = [Stored(_with(honest[key], value), Path(planned[key].folder)) for key, value in draw(random).items()]
        yield judge(spec, "0" * 64, stored, expected)


def _with(record: RunRecord, value: float | None) -> RunRecord:
    if value is None:
        return record.model_copy(update={"status": "diverged", "reason": "made up", "iterations": 7, "scores": {}})
    score = record.scores["fid"]
    series = [*score.series[:-1], (record.iterations, value)]
    return record.model_copy(update={"scores": {"fid": score.model_copy(update={"value": value, "series": series})}})
