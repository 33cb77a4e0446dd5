"""An audit for people: what fails on the paper's own numbers first, what it does not say last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from benchmark.commands import terminal
from benchmark.judging.audit import Audit, AuditedClaim, Chosen, beyond_peak, recipe_stated
from benchmark.judging.tables import PublishedTime
from benchmark.reporting.escapes import markdown
from benchmark.spec import words
from benchmark.spec.names import Say

#: kinds of findings on tables: what each means to a reader
_PRINT = {
    "bold": "on bold print that is not the best, or best and not bold",
    "repeat": "on numbers that are printed twice with different values",
    "protocol": "on numbers of one table that were measured by unequal protocols",
    "spread": "on spreads whose meaning is not given",
    "quoted": "on numbers taken from other papers",
    "regenerated": "on how they are measured here",
}
#: kinds of what cannot be reconciled: the heading of its list
_IRRECONCILABLE = {
    "itself": "Contradictions of the paper with itself",
    "omission": "Statements without their grounds or values",
    "cited_work": "Where it differs from the works that it cites",
    "public_code": "Where it differs from released programs",
    "practice": "Where it departs from known mathematics or usual practice",
    "misprint": "Slips of the pen",
}
#: the same in a list of counts
_REMARKS = {
    "omission": "on statements without grounds or values",
    "cited_work": "on differences from the works that it cites",
    "public_code": "on differences from released programs",
    "practice": "on departures from known mathematics or usual practice",
    "misprint": "on slips of the pen",
}
_TAGS = ("total", "stated", "public", "inferred", "default", "recollection", "missing", "contradicted")


@dataclass(frozen=True)
class _Section:
    """A heading, an opening line, and entries of a head and a text."""

    title: str
    opening: str = ""
    entries: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


def render_text(audit: Audit, *, details: bool = False, say: Say = str) -> str:
    """For a terminal; ``details`` adds tests, numbers, sources and alternatives; ``say`` puts labels for keys."""
    lines = [terminal.wrapped(f"{audit.paper}: {audit.title}"), terminal.wrapped(audit.question)]
    for section in _sections(audit, details):
        lines += ["", section.title.upper()]
        lines += [terminal.wrapped(section.opening, 2)] if section.opening else []
        if section.rows:
            head, *rows = section.rows
            lines.append(terminal.table(head, rows, right=range(1, len(head))))
        for title, text in section.entries:
            lines.append(terminal.wrapped(title, 2))
            lines += [terminal.wrapped(say(text), 6)] if text else []
    return "\n".join(lines) + "\n"


def render_markdown(audit: Audit, say: Say = str) -> str:
    """As a Markdown document, with all details."""
    lines = [f"# Audit of {markdown(audit.title)}", "", markdown(audit.question), ""]
    for section in _sections(audit, True):
        lines += [f"## {section.title}", ""]
        lines += [markdown(section.opening), ""] if section.opening else []
        if section.rows:
            header, *rows = section.rows
            lines += [_row(header), "| --- |" + " ---: |" * (len(header) - 1), *map(_row, rows), ""]
        if section.entries:
            lines += [
                f"* **{markdown(head)}** {markdown(say(text))}" if text else f"* {markdown(head)}"
                for head, text in section.entries
            ]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _sections(audit: Audit, details: bool) -> Iterator[_Section]:
    numbers = (
        "the paper's own numbers" if audit.text_at_hand else "its numbers as far as they are known without its text"
    )
    yield _Section("In short", entries=[(line, "") for line in _short(audit)])
    for outcome, verb in (("fails", "fail"), ("holds in part", "hold in part")):
        tested = [_tested(claim, details) for claim in audit.claims if claim.on_published == outcome]
        if tested:
            yield _Section(f"Claims that {verb} on {numbers}", entries=tested)
    if audit.times:
        yield _times(audit.times)
    for kind, title in _IRRECONCILABLE.items():
        alike = [entry for entry in (*audit.contradictions, *audit.remarks) if entry.kind == kind]
        if alike:
            entries = [(f"{entry.id} ({entry.where}){_about(entry.values)}", entry.finding) for entry in alike]
            yield _Section(title, entries=entries)
    if audit.tables:
        yield _Section("Tables", entries=[(f"{table.table}: {table.kind}", table.says) for table in audit.tables])
    good = [_tested(claim, details) for claim in audit.claims if claim.on_published == "holds"]
    if good:
        yield _Section(f"Claims that hold on {numbers}", entries=good)
    rest = [claim for claim in audit.claims if claim.on_published is None]
    if rest:
        yield _Section("Claims that its numbers cannot test", entries=_untested(rest, details))
    if audit.recipe.total:
        yield _Section("Recipe", recipe_stated(audit), rows=_recipe_rows(audit))
    if audit.missing:
        yield _Section("Values that nothing explains", entries=[(path, "") for path in audit.missing])
    if audit.unstated:
        chosen = [_chosen(entry, details) for entry in audit.unstated]
        yield _Section("Not stated by the paper" if audit.text_at_hand else "Where values come from", entries=chosen)


def _short(audit: Audit) -> Iterator[str]:
    yield _claims_summary(audit)
    if any(time.beyond_peak for time in audit.times):
        yield beyond_peak(audit.times)
    kinds = [remark.kind for remark in audit.remarks]
    others = [f"{kinds.count(kind)} {what}" for kind, what in _REMARKS.items() if kind in kinds]
    text = f" Other remarks: {', '.join(others)}." if others else ""
    yield f"{words.counted(len(audit.contradictions), 'contradiction')} of the paper with itself.{text}"
    if audit.recipe.total:
        yield recipe_stated(audit)
    on_tables = [table.kind for table in audit.tables]
    print_ = [f"{on_tables.count(kind)} {what}" for kind, what in _PRINT.items() if kind in on_tables]
    if print_:
        yield f"Findings on its tables: {'; '.join(print_)}."


def _claims_summary(audit: Audit) -> str:
    ways = [claim.way for claim in audit.claims]
    outcomes = [claim.on_published for claim in audit.claims]
    untested = ways.count("measured") - sum(outcome is not None for outcome in outcomes)
    counts = (
        (outcomes.count("fails"), "fails on its own numbers", "fail on its own numbers"),
        (outcomes.count("holds in part"), "holds there in part", "hold there in part"),
        (outcomes.count("holds"), "holds there", "hold there"),
        (untested, "rests on what it does not print", "rest on what it does not print"),
        (ways.count("verified by test"), "is verified by a test", "are verified by a test"),
        (ways.count("not assessable"), "cannot be assessed", "cannot be assessed"),
    )
    told = [f"{count} {state if count == 1 else plural}" for count, state, plural in counts if count]
    text = ", ".join([told[0].replace("there", "on its own numbers"), *told[1:]]) if told else ""
    return f"{words.counted(len(audit.claims), 'claim')}: {text}." if text else "No claims."


def _tested(claim: AuditedClaim, details: bool) -> tuple[str, str]:
    state = {"holds": "HOLDS", "fails": "FAILS", "holds in part": "HOLDS IN PART"}[claim.on_published or "holds"]
    test = f" Test: {claim.test}." if details else ""
    print_ = f" In print: {claim.reason}." if details or claim.on_published != "holds" else ""
    return f"{claim.id} ({claim.where}): {state}", f"{claim.says}{test}{print_}{_reading(claim)}"


def _reading(claim: AuditedClaim) -> str:
    return f" Our reading: {claim.note}" if claim.note else ""


def _untested(claims: Sequence[AuditedClaim], details: bool) -> list[tuple[str, str]]:
    entries = []
    for claim in claims:
        state = "not tested there" if claim.way == "measured" else claim.way
        why = f" Test: {claim.test}." if details and claim.way == "measured" else ""
        reason = (
            f"By {claim.reason}" if claim.way == "verified by test" else f"{claim.reason[:1].upper()}{claim.reason[1:]}"
        )
        entries.append(
            (f"{claim.id} ({claim.where}): {state}", f"{claim.says}{why} {reason.rstrip('.')}.{_reading(claim)}")
        )
    return entries


def _times(times: Sequence[PublishedTime]) -> _Section:
    devices = dict.fromkeys((time.device, time.peak_teraflops, time.source) for time in times)
    line = "; ".join(f"{name}: {words.number(peak)} TFLOP/s at most ({source})" for name, peak, source in devices)
    opening = (
        "What the networks and budgets assumed here cannot do without (products of weights and inputs alone), over the "
        f"printed seconds. {line}."
    )
    assumed = "; ".join(dict.fromkeys(text for time in times if time.beyond_peak for text in time.assumes))
    opening += f" Assumed of the networks: {assumed}." if assumed else ""
    rows = [["time", "seconds", "TFLOP/s implied", "share of peak", ""]]
    rows += [
        [
            time.place,
            words.number(time.seconds),
            f"{time.implied_teraflops:.2f}",
            f"{100 * time.share_of_peak:.0f} %",
            "BEYOND THE PEAK" if time.beyond_peak else "",
        ]
        for time in times
    ]
    return _Section("Published times against the device's peak", opening, rows=rows)


def _about(values: int) -> str:
    return f" [{words.counted(values, 'value')}]" if values else ""


def _recipe_rows(audit: Audit) -> list[list[str]]:
    known = [*audit.sections, audit.recipe, audit.others]
    rows = [["values", *(section.section for section in known)]]
    for tag in _TAGS:
        name = "as stated" if tag == "stated" and not audit.text_at_hand else tag
        rows.append([name, *(str(getattr(section, tag)) for section in known)])
    return rows


def _chosen(entry: Chosen, details: bool) -> tuple[str, str]:
    title = f"{entry.path} [{entry.tag}, {words.counted(entry.values, 'value')}]"
    others = f" Alternatives: {'; '.join(entry.alternatives)}." if entry.alternatives else ""
    return title, f"{entry.chosen} ({entry.source}).{others}" if details else entry.chosen


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(markdown(cell) for cell in cells)} |"
