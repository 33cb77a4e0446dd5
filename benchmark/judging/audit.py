"""A paper audited against itself, without any run: what it states of its recipe, and what its tables contradict."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from benchmark.judging import words
from benchmark.judging.published import Outcome, on_published
from benchmark.judging.tables import TableFinding, table_findings
from benchmark.spec.base import Model
from benchmark.spec.paper import PaperSpec
from benchmark.spec.provenance import Origin, covers, origins
from benchmark.spec.source import Path_, dotted

_WIDTH = 100
_SECTIONS = ("networks", "systems", "experiments")


class Known(Model):
    """How many values of one section are known in which way."""

    section: str
    total: int
    stated: int
    public: int
    inferred: int
    default: int
    recollection: int
    missing: int


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
    claims: list[AuditedClaim]


def audit(spec: PaperSpec, data: dict[str, Any]) -> Audit:
    """Audit ``spec``; ``data`` is the file as written."""
    known, bare = origins(spec, data)
    sections = [
        _count(name, [one for one in known if one.path[0] == name], [path for path in bare if path[0] == name])
        for name in _SECTIONS
    ]
    return Audit(
        schema_version=1,
        paper=spec.paper.id,
        title=spec.paper.title,
        question=spec.paper.question,
        recipe=_count("all", known, bare),
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
            Contradicted(id=name, where=entry.where, finding=entry.finding)
            for name, entry in spec.contradictions.items()
        ],
        tables=table_findings(spec),
        claims=[_claim(spec, name) for name in spec.claims],
    )


def _count(section: str, known: Sequence[Origin], bare: Sequence[Path_]) -> Known:
    tags = [one.tag for one in known]
    return Known(
        section=section,
        total=len(known) + len(bare),
        stated=tags.count("stated"),
        public=tags.count("public"),
        inferred=tags.count("inferred"),
        default=tags.count("default"),
        recollection=tags.count("recollection"),
        missing=len(bare),
    )


def _claim(spec: PaperSpec, name: str) -> AuditedClaim:
    claim = spec.claims[name]
    outcome: Outcome | None = None
    way: Literal["measured", "verified by test", "not assessable"] = "measured"
    if claim.predicate is not None:
        test = words.describe(claim.predicate)
        outcome, reason = on_published(spec, claim.predicate)
    elif claim.verified_by is not None:
        way, test, reason = "verified by test", "", claim.verified_by
    else:
        way, test, reason = "not assessable", "", claim.not_assessable or ""
    return AuditedClaim(
        id=name, where=claim.where, says=claim.says, way=way, test=test, on_published=outcome, reason=reason
    )


# --- as text --------------------------------------------------------------------------------------------------------


def render_text(found: Audit) -> str:
    """For a terminal of 100 columns."""
    lines = [*_wrapped(f"{found.paper}: {found.title}"), *_wrapped(found.question), "", "RECIPE", _summary(found), ""]
    lines += [f"  {row}" for row in _aligned(_recipe_rows(found))]
    lines += _listed("VALUES THAT NOTHING EXPLAINS", ((path, "") for path in found.missing))
    lines += _listed("NOT STATED BY THE PAPER", ((_chosen_title(one), _chosen_text(one)) for one in found.unstated))
    lines += _listed("CONTRADICTIONS", ((f"{one.id} ({one.where})", one.finding) for one in found.contradictions))
    lines += _listed("TABLES", ((f"{one.table}: {one.kind}", one.says) for one in found.tables))
    claims = _listed("CLAIMS AGAINST THE PAPER'S OWN NUMBERS", (_claim_entry(one) for one in found.claims))
    lines += [*claims[:2], *_wrapped(_claims_summary(found), "  "), *claims[2:]] if claims else []
    return "\n".join(line.rstrip() for line in lines) + "\n"


def render_markdown(found: Audit) -> str:
    """As a Markdown document."""
    header, *rows = _recipe_rows(found)
    lines = [
        f"# Audit of {_inert(found.title)}",
        "",
        _inert(found.question),
        "",
        "## Recipe",
        "",
        _summary(found),
        "",
        _row(header),
        _row(["---"] + ["---:"] * (len(header) - 1)),
        *(_row(row) for row in rows),
        "",
    ]
    if found.missing:
        lines += ["## Values that nothing explains", "", *(f"* `{path}`" for path in found.missing), ""]
    lines += _section("Not stated by the paper", ((_chosen_title(one), _chosen_text(one)) for one in found.unstated))
    lines += _section("Contradictions", ((f"{one.id} ({one.where})", one.finding) for one in found.contradictions))
    lines += _section("Tables", ((f"{one.table}: {one.kind}", one.says) for one in found.tables))
    claims = _section("Claims against the paper's own numbers", (_claim_entry(one) for one in found.claims))
    lines += [*claims[:2], _claims_summary(found), "", *claims[2:]] if claims else []
    return "\n".join(lines).rstrip() + "\n"


def _summary(found: Audit) -> str:
    recipe = found.recipe
    share = f" ({100 * recipe.stated / recipe.total:.0f} %)" if recipe.total else ""
    return f"The paper states {recipe.stated} of {words.counted(recipe.total, 'value')} that can move a score{share}."


def _recipe_rows(found: Audit) -> list[list[str]]:
    columns = ["total", "stated", "public", "inferred", "default", "recollection", "missing"]
    rows = [
        [one.section, *(str(getattr(one, column)) for column in columns)] for one in (*found.sections, found.recipe)
    ]
    return [["section", *columns], *rows]


def _chosen_title(one: Chosen) -> str:
    return f"{one.path} [{one.tag}, {words.counted(one.values, 'value')}]"


def _chosen_text(one: Chosen) -> str:
    others = f" Alternatives: {'; '.join(one.alternatives)}." if one.alternatives else ""
    return f"{one.chosen} ({one.source}).{others}"


def _claim_entry(one: AuditedClaim) -> tuple[str, str]:
    verdict = {"holds": "HOLDS", "fails": "FAILS", "holds in part": "HOLDS IN PART", None: "not tested there"}
    state = verdict[one.on_published] if one.way == "measured" else one.way
    told = f"Test: {one.test}. In print: {one.reason}." if one.way == "measured" else one.reason
    return f"{one.id} ({one.where}): {state}", f"{one.says} {told}"


def _claims_summary(found: Audit) -> str:
    ways = [one.way for one in found.claims]
    outcomes = [one.on_published for one in found.claims]
    untested = ways.count("measured") - sum(outcome is not None for outcome in outcomes)
    counts = (
        (outcomes.count("holds"), "hold on its printed numbers"),
        (outcomes.count("holds in part"), "hold in part"),
        (outcomes.count("fails"), "fail"),
        (untested, "rest on what it does not print"),
        (ways.count("verified by test"), "verified by test"),
        (ways.count("not assessable"), "not assessable"),
    )
    told = ", ".join(f"{count} {what}" for count, what in counts if count)
    return f"{words.counted(len(found.claims), 'claim')}: {told}." if told else "No claims."


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False) or [""]


def _listed(title: str, entries: Iterable[tuple[str, str]]) -> list[str]:
    lines = []
    for head, text in entries:
        lines += _wrapped(head, "  ")
        lines += _wrapped(text, "      ") if text else []
    return ["", title, *lines] if lines else []


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _section(title: str, entries: Iterable[tuple[str, str]]) -> list[str]:
    lines = [f"* **{_inert(head)}** {_inert(text)}".rstrip() for head, text in entries]
    return [f"## {title}", "", *lines, ""] if lines else []


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _inert(text: str) -> str:
    """Text from a spec with everything that Markdown or HTML would act on escaped."""
    escaped = "".join(f"\\{letter}" if letter in "\\`*_[]#|<>" else letter for letter in text)
    return " ".join(escaped.split())
