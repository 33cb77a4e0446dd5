"""Kinds of planted faults: one that judging must find, one that only a pack shows, one that nothing shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmark.judging.selftest import paper

Plant = Callable[[Path], None]


@dataclass(frozen=True)
class Fault:
    """One fault: how it is planted, and words of the finding that must name it."""

    name: str
    plant: Plant
    named: str
    #: the spec that judges, where the fault lies in the rules
    text: str = paper.TEXT


@dataclass(frozen=True)
class Forged:
    """A fault that only ``ganrepro verify`` shows, in a pack whose hashes were all renewed."""

    name: str
    plant: Plant
    named: str
    #: whether the verdicts in the pack are those of the honest records
    verdicts_left: bool = False


@dataclass(frozen=True)
class Open:
    """A fault that records alone cannot show, and what would."""

    name: str
    plant: Plant
    needs: str
