"""What a reader should know first: what seeds decided, what papers' own numbers say, and what reduced runs show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.judging.audit import Audit
from benchmark.judging.readings import lines
from benchmark.judging.verdict import CellVerdict, ClaimVerdict
from benchmark.reporting.claims import ClaimView
from benchmark.reporting.tables import CellView, State, diverged, stands_on
from benchmark.reporting.view import VERDICTS, PaperView
from benchmark.spec import names
from benchmark.spec.words import percent

_DECIDED = VERDICTS - {"INCONCLUSIVE"}
_PREVIEW = {
    "points the same way": State("AS CLAIMED", "\N{RIGHTWARDS ARROW}", "apart", ""),
    "points the other way": State("THE OTHER WAY", "\N{LEFTWARDS ARROW}", "apart", ""),
    "mixed": State("MIXED", "\N{LEFT RIGHT ARROW}", "apart", ""),
}
_CONTRADICTION = State("CONTRADICTS ITSELF", "\N{NOT EQUAL TO}", "bad", "")
_PRINTED = {
    "claim fails": State("FAILS IN PRINT", "\N{BALLOT X}", "bad", ""),
    "claim in part": State("IN PART IN PRINT", "\N{CIRCLE WITH LEFT HALF BLACK}", "partly", ""),
    "time beyond peak": State("BEYOND THE PEAK", "!", "bad", ""),
}
_FIRST = {state.word for state in _PRINTED.values()}
#: weight from which on a finding of the audit belongs on a cover
_COVER = 60
#: characters of what was found, unless its first clause alone has more
_LONGEST = 150


@dataclass(frozen=True)
class CoverLine:
    """One line of the cover: what is said, what was found, and where more of it stands."""

    state: State
    paper: str
    place: str
    says: str
    effect: str
    href: str
    #: the effect in full, where clauses are left out
    detail: str = ""


@dataclass(frozen=True)
class Section:
    """Findings of one kind."""

    anchor: str
    title: str
    note: str
    findings: Sequence[CoverLine]

    def left_out(self, shown: int) -> str:
        """States of those that are folded away after so many, counted."""
        words = Counter(line.state.word for line in self.findings[shown:])
        return ", ".join(f"{count} {word.lower()}" for word, count in words.items())


def sections(
    views: Sequence[PaperView], reference: Sequence[PaperView], grounds: Sequence[PaperView] = ()
) -> list[Section]:
    """The cover's sections that have findings, the most decisive first; ``grounds`` are papers under a reading."""
    ran = {view.id for view in (*views, *grounds) if view.stored}
    lent = [view for view in reference if view.id not in ran]
    lie = "".join(f" Those of {view.id} lie in results/reference/{view.origin}." for view in lent if reduced(view))
    folders = ", ".join(dict.fromkeys(f"results/reference/{view.origin}" for view in reference if decided(view)))
    parts = [
        Section(
            "decided",
            "Decided by the runs of this folder",
            "Over training seeds at the paper's own budget, or under the reading that is named." + _named(grounds),
            [row for view in (*views, *grounds) for row in decided(view)],
        ),
        Section(
            "reference",
            "Decided by the committed reference evidence",
            f"Not among these runs; it lies in {folders}.{_named(reference)}",
            [row for view in reference for row in decided(view)],
        ),
        Section(
            "print",
            "What the papers' own numbers say",
            "No run is needed: claims against printed tables, printed times against what the device can do.",
            sorted((row for view in views for row in in_print(view)), key=lambda row: row.state.word not in _FIRST),
        ),
        Section(
            "reduced",
            "What reduced runs show",
            f"A fraction of the paper's budget: these point somewhere and decide nothing.{lie}",
            [row for view in (*views, *lent) for row in reduced(view)],
        ),
    ]
    return [part for part in parts if part.findings]


def _named(views: Sequence[PaperView]) -> str:
    """What the readings are that verdicts are under."""
    return "".join(dict.fromkeys(f" Under {view.ground_says}" for view in views if view.ground_says and decided(view)))


def decided(view: PaperView) -> list[CoverLine]:
    """Claims and published numbers with a verdict."""
    claims = [
        CoverLine(
            claim.state, view.id, _place(view, claim.verdict.claim), claim.verdict.says,
            _across(view, claim.verdict.claim, _told(claim.verdict) + _found(claim)),
            f"{view.page}#{claim.verdict.claim}",
        )
        for claim in view.claims
        if claim.state.word in _DECIDED
    ]  # fmt: skip
    cells = [
        CoverLine(
            cell.state, view.id, _place(view, f"{table.id}: {row}, {column}"),
            f"{names.of_quantity(table.table.quantity)} {cell.published} in print",
            _told(cell.verdict) + _measured(cell),
            f"{view.page}#{table.id}",
        )
        for table in view.tables
        for row, column, cell in table.cells
        if cell.state.word in _DECIDED
    ]  # fmt: skip
    return claims + cells


def _place(view: PaperView, place: str) -> str:
    return f"{place}, {view.ground}" if view.ground else place


def _told(verdict: ClaimVerdict | CellVerdict | None) -> str:
    return f"{behind}: " if (behind := stands_on(verdict)) else ""


def _found(claim: ClaimView) -> str:
    """Every part with its numbers, or the first of them, and what broke down and so has no number."""
    parts = "; ".join(f"{part.state.symbol} {part.effect}" for part in claim.parts)
    return "; ".join(filter(None, (parts or shortened(claim.effect), diverged(claim.verdict.diverged))))


def _measured(cell: CellView) -> str:
    numbers = f"{cell.measured} {cell.half_width or ''}".rstrip() if cell.measured is not None else "nothing"
    apart = f" ({cell.deviation})" if cell.deviation is not None else ""
    broken = diverged(cell.verdict.diverged) if cell.verdict is not None else None
    return "; ".join(filter(None, (f"{numbers} measured{apart}", broken)))


def _across(view: PaperView, claim: str, effect: str) -> str:
    """What was found, and under how many readings a claim stands where not all say the same."""
    compared = [reading for reading in view.verdicts.readings if reading.claim == claim]
    apart = [one for one in compared if len({read.side for read in one.readings} - {"not run"}) > 1]
    stop = "" if effect.endswith(("\N{HORIZONTAL ELLIPSIS}", ".")) else "."
    head = "Readings disagree" if any(one.disagree for one in apart) else "Over readings"
    return f"{effect}{stop} {head}: {'; '.join(lines(one)[0] for one in apart)}." if apart else effect


def in_print(view: PaperView) -> list[CoverLine]:
    """What the audit finds in print that belongs on a cover, with what in it is our reading."""
    audit, say = view.audit, names.in_prose(view.spec)
    rows = []
    for finding in audit.findings if audit is not None else ():
        if finding.weight < _COVER or finding.kind == "recipe":
            continue
        ids = {*view.spec.claims, *view.spec.tables}
        places = (*finding.claims, *(cell.split(",")[0] for cell in finding.cells))
        place = next((place for place in places if place in ids), "")
        says, detail = say(finding.sentence), say(finding.note or "")
        if finding.kind in ("claim fails", "claim in part") and place in view.spec.claims:
            detail = f"{says.partition(': ')[2] or says} {detail}".rstrip()
            says = view.spec.claims[place].says
        state = _PRINTED.get(finding.kind, _CONTRADICTION)
        href = f"{view.page}#{place or 'print'}"
        rows.append(CoverLine(state, view.id, place, says, shortened(detail), href, detail))
    return rows


def reduced(view: PaperView) -> list[CoverLine]:
    """Claims of which only reduced runs say anything."""
    return [
        CoverLine(
            _PREVIEW[claim.verdict.preview], view.id, _place(view, claim.verdict.claim), claim.verdict.says,
            _found(claim),
            f"{view.page}#{claim.verdict.claim}",
        )
        for claim in view.claims
        if claim.verdict.preview is not None
    ]  # fmt: skip


def shortened(text: str, most: int = _LONGEST) -> str:
    """As many whole clauses as ``most`` characters hold, at least one: no number is cut off from what it is of."""
    first, *others = re.split(r"(?<=[;.]) ", text)
    for count in range(len(others), 0, -1):
        whole = " ".join([first, *others[:count]])
        if len(whole) <= most:
            return whole if count == len(others) else f"{whole} \N{HORIZONTAL ELLIPSIS}"
    return f"{first} \N{HORIZONTAL ELLIPSIS}" if others else first


def recipe_facts(audit: Audit | None) -> list[tuple[str, str]]:
    """(what, how much) of how well a recipe is known; empty without an audit."""
    if audit is None or not audit.recipe.total or not audit.text_at_hand:
        return []
    recipe = audit.recipe
    counts = (
        ("of the recipe stated", recipe.stated),
        ("known from public code", recipe.public),
        ("inferred", recipe.inferred),
        ("chosen here", recipe.default),
        ("recalled, unconfirmed", recipe.recollection),
        ("contradicted by the paper itself", recipe.contradicted),
        ("explained by nothing", recipe.missing),
    )
    facts = [(what, percent(count / recipe.total)) for what, count in counts if count or what == counts[0][0]]
    return [
        *facts,
        ("values that move a score", f"{recipe.total:,}"),
        ("contradictions with itself", str(len(audit.contradictions))),
    ]
