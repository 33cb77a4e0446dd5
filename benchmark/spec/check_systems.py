"""Whether networks and systems are sound by themselves: what they name is there, and somebody learns everything."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.registry import Part
from benchmark.spec import dataflow, references
from benchmark.spec.expand import Complaint
from benchmark.spec.expression import names as expression_names
from benchmark.spec.fields import NetworkMarker, SignalMarker, marked_fields
from benchmark.spec.paper import PaperSpec
from benchmark.spec.references import absent
from benchmark.spec.shapes import Layout, ShapeError
from benchmark.spec.source import Path_
from benchmark.spec.systems import Network, Pass, Player, System


def misfit(path: Path_, error: ShapeError) -> Complaint:
    """Where in the network at ``path`` a shape or a size is at fault."""
    if error.layer is None:
        return Complaint((*path, "input"), str(error))
    return Complaint((*path, "layers", error.layer, *error.setting), str(error))


def network_problems(path: Path_, network: Network, plan: Layout) -> Iterator[Complaint]:
    """What is wrong with a network whose shapes fit."""
    if network.parameters is not None and network.parameters != plan.parameter_count:
        message = f"the layers have {plan.parameter_count} parameters, found {network.parameters}"
        yield Complaint((*path, "parameters"), message)
    first: dict[str, int] = {}
    for index, layer in enumerate(network.layers):
        if layer.name == "tap" and first.setdefault(layer.at, index) != index:  # type: ignore[attr-defined]
            message = f"tap '{layer.at}' is already layers[{first[layer.at]}]"  # type: ignore[attr-defined]
            yield Complaint((*path, "layers", index), message)
    yield from _initialisation(path, network, plan)


def _initialisation(path: Path_, network: Network, plan: Layout) -> Iterator[Complaint]:
    trained = [
        inner
        for layer, shape in zip(plan.layers, plan.inputs, strict=True)
        for inner, entered in (layer.parts(shape) or {"": (layer, shape)}).values()
        if inner.parameter_count(entered) > 0
    ]
    kinds = {layer.name for layer in trained}
    for kind in sorted(kinds - set(network.initialise)):
        yield Complaint((*path, "initialise", kind), "is missing: how layers of this kind start")
    for kind, laws in network.initialise.items():
        yield from absent((*path, "initialise", kind), "layer with parameters", kind, kinds)
        if laws.bias is None and any(layer.name == kind and getattr(layer, "bias", True) for layer in trained):
            yield Complaint((*path, "initialise", kind, "bias"), "is missing: these layers have one")


def system_problems(spec: PaperSpec, names: references.Names, path: Path_, system: System) -> Iterator[Complaint]:
    """What is wrong with a system, whatever it is trained on."""
    for role, network in system.networks.items():
        yield from names.check((*path, "networks", role), "networks", network)
    known = {dataflow.REAL, *system.noise, *system.signals}
    for name, noise in system.noise.items():
        yield from _noise(spec, (*path, "noise", name), system, [str(size) for size in noise.shape])
    for name, step in system.signals.items():
        here = (*path, "signals", name)
        if name in system.noise or name == dataflow.REAL:
            yield Complaint(here, f"'{name}' is already an input")
        if isinstance(step, Pass):
            yield from _pass(spec, here, system, step)
        for place, below in step.inputs.items():
            yield from absent((*here, *place), "signal", below, known)
            if (cycle := _cycle(system, name, below)) is not None:
                yield Complaint((*here, *place), f"depends on itself: {cycle}")
    if any(_roots(system, name) is None for name in system.signals):  # nothing can be said of what flows from there
        return
    yield from absent((*path, "sample"), "signal", system.sample, system.signals)
    if system.sample in system.signals and not only_noise(system, system.sample):
        yield Complaint((*path, "sample"), f"'{system.sample}' depends on data, samples must come from noise alone")
    for name, player in system.players.items():
        yield from _player((*path, "players", name), system, player, known)
    yield from _schedule_of_players(spec, path, system)
    yield from _observations(path, system, known)


def _noise(spec: PaperSpec, path: Path_, system: System, shape: list[str]) -> Iterator[Complaint]:
    """A noise's shape may name sizes, and a name must mean one number in all networks of the system."""
    networks = [spec.networks[name] for name in system.networks.values() if name in spec.networks]
    if len(networks) < len(system.networks):
        return
    values: dict[str, set[int]] = {}
    for network in networks:
        for size, value in network.sizes.items():
            values.setdefault(size, set()).add(value)
    for name in sorted({name for text in shape for name in expression_names(text)}):
        yield from absent((*path, "shape"), "size", name, values)
        if len(values.get(name, ())) > 1:
            numbers = " and ".join(str(value) for value in sorted(values[name]))
            yield Complaint((*path, "shape"), f"'{name}' is {numbers} in this system's networks")


def _pass(spec: PaperSpec, path: Path_, system: System, step: Pass) -> Iterator[Complaint]:
    yield from absent((*path, "network"), "role", step.network, system.networks)
    network = spec.networks.get(system.networks.get(step.network, ""))
    if network is None:
        return
    taps = {layer.at: index for index, layer in enumerate(network.layers) if layer.name == "tap"}  # type: ignore[attr-defined]
    for key, tap in (("until", step.until), ("enter", step.enter)):
        if tap is not None:
            yield from absent((*path, key), "tap", tap, taps)
    if step.until in taps and step.enter in taps and taps[step.until] < taps[step.enter]:
        yield Complaint((*path, "until"), f"tap '{step.until}' lies before '{step.enter}', where the input enters")


def _roots(system: System, signal: str) -> set[str] | None:
    """The inputs that a signal depends on; None where it depends on something that does not exist, or on itself."""
    try:
        return dataflow.inputs_of(system, signal)
    except dataflow.SignalError:
        return None


def only_noise(system: System, signal: str) -> bool:
    """Whether a signal can be computed without data."""
    roots = _roots(system, signal)
    return roots is not None and roots <= set(system.noise)


def _cycle(system: System, signal: str, below: str) -> str | None:
    """``a <- b <- a`` where ``signal`` is computed from itself by way of its input ``below``, else None."""
    waiting: list[tuple[str, ...]] = [(signal, below)]
    seen: set[str] = set()
    while waiting:
        *path, name = waiting.pop()
        if name == signal:
            return " <- ".join([*path, name])
        if name in system.signals and name not in seen:
            seen.add(name)
            waiting += [(*path, name, following) for following in system.signals[name].inputs.values()]
    return None


def _player(path: Path_, system: System, player: Player, known: set[str]) -> Iterator[Complaint]:
    for index, role in enumerate(player.networks):
        yield from absent((*path, "networks", index), "role", role, system.networks)
    for key, parts in (("minimise", player.minimise), ("penalties", player.penalties)):
        for index, part in enumerate(parts):
            yield from _term((*path, key, index, part.name), system, player, part, known)


def _term(path: Path_, system: System, player: Player, part: Part, known: set[str]) -> Iterator[Complaint]:
    signals, roles = marked_fields(part, SignalMarker), marked_fields(part, NetworkMarker)
    complaints = [
        complaint
        for kind, named, valid in (("signal", signals, known), ("role", roles, system.networks.keys()))
        for field, name in named.items()
        for complaint in absent((*path, field), kind, name, valid)
    ]
    yield from complaints
    reached = {*roles.values(), *(role for signal in signals.values() for role in dataflow.networks_of(system, signal))}
    if complaints or not reached <= set(system.networks):
        return
    if (signals or roles) and not reached & set(player.networks):
        yield Complaint(path, f"does not depend on {' or '.join(player.networks)}, which this player updates")


def _schedule_of_players(spec: PaperSpec, path: Path_, system: System) -> Iterator[Complaint]:
    for index, player in enumerate(system.schedule):
        yield from absent((*path, "schedule", index), "player", player, system.players)
    if set(system.schedule) <= set(system.players):
        for player in system.players:
            if player not in system.schedule:
                yield Complaint((*path, "schedule"), f"player '{player}' is never updated")
    for name, step in system.signals.items():
        if not isinstance(step, Pass) or not step.reuse:
            continue
        owners = [
            player
            for player in system.schedule
            if player in system.players and dataflow.networks_of(system, name) & set(system.players[player].networks)
        ]
        if len(owners) > 1:
            message = f"only one update an iteration can use it, '{owners[0]}' has {len(owners)}"
            yield Complaint((*path, "signals", name, "reuse"), message)
    updated = {role for player in system.players.values() for role in player.networks}
    if updated <= set(system.networks):
        for role, name in system.networks.items():
            network = spec.networks.get(name)
            if role not in updated and network is not None and network.initialise:  # it has something to learn
                yield Complaint((*path, "networks", role), "is updated by no player")


def _observations(path: Path_, system: System, known: set[str]) -> Iterator[Complaint]:
    for role in system.average:
        yield from absent((*path, "average", role), "role", role, system.networks)
    curves = dataflow.curve_names(system)
    for curve, observation in system.observe.items():
        here = (*path, "observe", curve)
        if curves.count(curve) > 1:
            yield Complaint(here, "is already the name of a curve of losses")
        yield from absent((*here, "player"), "player", observation.player, system.players)
        if observation.signal is not None:
            yield from absent((*here, "signal"), "signal", observation.signal, known)
