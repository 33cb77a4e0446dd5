"""Fields of parts that are more than plain values: sizes, names within a system, and other parts."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, PlainSerializer, WrapValidator, create_model
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from benchmark.registry import Part, Registry
from benchmark.spec.expression import ExpressionError, evaluate_size, parse

T = TypeVar("T", bound=Part)


class _SizeMarker:
    """Marks a field that may be written as an expression over the network's sizes."""


def _check_size(value: Any, handler: Any) -> Any:
    if isinstance(value, str):
        try:
            parse(value)
        except ExpressionError as error:
            raise PydanticCustomError("size", "{reason}", {"reason": str(error)}) from error
        return value
    size = handler(value)
    if size < 1:
        raise PydanticCustomError("size", "must be a positive whole number or an expression over sizes")
    return size


#: A positive whole number, or an expression such as ``2 * width`` until :func:`at_sizes` has been applied.
Size = Annotated[
    int,
    WrapValidator(_check_size, json_schema_input_type=int | str),
    PlainSerializer(lambda size: size, return_type=int | str),
    _SizeMarker(),
]


class SignalMarker:
    """Marks a field that holds the name of a signal."""


class NetworkMarker:
    """Marks a field that holds a role: the name of a network within a system."""


class CurveMarker:
    """Marks a field that holds the name of a curve that a system records."""


Signal = Annotated[str, SignalMarker()]
NetworkRole = Annotated[str, NetworkMarker()]
CurveName = Annotated[str, CurveMarker()]


def marked_fields(part: Part, marker: type) -> dict[str, str]:
    """Fields of ``part`` whose type carries ``marker``, as {field: value}; unset ones are left out."""
    marked = {name: getattr(part, name) for name in _carrying(type(part), marker)}
    return {name: value for name, value in marked.items() if value is not None}


@functools.cache
def _carrying(kind: type[Part], marker: type) -> tuple[str, ...]:
    fields = kind.model_fields.items()
    return tuple(name for name, info in fields if any(isinstance(mark, marker) for mark in info.metadata))


class SizeError(ExpressionError):
    """An expression over sizes that cannot be evaluated; ``field`` is the setting that holds it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def at_sizes(part: T, sizes: Mapping[str, int]) -> T:
    """Return ``part`` with every size expression evaluated; raises :class:`SizeError`."""
    values = {}
    for name, text in marked_fields(part, _SizeMarker).items():
        if isinstance(text, str):
            try:
                values[name] = evaluate_size(text, sizes)
            except ExpressionError as error:
                raise SizeError(name, str(error)) from error
    return part.model_copy(update=values) if values else part


#: key of a JSON schema under construction whose value is a registry: any of its parts belongs here
PARTS = "x-parts"


class PartOf:
    """Annotation for a field that holds a part, written ``name`` or ``name: {settings}``.

    Validation goes through one model with a key per registered part, so that errors carry the full path and
    an editor can complete names and settings.
    """

    def __init__(self, registry: Registry[Any]) -> None:
        self.registry = registry

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        fields: dict[str, Any] = {name: (part | None, None) for name, part in self.registry.items()}
        model = create_model(self.registry.kind.title(), __config__=Part.model_config, **fields)
        kind = self.registry.kind

        def spell_out(value: Any) -> Any:
            if isinstance(value, Part):
                return {value.name: value}
            if isinstance(value, str):
                return {value: {}}
            if isinstance(value, dict) and len(value) == 1:
                return {key: {} if settings is None else settings for key, settings in value.items()}
            raise PydanticCustomError("part", f"must be one {kind}: a name, or one name with its settings")

        def unwrap(chosen: Any) -> Any:
            return next(getattr(chosen, name) for name in chosen.model_fields_set)

        return core_schema.no_info_after_validator_function(
            unwrap,
            core_schema.no_info_before_validator_function(spell_out, handler.generate_schema(model)),
            serialization=core_schema.plain_serializer_function_ser_schema(written, return_schema=None),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {PARTS: self.registry}  # spelled out by spec.schema


def written(part: Part) -> dict[str, Any]:
    """A part as a spec writes it: ``{name: {settings}}``."""
    return {part.name: part.model_dump(mode="json")}
