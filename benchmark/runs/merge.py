"""Results folders of several machines become one: everything is checked before anything is copied."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from benchmark.runs.files import SHARED, StoreError, irregular, parse, read_bytes, sha256, shared_file, write_atomic
from benchmark.runs.integrity import damage, edited
from benchmark.runs.records import RECORD, RECORD_HASH, SAMPLES, RunRecord, Stored, finished_record, read_records
from benchmark.runs.sidecars import CALIBRATION, FOLDERS

SEALS = "seals"


@dataclass(frozen=True)
class Merge:
    """What is to be copied, by its place below the results folder; and what must not be, one line each.

    Of two files beside the records that differ the first is kept: ``conflicts`` names those that tell different
    results, ``notes`` those that tell different times.
    """

    copies: dict[Path, Path]
    runs: int
    present: int
    problems: list[str]
    conflicts: list[str]
    notes: list[str]


def plan_merge(sources: Sequence[Path], into: Path) -> Merge:
    """What merging ``sources`` into a folder means; reads and writes nothing there."""
    copies: dict[Path, Path] = {}
    chosen: dict[str, Stored] = {}
    problems: list[str] = []
    conflicts: list[str] = []
    notes: list[str] = []
    runs = present = 0
    for source in sources:
        for stored in read_records(source, problems, brought=True):
            if stored.record.status == "failed":
                continue  # it is tried again wherever it is planned
            problems += damage(stored)
            problems += [f"{file} is missing or damaged" for file in _shared(source, stored) if not _whole(file)]
            place = stored.folder.relative_to(source)
            try:
                there = chosen.get(place.as_posix()) or _there(into / place)
            except StoreError as error:
                problems.append(str(error))
                continue
            if there is not None:
                present += 1
                problems += filter(None, [edited(there)])
                if not _alike(there.record, stored.record):
                    problems.append(
                        f"{stored.folder / RECORD} and {there.folder / RECORD} tell different results of one run"
                    )
                continue
            runs += 1
            chosen[place.as_posix()] = stored
            for name in (*stored.record.files, RECORD_HASH, RECORD):  # the record last: it says that all else is there
                copies[place / name] = stored.folder / name
        for file in _beside(source):
            place = file.relative_to(source)
            other = copies.get(place, into / place)
            if (problem := irregular(file) or irregular(other)) is not None:
                problems.append(problem)
            elif not os.path.lexists(other):
                copies[place] = file
            elif place.parts[0] == SEALS:
                mine, theirs = _seal(file), _seal(other)
                if mine[0] != theirs[0]:
                    problems.append(f"{file} and {other} seal different rules")
                elif mine[1] < theirs[1]:  # of equal rules the older seal is before all runs
                    copies[place] = file
            elif fields := _differing(other, file):
                line = f"{other} is kept, {file} is not copied: they differ in {', '.join(fields)}"
                (notes if place.parts[0] == CALIBRATION else conflicts).append(line)
    return Merge(copies, runs, present, problems, conflicts, notes)


def carry_out(merge: Merge, into: Path) -> None:
    """Copy what was planned, each file whole or not at all; a run that is being trained there is a StoreError."""
    for folder, group in itertools.groupby(merge.copies.items(), lambda copy: into / copy[0].parent):
        copies = {place.name: file for place, file in group}
        with ExitStack() as locks:
            if RECORD in copies:
                folder.mkdir(parents=True, exist_ok=True)
                try:
                    locks.enter_context(FileLock(folder / ".lock").acquire(timeout=0))
                except Timeout:
                    raise StoreError(f"{folder}: this run is being trained; merge when it has ended") from None
                if finished_record(folder) is not None:  # it has ended there since
                    continue
            for name, file in copies.items():
                write_atomic(folder / name, read_bytes(file))


def _there(folder: Path) -> Stored | None:
    record = finished_record(folder)
    return None if record is None else Stored(record, folder)


def _alike(one: RunRecord, other: RunRecord) -> bool:
    """Whether two records say the same apart from time and machine, and from pictures that only one can have."""
    left_out = {SAMPLES} if "sampled_from" in {*one.environment, *other.environment} else set()

    def results(record: RunRecord) -> tuple[object, ...]:
        scores = {name: (score.value, score.reason is None, score.series) for name, score in record.scores.items()}
        files = {name: digest for name, digest in record.files.items() if name not in left_out}
        return record.run_id, record.status, record.determinant, scores, files

    return results(one) == results(other)


def _shared(source: Path, stored: Stored) -> Iterator[Path]:
    for score in stored.record.scores.values():
        if score.shared is not None:
            yield shared_file(source, score.shared)


def _whole(file: Path) -> bool:
    """Whether a file has the hash that is its name."""
    return irregular(file) is None and file.is_file() and sha256(file) == file.stem


def _differing(first: Path, second: Path) -> list[str]:
    """The fields in which two files beside the records differ, apart from how long measuring took."""
    contents = read_bytes(first), read_bytes(second)
    if contents[0] == contents[1]:
        return []
    try:
        one, other = map(parse, contents)
    except ValueError:
        return ["content"]
    if not isinstance(one, dict) or not isinstance(other, dict):
        return ["content"]
    return sorted(name for name in {*one, *other} - {"seconds"} if one.get(name) != other.get(name))


def _seal(file: Path) -> tuple[str, str]:
    """Hash of the rules that are sealed, and when they were."""
    try:
        facts = parse(read_bytes(file))
        return str(facts["sha256"]), str(facts["sealed_at"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{file}: no seal ({error})") from error


def _beside(source: Path) -> Iterator[Path]:
    """Files that belong to no single run: moments that runs share, anchors, protocols, calibrations, seals."""
    for folder, ending in ((SHARED, "npz"), *((name, "json") for name in (*FOLDERS, SEALS))):
        for file in sorted((source / folder).glob(f"*.{ending}")):
            if len(file.suffixes) == 1:  # what was judged belongs to the records that were there
                yield file
