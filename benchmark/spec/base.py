"""What the models of a paper share: their base, field types, and unions told apart by a key."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar, Union, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    Strict,
    StringConstraints,
)
from pydantic import Tag as Chosen
from pydantic_core import CoreSchema, PydanticCustomError

K = TypeVar("K")
T = TypeVar("T")

Many = Annotated[tuple[T, ...], Strict(False)]

Tier = Literal["full", "short", "smoke"]
TIERS: tuple[Tier, ...] = ("full", "short", "smoke")

#: how a value of a recipe is known
Tag = Literal["stated", "public", "inferred", "default", "recollection"]


def canonical(data: Any) -> str:
    """JSON text that is equal for equal data: sorted keys, no spaces, no NaN."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


def digest(data: Any) -> str:
    """SHA-256 of the canonical JSON of ``data``."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()


def grouped(pairs: Iterable[tuple[K, T]]) -> dict[K, list[T]]:
    """Values by their keys, both in the order in which they come."""
    groups: dict[K, list[T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def flat(data: Any, path: str = "") -> dict[str, str]:
    """JSON text of every value by its dotted path; a list of plain values is one value."""
    if isinstance(data, dict) and data:
        steps = [(f"{path}.{key}" if path else str(key), inner) for key, inner in data.items()]
    elif isinstance(data, list) and any(isinstance(inner, dict | list) for inner in data):
        steps = [(f"{path}[{index}]", inner) for index, inner in enumerate(data)]
    else:
        return {path: json.dumps(data)}
    return {place: text for step, inner in steps for place, text in flat(inner, step).items()}


class Model(BaseModel):
    """Frozen, strict, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


#: how the error of a union by key begins, before the keys that decide
NEEDS_KEY = "needs one of the keys "


class ByKey:
    """A union's member is chosen by the key that only it has, its first field, so that errors speak of it alone."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        members = {next(iter(member.model_fields)): member for member in get_args(source)}

        def choose(value: Any) -> str | None:
            present = value if isinstance(value, dict) else vars(value) if isinstance(value, Model) else {}
            return next((key for key in members if present.get(key) is not None), None)

        message = NEEDS_KEY + ", ".join(members)
        chosen = Discriminator(choose, custom_error_type="union", custom_error_message=message)
        tagged: Any = Union[tuple(Annotated[member, Chosen(key)] for key, member in members.items())]  # noqa: UP007
        return handler.generate_schema(Annotated[tagged, chosen])


NAME = r"^[a-z][a-z0-9_]{0,63}$"
IDENTIFIER = r"^[A-Z][A-Za-z0-9.-]{0,31}$"

#: a name that is safe as a folder and as an identifier in expressions
Name = Annotated[str, StringConstraints(pattern=NAME)]
Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
PositiveInt = Annotated[int, Field(gt=0)]
Positive = Annotated[float, Field(gt=0)]


def _https(url: str) -> str:
    if not re.fullmatch(r"https://[^\s\"'<>\\]{1,500}", url):
        raise PydanticCustomError("url", "must be an https:// address")
    return url


Url = Annotated[str, AfterValidator(_https)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]


def _distinct(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if not seeds:
        raise PydanticCustomError("seeds", "needs at least one seed")
    repeated = sorted({seed for seed in seeds if seeds.count(seed) > 1})
    if repeated:
        raise PydanticCustomError("seeds", "seed {seed} is listed twice", {"seed": repeated[0]})
    return seeds


Seeds = Annotated[tuple[Seed, ...], Strict(False), AfterValidator(_distinct)]


Sizes = dict[Name, PositiveInt]
Where = Annotated[str, Field(min_length=1, max_length=300, description="section, table, figure or equation")]
