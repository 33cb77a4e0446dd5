"""Example settings for any part, drawn from the JSON schema of its fields, so that new parts are covered unseen."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from benchmark.registry import Part
from benchmark.spec.fields import PARTS

P = TypeVar("P", bound=Part)
MOST = 30
_INTEGERS = (1, 2, 3, 4, 0)
_NUMBERS = (0.25, 0.5, 1.0, 2.0, 0.0)


def examples(part: type[P]) -> list[P]:
    """At most ``MOST`` valid parts with varied settings, always the same; signals and roles bear their field's name."""
    schema = TypeAdapter(part).json_schema()
    definitions = schema.get("$defs", {})
    choices = {
        field: [given for given in _values(field, rule, definitions) if field != "weight" or given == 1.0]
        for field, rule in schema.get("properties", {}).items()
    }
    chance = random.Random(0)
    if math.prod(map(len, choices.values())) <= 10 * MOST:
        every = list(itertools.product(*choices.values()))
        chance.shuffle(every)
    else:
        every = [tuple(chance.choice(given) for given in choices.values()) for _ in range(10 * MOST)]
    found: list[P] = []
    for settings in every:
        try:
            found.append(part.model_validate(dict(zip(choices, settings, strict=True))))
        except ValidationError:
            continue
        if len(found) == MOST:
            break
    assert found, f"no valid settings found for {part.name}: teach tests/part_examples.py its kind of field"
    return found


def _values(field: str, rule: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[Any]:
    if PARTS in rule:
        for name, part in rule[PARTS].items():
            yield from ({name: inner.model_dump(mode="json")} for inner in examples(part)[:2])
    elif "$ref" in rule:
        yield from _values(field, definitions[rule["$ref"].rsplit("/", 1)[1]], definitions)
    elif "enum" in rule:
        yield from rule["enum"]
    elif "const" in rule:
        yield rule["const"]
    elif "anyOf" in rule:
        kinds = [kind for kind in rule["anyOf"] if not (kind.get("type") == "string" and len(rule["anyOf"]) > 1)]
        for kind in kinds:
            yield from _values(field, kind, definitions)
    elif rule["type"] == "null":
        yield None
    elif rule["type"] == "boolean":
        yield from (True, False)
    elif rule["type"] == "integer":
        yield from (number for number in _INTEGERS if _within(number, rule))
    elif rule["type"] == "number":
        yield from (number for number in _NUMBERS if _within(number, rule))
    elif rule["type"] == "object":
        inner = {name: list(_values(name, kind, definitions)) for name, kind in rule.get("properties", {}).items()}
        yield from (dict(zip(inner, chosen, strict=True)) for chosen in itertools.product(*inner.values()))
    elif rule["type"] == "string":
        yield field
    else:
        raise AssertionError(f"{field}: no example for {rule}")


def _within(number: float, rule: Mapping[str, Any]) -> bool:
    return (
        number >= rule.get("minimum", number)
        and number <= rule.get("maximum", number)
        and number > rule.get("exclusiveMinimum", number - 1)
        and number < rule.get("exclusiveMaximum", number + 1)
    )


class FixedContext:
    """A workbench over given signals and networks that remembers what was asked of it."""

    def __init__(
        self, signals: Mapping[str, Tensor] | None = None, networks: Mapping[str, nn.Module] | None = None
    ) -> None:
        self.signals = dict(signals or {})
        self.networks = dict(networks or {})
        self.asked: set[str] = set()
        self.applied: set[str] = set()
        self.points: list[Tensor] = []
        self.streams: list[str] = []

    def signal(self, name: str) -> Tensor:
        self.asked.add(name)
        return self.signals[name]

    def apply(self, network: str, value: Tensor) -> Tensor:
        self.applied.add(network)
        self.points.append(value.detach())
        return self.networks[network](value)

    def uniform(self, stream: str, shape: tuple[int, ...]) -> Tensor:
        return torch.rand(shape, generator=self._start(stream), dtype=torch.float64)

    def normal(self, stream: str, shape: tuple[int, ...]) -> Tensor:
        return torch.randn(shape, generator=self._start(stream), dtype=torch.float64)

    def _start(self, stream: str) -> torch.Generator:
        self.streams.append(stream)
        return torch.Generator().manual_seed(sum(stream.encode()))


def column(*values: float) -> Tensor:
    """Logits (n, 1) in double precision that a gradient can reach."""
    return torch.tensor(values, dtype=torch.float64).view(-1, 1).requires_grad_()
