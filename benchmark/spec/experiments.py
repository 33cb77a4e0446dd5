"""Experiments: a system on data, under a budget, with scores, at tiers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from benchmark.spec.base import Model, Name, Positive, PositiveInt, Seeds, Sizes, Text, Where
from benchmark.spec.fields import PartOf
from benchmark.spec.parts import DATASETS, METRICS, Dataset, Metric
from benchmark.spec.systems import Label, Role

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
            return Setup.model_construct(**{name: getattr(self, name) for name in Setup.model_fields})
        return self.tiers.get(tier)  # type: ignore[call-overload, no-any-return]
