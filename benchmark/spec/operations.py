"""Floating-point operations that one iteration of a system cannot do without, from shapes alone.

Counted are products of weights and inputs with their sums: one pass forward; one more backward for the weights'
gradient in a network that the player owns; one more for the gradient of what entered a layer, where something below it
is to be learned. A penalty on a network's gradient takes a pass, its gradient, and both again to learn from it. Passes
of one network on one signal are counted once, as long as the longest. Padding, normalisation, optimisers and pictures
are left out, so that no program does with less, unless it convolves by transforms (Winograd, Fourier).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmark.spec.dataflow import networks_of, with_inputs
from benchmark.spec.fields import NetworkMarker, SignalMarker, marked_fields
from benchmark.spec.parts import Layer, Shape
from benchmark.spec.shapes import Layout
from benchmark.spec.systems import Pass, System

#: a product and its sum
_OPERATIONS = 2
#: forward and input's gradient of the penalised network, and both again on the way back
_PENALTY_PASSES = 4
#: examples that pass through a network at once to be sampled or looked at, and bytes of one layer's 32-bit output
_AT_ONCE, _LARGEST = 256, 2**29


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
    passes = _passes(system, player)
    once = {_stretch(layouts, step) for step in passes if step.reuse}
    total = 0
    for stretch in _longest(_stretch(layouts, step) for step in passes):
        costs = _costs(layouts[stretch.role], stretch)
        if stretch not in done:
            total += sum(costs)
        if stretch in once:
            done.add(stretch)
        learns = stretch.role in own
        if stretch in once and not learns:
            continue  # others take it as given
        reached = _learned(system, stretch.input, own)
        for index, cost in enumerate(costs):
            total += cost * (learns + (reached or (learns and any(costs[:index]))))
    penalised = sum(sum(_costs(layouts[layer.role], layer)) for layer in _penalised(system, layouts, player))
    return total + _PENALTY_PASSES * penalised


def sampling_operations(system: System, layouts: Mapping[str, Layout]) -> int:
    """Operations that one generated example takes."""
    whole = (_whole(layouts, role) for role in networks_of(system, system.sample))
    return _OPERATIONS * sum(sum(_costs(layouts[network.role], network)) for network in whole)


def layers_per_iteration(system: System, layouts: Mapping[str, Layout]) -> int:
    """Layers that an iteration passes forward through."""
    return sum(layer.end - layer.begin for player in system.schedule for layer in _held(system, layouts, player))


def values_per_example(system: System, layouts: Mapping[str, Layout]) -> int:
    """Numbers that all layers of the largest update give out for one example, which the way back needs."""
    return max(
        sum(sum(_values(layouts[layer.role], layer)) for layer in _held(system, layouts, player))
        for player in system.players
    )


def largest_layer(layouts: Iterable[Layout]) -> int:
    """Numbers that the largest layer takes in or gives out for one example."""
    return max(math.prod(shape) for plan in layouts for shape in (*plan.inputs, plan.output))


def at_once(layouts: Iterable[Layout]) -> int:
    """Examples that pass through networks at once when they are sampled: fewer where one layer's output is large.

    Noise is drawn for each such part, so that this is a rule about the networks and not about the machine.
    """
    return max(1, min(_AT_ONCE, _LARGEST // (4 * largest_layer(layouts))))


def _held(system: System, layouts: Mapping[str, Layout], player: str) -> list[_Stretch]:
    """All that an update passes through: of a penalised network there and back."""
    stretches = _longest(_stretch(layouts, step) for step in _passes(system, player))
    return [*stretches, *(2 * _penalised(system, layouts, player))]


def _values(plan: Layout, stretch: _Stretch) -> list[int]:
    layers = zip(plan.layers[stretch.begin : stretch.end], plan.inputs[stretch.begin : stretch.end], strict=True)
    return [_given_out(layer, shape) for layer, shape in layers]


def _given_out(layer: Layer, shape: Shape) -> int:
    inside = sum(_given_out(part, inner) for part, inner in layer.parts(shape).values())
    return inside or math.prod(layer.output_shape(shape))


def _passes(system: System, player: str) -> list[Pass]:
    """Passes through networks that a player's terms are computed from."""
    terms = (*system.players[player].minimise, *system.players[player].penalties)
    signals = sorted({signal for term in terms for signal in marked_fields(term, SignalMarker).values()})
    steps = (system.signals.get(signal) for signal in with_inputs(system, signals))
    return [step for step in steps if isinstance(step, Pass)]


def _penalised(system: System, layouts: Mapping[str, Layout], player: str) -> list[_Stretch]:
    penalties = system.players[player].penalties
    return [_whole(layouts, role) for penalty in penalties for role in marked_fields(penalty, NetworkMarker).values()]


def _whole(layouts: Mapping[str, Layout], role: str) -> _Stretch:
    return _Stretch(role, "", 0, len(layouts[role].layers))


def _stretch(layouts: Mapping[str, Layout], step: Pass) -> _Stretch:
    plan = layouts[step.network]
    begin = 0 if step.enter is None else plan.taps[step.enter]
    end = len(plan.layers) if step.until is None else plan.taps[step.until]
    return _Stretch(step.network, step.input, begin, end)


def _longest(stretches: Iterable[_Stretch]) -> list[_Stretch]:
    """One stretch for each network, input and beginning."""
    longest: dict[tuple[str, str, int], _Stretch] = {}
    for stretch in stretches:
        key = (stretch.role, stretch.input, stretch.begin)
        if key not in longest or longest[key].end < stretch.end:
            longest[key] = stretch
    return list(longest.values())


def _costs(plan: Layout, stretch: _Stretch) -> list[int]:
    return [plan.layers[index].multiplications(plan.inputs[index]) for index in range(stretch.begin, stretch.end)]


def _learned(system: System, signal: str, own: set[str]) -> bool:
    """Whether gradients must reach ``signal`` because a network below it is updated."""
    step = system.signals.get(signal)
    if isinstance(step, Pass):
        return step.network in own or (not step.reuse and _learned(system, step.input, own))
    return step is not None and any(_learned(system, below, own) for below in step.inputs.values())
