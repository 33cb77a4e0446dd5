"""The one registry: a kind of part, its names, and where its files lie.

Dropping a file into a part's folder is enough: the first look-up imports every module of that folder,
and each module registers what it defines. Nothing else lists parts by name.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterable
from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

P = TypeVar("P", bound="Part")
Q = TypeVar("Q", bound="Part")


class Part(BaseModel):
    """A named, frozen set of settings with the work they describe; the settings are what a spec writes.

    No field may have a default when it can move a score.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    name: ClassVar[str]


class RegistryError(ValueError):
    """A name that is unknown, or registered twice."""


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest valid name, or an empty string."""
    near = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else ""


class Registry(Generic[P]):
    """Names of one kind of part, filled by the modules of ``package``."""

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package
        self._parts: dict[str, type[P]] = {}
        self._discovered = False

    def register(self, name: str) -> Callable[[type[Q]], type[Q]]:
        """Class decorator: make the part available as ``name``."""

        def add(part: type[Q]) -> type[Q]:
            known = self._parts.get(name)
            if known is not None and known is not part:
                raise RegistryError(f"{self.kind} '{name}' is registered twice: {known.__module__}, {part.__module__}")
            part.name = name
            self._parts[name] = part  # type: ignore[assignment]
            return part

        return add

    def discover(self) -> None:
        """Import every module of the package once, so that each registers its parts."""
        if self._discovered:
            return
        self._discovered = True
        package = importlib.import_module(self.package)
        for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
            importlib.import_module(f"{self.package}.{module.name}")

    def names(self) -> list[str]:
        """All registered names, sorted."""
        self.discover()
        return sorted(self._parts)

    def get(self, name: str) -> type[P]:
        """Return the part class called ``name``; an unknown name is a :class:`RegistryError`."""
        self.discover()
        if name not in self._parts:
            raise RegistryError(
                f"unknown {self.kind} '{name}', known: {', '.join(self.names())}{did_you_mean(name, self._parts)}"
            )
        return self._parts[name]

    def items(self) -> list[tuple[str, type[P]]]:
        """All (name, part class) pairs, sorted by name."""
        return [(name, self._parts[name]) for name in self.names()]
