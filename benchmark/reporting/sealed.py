"""What may have been chosen after the results were seen: the rules, and the checkpoint of every score."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.judging.hypothesis_tests import ALPHA
from benchmark.judging.verdict import PaperVerdicts, Selected
from benchmark.spec import words

#: states of a seal that a reader must see before any verdict
_LOUD = {
    "changed": ("bad", "Rules were changed after results were seen"),
    "damaged": ("bad", "The seal of the rules is damaged"),
    "absent": ("open", "The rules were not sealed before the first run"),
    "late": ("open", "The rules were sealed after the first run"),
    "added to": ("open", "Rules were added after results were seen"),
}
_KINDS = {"changed": "changed", "removed": "removed", "added": "added after", "code": "code changed"}
_LONGEST = 160


@dataclass(frozen=True)
class SealView:
    """A seal as text; ``tone`` is None where nothing needs to be said loudly."""

    tone: str | None
    says: str
    sealed: str
    #: kind, item and path, then, now
    changes: list[tuple[str, str, str, str]]


def seal_view(verdicts: PaperVerdicts) -> SealView | None:
    """The seal of a paper; None where nothing was sealed and nothing had to be."""
    seal = verdicts.seal
    if seal is None:
        return None
    sealed = f"{seal.sealed_at}, SHA-256 {seal.sealed_sha256}" if seal.sealed_sha256 else "no seal"
    changes = [
        (
            _KINDS[change.kind],
            change.item + (f": {change.path}" if change.path else ""),
            words.cut(change.old, _LONGEST),
            words.cut(change.new, _LONGEST),
        )
        for change in seal.changes
    ]  # fmt: skip
    tone, head = _LOUD.get(seal.status, (None, None))
    return SealView(tone, f"{head}: {seal.says}" if head else seal.says, sealed, changes)


def worth(selected: Selected) -> str:
    """What the gain of choosing the best evaluation is worth."""
    if selected.gain is None:
        return "no direction, so there is no best"
    if selected.gain <= 0:
        return "the last is the best"
    if selected.p is None:
        return "too few evaluations to tell luck from progress"
    text = f"luck gives ({words.p_value(selected.p)})"
    return f"more than {text}" if selected.p <= ALPHA else f"no more than {text}"
