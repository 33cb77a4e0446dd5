"""Numbers, p values and times as text, one way everywhere.

Where a paper prints decimals, numbers have as many; elsewhere four significant digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


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


def cut(text: str | None, most: int = 80) -> str:
    """A value as a line shows it."""
    return "nothing" if text is None else text if len(text) <= most else f"{text[: most - 3]}..."


def clause(text: str) -> str:
    """A sentence, that an error may have ended with a full stop, as it goes on in another one."""
    return text if text.endswith("..") else text.removesuffix(".")


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


MINUS = "\N{MINUS SIGN}"
PLUS_MINUS = "\N{PLUS-MINUS SIGN}"


def fixed(value: float, decimals: int) -> str:
    """``value`` with exactly ``decimals`` decimals, thousands apart by commas; never a negative zero."""
    text = f"{abs(value):,.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and any(digit in text for digit in "123456789") else text


def signed(value: float, decimals: int) -> str:
    """As :func:`fixed`, with a plus where the printed number is positive."""
    text = fixed(value, decimals)
    return f"+{text}" if value > 0 and any(digit in text for digit in "123456789") else text


def short(value: float) -> str:
    """A number without published decimals: whole numbers whole, others with four significant digits."""
    if float(value).is_integer() and abs(value) < 1e9:
        return fixed(value, 0)
    text = f"{value:.4g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", MINUS)
    digits = text.partition(".")[2]
    return fixed(float(text), len(digits))


def with_spread(mean: float, deviation: float | None) -> str:
    """A mean with the decimals that two digits of its standard deviation have: ``48.57 ± 0.52``."""
    if not deviation:
        return short(mean) + ("" if deviation is None else f" {PLUS_MINUS} 0")
    decimals = min(8, max(0, 1 - math.floor(math.log10(deviation))))
    if decimals == 8 or abs(mean) >= 1e6:
        return f"{short(mean)} {PLUS_MINUS} {short(deviation)}"
    return f"{fixed(mean, decimals)} {PLUS_MINUS} {fixed(deviation, decimals)}"


def percent(share: float) -> str:
    """A share as a percentage with at most one decimal."""
    return f"{100 * share:.1f}".removesuffix(".0") + " %"


def duration(seconds: float) -> str:
    """Seconds as the two largest of hours, minutes and seconds."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {left} s" if minutes else f"{left} s"


def hours(seconds: float) -> str:
    """Device time in hours, finer where it is little."""
    value = seconds / 3600
    return f"{value:,.1f} h" if value >= 10 else f"{value:.2f} h" if value >= 0.1 else duration(seconds)


def seed_list(seeds: Sequence[int]) -> str:
    """``0-4, 7``: seeds with runs of neighbours joined."""
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and seed == parts[-1][-1] + 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    dash = "\N{EN DASH}"
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}{dash}{part[-1]}" for part in parts)
