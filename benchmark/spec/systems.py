"""Networks and how players are trained: what a system is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from benchmark.spec.base import ByKey, Many, Model, Name, PositiveInt, Sizes, Text
from benchmark.spec.fields import PartOf, Size
from benchmark.spec.parts import (
    INITIALISERS,
    LAYERS,
    OBJECTIVES,
    OPTIMIZERS,
    PENALTIES,
    SCHEDULES,
    Initialiser,
    Layer,
    Objective,
    Optimizer,
    Penalty,
    Schedule,
)
from benchmark.spec.source import Path_


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
        dict[Name, Annotated[float, Field(allow_inf_nan=False)]], Field(min_length=2, description="signal: its weight")
    ]

    @property
    def inputs(self) -> dict[Path_, str]:
        return {("sum", name): name for name in self.sum}


class Joined(Model):
    """A signal: signals side by side along the first axis of an example, that is, channels or features.

    It is how a network is given a condition beside its noise.
    """

    join: Annotated[Many[Name], Field(min_length=2)]

    @property
    def inputs(self) -> dict[Path_, str]:
        return {("join", index): name for index, name in enumerate(self.join)}


Step = Annotated[Pass | WeightedSum | Joined, ByKey()]


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
