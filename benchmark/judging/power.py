"""Whether the planned seeds could decide a paper's claims and numbers: to be known before any run.

Printed numbers are taken as true, and seeds as normal about them, with a few assumed spreads. Of claims on what is not
printed nobody knows the size: there the smallest effect is given that the planned seeds would show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.judging.cells import DECISIVE, MOVING, differs, margin, rounding
from benchmark.judging.finding import Incomparable, Undecidable
from benchmark.judging.hypothesis_tests import ALPHA, LEAST_SEEDS, binomial_at_least
from benchmark.judging.predicates import evaluate
from benchmark.judging.published import NotPrinted, Numbers
from benchmark.judging.samples import Sample
from benchmark.judging.seeds_needed import POWER, power_above, power_equivalence
from benchmark.spec import words
from benchmark.spec.base import Model, grouped
from benchmark.spec.claims import Bound, Predicate, quantities
from benchmark.spec.paper import PaperSpec
from benchmark.spec.quantities import Quantity

#: assumed standard deviations of one seed, as shares of the number
SPREADS = (0.02, 0.05, 0.10)
_DRAWS = 60
#: of them, those after which nothing more is drawn where all of them or none decide
_FIRST_DRAWS = 20
#: numbers of seeds that are tried as well, to show what more of them would decide
_MORE = (5, 10, 20)


class ClaimPower(Model):
    """Chance that the planned seeds decide one claim, at Holm's first step over all claims of the paper."""

    claim: str
    seeds: int
    #: by assumed spread; None where the paper prints no numbers that the claim rests on
    decided: list[float] | None
    #: the smallest effect that would be shown, in standard deviations of one seed's difference
    effect: float | None
    #: why no outcome of so many seeds decides
    never: str | None


class CellPower(Model):
    """Chance that the planned seeds decide one number that is right, and what no seeds can change."""

    place: str
    seeds: int
    decided: list[float]
    #: state that it has whatever is measured, with the reason
    never: str | None
    #: fields of the protocol that make any verdict conditional
    conditions: list[str]


class Power(Model):
    """Power of the planned seeds of one paper."""

    spreads: list[float]
    #: seeds of every experiment, where they are not as planned
    seeds: int | None
    claims: list[ClaimPower]
    cells: list[CellPower]


def planned_power(spec: PaperSpec, seeds: int | None = None) -> Power:
    """Power of the seeds that ``spec`` plans at tier full, or of as many ``seeds``; the same each time."""
    return Power(spreads=list(SPREADS), seeds=seeds, claims=list(_claims(spec, seeds)), cells=list(_cells(spec, seeds)))


def power_of_more(spec: PaperSpec) -> list[Power]:
    """Power with more seeds than the fewest that are planned."""
    fewest = min((len(experiment.seeds) for experiment in spec.experiments.values()), default=0)
    return [planned_power(spec, seeds) for seeds in _MORE if seeds > fewest]


def _claims(spec: PaperSpec, wanted: int | None) -> Iterator[ClaimPower]:
    tested = {name: claim.predicate for name, claim in spec.claims.items() if claim.predicate is not None}
    alpha, numbers = ALPHA / max(1, len(tested)), Numbers(spec)
    for name, predicate in tested.items():
        planned = {key: wanted or len(experiment.seeds) for key, experiment in spec.experiments.items()}
        seeds = min(planned[quantity.experiment] for quantity in quantities(predicate))
        least = max(LEAST_SEEDS, spec.claims[name].min_seeds or 0)
        best = predicate.ask(_Best(planned))
        decided, effect, never = None, None, None
        if seeds < least:
            never = f"{words.counted(seeds, 'seed')} planned of at least {least}"
        elif best > alpha:
            never = f"p is {words.number(best)} at best with {words.counted(seeds, 'seed')}"
        else:
            decided = _simulated(numbers, predicate, seeds, alpha)
            effect = _smallest(seeds, alpha) if decided is None else None
        yield ClaimPower(claim=name, seeds=seeds, decided=decided, effect=effect, never=never)


@dataclass(frozen=True)
class _Best:
    """The smallest p value that the planned seeds can give; a ``spec.claims.Logic``. Student's t has no smallest."""

    #: number of seeds of each experiment
    planned: Mapping[str, int]

    def less(self, *_: object) -> float:
        return 0.0

    within = ratio = close = less

    def exactly(self, quantity: Quantity, value: float, share: float) -> float:
        return self._all_seeds([quantity], share)

    def in_seeds(self, part: Predicate, share: float) -> float:
        return self._all_seeds(quantities(part), share)

    def given(self, condition: Bound, then: Predicate) -> float:
        return then.ask(self)

    def _all_seeds(self, compared: Iterable[Quantity], share: float) -> float:
        seeds = min(self.planned[quantity.experiment] for quantity in compared)
        return binomial_at_least(seeds, seeds, share)

    def every(self, parts: Sequence[float]) -> float:
        return max(parts)

    def some(self, parts: Sequence[float]) -> float:
        return min(1.0, len(parts) * min(parts))

    def whole(self, answer: float) -> float:
        return answer


def _simulated(numbers: Numbers, predicate: Predicate, seeds: int, alpha: float) -> list[float] | None:
    """Share of simulated papers in which the claim is decided, by spread; None without printed numbers."""
    try:
        printed = numbers.values(predicate)
    except NotPrinted:
        return None
    random = np.random.default_rng(0)
    noise = {number: random.standard_normal((_DRAWS, seeds)) for number in printed}

    def decided(spread: float, draw: int) -> bool:
        samples = {
            quantity: _sample(quantity, value * (1 + spread * noise[quantity][draw]))
            for quantity, value in printed.items()
        }
        try:
            return evaluate(predicate, samples.__getitem__).decided(alpha)
        except (Incomparable, Undecidable):
            return False

    def share(spread: float) -> float:
        first = sum(decided(spread, draw) for draw in range(_FIRST_DRAWS))
        if first in (0, _FIRST_DRAWS):
            return first / _FIRST_DRAWS
        return (first + sum(decided(spread, draw) for draw in range(_FIRST_DRAWS, _DRAWS))) / _DRAWS

    return [share(spread) for spread in SPREADS]


def _sample(quantity: Quantity, values: Any) -> Sample:
    planned = tuple(range(len(values)))
    return Sample(quantity.bare, quantity.experiment, "full", planned, dict(enumerate(values.tolist())))


def _smallest(seeds: int, alpha: float) -> float:
    """The effect, in standard deviations, that ``seeds`` pairs show with the usual power."""
    from scipy.optimize import brentq

    return float(brentq(lambda effect: power_above(effect, 1.0, seeds, alpha=alpha) - POWER, 0.0, 1000.0))


def _cells(spec: PaperSpec, wanted: int | None) -> Iterator[CellPower]:
    for printed in spec.printed:
        experiment, score = printed.cell.experiment, printed.cell.score
        allowed = margin(printed)
        if experiment is None or score is None or printed.cell.quoted_from is not None or allowed is None:
            continue
        setup = spec.experiments[experiment]
        metric = setup.scores[score].metric
        ours = {
            **metric.model_dump(),
            "checkpoint": setup.scores[score].checkpoint,
            "generator_mode": setup.generator_mode,
        }
        blind = [name for name in DECISIVE if name in ours and name not in printed.protocol]
        seeds, value = wanted or len(setup.seeds), abs(printed.cell.value)
        never = None
        if metric.proxy:
            never = "NOT COMPARABLE: a proxy score"
        elif (difference := differs(printed.protocol, ours)) is not None:
            never = f"NOT COMPARABLE: {difference}"
        elif blind:
            never = f"INCONCLUSIVE: the paper does not give {', '.join(blind)}"
        elif seeds < LEAST_SEEDS:
            never = f"INCONCLUSIVE: {words.counted(seeds, 'seed')} planned of at least {LEAST_SEEDS}"
        yield CellPower(
            place=printed.place,
            seeds=seeds,
            decided=[
                round(power_equivalence(0.0, spread * value, seeds, allowed + rounding(printed))[0], 3)
                for spread in (SPREADS if seeds > 1 else ())
            ],
            never=never,
            conditions=[name for name in MOVING if name in ours and name not in printed.protocol],
        )


def power_lines(power: Power, more: Sequence[Power] = ()) -> list[str]:
    """A short table: how many claims and numbers the planned seeds decide, ``more`` would, and none can decide."""
    sizeless = [claim for claim in power.claims if claim.effect is not None]
    judged = [cell for cell in power.cells if cell.never is None]
    head = _row("where seeds differ by", [f"{words.number(100 * spread)} %" for spread in power.spreads])
    lines = [head] if _of_claims(power) or judged else []
    weak = [claim.claim for claim in power.claims if claim.decided is not None and claim.decided[0] < POWER]
    for what, chances in (("claims on printed numbers decided", _of_claims), ("right numbers reproduced", _of_cells)):
        if chances(power):
            lines.append(_row(what, _decided(chances(power))))
            lines += [_row(f"    with {other.seeds} seeds", _decided(chances(other))) for other in more]
        if weak and chances is _of_claims:
            lines.append(f"not decided even at {words.number(100 * power.spreads[0])} %: {', '.join(weak)}")
    for seeds in sorted({claim.seeds for claim in sizeless}):
        alike = [claim for claim in sizeless if claim.seeds == seeds]
        effect = words.number(float(f"{alike[0].effect:.2g}"))
        about = f"{words.counted(len(alike), 'claim')} on what is not printed"
        lines.append(f"{about}: {seeds} seeds show what differs by {effect} standard deviations or more")
    held = [cell for cell in judged if cell.conditions]
    if held:
        names = ", ".join(dict.fromkeys(name for cell in held for name in cell.conditions))
        lines.append(f"at best under a condition, for the paper does not give {names}: {_numbers(held)}")
    never = grouped((claim.never, claim.claim) for claim in power.claims if claim.never is not None)
    lines += [f"never decided, {reason}: {', '.join(claims)}" for reason, claims in never.items()]
    reasons = grouped((cell.never, cell) for cell in power.cells if cell.never is not None)
    return lines + [f"{reason}: {_numbers(cells)}" for reason, cells in reasons.items()]


def power_summary(power: Power) -> str:
    """What a plan says of its seeds, on one line."""
    printed, judged = _of_claims(power), _of_cells(power)
    at = f"where seeds differ by {_each(words.number(100 * spread) for spread in power.spreads)} %"
    parts = [
        f"{_each(_decided(chances))} {what}"
        for chances, what in ((printed, "claims on printed numbers are decided"), (judged, "right numbers reproduced"))
        if chances
    ]
    undecided = sum(claim.never is not None for claim in power.claims) + len(power.cells) - len(judged)
    parts += [f"{undecided} claims and numbers cannot be decided"] if undecided else []
    return f"{at}: {'; '.join(parts)}" if parts else f"{at}: nothing of it is known beforehand"


def _of_claims(power: Power) -> list[list[float]]:
    """Chances at each spread of the claims that rest on printed numbers."""
    return [claim.decided for claim in power.claims if claim.decided is not None]


def _of_cells(power: Power) -> list[list[float]]:
    """Chances at each spread of the numbers that can be judged."""
    return [cell.decided for cell in power.cells if cell.never is None]


def _row(what: str, columns: Sequence[str]) -> str:
    return f"{what:<36}" + "".join(f"{column:>11}" for column in columns)


def _decided(chances: Sequence[Sequence[float]]) -> list[str]:
    """``3 of 10`` at each spread: those that are decided with the usual power."""
    return [f"{sum(chance[index] >= POWER for chance in chances)} of {len(chances)}" for index in range(len(SPREADS))]


def _each(texts: Iterable[str]) -> str:
    """``2, 5 and 10``: one for each spread."""
    *before, last = texts
    return f"{', '.join(before)} and {last}"


def _numbers(cells: Sequence[CellPower]) -> str:
    return words.counted(len(cells), "number")
