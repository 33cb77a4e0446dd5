"""What one model cannot see alone: whether networks, systems, data and experiments fit together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from benchmark.spec import dataflow, references
from benchmark.spec.check_systems import misfit, network_problems, only_noise, system_problems
from benchmark.spec.expand import Complaint
from benchmark.spec.experiments import MOST_ITERATIONS, MOST_MOMENTS, Every, Setup
from benchmark.spec.fields import CurveMarker, NetworkMarker, marked_fields
from benchmark.spec.levels import Range
from benchmark.spec.paper import PaperSpec
from benchmark.spec.references import absent
from benchmark.spec.resolve import ReplaceError, sizes_of, system_of
from benchmark.spec.shapes import Layout, ShapeError, layout, resolve_sizes
from benchmark.spec.source import Path_, dotted
from benchmark.spec.systems import Network, Pass, System


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
            complaints.append(misfit(("networks", name), error))
        else:
            complaints += network_problems(("networks", name), network, layouts[name])
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


def _sound(
    spec: PaperSpec, names: references.Names, path: Path_, system: System, fitting: Fitting
) -> Iterator[Complaint]:
    """What is wrong with a system by itself; of one whose networks are all there nothing is said again."""
    items = [system, *(spec.networks.get(network) for network in system.networks.values())]
    return fitting.once(system_problems(spec, names, path, system), items)


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
    for size in setup.sizes:
        yield from absent((*path, "sizes", size), "size", size, sizes)
    curves = dataflow.curve_names(system)
    for score, entry in setup.scores.items():
        here = (*path, "scores", score, "metric", entry.metric.name)
        for marker, kind, there in ((NetworkMarker, "role", networks), (CurveMarker, "curve", curves)):
            for field, name in marked_fields(entry.metric, marker).items():
                yield from absent((*here, field), kind, name, there)
    surface = setup.snapshots.value_surface
    if surface is not None:
        yield from absent((*path, "snapshots", "value_surface", "network"), "role", surface.network, networks)
    if not sizes.issuperset(setup.sizes):
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
        if only_noise(system, error.signal):
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
