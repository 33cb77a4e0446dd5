"""The audit of a paper against itself, in a few figures."""

from __future__ import annotations

from typing import Any


def audit_facts(audit: Any | None) -> list[tuple[str, str]]:
    """(what, how much) of an audit; empty where there is none."""
    return []
