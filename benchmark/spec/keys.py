"""Which keys a spec accepts at a path, read off the models' own annotations (for error messages)."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from benchmark.spec.parts import PartOf


def valid_keys(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """Keys accepted at ``path`` below ``model``; steps that pydantic adds for unions may be part of the path."""
    places: list[Any] = [model]
    for step in path:
        if len(models(places)) > 1:  # a tagged union is entered by its tag, a key that one member alone has
            places = [place for place in models(places) if str(step) in _keys(place)]
        else:
            places = [inner for place in places for inner in _below(place, step)]
    keys: list[str] = []
    for place in places:
        keys += _keys(place)
    return keys


def models(places: list[Any]) -> list[Any]:
    """Those places that are models; more than one only below a union."""
    return [place for place in places if isinstance(place, type) and issubclass(place, BaseModel)]


def _members(annotation: Any) -> list[Any]:
    """The models, parts and containers that an annotation stands for."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        part = next((mark for mark in metadata if isinstance(mark, PartOf)), None)
        return [part] if part else _members(inner)
    if get_origin(annotation) in (Union, UnionType):
        return [member for option in get_args(annotation) for member in _members(option)]
    return [annotation]


def _below(place: Any, step: str | int) -> list[Any]:
    """What lies one step below ``place``. A union's members share the place: a tag, being one of them, stays there."""
    if isinstance(place, PartOf):
        return [part for name, part in place.registry.items() if name == step]
    if isinstance(place, type) and issubclass(place, BaseModel):
        info = place.model_fields.get(str(step))
        if info is None:
            return []
        part = next((mark for mark in info.metadata if isinstance(mark, PartOf)), None)
        return [part] if part else _members(info.annotation)
    origin, arguments = get_origin(place), get_args(place)
    if origin is dict:
        return _members(arguments[1])
    if origin is tuple:
        return _members(arguments[0])
    return []


def _keys(place: Any) -> list[str]:
    if isinstance(place, PartOf):
        return place.registry.names()
    if isinstance(place, type) and issubclass(place, BaseModel):
        return list(place.model_fields)
    return []
