"""What a spec accepts where, read off the models' own annotations: for error messages and the editors' schema."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from benchmark.spec.experiments import Experiment
from benchmark.spec.fields import PartOf
from benchmark.spec.paper import PaperSpec
from benchmark.spec.source import Path_
from benchmark.spec.systems import Network, System

#: keys that the loader expands before the models see them
WRITTEN_KEYS: dict[type[BaseModel], tuple[str, ...]] = {
    Network: ("extends", "defaults"),
    System: ("extends",),
    Experiment: ("extends", "sweep"),
}
#: how pydantic marks that a mapping's key, not its value, is at fault
_KEY = "[key]"


def locate(location: tuple[str | int, ...]) -> tuple[Path_, bool]:
    """A pydantic error's location as a path of the spec, and whether it is a mapping's key that is at fault."""
    is_key = location[-1:] == (_KEY,)
    return _walk(location[:-1] if is_key else location)[0], is_key


def valid_keys(location: tuple[str | int, ...]) -> tuple[str, list[str]]:
    """What is named at a pydantic location ("key", or a kind of part) and the names that are accepted there."""
    places = _walk(location)[1]
    kind = next((place.registry.kind for place in places if isinstance(place, PartOf)), "key")
    return kind, sorted(key for place in places for key in _keys(place))


def _walk(location: tuple[str | int, ...]) -> tuple[Path_, list[Any]]:
    """The path of the spec that a pydantic location stands for, and the models and containers there."""
    places: list[Any] = [PaperSpec]
    path: Path_ = ()
    for step in location:
        if len(_models(places)) > 1:  # a tagged union is entered by its tag, which is no step of the file
            places = [place for place in _models(places) if str(step) in _keys(place)]
        else:
            places = [inner for place in places for inner in _below(place, step)]
            path = (*path, step)
    return path, places


def _models(places: list[Any]) -> list[Any]:
    """Those places that are models; more than one only in a union."""
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
    """What lies one step below ``place``."""
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
        return [*place.model_fields, *WRITTEN_KEYS.get(place, ())]
    return []
