from __future__ import annotations

import itertools
import random
from typing import Any

from benchmark.spec.load import loads
from benchmark.spec.paper import PaperSpec
from benchmark.spec.provenance import Keys, covers, origins, recipe_values, uncovered, unused_patterns, written_values
from tests.spec.small import TEXT

LOADED = loads(TEXT)
DATA = LOADED.source.data


def ledger(stated: dict[str, str], unstated: dict[str, str]) -> PaperSpec:
    """The small spec with another ledger; ``unstated`` maps patterns to tags."""
    entry = LOADED.spec.unstated["networks"]
    return LOADED.spec.model_copy(
        update={
            "stated": stated,
            "unstated": {key: entry.model_copy(update={"tag": tag}) for key, tag in unstated.items()},
        }
    )


def tag_of(spec: PaperSpec, *path: str | int) -> str:
    return next(origin.tag for origin in origins(spec, DATA)[0] if origin.path == path)


def test_covers() -> None:
    path = ("systems", "plain", "players", "generator", "minimise", 0, "minimax", "fake")
    for pattern in (
        "systems",
        "systems.plain",
        "systems.*.players.*.minimise.0",
        "systems.*.*.generator",
        "*",
        "*.plain",
    ):
        assert covers(pattern, path), pattern
    for pattern in ("system", "systems.pla", "systems.*.minimise", "systems.plain.players.generator.minimise.1", ""):
        assert not covers(pattern, path), pattern
    assert not covers("a.b", ("a",)), "a key below covers nothing above it"


def test_keys_cover_what_each_of_them_covers() -> None:
    steps = ["a", "b", "*", 0]
    paths = [path for length in range(5) for path in itertools.product(steps, repeat=length)]
    patterns = [".".join(map(str, path)) for path in paths if path]
    patterns = random.Random(0).sample(patterns, 60)
    keys = Keys(patterns)
    for path in paths:
        found = list(keys.covering(path))
        assert sorted(found) == sorted(pattern for pattern in patterns if covers(pattern, path)), path
        assert [len(one.split(".")) for one in found] == sorted(len(one.split(".")) for one in found)


def test_prose_names_and_reduced_tiers_are_no_recipe() -> None:
    paths = [".".join(str(step) for step in path) for path, _ in recipe_values(DATA)]
    assert len(paths) == len(set(paths))
    assert "experiments.ring.budget.iterations" in paths
    assert "networks.maker.layers.1" in paths
    assert not [path for path in paths if "says" in path or "tiers" in path or path.endswith(".parameters")]
    assert not [path for path in paths if path.startswith("experiments.ring_saturating")], "inherited, written once"


def test_what_a_point_of_a_sweep_says_is_no_recipe() -> None:
    points = {"slow": {"says": "Slower.", "replace": {"rate": 1e-4}, "tiers": {"smoke": {"seeds": [0]}}}}
    paths = [path for path, _ in recipe_values({"experiments": {"ring": {"sweep": points}}})]
    assert paths == [("experiments", "ring", "sweep", "slow", "replace", "rate")]


def test_a_network_that_readings_alone_name_is_theirs() -> None:
    """One that nobody names is the paper's, and so is one that a system, an experiment or another network names too."""
    networks: dict[str, Any] = {name: {"layers": ["relu"]} for name in ("used", "swapped", "parent", "late", "idle")}
    networks["used"]["extends"] = "parent"
    data = {
        "networks": networks,
        "systems": {"gan": {"networks": {"generator": "used"}}},
        "experiments": {"ring": {"replace": {"networks.generator": "swapped"}}},
        "readings": {
            "other": {"change": {"systems.gan.networks.generator": "late"}, "of": ["used", "parent", "swapped"]}
        },
    }
    assert {path[1] for path, _ in recipe_values(data) if path[0] == "networks"} == {
        "used",
        "swapped",
        "parent",
        "idle",
    }
    assert {path[1] for path, _ in written_values(data) if path[0] == "networks"} == set(networks), (
        "what an entry may cover"
    )


def test_the_most_specific_pattern_wins() -> None:
    spec = ledger(
        {"systems.plain.noise.z": "section 1", "networks": "section 2"},
        {
            "systems": "default",
            "systems.*.noise.z": "public",
            "systems.plain.noise.z.law": "inferred",
            "experiments": "default",
        },
    )
    assert tag_of(spec, "systems", "plain", "noise", "z", "law") == "inferred", "the longest"
    assert tag_of(spec, "systems", "plain", "noise", "z", "redraw") == "stated", "the one without *"
    assert tag_of(spec, "systems", "pictures", "noise", "z", "shape", 0) == "public"
    assert tag_of(spec, "systems", "plain", "sample") == "default"
    tied = ledger({"systems.*.noise": "section 1"}, {"systems.plain.*": "public", "*.plain.noise": "default"})
    assert tag_of(tied, "systems", "plain", "noise", "z", "law") == "stated"
    assert origins(spec, DATA)[1] == []


def test_every_value_is_covered_or_bare() -> None:
    spec = ledger({"networks.maker": "section 1"}, {})
    known, bare = origins(spec, DATA)
    values = [path for path, _ in recipe_values(DATA)]
    assert sorted(map(str, [*(origin.path for origin in known), *bare])) == sorted(map(str, values))
    assert {origin.path[:2] for origin in known} == {("networks", "maker")}


def test_uncovered_is_as_high_as_possible() -> None:
    spec = ledger({"networks": "section 1", "systems.plain.noise": "section 1", "experiments.ring": "section 1"}, {})
    tops = dict(uncovered(spec, DATA))
    assert ("systems", "plain", "signals") in tops
    assert ("systems", "saturating") in tops
    assert ("experiments", "scans") in tops
    assert not any(path[0] == "networks" for path in tops)
    assert sum(tops.values()) == len(origins(spec, DATA)[1])


def test_unused_patterns() -> None:
    spec = ledger(
        {"networks.maker": "1", "networks.makre": "2", "systems.*.nothing": "3"}, {"experiments.ring.says": "default"}
    )
    assert unused_patterns(spec, DATA) == ["networks.makre", "systems.*.nothing", "experiments.ring.says"]


def test_malformed_sections_are_no_crash() -> None:
    assert list(recipe_values({"networks": 3, "systems": {"a": 5}, "experiments": None})) == []
