"""How often verdicts are wrong, through the whole of judging: made-up records whose truth is known, by the thousand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

Values = dict[tuple[str, int], float | None]
Draw = Callable[[np.random.Generator], Values]


def _skewed(random: np.random.Generator) -> float:
    """Log-normal with sigma 1, whose long tail is on the worse side."""
    return float((random.lognormal(0, 1) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e))


def _heavy(random: np.random.Generator) -> float:
    """Student's t with three degrees of freedom."""
    return float(random.standard_t(3) / np.sqrt(3))


def _two_modes(random: np.random.Generator) -> float:
    """A tenth of the seeds three standard deviations worse."""
    return float((random.standard_normal() + 3 * (random.random() < 0.1) - 0.3) / np.sqrt(1.81))


#: laws of seeds besides the normal one, each with mean 0 and standard deviation 1
LAWS = {"skewed": _skewed, "heavy-tailed": _heavy, "two-mode": _two_modes}


class Rate(Model):
    """How often one kind of wrong verdict was given where it was possible."""

    about: str
    kind: Literal["false pass", "false alarm"]
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
        cells = [
            cell.state
            for verdicts in _judged(_LAW_PAPERS, _of(_MARGIN, 0.4 * _MARGIN, draw), seed=20 + index)
            for cell in verdicts.cells
        ]
        yield Rate(
            about="number at the margin: REPRODUCED", kind="false pass", law=law,
            wrong=cells.count("REPRODUCED"), judged=len(cells),
        )  # fmt: skip
        claims = [
            {claim.state for claim in verdicts.claims}
            for verdicts in _judged(_LAW_PAPERS, _equal(0.0, draw), seed=30 + index)
        ]
        for state, kind in _ERRORS:
            wrong = sum(state in states for states in claims)
            yield Rate(about=f"two untrue claims: any {state}", kind=kind, wrong=wrong, judged=len(claims), law=law)


_ERRORS: tuple[tuple[str, Literal["false pass", "false alarm"]], ...] = (
    ("HOLDS", "false pass"),
    ("REVERSED", "false alarm"),
)


def _cells() -> Iterator[Rate]:
    spread = 0.4 * _MARGIN
    for off, what in ((1.0, "at the margin"), (2.0, "off by twice the margin")):
        wrong = judged = alarms = 0
        for verdicts in _judged(_CELL_PAPERS // int(off), _of(off * _MARGIN, spread), seed=int(off)):
            states = [cell.state for cell in verdicts.cells]
            wrong += states.count("REPRODUCED")
            alarms += states.count("NOT REPRODUCED")
            judged += len(states)
        yield Rate(about=f"number {what}: REPRODUCED", kind="false pass", wrong=wrong, judged=judged)
        if off == 1.0:
            yield Rate(about=f"number {what}: NOT REPRODUCED", kind="false alarm", wrong=alarms, judged=judged)
    states = [
        cell.state
        for verdicts in _judged(_CELL_PAPERS // 2, _of(0.0, spread), seed=3)
        for cell in verdicts.cells
    ]  # fmt: skip
    wrong = len(states) - states.count("REPRODUCED") - states.count("INCONCLUSIVE")
    yield Rate(about="number right: NOT REPRODUCED or BETTER", kind="false alarm", wrong=wrong, judged=len(states))


def _claims() -> Iterator[Rate]:
    """Claims of one paper together: a paper counts as wrong if any of its claims is."""
    for diverging, papers in ((0.0, _CLAIM_PAPERS), (0.2, _CLAIM_PAPERS // 4)):
        passed = alarmed = 0
        what = "two untrue claims" + (", a fifth of the seeds diverged" if diverging else "")
        for verdicts in _judged(papers, _equal(diverging), seed=4 + int(10 * diverging)):
            states = [claim.state for claim in verdicts.claims]
            passed += "HOLDS" in states
            alarmed += "REVERSED" in states
        yield Rate(about=f"{what}: any HOLDS", kind="false pass", wrong=passed, judged=papers)
        if not diverging:  # a diverged seed is evidence against, so that REVERSED would not be wrong there
            yield Rate(about=f"{what}: any REVERSED", kind="false alarm", wrong=alarmed, judged=papers)
    papers = _CELL_PAPERS // 4
    states = [verdicts.claims[0].state for verdicts in _judged(papers, _of(0.0, 1.0), seed=9)]
    yield Rate(about="true claim: REVERSED", kind="false alarm", wrong=states.count("REVERSED"), judged=papers)


def _gaussian(random: np.random.Generator) -> float:
    return float(random.standard_normal())


def _of(off: float, spread: float, law: Callable[[np.random.Generator], float] = _gaussian) -> Draw:
    """Both experiments ``off`` above what the paper prints of them."""

    def draw(random: np.random.Generator) -> Values:
        return {
            key: (paper.PUBLISHED if key[0] == "plain" else paper.PUBLISHED - 10) + off + spread * law(random)
            for key in paper.runs(TEXT)
        }

    return draw


def _equal(diverging: float, law: Callable[[np.random.Generator], float] = _gaussian) -> Draw:
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
