"""Numbers and p values as text, one way everywhere."""

from __future__ import annotations

import math


def number(value: float) -> str:
    """Four significant digits, whole numbers in full: 31.97, 0.0003, 3160, 'infinity'."""
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if value == round(value) and abs(value) < 1e9:
        return str(round(value))
    return f"{value:.4g}"


def p_value(p: float) -> str:
    """``p = 0.012``, two significant digits; ``p < 0.0001`` below that."""
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"


def shown(value: object) -> str:
    """A protocol's value, long ones (hashes) cut."""
    if value is None:
        return "not recorded"
    text = str(value)
    return text if len(text) <= 24 else f"{text[:12]}..."


def counted(count: int, noun: str) -> str:
    """``1 seed``, ``3 seeds``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def between(above: float | None, below: float | None) -> str:
    """``between 1.7 and 2.3``, ``below 2.3`` or ``above 1.7``."""
    if above is not None and below is not None:
        return f"between {number(above)} and {number(below)}"
    if below is not None:
        return f"below {number(below)}"
    assert above is not None
    return f"above {number(above)}"


def share_of_seeds(share: float) -> str:
    """``more than half of the seeds``."""
    if share == 0:
        return "at least one seed"
    if share == 0.5:
        return "more than half of the seeds"
    return f"more than {number(100 * share)} % of the seeds"
