"""Which claims are read off a figure, as their spec says."""

from __future__ import annotations

from collections.abc import Collection

from benchmark.spec.paper import PaperSpec


def claims_about(spec: PaperSpec, figures: Collection[str]) -> list[str]:
    """Ids of the claims that name one of ``figures``."""
    return [key for key, claim in spec.claims.items() if not set(figures).isdisjoint(claim.figures)]
