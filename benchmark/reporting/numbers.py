"""Numbers as text, one way everywhere: published decimals where there are any, four significant digits elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmark.judging.verdict import Interval

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


def span(value: Interval, decimals: int | None = None, *, sign: bool = False) -> str:
    """``1.30 [0.90, 1.70]``; an absent bound is shown as open, and none where both are absent."""

    def show(number: float) -> str:
        if decimals is None:
            return f"+{short(number)}" if sign and number > 0 else short(number)
        return signed(number, decimals) if sign else fixed(number, decimals)

    if value.low is None and value.high is None:
        return show(value.estimate)
    low = "open" if value.low is None else show(value.low)
    high = "open" if value.high is None else show(value.high)
    return f"{show(value.estimate)} [{low}, {high}]"


def interval(value: Interval, decimals: int | None = None, *, sign: bool = False) -> str:
    """As :func:`span`, with its confidence: ``1.30 [0.90, 1.70], 90 % CI``."""
    text = span(value, decimals, sign=sign)
    return text if value.low is None and value.high is None else f"{text}, {percent(value.confidence)} CI"


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
