"""A paper audited without any run: what it states of its recipe, and what its own tables and statements contradict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from benchmark.judging.published import Numbers, Outcome
from benchmark.judging.tables import Kind as TableKind
from benchmark.judging.tables import PublishedTime, TableFinding, published_times, table_findings
from benchmark.spec import words
from benchmark.spec.base import Model
from benchmark.spec.claims import Claim
from benchmark.spec.paper import PaperSpec
from benchmark.spec.provenance import covers, origins, own_values
from benchmark.spec.source import dotted

_SECTIONS = ("networks", "systems", "experiments")

FindingKind = Literal["claim fails", "claim in part", "time beyond peak", "contradiction", "recipe", TableKind]
#: how decisive a finding on a table is
_WEIGHTS: dict[TableKind, int] = {
    "repeat": 65,
    "protocol": 50,
    "bold": 45,
    "spread": 30,
    "quoted": 25,
    "regenerated": 20,
}


class Known(Model):
    """How many values of one section are known in which way; each counts once.

    ``contradicted`` comes first: where the paper contradicts itself, a value is neither stated nor merely missing.
    """

    section: str
    total: int
    stated: int
    public: int
    inferred: int
    default: int
    recollection: int
    missing: int
    contradicted: int


class Chosen(Model):
    """A value (or a group of them) that the paper does not give."""

    path: str
    values: int
    chosen: str
    tag: str
    source: str
    alternatives: list[str]


class Contradicted(Model):
    """A statement of the paper, and what it cannot be reconciled with; see ``spec.paper.Contradiction``."""

    id: str
    kind: str
    where: str
    finding: str
    #: values of the recipe that it is about
    values: int


class AuditedClaim(Model):
    """A claim and what the paper's own numbers say of it."""

    id: str
    where: str
    says: str
    way: Literal["measured", "verified by test", "not assessable"]
    test: str
    on_published: Outcome | None
    reason: str
    #: what had to be chosen here to make the sentence testable
    note: str | None


class AuditFinding(Model):
    """One finding as a whole sentence; ``weight``, 0 to 100, says how decisive it is, a cover has those from 60."""

    kind: FindingKind
    weight: int
    sentence: str
    #: what in it is a choice made here, to be printed with it
    note: str | None = None
    claims: list[str] = []
    cells: list[str] = []


class Audit(Model):
    """All that a spec tells of its paper before anything has been trained."""

    schema_version: Literal[1]
    paper: str
    title: str
    question: str
    #: where it is not, nothing is said of what the paper states
    text_at_hand: bool
    #: the most decisive first
    findings: list[AuditFinding]
    #: values of the paper's own systems, experiments and reported metrics, all sections together
    recipe: Known
    sections: list[Known]
    #: values of rivals, controls and scores that were added here
    others: Known
    #: paths of values that nothing explains
    missing: list[str]
    unstated: list[Chosen]
    #: of the paper with itself
    contradictions: list[Contradicted]
    #: of the paper with cited works, public code, usual practice; and what it omits or misprints
    remarks: list[Contradicted]
    tables: list[TableFinding]
    times: list[PublishedTime]
    claims: list[AuditedClaim]


def audit(spec: PaperSpec, data: dict[str, Any]) -> Audit:
    """Audit ``spec``; ``data`` is the file as written."""
    known, bare = origins(spec, data)
    own = own_values(spec, data)
    against_itself = [
        contradiction.paths for contradiction in spec.contradictions.values() if contradiction.kind == "itself"
    ]
    paths = [*(origin.path for origin in known), *bare]
    disputed = {path for path in paths if any(covers(pattern, path) for group in against_itself for pattern in group)}
    ways = {origin.path: str(origin.tag) for origin in known} | dict.fromkeys(bare, "missing")
    ways |= dict.fromkeys(disputed, "contradicted")
    sections = [
        _count(name, [way for path, way in ways.items() if path[0] == name and path in own]) for name in _SECTIONS
    ]
    irreconcilable = [
        Contradicted(
            id=name,
            values=sum(any(covers(pattern, path) for pattern in entry.paths) for path in paths),
            **entry.model_dump(exclude={"paths"}),
        )
        for name, entry in spec.contradictions.items()
    ]
    numbers = Numbers(spec)
    report = Audit(
        schema_version=1,
        paper=spec.paper.id,
        title=spec.paper.title,
        question=spec.paper.question,
        text_at_hand=spec.paper.text == "at_hand",
        findings=[],
        recipe=_count("all", [way for path, way in ways.items() if path in own]),
        sections=sections,
        others=_count("others", [way for path, way in ways.items() if path not in own]),
        missing=[dotted(path) for path in bare],
        unstated=[
            Chosen(
                path=pattern,
                values=sum(origin.pattern == pattern and covers(pattern, origin.path) for origin in known),
                **entry.model_dump(mode="json"),
            )
            for pattern, entry in spec.unstated.items()
        ],
        contradictions=[pair for pair in irreconcilable if pair.kind == "itself"],
        remarks=[pair for pair in irreconcilable if pair.kind != "itself"],
        tables=table_findings(spec),
        times=published_times(spec),
        claims=[_claim(name, claim, numbers) for name, claim in spec.claims.items()],
    )
    return report.model_copy(update={"findings": findings(report)})


def _count(section: str, ways: Sequence[str]) -> Known:
    counts = {way: ways.count(way) for way in Known.model_fields if way not in ("section", "total")}
    return Known(section=section, total=len(ways), **counts)


def _claim(name: str, claim: Claim, numbers: Numbers) -> AuditedClaim:
    outcome: Outcome | None = None
    way: Literal["measured", "verified by test", "not assessable"] = "measured"
    if claim.predicate is not None:
        test = claim.predicate.text
        outcome, reason = numbers.outcome(claim.predicate)
    elif claim.verified_by is not None:
        way, test, reason = "verified by test", "", claim.verified_by
    else:
        way, test, reason = "not assessable", "", claim.not_assessable or ""
    said = claim.model_dump(include={"where", "says", "note"})
    return AuditedClaim(id=name, way=way, test=test, on_published=outcome, reason=reason, **said)


def findings(audit: Audit) -> list[AuditFinding]:
    """What an audit found, the most decisive first; equally decisive ones in the paper's order."""
    return sorted(_findings(audit), key=lambda finding: -finding.weight)


def _findings(audit: Audit) -> Iterator[AuditFinding]:
    for outcome, weight in (("fails", 100), ("holds in part", 80)):
        for claim in audit.claims:
            if claim.on_published == outcome:
                yield AuditFinding(
                    kind="claim fails" if outcome == "fails" else "claim in part",
                    weight=weight,
                    sentence=f"{claim.id} ({claim.where}) {outcome} on the paper's own numbers: {claim.reason}.",
                    note=claim.note,
                    claims=[claim.id],
                )
    beyond = [time for time in audit.times if time.beyond_peak]
    if beyond:
        yield AuditFinding(
            kind="time beyond peak", weight=90, sentence=beyond_peak(audit.times), cells=[time.place for time in beyond]
        )
    for contradiction in audit.contradictions:
        yield AuditFinding(
            kind="contradiction",
            weight=70,
            sentence=f"{contradiction.id} ({contradiction.where}): {contradiction.finding}",
        )
    for table in audit.tables:
        yield AuditFinding(
            kind=table.kind, weight=_WEIGHTS[table.kind], sentence=f"{table.table}: {table.says}.", cells=table.cells
        )
    if audit.recipe.total:
        yield AuditFinding(kind="recipe", weight=60, sentence=recipe_stated(audit))


def beyond_peak(times: Sequence[PublishedTime]) -> str:
    """How many published times need more than their device can do, and that the networks are assumed here."""
    beyond = [time for time in times if time.beyond_peak]
    most = max(time.share_of_peak for time in beyond)
    devices = ", ".join(dict.fromkeys(time.device for time in beyond))
    described = "does not describe in full" if any(time.assumes for time in beyond) else "describes"
    return (
        f"{len(beyond)} of {words.counted(len(times), 'published time')} would need more than the peak of {devices}, "
        f"up to {100 * most:.0f} % of it, for the networks assumed here, which the paper {described}."
    )


def recipe_stated(audit: Audit) -> str:
    """How much of its own recipe the paper states, in a sentence; nothing of that where its text is not at hand."""
    recipe = audit.recipe
    values = f"{words.counted(recipe.total, 'value')} of its own recipe that can move a score"
    if not audit.text_at_hand:
        return f"The paper's text is not at hand, so nothing is said of what it states of the {values}."
    share = f" ({100 * recipe.stated / recipe.total:.0f} %)" if recipe.total else ""
    more = [
        f"contradicts itself on {recipe.contradicted}" if recipe.contradicted else "",
        f"leaves {recipe.missing} that nothing explains" if recipe.missing else "",
    ]
    return (
        f"The paper states {recipe.stated} of the {values}{share}{''.join(f', {clause}' for clause in more if clause)}."
    )
