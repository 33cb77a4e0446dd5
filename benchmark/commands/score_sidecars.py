"""What lies beside the records, checked: that it has its form, belongs to what it says, and agrees with itself."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from benchmark.evaluation.recompute import differences
from benchmark.judging.equivalence import recomputed
from benchmark.parts.metrics.infinity import line_through
from benchmark.runs import sidecars
from benchmark.runs.files import StoreError, read_as
from benchmark.runs.records import RunRecord, Stored
from benchmark.runs.sidecars import KINDS, Anchor, Calibration, Equivalence, ProtocolGrid, Sidecar
from benchmark.spec.base import canonical
from benchmark.spec.paper import PaperSpec
from benchmark.spec.words import cut

S = TypeVar("S", bound=Sidecar)
_RELATIVE = 1e-9


class _Stranger(Exception):
    """A sidecar that belongs to nothing here: in a folder it may be of runs that are gone."""


def files_of(results: Path, stored: Sequence[Stored]) -> list[Path]:
    """Files beside the records that belong to these runs, or to a device; damaged ones are a StoreError."""
    wanted = _identities([run.record for run in stored])
    run_ids = {run.record.run_id for run in stored}
    return [
        *(file for file in _files(results, Anchor) if canonical(read_as(file, Anchor).identity) in wanted),
        *(file for file in _files(results, ProtocolGrid) if read_as(file, ProtocolGrid).run_id in run_ids),
        *(
            file
            for file in _files(results, Equivalence)
            if not run_ids.isdisjoint(itertools.chain(*read_as(file, Equivalence).runs.values()))
        ),
        *_files(results, Calibration),
    ]


def problems(
    results: Path, stored: Sequence[Stored], specs: Mapping[str, PaperSpec], strangers: list[str]
) -> Iterator[str]:
    """What is wrong with what lies beside these records, one line each.

    What belongs to none of them, or to no spec as it stands, is added to ``strangers``.
    """
    records = [run.record for run in stored]
    wanted = _identities(records)
    by_id = {record.run_id: record for record in records}

    def each(kind: type[S], check: Callable[[S], Iterator[str]]) -> Iterator[str]:
        for file in _files(results, kind):
            where = file.relative_to(results)
            try:
                sidecar = read_as(file, kind)
            except StoreError as error:
                yield f"{where}: {str(error).removeprefix(f'{file}: ')}"
                continue
            if file != sidecar.file(results):
                yield f"{where}: its name is not what its content makes it, {sidecar.name}"
            try:
                yield from (f"{where}: {line}" for line in check(sidecar))
            except _Stranger as stranger:
                strangers.append(f"{where} {stranger}")

    yield from each(Anchor, lambda anchor: _anchor(anchor, wanted))
    yield from each(ProtocolGrid, lambda grid: _grid(grid, by_id.get(grid.run_id)))
    yield from each(Calibration, _calibration)
    yield from each(Equivalence, lambda kept: _equivalence(kept, stored, specs.get(kept.paper)))


def _files(results: Path, kind: type[Sidecar]) -> list[Path]:
    return sorted((results / kind.FOLDER).glob("*.json"))


def _identities(records: Sequence[RunRecord]) -> set[str]:
    """Identity of every anchor that these runs' scores have."""
    return {
        canonical(sidecars.identity(kind, record.determinant, record.hashes.get("dataset"), name))
        for record in records
        if "setup" in record.determinant
        for name in record.scores
        for kind in KINDS
    }


def _anchor(anchor: Anchor, wanted: Collection[str]) -> Iterator[str]:
    if canonical(anchor.identity) not in wanted:
        raise _Stranger("belongs to no score of a run here")
    if bool(anchor.values) == (anchor.reason is not None):
        yield "must have either values or a reason"
    ((metric, settings),) = anchor.identity["metric"].items()
    wanted = {"metric": metric, **settings, "dataset": anchor.identity["dataset"]}
    for name, (was, used) in anchor.reduced.items():
        if wanted.get(name) != was:
            yield f"'{name}' is said to be reduced from {was}, asked was {wanted.get(name)}"
        if was == "all":  # of what there is
            wanted["n_real"] = used
        else:
            wanted[name] = used
    for name, value in sorted(wanted.items()) if anchor.values else ():
        # a part of the data has a fingerprint of its own
        if name in anchor.protocol and name != "dataset" and canonical(anchor.protocol[name]) != canonical(value):
            yield f"protocol field '{name}' is {anchor.protocol[name]}, its identity says {value}"


def _grid(grid: ProtocolGrid, record: RunRecord | None) -> Iterator[str]:
    if record is None:
        raise _Stranger("belongs to no run here")
    for field in ("paper", "experiment", "tier", "seed"):
        if getattr(grid, field) != getattr(record, field):
            yield f"{field} is {getattr(grid, field)}, the run's is {getattr(record, field)}"
    if grid.iteration != record.iterations:
        yield f"scored after {grid.iteration} iterations, the run has {record.iterations}"
    for name, value in sorted(grid.recorded.items()):
        score = record.scores.get(name)
        known = score.at_end() if score is not None else None
        if value != known:
            yield f"{name} is said to be recorded as {value!r}, the record has {known!r}"
    for variant in grid.variants:
        base = grid.again.get(variant.score)
        if variant.value is not None and (
            base is None or variant.change is None or not _close(variant.value - base, variant.change)
        ):
            place = f"{variant.score}, {variant.axis} {variant.setting}"
            yield f"{place}: change {variant.change!r} is not {variant.value!r} less {base!r}"
    for line in grid.extrapolated:
        if len(line.counts) != len(line.values) or len(set(line.counts)) < 3:
            yield f"{line.score}: no line goes through {len(line.counts)} counts and {len(line.values)} values"
            continue
        fitted = line_through(line.counts, line.values)
        if not _close(fitted.intercept, line.intercept) or not _close(fitted.slope, line.slope):
            yield f"{line.score}: the line through its values meets 0 at {fitted.intercept!r}, not {line.intercept!r}"


def _calibration(calibration: Calibration) -> Iterator[str]:
    for name, loop in sorted(calibration.loops.items()):
        if len(loop.ratio_range) != 2 or not loop.ratio_range[0] <= loop.ratio <= loop.ratio_range[1]:
            yield f"{name}: ratio {loop.ratio} is not within {loop.ratio_range}"
        iterations = loop.full_run_seconds / loop.tuned_seconds_per_iteration
        if not math.isclose(iterations, round(iterations), rel_tol=1e-6):
            yield f"{name}: {loop.full_run_seconds} s are no whole number of iterations"


def _equivalence(kept: Equivalence, stored: Sequence[Stored], spec: PaperSpec | None) -> Iterator[str]:
    """What the records give other than what is kept. What is kept of another state of a spec judges nothing."""
    pairs = [] if spec is None else [*recomputed(spec, stored, [kept])]
    if not pairs:
        raise _Stranger("belongs to no experiment of a spec here")
    ((_, found),) = pairs
    if found.recipe != kept.recipe:
        raise _Stranger("is of another state of its spec, judges nothing")
    for place, then, now in differences(kept.model_dump(mode="json"), found.model_dump(mode="json")):
        yield f"{place}: stored {cut(then)}, recomputed {cut(now)}"


def _close(first: float, second: float) -> bool:
    return math.isclose(first, second, rel_tol=_RELATIVE, abs_tol=1e-9)
