"""How far this machine's scores agree with the committed reference evidence of the very same runs."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from benchmark import places
from benchmark.runs.records import read_records

#: committed evidence of the default job, in a checkout
REFERENCE = Path("results", "reference", "default-job")


def with_reference(results: Path, run_ids: Collection[str]) -> str | None:
    """One sentence: how many scores of these runs equal the committed ones; None where none are at hand."""
    folder = places.ROOT / REFERENCE
    if not folder.is_dir() or folder.resolve() == results.resolve():
        return None
    theirs = {run.record.run_id: run.record for run in read_records(folder)}
    pairs = [
        (mine.value, score.value)
        for run in read_records(results, [])
        if run.record.run_id in run_ids and run.record.run_id in theirs
        for name, score in theirs[run.record.run_id].scores.items()
        if (mine := run.record.scores.get(name)) is not None and mine.value is not None and score.value is not None
    ]
    return sentence(pairs, str(REFERENCE))


def sentence(pairs: Collection[tuple[float, float]], where: str) -> str | None:
    """``pairs`` of a score here and there, in words."""
    if not pairs:
        return None
    apart = sorted(abs(mine - theirs) / max(abs(mine), abs(theirs)) for mine, theirs in pairs if mine != theirs)
    text = f"{len(pairs) - len(apart)} of {len(pairs)} scores equal those of {where} bit for bit"
    if apart:
        text += f", {len(apart)} within {100 * apart[-1]:.2g} %"
    return text
