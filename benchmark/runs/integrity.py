"""Whether records and their files are still what was written."""

from __future__ import annotations

from benchmark.runs.files import irregular, sha256
from benchmark.runs.records import RECORD, RECORD_HASH, Stored


def edited(stored: Stored) -> str | None:
    """Why a record may not be the one that was written; None if its hash agrees, or it never was on disk."""
    file, written = stored.folder / RECORD, stored.folder / RECORD_HASH
    problem = irregular(file) or irregular(written)
    if problem is not None or not file.is_file():
        return problem
    if not written.is_file():
        return f"{written} is missing"
    changed = written.read_text(errors="replace").split()[:1] != [sha256(file)]
    return f"{file} has changed since it was written" if changed else None


def damage(stored: Stored) -> list[str]:
    """What does not agree between a record, its hash and its files: one line each, none if all is well."""
    problem = edited(stored)
    problems = [problem] if problem is not None else []
    for name, expected in sorted(stored.record.files.items()):
        file = stored.folder / name
        if (problem := irregular(file)) is not None:
            problems.append(problem)
        elif not file.is_file():
            problems.append(f"{file} is missing")
        elif sha256(file) != expected:
            problems.append(f"{file} has changed since its record was written")
    return problems
