"""What judging says of a paper: plain data, written as JSON, the only thing that the report reads besides records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from benchmark.spec import words
from benchmark.spec.base import Model

ClaimState = Literal[
    "HOLDS",
    "HOLDS IN PART",
    "REVERSED IN PART",
    "REVERSED",
    "INTERIM",
    "INCONCLUSIVE",
    "NOT COMPARABLE",
    "NOT MEASURED",
    "NOT RUN",
    "NOT ASSESSABLE",
    "VERIFIED BY TEST",
]
CellState = Literal[
    "REPRODUCED",
    "REPRODUCED IF",
    "NOT REPRODUCED",
    "NOT REPRODUCED IF",
    "BETTER THAN PUBLISHED",
    "INTERIM",
    "INCONCLUSIVE",
    "NOT COMPARABLE",
    "NOT MEASURED",
    "NOT RUN",
    "NOT ASSESSABLE",
    "QUOTED",
]
#: whose word a verdict rests on: trained here, measured here on samples that were supplied, reported by others
Word = Literal["trained", "measured", "reported"]
#: what the seeds, or printed numbers, say of one part of a claim
PartState = Literal["HOLDS", "REVERSED", "INCONCLUSIVE", "INTERIM"]
#: where the numbers of a reduced tier point
Preview = Literal["points the same way", "points the other way", "mixed"]


class Values(Model):
    """One quantity over the seeds. A seed whose run diverged, or that was not measured, has None and a reason."""

    label: str
    experiment: str
    tier: str
    seeds: dict[int, float | None] = Field(strict=False)
    reasons: dict[int, str] = Field(default={}, strict=False)
    mean: float | None
    deviation: float | None


class Interval(Model):
    """An estimate with its confidence interval; None where the bound does not exist."""

    estimate: float
    low: float | None
    high: float | None
    confidence: float

    def mapped(self, change: Callable[[float], float]) -> Interval:
        """The interval of what a rising function makes of the estimated number."""
        low, high = (None if end is None else change(end) for end in (self.low, self.high))
        return Interval(estimate=change(self.estimate), low=low, high=high, confidence=self.confidence)

    def span(self, decimals: int | None = None, *, sign: bool = False) -> str:
        """``1.30 [0.90, 1.70]``; an absent bound is shown as open, and none where both are absent."""

        def show(number: float) -> str:
            if decimals is None:
                return f"+{words.short(number)}" if sign and number > 0 else words.short(number)
            return words.signed(number, decimals) if sign else words.fixed(number, decimals)

        if self.low is None and self.high is None:
            return show(self.estimate)
        low, high = ("open" if end is None else show(end) for end in (self.low, self.high))
        return f"{show(self.estimate)} [{low}, {high}]"

    def text(self, decimals: int | None = None, *, sign: bool = False) -> str:
        """As :meth:`span`, with its confidence: ``1.30 [0.90, 1.70], 90 % CI``."""
        bounds = "" if self.low is None and self.high is None else f", {words.percent(self.confidence)} CI"
        return self.span(decimals, sign=sign) + bounds


class PartVerdict(Model):
    """One statement of a conjunction, by its own state; several of them make ``HOLDS IN PART``."""

    #: the statement, in words
    test: str
    state: PartState
    #: the deciding numbers and the test
    reason: str
    statistic: Interval | None = None
    p: float | None = None
    p_against: float | None = None
    #: estimates of all its conditions, one of which decides
    effects: list[float | None] = []


class _Verdict(Model):
    """What verdicts on claims and on published numbers share."""

    #: one sentence: why this state
    reason: str
    #: None where nothing was run
    tier: str | None
    #: seeds that would decide, where those at hand do not
    seeds_needed: int | None
    #: diverged runs among those that are needed, as (diverged, all)
    diverged: tuple[int, int] = Field(strict=False)
    #: seeds that are planned; with fewer the verdict is an interim look
    planned: int = 0
    interim: bool = False
    word: Word = "trained"
    rests_on: str = "trained here"


class ClaimVerdict(_Verdict):
    """One claim: its state at full tier, or a preview where only reduced runs exist."""

    claim: str
    where: str
    says: str
    #: the predicate in words, with names of experiments and quantities
    test: str
    state: ClaimState
    #: at a reduced tier only: whether the numbers point the claim's way. Never a verdict
    preview: Preview | None
    quantities: list[Values]
    #: difference, slope, ratio ... that decides; positive means as claimed
    statistic: Interval | None
    p: float | None
    p_holm: float | None
    seeds: int
    min_seeds: int | None
    #: share of the seeds in which the predicate holds
    share: float | None
    #: the same predicate on the paper's own published numbers
    on_published: Literal["holds", "fails", "holds in part"] | None
    on_published_reason: str | None
    note: str | None
    #: p value of the opposite of the claim, alone and under Holm; ``p`` is that of the claim itself
    p_against: float | None = None
    p_against_holm: float | None = None
    #: the statements of a conjunction; empty where the claim is one statement
    parts: list[PartVerdict] = []
    #: estimates of all conditions of the claim, one of which decides
    effects: list[float | None] = []
    #: the same on the paper's printed numbers
    on_published_parts: list[PartVerdict] = []


class CellVerdict(_Verdict):
    """One published number beside what was measured."""

    table: str
    row: str
    column: str
    published: float
    decimals: int
    state: CellState
    measured: Values | None
    #: signed so that positive is worse
    deviation: Interval | None
    margin: float | None
    #: protocol fields of which it is unknown whether they agree: the paper does not state them, or no record does
    assumed: list[str] = []
    #: those of them that move the score: REPRODUCED IF and NOT REPRODUCED IF hold if the paper measured as assumed
    conditions: list[str] = []
    #: half a unit of the last printed digit, by which the margin is widened
    rounding: float = 0.0
    #: seeds far outside on the worse side (diverged ones too): their share with its interval, and their number
    far: Interval | None = None
    far_seeds: list[int] = []
    #: where one more run of ours would lie, and whether the printed number would be a surprise there
    prediction: Interval | None = None
    surprising: bool | None = None

    @property
    def allowed(self) -> float | None:
        """The margin that decides: widened by what print rounds off."""
        return None if self.margin is None else self.margin + self.rounding

    @property
    def place(self) -> str:
        """As :attr:`benchmark.spec.printed.Printed.place` writes it."""
        return f"{self.table}, {self.row}, {self.column}"

    @property
    def path(self) -> str:
        """As a person types it: ``table/row/column``."""
        return f"{self.table}/{self.row}/{self.column}"


class Column(Model):
    """Verdicts on the evidence of one origin, as far as it says anything; see ``judging.origins``."""

    word: Word
    #: "on samples supplied by ...", "as reported by ..."
    says: str
    code: str | None = None
    commit: str | None = None
    unchecked: list[str] = []
    #: whether it may decide; else it is only shown
    accepted: bool
    #: every score that was brought, or measured of what was
    scores: list[Values] = []
    claims: list[ClaimVerdict]
    cells: list[CellVerdict]
    damage: list[str] = []
    stale: list[str] = []


class ExperimentState(Model):
    """How far one experiment is at one tier."""

    experiment: str
    tier: str
    planned: int
    finished: int
    diverged: int
    failed: int
    training_seconds: float


class RuleChange(Model):
    """One difference between the sealed rules and today's; absent values are None, others JSON text."""

    kind: Literal["changed", "removed", "added", "code"]
    #: the sealed item (``claims.G-C1``, ``tables.T1, GAN, SVHN``, ``experiments.gan at full``, ``rules``)
    item: str
    #: where in the item, empty for the whole of it
    path: str
    old: str | None
    new: str | None


SealStatus = Literal["intact", "late", "added to", "code changed", "changed", "damaged", "absent"]


class SealState(Model):
    """The rules of a paper today against those that were sealed at its first run; see ``judging.seal``.

    ``intact``: the same; ``late``: sealed after runs had been begun, no rule changed since; ``added to``: only new
    items; ``code changed``: the sources that judge have changed, the rules' version has not; ``changed``: rules were
    changed or removed after results were seen; ``damaged``: the seal is not what was written; ``absent``: there are
    results, and nobody fixed rules before them.
    """

    status: SealStatus
    sealed_sha256: str | None
    today_sha256: str
    sealed_at: str | None
    #: runs of a tier above smoke that had been begun when the rules were sealed
    runs_before: int
    changes: list[RuleChange]
    #: one sentence for a reader
    says: str
    #: whether all verdicts are as under the sealed rules and code; None where nothing changed, or nobody knows
    agrees: bool | None = None


class Selected(Model):
    """One score under several rules of choosing the checkpoint: means over the seeds that have evaluations.

    ``gain`` is how much better ``best`` looks than ``last``, positive = better; ``luck`` is what choosing the best of
    as many evaluations is expected to gain if they differ by noise alone.
    """

    experiment: str
    tier: str
    score: str
    label: str
    direction: Literal["lower", "higher", "two_sided", "none"]
    rule: Literal["last", "best"]
    seeds: int
    #: evaluations over training, the fewest of any seed
    evaluations: int
    last: float
    best: float | None
    #: evaluations in ``median_of_last``
    window: int
    median_of_last: float
    own: float
    #: standard deviation of one evaluation, from successive differences in the second half of training
    noise: float | None
    gain: float | None
    luck: float | None
    #: of the gain, were the last evaluation of each run any of its evaluations; None where they are too few to tell
    p: float | None = None


#: what a verdict counts as where several readings are counted
Side = Literal["holds", "in part", "reversed", "undecided", "not run"]


class ReadingVerdict(Model):
    """A claim under one reading."""

    reading: str
    #: the choices that the reading adds to the ground; none for the ground itself
    choices: list[str]
    side: Side
    state: ClaimState
    tier: str | None
    #: where it is INTERIM: "5 of 10 seeds"
    so_far: str | None = None
    #: where it is undecided: which way the numbers point
    leans: Literal["for", "against"] | None
    #: the deciding effect of each statement of the claim
    effects: list[float | None]
    #: how far the choices move the effect that they move most, as a share of its largest size under any reading
    moves: float | None


class AcrossReadings(Model):
    """One claim under all readings that touch it, on one ground; see ``judging.readings``."""

    claim: str
    #: ``base``, or the reading that the others are on top of
    ground: str
    #: whether reduced runs are among those compared
    reduced: bool
    #: "holds under 5 of 8 readings, reversed under 2, undecided under 1"
    says: str
    #: whether it holds under some and is reversed under others
    disagree: bool
    #: the ground first
    readings: list[ReadingVerdict]
    #: readings by how much they move the effect, the most first
    ranking: list[str]
    #: the smallest sets of choices that flip the ground's verdict
    flips: list[list[str]]


class OwnComparison(Model):
    """An experiment of one's own beside a printed number: a comparison, not a verdict on the paper."""

    experiment: str
    #: table/row/column
    against: str
    published: float
    says: str
    measured: Values | None
    #: signed so that positive is worse
    deviation: Interval | None
    reason: str


class PaperVerdicts(Model):
    """All verdicts on one paper from one results folder."""

    schema_version: Literal[1]
    paper: str
    title: str
    spec_sha256: str
    #: the reading that they are under; None for the base
    reading: str | None = None
    #: numerics tier of the runs; None where nothing was run
    numerics: str | None = None
    claims: list[ClaimVerdict]
    cells: list[CellVerdict]
    experiments: list[ExperimentState]
    #: folders of records that no run of today's spec needs: the spec has changed since
    stale: list[str]
    #: what does not agree between records and their files
    damage: list[str]
    #: today's rules against the sealed ones; None where nothing was run, so that there is nothing to seal against
    seal: SealState | None = None
    selection: list[Selected] = []
    #: claims that some reading with runs touches, ground by ground
    readings: list[AcrossReadings] = []
    #: whose word was accepted
    accepted: list[Word] = ["trained"]
    #: what was brought, and what was not accepted, each by itself
    brought: list[Column] = []
    #: experiments that another file adds, beside the paper's numbers
    ours: list[OwnComparison] = []
