"""What a paper prints: tables with their cells, and figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from benchmark.spec.base import Many, Model, Name, Positive, PositiveInt, Text, Where
from benchmark.spec.parts import Direction


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

    @model_validator(mode="before")
    @classmethod
    def _is_mapping(cls, written: Any) -> Any:
        if isinstance(written, str | int | float):
            raise PydanticCustomError("number", "must be a mapping with value and decimals, 'failed' or '-'")
        return written

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


@dataclass(frozen=True)
class Printed:
    """A published number and where it stands."""

    table: str
    row: str
    column: str
    cell: Cell
    source: Table

    @property
    def place(self) -> str:
        """``T3, SVHN, GAN``."""
        return f"{self.table}, {self.row}, {self.column}"

    @property
    def path(self) -> str:
        """As a person types it: ``T3/SVHN/GAN``."""
        return f"{self.table}/{self.row}/{self.column}"

    @property
    def protocol(self) -> dict[str, str | int | float]:
        """How it was measured, as far as known: as the table says, but for what the cell says."""
        return {**self.source.protocol, **self.cell.protocol}

    @property
    def text(self) -> str:
        """The number with the decimals of the paper."""
        return f"{self.cell.value:.{self.cell.decimals}f}"


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
