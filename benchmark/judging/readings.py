"""One claim under several readings: under how many it holds, which choice moves it most, and which ones flip it.

Readings are compared on one ground: the base, or a reading that the others are added to. A reading counts for a claim
if it changes the claim's test, or what the claim looks at in a run: one that counts a score otherwise says nothing
new of the curves. Under any other reading the verdict is the ground's.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, Literal

from benchmark.judging.claims import drafts
from benchmark.judging.claims import verdicts as verdicts_of
from benchmark.judging.evidence import Evidence, Expected, ids_of
from benchmark.judging.inspection import Inspected
from benchmark.judging.verdict import (
    AcrossReadings,
    ClaimState,
    ClaimVerdict,
    PaperVerdicts,
    PartVerdict,
    ReadingVerdict,
    Side,
)
from benchmark.runs.derived import derived, optimisation
from benchmark.runs.plan import Run, run_ids, runs_of
from benchmark.runs.records import RunRecord, Stored
from benchmark.spec.base import TIERS, Tier, digest
from benchmark.spec.claims import Predicate, quantities
from benchmark.spec.load import Loaded
from benchmark.spec.paper import PaperSpec
from benchmark.spec.quantities import Quantity
from benchmark.spec.readings import BASE, ReadingError, Readings
from benchmark.spec.words import counted

_SIDES: dict[ClaimState, Side] = {
    "HOLDS": "holds",
    "HOLDS IN PART": "in part",
    "REVERSED IN PART": "reversed",
    "REVERSED": "reversed",
    "INTERIM": "undecided",
    "INCONCLUSIVE": "undecided",
}
_PREVIEWS: dict[str, Literal["for", "against"]] = {"points the same way": "for", "points the other way": "against"}
#: p values below which an undecided claim's numbers lean to a side: by less they point nowhere
_LEANING = 0.25


#: a claim under one reading: its name, what it adds to the ground (nothing for the ground itself), and the verdict
Read = tuple[str, tuple[str, ...], ClaimVerdict | None]


@dataclass(frozen=True)
class Planned:
    """What the base and each reading plan."""

    #: run ids, by reading and the base first; empty where no record can tell of any
    expected: Mapping[str, Expected]
    #: runs of readings, by id
    runs: Mapping[str, Run]
    #: ids of records at the smoke tier, or of readings joined by hand: they judge nothing, and are no strangers
    beside: Set[str] = frozenset()

    @property
    def ids(self) -> set[str]:
        return {run_id for expected in self.expected.values() for run_id in ids_of(expected)} | self.beside


def planned(loaded: Loaded, stored: Sequence[Stored], numerics: str) -> Planned:
    """What each reading plans in a tier of numerics, at tiers that some record is of; smoke judges nothing.

    Runs in other numerics that records are of are known as well.
    """
    tiers = tuple(tier for tier in TIERS[:-1] if any(run.record.tier == tier for run in stored))
    at_hand = (*sorted({run.record.numerics for run in stored} - {numerics}), numerics)
    judged = _plans(loaded.readings, tiers, at_hand) if tiers else Planned({}, {})
    ids = judged.ids
    rest = [run.record for run in stored if run.record.run_id not in ids]
    beside = {record.run_id for record in rest if plans(loaded, record)}
    return replace(judged, beside=beside) if beside else judged


def plans(loaded: Loaded, record: RunRecord) -> bool:
    """Whether a record's experiment, under the reading that it names, has the run of its id."""
    try:
        spec = loaded.under(record.reading)
    except ReadingError:
        return False
    if record.experiment not in spec.experiments:
        return False
    runs = runs_of(spec, record.experiment, record.tier, numerics=record.numerics)
    return any(run.run_id == record.run_id for run in runs)


@lru_cache(maxsize=len(TIERS))
def _plans(readings: Readings, tiers: Sequence[Tier], at_hand: Sequence[str]) -> Planned:
    """All that a paper's readings plan: the same while one verdict after another is given under each of them."""
    base = run_ids(readings.under(BASE), at_hand[-1])
    expected: dict[str, Expected] = {BASE: base}
    runs: dict[str, Run] = {}
    for name in readings.planned:
        spec, changed = readings.under(name), readings.affected(name)
        here = {experiment: dict(base[experiment]) for experiment in changed}  # of tiers without records any will do
        for experiment, tier, numerics in itertools.product(changed, tiers, at_hand):
            own = runs_of(spec, experiment, tier, numerics=numerics, reading=name)
            runs |= {run.run_id: run for run in own}
            if own and numerics == at_hand[-1]:
                here[experiment][tier] = {run.seed: run.run_id for run in own}
        expected[name] = base | here
    return Planned(expected, runs)


def held(loaded: Loaded, reading: str | None, expected: Expected, stored: Sequence[Stored]) -> list[Stored]:
    """What records of other runs hold of a reading's ``expected`` ones, see :mod:`benchmark.runs.derived`."""
    if reading in (None, BASE):
        return []
    missing = ids_of(expected) - {run.record.run_id for run in stored}
    spec, numerics = loaded.under(reading), {run.record.numerics for run in stored}
    kinds = itertools.product(loaded.readings.affected(reading), TIERS[:-1], sorted(numerics))
    runs = (run for kind in kinds for run in runs_of(spec, *kind[:2], numerics=kind[2], reading=reading))
    return [*derived((run for run in runs if run.run_id in missing), stored)]


def beyond(loaded: Loaded, ground: str, stored: Sequence[Stored], numerics: str) -> list[Stored]:
    """Finished records of readings that are tried on ``ground``, which it does not plan itself; of no other ground."""
    expected = planned(loaded, stored, numerics).expected
    if not expected or ground not in (BASE, *loaded.readings.grounds):
        return []
    names = [name for name in loaded.readings.on(ground).values() if name not in loaded.readings.grounds]
    wanted = {run_id for name in names for run_id in ids_of(expected[name])} - ids_of(expected[ground])
    return [run for run in stored if run.record.run_id in wanted and run.record.status == "finished"]


def with_readings(
    loaded: Loaded, verdicts: PaperVerdicts, stored: Sequence[Stored], plans: Planned, inspected: Inspected
) -> PaperVerdicts:
    """``verdicts`` on the base, with those under each reading that has runs of its own or changes a test.

    Only claims that a reading touches are judged again. Holm takes the base's p values for all others.
    """
    if not plans.expected:
        return verdicts
    present = {run.record.run_id for run in stored}
    records = [*stored, *derived((run for run in plans.runs.values() if run.run_id not in present), stored)]
    present |= {run.record.run_id for run in records}
    base, others = plans.expected[BASE], plans.ids
    on_ground = {
        name: (choice, ground)
        for ground in loaded.readings.grounds
        for choice, name in loaded.readings.on(ground).items()
    }
    untouched = drafts(loaded.spec, Evidence(loaded.spec, records, base, others, inspected), loaded.spec.claims)
    judged = {BASE: {claim.claim: claim for claim in verdicts.claims}}
    damage = list(verdicts.damage)
    grounds = (BASE, *loaded.readings.grounds)
    touching = partial(_touched, loaded.readings)
    touched = {name: touching(ground, name) for ground in grounds for name in loaded.readings.on(ground).values()}
    for name, expected in plans.expected.items():
        choice, ground = on_ground.get(name, (name, BASE))
        apart = _apart(plans.expected[ground], expected, loaded.readings.affected(name), present)
        here = {run_id for ids in apart.values() for run_id in ids}
        if ground != BASE:  # one that changes nothing at the tier of the records is no ground there
            here -= ids_of(plans.expected.get(choice, {}))
        if name == BASE or ground not in judged or (loaded.readings.affected(choice) and not here):
            continue
        spec = loaded.under(name)
        evidence = Evidence(spec, records, expected, others, inspected)
        damage += [line for line in evidence.damage if line not in damage]
        known = untouched | drafts(spec, evidence, touching(BASE, name))
        wanted = spec.claims if name in grounds else touched[name]
        judged[name] = {
            verdict.claim: verdict
            for verdict in verdicts_of(spec, known, wanted)
            if name in grounds or _tried(verdict, _experiments(spec, verdict.claim), apart)
        }
    comparisons = [
        across
        for claim in loaded.spec.claims
        for ground in grounds
        for across in [_compared(loaded, claim, ground, judged, touched)]
        if across is not None
    ]
    return verdicts.model_copy(update={"readings": comparisons, "damage": damage})


def idle_parts(loaded: Loaded, reading: str) -> dict[str, list[str]]:
    """By claim on runs, the parts of a joined ``reading`` without which its test and what it looks at are the same."""
    found = {}
    whole = _views(loaded.readings, reading)
    for claim, view in whole.items():
        kept = list(loaded.readings.parts(reading))
        for part in tuple(kept):
            rest = [other for other in kept if other != part]
            if _views(loaded.readings, "+".join(rest) or BASE)[claim] == view:
                kept = rest
        found[claim] = [part for part in loaded.readings.parts(reading) if part not in kept]
    return found


def _apart(
    ground: Expected, reading: Expected, affected: Collection[str], present: Set[str]
) -> dict[tuple[str, str], set[str]]:
    """Runs at hand of each experiment and tier that a reading plans otherwise than its ground, if only seeds."""
    return {
        (experiment, tier): {run_id for run_id in seeds.values() if run_id in present}
        for experiment in affected
        for tier, seeds in reading[experiment].items()
        if seeds != ground[experiment].get(tier, {})
    }


def _experiments(spec: PaperSpec, claim: str) -> set[str]:
    predicate = spec.claims[claim].predicate
    return set() if predicate is None else {quantity.experiment for quantity in quantities(predicate)}


def _tried(
    verdict: ClaimVerdict, experiments: Collection[str], apart: Mapping[tuple[str, str], Collection[str]]
) -> bool:
    """Whether a verdict is the reading's own: on runs that its ground does not plan as well, if it changes any."""
    moved = {key: ids for key, ids in apart.items() if key[0] in experiments}
    return not moved or any(ids for (_, tier), ids in moved.items() if tier == verdict.tier)


def _compared(
    loaded: Loaded,
    claim: str,
    ground: str,
    judged: Mapping[str, Mapping[str, ClaimVerdict]],
    touched: Mapping[str, Collection[str]],
) -> AcrossReadings | None:
    """A claim under the readings on one ground; None where no reading with a verdict touches it.

    Of readings under which the claim has the same test and sees the same the one with most seeds stands for all.
    """
    reads: list[Read] = [(ground, (), judged.get(ground, {}).get(claim))]
    alike: list[tuple[Any, list[Read]]] = []
    for choice, name in loaded.readings.on(ground).items():
        if claim in touched[name]:
            view = _views(loaded.readings, name)[claim]
            same = next((same for seen, same in alike if seen == view), None)
            if same is None:
                alike.append((view, same := []))
            same.append((name, loaded.readings.parts(choice), judged.get(name, {}).get(claim)))
    reads += [max(same, key=lambda read: -1 if read[2] is None else read[2].seeds) for _, same in alike]
    if all(side(verdict) == "not run" for _, _, verdict in reads[1:]):
        return None
    return across(claim, ground, reads, {name: _trainings(loaded.readings, name)[claim] for name, _, _ in reads})


def _touched(readings: Readings, ground: str, name: str) -> list[str]:
    """Claims whose test or sight of runs differs from that on the ground."""
    before = _views(readings, ground)
    return [claim for claim, view in _views(readings, name).items() if view != before[claim]]


@dataclass(frozen=True)
class _Recipe:
    """What determines an experiment's runs at one tier, apart by what a claim may look at."""

    seeds: tuple[int, ...]
    #: of weights, however long they are trained
    training: str
    #: of curves, times and outcomes
    trained: str
    #: of samples
    sampled: str
    #: settings of scores, and whether they are computed from curves alone
    scores: Mapping[str, tuple[str, bool]]

    def seen_by(self, quantity: Quantity) -> Any:
        """What determines a quantity: nothing of other scores, and of a curve nothing of how samples are drawn."""
        score, of_curves = self.scores.get(quantity.score, (None, False)) if quantity.score else (None, True)
        return self.seeds, score, self.trained if of_curves else self.sampled


@lru_cache(maxsize=8192)
def _recipes(readings: Readings, name: str, experiment: str) -> list[_Recipe]:
    """An experiment under a reading, at each tier that judges."""
    made = []
    for run in (run for tier in TIERS[:-1] for run in runs_of(readings.under(name), experiment, tier, seeds=[0])):
        facts, length = run.determinant(), [run.iterations]
        bare = {**facts, "setup": {**facts["setup"], "scores": {}, "snapshots": None}}
        scores = {
            score: (digest(facts["setup"]["scores"][score]), one.metric.looks_at == "curves")
            for score, one in run.setup.scores.items()
        }
        training = optimisation(facts)
        trained, sampled = digest([training, length]), digest([bare, length])
        made.append(_Recipe(tuple(run.setup.seeds), digest(training), trained, sampled, scores))
    return made


@lru_cache(maxsize=1024)
def _views(readings: Readings, name: str) -> dict[str, Any]:
    """The test of every claim on runs under a reading, and what determines all that it looks at."""
    changed, claims = {*readings.affected(name)}, readings.under(name).claims.items()
    return {claim: _view(readings, name, changed, there.predicate) for claim, there in claims if there.predicate}


def _view(readings: Readings, name: str, changed: Collection[str], predicate: Predicate) -> tuple[Any, ...]:
    seen = [one for one in quantities(predicate) if one.experiment]
    recipes = [_seen(readings, name, changed, one) for one in seen]
    return predicate, *([one.seen_by(quantity) for one in tiers] for tiers, quantity in zip(recipes, seen, strict=True))


def _seen(readings: Readings, name: str, changed: Collection[str], quantity: Quantity) -> list[_Recipe]:
    """Recipes of a quantity's runs under a reading; what it leaves alone is made once for all."""
    return _recipes(readings, name if quantity.experiment in changed else BASE, quantity.experiment)


@lru_cache(maxsize=1024)
def _trainings(readings: Readings, name: str) -> dict[str, str]:
    """What determines the weights of all runs that a claim looks at under a reading, however long they are trained."""
    changed, trainings = {*readings.affected(name)}, {}
    for claim, there in readings.under(name).claims.items():
        if there.predicate:
            seen = [one for one in quantities(there.predicate) if one.experiment]
            recipes = itertools.chain.from_iterable(_seen(readings, name, changed, one) for one in seen)
            trainings[claim] = digest(sorted({recipe.training for recipe in recipes}))
    return trainings


def side(verdict: ClaimVerdict | None) -> Side:
    """How a verdict is counted. Reduced runs and interim looks decide nothing."""
    if verdict is None:
        return "not run"
    return _SIDES.get(verdict.state, "undecided" if verdict.preview is not None else "not run")


def across(claim: str, ground: str, reads: Sequence[Read], trainings: Mapping[str, str]) -> AcrossReadings:
    """Compare the verdicts on one claim; the first of ``reads`` is the ground's.

    ``trainings`` tells by reading what determines all weights that the claim looks at.
    """
    places = _deciding(reads[0][2])
    effects = {name: _effects(verdict, places) for name, _, verdict in reads}
    readings = [
        ReadingVerdict(
            reading=name,
            choices=list(choices),
            side=side(verdict),
            state=verdict.state if verdict is not None else "NOT RUN",
            tier=verdict.tier if verdict is not None else None,
            so_far=_so_far(verdict),
            leans=_leans(verdict),
            effects=effects[name],
            moves=_move(effects, ground, name) if choices else None,
        )
        for name, choices, verdict in reads
    ]
    sides = {reading.side for reading in readings}
    return AcrossReadings(
        claim=claim,
        ground=ground,
        reduced=any(reading.tier not in (None, "full") for reading in readings),
        says=_says(readings, trainings),
        disagree={"holds", "reversed"} <= sides,
        readings=readings,
        ranking=[
            reading.reading
            for reading in sorted(readings, key=lambda reading: -(reading.moves or 0.0))
            if reading.moves
        ],
        flips=flips(readings),
    )


def flips(readings: Sequence[ReadingVerdict]) -> list[list[str]]:
    """The smallest sets of choices that turn the ground's decided verdict around; empty where none does."""
    opposite = {"holds": "reversed", "reversed": "holds"}.get(readings[0].side)
    flipped = [reading.choices for reading in readings if reading.choices and reading.side == opposite]
    fewest = min(map(len, flipped), default=0)
    return [choices for choices in flipped if len(choices) == fewest]


def headline(verdict: ClaimVerdict, comparisons: Sequence[AcrossReadings]) -> str:
    """A claim's state, and whether readings disagree on it."""
    apart = [one for one in comparisons if one.claim == verdict.claim and one.disagree]
    said = [f"{_on(one)}{one.says}" for one in apart]
    state = state_in_full(verdict)
    return f"{state}, but readings disagree: {'; '.join(said)}" if said else state


def state_in_full(verdict: ClaimVerdict) -> str:
    """A claim's state, and of what holds or is reversed in part how much: ``HOLDS IN PART (1 of 4, 3 reversed)``."""
    if not verdict.state.endswith("IN PART"):
        return verdict.state
    states = [part.state for part in verdict.parts]
    held, reversed_ = states.count("HOLDS"), states.count("REVERSED")
    opposed = f", {reversed_} reversed" if held and reversed_ else ""
    return f"{verdict.state} ({held or reversed_} of {len(states)}{opposed})"


def lines(across: AcrossReadings) -> list[str]:
    """All that is known across readings of one claim, for a terminal."""
    text = [f"{_on(across)}{across.says}"]
    if across.flips:
        text.append("flipped by " + ", or by ".join(" with ".join(choices) for choices in across.flips))
    moved = {reading.reading: reading.moves for reading in across.readings}
    if across.ranking:
        shown = [f"{name} ({moved[name]:.2f})" for name in across.ranking[:3]]
        text.append(f"moved most by {', '.join(shown)}, in units of the largest effect under any reading")
        few = [one.reading for one in across.readings if one.side != "not run" and one.choices and one.moves is None]
        text += [f"without numbers that rank them: {', '.join(few)}"] if few else []
    return text


def _on(across: AcrossReadings) -> str:
    whole = any(reading.tier == "full" for reading in across.readings)
    reduced = f"{'partly ' if whole else ''}reduced runs, " if across.reduced else ""
    return reduced if across.ground == BASE else f"{reduced}on top of {across.ground}: "


def _says(readings: Sequence[ReadingVerdict], trainings: Mapping[str, str]) -> str:
    """``holds under 5 of 8 readings (of 3 trainings), reversed under 2 (1 in part), undecided under 3 (2 interim)``."""
    run = [reading for reading in readings if reading.side != "not run"]
    absent = len(readings) - len(run)
    if not run:
        return f"not run under any of {counted(len(readings), 'reading')}"
    counts = {name: sum(reading.side == name for reading in run) for name in dict.fromkeys(_SIDES.values())}
    of = {next(name for name, count in counts.items() if count): f" of {counted(len(run), 'reading')}"}
    in_part = sum(reading.state == "REVERSED IN PART" for reading in run)
    interim = sum(reading.state == "INTERIM" for reading in run)
    leaning = [reading.leans for reading in run if reading.leans is not None]
    leans = f"{leaning.count('for')} leaning its way, {leaning.count('against')} the other" if leaning else ""
    notes = {
        name: [_shared([trainings[reading.reading] for reading in run if reading.side == name])] for name in counts
    }
    notes["reversed"].append(f"{in_part} in part" if in_part else "")
    notes["undecided"] += [f"{interim} interim" if interim else "", leans]
    told = {name: "; ".join(filter(None, several)) for name, several in notes.items()}
    text = ", ".join(
        f"{name} under {count}{of.get(name, '')}" + (f" ({told[name]})" if told[name] else "")
        for name, count in counts.items()
        if count
    )
    return text + (f"; {absent} not run" if absent else "")


def _shared(trainings: Sequence[str]) -> str:
    """``of 2 trainings``: how many there are, where some are one."""
    return f"of {counted(len({*trainings}), 'training')}" if len({*trainings}) < len(trainings) else ""


def _so_far(verdict: ClaimVerdict | None) -> str | None:
    return f"{verdict.seeds} of {verdict.planned} seeds" if verdict is not None and verdict.state == "INTERIM" else None


def _leans(verdict: ClaimVerdict | None) -> Literal["for", "against"] | None:
    """Which way an undecided claim's numbers point, if chance alone brings as much in fewer than one of four cases."""
    if verdict is None or side(verdict) != "undecided":
        return None
    if verdict.preview is not None:
        return _PREVIEWS.get(verdict.preview)
    ways: tuple[tuple[Literal["for", "against"], float | None], ...] = (
        ("for", verdict.p),
        ("against", verdict.p_against),
    )
    return next((way for way, p in ways if p is not None and p < _LEANING), None)


def _deciding(verdict: ClaimVerdict | None) -> list[int]:
    """Of every statement the place of the condition that decides it, where several are told."""
    return [
        one.effects.index(one.statistic.estimate) if one.statistic and one.statistic.estimate in one.effects else 0
        for one in _statements(verdict)
    ]


def _statements(verdict: ClaimVerdict | None) -> Sequence[ClaimVerdict | PartVerdict]:
    """The statements of a claim, or the claim where it is one."""
    return () if verdict is None else verdict.parts or [verdict]


def _effects(verdict: ClaimVerdict | None, places: Sequence[int]) -> list[float | None]:
    """The effect of every statement of a claim, by the conditions at ``places``; where none are told, what decides."""
    effects = []
    for number, one in enumerate(_statements(verdict)):
        place = places[number] if number < len(places) else 0
        decides = one.statistic.estimate if one.statistic is not None else None
        effects.append(one.effects[place] if place < len(one.effects) and decides is not None else decides)
    return effects


def _move(effects: Mapping[str, Sequence[float | None]], ground: str, reading: str) -> float | None:
    """How far a reading moves the effect that it moves most, as a share of that effect's largest size."""
    moved = []
    for place, (at, here) in enumerate(zip(effects[ground], effects[reading], strict=False)):
        sizes = [abs(effect[place] or 0.0) for effect in effects.values() if place < len(effect)]
        if at is not None and here is not None and max(sizes) > 0:
            moved.append(abs(here - at) / max(sizes))
    return max(moved, default=None)
