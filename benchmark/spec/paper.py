"""The model of a paper: everything that one spec file may say.

Sections stand in the order in which a reader asks. ``load`` expands what is written briefly (``defaults`` of a
network, ``extends`` of a system or an experiment, tiers) before this model sees it, so that what is validated, hashed
and recorded is always spelled out.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic import Tag as Tagged
from pydantic_core import PydanticCustomError

from benchmark.spec.base import (
    Identifier,
    Many,
    Model,
    Name,
    Positive,
    PositiveInt,
    Seeds,
    Tag,
    Text,
    Url,
    by_key,
)
from benchmark.spec.claims import Claim
from benchmark.spec.parts import (
    DATASETS,
    INITIALISERS,
    LAYERS,
    METRICS,
    OBJECTIVES,
    OPTIMIZERS,
    PENALTIES,
    SCHEDULES,
    Dataset,
    Direction,
    Initialiser,
    Layer,
    Metric,
    Objective,
    Optimizer,
    PartOf,
    Penalty,
    Schedule,
    Size,
)
from benchmark.spec.source import Path_

Sizes = dict[Name, PositiveInt]
Where = Annotated[str, Field(min_length=1, max_length=300, description="section, table, figure or equation")]


#: folders of a results folder that are not of a paper
RESERVED = ("shared", "anchors", "protocols", "calibration", "seals", "verdicts", "report", "brought", "tables")


def _not_reserved(name: str) -> str:
    if name in RESERVED:
        raise PydanticCustomError(
            "reserved", "'{name}' is a folder of every results folder, choose another", {"name": name}
        )
    return name


class Bibliography(Model):
    """Which paper this is."""

    id: Annotated[Name, AfterValidator(_not_reserved)]
    title: Text
    authors: Annotated[Many[Text], Field(min_length=1)]
    venue: Text
    year: Annotated[int, Field(ge=1950, le=2100)]
    arxiv: Annotated[str, Field(pattern=r"^[0-9]{4}\.[0-9]{4,5}$")] | None = None
    doi: Annotated[str, Field(pattern=r"^10\.[0-9.]+/\S+$")] | None = None
    url: Url | None = None
    question: Annotated[Text, Field(description="what a reader wants to know of this paper, in one sentence")]
    text: Annotated[
        Literal["at_hand", "not_at_hand"],
        Field(description="whether the paper was read; if not, nothing is said of what it states"),
    ] = "at_hand"


class Initialisation(Model):
    """Laws for the weight and the bias (BN: scale and shift) of every layer of one kind."""

    weight: Annotated[Initialiser, PartOf(INITIALISERS)]
    bias: Annotated[Initialiser, PartOf(INITIALISERS)] | None = None


class Network(Model):
    """A stack of layers. Only output widths are written; shapes follow.

    A layer ``tap: {at: name}`` names a point that can be read (``until``) or entered (``enter``) by a signal.
    ``parameters`` is the number of trainable parameters at the sizes written here, and is asserted.
    """

    says: Text | None = None
    sizes: Sizes = {}
    input: Annotated[Many[Size], Field(min_length=1)]
    layers: Annotated[Many[Annotated[Layer, PartOf(LAYERS)]], Field(min_length=1)]
    initialise: dict[Name, Initialisation] = {}
    parameters: PositiveInt | None = None


class Pass(Model):
    """A signal: the output of a network on another signal."""

    network: Name
    input: Name
    until: Annotated[Name | None, Field(description="read the network at this tap instead of its end")] = None
    enter: Annotated[Name | None, Field(description="feed the input in at this tap instead of the start")] = None
    reuse: Annotated[
        bool, Field(description="computed once an iteration, at its first use; only the network's owner sees its graph")
    ] = False

    @property
    def inputs(self) -> dict[Path_, str]:
        """The signals that this one is computed from, by the place where each is written."""
        return {("input",): self.input}


class WeightedSum(Model):
    """A signal: a weighted sum of signals of one shape, such as an image less its blurred self."""

    sum: Annotated[
        dict[Name, Annotated[float, Field(allow_inf_nan=False)]],
        Field(min_length=2, description="signal: its weight"),
    ]

    @property
    def inputs(self) -> dict[Path_, str]:
        """As of a pass."""
        return {("sum", name): name for name in self.sum}


class Joined(Model):
    """A signal: signals side by side along the first axis of an example, that is, channels or features.

    It is how a network is given a condition beside its noise.
    """

    join: Annotated[Many[Name], Field(min_length=2)]

    @property
    def inputs(self) -> dict[Path_, str]:
        """As of a pass."""
        return {("join", index): name for index, name in enumerate(self.join)}


Step = Annotated[
    Annotated[Pass, Tagged("network")] | Annotated[WeightedSum, Tagged("sum")] | Annotated[Joined, Tagged("join")],
    by_key("network", "sum", "join"),
]


class Noise(Model):
    """A random input. ``normal`` is N(0, 1), ``uniform`` is U(-1, 1), ``sphere`` uniform on the unit sphere."""

    law: Literal["normal", "uniform", "sphere"]
    shape: Annotated[Many[Size], Field(min_length=1)]
    redraw: Annotated[
        Literal["update", "iteration"], Field(description="fresh for every update, or shared by an iteration's updates")
    ]


class Player(Model):
    """Networks updated together: they minimise the weighted sum of objectives and penalties in one backward pass."""

    networks: Annotated[Many[Name], Field(min_length=1)]
    minimise: Annotated[Many[Annotated[Objective, PartOf(OBJECTIVES)]], Field(min_length=1)]
    penalties: Many[Annotated[Penalty, PartOf(PENALTIES)]] = ()
    optimizer: Annotated[Optimizer, PartOf(OPTIMIZERS)]
    learning_rate: Annotated[
        Annotated[Schedule, PartOf(SCHEDULES)] | None,
        Field(description="how the optimiser's rate moves; constant without"),
    ] = None


class Observation(Model):
    """A curve beside the losses: a statistic of a signal over the batch, taken in one player's update.

    ``mean_probability`` is the batch mean of the logistic function of the signal; ``share_positive`` the share of
    values above 0. ``gradient_norm``, which takes no signal, is the L2 norm of the gradient that the player's
    parameters received.
    """

    player: Name
    signal: Name | None = None
    statistic: Literal["mean", "mean_probability", "share_positive", "gradient_norm"]

    @model_validator(mode="after")
    def _signal_or_gradient(self) -> Observation:
        if (self.signal is None) != (self.statistic == "gradient_norm"):
            raise PydanticCustomError("observation", "needs a signal, except for gradient_norm")
        return self


Label = Annotated[str, Field(min_length=1, max_length=60, description="name for people; changes no run")]


Role = Annotated[
    Literal["own", "rival", "control", "added"],
    Field(
        description="what the paper proposes or studies itself, what it compares with, a reading or an ablation made "
        "here, or something else made here: only its own counts as its recipe"
    ),
]


class System(Model):
    """Networks in their roles, the signals that connect them, the players and the order of their updates.

    The signals ``real`` (a batch of data) and the names under ``noise`` exist by themselves. The trained model is
    sampled through ``sample``, a signal that depends on noise alone.
    """

    label: Label | None = None
    role: Role = "own"
    says: Text | None = None
    networks: dict[Name, Name]
    batches: Annotated[
        Literal["update", "iteration"],
        Field(description="a new batch of data for every update that reads data, or one for a whole iteration"),
    ]
    noise: dict[Name, Noise]
    signals: dict[Name, Step]
    sample: Name
    players: dict[Name, Player]
    schedule: Annotated[Many[Name], Field(min_length=1, description="players in the order of updates, one iteration")]
    observe: dict[Name, Observation] = {}
    average: Annotated[
        dict[Name, Annotated[float, Field(gt=0, lt=1)]],
        Field(description="role: decay of an average of its weights, which is what samples come from"),
    ] = {}


#: of a run; a budget beyond it is a slip, and no plan of it could be made
MOST_ITERATIONS = 10**9
#: evaluations or snapshots of a run
MOST_MOMENTS = 10**6


class Every(Model):
    """An interval, in iterations or in epochs."""

    iterations: Annotated[int, Field(gt=0, le=MOST_ITERATIONS)] | None = None
    epochs: Annotated[float, Field(gt=0, le=MOST_ITERATIONS)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Every:
        if (self.iterations is None) == (self.epochs is None):
            raise PydanticCustomError("interval", "needs exactly one of iterations and epochs")
        return self


class Score(Model):
    """A metric, when it is measured, and which checkpoint counts.

    ``last`` takes the end of training; ``best`` the best of all evaluations, and needs ``every``.
    """

    label: Label | None = None
    metric: Annotated[Metric, PartOf(METRICS)]
    checkpoint: Literal["last", "best"]
    every: Every | None = None

    @model_validator(mode="after")
    def _best_needs_every(self) -> Score:
        if self.checkpoint == "best" and self.every is None:
            raise PydanticCustomError("score", "checkpoint 'best' needs 'every'")
        return self


class ValueSurface(Model):
    """D over the plane: a network's output on a square grid from -extent to extent (data in two dimensions)."""

    network: Name
    extent: Positive
    points: Annotated[int, Field(ge=2, le=512)]


class Snapshots(Model):
    """Samples from fixed noise kept over training, at every interval and at the end."""

    every: Every
    samples: PositiveInt
    value_surface: ValueSurface | None = None


class Setup(Model):
    """Everything that determines a run but its seed."""

    system: Name
    sizes: Annotated[Sizes, Field(description="replaces sizes of the system's networks, by name")] = {}
    replace: Annotated[
        dict[str, float | int | str | bool],
        Field(description="values of the system to replace, by path; * stands for any one step"),
    ] = {}
    dataset: Annotated[Dataset, PartOf(DATASETS)]
    batch_size: PositiveInt
    last_batch: Annotated[
        Literal["keep", "drop"], Field(description="an epoch's incomplete last batch; no meaning for endless data")
    ]
    budget: Every
    generator_mode: Annotated[
        Literal["running_statistics", "batch_statistics"],
        Field(description="what batch normalisation uses when the trained generator is sampled"),
    ]
    scores: dict[Name, Score]
    snapshots: Snapshots
    seeds: Seeds


class TierSetup(Setup):
    """A reduced form of an experiment, and what was reduced."""

    reduces: Annotated[Text, Field(description="how this differs from the paper's budget and data")]


class Experiment(Setup):
    """System x dataset x budget x evaluation x seeds at the paper's full budget, and its reduced tiers."""

    label: Label | None = None
    role: Role = "own"
    says: Text | None = None
    where: Where | None = None
    tiers: dict[Literal["short", "smoke"], TierSetup] = {}

    def setup(self, tier: str) -> Setup | None:
        """The setup of one tier; None where the experiment has no such tier."""
        if tier == "full":
            return Setup(**{name: getattr(self, name) for name in Setup.model_fields})
        return self.tiers.get(tier)  # type: ignore[call-overload, no-any-return]


class Cell(Model):
    """One published number, and what regenerates it."""

    value: float
    decimals: Annotated[int, Field(ge=0, le=6)]
    spread: Annotated[float, Field(ge=0)] | None = None
    spread_means: Annotated[
        Literal["seeds", "splits", "subsets", "standard_error", "unknown"] | None,
        Field(description="what it is the standard deviation of, or that it is the standard error over seeds"),
    ] = None
    bold: bool = False
    experiment: Name | None = None
    score: Name | None = None
    quoted_from: Text | None = None
    protocol: Annotated[
        dict[Name, str | int | float],
        Field(description="how this one was measured, where that is not as the table says"),
    ] = {}
    note: Text | None = None

    @model_validator(mode="after")
    def _spread_has_meaning(self) -> Cell:
        if (self.spread is None) != (self.spread_means is None):
            raise PydanticCustomError("cell", "spread goes with spread_means")
        return self


#: what may stand in a table in a number's place
NO_NUMBER = ("failed", "-")


class Row(Model):
    """A row: its label, and cells by column; in a cell's place ``failed`` or ``-`` may be written."""

    label: Text
    cells: dict[Text, Cell]
    blank: Annotated[dict[Text, Literal["failed", "-"]], Field(description="columns without a number")] = {}

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, written: Any) -> Any:
        """Put what is no number apart from the cells."""
        cells = written.get("cells") if isinstance(written, dict) else None
        if not isinstance(cells, dict):
            return written
        blank = {column: cell for column, cell in cells.items() if cell in NO_NUMBER}
        kept = {column: cell for column, cell in cells.items() if column not in blank}
        return {**written, "cells": kept, **({"blank": {**written.get("blank", {}), **blank}} if blank else {})}


class Device(Model):
    """What a published time was taken on, and the most that it can do."""

    name: Text
    peak_teraflops: Annotated[Positive, Field(description="10^12 operations a second, a product and its sum being two")]
    source: Text


#: what a table may print besides values of a metric: training times, iterations of checkpoints, settings of a method
OTHER_QUANTITIES = ("seconds", "iterations", "setting")


class Table(Model):
    """A published table as data, printable in the paper's own layout.

    ``quantity`` is the name of a metric, which bounds what can be printed, or one of ``OTHER_QUANTITIES``;
    ``direction`` is how the paper reads its numbers; ``margin`` is needed where the metric has no usual one.
    """

    where: Where
    caption: Text
    quantity: Annotated[Name, Field(description="a metric's name, or seconds, iterations or setting")]
    direction: Direction
    columns: Annotated[Many[Text], Field(min_length=1)]
    rows: Annotated[Many[Row], Field(min_length=1)]
    protocol: Annotated[dict[Name, str | int | float], Field(description="what the paper says of how it measured")] = {}
    margin: Positive | None = None
    device: Annotated[Device | None, Field(description="for times: what they were taken on")] = None

    @model_validator(mode="after")
    def _device_for_times(self) -> Table:
        if self.device is not None and self.quantity != "seconds":
            raise PydanticCustomError("device", "device goes with quantity seconds")
        return self


class Figure(Model):
    """A published figure and what regenerates it."""

    where: Where
    shows: Text
    experiments: Many[Name]
    by: Literal["curves", "samples", "value_surface", "scores"]
    curves: Many[Name] = ()
    epoch: Annotated[PositiveInt | None, Field(description="samples after this epoch instead of the last one")] = None

    @model_validator(mode="after")
    def _epoch_of_samples(self) -> Figure:
        if self.epoch is not None and self.by != "samples":
            raise PydanticCustomError("figure", "epoch goes with by: samples")
        return self


class Unstated(Model):
    """A value that the paper does not give: what was chosen, how that is known, and what else it could be."""

    chosen: Text
    tag: Tag
    source: Text
    alternatives: Many[Text] = ()


class Contradiction(Model):
    """A statement of the paper, and what it cannot be reconciled with.

    Only ``itself`` says that the paper contradicts itself: two of its statements cannot both hold. ``cited_work`` is a
    wrong account of another work, ``public_code`` a released program that does otherwise, ``practice`` a departure from
    known mathematics or usual practice, ``omission`` a statement whose grounds or values are missing, and ``misprint``
    a slip whose meaning is clear.
    """

    where: Where
    kind: Literal["itself", "cited_work", "public_code", "practice", "omission", "misprint"]
    finding: Text
    paths: Many[Text] = ()


class Reading(Model):
    """Another way to fill what the paper leaves open: values of this file replaced, or a combination of such readings.

    What inherits a replaced value follows it. ``of`` names what the values belong to: keys of ``unstated``,
    contradictions, and claims (``claims.C1``) whose threshold or window is ours. Nothing else may change.
    """

    says: Text
    of: Many[Text] = ()
    change: Annotated[
        dict[str, Any], Field(description="path of a value in this file (* for any step): its value")
    ] = {}
    combines: Annotated[Many[Name], Field(description="readings that are tried together")] = ()
    ground: Annotated[
        bool, Field(description="the other readings are tried on top of this one too, as one that can be afforded")
    ] = False

    @model_validator(mode="after")
    def _one_or_several(self) -> Reading:
        if bool(self.change) != bool(self.of) or bool(self.change) == bool(self.combines):
            raise PydanticCustomError("reading", "needs either of and change, or combines")
        if len(self.combines) == 1 or len(set(self.combines)) < len(self.combines):
            raise PydanticCustomError("reading", "combines needs at least two readings, each once")
        if self.combines and self.ground:
            raise PydanticCustomError("reading", "ground goes with change")
        return self


class Departure(Model):
    """Where this reproduction knowingly does something else than the paper, and why."""

    paper: Text
    here: Text
    why: Text


class PaperSpec(Model):
    """One paper."""

    schema_version: Literal[1]
    paper: Bibliography
    networks: dict[Name, Network] = {}
    systems: dict[Name, System] = {}
    experiments: dict[Name, Experiment] = {}
    tables: dict[Identifier, Table] = {}
    figures: dict[Identifier, Figure] = {}
    claims: dict[Identifier, Claim] = {}
    stated: Annotated[
        dict[str, Where], Field(description="path of a value (* for any step): where the paper says so")
    ] = {}
    unstated: dict[str, Unstated] = {}
    contradictions: dict[Identifier, Contradiction] = {}
    departures: dict[Identifier, Departure] = {}
    readings: dict[Name, Reading] = {}
    ours: Annotated[
        dict[Name, Many[Text]],
        Field(description="experiments that another file adds: printed numbers (T3/row/column) to compare each with"),
    ] = {}
