"""A system's signals: what each depends on, its shape, and the curves that a run records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmark.spec.expression import ExpressionError, evaluate_size
from benchmark.spec.fields import SignalMarker, marked_fields
from benchmark.spec.parts import Shape
from benchmark.spec.shapes import Layout
from benchmark.spec.systems import Joined, Pass, System, WeightedSum

#: the signal that every system has: a batch of data
REAL = "real"


class SignalError(ValueError):
    """A signal that cannot be computed; ``signal`` names it."""

    def __init__(self, signal: str, message: str) -> None:
        super().__init__(message)
        self.signal = signal


def inputs_of(system: System, signal: str) -> set[str]:
    """The inputs (``real`` and noises) that ``signal`` depends on; raises :class:`SignalError`."""
    inputs: set[str] = set()
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise SignalError(name, f"depends on itself: {' <- '.join([*path[path.index(name) :], name])}")
        if name in done:
            return
        if name in system.signals:
            for below in system.signals[name].inputs.values():
                visit(below, (*path, name))
        elif name == REAL or name in system.noise:
            inputs.add(name)
        else:
            raise SignalError(path[-1] if path else name, f"unknown signal '{name}'")
        done.add(name)

    visit(signal, ())
    return inputs


def with_inputs(system: System, signals: Iterable[str]) -> list[str]:
    """Signals and all that they are computed from, inputs included; each before what it is computed from."""
    names: dict[str, None] = {}
    waiting = list(signals)[::-1]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names[name] = None
            if name in system.signals:
                waiting += reversed(list(system.signals[name].inputs.values()))
    return list(names)


def signals_of(system: System, player: str) -> set[str]:
    """Signals that an update of ``player`` computes: those of its terms and observations, and all below them."""
    parts = (*system.players[player].minimise, *system.players[player].penalties)
    wanted = {signal for part in parts for signal in marked_fields(part, SignalMarker).values()}
    wanted |= {seen.signal for seen in system.observe.values() if seen.player == player and seen.signal is not None}
    return set(with_inputs(system, wanted))


def batches_per_iteration(system: System) -> int:
    if system.batches == "iteration":
        return 1
    return max(1, sum(REAL in signals_of(system, player) for player in system.schedule))


def networks_of(system: System, signal: str) -> set[str]:
    """Roles of the networks that ``signal`` passes through."""
    steps = (system.signals.get(name) for name in with_inputs(system, [signal]))
    return {step.network for step in steps if isinstance(step, Pass)}


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
            entering = {below: shape_of(below) for below in step.inputs.values()}
            try:
                shapes[name] = _shape(step, entering, layouts)
            except ValueError as error:
                raise SignalError(name, str(error)) from error
        return shapes[name]

    for name in system.signals:
        shape_of(name)
    return shapes


def _shape(step: Pass | WeightedSum | Joined, entering: Mapping[str, Shape], layouts: Mapping[str, Layout]) -> Shape:
    """Shape of one signal from those that it is computed from; raises ValueError."""
    if isinstance(step, Pass):
        plan = layouts[step.network]
        wanted = plan.inputs[0] if step.enter is None else plan.shape_at(step.enter)
        arriving = entering[step.input]
        if arriving != wanted:
            point = f"tap '{step.enter}'" if step.enter else "input"
            raise ValueError(f"'{step.input}' has shape {arriving}, the {point} of '{step.network}' takes {wanted}")
        return plan.shape_at(step.until)
    (first, shape), *others = entering.items()
    for other, arriving in others:
        if isinstance(step, WeightedSum) and arriving != shape:
            raise ValueError(f"'{first}' has shape {shape}, '{other}' has {arriving}: only equal shapes are summed")
        if isinstance(step, Joined) and arriving[1:] != shape[1:]:
            raise ValueError(f"'{first}' has shape {shape}, '{other}' has {arriving}: only the first size may differ")
    return shape if isinstance(step, WeightedSum) else (sum(entering[name][0] for name in step.join), *shape[1:])


def curve_names(system: System) -> list[str]:
    """Columns that a run of ``system`` records every iteration, in order.

    Each player's total loss is ``<player>_loss``. Where it has several terms, each unweighted term or penalty is
    ``<player>_<term>``, numbered from 2 where a term recurs. Observations follow.
    """
    names: list[str] = []
    for player_name, player in system.players.items():
        names.append(f"{player_name}_loss")
        names += term_curves(player_name, [term.name for term in (*player.minimise, *player.penalties)])
    return names + list(system.observe)


def term_curves(player: str, terms: Sequence[str]) -> list[str]:
    """Curves of a player's unweighted terms and penalties; a single one is the loss itself."""
    numbered = [(term, terms[:index].count(term) + 1) for index, term in enumerate(terms)]
    return [f"{player}_{term}" + (f"_{nth}" if nth > 1 else "") for term, nth in numbered] if len(terms) > 1 else []
