"""A paper audited against itself, without any run: what it states of its recipe, and what its tables contradict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from benchmark.judging.published import Outcome, on_published
from benchmark.judging.tables import TableFinding, table_findings
from benchmark.judging.times import PublishedTime, published_times
from benchmark.spec.base import Model
from benchmark.spec.paper import PaperSpec
from benchmark.spec.provenance import Origin, covers, origins
from benchmark.spec.source import Path_, dotted

_SECTIONS = ("networks", "systems", "experiments")


class Known(Model):
    """How many values of one section are known in which way; each counts once.

    ``contradicted`` comes first: what the paper contradicts is neither stated nor merely missing.
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
    """Statements of the paper that cannot all hold."""

    id: str
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


class Audit(Model):
    """All that a spec tells of its paper before anything has been trained."""

    schema_version: Literal[1]
    paper: str
    title: str
    question: str
    #: all sections together
    recipe: Known
    sections: list[Known]
    #: paths of values that nothing explains
    missing: list[str]
    unstated: list[Chosen]
    contradictions: list[Contradicted]
    tables: list[TableFinding]
    times: list[PublishedTime]
    claims: list[AuditedClaim]


def audit(spec: PaperSpec, data: dict[str, Any]) -> Audit:
    """Audit ``spec``; ``data`` is the file as written."""
    known, bare = origins(spec, data)
    disputed = {
        path
        for path in (*(one.path for one in known), *bare)
        if any(covers(pattern, path) for entry in spec.contradictions.values() for pattern in entry.paths)
    }
    sections = [_count(name, known, bare, disputed) for name in _SECTIONS]
    return Audit(
        schema_version=1,
        paper=spec.paper.id,
        title=spec.paper.title,
        question=spec.paper.question,
        recipe=Known(
            section="all",
            **{
                field: sum(getattr(one, field) for one in sections)
                for field in Known.model_fields
                if field != "section"
            },
        ),
        sections=sections,
        missing=[dotted(path) for path in bare],
        unstated=[
            Chosen(
                path=pattern,
                values=sum(one.pattern == pattern and covers(pattern, one.path) for one in known),
                chosen=entry.chosen,
                tag=entry.tag,
                source=entry.source,
                alternatives=list(entry.alternatives),
            )
            for pattern, entry in spec.unstated.items()
        ],
        contradictions=[
            Contradicted(
                id=name,
                where=entry.where,
                finding=entry.finding,
                values=sum(any(covers(pattern, path) for pattern in entry.paths) for path in disputed),
            )
            for name, entry in spec.contradictions.items()
        ],
        tables=table_findings(spec),
        times=published_times(spec),
        claims=[_claim(spec, name) for name in spec.claims],
    )


def _count(section: str, known: Sequence[Origin], bare: Iterable[Path_], disputed: set[Path_]) -> Known:
    every = [*((one.path, str(one.tag)) for one in known), *((path, "missing") for path in bare)]
    ways = ["contradicted" if path in disputed else tag for path, tag in every if path[0] == section]
    return Known(
        section=section,
        total=len(ways),
        stated=ways.count("stated"),
        public=ways.count("public"),
        inferred=ways.count("inferred"),
        default=ways.count("default"),
        recollection=ways.count("recollection"),
        missing=ways.count("missing"),
        contradicted=ways.count("contradicted"),
    )


def _claim(spec: PaperSpec, name: str) -> AuditedClaim:
    claim = spec.claims[name]
    outcome: Outcome | None = None
    way: Literal["measured", "verified by test", "not assessable"] = "measured"
    if claim.predicate is not None:
        test = claim.predicate.text
        outcome, reason = on_published(spec, claim.predicate)
    elif claim.verified_by is not None:
        way, test, reason = "verified by test", "", claim.verified_by
    else:
        way, test, reason = "not assessable", "", claim.not_assessable or ""
    return AuditedClaim(
        id=name, where=claim.where, says=claim.says, way=way, test=test, on_published=outcome, reason=reason
    )
