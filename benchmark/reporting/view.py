"""Everything that a report says of one paper, as text, before any format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, TypeVar
from urllib.parse import quote

from benchmark.judging.judge import JudgedPaper
from benchmark.judging.verdict import OwnComparison
from benchmark.reporting.claims import ClaimView, claim_views
from benchmark.reporting.run_groups import PaperRecords
from benchmark.reporting.tables import CELL_STATES, CLAIM_STATES, State, TableView, table_views
from benchmark.spec import names
from benchmark.spec.base import TIERS, Model
from benchmark.spec.paper import PaperSpec
from benchmark.spec.printed import Printed
from benchmark.spec.words import counted, fixed

Section = Literal["verdicts", "interim", "apart", "not run"]
#: states that seeds at the full budget lead to
VERDICTS = {
    *("HOLDS", "HOLDS IN PART", "REVERSED IN PART", "REVERSED", "INCONCLUSIVE", "REPRODUCED", "REPRODUCED IF"),
    *("NOT REPRODUCED", "NOT REPRODUCED IF", "BETTER THAN PUBLISHED"),
}
M = TypeVar("M", bound=Model)
REDUCED = "Reduced runs: not comparable with the paper"


@dataclass(frozen=True)
class TierProgress:
    """How many of a tier's planned runs have ended, and how."""

    tier: str
    planned: int
    finished: int
    diverged: int
    failed: int

    @property
    def words(self) -> str:
        """``4 of 6 finished, 1 diverged``."""
        parts = [f"{self.finished} of {self.planned} finished"]
        parts += [f"{count} {word}" for count, word in ((self.diverged, "diverged"), (self.failed, "failed")) if count]
        return ", ".join(parts)


@dataclass(frozen=True)
class PaperView(JudgedPaper):
    """One paper as the templates read it."""

    evidence: PaperRecords = field(kw_only=True, compare=False)

    @property
    def id(self) -> str:
        return self.spec.paper.id

    @property
    def page(self) -> str:
        parts = (self.id, self.origin, self.verdicts.reading)
        return f"{'--'.join(part for part in parts if part)}.html"

    @property
    def ground(self) -> str:
        """The reading that all here is under, in words; empty for the spec as it stands."""
        return f"reading {self.verdicts.reading}" if self.verdicts.reading else ""

    @property
    def where(self) -> str:
        """What this evidence is, beside other evidence on the paper."""
        origin = f"reference {self.origin}" if self.origin else "runs of this folder"
        return ", ".join(filter(None, (origin, self.ground)))

    @property
    def ground_says(self) -> str:
        """``reading narrow: networks 128 wide``: what that reading is, as the spec says; empty as :attr:`ground`."""
        reading = self.spec.readings.get(self.verdicts.reading or "")
        return f"{self.ground}: {reading.says}" if reading is not None else ""

    @property
    def authors(self) -> str:
        """Authors as a bibliography writes them."""
        names = self.spec.paper.authors
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

    @property
    def links(self) -> list[tuple[str, str]]:
        """(text, https address) of where the paper can be read."""
        paper = self.spec.paper
        links = []
        if paper.doi:
            links.append((f"doi:{paper.doi}", f"https://doi.org/{quote(paper.doi, safe='/.()')}"))
        if paper.arxiv:
            links.append((f"arXiv:{paper.arxiv}", f"https://arxiv.org/abs/{paper.arxiv}"))
        if paper.url:
            links.append((paper.url.removeprefix("https://"), paper.url))
        return links

    @cached_property
    def tables(self) -> list[TableView]:
        return table_views(self.spec, self.verdicts)

    @cached_property
    def claims(self) -> list[ClaimView]:
        return claim_views(self.spec, self.verdicts, self.evidence)

    def ours(self, *tables: str) -> list[OwnView]:
        """What of one's own stands beside tables."""
        printed = {number.path: number for number in self.spec.printed}
        compared = [(one, printed[one.against]) for one in self.verdicts.ours]
        return [_own(self.spec, *pair) for table in tables for pair in compared if pair[1].table == table]

    def claims_in(self, part: Section) -> list[ClaimView]:
        return [claim for claim in self.claims if part_of(claim) == part]

    def tables_in(self, part: Section) -> list[TableView]:
        """Tables of one part of the page: of the first part that any of its numbers belongs to."""
        return [
            table
            for table in self.tables
            if _part_of_table(table, any(comparison.measured for comparison in self.ours(table.id))) == part
        ]

    @property
    def counts(self) -> list[tuple[State, int, str]]:
        """States of claims and published numbers with how many there are, said in words."""
        parts = []
        claims = Counter(claim.state.word for claim in self.claims)
        cells = Counter(cell.state.word for table in self.tables for _, _, cell in table.cells)
        for word, state in {**CLAIM_STATES, **CELL_STATES}.items():
            kinds = [(claims[word], "claim"), (cells[word], "number")]
            if claims[word] + cells[word]:
                parts.append((state, claims[word] + cells[word], ", ".join(counted(n, what) for n, what in kinds if n)))
        return parts

    @property
    def found(self) -> list[tuple[State, int, str]]:
        """Of :attr:`counts` the states that runs give."""
        return [(state, count, words) for state, count, words in self.counts if state.word in {*VERDICTS, "INTERIM"}]

    @property
    def progress(self) -> list[TierProgress]:
        """Runs planned and ended, by tier; of reduced tiers only those that somebody ran."""
        rows = []
        for tier in TIERS:
            states = [state for state in self.verdicts.experiments if state.tier == tier]
            if any(tier == TIERS[0] or state.finished + state.diverged + state.failed for state in states):
                counts = ("planned", "finished", "diverged", "failed")
                rows.append(TierProgress(tier, *(sum(getattr(state, count) for state in states) for count in counts)))
        return rows

    @property
    def device_seconds(self) -> float:
        """All time that the shown runs took on their devices, redone work and evaluation included."""
        times = [stored.record.timing for stored in self.stored]
        return sum(time.training_seconds + time.evaluation_seconds + time.redone_seconds for time in times)

    @property
    def training_seconds(self) -> float:
        return sum(stored.record.timing.training_seconds for stored in (*self.stored, *self.beyond))

    @property
    def tiers_run(self) -> list[str]:
        tiers = {stored.record.tier for stored in self.stored}
        return [tier for tier in TIERS if tier in tiers]

    @property
    def banner(self) -> str | None:
        """A warning where nothing at hand may be set beside the published numbers."""
        return banner([self])

    def command(self, what: str = "", tier: str = "full") -> str:
        """What runs something under the page's reading: ``--experiment x``, ``--claim C1``, ``--table T1``, or all."""
        reading = f"--reading {self.verdicts.reading}" if self.verdicts.reading else ""
        return " ".join(filter(None, ("ganrepro run", self.id, reading, f"--tier {tier}", what)))


def part_of(claim: ClaimView) -> Section:
    word = claim.state.word
    if word in VERDICTS:
        return "verdicts"
    if word == "INTERIM" or claim.verdict.preview is not None:
        return "interim"
    return "not run" if word == "NOT RUN" else "apart"


def _part_of_table(table: TableView, ours: bool) -> Section:
    words = {cell.state.word for _, _, cell in table.cells}
    if words & VERDICTS:
        return "verdicts"
    if ours or any(cell.measured is not None for _, _, cell in table.cells):
        return "interim"
    return "not run" if "NOT RUN" in words else "apart"


@dataclass(frozen=True)
class OwnView:
    """An experiment of one's own beside a number of the paper: a comparison and no verdict."""

    label: str
    says: str
    beside: Printed
    published: str
    measured: str
    deviation: str
    outcome: str
    reason: str


def _own(spec: PaperSpec, compared: OwnComparison, printed: Printed) -> OwnView:
    decimals, mean = printed.cell.decimals, compared.measured.mean if compared.measured is not None else None
    return OwnView(
        names.of_experiment(spec, compared.experiment),
        spec.experiments[compared.experiment].says or "",
        printed,
        fixed(printed.cell.value, decimals),
        "" if mean is None else fixed(mean, decimals),
        "" if compared.deviation is None else compared.deviation.text(decimals, sign=True),
        compared.says,
        names.in_prose(spec)(compared.reason),
    )


def paper_view(given: JudgedPaper) -> PaperView:
    """View of one paper, without folders of the machine; its records are put in the order of their runs' ids."""
    stored = [replace(run, record=_without_folders(run.record)) for run in given.stored]
    stored.sort(key=lambda run: run.record.run_id)
    bare = {**vars(given), "verdicts": _without_folders(given.verdicts), "stored": stored}
    return PaperView(**bare, evidence=PaperRecords(given.spec, stored))


def _without_folders(model: M) -> M:
    """The model with absolute paths in its text cut to the names of their files."""
    text = model.model_dump_json()
    cut = names.without_folders(text)
    return model if cut == text else type(model).model_validate_json(cut)


def banner(views: Sequence[PaperView], *, decided_elsewhere: bool = False) -> str | None:
    """What must be said before any number: nothing has run, or only reduced tiers have.

    ``decided_elsewhere``: verdicts of the committed reference evidence follow.
    """
    tiers = [tier for tier in TIERS if any(tier in view.tiers_run for view in views)]
    if not tiers and (rests := sorted({column.says for view in views for column in view.verdicts.brought})):
        return f"Nothing was trained here: evidence is {', '.join(rests)}"
    if not tiers and any(view.verdicts.readings for view in views):
        return "Nothing has run by the spec as it stands: all runs are of other readings of what the paper leaves open"
    if not tiers:
        others = "and the committed reference evidence" if decided_elsewhere else "alone"
        return f"Nothing has run yet: what follows rests on the paper's own text {others}"
    reduced = [view.id for view in views if view.tiers_run and view.tiers_run[0] != "full"]
    if tiers[0] == "full":
        return f"{REDUCED} ({', '.join(reduced)})" if reduced else None
    others = "; the verdicts below are those of the committed reference evidence" if decided_elsewhere else ""
    return f"{REDUCED} (only the {' and '.join(tiers)} tier{'s' if len(tiers) > 1 else ''} ran){others}"
