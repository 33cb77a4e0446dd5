"""Everything that a report says of one paper, as text, before any format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote

from benchmark.judging.audit import Audit
from benchmark.judging.verdict import PaperVerdicts
from benchmark.reporting.judged import ClaimView, TableView, claim_views, table_views
from benchmark.reporting.run_groups import Evidence
from benchmark.reporting.slopes import SlopeChart, slope_charts
from benchmark.reporting.states import CELL_STATES, CLAIM_STATES, MATRIX, MatrixColumn, State, counted
from benchmark.runs.records import Stored
from benchmark.runs.sidecars import Companions
from benchmark.spec.base import TIERS
from benchmark.spec.paper import PaperSpec

REDUCED = "Reduced runs: not comparable with the paper"


@dataclass(frozen=True)
class PaperInput:
    """One paper's spec, verdicts, the records that today's spec expects, and its audit where there is one."""

    spec: PaperSpec
    verdicts: PaperVerdicts
    stored: list[Stored]
    audit: Audit | None = None
    #: anchors of scores, protocol grids and calibrations of devices
    beside: Companions = field(default_factory=Companions)


@dataclass(frozen=True)
class Progress:
    """How many of a tier's planned runs have ended, and how."""

    tier: str
    planned: int
    finished: int
    diverged: int
    failed: int

    @property
    def missing(self) -> int:
        """Runs that have not ended yet."""
        return max(0, self.planned - self.finished - self.diverged - self.failed)

    @property
    def words(self) -> str:
        """``4 of 6 finished, 1 diverged``."""
        parts = [f"{self.finished} of {self.planned} finished"]
        parts += [f"{count} {word}" for count, word in ((self.diverged, "diverged"), (self.failed, "failed")) if count]
        return ", ".join(parts)


@dataclass(frozen=True)
class MatrixRow:
    """A paper's claims, or one of its tables: how many verdicts there are of each column of the matrix."""

    name: str
    anchor: str
    says: str
    counts: Counter[MatrixColumn]


@dataclass(frozen=True)
class PaperView:
    """One paper as the templates read it."""

    given: PaperInput
    evidence: Evidence = field(compare=False)

    @property
    def spec(self) -> PaperSpec:
        """What the paper says."""
        return self.given.spec

    @property
    def verdicts(self) -> PaperVerdicts:
        """What judging says."""
        return self.given.verdicts

    @property
    def id(self) -> str:
        """The paper's short name."""
        return self.spec.paper.id

    @property
    def authors(self) -> str:
        """Authors as a bibliography writes them."""
        names = self.spec.paper.authors
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

    @property
    def links(self) -> list[tuple[str, str]]:
        """(text, https address) of where the paper can be read."""
        paper = self.spec.paper
        found = []
        if paper.doi:
            found.append((f"doi:{paper.doi}", f"https://doi.org/{quote(paper.doi, safe='/.()')}"))
        if paper.arxiv:
            found.append((f"arXiv:{paper.arxiv}", f"https://arxiv.org/abs/{paper.arxiv}"))
        if paper.url:
            found.append((paper.url.removeprefix("https://"), paper.url))
        return found

    @cached_property
    def tables(self) -> list[TableView]:
        """Published tables beside measurements."""
        return table_views(self.spec, self.verdicts)

    @cached_property
    def claims(self) -> list[ClaimView]:
        """Claims and their verdicts."""
        return claim_views(self.verdicts)

    @property
    def claim_counts(self) -> list[tuple[State, int]]:
        """Claims in each state."""
        return counted((claim.state for claim in self.verdicts.claims), CLAIM_STATES)

    @property
    def cell_counts(self) -> list[tuple[State, int]]:
        """Published numbers in each state."""
        return counted((cell.state for cell in self.verdicts.cells), CELL_STATES)

    @property
    def progress(self) -> list[Progress]:
        """Runs planned and ended, by tier."""
        return progress([self.verdicts])

    @property
    def device_seconds(self) -> float:
        """All time that the shown runs took on their devices, redone work and evaluation included."""
        times = [stored.record.timing for stored in self.given.stored]
        return sum(time.training_seconds + time.evaluation_seconds + time.redone_seconds for time in times)

    @property
    def training_seconds(self) -> float:
        """Time that the shown runs spent in training alone."""
        return sum(stored.record.timing.training_seconds for stored in self.given.stored)

    @property
    def tiers_run(self) -> list[str]:
        """Tiers of which there are records."""
        found = {stored.record.tier for stored in self.given.stored}
        return [tier for tier in TIERS if tier in found]

    @property
    def banner(self) -> str | None:
        """A warning where nothing at hand may be set beside the published numbers."""
        return banner([self])

    @property
    def commands(self) -> list[tuple[str, str]]:
        """(experiment, command) that regenerates it."""
        return [(name, self.command(name)) for name in self.spec.experiments]

    def command(self, experiment: str) -> str:
        """What regenerates an experiment's numbers, at the highest tier shown or else at the full one."""
        group = next((group for group in self.evidence.groups if group.experiment == experiment), None)
        tier, numerics = ("full", "fp32") if group is None else (group.tier, group.numerics)
        exact = "" if numerics == "fp32" else f" --numerics {numerics}"
        return f"ganrepro run papers/{self.id}.yaml --tier {tier} --experiment {experiment}{exact}"

    @cached_property
    def slopes(self) -> dict[str, list[SlopeChart]]:
        """Slope charts of every claim of an order that has any."""
        charts = {
            one.claim: slope_charts(self.spec, self.spec.claims[one.claim], one)
            for one in self.verdicts.claims
            if one.claim in self.spec.claims
        }
        return {name: found for name, found in charts.items() if found}

    @cached_property
    def matrix(self) -> list[MatrixRow]:
        """Verdicts on the claims, and table by table on the published numbers, for the cover."""
        counts = Counter(MATRIX[one.state] for one in self.verdicts.claims)
        rows = [MatrixRow("claims", f"{self.id}-claims", "claims", counts)] if self.claims else []
        for table in self.tables:
            counts = Counter(MATRIX[cell.state.word] for _, _, cell in table.cells)
            rows.append(MatrixRow(table.id, f"{self.id}-{table.id}", table.table.caption, counts))
        return rows


def paper_view(given: PaperInput) -> PaperView:
    """View of one paper; its records are put in the order of their runs' ids."""
    return PaperView(given, Evidence(given.spec, sorted(given.stored, key=lambda stored: stored.record.run_id)))


def progress(verdicts: Sequence[PaperVerdicts]) -> list[Progress]:
    """Runs planned and ended over several papers, by tier; of reduced tiers only those that somebody ran."""
    states = [state for one in verdicts for state in one.experiments]
    found = []
    for tier in TIERS:
        of_tier = [state for state in states if state.tier == tier]
        if any(tier == TIERS[0] or state.finished + state.diverged + state.failed for state in of_tier):
            found.append(
                Progress(
                    tier,
                    sum(state.planned for state in of_tier),
                    sum(state.finished for state in of_tier),
                    sum(state.diverged for state in of_tier),
                    sum(state.failed for state in of_tier),
                )
            )
    return found


def banner(views: Sequence[PaperView]) -> str | None:
    """What must be said before any number: nothing has run, or only reduced tiers have."""
    tiers = [tier for tier in TIERS if any(tier in view.tiers_run for view in views)]
    if not tiers:
        return "Nothing has run yet: what follows rests on the paper's own text alone"
    reduced = [view.id for view in views if view.tiers_run and view.tiers_run[0] != "full"]
    if tiers[0] == "full":
        return f"{REDUCED} ({', '.join(reduced)})" if reduced else None
    return f"{REDUCED} (only the {' and '.join(tiers)} tier{'s' if len(tiers) > 1 else ''} ran)"
