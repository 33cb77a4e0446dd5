"""The one registry: a kind of part, its names, and where its files lie.

Dropping a file into a part's folder is enough: the first look-up imports every module of that folder,
and each module registers what it defines. Nothing else lists parts by name. Parts from outside this package are in
modules that GANREPRO_PARTS names, or that an installed distribution names as entry points ``ganrepro.parts``.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict

#: names of parts are keys of a spec
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LONGEST_NAME = 64

P = TypeVar("P", bound="Part")
Q = TypeVar("Q", bound="Part")


class Part(BaseModel):
    """A named, frozen set of settings with the work they describe; the settings are what a spec writes.

    No field may have a default when it can move a score.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    name: ClassVar[str]

    def changed(self, **settings: Any) -> Self:
        """The same part with some settings replaced; raises ``ValidationError``."""
        return type(self).model_validate({name: getattr(self, name) for name in type(self).model_fields} | settings)


class RegistryError(ValueError):
    """A name that is unknown, or registered twice."""


class PartsError(Exception):
    """A module of parts from outside this package that cannot be imported."""


#: what was imported from outside, or is being imported
_outside: set[str] = set()


def import_outside_parts() -> None:
    """Import modules of parts that lie outside this package, each once."""
    named = os.environ.get("GANREPRO_PARTS", "").split(os.pathsep)
    for name in [*filter(None, named), *(point.value for point in entry_points(group="ganrepro.parts"))]:
        if name in _outside:
            continue
        _outside.add(name)
        try:
            _import(name)
        except (Exception, SystemExit) as error:
            _outside.discard(name)
            raise PartsError(f"parts of '{name}' cannot be imported: {type(error).__name__}: {error}") from error


def _import(name: str) -> None:
    """Import a module by its name, or by its file, whose stem is its name then."""
    if not name.endswith(".py"):
        importlib.import_module(name)
        return
    file = Path(name).resolve()
    if file.stem in sys.modules:
        raise ImportError(f"there is a module '{file.stem}' already, call the file otherwise")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[file.stem] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[file.stem]
        raise


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that looks most like ``name``; None where none does."""
    near = difflib.get_close_matches(name[:_LONGEST_NAME], list(valid), n=1, cutoff=0.5)
    return near[0] if near else None


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest valid name, or an empty string."""
    near = nearest(name, valid)
    return f"; did you mean '{near}'?" if near else ""


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
            if not _NAME.fullmatch(name):
                raise RegistryError(f"{self.kind} '{name}' must be lower case: letters, digits and _")
            if part.__dict__.get("name", name) != name:
                raise RegistryError(f"{self.kind} '{name}' is registered as '{part.name}' too")
            part.name = name
            self._parts[name] = part  # type: ignore[assignment]
            return part

        return add

    def discover(self) -> None:
        """Import every module of the package once, and those from outside, so that each registers its parts."""
        if self._discovered:
            return
        package = importlib.import_module(self.package)
        for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
            importlib.import_module(f"{self.package}.{module.name}")
        self._discovered = True
        import_outside_parts()

    def names(self) -> list[str]:
        """All registered names, sorted."""
        self.discover()
        return sorted(self._parts)

    def get(self, name: str) -> type[P]:
        """Return the part class called ``name``; an unknown name is a :class:`RegistryError`."""
        self.discover()
        if name not in self._parts:
            known = ", ".join(self.names()) or "none"
            raise RegistryError(f"unknown {self.kind} '{name}', known: {known}{did_you_mean(name, self._parts)}")
        return self._parts[name]

    def find(self, name: str) -> type[P] | None:
        """The part class called ``name``; None where there is none."""
        self.discover()
        return self._parts.get(name)

    def items(self) -> list[tuple[str, type[P]]]:
        """All (name, part class) pairs, sorted by name."""
        return [(name, self._parts[name]) for name in self.names()]
