"""``ganrepro audit``: papers against themselves, without any run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.audit_text import render_markdown, render_text
from benchmark.commands.select_runs import load_papers
from benchmark.judging.audit import Audit, AuditFinding
from benchmark.judging.audit import audit as audit_paper
from benchmark.judging.power import planned_power, power_lines, power_of_more
from benchmark.spec.names import Say, in_prose


def audit_options(to: argparse.ArgumentParser) -> None:
    opt.papers(to)
    to.add_argument("--markdown", action="store_true", help="Markdown instead of plain text, with all details")
    to.add_argument("--details", action="store_true", help="tests, numbers, sources and alternatives as well")
    to.add_argument("--findings", action="store_true", help="only what counts most, of all papers, weightiest first")
    opt.add(to, "--json")


def audit(options: argparse.Namespace) -> int:
    papers = load_papers(options.papers)
    if options.findings:
        found = [(audit_paper(paper.spec, paper.source.data), in_prose(paper.spec)) for paper in papers]
        if options.json:
            rows = [{"paper": paper, **finding.model_dump(mode="json")} for finding, paper, _ in _decisive(found)]
            return terminal.as_json(rows)
        print(_findings(_decisive(found)))
        return 0
    audits = [
        (audit_paper(paper.spec, paper.source.data), planned_power(paper.spec),
         power_of_more(paper.spec) if options.details or options.markdown else [], in_prose(paper.spec))
        for paper in papers
    ]  # fmt: skip
    if options.json:
        rows = [
            {**audited.model_dump(mode="json"), "power": power.model_dump(mode="json")} for audited, power, *_ in audits
        ]
        return terminal.as_json(rows)
    pages = []
    for audited, power, more, say in audits:
        told = [say(line) for line in power_lines(power, more)]
        head = "What the planned seeds could decide"
        if options.markdown:
            page, head = render_markdown(audited, say), f"## {head}\n"
            lines = [f"    {line}" for line in told]
        else:
            page = render_text(audited, details=options.details, say=say)
            lines = [terminal.wrapped(line, 6, "    ") for line in told]
        pages.append("\n".join([page.rstrip(), *(["", head, *lines] if lines else [])]))
    print("\n\n".join(pages))
    return 0


#: findings from this weight on are decisive enough to stand without the rest of an audit
_DECISIVE = 60
#: a finding with its paper and how its keys are said
_Finding = tuple[AuditFinding, str, Say]


def _decisive(audits: Sequence[tuple[Audit, Say]]) -> list[_Finding]:
    """The decisive findings on several papers, weightiest first."""
    found = [(finding, audited.paper, say) for audited, say in audits for finding in audited.findings]
    return sorted((one for one in found if one[0].weight >= _DECISIVE), key=lambda one: -one[0].weight)


def _findings(decisive: Sequence[_Finding]) -> str:
    against = [one for one in decisive if one[0].kind != "recipe"]
    recipes = [one for one in decisive if one[0].kind == "recipe"]
    papers = len({paper for _, paper, _ in against})
    says = "1 PAPER SAYS AGAINST ITSELF" if papers == 1 else f"{papers} PAPERS SAY AGAINST THEMSELVES"
    lines = [f"WHAT {says}, without any run" if papers else "NOTHING DECISIVE AGAINST ITSELF IN ANY PAPER HERE"]
    lines += map(_line, against)
    lines += ["HOW MUCH OF ITS RECIPE A PAPER STATES", *map(_line, recipes)] if recipes else []
    return "\n".join(lines)


def _line(one: _Finding) -> str:
    finding, paper, say = one
    note = f" [Our reading: {finding.note}]" if finding.note else ""
    return terminal.wrapped(say(f"{paper}: {finding.sentence}{note}"), 4, "  - ")
