"""The audit of a paper against itself, in a few figures."""

from __future__ import annotations

from benchmark.judging.audit import Audit
from benchmark.reporting.numbers import percent


def audit_facts(audit: Audit | None) -> list[tuple[str, str]]:
    """(what, how much) of an audit, most telling first; empty where there is none."""
    if audit is None:
        return []
    recipe = audit.recipe
    facts = []
    if recipe.total:
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
        facts.append(("values that move a score", f"{recipe.total:,}"))
    facts.append(("contradictions", str(len(audit.contradictions))))
    against = sum(claim.on_published in ("fails", "holds in part") for claim in audit.claims)
    tested = sum(claim.on_published is not None for claim in audit.claims)
    if tested:
        facts.append(("claims its own numbers deny", f"{against} of {tested}"))
    return facts
