from __future__ import annotations

from typing import Any

import pytest

from benchmark.spec.base import canonical
from benchmark.spec.expand import expand, merge, places
from benchmark.spec.load import loads
from benchmark.spec.source import parse
from tests.spec.small import TEXT, edited, problems

SPEC: Any = loads(TEXT).spec


@pytest.mark.parametrize(
    ("base", "over", "merged"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"dataset": {"mnist": {"split": "train"}}}, {"dataset": {"digits": {}}}, {"dataset": {"digits": {}}}),
        (
            {"optimizer": {"adam": {"learning_rate": 1, "beta1": 2}}},
            {"optimizer": {"adam": {"beta1": 3}}},
            {"optimizer": {"adam": {"learning_rate": 1, "beta1": 3}}},
        ),
        ({"optimizer": {"adam": {"beta1": 2}}}, {"optimizer": {"sgd": {}}}, {"optimizer": {"sgd": {}}}),
        ({"metric": "a"}, {"metric": {"b": {}}}, {"metric": {"b": {}}}),
        ({"budget": {"epochs": 3}}, {"budget": {"iterations": 5}}, {"budget": {"iterations": 5}}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
    ],
)
def test_merge(base: dict[str, Any], over: dict[str, Any], merged: dict[str, Any]) -> None:
    before = canonical([base, over])
    assert merge(base, over) == merged
    assert canonical([base, over]) == before, "its arguments stay as they are"


def test_defaults_fill_layers_and_yield_to_what_a_layer_says() -> None:
    layers = SPEC.networks["maker"].layers
    assert [layer.bias for layer in layers if layer.name == "linear"] == [True, False, True]
    assert [layer.slope for layer in layers if layer.name == "leaky_relu"] == [0.2, 0.1]
    assert layers[0].features == "2 * width"


def test_a_layer_written_out_equals_one_by_default() -> None:
    written = loads(edited("- leaky_relu\n", "- leaky_relu: {slope: 0.2}\n")).spec
    empty = loads(edited("- leaky_relu\n", "- leaky_relu:\n")).spec
    assert written.networks == empty.networks == SPEC.networks


def test_extends_merges_deeply_and_replaces_lists() -> None:
    plain, heir = SPEC.systems["plain"], SPEC.systems["saturating"]
    assert [term.name for term in heir.players["generator"].minimise] == ["minimax"]
    assert heir.players["generator"].optimizer == plain.players["generator"].optimizer
    assert heir.players["discriminator"] == plain.players["discriminator"]
    assert (plain.says, heir.says) == ("The base.", None), "prose is not inherited"
    noise = SPEC.systems["pictures"].noise["z"]
    assert (noise.law, noise.shape) == ("normal", ("latent", 1, 1))


def test_a_network_may_extend_another_with_its_defaults_and_not_its_parameters() -> None:
    text = edited("  judge:\n", "  wide_maker:\n    extends: maker\n    sizes: {width: 16}\n\n  judge:\n")
    base, heir = SPEC.networks["maker"], loads(text).spec.networks["wide_maker"]
    assert (heir.layers, heir.input, heir.initialise) == (base.layers, base.input, base.initialise)
    assert (heir.sizes, heir.parameters) == ({"latent": 4, "width": 16}, None)
    own = text.replace("    sizes: {width: 16}\n", "    defaults: {leaky_relu: {slope: 0.3}}\n")
    slopes = [layer.slope for layer in loads(own).spec.networks["wide_maker"].layers if layer.name == "leaky_relu"]
    assert slopes == [0.3, 0.1]


def test_tiers_are_laid_over_the_full_setup_and_inherited() -> None:
    ring, heir = SPEC.experiments["ring"], SPEC.experiments["ring_saturating"]
    smoke = ring.tiers["smoke"]
    assert smoke.scores["modes"].metric.samples == 200
    assert smoke.scores["modes"].metric.least_share == ring.scores["modes"].metric.least_share == 0.01
    assert (smoke.system, heir.tiers["smoke"].system) == ("plain", "saturating")
    assert (smoke.batch_size, smoke.sizes, smoke.seeds) == (16, {"width": 4}, (0,))
    assert heir.model_copy(update={"system": "plain", "says": ring.says, "where": ring.where, "tiers": {}}) == (
        ring.model_copy(update={"tiers": {}})
    )


def test_a_tier_may_change_the_unit_of_an_interval() -> None:
    text = edited("    seeds: [0]\n\ntables", "    seeds: [0]\n    tiers:\n      smoke:\n        reduces: less\n"
                  "        budget: {iterations: 3}\n\ntables")  # fmt: skip
    assert loads(text).spec.experiments["scans"].tiers["smoke"].budget.iterations == 3


def test_a_budget_in_the_heir_replaces_the_bases() -> None:
    text = edited("    system: saturating\n", "    system: saturating\n    budget: {iterations: 7}\n")
    spec: Any = loads(text).spec
    assert spec.experiments["ring_saturating"].budget.iterations == 7
    assert spec.experiments["ring_saturating"].tiers["smoke"].budget.iterations == 10, "the tier's own"


@pytest.mark.parametrize(
    "text",
    [
        "networks: 3",
        "networks: {a: 3}",
        "networks: {a: {layers: 3, defaults: {}}}",
        "networks: {a: {layers: [3, [x], {a: 1, b: 2}, {}], defaults: {a: 1, b: {}}}}",
        "networks: {a: {layers: [], defaults: [1]}}",
        "systems: {a: {extends: a}, b: {extends: 3}, c: {extends: {d: 1}}, d: 5, e: {extends: d}}",
        "experiments: {a: {tiers: 3}, b: {tiers: {smoke: 3}}, c: {extends: b, tiers: []}}",
    ],
)
def test_malformed_sections_are_left_to_the_model(text: str) -> None:
    assert problems(text)


def test_extending_itself_is_refused() -> None:
    found = expand(parse(b"systems: {a: {extends: a}, b: {}}", "x")).complaints
    assert [complaint.message for complaint in found] == ["unknown item 'a', known: b"]


def test_places_go_from_the_value_to_what_it_inherits_from() -> None:
    data = {"experiments": {"a": {}, "b": {"extends": "a"}}}
    assert list(places(data, ("experiments", "b", "tiers", "smoke", "seeds", 0))) == [
        ("experiments", "b", "tiers", "smoke", "seeds", 0),
        ("experiments", "a", "tiers", "smoke", "seeds", 0),
        ("experiments", "b", "seeds", 0),
        ("experiments", "a", "seeds", 0),
    ]
    assert list(places(data, ("experiments", "b", "tiers", "smoke", "reduces"))) == [
        ("experiments", "b", "tiers", "smoke", "reduces"),
        ("experiments", "a", "tiers", "smoke", "reduces"),
    ]
    assert list(places({}, ("networks", "n", "layers", 2, "conv", "bias"))) == [
        ("networks", "n", "layers", 2, "conv", "bias"),
        ("networks", "n", "defaults", "conv", "bias"),
    ]
    assert list(places({"networks": {"n": {"extends": "m"}}}, ("networks", "n", "layers", 2, "conv", "bias"))) == [
        ("networks", "n", "layers", 2, "conv", "bias"),
        ("networks", "n", "defaults", "conv", "bias"),
        ("networks", "m", "layers", 2, "conv", "bias"),
        ("networks", "m", "defaults", "conv", "bias"),
    ]
