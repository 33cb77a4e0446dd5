"""What is known of a record by itself, whatever it is judged for: problems of its files and contents, and its curves.

A record is judged under its paper and all readings of it, and is looked at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from benchmark.judging.consistency import contradictions, identity
from benchmark.runs.integrity import damage, edited
from benchmark.runs.records import CURVES, Stored
from benchmark.runs.sidecars import Equivalence
from benchmark.spec.curve_statistics import Course

#: folders whose curves are kept in memory
_OPEN_FOLDERS = 32


@dataclass(frozen=True)
class _Inspected:
    stored: Stored
    owner: Inspected

    @cached_property
    def damage(self) -> list[str]:
        return damage(self.stored)

    @cached_property
    def contradictions(self) -> list[str]:
        return contradictions(self.stored, lambda: self.owner.course(self.stored).curves)

    @cached_property
    def edited(self) -> bool:
        return edited(self.stored) is not None

    @cached_property
    def identity(self) -> str | None:
        return identity(self.stored.record)

    @property
    def broken_curves(self) -> bool:
        return any(problem.startswith(str(self.stored.folder / CURVES)) for problem in self.damage)


class Inspected:
    """Facts on records, by their identity: each record is kept as long as its facts are.

    Runs in a rougher numerics tier count where ``equivalences`` say that they may.
    """

    def __init__(self, equivalences: Iterable[Equivalence] = ()) -> None:
        #: recipes whose runs in a rougher numerics tier count, and the tier
        self.shown = {(equivalence.recipe, equivalence.numerics) for equivalence in equivalences if equivalence.agrees}
        self._known: dict[int, _Inspected] = {}
        self._curves: dict[Path, Mapping[str, np.ndarray]] = {}

    def __getitem__(self, stored: Stored) -> _Inspected:
        """What is known of one record."""
        return self._known.setdefault(id(stored), _Inspected(stored, self))

    def course(self, stored: Stored) -> Course:
        """A run's curves; raises ``StoreError``."""
        if stored.folder not in self._curves:
            if len(self._curves) >= _OPEN_FOLDERS:
                self._curves.pop(next(iter(self._curves)))
            self._curves[stored.folder] = replace(stored, until=None).curves()
        curves = {name: curve[: stored.until] for name, curve in self._curves[stored.folder].items()}
        return Course(curves, stored.record.iterations_per_epoch)
