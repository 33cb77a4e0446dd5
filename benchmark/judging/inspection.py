"""Records looked at once each, and which of them may not count: damaged, edited, contradicting, copied, mixed ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from benchmark.judging.consistency import between, contradictions, identity
from benchmark.runs.integrity import damage, edited
from benchmark.runs.records import CURVES, SAMPLES, RunRecord, Stored
from benchmark.runs.sidecars import Equivalence
from benchmark.spec.curve_statistics import Course, CurveError, statistic_value
from benchmark.spec.numerics import NUMERICS
from benchmark.spec.statistic import Statistic

#: bytes of curves that are kept in memory
_OPEN_BYTES: Final = 2**28
#: a record, what is wrong with it, and why it does not count; None where it does all the same
_Fault = tuple[Stored, str, str | None]


def refusals(
    used: Sequence[Stored], owners: Mapping[str, Sequence[str]], inspected: Inspected
) -> tuple[list[str], dict[str, str]]:
    """All that is wrong with records, a line each, and by run id why a record does not count.

    ``owners`` are the experiments that each run id belongs to.
    """
    files, identities = list(_files(used, inspected)), list(_identities(used, owners, inspected))
    rest = [*_contradictions(used, inspected), *_repeats(used), *_copies(used), *_mixtures(used)]
    refused: dict[str, str] = {}
    for run, _, why in (*identities, *files, *rest):
        if why is not None:
            refused.setdefault(run.record.run_id, why)
    return [line for _, line, _ in (*files, *identities, *rest)], refused


def _files(used: Sequence[Stored], inspected: Inspected) -> Iterator[_Fault]:
    for run in used:
        why = "the record is not the one that was written" if inspected[run].edited else None
        yield from ((run, line, why) for line in inspected[run].damage)


def _identities(used: Sequence[Stored], owners: Mapping[str, Sequence[str]], inspected: Inspected) -> Iterator[_Fault]:
    """Records that were edited: the id is not the hash of what was run, or it belongs to another experiment.

    One run may be of several experiments under several readings; its record names one of them.
    """
    for run in used:
        problem, here = inspected[run].identity, owners[run.record.run_id]
        if problem is None and run.record.experiment not in here and not inspected.planned(run.record):
            problem = f"it says it is {run.record.experiment}, it is a run of {' and '.join(here)}"
        if problem is not None:
            yield run, f"{run.folder}: {problem}", f"the record has been edited: {problem}"


def _contradictions(used: Sequence[Stored], inspected: Inspected) -> Iterator[_Fault]:
    """Records that cannot be true, by themselves or beside the others; see ``consistency``."""
    alone = ((run, problem) for run in used for problem in inspected[run].contradictions)
    for run, problem in (*alone, *between(used)):
        yield run, f"{run.folder}: {problem}", f"the record contradicts itself or others: {problem}"


def _repeats(used: Sequence[Stored]) -> Iterator[_Fault]:
    first: dict[str, Stored] = {}
    for run in used:
        known = first.setdefault(run.record.run_id, run)
        if known is not run:
            experiment, tier, seed = run.record.experiment, run.record.tier, run.record.seed
            what = f"seed {seed} of {experiment} at tier {tier} is recorded in {known.folder} too"
            yield run, f"{run.folder}: {what}, which is the one used", None


def _copies(used: Sequence[Stored]) -> Iterator[_Fault]:
    """Two seeds with the very same samples are one run, whatever their records say."""
    first: dict[str, Stored] = {}
    once = {run.record.run_id: run for run in reversed(used)}
    for run in sorted(once.values(), key=lambda run: (run.record.seed, str(run.folder))):
        digest = run.record.files.get(SAMPLES)
        known = first.setdefault(digest, run) if digest is not None else run
        if known.record.seed != run.record.seed:
            problem = f"same samples as seed {known.record.seed} in {known.folder}, not an independent run"
            yield run, f"{run.folder}: {problem}", problem


def _mixtures(used: Sequence[Stored]) -> Iterator[_Fault]:
    """One numerics tier counts, that of most records: tiers are never mixed."""
    tiers = [run.record.numerics for run in used if run.record.numerics in NUMERICS]
    kept = max(sorted(set(tiers)), key=tiers.count, default=None)
    for run in used:
        if run.record.numerics in NUMERICS and run.record.numerics != kept:
            problem = f"trained in {run.record.numerics}, others in {kept}: numerics tiers are not mixed"
            yield run, f"{run.folder}: {problem}", problem


@dataclass(frozen=True)
class Facts:
    """What is wrong with one record by itself, each part looked up once."""

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

    Runs in a rougher numerics tier count where ``equivalences`` say that they may. See :meth:`allow`.
    """

    def __init__(self) -> None:
        #: recipes whose runs in a rougher numerics tier count, and the tier
        self.shown: set[tuple[str, str]] = set()
        #: ids of runs whose records are there and cannot be read
        self.unread: AbstractSet[str] = frozenset()
        #: whether the experiment and the reading that a record names plan its run
        self.planned: Callable[[RunRecord], bool] = lambda _: False
        self._known: dict[int, Facts] = {}
        self._curves: dict[Path, Mapping[str, np.ndarray]] = {}
        self._open_bytes = 0
        self._statistics: dict[tuple[Path, int | None, str, Statistic], float | CurveError] = {}

    def __getitem__(self, stored: Stored) -> Facts:
        return self._known.setdefault(id(stored), Facts(stored, self))

    def allow(self, equivalences: Iterable[Equivalence]) -> None:
        """Let runs in a rougher tier count where one of these shows that their scores agree with those of fp32."""
        self.shown |= {(found.recipe, found.numerics) for found in equivalences if found.agrees}

    def course(self, stored: Stored) -> Course:
        """A run's curves; raises ``StoreError``."""
        if stored.folder not in self._curves:
            curves = replace(stored, until=None).curves()
            while self._curves and self._open_bytes + _size(curves) > _OPEN_BYTES:
                self._open_bytes -= _size(self._curves.pop(next(iter(self._curves))))
            self._curves[stored.folder] = curves
            self._open_bytes += _size(curves)
        curves = {name: curve[: stored.until] for name, curve in self._curves[stored.folder].items()}
        return Course(curves, stored.record.iterations_per_epoch)

    def statistic(self, stored: Stored, curve: str, statistic: Statistic) -> float:
        """A statistic of a run's curve, computed once; raises ``CurveError`` and ``StoreError``."""
        key = (stored.folder, stored.until, curve, statistic)
        if key not in self._statistics:
            try:
                self._statistics[key] = statistic_value(self.course(stored), curve, statistic)
            except CurveError as error:
                self._statistics[key] = error
        known = self._statistics[key]
        if isinstance(known, CurveError):
            raise known.with_traceback(None)
        return known


def _size(curves: Mapping[str, np.ndarray]) -> int:
    return sum(curve.nbytes for curve in curves.values())
