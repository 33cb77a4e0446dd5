"""``ganrepro audit``: papers against themselves, without any run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.audit_text import render_markdown, render_text
from benchmark.commands.select_runs import load_papers
from benchmark.judging.audit import Audit
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
        print(_findings([(audit_paper(paper.spec, paper.source.data), in_prose(paper.spec)) for paper in papers]))
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
        pages.append("\n".join([page.rstrip(), "", head, *lines]))
    print("\n\n".join(pages))
    return 0


#: findings from this weight on are decisive enough to stand without the rest of an audit
_DECISIVE = 60


def _findings(audits: Sequence[tuple[Audit, Say]]) -> str:
    """The decisive findings on several papers, weightiest first."""
    decisive = [
        (finding, audited.paper, say)
        for audited, say in audits
        for finding in audited.findings
        if finding.weight >= _DECISIVE
    ]
    papers = f"{len(audits)} PAPERS SAY" if len(audits) > 1 else "THIS PAPER SAYS"
    lines = [f"WHAT {papers} AGAINST {'THEMSELVES' if len(audits) > 1 else 'ITSELF'}, without any run"]
    for finding, paper, say in sorted(decisive, key=lambda item: -item[0].weight):
        note = f" [Our reading: {finding.note}]" if finding.note else ""
        lines.append(terminal.wrapped(say(f"{paper}: {finding.sentence}{note}"), 4, "  - "))
    return "\n".join(lines)
