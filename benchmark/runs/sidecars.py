"""What lies beside the records of a results folder and belongs to no single run's evidence; read without torch.

<results>/
    anchors/<key>.json        what a metric says of real data, a copier, an untrained generator and noise
    protocols/<run_id>.json   one finished run's generator scored again under other protocols
    calibration/<device>.json what a device can do, and how the training loop fares on it
    equivalence/<paper>-<experiment>-<tier>-<numerics>.json   whether a rougher tier's scores agree with those of fp32
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import Field

from benchmark.runs.files import StoreError, read_as, to_json, write_atomic
from benchmark.runs.records import OfMetric, RunRecord
from benchmark.spec.base import Model, Tier, canonical, digest, grouped

FOLDERS = ANCHORS, PROTOCOLS, CALIBRATION, EQUIVALENCE = "anchors", "protocols", "calibration", "equivalence"

Kind = Literal["real", "copier", "untrained", "noise"]
#: in the order in which a reader compares: the ceiling first
KINDS: tuple[Kind, ...] = ("real", "copier", "untrained", "noise")


class Sidecar(Model):
    """What one file beside the records holds. Its content gives the file its name."""

    #: where it lies below a results folder
    FOLDER: ClassVar[str]

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        raise NotImplementedError

    def file(self, results: Path) -> Path:
        """Where it lies."""
        return results / self.FOLDER / f"{self.name}.json"


class Anchor(OfMetric, Sidecar):
    """A metric's value on something that takes the trained generator's place.

    ``real``: one half of the real data against the other, and the other way round; ``copier``: draws from the training
    data; ``untrained``: the generator before its first iteration; ``noise``: uniform noise over the data's range.
    """

    FOLDER: ClassVar = ANCHORS
    schema_version: Literal[1]
    #: see :func:`identity`; with ``code`` it makes the file's name
    identity: dict[str, Any]
    #: SHA-256 over the source of what measured it
    code: str
    #: empty exactly when it could not be measured, and then ``reason`` says why
    values: list[float]
    reason: str | None
    protocol: dict[str, Any]
    #: settings that had to be smaller than the score's, as [asked, used]: half the data has half the examples
    reduced: dict[str, list[int | str]]
    seconds: float

    @property
    def name(self) -> str:
        return key_of(self.identity, self.code)

    @property
    def metric_name(self) -> str:
        return str(next(iter(self.identity["metric"])))

    @property
    def kind(self) -> Kind:
        kind: Kind = self.identity["kind"]
        return kind


class Variant(Model):
    """One protocol that differs from the spec's in one way, and what it makes of the same generator."""

    score: str
    axis: str
    setting: str
    value: float | None
    reason: str | None = None
    #: difference to the value under the spec's protocol
    change: float | None = None


class Extrapolated(Model):
    """A Fréchet distance at several counts of generated images, and the line through them against 1/N.

    A diagnostic of how far the count alone carries the number; with a finite reference it is no unbiased distance.
    """

    score: str
    counts: list[int]
    values: list[float]
    intercept: float
    intercept_error: float
    slope: float


class ProtocolGrid(Sidecar):
    """A finished run's generator scored again without training, one setting of the protocol changed at a time."""

    FOLDER: ClassVar = PROTOCOLS
    schema_version: Literal[1]
    run_id: str
    paper: str
    experiment: str
    tier: str
    seed: int
    iteration: int
    device: str
    code: str
    #: score: the value in the record, and the value that scoring again gives under the very same protocol
    recorded: dict[str, float | None]
    again: dict[str, float | None]
    variants: list[Variant]
    extrapolated: list[Extrapolated]

    @property
    def name(self) -> str:
        return self.run_id


class LoopSpeed(Model):
    """The training loop against the textbook one (``evaluation.textbook``), by turns within one process."""

    tier: str
    numerics: str = "fp32"
    #: see :func:`pace_of`; None in a file of before it was kept, whose time nobody can tell the run of
    pace: str | None = None
    iterations: int
    #: median over rounds
    tuned_seconds_per_iteration: float
    textbook_seconds_per_iteration: float
    #: textbook over tuned, within each round: median, least and most
    ratio: float
    ratio_range: list[float]
    rounds: int
    #: training alone, at the tuned loop's rate
    full_run_seconds: float


class Calibration(Sidecar):
    """What one device did: rates in fp32 with TF32 off, each the best of several tries."""

    FOLDER: ClassVar = CALIBRATION
    schema_version: Literal[1]
    device: str
    threads: int
    matrix_product_gflops: float
    convolution_gflops: float
    copy_gigabytes_per_second: float
    #: time of one operation on a single number, which is what launching costs
    launch_microseconds: float
    #: time of one forward, backward and update of a network too small to compute anything
    tiny_step_microseconds: float
    other_processes: int | None
    load_average: float | None
    environment: dict[str, Any]
    #: paper/experiment, with reading, tier and numerics where they are not the usual ones: speed of its training loop
    loops: dict[str, LoopSpeed] = Field(default={})

    @property
    def name(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.device.lower()).strip("-") or "device"


class ScoreAgreement(Model):
    """One score of the same seeds in a rougher tier and in fp32."""

    score: str
    #: None where no margin is fixed for the metric and none was given
    margin: float | None
    #: rougher minus fp32 over the seeds: mean, and the ends of the verdicts' interval
    difference: float | None
    low: float | None
    high: float | None
    agrees: bool
    says: str


class Equivalence(Sidecar):
    """Whether training in a rougher tier (``tf32``, ``bf16``) gives one experiment the scores that fp32 gives it."""

    FOLDER: ClassVar = EQUIVALENCE
    schema_version: Literal[1]
    paper: str
    experiment: str
    tier: Tier
    numerics: str
    #: see :func:`recipe_of`
    recipe: str
    #: of each seed the run in fp32 and the rougher one
    runs: dict[int, tuple[str, str]] = Field(strict=False)
    #: of the mean in fp32, which all margins were; None where they were what is usual for the metrics
    share: float | None = None
    scores: list[ScoreAgreement]
    agrees: bool
    says: str

    @property
    def name(self) -> str:
        return f"{self.paper}-{self.experiment}-{self.tier}-{self.numerics}"


def recipe_of(determinant: Mapping[str, Any]) -> str:
    """Hash of all that determines a result but its seed and its numerics."""
    facts = {name: value for name, value in determinant.items() if name not in ("seed", "numerics")}
    return digest(facts)


def pace_of(determinant: Mapping[str, Any]) -> str:
    """Hash of what the time of an iteration depends on, besides the device: networks, sizes, system, data, batch."""
    setup = {key: value for key, value in determinant["setup"].items() if key not in _NOT_OF_PACE}
    return digest({**{name: determinant[name] for name in ("system", "networks", "sizes", "numerics")}, "setup": setup})


#: what of a setup no iteration's time depends on
_NOT_OF_PACE = ("budget", "scores", "snapshots", "generator_mode")


@dataclass(frozen=True)
class Companions:
    """What lies beside the records of one results folder."""

    anchors: tuple[Anchor, ...] = ()
    grids: tuple[ProtocolGrid, ...] = ()
    calibrations: tuple[Calibration, ...] = ()

    @cached_property
    def _by_identity(self) -> dict[str, list[Anchor]]:
        return grouped((canonical(anchor.identity), anchor) for anchor in self.anchors)

    def of(self, record: RunRecord, score: str, code: str) -> dict[Kind, Anchor]:
        """The anchors of one score of a run, by kind, best by this ``code``; empty where none was measured."""
        if not self.anchors:
            return {}
        fingerprint = record.hashes.get("dataset")
        keys = {kind: canonical(identity(kind, record.determinant, fingerprint, score)) for kind in KINDS}
        known = {kind: self._by_identity[key] for kind, key in keys.items() if key in self._by_identity}
        return {kind: max(alike, key=lambda one: one.code == code) for kind, alike in known.items()}

    def by_other_code(self, anchor: Anchor) -> list[Anchor]:
        """What other versions of the code measured of the same, as folders of several machines may hold it."""
        return [one for one in self._by_identity.get(canonical(anchor.identity), ()) if one.code != anchor.code]


def identity(kind: Kind, determinant: Mapping[str, Any], fingerprint: str | None, score: str) -> dict[str, Any]:
    """What an anchor is keyed by, besides the code: data, metric, and for ``untrained`` the generator."""
    facts = {
        "kind": kind,
        "dataset": fingerprint,
        "metric": determinant["setup"]["scores"].get(score, {}).get("metric"),
    }
    return {**facts, "generator": _generator(determinant)} if kind == "untrained" else facts


def _generator(determinant: Mapping[str, Any]) -> str:
    """Hash of everything that decides what an untrained system's samples look like, but its seed."""
    system, networks, setup = determinant["system"], determinant["networks"], determinant["setup"]
    path: list[dict[str, Any]] = []
    noises: dict[str, Any] = {}
    waiting, seen = [system["sample"]], set()
    while waiting:
        signal = waiting.pop()
        if signal in seen:
            continue
        seen.add(signal)
        if signal not in system["signals"]:
            noises[signal] = system["noise"].get(signal)
            continue
        step = system["signals"][signal]
        path.append(step)
        waiting += [step["input"]] if "network" in step else [*step.get("sum", step.get("join"))]
    roles = {step["network"] for step in path if "network" in step}
    facts = {
        "path": path,
        "noise": next(iter(noises.values())) if len(noises) == 1 else noises,
        "networks": {role: networks[role] for role in sorted(roles)},
        "sizes": determinant["sizes"],
        "generator_mode": setup["generator_mode"],
        "batch_images": setup["batch_images"] if setup["generator_mode"] == "batch_statistics" else None,
    }
    return digest(facts)


def key_of(known: Mapping[str, Any], code: str) -> str:
    """The file name, without its ending, of an anchor."""
    return digest({**known, "code": code})[:16]


S = TypeVar("S", bound=Sidecar)


def read_all(
    results: Path,
    kind: type[S],
    unreadable: list[str] | None = None,
    order: Callable[[Path], Any] | None = None,
) -> list[S]:
    """All of one kind, by name or in another order; why one cannot be read is added to ``unreadable`` or raised."""
    known = []
    for file in sorted((results / kind.FOLDER).glob("*.json"), key=order):
        try:
            known.append(read_as(file, kind))
        except StoreError as error:
            if unreadable is None:
                raise
            unreadable.append(str(error))
    return known


def read(results: Path, unreadable: list[str] | None = None) -> Companions:
    """Everything beside the records that a report shows; ``unreadable`` as in :func:`read_all`."""
    return Companions(
        tuple(read_all(results, Anchor, unreadable)),
        tuple(read_all(results, ProtocolGrid, unreadable)),
        tuple(read_all(results, Calibration, unreadable)),
    )


def keep(results: Path, sidecar: Sidecar) -> Path:
    """Keep what was measured or found; an earlier one of the same name is replaced."""
    file = sidecar.file(results)
    write_atomic(file, to_json(sidecar.model_dump(mode="json")))
    return file


def keep_anchor(results: Path, anchor: Anchor) -> None:
    """Keep an anchor; one of the same identity that older code measured is replaced."""
    known, file = canonical(anchor.identity), keep(results, anchor)
    for other in sorted((results / ANCHORS).glob("*.json")):
        if other != file and canonical(read_as(other, Anchor).identity) == known:
            other.unlink()


def keep_calibration(results: Path, calibration: Calibration) -> Path:
    """Keep a device's calibration; speeds of experiments that were not measured this time are kept."""
    file = calibration.file(results)
    if file.is_file():
        known = read_as(file, Calibration)
        if known.threads == calibration.threads:
            calibration = calibration.model_copy(update={"loops": {**known.loops, **calibration.loops}})
    return keep(results, calibration)
