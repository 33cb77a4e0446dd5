"""The editors' schema: current, valid, kind to valid specs, and strict with slips."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from benchmark.spec.parts import REGISTRIES
from benchmark.spec.schema import schema, schema_text
from benchmark.spec.source import parse, read
from tests.spec.small import FILE, edited

PAPERS = Path(__file__).parents[2] / "papers"
SCHEMA = schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def flagged(text: str) -> bool:
    return not VALIDATOR.is_valid(parse(text.encode(), "x").data)


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = (PAPERS / "paper.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(), "run: ganrepro schema > papers/paper.schema.json"


def test_it_is_a_draft_07_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    text = schema_text()
    assert json.loads(text) == SCHEMA
    for later in ("prefixItems", "$defs", "unevaluatedProperties", "dependentRequired", "x-parts"):
        assert later not in text


def test_every_reference_leads_somewhere() -> None:
    references = []

    def visit(node: object) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                references.append(node["$ref"])
            for inner in node.values():
                visit(inner)
        elif isinstance(node, list):
            for inner in node:
                visit(inner)

    visit(SCHEMA)
    assert references
    for reference in references:
        assert reference.startswith("#/definitions/")
        assert reference.removeprefix("#/definitions/") in SCHEMA["definitions"]


@pytest.mark.parametrize("file", [*sorted(PAPERS.glob("*.yaml")), FILE], ids=lambda file: file.stem)
def test_valid_specs_are_not_flagged(file: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(read(file).data)] == []


def test_points_of_a_sweep_may_be_numbers_for_the_loader_and_the_schema() -> None:
    text = FILE.read_text()
    (name,) = re.findall(r"(?m)^experiments:\n(?:  #.*\n)*  (\w+):\n", text)
    swept = text.replace(
        f"\n  {name}:\n", f"\n  {name}:\n    sweep:\n      8: {{says: eight}}\n      x25: {{says: more}}\n", 1
    )
    data = parse(swept.encode(), "x").data
    assert [error.message for error in VALIDATOR.iter_errors(data)] == []
    odd = swept.replace("      8: ", "      8-a: ")
    assert flagged(odd)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("claims:", "clams:"),
        ("year: 2020", "yaer: 2020"),
        ("slope: 0.1", "slop: 0.1"),
        ("leaky_relu: {slope: 0.1}", "learky_relu: {slope: 0.1}"),
        ("- leaky_relu\n", "- learky_relu\n"),
        ("leaky_relu: {slope: 0.1}", "{leaky_relu: {slope: 0.1}, relu: {}}"),
        ("linear: {bias: true}", "linear: {bais: true}"),
        ("linear: {bias: true}", "linaer: {bias: true}"),
        ("weight: he_uniform", "weight: he_unifrom"),
        ("weight: he_uniform", "wieght: he_uniform"),
        ("law: normal", "law: gaussian"),
        ("optimizer: {adam", "optimiser: {adam"),
        ("extends: plain", "extend: plain"),
        ("real: real_logit", "rael: real_logit"),
        ("minimax: {fake: fake_logit}", "minimax"),
        ("dataset: {digits", "dataset: {digts"),
        ("      smoke:", "      smok:"),
        ("{samples: 200}", "{sampels: 200}"),
        ("value: 3.5", "vlaue: 3.5"),
        ("      order:", "      ordr:"),
        ("statistic: {mean:", "statistic: {men:"),
        ("  maker:", "  Maker:"),
        ("  C1:", "  c1:"),
        ("seeds: [0, 1, 2]", "seeds: [-1]"),
        ("tag: public", "tag: publick"),
    ],
)
def test_slips_are_flagged(old: str, new: str) -> None:
    assert flagged(edited(old, new))


def test_every_part_is_offered_with_its_settings_and_what_it_does() -> None:
    for registry in REGISTRIES:
        for name, part in registry.items():
            definition = SCHEMA["definitions"][f"{registry.kind}.{name}"]
            assert set(definition["properties"]) == set(part.model_fields), name
            assert definition["description"], name
            assert name in SCHEMA["definitions"][f"{registry.kind}_settings"]["properties"]


def test_what_may_be_inherited_is_not_required() -> None:
    for name in ("System", "Experiment", "TierSetup", "Noise", "Score", "Snapshots", "layer.conv", "optimizer.adam"):
        assert "required" not in SCHEMA["definitions"][name], name
    for name in ("Cell", "Claim", "Initialisation", "objective.cross_entropy", "initialiser.constant"):
        assert SCHEMA["definitions"][name]["required"], name
