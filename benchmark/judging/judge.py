"""All verdicts on a paper: from records, under its readings, beside what was brought, under the seal of its rules.

:func:`judge` is pure: the same records and spec give the same verdicts, anywhere.

Beside a seal lie the states that the sealed rules and code last gave, with a hash of the records they were given on. So
a change of code is judged by the verdicts that it moves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from benchmark.judging import origins, readings
from benchmark.judging.audit import Audit, audit
from benchmark.judging.cells import cell_verdicts
from benchmark.judging.checkpoint_luck import selection
from benchmark.judging.claims import claim_verdicts
from benchmark.judging.equivalence import recomputed
from benchmark.judging.evidence import Evidence, Expected, ids_of
from benchmark.judging.inspection import Inspected
from benchmark.judging.rule_changes import stored_state
from benchmark.judging.seal import seal_file
from benchmark.judging.variants import compared
from benchmark.judging.verdict import CellVerdict, ClaimVerdict, PaperVerdicts, SealState, Word
from benchmark.runs import sidecars
from benchmark.runs.files import StoreError, read_as, to_json, write_atomic
from benchmark.runs.plan import run_ids
from benchmark.runs.records import RECORD, Stored, read_records, unread
from benchmark.runs.sidecars import Companions, Equivalence, recipe_of
from benchmark.spec.base import Model
from benchmark.spec.claims import quantities
from benchmark.spec.load import Loaded
from benchmark.spec.paper import PaperSpec
from benchmark.spec.readings import BASE
from benchmark.spec.words import clause, counted, number

#: whose word decides where nobody says otherwise
ACCEPTED: tuple[Word, ...] = ("trained",)


def judge(
    spec: PaperSpec,
    spec_sha256: str,
    stored: Sequence[Stored],
    expected: Expected,
    others: Collection[str] = (),
    inspected: Inspected | None = None,
) -> PaperVerdicts:
    """Judge every claim and published number of ``spec``.

    ``expected[experiment][tier][seed]`` is the run_id that today's spec plans; records are found by it wherever they
    lie. Records of this paper that nobody expects are stale and judge nothing; ``others`` are planned under readings.
    """
    evidence = Evidence(spec, stored, expected, others, inspected)
    return PaperVerdicts(
        schema_version=1,
        paper=spec.paper.id,
        title=spec.paper.title,
        spec_sha256=spec_sha256,
        claims=claim_verdicts(spec, evidence),
        cells=cell_verdicts(spec, evidence),
        experiments=evidence.states(),
        stale=evidence.stale,
        damage=evidence.damage,
        selection=selection(evidence),
        ours=compared(spec, evidence),
    )


@dataclass(frozen=True)
class JudgedPaper:
    """One paper's spec, verdicts, the records that today's spec expects, and its audit where there is one."""

    spec: PaperSpec
    verdicts: PaperVerdicts
    stored: list[Stored]
    audit: Audit | None = None
    #: anchors of scores, protocol grids and calibrations of devices
    beside: Companions = field(default_factory=Companions)
    #: the committed evidence that it is from, where it is not this machine's
    origin: str | None = None
    #: what records of other runs hold of those that a reading expects
    held: list[Stored] = field(default_factory=list)
    #: finished records of readings that are tried on this one, which it does not plan itself
    beyond: list[Stored] = field(default_factory=list)


def expected_ones(stored: Sequence[Stored], expected: Expected) -> list[Stored]:
    """Records that today's spec expects."""
    wanted = ids_of(expected)
    return [run for run in stored if run.record.run_id in wanted]


def verdicts_on(
    loaded: Loaded,
    text: bytes,
    stored: Sequence[Stored],
    expected: Expected,
    results: Path,
    reading: str | None = None,
    accepted: Collection[Word] = ACCEPTED,
    inspected: Inspected | None = None,
    numerics: str = "fp32",
) -> PaperVerdicts:
    """Verdicts on one paper, whose file is ``text``, under its seal; folders are named from the results folder on.

    ``expected`` are runs in the tier ``numerics``.

    Verdicts on the base come with those under other readings and with what others brought. ``inspected``: what is
    known of the records already.
    """
    trained, brought = origins.apart(stored)
    tiers = {run.record.numerics for run in expected_ones(trained, expected)}
    trained = [run for run in trained if not tiers or run.record.numerics in tiers]
    planned, inspected = readings.planned(loaded, trained, numerics), Inspected() if inspected is None else inspected
    inspected.planned = partial(readings.plans, loaded)
    inspected.unread = unread(results, loaded.spec.paper.id, stored)
    trained += readings.held(loaded, reading, expected, trained)
    kept = sidecars.read_all(results, Equivalence)
    pairs = [*recomputed(loaded.spec, stored, kept, inspected)]
    inspected.allow(now for _, now in pairs)
    edited = [
        f"{then.file(results)}: says otherwise than the records, which decide: {now.says}"
        for then, now in pairs
        if then.recipe == now.recipe and then.agrees != now.agrees
    ]
    spec = loaded.under(reading)
    verdicts = judge(spec, hashlib.sha256(text).hexdigest(), trained, expected, planned.ids, inspected)
    if reading is None:
        verdicts = readings.with_readings(loaded, verdicts, trained, planned, inspected)
        verdicts = origins.with_brought(spec, verdicts, brought, expected, accepted)
    else:
        verdicts = with_idle_parts(verdicts, readings.idle_parts(loaded, reading))
    facts = {"reading": reading, "numerics": min(tiers, default=None), "damage": [*edited, *verdicts.damage]}
    margins = given_margins(trained, expected, [now for _, now in pairs])
    verdicts = with_margins(spec, verdicts.model_copy(update=facts), margins)
    verdicts = under_seal_in(results, loaded.spec, verdicts, stored)
    here = json.dumps(f"{results}/", ensure_ascii=False)[1:-1]
    return PaperVerdicts.model_validate_json(verdicts.model_dump_json().replace(here, ""))


def given_margins(
    stored: Sequence[Stored], expected: Expected, found: Sequence[Equivalence]
) -> dict[tuple[str, str], float]:
    """Experiments and tiers whose runs count by a margin that somebody gave, and that share of the mean in fp32."""
    least: dict[tuple[str, str], float] = {}
    for one in (one for one in found if one.agrees):  # the usual margins, 0 here, are given by nobody
        kind = one.recipe, one.numerics
        least[kind] = min(one.share or 0.0, least.get(kind, 1.0))
    records = {run.record.run_id: run.record for run in stored}
    counted_by = {
        (experiment, tier): least.get((recipe_of(records[run_id].determinant), records[run_id].numerics), 0.0)
        for experiment, tiers in expected.items()
        for tier, seeds in tiers.items()
        for run_id in seeds.values()
        if run_id in records
    }
    return {place: share for place, share in counted_by.items() if share}


def with_margins(spec: PaperSpec, verdicts: PaperVerdicts, margins: Mapping[tuple[str, str], float]) -> PaperVerdicts:
    """``verdicts``, each with the widest given margin (:func:`given_margins`) that it rests on."""

    def noted(reason: str, experiments: Iterable[str], tier: str | None) -> str:
        widest = max((margins.get((name, tier or ""), 0.0) for name in experiments), default=0.0)
        counts = f"; {verdicts.numerics} counts as fp32 by a given margin, {number(100 * widest)} % of the mean"
        return _noted(reason, counts if widest else "")

    def of_claim(claim: ClaimVerdict) -> ClaimVerdict:
        predicate = spec.claims[claim.claim].predicate
        names = [] if predicate is None else [quantity.experiment for quantity in quantities(predicate)]
        return claim.model_copy(update={"reason": noted(claim.reason, names, claim.tier)})

    def of_cell(cell: CellVerdict) -> CellVerdict:
        names = [] if cell.measured is None else [cell.measured.experiment]
        return cell.model_copy(update={"reason": noted(cell.reason, names, cell.tier)})

    claims, cells = [of_claim(claim) for claim in verdicts.claims], [of_cell(cell) for cell in verdicts.cells]
    return verdicts.model_copy(update={"claims": claims, "cells": cells})


def with_idle_parts(verdicts: PaperVerdicts, idle: Mapping[str, Sequence[str]]) -> PaperVerdicts:
    """``verdicts`` under a reading; one on runs says which parts of the reading change nothing of it."""
    claims = []
    for claim in verdicts.claims:
        parts = idle.get(claim.claim, ()) if claim.seeds else ()
        note = f"; {' and '.join(parts)} {'change' if len(parts) > 1 else 'changes'} nothing that it looks at"
        claims.append(claim.model_copy(update={"reason": _noted(claim.reason, note if parts else "")}))
    return verdicts.model_copy(update={"claims": claims})


def judge_papers(
    papers: Sequence[Loaded],
    results: Path,
    numerics: str,
    reading: str | None = None,
    *,
    write: bool = True,
    origin: str | None = None,
    accepted: Collection[Word] = ACCEPTED,
    bases: Sequence[JudgedPaper] = (),
) -> list[JudgedPaper]:
    """Verdicts on every paper from one results folder. Those on the base are written beside the records.

    Nothing is written beside committed evidence, whose name is ``origin``. Verdicts under a reading that others are
    tried on come with those under these others, which the base's verdicts know: ``bases``, where they are at hand.
    """
    unreadable: list[str] = []
    everything = list(read_records(results, unreadable, brought=True)) if results.is_dir() else []
    beside = sidecars.read(results, unreadable)
    inputs, known = [], {item.spec.paper.id: item.verdicts for item in bases}
    for loaded in papers:
        spec = loaded.under(reading)
        expected = run_ids(spec, numerics)
        mine = [stored for stored in everything if stored.record.paper == spec.paper.id]
        verdicts = verdicts_on(
            loaded, loaded.file.read_bytes(), mine, expected, results, reading, accepted, numerics=numerics
        )
        trained, _ = origins.apart(mine)
        if reading in loaded.readings.grounds and expected_ones(mine, expected):
            base = known.get(spec.paper.id) or verdicts_on(
                loaded, loaded.file.read_bytes(), mine, run_ids(loaded.spec, numerics), results, numerics=numerics
            )
            on_top = [across for across in base.readings if across.ground == reading]
            verdicts = verdicts.model_copy(update={"readings": on_top})
        others = {f"{results}/{other.spec.paper.id}/" for other in papers if other is not loaded}
        named = [line.removeprefix(f"{results}/") for line in unreadable if not line.startswith(tuple(others))]
        verdicts = verdicts.model_copy(update={"damage": [*named, *verdicts.damage]})
        if write and reading is None and origin is None and set(accepted) == {"trained"}:
            keep_states(results, verdicts, mine)
            write_atomic(results / "verdicts" / f"{spec.paper.id}.json", to_json(verdicts.model_dump(mode="json")))
        inputs.append(
            JudgedPaper(
                spec=spec,
                verdicts=verdicts,
                stored=expected_ones(mine, expected),
                audit=audit(spec, loaded.source.data),
                beside=beside,
                origin=origin,
                held=readings.held(loaded, reading, expected, trained),
                beyond=readings.beyond(loaded, reading or BASE, trained, numerics),
            )
        )
    return inputs


class SealedStates(Model):
    """States of verdicts as the sealed rules and code gave them, by claim or place of the cell."""

    schema_version: Literal[1]
    paper: str
    #: of the rules that gave them
    sealed_sha256: str
    #: of the records that they are of, see :func:`evidence_sha256`
    evidence_sha256: str
    #: ids of their runs; None in what was kept before they were
    runs: list[str] | None = None
    states: dict[str, str]


#: how each verdict tells that its rules were sealed late, once for all in what the seal itself says
LATE = "; the rules were sealed after "


def states_file(results: Path, paper: str) -> Path:
    """Where the states under the seal of a paper lie in a results folder."""
    return seal_file(results, paper).with_suffix(".judged.json")


def evidence_sha256(stored: Sequence[Stored], numerics: str | None = None) -> str:
    """Hash over all records of a paper above smoke, wherever they lie; over those of one numerics tier."""
    judged = _judged(stored, numerics)
    digests = sorted(hashlib.sha256((run.folder / RECORD).read_bytes()).hexdigest() for run in judged)
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _judged(stored: Sequence[Stored], numerics: str | None) -> list[Stored]:
    return [run for run in stored if run.record.tier != "smoke" and numerics in (None, run.record.numerics)]


def gone_and_come(kept: SealedStates, stored: Sequence[Stored], numerics: str | None) -> tuple[list[str], list[str]]:
    """Ids of runs that kept states rest on and that are there no more, and of those that have come since."""
    now, then = {run.record.run_id for run in _judged(stored, numerics)}, set(kept.runs or ())
    return ([], []) if kept.runs is None else (sorted(then - now), sorted(now - then))


def states_of(verdicts: PaperVerdicts) -> dict[str, str]:
    """The state of every verdict by its name; under a reading that was run the name is ``narrow: RL-C21``."""
    under = f"{verdicts.reading}: " if verdicts.reading else ""
    states: dict[str, str] = {f"{under}{claim.claim}": claim.state for claim in verdicts.claims}
    states |= {f"{under}{cell.place}": cell.state for cell in verdicts.cells}
    return states | {
        f"{reading.reading}: {across.claim}": reading.state
        for across in verdicts.readings
        for reading in across.readings
        if reading.reading != BASE and reading.side != "not run"
    }


def under_seal_in(results: Path, spec: PaperSpec, verdicts: PaperVerdicts, stored: Sequence[Stored]) -> PaperVerdicts:
    """``verdicts`` on the records of a results folder, under the seal that lies in it."""
    state = stored_state(results, spec, stored)
    return under_seal(spec, verdicts, state, states_then(results, verdicts, state, stored))


def keep_states(results: Path, verdicts: PaperVerdicts, stored: Sequence[Stored]) -> None:
    """Keep the states that the sealed rules and code gave. They are compared when either has changed."""
    seal = verdicts.seal
    if seal is None or seal.sealed_sha256 is None or seal.status not in ("intact", "late") or seal.agrees is not None:
        return
    kept = SealedStates(
        schema_version=1,
        paper=verdicts.paper,
        sealed_sha256=seal.sealed_sha256,
        evidence_sha256=evidence_sha256(stored, verdicts.numerics),
        runs=sorted({run.record.run_id for run in _judged(stored, verdicts.numerics)}),
        states=states_of(verdicts),
    )
    write_atomic(states_file(results, verdicts.paper), to_json(kept.model_dump(mode="json")))


def states_then(
    results: Path, verdicts: PaperVerdicts, seal: SealState | None, stored: Sequence[Stored]
) -> Mapping[str, str] | None:
    """States under the sealed rules of the very records that ``verdicts`` are of; None where they are not known."""
    if seal is None:
        return None
    try:
        kept = read_as(states_file(results, verdicts.paper), SealedStates)
    except StoreError:
        return None
    evidence = evidence_sha256(stored, verdicts.numerics)
    return kept.states if (kept.sealed_sha256, kept.evidence_sha256) == (seal.sealed_sha256, evidence) else None


def _compared(seal: SealState, verdicts: PaperVerdicts, then: Mapping[str, str] | None) -> SealState:
    """A seal whose rules or code have changed, with the verdicts that are no longer what they were under it, or gone.

    Under a reading only its own count.
    """
    if seal.status == "damaged" or not seal.changes:  # an absent one has none
        return seal
    now = states_of(verdicts)
    under = f"{verdicts.reading}: " if verdicts.reading else ""
    then = {name: state for name, state in (then or {}).items() if name.startswith(under)}
    if not then:
        return seal.model_copy(update={"says": f"{seal.says}; whether that moves any verdict is not known"})
    pairs = {name: (state, now.get(name, "none")) for name, state in then.items()}
    moved = [f"{name} {today}, then {state}" for name, (state, today) in pairs.items() if today != state]
    unlike = "is not what it was" if len(moved) == 1 else "are not what they were"
    text = f"; of {counted(len(then), 'verdict')} {len(moved)} {unlike} then: {'; '.join(moved)}" if moved else ""
    text = text or f"; that moves none of the {counted(len(then), 'verdict')}"
    return seal.model_copy(update={"says": seal.says + text, "agrees": not moved})


def under_seal(
    spec: PaperSpec, verdicts: PaperVerdicts, seal: SealState | None, then: Mapping[str, str] | None = None
) -> PaperVerdicts:
    """``verdicts`` with the state of the seal; each one that rests on a changed or added rule says so.

    ``then``: states of the same verdicts under the sealed rules and code, where they are known.
    """
    if seal is None:
        return verdicts
    seal = _compared(seal, verdicts, then)
    changed = {change.item for change in seal.changes if change.kind in ("changed", "removed")}
    added = {change.item for change in seal.changes if change.kind == "added"}
    judging = "rules" in changed

    def caveat(items: set[str], *, runs: int) -> str:
        late = f"{LATE}{counted(seal.runs_before, 'run')} had been begun" if seal.runs_before and runs else ""
        if seal.status == "damaged":
            return "; the seal of the rules is damaged"
        if seal.status == "absent":
            return "; no rules were sealed before the results"
        touched = sorted(changed & items)
        if touched:
            return f"; CHANGED AFTER RESULTS WERE SEEN: {', '.join(touched)}{late}"
        if judging:
            return f"; judged by later rules than were sealed{late}"
        new = sorted(added & items)
        return (f"; added after results were seen: {', '.join(new)}" if new else "") + late

    family = {item for item in changed | added if item.startswith("claims.")}

    def of_claim(claim: ClaimVerdict) -> ClaimVerdict:
        items = {f"claims.{claim.claim}"}
        predicate = spec.claims[claim.claim].predicate
        if predicate is not None:
            for quantity in quantities(predicate):
                items |= _items_of(quantity.experiment, quantity.score, claim.tier or "full")
        note = caveat(items, runs=claim.seeds)
        # the claims of a paper are corrected for one another, so a claim that comes or goes moves the others
        if not note and family and claim.p is not None:
            note = f"; corrected together with claims that were changed or added after: {', '.join(sorted(family))}"
        return claim.model_copy(update={"reason": _noted(claim.reason, note)})

    def of_cell(cell: CellVerdict) -> CellVerdict:
        items = {f"tables.{cell.table}", f"tables.{cell.place}"}
        if cell.measured is not None:
            score = next((printed.cell.score for printed in spec.printed if printed.place == cell.place), None)
            items |= _items_of(cell.measured.experiment, score, cell.tier or "full")
        note = caveat(items, runs=len(cell.measured.seeds) if cell.measured else 0)
        return cell.model_copy(update={"reason": _noted(cell.reason, note)})

    return verdicts.model_copy(
        update={
            "claims": [of_claim(claim) for claim in verdicts.claims],
            "cells": [of_cell(cell) for cell in verdicts.cells],
            "seal": seal,
        }
    )


def _noted(reason: str, note: str) -> str:
    """A reason, that may be a spec's own sentence, with a note that begins with a semicolon."""
    return clause(reason) + note if note else reason


def _items_of(experiment: str, score: str | None, tier: str) -> set[str]:
    place = f"experiments.{experiment} at {tier}"
    return {place} | ({f"{place}, {score}"} if score is not None else set())
