"""Which claims are about a figure: those whose places in the paper name it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from benchmark.spec.paper import PaperSpec

#: ``figures 2, 3a and 6 to 14``
_LISTED = re.compile(r"figures? (\d+[a-z]?(?:(?:, | and | to )\d+[a-z]?)*)")
_ONE = re.compile(r"(\d+)([a-z]?)(?: to (\d+))?")


def named_in(where: str) -> Iterator[tuple[int, str]]:
    """Number and letter of each figure that a place in a paper names; no letter stands for all."""
    for listed in _LISTED.findall(where):
        for first, letter, last in _ONE.findall(listed):
            for number in range(int(first), int(last or first) + 1):
                yield number, letter


def claims_about(spec: PaperSpec, figures: Iterable[str]) -> list[str]:
    """Ids of the claims that the paper makes at one of ``figures``, those of other papers left out."""
    shown = [one for key in figures if key in spec.figures for one in named_in(spec.figures[key].where)]

    def about(where: str) -> bool:
        return any(
            number == other and (letter == part or not letter or not part)
            for number, letter in named_in(where)
            for other, part in shown
        )

    return [key for key, claim in spec.claims.items() if about(claim.where)]
