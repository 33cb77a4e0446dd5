"""What one model cannot see alone: how networks, systems and experiments refer to each other and whether they fit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from benchmark.registry import Part
from benchmark.spec import dataflow, references
from benchmark.spec.expand import Complaint
from benchmark.spec.experiments import MOST_ITERATIONS, MOST_MOMENTS, Every, Setup
from benchmark.spec.expression import names as expression_names
from benchmark.spec.levels import Range
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import CurveMarker, NetworkMarker, SignalMarker, marked_fields
from benchmark.spec.references import unknown as _unknown
from benchmark.spec.resolve import ReplaceError, sizes_of, system_of
from benchmark.spec.shapes import Layout, ShapeError, layout, resolve_sizes
from benchmark.spec.source import Path_, dotted
from benchmark.spec.systems import Network, Pass, Player, System


class Fitting:
    """Networks laid out, and systems that were found to fit, of one paper and its readings: each looked at once.

    They are known by identity and kept, since what a reading leaves alone is the base's very object.
    """

    def __init__(self) -> None:
        self._systems: dict[tuple[int, str], tuple[System, System]] = {}
        self._layouts: dict[tuple[Any, ...], tuple[Network, Layout]] = {}
        self._sound: dict[tuple[Any, ...], Sequence[object]] = {}

    def system(self, spec: PaperSpec, setup: Setup) -> System:
        """As :func:`benchmark.spec.resolve.system_of`."""
        system = spec.systems[setup.system]
        key = (id(system), repr(setup.replace))
        if key not in self._systems:
            self._systems[key] = (system, system_of(spec, setup))
        return self._systems[key][1]

    def layout(self, network: Network, sizes: Mapping[str, int]) -> Layout:
        """As :func:`benchmark.spec.shapes.layout`."""
        key = (id(network), *resolve_sizes(network, sizes).items())
        if key not in self._layouts:
            self._layouts[key] = (network, layout(network, sizes))
        return self._layouts[key][1]

    def once(self, complaints: Iterator[Complaint], items: Sequence[object], *facts: object) -> Iterator[Complaint]:
        """What is wrong with ``items`` together, which depends on ``facts`` besides; nothing where nothing was."""
        key = (*map(id, items), *facts)
        if key not in self._sound:
            problems = list(complaints)
            if not problems:
                self._sound[key] = items
            yield from problems


def check(
    spec: PaperSpec,
    data: dict[str, Any],
    broken: Collection[tuple[str, str]] = (),
    lost: Collection[str] = (),
    fitting: Fitting | None = None,
) -> list[Complaint]:
    """All problems of a spec that is well-formed in itself; ``data`` is the file as written.

    ``broken`` items (section, name) and ``lost`` sections are left out of ``spec`` because they are not well-formed;
    nothing is said of references to them.
    """
    fitting = Fitting() if fitting is None else fitting
    names = references.Names(spec, broken, lost)
    complaints: list[Complaint] = []
    sound: set[str] = set()
    layouts: dict[str, Layout] = {}
    for name, network in spec.networks.items():
        try:
            layouts[name] = fitting.layout(network, {})
        except ShapeError as error:
            complaints.append(_misfit(("networks", name), error))
        else:
            complaints += _network(("networks", name), network, layouts[name])
    for name, system in spec.systems.items():
        problems = list(_sound(spec, names, ("systems", name), system, fitting))
        complaints += problems
        if not problems and all(network in layouts for network in system.networks.values()):
            sound.add(name)
    for name, experiment in spec.experiments.items():
        fits = True
        for tier in ("full", *experiment.tiers):
            path: Path_ = ("experiments", name) if tier == "full" else ("experiments", name, "tiers", tier)
            setup = experiment.setup(tier)
            assert setup is not None
            complaints += names.check((*path, "system"), "systems", setup.system)
            complaints += _schedule(path, setup)
            if fits and setup.system in sound:  # otherwise it would only repeat the system's or the full tier's faults
                problems = list(_fit(spec, names, path, setup, fitting))
                complaints += problems
                fits = not problems
    return [*complaints, *references.check(names, data)]


# --- networks -------------------------------------------------------------------------------------------------------


def _misfit(path: Path_, error: ShapeError) -> Complaint:
    """Where in the network at ``path`` a shape or a size is at fault."""
    if error.layer is None:
        return Complaint((*path, "input"), str(error))
    return Complaint((*path, "layers", error.layer, *error.setting), str(error))


def _network(path: Path_, network: Network, plan: Layout) -> Iterator[Complaint]:
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
        if kind not in kinds:
            yield _unknown((*path, "initialise", kind), "layer with parameters", kind, kinds)
        elif laws.bias is None and any(layer.name == kind and getattr(layer, "bias", True) for layer in trained):
            yield Complaint((*path, "initialise", kind, "bias"), "is missing: these layers have one")


# --- systems --------------------------------------------------------------------------------------------------------


def _sound(
    spec: PaperSpec, names: references.Names, path: Path_, system: System, fitting: Fitting
) -> Iterator[Complaint]:
    """What is wrong with a system by itself; of one whose networks are all there nothing is said again."""
    items = [system, *(spec.networks.get(network) for network in system.networks.values())]
    return fitting.once(_system(spec, names, path, system), items)


def _system(spec: PaperSpec, names: references.Names, path: Path_, system: System) -> Iterator[Complaint]:
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
            if below not in known:
                yield _unknown((*here, *place), "signal", below, known)
            elif (cycle := _cycle(system, name, below)) is not None:
                yield Complaint((*here, *place), f"depends on itself: {cycle}")
    if any(_roots(system, name) is None for name in system.signals):  # nothing can be said of what flows from there
        return
    if system.sample not in system.signals:
        yield _unknown((*path, "sample"), "signal", system.sample, system.signals)
    elif not _only_noise(system, system.sample):
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
        if name not in values:
            yield _unknown((*path, "shape"), "size", name, values)
        elif len(values[name]) > 1:
            numbers = " and ".join(str(value) for value in sorted(values[name]))
            yield Complaint((*path, "shape"), f"'{name}' is {numbers} in this system's networks")


def _pass(spec: PaperSpec, path: Path_, system: System, step: Pass) -> Iterator[Complaint]:
    if step.network not in system.networks:
        yield _unknown((*path, "network"), "role", step.network, system.networks)
        return
    network = spec.networks.get(system.networks[step.network])
    if network is None:
        return
    taps = {layer.at: index for index, layer in enumerate(network.layers) if layer.name == "tap"}  # type: ignore[attr-defined]
    for key, tap in (("until", step.until), ("enter", step.enter)):
        if tap is not None and tap not in taps:
            yield _unknown((*path, key), "tap", tap, taps)
    if step.until in taps and step.enter in taps and taps[step.until] < taps[step.enter]:
        yield Complaint((*path, "until"), f"tap '{step.until}' lies before '{step.enter}', where the input enters")


def _roots(system: System, signal: str) -> set[str] | None:
    """The inputs that a signal depends on; None where it depends on something that does not exist, or on itself."""
    try:
        return dataflow.inputs_of(system, signal)
    except dataflow.SignalError:
        return None


def _only_noise(system: System, signal: str) -> bool:
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
        if role not in system.networks:
            yield _unknown((*path, "networks", index), "role", role, system.networks)
    for key, parts in (("minimise", player.minimise), ("penalties", player.penalties)):
        for index, part in enumerate(parts):
            yield from _term((*path, key, index, part.name), system, player, part, known)


def _term(path: Path_, system: System, player: Player, part: Part, known: set[str]) -> Iterator[Complaint]:
    signals, roles = marked_fields(part, SignalMarker), marked_fields(part, NetworkMarker)
    complaints = [
        _unknown((*path, field), "signal", signal, known) for field, signal in signals.items() if signal not in known
    ]
    complaints += [
        _unknown((*path, field), "role", role, system.networks)
        for field, role in roles.items()
        if role not in system.networks
    ]
    yield from complaints
    reached = {*roles.values(), *(role for signal in signals.values() for role in dataflow.networks_of(system, signal))}
    if complaints or not reached <= set(system.networks):
        return
    if (signals or roles) and not reached & set(player.networks):
        yield Complaint(path, f"does not depend on {' or '.join(player.networks)}, which this player updates")


def _schedule_of_players(spec: PaperSpec, path: Path_, system: System) -> Iterator[Complaint]:
    for index, player in enumerate(system.schedule):
        if player not in system.players:
            yield _unknown((*path, "schedule", index), "player", player, system.players)
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
        if role not in system.networks:
            yield _unknown((*path, "average", role), "role", role, system.networks)
    curves = dataflow.curve_names(system)
    for curve, observation in system.observe.items():
        here = (*path, "observe", curve)
        if curves.count(curve) > 1:
            yield Complaint(here, "is already the name of a curve of losses")
        if observation.player not in system.players:
            yield _unknown((*here, "player"), "player", observation.player, system.players)
        if observation.signal is not None and observation.signal not in known:
            yield _unknown((*here, "signal"), "signal", observation.signal, known)


# --- experiments ----------------------------------------------------------------------------------------------------


def _intervals(setup: Setup) -> Iterator[tuple[Path_, Every]]:
    yield ("budget",), setup.budget
    yield ("snapshots", "every"), setup.snapshots.every
    for name, score in setup.scores.items():
        if score.every is not None:
            yield ("scores", name, "every"), score.every


def _schedule(path: Path_, setup: Setup) -> Iterator[Complaint]:
    """What an experiment asks of its dataset, whatever the system."""
    count = setup.dataset.example_count()
    if count is not None and count < setup.batch_size:
        message = f"one batch of {setup.batch_size} is more than the dataset's {count} examples"
        yield Complaint((*path, "batch_size"), message)
    for place, every in _intervals(setup):
        if count is None and every.epochs is not None:
            yield Complaint((*path, *place, "epochs"), "endless data has no epochs, give iterations")
    yield from _lengths(path, setup, count)
    for score, entry in setup.scores.items():
        if setup.dataset.kind not in entry.metric.kinds:
            kinds = " and ".join(entry.metric.kinds)
            message = f"'{entry.metric.name}' is for {kinds}, this dataset holds {setup.dataset.kind}"
            yield Complaint((*path, "scores", score, "metric"), message)
    if setup.snapshots.value_surface is not None and setup.dataset.example_shape() != (2,):
        yield Complaint((*path, "snapshots", "value_surface"), "is for points in two dimensions")


def _lengths(path: Path_, setup: Setup, count: int | None) -> Iterator[Complaint]:
    """Budgets that no machine could train, and intervals that no machine could keep up with."""

    def batches(every: Every) -> float:
        return every.iterations or (every.epochs or 0.0) * (count or 0) / setup.batch_size

    budget = batches(setup.budget)
    if budget > MOST_ITERATIONS:
        yield Complaint((*path, "budget"), f"is more than {MOST_ITERATIONS:,} batches, found {budget:,.0f}")
    for place, every in _intervals(setup):
        if 0 < batches(every) * MOST_MOMENTS < budget:
            yield Complaint((*path, *place), f"comes more than {MOST_MOMENTS:,} times in the budget")


def _fit(spec: PaperSpec, names: references.Names, path: Path_, setup: Setup, fitting: Fitting) -> Iterator[Complaint]:
    """Whether a setup's sizes, data and system fit together."""
    try:
        system = fitting.system(spec, setup)
    except ReplaceError as error:
        yield Complaint((*path, "replace", error.pattern), str(error))
        return
    if setup.replace:
        faults = list(_sound(spec, names, (), system, fitting))
        yield from (Complaint((*path, "replace"), f"{dotted(fault.path)}: {fault.message}") for fault in faults)
        if faults or not set(system.networks.values()) <= set(spec.networks):
            return
    networks = {role: spec.networks[name] for role, name in system.networks.items()}
    sizes = {size for network in networks.values() for size in network.sizes}
    strange = [size for size in setup.sizes if size not in sizes]
    for size in strange:
        yield _unknown((*path, "sizes", size), "size", size, sizes)
    curves = dataflow.curve_names(system)
    for score, entry in setup.scores.items():
        here = (*path, "scores", score, "metric", entry.metric.name)
        for marker, kind, there in ((NetworkMarker, "role", networks), (CurveMarker, "curve", curves)):
            for field, name in marked_fields(entry.metric, marker).items():
                if name not in there:
                    yield _unknown((*here, field), kind, name, there)
    surface = setup.snapshots.value_surface
    if surface is not None and surface.network not in networks:
        yield _unknown((*path, "snapshots", "value_surface", "network"), "role", surface.network, networks)
    if strange:
        return
    items, dataset = [system, *networks.values()], setup.dataset
    facts = (tuple(setup.sizes.items()), dataset.example_shape(), dataset.image_range())
    yield from fitting.once(_together(path, setup, system, networks, fitting), items, *facts)


def _together(
    path: Path_, setup: Setup, system: System, networks: Mapping[str, Network], fitting: Fitting
) -> Iterator[Complaint]:
    """Whether networks and signals fit each other and the data at a setup's sizes."""
    layouts: dict[str, Layout] = {}
    for role, network in networks.items():
        try:
            layouts[role] = fitting.layout(network, setup.sizes)
        except ShapeError as error:
            place = "input" if error.layer is None else f"layers[{error.layer}]"
            message = f"network '{system.networks[role]}' does not fit at these sizes: {place}: {error}"
            yield Complaint((*path, "sizes"), message)
            return
    example = setup.dataset.example_shape()
    try:
        shapes = dataflow.signal_shapes(system, layouts, sizes_of(networks.values(), setup), example)
    except dataflow.SignalError as error:
        if _only_noise(system, error.signal):
            written = next(iter(system.signals[error.signal].inputs))[0]
            yield Complaint(("systems", setup.system, "signals", error.signal, written), str(error))
        else:
            yield Complaint((*path, "dataset"), f"signal '{error.signal}': {error}")
        return
    if shapes[system.sample] != example:
        shape = shapes[system.sample]
        message = f"its examples have shape {example}, the system's samples have shape {shape}"
        yield Complaint((*path, "dataset"), message)
    yield from _range(path, setup, system, layouts)


def _range(path: Path_, setup: Setup, system: System, layouts: dict[str, Layout]) -> Iterator[Complaint]:
    """Images in [0, 1] do not fit a generator that ends in tanh, nor images in [-1, 1] one that ends in a sigmoid."""
    made = system.signals[system.sample]
    wanted = setup.dataset.image_range()
    bounds = layouts[made.network].output_range if isinstance(made, Pass) and made.until is None else None
    if wanted is not None and bounds not in (None, wanted):
        message = f"images lie in {_ends(wanted)}, the system's samples in {_ends(bounds)}"
        yield Complaint((*path, "dataset"), message)


def _ends(bounds: Range) -> str:
    return f"[{bounds[0]:g}, {bounds[1]:g}]"
