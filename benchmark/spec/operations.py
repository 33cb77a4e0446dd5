"""Floating-point operations that one iteration of a system cannot do without, from shapes alone.

Counted are products of weights and inputs with their sums: one pass forward; one more backward for the weights'
gradient in a network that the player owns; one more for the gradient of what entered a layer, where something below it
is to be learned. A penalty on a network's gradient takes a pass, its gradient, and both again to learn from it. Passes
of one network on one signal are counted once, as long as the longest. Padding, normalisation, optimisers and pictures
are left out, so that no program does with less, unless it convolves by transforms (Winograd, Fourier).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmark.spec.dataflow import with_inputs
from benchmark.spec.paper import Pass, System
from benchmark.spec.parts import NetworkMarker, SignalMarker, marked_fields
from benchmark.spec.shapes import Layout

#: a product and its sum
_OPERATIONS = 2
#: forward and input's gradient of the penalised network, and both again on the way back
_PENALTY_PASSES = 4


@dataclass(frozen=True)
class _Stretch:
    """Layers of one network that a signal passes through: ``begin`` to before ``end``."""

    role: str
    input: str
    begin: int
    end: int


def operations_per_iteration(system: System, layouts: Mapping[str, Layout], batch_size: int) -> int:
    """Operations of one iteration; ``layouts`` is by role."""
    done: set[_Stretch] = set()
    updates = [_update(system, layouts, player, done) for player in system.schedule]
    return _OPERATIONS * batch_size * sum(updates)


def _update(system: System, layouts: Mapping[str, Layout], player: str, done: set[_Stretch]) -> int:
    """Multiplications of one example in one update; what an iteration computes once is added to ``done``."""
    about = system.players[player]
    own = set(about.networks)
    terms = (*about.minimise, *about.penalties)
    signals = sorted({signal for term in terms for signal in marked_fields(term, SignalMarker).values()})
    steps = [system.signals.get(signal) for signal in with_inputs(system, signals)]
    passes = [step for step in steps if isinstance(step, Pass)]
    once = {_stretch(layouts, step) for step in passes if step.reuse}
    total = 0
    for one in _longest(_stretch(layouts, step) for step in passes):
        costs = _costs(layouts[one.role], one)
        if one not in done:
            total += sum(costs)
        if one in once:
            done.add(one)
        learns = one.role in own
        if one in once and not learns:
            continue  # others take it as given
        reached = _learned(system, one.input, own)
        for index, cost in enumerate(costs):
            total += cost * (learns + (reached or (learns and any(costs[:index]))))
    for penalty in about.penalties:
        for role in marked_fields(penalty, NetworkMarker).values():
            whole = _Stretch(role, "", 0, len(layouts[role].layers))
            total += _PENALTY_PASSES * sum(_costs(layouts[role], whole))
    return total


def _stretch(layouts: Mapping[str, Layout], step: Pass) -> _Stretch:
    plan = layouts[step.network]
    begin = 0 if step.enter is None else plan.taps[step.enter]
    end = len(plan.layers) if step.until is None else plan.taps[step.until]
    return _Stretch(step.network, step.input, begin, end)


def _longest(stretches: Iterable[_Stretch]) -> list[_Stretch]:
    """One stretch for each network, input and beginning."""
    longest: dict[tuple[str, str, int], _Stretch] = {}
    for one in stretches:
        key = (one.role, one.input, one.begin)
        if key not in longest or longest[key].end < one.end:
            longest[key] = one
    return list(longest.values())


def _costs(plan: Layout, stretch: _Stretch) -> list[int]:
    return [plan.layers[index].multiplications(plan.inputs[index]) for index in range(stretch.begin, stretch.end)]


def _learned(system: System, signal: str, own: set[str]) -> bool:
    """Whether gradients must reach ``signal`` because a network below it is updated."""
    step = system.signals.get(signal)
    if isinstance(step, Pass):
        return step.network in own or (not step.reuse and _learned(system, step.input, own))
    return step is not None and any(_learned(system, below, own) for below in step.inputs.values())
