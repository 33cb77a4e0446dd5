"""Rules fixed before results: what decides a paper's verdicts, hashed at its first run and compared ever after.

A seal holds the rules themselves beside their hash, so that a change can be shown and not only noticed. Order does not
matter, prose does not matter. An item that is new since then was "added after"; an item that differs or is gone was
"changed after results were seen". Hashes show accidents and carelessness; who rewrites every file is stopped only by a
copy that somebody else keeps.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from benchmark.judging import hypothesis_tests
from benchmark.judging.cells import margin
from benchmark.runs.files import StoreError, to_json, write_atomic
from benchmark.runs.records import RECORD, read_record
from benchmark.spec.base import TIERS, Model, canonical, digest
from benchmark.spec.experiments import Experiment
from benchmark.spec.paper import PaperSpec
from benchmark.spec.systems import Network, System

#: raised whenever a rule of judging changes its meaning
RULES_VERSION = 5
#: what decides a verdict is what these import
_ROOTS = tuple(f"benchmark.judging.{name}" for name in ("cells", "claims", "checkpoint_luck", "variants", "origins"))
#: lists in predicates whose order has no meaning: of all their elements, or of all but the first
_UNORDERED = {"all_of": 0, "together": 0, "any_of": 0, "equal": 0, "smallest": 1, "largest": 1}

Item = dict[str, Any]


class Seal(Model):
    """Rules as they were sealed; ``sha256`` is that of the canonical JSON of ``items``, ``seal_sha256`` of all else."""

    schema_version: Literal[2]
    paper: str
    sha256: str
    #: time of the first run, UTC, ISO 8601
    sealed_at: str
    runs_before: int
    #: item -> its rules
    items: dict[str, Item]
    #: file below benchmark/ -> SHA-256 of its source
    sources: dict[str, str]
    seal_sha256: str

    @property
    def whole(self) -> bool:
        """Whether it is what was written: no digit of it has changed."""
        rest = self.model_dump(mode="json", exclude={"seal_sha256"})
        return digest(self.items) == self.sha256 and digest(rest) == self.seal_sha256


def make_seal(spec: PaperSpec, sealed_at: str, runs_before: int) -> Seal:
    """Seal today's rules of ``spec``; ``runs_before`` runs of it had been begun without a seal."""
    items = rules(spec)
    facts: dict[str, Any] = {
        "schema_version": 2,
        "paper": spec.paper.id,
        "sha256": digest(items),
        "sealed_at": sealed_at,
        "runs_before": runs_before,
        "items": items,
        "sources": sources(),
    }
    return Seal.model_validate({**facts, "seal_sha256": digest(facts)})


def read_seal(content: bytes) -> Seal | None:
    """A seal from its file's bytes; None where they are none."""
    try:
        return Seal.model_validate_json(content)
    except ValidationError:
        return None


@cache
def sources() -> dict[str, str]:
    """SHA-256 of every file that takes part in deciding a verdict: all that judging imports, and what that imports."""
    top = Path(__file__).parent.parent
    hashes: dict[str, str] = {}
    waiting = [*_ROOTS]
    while waiting:
        place = Path(*waiting.pop().split(".")[1:]).with_suffix(".py")
        if str(place) not in hashes and (top / place).is_file():
            source = (top / place).read_bytes()
            hashes[place.as_posix()] = hashlib.sha256(source).hexdigest()
            waiting += _imported(ast.parse(source).body)
    return dict(sorted(hashes.items()))


def _imported(statements: Sequence[ast.AST]) -> Iterator[str]:
    """Modules of this package that statements import, at any depth, but for annotations alone."""
    for node in statements:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("benchmark"):
            yield from (str(node.module), *(f"{node.module}.{name.name}" for name in node.names))
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("benchmark"))
        for below in ("body", "orelse", "handlers", "finalbody", "cases"):
            yield from _imported(getattr(node, below, ()))


def rules(spec: PaperSpec) -> dict[str, Item]:
    """Everything that decides a verdict on ``spec`` besides its runs, item by item."""
    items: dict[str, Item] = {
        "rules": {
            "version": RULES_VERSION,
            "level": hypothesis_tests.ALPHA,
            "level of interim looks": hypothesis_tests.INTERIM,
            "fewest seeds": hypothesis_tests.LEAST_SEEDS,
        }
    }
    for name, claim in spec.claims.items():
        kept = claim.model_dump(mode="json", exclude={"where", "figures", "note"}, exclude_none=True)
        items[f"claims.{name}"] = _unordered(kept)
    for name, table in spec.tables.items():
        about = {"quantity", "direction", "protocol"}
        items[f"tables.{name}"] = table.model_dump(mode="json", include=about)
    for printed in spec.printed:
        cell = printed.cell.model_dump(mode="json", exclude={"note", "bold"}, exclude_none=True)
        items[f"tables.{printed.place}"] = {**cell, "margin": margin(printed)}
    for name, experiment in spec.experiments.items():
        if name in spec.ours:  # no rule of the paper
            continue
        items |= _experiment(spec, name, experiment)
    for name, reading in spec.readings.items():
        items[f"readings.{name}"] = reading.model_dump(mode="json", exclude={"says", "of"}, exclude_defaults=True)
    return items | _named_by_readings(spec)


def _named_by_readings(spec: PaperSpec) -> dict[str, Item]:
    """Systems and networks that a reading's change names and no experiment has as it stands."""
    own = [experiment for name, experiment in spec.experiments.items() if name not in spec.ours]
    setups = [experiment.setup(tier) for experiment in own for tier in TIERS if tier != "smoke"]
    used = {setup.system for setup in setups if setup is not None}
    named = {word for reading in spec.readings.values() for word in _words(reading.change)}
    systems = {name: system for name, system in spec.systems.items() if name in named - used}
    named |= {network for system in systems.values() for network in system.networks.values()}
    named -= {network for name in used for network in spec.systems[name].networks.values()}
    items = {f"systems.{name}": _system(system) for name, system in systems.items()}
    return items | {f"networks.{name}": _network(network) for name, network in spec.networks.items() if name in named}


def _words(value: Any) -> Iterator[str]:
    """Every text in a value, and every step of its keys' paths."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from (*str(key).split("."), *_words(inner))
    elif isinstance(value, list | tuple):
        yield from (word for inner in value for word in _words(inner))


def _system(system: System) -> Item:
    return system.model_dump(mode="json", exclude={"label", "says", "role"}, exclude_defaults=True)


def _network(network: Network) -> Item:
    return network.model_dump(mode="json", exclude={"says", "parameters"}, exclude_defaults=True)


def _experiment(spec: PaperSpec, name: str, experiment: Experiment) -> dict[str, Item]:
    """Seeds and recipe of every tier, and every score with its protocol and checkpoint rule."""
    items: dict[str, Item] = {}
    for tier in TIERS:
        setup = experiment.setup(tier)
        if setup is None or tier == "smoke":  # smoke runs judge nothing
            continue
        system = spec.systems[setup.system]
        recipe = {
            "setup": setup.model_dump(
                mode="json",
                exclude={"scores", "seeds", "snapshots", "reduces", "generator_mode", "budget"},
                exclude_defaults=True,
            ),
            "system": _system(system),
            "networks": {role: _network(spec.networks[network]) for role, network in system.networks.items()},
        }
        place = f"experiments.{name} at {tier}"
        items[place] = {
            "seeds": sorted(setup.seeds),
            "generator_mode": setup.generator_mode,
            "budget": setup.budget.model_dump(mode="json", exclude_none=True),
            "recipe_sha256": digest(recipe),
        }
        for score, entry in setup.scores.items():
            metric = {"direction": entry.metric.direction, "proxy": entry.metric.proxy}
            items[f"{place}, {score}"] = entry.model_dump(mode="json", exclude={"label"}, exclude_none=True) | metric
    return items


def _unordered(value: Any, key: str = "") -> Any:
    """``value`` with every list whose order means nothing in a fixed order."""
    if isinstance(value, dict):
        return {name: _unordered(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        items = [_unordered(inner) for inner in value]
        fixed = _UNORDERED.get(key, len(items))
        return [*items[:fixed], *sorted(items[fixed:], key=canonical)]
    return value


def seal_file(results: Path, paper: str) -> Path:
    """Where the seal of a paper lies in a results folder."""
    return results / "seals" / f"{paper}.json"


def runs_begun(results: Path, paper: str) -> int:
    """Runs of a paper that may have shown results: those above smoke, and those whose tier no record tells."""
    begun = 0
    for folder in sorted(results.glob(f"{paper}/*/*/")):
        try:
            begun += not (folder / RECORD).is_file() or read_record(folder / RECORD).tier != "smoke"
        except StoreError:
            begun += 1
    return begun


def ensure_seal(results: Path, spec: PaperSpec) -> Path:
    """Seal a paper's rules unless they are sealed; to be called before anything is trained.

    As long as only smoke runs were begun, which judge nothing, the seal follows the spec.
    """
    from filelock import FileLock

    file = seal_file(results, spec.paper.id)
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_name(f".{file.stem}.lock")):
        begun = runs_begun(results, spec.paper.id)
        if file.exists():
            old = read_seal(file.read_bytes())
            if old is None or begun or old.items == rules(spec):
                return file
        now = datetime.now(UTC).isoformat(timespec="seconds")
        write_atomic(file, to_json(make_seal(spec, now, begun).model_dump(mode="json")))
    return file
