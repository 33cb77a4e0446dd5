"""The model of a paper: everything that one spec file may say.

Sections stand in the order in which a reader asks. ``load`` expands what is written briefly (``defaults`` of a
network, ``extends`` of a system or an experiment, tiers) before this model sees it, so that what is validated, hashed
and recorded is always spelled out.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from benchmark.spec.base import Identifier, Many, Model, Name, Tag, Text, Url, Where
from benchmark.spec.claims import Claim
from benchmark.spec.experiments import Experiment
from benchmark.spec.printed import Figure, Printed, Table
from benchmark.spec.systems import Network, System

#: folders of a results folder that are not of a paper
RESERVED = (
    *("shared", "anchors", "protocols", "calibration", "equivalence"),
    *("seals", "verdicts", "report", "brought", "tables"),
)


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
    grounds: Annotated[
        Many[Name], Field(description="what this one is tried on, base for alone; on base and every ground where empty")
    ] = ()

    @model_validator(mode="after")
    def _one_or_several(self) -> Reading:
        if bool(self.change) != bool(self.of) or bool(self.change) == bool(self.combines):
            raise PydanticCustomError("reading", "needs either of and change, or combines")
        if len(self.combines) == 1 or len(set(self.combines)) < len(self.combines):
            raise PydanticCustomError("reading", "combines needs at least two readings, each once")
        if self.ground and (self.combines or self.grounds):
            raise PydanticCustomError("reading", "ground goes with change, and without grounds")
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

    @property
    def printed(self) -> list[Printed]:
        """All published numbers, in reading order."""
        return [
            Printed(name, row.label, column, row.cells[column], table)
            for name, table in self.tables.items()
            for row in table.rows
            for column in table.columns
            if column in row.cells
        ]
