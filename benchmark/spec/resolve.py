"""A setup's system and sizes after the replacements that the setup makes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from benchmark.spec.experiments import Setup
from benchmark.spec.paper import PaperSpec
from benchmark.spec.shapes import resolve_sizes
from benchmark.spec.systems import Network, System


class ReplaceError(ValueError):
    """A replacement that fits nothing of the system; ``pattern`` is its key."""

    def __init__(self, pattern: str, message: str) -> None:
        super().__init__(message)
        self.pattern = pattern


def system_of(spec: PaperSpec, setup: Setup) -> System:
    """The setup's system with its replacements made; raises :class:`ReplaceError`."""
    return replaced(spec.systems[setup.system], setup)


def replaced(system: System, setup: Setup) -> System:
    """A system with a setup's replacements made; raises :class:`ReplaceError`."""
    if not setup.replace:
        return system
    data = system.model_dump(mode="json", exclude_unset=True)
    for pattern, value in setup.replace.items():
        *above, last = pattern.split(".")
        owners = [data]
        for step in above:
            owners = [inner for owner in owners for inner in _below(owner, step)]
        fitting = [owner for owner in owners if isinstance(owner, dict) and last in owner]
        for owner in fitting:
            owner[last] = value
        if not fitting:
            raise ReplaceError(pattern, f"fits nothing that system '{setup.system}' writes")
        try:
            system = System.model_validate(data)
        except ValidationError as error:
            raise ReplaceError(pattern, f"{value!r} does not fit: {error.errors()[0]['msg']}") from error
    return system


def _below(owner: Any, step: str) -> list[Any]:
    if isinstance(owner, list):
        return owner if step == "*" else [owner[int(step)]] if step.isdigit() and int(step) < len(owner) else []
    if isinstance(owner, dict):
        return list(owner.values()) if step == "*" else [owner[step]] if step in owner else []
    return []


def sizes_of(networks: Iterable[Network], setup: Setup) -> dict[str, int]:
    """All sizes of a setup's networks by name, after the setup's replacements."""
    sizes: dict[str, int] = {}
    for network in networks:
        sizes.update(resolve_sizes(network, setup.sizes))
    return sizes
