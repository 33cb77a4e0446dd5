"""What one model cannot see alone: references between sections, shapes, counts, and the ledger's completeness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmark.registry import did_you_mean
from benchmark.spec import dataflow, provenance
from benchmark.spec.claims import Quantity, quantities
from benchmark.spec.expression import names as expression_names
from benchmark.spec.paper import Network, PaperSpec, Setup, System
from benchmark.spec.parts import NetworkMarker, SignalMarker, marked_fields
from benchmark.spec.shapes import Layout, ShapeError, layout, resolve_sizes
from benchmark.spec.source import Path_


@dataclass(frozen=True)
class Complaint:
    """A problem and the path of the value it is about."""

    path: Path_
    message: str


def check(spec: PaperSpec, data: dict[str, Any]) -> list[Complaint]:
    """All problems of a spec that is well-formed in itself; ``data`` is the file as written."""
    complaints = [
        *_networks(spec),
        *(complaint for name, system in spec.systems.items() for complaint in _system(spec, name, system)),
    ]
    if complaints:  # shapes and claims of a broken system would only repeat its faults
        return complaints
    return [*_experiments(spec), *_references(spec), *_ledger(spec, data)]


def _unknown(path: Path_, kind: str, name: str, valid: Iterable[str]) -> Complaint:
    valid = sorted(valid)
    return Complaint(path, f"unknown {kind} '{name}', known: {', '.join(valid)}{did_you_mean(name, valid)}")


# --- networks and systems -------------------------------------------------------------------------------------------


def _networks(spec: PaperSpec) -> Iterator[Complaint]:
    for name, network in spec.networks.items():
        path: Path_ = ("networks", name)
        try:
            plan = layout(network, {})
        except ShapeError as error:
            yield Complaint((*path, "layers", error.layer) if error.layer is not None else (*path, "input"), str(error))
            continue
        if network.parameters is not None and network.parameters != plan.parameter_count:
            yield Complaint(
                (*path, "parameters"), f"the layers have {plan.parameter_count} parameters, not {network.parameters}"
            )
        yield from _taps(path, network)
        yield from _initialisation(path, network, plan)


def _taps(path: Path_, network: Network) -> Iterator[Complaint]:
    seen: set[str] = set()
    for index, layer in enumerate(network.layers):
        if layer.name == "tap":
            at = layer.at  # type: ignore[attr-defined]
            if at in seen:
                yield Complaint((*path, "layers", index), f"tap '{at}' occurs twice")
            seen.add(at)


def _initialisation(path: Path_, network: Network, plan: Layout) -> Iterator[Complaint]:
    kinds = {
        layer.name for layer, shape in zip(plan.layers, plan.inputs, strict=True) if layer.parameter_count(shape) > 0
    }
    for kind in sorted(kinds - set(network.initialise)):
        yield Complaint((*path, "layers"), f"'initialise' must say how '{kind}' layers start")
    for kind in network.initialise:
        if kind not in kinds:
            yield _unknown((*path, "initialise", kind), "layer with parameters", kind, kinds)


def _system(spec: PaperSpec, name: str, system: System) -> Iterator[Complaint]:
    path: Path_ = ("systems", name)
    known = {*system.signals, *system.noise, dataflow.REAL}
    for role, network in system.networks.items():
        if network not in spec.networks:
            yield _unknown((*path, "networks", role), "network", network, spec.networks)
    for signal, step in system.signals.items():
        here = (*path, "signals", signal)
        if signal in system.noise or signal == dataflow.REAL:
            yield Complaint(here, f"'{signal}' is already an input")
        if step.network not in system.networks:
            yield _unknown((*here, "network"), "role", step.network, system.networks)
        else:
            taps = _tap_names(spec, system.networks[step.network])
            for key in ("until", "enter"):
                tap = getattr(step, key)
                if tap is not None and tap not in taps:
                    yield _unknown((*here, key), "tap", tap, taps)
        if step.input not in known:
            yield _unknown((*here, "input"), "signal", step.input, known)
        else:
            try:
                dataflow.inputs_of(system, signal)
            except dataflow.SignalError as error:
                yield Complaint(here, str(error))
                return
    if system.sample not in system.signals:
        yield _unknown((*path, "sample"), "signal", system.sample, system.signals)
    elif not dataflow.inputs_of(system, system.sample) <= set(system.noise):
        yield Complaint((*path, "sample"), f"'{system.sample}' depends on data, samples must come from noise alone")
    yield from _players(path, system, known)


def _tap_names(spec: PaperSpec, network: str) -> set[str]:
    layers = spec.networks[network].layers if network in spec.networks else ()
    return {layer.at for layer in layers if layer.name == "tap"}  # type: ignore[attr-defined]


def _players(path: Path_, system: System, known: set[str]) -> Iterator[Complaint]:
    for name, player in system.players.items():
        here = (*path, "players", name)
        for index, role in enumerate(player.networks):
            if role not in system.networks:
                yield _unknown((*here, "networks", index), "role", role, system.networks)
        for key, parts in (("minimise", player.minimise), ("penalties", player.penalties)):
            for index, part in enumerate(parts):
                place: Path_ = (*here, key, index, part.name)
                for field, signal in marked_fields(part, SignalMarker).items():
                    if signal not in known:
                        yield _unknown((*place, field), "signal", signal, known)
                for field, role in marked_fields(part, NetworkMarker).items():
                    if role not in system.networks:
                        yield _unknown((*place, field), "role", role, system.networks)
        if name not in system.schedule:
            yield Complaint((*path, "schedule"), f"player '{name}' is never updated")
    for index, player_name in enumerate(system.schedule):
        if player_name not in system.players:
            yield _unknown((*path, "schedule", index), "player", player_name, system.players)
    for curve, observation in system.observe.items():
        here = (*path, "observe", curve)
        if observation.player not in system.players:
            yield _unknown((*here, "player"), "player", observation.player, system.players)
        if observation.signal is not None and observation.signal not in known:
            yield _unknown((*here, "signal"), "signal", observation.signal, known)


# --- experiments ----------------------------------------------------------------------------------------------------


def _experiments(spec: PaperSpec) -> Iterator[Complaint]:
    for name, experiment in spec.experiments.items():
        path: Path_ = ("experiments", name)
        if experiment.system not in spec.systems:
            yield _unknown((*path, "system"), "system", experiment.system, spec.systems)
            continue
        for tier in ("full", *experiment.tiers):
            setup = experiment.setup(tier)
            assert setup is not None
            yield from _setup(spec, path if tier == "full" else (*path, "tiers", tier), setup)


def _setup(spec: PaperSpec, path: Path_, setup: Setup) -> Iterator[Complaint]:
    if setup.system not in spec.systems:
        yield _unknown((*path, "system"), "system", setup.system, spec.systems)
        return
    system = spec.systems[setup.system]
    known_sizes = {size for network in system.networks.values() for size in spec.networks[network].sizes}
    for size in setup.sizes:
        if size not in known_sizes:
            yield _unknown((*path, "sizes", size), "size", size, known_sizes)
    try:
        layouts = {role: layout(spec.networks[name], setup.sizes) for role, name in system.networks.items()}
        example = setup.dataset.example_shape()
        shapes = dataflow.signal_shapes(system, layouts, system_sizes(spec, setup), example)
        if shapes[system.sample] != example:
            yield Complaint(
                (*path, "dataset"),
                f"examples have shape {example}, samples of '{setup.system}' have {shapes[system.sample]}",
            )
    except ShapeError as error:
        yield Complaint((*path, "sizes"), str(error))
    except dataflow.SignalError as error:
        yield Complaint((*path, "dataset"), f"signal '{error.signal}' of '{setup.system}': {error}")
    count = setup.dataset.example_count()
    if count is not None and count < setup.batch_images:
        yield Complaint((*path, "batch_images"), f"the dataset has {count} examples, fewer than one batch")
    if count is None and any(every.epochs is not None for every in _intervals(setup)):
        yield Complaint((*path, "budget"), "endless data has no epochs: give iterations")
    for score, entry in setup.scores.items():
        if setup.dataset.kind not in entry.metric.kinds:
            yield Complaint((*path, "scores", score), f"'{entry.metric.name}' is not defined on {setup.dataset.kind}")
    surface = setup.snapshots.value_surface
    if surface is not None and (setup.dataset.kind != "points" or setup.dataset.example_shape() != (2,)):
        yield Complaint((*path, "snapshots", "value_surface"), "is for data in two dimensions")
    if surface is not None and surface.network not in system.networks:
        yield _unknown((*path, "snapshots", "value_surface"), "role", surface.network, system.networks)


def _intervals(setup: Setup) -> list[Any]:
    return [
        setup.budget,
        setup.snapshots.every,
        *(score.every for score in setup.scores.values() if score.every is not None),
    ]


def system_sizes(spec: PaperSpec, setup: Setup) -> dict[str, int]:
    """All sizes of a setup's networks by name, after the setup's replacements."""
    sizes: dict[str, int] = {}
    for name in spec.systems[setup.system].networks.values():
        sizes.update(resolve_sizes(spec.networks[name], setup.sizes))
    return sizes


# --- tables, figures, claims, ledger --------------------------------------------------------------------------------


def _references(spec: PaperSpec) -> Iterator[Complaint]:
    for table_id, table in spec.tables.items():
        for index, row in enumerate(table.rows):
            for column, cell in row.cells.items():
                here: Path_ = ("tables", table_id, "rows", index, "cells", column)
                if cell.experiment is not None and cell.score is not None:
                    yield from _quantity(spec, here, Quantity(experiment=cell.experiment, score=cell.score))
                elif cell.experiment is not None and cell.experiment not in spec.experiments:
                    yield _unknown((*here, "experiment"), "experiment", cell.experiment, spec.experiments)
    for figure_id, figure in spec.figures.items():
        for index, experiment in enumerate(figure.experiments):
            here = ("figures", figure_id, "experiments", index)
            if experiment not in spec.experiments:
                yield _unknown(here, "experiment", experiment, spec.experiments)
                continue
            known = dataflow.curve_names(spec.systems[spec.experiments[experiment].system])
            for curve in figure.curves:
                if curve not in known:
                    yield _unknown(("figures", figure_id, "curves"), f"curve of '{experiment}'", curve, known)
    for claim_id, claim in spec.claims.items():
        for quantity in quantities(claim.predicate) if claim.predicate is not None else ():
            yield from _quantity(spec, ("claims", claim_id, "predicate"), quantity)


def _quantity(spec: PaperSpec, path: Path_, quantity: Quantity) -> Iterator[Complaint]:
    experiment = spec.experiments.get(quantity.experiment)
    if experiment is None:
        yield _unknown(path, "experiment", quantity.experiment, spec.experiments)
        return
    if quantity.score is not None and quantity.score not in experiment.scores:
        yield _unknown(path, f"score of '{quantity.experiment}'", quantity.score, experiment.scores)
    if quantity.curve is not None:
        known = dataflow.curve_names(spec.systems[experiment.system])
        for name in sorted(expression_names(quantity.curve) - set(known)):
            yield _unknown(path, f"curve of '{quantity.experiment}'", name, known)


def _ledger(spec: PaperSpec, data: dict[str, Any]) -> Iterator[Complaint]:
    for pattern in sorted(set(spec.stated) & set(spec.unstated)):
        yield Complaint(("unstated", pattern), "is listed as stated too")
    for pattern in provenance.unused_patterns(spec, data):
        section = "stated" if pattern in spec.stated else "unstated"
        yield Complaint((section, pattern), "covers nothing that this file writes")
    for path in provenance.origins(spec, data)[1]:
        yield Complaint(path, "neither 'stated' nor 'unstated' says how this value is known")
