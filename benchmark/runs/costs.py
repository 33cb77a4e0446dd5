"""What a run takes, told before it runs and without torch: hours of one device, memory, disk.

Hours come from the best of these that is known: finished runs with the same iteration, whatever their length; its loop
as ``ganrepro speed`` timed it; the operations of its networks at measured rates of the device, or at stated ones.
Iterations are the same where networks, sizes, system, data, batch and numerics are (``sidecars.pace_of``). Memory, and
evaluations that no finished run made alike, are estimated from shapes and counts. One thread of a processor is one
device.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any, Literal, NamedTuple

from benchmark.runs.anchored import anchor_code, anchored
from benchmark.runs.continued import beginnings, saved, trainings
from benchmark.runs.plan import Run
from benchmark.runs.records import RunRecord, Stored, device_of
from benchmark.runs.sidecars import KINDS, Anchor, Calibration, identity, pace_of, read_all
from benchmark.spec.base import canonical
from benchmark.spec.operations import (
    at_once,
    largest_layer,
    layers_per_iteration,
    operations_per_iteration,
    sampling_operations,
    values_per_example,
)
from benchmark.spec.parts import Needs
from benchmark.spec.shapes import Layout, layout

#: share of a matrix product's rate that a training reaches: 0.31 to 0.51 on one thread of a Xeon, by six experiments
EFFICIENCY = 0.4
#: operations that are launched for each layer that is passed: forward, both gradients, their share of the optimiser
_LAUNCHES = 6
#: bytes of a process before it holds anything of a run: the libraries, and a GPU's context
_PROCESS = {"cpu": 0.8e9, "cuda": 3e9}
_CONTEXT = 0.6e9
#: images that an extractor takes at once on a GPU, over those on a processor
_BATCHES = {"cpu": 1, "cuda": 4}
#: copies of weights: themselves, gradients, two moments of the optimiser, those that are sampled from
_COPIES = 5
#: what a layer gives out is held with its gradient and what the kernels need beside
_HELD = 1.6

#: in the environment of a record whose times are those of another's as well
_SHARED = {"trained_with", "continued_from", "sampled_from"}

Kind = Literal["cpu", "cuda"]
#: what hours were told from, the best first
Basis = Literal["finished runs", "its measured loop", "measured rates", "stated rates"]
BASES: tuple[Basis, ...] = ("finished runs", "its measured loop", "measured rates", "stated rates")


@dataclass(frozen=True)
class TimedDevice:
    """A device as far as hours depend on it."""

    name: str
    kind: Kind
    #: of a matrix product in fp32
    gigaflops: float
    launch_microseconds: float
    #: of a GPU; what fills more than half of it stays on the host
    memory_bytes: float = 0.0
    #: by ``pace_of``: seconds of an iteration
    loops: dict[str, float] = field(default_factory=dict)
    #: by ``pace_of``: what finished runs took
    finished: dict[str, list[Took]] = field(default_factory=dict)
    stated: bool = False


@dataclass(frozen=True)
class Took:
    """What one finished run took."""

    iterations: int
    training_seconds: float
    #: seconds of an iteration after the warm-up
    rate: float
    evaluation_seconds: float
    #: what was evaluated: see :func:`_sampling`; None where the time holds evaluations of other runs as well
    sampling: str | None


#: devices of which nothing is measured
STATED: dict[Kind, TimedDevice] = {
    "cpu": TimedDevice("one thread of a processor at 100 GFLOP/s", "cpu", 100.0, 3.0, stated=True),
    "cuda": TimedDevice("a GPU of 24 GB at 20 TFLOP/s", "cuda", 20_000.0, 7.0, 24e9, stated=True),
}


@dataclass(frozen=True)
class Cost:
    """What one run takes. ``hours`` are of one device, with evaluation and without the report.

    Anchors belong to no single run: see :func:`anchors`.
    """

    training_seconds: float
    evaluation_seconds: float
    host_bytes: int
    device_bytes: int
    disk_bytes: int
    basis: Basis

    @property
    def hours(self) -> float:
        """Of one device, training and evaluation."""
        return (self.training_seconds + self.evaluation_seconds) / 3600

    @property
    def measured(self) -> bool:
        """Whether the time of training was measured with these networks on this device, and not estimated."""
        return self.basis in ("finished runs", "its measured loop")


class AddedCost(NamedTuple):
    """What one of several runs adds to all."""

    hours: float
    trained: bool
    #: real examples that training still shows
    images: int
    #: from its own last checkpoint, if that is sound
    resumed: bool = False
    #: from the end of a finished shorter run, if that is sound
    continued: bool = False
    #: at the end of a training that is finished, if that is sound
    sampled: bool = False


def known_devices(results: Path, records: Iterable[RunRecord] = ()) -> list[TimedDevice]:
    """Devices that a results folder knows the speed of, those calibrated last first; an unreadable file is none."""
    records = list(records)
    taken: dict[str, dict[str, list[Took]]] = {}
    kinds: dict[str, Kind] = {}
    led = {record.environment.get("trained_with") for record in records}
    for record in records:
        if record.status == "finished" and record.origin is None and not record.environment.keys() & _SHARED:
            name = device_of(record.environment)
            kinds[name] = "cpu" if str(record.environment.get("device", "cpu")) == "cpu" else "cuda"
            with suppress(KeyError, TypeError, AttributeError):  # what an edited record says it was
                took = _took(record, shared=record.run_id in led)
                taken.setdefault(name, {}).setdefault(pace_of(record.determinant), []).append(took)
    last_first = read_all(results, Calibration, [], order=lambda file: -file.stat().st_mtime_ns)
    # a run on a processor has one thread: what more of them did is not what it takes
    devices = [_of(one) for one in last_first if one.environment.get("gpu") or one.threads == 1]
    names = {device.name for device in devices}
    devices += [replace(STATED[kind], name=name) for name, kind in kinds.items() if name not in names]
    return [replace(device, finished=taken.get(device.name, {})) for device in devices]


def _of(calibration: Calibration) -> TimedDevice:
    return TimedDevice(
        name=calibration.device,
        kind="cuda" if calibration.environment.get("gpu") else "cpu",
        gigaflops=calibration.matrix_product_gflops,
        launch_microseconds=calibration.launch_microseconds,
        memory_bytes=float((calibration.environment.get("gpu") or {}).get("memory_bytes", 0)),
        loops={loop.pace: loop.tuned_seconds_per_iteration for loop in calibration.loops.values() if loop.pace},
    )


def _took(record: RunRecord, shared: bool) -> Took:
    timing, measured = record.timing, {name for name, score in record.scores.items() if score.value is not None}
    return Took(
        record.iterations,
        timing.training_seconds,
        timing.rate(record.iterations) or timing.training_seconds / max(1, record.iterations),
        timing.evaluation_seconds,
        None if shared else _sampling(record.determinant, measured),
    )


def _sampling(determinant: Mapping[str, Any], measured: Iterable[str]) -> str:
    """What is sampled and scored, at which intervals, and which scores could be measured."""
    setup = determinant["setup"]
    alike = {key: setup[key] for key in ("generator_mode", "scores", "snapshots")}
    return canonical([alike, sorted(measured)])


def cost(run: Run, device: TimedDevice = STATED["cpu"], root: Path | None = None) -> Cost:
    """What ``run`` takes on ``device``, trained by itself; without scores that cannot be measured with the data and
    weights under ``root``.
    """
    layouts = {role: layout(network, run.setup.sizes) for role, network in run.networks.items()}
    needs = {
        name: score.metric.needs(run.setup.dataset)
        for name, score in run.setup.scores.items()
        if root is None or score.metric.unavailable(root) is None
    }
    training, evaluation, basis = _seconds(run, device, layouts, needs)
    host, on_device = _bytes(run, device, layouts, needs.values())
    disk = run.disk_bytes + sum(need.kept for need in needs.values())
    return Cost(training, evaluation, round(host), round(on_device), round(disk), basis)


def added(
    runs: Sequence[Run],
    device: TimedDevice = STATED["cpu"],
    root: Path | None = None,
    stored: Sequence[Stored] = (),
    results: Path | None = None,
) -> dict[str, AddedCost]:
    """What each of ``runs`` adds, by its id: what is alike is trained once, as the longest of them.

    One whose beginning or training is a finished one of ``stored`` goes on from its end, one that was stopped from its
    last checkpoint in ``results``. ``root`` as in :func:`cost`.
    """
    costs: dict[tuple[str | None, ...], Cost] = {}
    sampled, groups = trainings(runs, stored, device.kind)

    def share(run: Run, iterations: int, **how: bool) -> AddedCost:
        """What ``iterations`` of a run's training and its evaluation take."""
        of = (run.paper, run.experiment, run.reading, run.tier, run.numerics)  # whatever its seed
        if of not in costs:
            costs[of] = cost(run, device, root)
        seconds = iterations / run.iterations * costs[of].training_seconds + costs[of].evaluation_seconds
        return AddedCost(seconds / 3600, images=iterations * run.images // run.iterations, **how)

    shares = {run.run_id: share(run, 0, trained=False, sampled=True) for run in sampled}
    for leader, *others in groups:
        at = 0 if results is None else saved(results / leader.folder)
        begun = [] if others or at else beginnings(leader, stored, device.kind)
        left = leader.iterations - (begun[0].record.iterations if begun else at)
        shares[leader.run_id] = share(leader, left, trained=True, resumed=at > 0, continued=bool(begun))
        shares |= {run.run_id: share(run, 0, trained=False) for run in others}
    return shares


def anchors(
    runs: Iterable[Run],
    records: Iterable[RunRecord],
    known: Iterable[Anchor],
    device: TimedDevice = STATED["cpu"],
    root: Path | None = None,
) -> dict[str, tuple[int, float]]:
    """How many floors and ceilings ``runs`` need that were not measured, and their device-hours, by counted operations.

    Each is told of the first run that needs it, by its id. ``root`` as in :func:`cost`; ``records`` tell the hash of
    the data that ``known`` name.
    """
    code = anchor_code()
    have = {canonical(anchor.identity) for anchor in known if anchor.code == code}
    hashes: dict[str, str | None] = {}
    for record in records:
        with suppress(KeyError, TypeError):  # what an edited record says it was
            hashes[canonical(record.determinant["setup"]["dataset"])] = record.hashes["dataset"]
    lacking: dict[str, tuple[int, float]] = {}
    for run in {(run.paper, run.experiment, run.reading, run.tier, run.numerics): run for run in runs}.values():
        facts, setup = run.determinant(), run.setup
        data = canonical(facts["setup"]["dataset"])
        layouts = {role: layout(network, setup.sizes) for role, network in run.networks.items()}
        example = sampling_operations(run.system, layouts)
        for name, score in setup.scores.items():
            if not anchored(score.metric) or (root is not None and score.metric.unavailable(root) is not None):
                continue
            need = score.metric.needs(setup.dataset)
            for kind in KINDS:
                text = canonical(identity(kind, facts, hashes.get(data, data), name))
                if text not in have:
                    have.add(text)
                    operations = (1 + (kind == "real")) * (need.once + need.operations)  # halves both ways round
                    operations += need.generated * example if kind == "untrained" else 0
                    count, hours = lacking.get(run.run_id, (0, 0.0))
                    lacking[run.run_id] = (count + 1, hours + operations / (EFFICIENCY * device.gigaflops * 3.6e12))
    return lacking


def _seconds(
    run: Run, device: TimedDevice, layouts: dict[str, Layout], needs: dict[str, Needs]
) -> tuple[float, float, Basis]:
    rate = EFFICIENCY * device.gigaflops * 1e9
    example = sampling_operations(run.system, layouts)

    def evaluated(run: Run) -> float:
        shots = len(run.moments(run.setup.snapshots.every)) + 1
        operations = 1.0 * shots * run.setup.snapshots.samples * example
        for name, need in needs.items():
            times = len(run.moments(run.setup.scores[name].every))
            operations += need.once + times * (need.operations + need.generated * example)
        return operations / rate

    evaluation, facts = evaluated(run), run.determinant()
    pace = pace_of(facts)
    finished = device.finished.get(pace)
    if finished is not None:
        training = median(
            max(0.0, took.training_seconds + took.rate * (run.iterations - took.iterations)) for took in finished
        )
        sampling = _sampling(facts, needs)
        alike = [
            took.evaluation_seconds * evaluation / evaluated(replace(run, iterations=took.iterations))
            for took in finished
            if took.sampling == sampling
        ]
        return training, median(alike) if alike else evaluation, "finished runs"
    loop = device.loops.get(pace)
    if loop is not None:
        return run.iterations * loop, evaluation, "its measured loop"
    arithmetic = operations_per_iteration(run.system, layouts, run.setup.batch_size) / rate
    launches = _LAUNCHES * layers_per_iteration(run.system, layouts) * device.launch_microseconds * 1e-6
    basis: Basis = "stated rates" if device.stated else "measured rates"
    return run.iterations * (arithmetic + launches), evaluation, basis


def _bytes(run: Run, device: TimedDevice, layouts: dict[str, Layout], needs: Collection[Needs]) -> tuple[float, float]:
    """Bytes of the host and of the GPU at their peak."""
    setup, system, kind = run.setup, run.system, device.kind
    weights = 4 * run.parameter_count
    recurring = sum(score.every is not None for score in setup.scores.values())
    model = weights * (_COPIES + 2 * bool(system.average))
    update = 4 * _HELD * setup.batch_size * values_per_example(system, layouts)
    layer = largest_layer(layouts.values())
    sampled = setup.batch_size if setup.generator_mode == "batch_statistics" else at_once(layouts.values())
    sampling = 4 * _HELD * layer * sampled
    data = (setup.dataset.example_count() or 0) * setup.dataset.example_bytes()
    resident = data if kind == "cuda" and data <= device.memory_bytes / 2 else 0  # else they are mapped from the disk
    held = max((need.memory - need.device_memory for need in needs), default=0.0)
    scored = _BATCHES[kind] * max((need.device_memory for need in needs), default=0.0)
    host = _PROCESS[kind] + resident + held + (recurring + 1) * weights  # the last is a checkpoint as it is written
    work = model + max(update, sampling, scored)
    return (host + work, 0.0) if kind == "cpu" else (host, _CONTEXT + resident + work)
