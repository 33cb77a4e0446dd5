"""A system's signals: what each depends on, its shape, and the curves that a run records."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.spec.expression import ExpressionError, evaluate_size
from benchmark.spec.paper import System
from benchmark.spec.parts import Shape, SignalMarker, marked_fields
from benchmark.spec.shapes import Layout

#: the signal that every system has: a batch of data
REAL = "real"


class SignalError(ValueError):
    """A signal that cannot be computed; ``signal`` names it."""

    def __init__(self, signal: str, message: str) -> None:
        super().__init__(message)
        self.signal = signal


def inputs_of(system: System, signal: str) -> set[str]:
    """The inputs (``real`` and noises) that ``signal`` depends on; raises :class:`SignalError`."""
    seen: list[str] = []
    while signal in system.signals:
        if signal in seen:
            raise SignalError(seen[0], f"depends on itself: {' <- '.join([*seen, signal])}")
        seen.append(signal)
        signal = system.signals[signal].input
    if signal != REAL and signal not in system.noise:
        raise SignalError(seen[-1] if seen else signal, f"unknown signal '{signal}'")
    return {signal}


def signals_of(system: System, player: str) -> set[str]:
    """Signals that an update of ``player`` computes: those of its terms and observations, and all below them."""
    parts = (*system.players[player].minimise, *system.players[player].penalties)
    wanted = {signal for part in parts for signal in marked_fields(part, SignalMarker).values()}
    wanted |= {seen.signal for seen in system.observe.values() if seen.player == player and seen.signal is not None}
    for signal in list(wanted):
        while signal in system.signals:
            signal = system.signals[signal].input
            wanted.add(signal)
    return wanted


def batches_per_iteration(system: System) -> int:
    """Batches of data that one iteration reads."""
    if system.batches == "iteration":
        return 1
    return max(1, sum(REAL in signals_of(system, player) for player in system.schedule))


def networks_of(system: System, signal: str) -> set[str]:
    """Roles of the networks that ``signal`` passes through."""
    roles = set()
    while signal in system.signals:
        roles.add(system.signals[signal].network)
        signal = system.signals[signal].input
    return roles


def signal_shapes(
    system: System, layouts: Mapping[str, Layout], sizes: Mapping[str, int], example: Shape
) -> dict[str, Shape]:
    """Shape of every signal, batch left out, for data of shape ``example``; raises :class:`SignalError`.

    ``layouts`` is by role; ``sizes`` holds the sizes that a noise's shape may name.
    """
    shapes: dict[str, Shape] = {REAL: example}
    for name, noise in system.noise.items():
        try:
            shapes[name] = tuple(evaluate_size(str(size), sizes) for size in noise.shape)
        except ExpressionError as error:
            raise SignalError(name, str(error)) from error

    def shape_of(name: str) -> Shape:
        if name not in shapes:
            step = system.signals[name]
            plan = layouts[step.network]
            wanted = plan.inputs[0] if step.enter is None else plan.shape_at(step.enter)
            found = shape_of(step.input)
            if found != wanted:
                point = f"tap '{step.enter}'" if step.enter else "input"
                raise SignalError(
                    name, f"'{step.input}' has shape {found}, the {point} of '{step.network}' takes {wanted}"
                )
            shapes[name] = plan.shape_at(step.until)
        return shapes[name]

    for name in system.signals:
        shape_of(name)
    return shapes


def curve_names(system: System) -> list[str]:
    """Columns that a run of ``system`` records every iteration, in order.

    Each player's total loss is ``<player>_loss``. Where it has several terms, each unweighted term or penalty is
    ``<player>_<term>``, numbered from 2 where a term recurs. Observations follow.
    """
    names: list[str] = []
    for player_name, player in system.players.items():
        names.append(f"{player_name}_loss")
        terms = [term.name for term in (*player.minimise, *player.penalties)]
        if len(terms) > 1:
            for index, term in enumerate(terms):
                earlier = terms[:index].count(term)
                names.append(f"{player_name}_{term}" + (f"_{earlier + 1}" if earlier else ""))
    return names + list(system.observe)
