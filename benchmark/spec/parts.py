"""The contract of each kind of part, and the registries that hold them.

A part is a frozen pydantic model: its fields are the settings that a spec writes, its methods do the work.
Modules that define parts must not import torch at their top (specs are checked and planned without it);
they import it inside the methods that need it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self

import numpy as np
from pydantic import ValidationError

from benchmark.registry import Part, Registry
from benchmark.spec.levels import Range

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Shape = tuple[int, ...]


class Layer(Part, ABC):
    """One layer. Shapes are of one example, without the batch dimension."""

    def output_shape(self, shape: Shape) -> Shape:
        """Shape of the output for an input of ``shape``, by default the same; ValueError where it does not fit."""
        return shape

    def parameter_count(self, shape: Shape) -> int:
        """Number of trainable parameters for an input of ``shape``, here of the layers inside."""
        return sum(layer.parameter_count(inner) for layer, inner in self.parts(shape).values())

    def output_range(self, entering: Range | None) -> Range | None:
        """Bounds that the layer's formula sets to its output, where what enters is bound by ``entering``; or None."""
        return None

    def parts(self, shape: Shape) -> Mapping[str, tuple[Layer, Shape]]:
        """Layers inside a composite one with the shapes that enter them, by the path of their modules."""
        return {}

    def multiplications(self, shape: Shape) -> int:
        """Products of a weight and an input in one pass of one example; those with padding are none.

        It is a lower bound of the work: normalisation, output functions and the like are left out.
        """
        return sum(layer.multiplications(inner) for layer, inner in self.parts(shape).values())

    @abstractmethod
    def module(self, shape: Shape) -> nn.Module:
        """Build the layer for an input of ``shape``.

        A module with a method ``shown(images: int)`` is told before every iteration how many real images were shown.
        """


class PlainLayer(Layer):
    """A layer that is one torch module, whatever enters it; the module takes the layer's settings in their order."""

    #: where the module's class is, as ``package:name``
    built_as: ClassVar[str]

    def module(self, shape: Shape) -> nn.Module:
        module: nn.Module = resolve_name(self.built_as)(*(getattr(self, name) for name in type(self).model_fields))
        return module


def flat_shape(layer: str, shape: Shape) -> int:
    """Values of one flat example; raises ValueError for any other ``shape``."""
    if len(shape) != 1:
        raise ValueError(f"{layer}: needs flat input, got shape {shape}; put 'flatten' before it")
    return shape[0]


def image_shape(layer: str, shape: Shape) -> tuple[int, int, int]:
    """``shape`` as (channels, height, width); raises ValueError for anything else."""
    if len(shape) != 3:
        raise ValueError(f"{layer}: needs (channels, height, width), got shape {shape}; put 'reshape' before it")
    return (shape[0], shape[1], shape[2])


class Initialiser(Part, ABC):
    """A law that fills one parameter."""

    @abstractmethod
    def fill(self, parameter: Tensor, *, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        """Fill ``parameter`` in place; fans are those of the layer's weight."""


class UpdateContext(Protocol):
    """What an objective or a penalty may use during one update."""

    def signal(self, name: str) -> Tensor:
        """A signal's value, batch first; computed at most once an update."""

    def apply(self, network: str, value: Tensor) -> Tensor:
        """Run a network of the system on ``value``."""

    def uniform(self, stream: str, shape: tuple[int, ...]) -> Tensor:
        """U(0, 1) numbers of this iteration and update from the named stream."""

    def normal(self, stream: str, shape: tuple[int, ...]) -> Tensor:
        """N(0, 1) numbers of this iteration and update from the named stream."""


class Objective(Part, ABC):
    """A term that a player minimises: ``weight`` times a scalar."""

    weight: float = 1.0

    @abstractmethod
    def value(self, context: UpdateContext) -> Tensor:
        """The unweighted scalar."""


class Penalty(Part, ABC):
    """A regulariser of a player's networks, added with ``weight`` in the same backward pass."""

    weight: float

    @abstractmethod
    def value(self, context: UpdateContext) -> Tensor:
        """The unweighted scalar."""


class Optimizer(Part, ABC):
    """An update rule for one player's parameters."""

    @abstractmethod
    def build(self, parameters: list[Tensor], *, fused: bool) -> torch.optim.Optimizer:
        """Make the optimiser; ``fused`` asks for the fused kernel where there is one."""


class Schedule(Part, ABC):
    """How a player's learning rate moves over training."""

    @abstractmethod
    def factor(self, iteration: int, iterations_per_epoch: float | None) -> float:
        """What the optimiser's rate is multiplied with at a 0-based iteration."""


class DataError(Exception):
    """A dataset that is missing, incomplete or not what it says; the message tells what to place where."""


class Data(Protocol):
    """A dataset on its device. What it cannot give out is a :class:`DataError`."""

    #: SHA-256 of the examples in their order, or of the law they are drawn from
    fingerprint: str
    #: number of examples; None for a law that is sampled afresh
    count: int | None
    shape: Shape
    #: whether looking up examples is the device's work alone, without a step on the processor
    resident: bool

    def examples(self, indices: Tensor) -> Tensor:
        """Float examples (n, *shape), images in the dataset's range of values."""
        raise DataError("there are no examples here to look up")

    def levels(self, indices: Tensor | None = None) -> np.ndarray:
        """Of images, the bytes (n, *shape) of examples at ``indices``, or of all."""
        raise DataError("there are no pictures here to look up")

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """``count`` fresh examples of an endless dataset."""
        raise DataError("there is nothing here to draw from")


class Dataset(Part, ABC):
    """A source of real examples."""

    #: "images": uint8 in memory, floats in a declared range for the networks; "points": plain coordinates
    kind: ClassVar[Literal["images", "points"]]

    def image_range(self) -> Range | None:
        """What levels 0 and 255 of images become for the networks; None for points."""
        return None

    @abstractmethod
    def example_shape(self) -> Shape:
        """Shape of one example: (channels, height, width), or (dimensions,)."""

    @abstractmethod
    def example_count(self) -> int | None:
        """Number of examples in the split, or None when they are drawn afresh."""

    def example_bytes(self) -> int:
        """Bytes of one example as it is held: a level of an image is one, a coordinate four."""
        return math.prod(self.example_shape()) * (1 if self.kind == "images" else 4)

    def missing(self, root: Path) -> str | None:
        """None if everything is under ``root``; else one line: what is missing, where it goes, how to get it."""
        return None

    def problem(self, root: Path) -> str | None:
        """Why what lies under ``root`` cannot be trained on: it is missing, or not what it is called. Quick."""
        return self.missing(root)

    def published_fingerprint(self) -> str | None:
        """Fingerprint of the published data under these settings; None where it is not known."""
        return None

    @abstractmethod
    def load(self, root: Path, device: str) -> Data:
        """Load to ``device``; raises :class:`DataError`."""

    def fetch(self, root: Path) -> None:
        """Download to ``root``, the only method that uses the network; raises :class:`DataError` where nobody can."""
        message = self.missing(root)
        if message is not None:
            raise DataError(message)

    def held_out(self) -> Dataset:
        """The same dataset at its test split; raises :class:`DataError` where there is none."""
        try:
            return self.changed(split="test")
        except ValidationError as error:
            raise DataError(f"'{self.name}' has no test split to refer to") from error

    @classmethod
    def variants(cls) -> list[Self]:
        """The dataset with each of its usual settings, for checking it apart from any spec."""
        return [cls()]


#: which values of a metric are better: ``two_sided`` those near what real data have
Direction = Literal["lower", "higher", "two_sided", "none"]


class MetricError(Exception):
    """Input that must not become a number; the message names the minimum or the fault."""


#: why a metric that looks into networks has no value for samples alone
NO_NETWORK = "there is no trained network here"


class Subject(Protocol):
    """What a metric may look at: one trained system and its data. What is not there is a :class:`MetricError`."""

    dataset: Dataset
    data: Data
    #: data root: extractors' weights, other splits and cached statistics lie below it
    root: Path
    #: device that a metric may compute on, as torch writes it
    device: str

    def samples(self, count: int) -> np.ndarray:
        """Generated examples (count, *shape): uint8 images, or float32 points. Always the same for one count."""

    def reals(self, count: int | None) -> np.ndarray:
        """Real examples in the same form; None means all of a finite dataset."""

    def samples_in_parts(self, count: int) -> Iterator[np.ndarray]:
        """What :meth:`samples` gives, in its order, as parts that need not be held at once."""

    def reals_in_parts(self, order: np.ndarray, size: int) -> Iterator[np.ndarray]:
        """What :meth:`reals` gives of ``len(order)`` examples, brought into an order, ``size`` at a time."""

    def apply(self, network: str, examples: np.ndarray) -> np.ndarray:
        """Output of one of the system's networks on examples, in evaluation mode."""
        raise MetricError(NO_NETWORK)

    def moments_after(self, network: str, kind: str, count: int) -> np.ndarray:
        """Mean and variance (layers, 2) of what follows each layer of a kind, over ``count`` examples and all units."""
        raise MetricError(NO_NETWORK)

    #: iterations in one pass over a finite dataset; None for endless data
    iterations_per_epoch: float | None

    def curves(self) -> Mapping[str, np.ndarray]:
        """What training recorded so far by name, float32 (iterations,); element i belongs to iteration i + 1."""
        raise MetricError("there is no training here")


@dataclass(frozen=True)
class Measurement:
    """A number with what completes its protocol (counts, hashes) and further figures worth keeping."""

    value: float
    protocol: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    #: what the number can be computed from again, kept beside the record as ``<score>.<name>``
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict, compare=False)
    #: the part of that which other runs share (a reference), kept once in a results folder
    shared: Mapping[str, np.ndarray] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Needs:
    """What one measurement takes, as estimated before it is made; operations are products and sums in 32-bit floats."""

    #: examples that the generator makes, and real ones
    generated: int = 0
    real: int = 0
    #: operations besides making them, in each measurement, and only in the first of a run
    operations: float = 0.0
    once: float = 0.0
    #: bytes at its peak, examples included; of these, on the device that computes: the rest is the host's
    memory: float = 0.0
    device_memory: float = 0.0
    #: bytes that are kept beside the record
    kept: float = 0.0


class Metric(Part, ABC):
    """A measurement of a trained system."""

    label: ClassVar[str]
    direction: ClassVar[Direction]
    #: kinds of data it is defined on
    kinds: ClassVar[tuple[str, ...]]
    #: a stand-in for a standard metric: never compared with a published number
    proxy: ClassVar[bool] = False
    #: the lowest and the highest value that there can be, as its definition has it
    possible: ClassVar[tuple[float, float]]
    #: how far a measured value may lie from a published one and still agree, as a share of that and at least;
    #: None where every table must say
    usual_margin: ClassVar[tuple[float, float] | None] = None
    #: whether it counts things, so that values differ by one at least
    counts: ClassVar[bool] = False
    #: a perfect generator's value goes with (1 / samples + 1 / real images) to this power; 0 where counts matter little
    count_power: ClassVar[float] = 0.0
    #: what may raise the value besides quality, in a few words for a reader; None where nothing is known to
    rewards: ClassVar[str | None] = None
    #: why nothing is kept that a value could be computed from again; None where :meth:`recomputed` does it
    not_recomputed: ClassVar[str | None] = None
    #: settings that only say what is made of what is kept, with the arrays of which any one gives the value of another
    of_kept: ClassVar[Mapping[str, AbstractSet[str]]] = {}
    #: relative difference that another processor's arithmetic may make between a value and the one computed again
    rounding: ClassVar[float] = 1e-9
    #: what it is computed from; a metric on ``curves`` needs neither samples nor data, and records suffice to redo it
    looks_at: ClassVar[Literal["samples", "curves"]] = "samples"

    def unavailable(self, root: Path) -> str | None:
        """Why it cannot be measured here (missing weights, ...), or None."""
        return None

    def needs(self, dataset: Dataset) -> Needs:
        """What a measurement takes; here of a metric that holds its ``samples`` and ``reference_images`` at once."""
        generated, counts = getattr(self, "samples", 0), getattr(self, "reference_images", 0)
        real = (dataset.example_count() or 0) if counts == "all" else counts
        copied = generated + (0 if counts == "all" else real)  # all real images are read where they lie
        return Needs(generated, real, memory=copied * dataset.example_bytes(), kept=8.0 * generated)

    @abstractmethod
    def measure(self, subject: Subject) -> Measurement:
        """Measure; raises :class:`MetricError` on input that must not become a number."""

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        """The value from what was kept alone, a measurement's ``arrays`` and ``shared`` together; without torch.

        Raises :class:`MetricError`, KeyError or ValueError for arrays that give no value.
        """
        raise NotImplementedError(f"{self.name}: {self.not_recomputed}")


LAYERS: Registry[Layer] = Registry("layer", "benchmark.parts.networks")
INITIALISERS: Registry[Initialiser] = Registry("initialiser", "benchmark.parts.initialisers")
OBJECTIVES: Registry[Objective] = Registry("objective", "benchmark.parts.objectives")
PENALTIES: Registry[Penalty] = Registry("penalty", "benchmark.parts.penalties")
OPTIMIZERS: Registry[Optimizer] = Registry("optimizer", "benchmark.parts.optimizers")
SCHEDULES: Registry[Schedule] = Registry("schedule", "benchmark.parts.schedules")
DATASETS: Registry[Dataset] = Registry("dataset", "benchmark.parts.datasets")
METRICS: Registry[Metric] = Registry("metric", "benchmark.parts.metrics")
REGISTRIES: tuple[Registry[Any], ...] = (
    LAYERS,
    INITIALISERS,
    OBJECTIVES,
    PENALTIES,
    OPTIMIZERS,
    SCHEDULES,
    DATASETS,
    METRICS,
)
