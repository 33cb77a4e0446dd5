"""Today's rules against the sealed ones: what was changed, added and removed, and the state of the seal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmark.judging.seal import Item, Seal, read_seal, rules, seal_file, sources
from benchmark.judging.verdict import RuleChange, SealState, SealStatus
from benchmark.runs.records import Stored
from benchmark.spec.base import canonical, digest, flat
from benchmark.spec.paper import PaperSpec
from benchmark.spec.words import counted


def stored_state(results: Path, spec: PaperSpec, stored: Sequence[Stored]) -> SealState | None:
    """State of the seal in a results folder that holds these records; see :func:`state`."""
    file = seal_file(results, spec.paper.id)
    content = file.read_bytes() if file.is_file() else None
    seal = read_seal(content) if content is not None else None
    runs = [run.record for run in stored if run.record.paper == spec.paper.id and run.record.tier != "smoke"]
    brought = bool(runs) and all(record.origin is not None for record in runs)
    return state(spec, seal, damaged=content is not None and seal is None, runs=len(runs), brought=brought)


def state(
    spec: PaperSpec, seal: Seal | None, *, damaged: bool = False, runs: int = 0, brought: bool = False
) -> SealState | None:
    """Today's rules against the sealed ones.

    ``damaged``: there is a file that is no seal. ``runs``: of a tier above smoke, begun so far. ``brought``: all of
    these are what others brought. None where there is neither a seal nor a run that one would protect.
    """
    today, changes = rules(spec), list[RuleChange]()
    status: SealStatus
    if seal is not None:
        changes = [*_changes(seal.items, today), *_code(seal.sources)]
        status, says = _status(seal, changes, not seal.whole or seal.paper != spec.paper.id, brought)
    elif damaged:
        status = "damaged"
        says = "the file of the seal cannot be read, so nobody knows which rules were fixed before the results"
    elif runs:
        begun = counted(runs, "run")
        status, chosen = "absent", "margins, claims and seeds may have been chosen after results were seen"
        says = f"no rules were sealed before these {begun}: {chosen}"
    else:
        return None
    return SealState(
        status=status,
        sealed_sha256=None if seal is None else seal.sha256,
        today_sha256=digest(today),
        sealed_at=None if seal is None else seal.sealed_at,
        runs_before=runs if seal is None else seal.runs_before,
        changes=changes,
        says=says,
    )


def _status(seal: Seal, changes: Sequence[RuleChange], broken: bool, brought: bool) -> tuple[SealStatus, str]:
    if broken:
        return "damaged", "the seal itself has been edited: it does not have the hash that it states"
    items = {
        kind: {change.item for change in changes if change.kind == kind} for kind in ("changed", "removed", "added")
    }
    different, added = len(items["changed"] | items["removed"]), len(items["added"])
    files = sum(change.kind == "code" for change in changes)
    parts = []
    if different:
        parts.append(f"{counted(different, 'rule')} changed after results were seen")
    if added:
        parts.append(f"{counted(added, 'rule')} added after results were seen")
    if files:
        parts.append(f"the code that applies the rules has changed since they were sealed ({counted(files, 'file')})")
    if not parts:
        when = "as they were sealed" + ("" if seal.runs_before or brought else " before the first run")
        parts.append(f"all {len(seal.items)} rules and the code that applies them are {when}")
    if seal.runs_before:
        parts.append(f"{counted(seal.runs_before, 'run')} had been begun before the rules were sealed")
    elif brought:
        parts.append("no run has ended here, all records are of what others brought")
    says = "; ".join(parts)
    if different:
        return "changed", says
    if seal.runs_before:
        return "late", says
    return ("code changed" if files else "added to" if added else "intact"), says


def _changes(old: Mapping[str, Item], new: Mapping[str, Item]) -> Iterator[RuleChange]:
    for item in sorted({*old, *new}):
        if item not in old:
            yield RuleChange(kind="added", item=item, path="", old=None, new=canonical(new[item]))
        elif item not in new:
            yield RuleChange(kind="removed", item=item, path="", old=canonical(old[item]), new=None)
        elif canonical(old[item]) != canonical(new[item]):
            before, after = flat(old[item]), flat(new[item])
            for path in sorted({*before, *after}):
                if before.get(path) != after.get(path):
                    yield RuleChange(kind="changed", item=item, path=path, old=before.get(path), new=after.get(path))


def _code(sealed: Mapping[str, str]) -> Iterator[RuleChange]:
    today = sources()
    for file in sorted({*sealed, *today}):
        if today.get(file) != sealed.get(file):
            yield RuleChange(kind="code", item=file, path="", old=sealed.get(file), new=today.get(file))
