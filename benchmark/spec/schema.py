"""The JSON Schema of spec files, by which an editor completes keys, shows what they mean and underlines slips.

It describes what a file may *write*, before ``defaults``, ``extends`` and tiers are spelled out. So nothing is required
where a value may be inherited; the loader still asks for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from benchmark.registry import Registry
from benchmark.spec.fields import PARTS
from benchmark.spec.messages import WRITTEN_KEYS
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import LAYERS
from benchmark.spec.printed import NO_NUMBER

_DRAFT = "http://json-schema.org/draft-07/schema#"
#: a point of a sweep ends a name, so that it may begin with a digit
_POINT = r"^[a-z0-9_]{1,62}$"
_REFERENCE = "#/definitions/{model}"
#: models below a system, an experiment or a tier, whose values may be inherited
_INHERITING = {
    *("Network", "System", "Noise", "Pass", "Player", "Observation"),
    *("Experiment", "TierSetup", "Every", "Score", "Snapshots", "ValueSurface"),
}
#: parts that are written whole, in lists or where nothing is inherited; settings of the others may be inherited
_WHOLE = {"initialiser", "objective", "penalty"}
#: what the loader expands before the models see it
_WRITTEN: dict[str, dict[str, Any]] = {
    "extends": {
        "type": "string",
        "description": "another item of this section, not extending one itself: what is not written here is as there",
    },
    "defaults": {"$ref": _REFERENCE.format(model="layer_settings")},
    "sweep": {
        "type": "object",
        "patternProperties": {_POINT: {"$ref": _REFERENCE.format(model="Experiment")}},
        "description": "one experiment for each point, named <experiment>_<point>: what differs there",
    },
}


def schema_text() -> str:
    """The schema as JSON text, the content of ``papers/paper.schema.json``."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """The schema, draft-07, of the parts registered now."""
    whole = PaperSpec.model_json_schema(ref_template=_REFERENCE)
    definitions: dict[str, Any] = whole.pop("$defs")
    pending: list[Registry[Any]] = [LAYERS, *_registries(whole), *_registries(definitions)]
    while pending:
        registry = pending.pop()
        if registry.kind not in definitions:
            added = _parts(registry)
            definitions.update(added)
            pending += _registries(added)
    row = definitions["Row"]["properties"]
    row.pop("blank")  # what the loader makes of words in place of cells
    row["cells"]["additionalProperties"] = {"anyOf": [row["cells"]["additionalProperties"], {"enum": list(NO_NUMBER)}]}
    for name in _INHERITING:
        definitions[name].pop("required", None)
    for model, keys in WRITTEN_KEYS.items():
        definitions[model.__name__]["properties"] |= {key: _WRITTEN[key] for key in keys}
    return {
        "$schema": _DRAFT,
        "title": "A paper for ganrepro",
        **_cleaned(whole),
        "definitions": {name: _cleaned(definitions[name]) for name in sorted(definitions)},
    }


def _registries(node: Any) -> Iterator[Registry[Any]]:
    """The registries whose parts a schema under construction asks for."""
    if isinstance(node, dict):
        if PARTS in node:
            yield node[PARTS]
        node = list(node.values())
    for inner in node if isinstance(node, list) else ():
        yield from _registries(inner)


def _parts(registry: Registry[Any]) -> dict[str, Any]:
    """Definitions of one kind: ``<kind>`` as it is written, ``<kind>_settings``, and ``<kind>.<name>`` of each part."""
    kind = registry.kind
    definitions: dict[str, Any] = {}
    bare = []
    choices = {}
    for name, part in registry.items():
        own = TypeAdapter(part).json_schema(ref_template=_REFERENCE)
        nested: dict[str, Any] = own.pop("$defs", {})
        if kind not in _WHOLE:
            for definition in (own, *nested.values()):
                definition.pop("required", None)
        if not own.get("required"):
            bare.append(name)
        definitions |= nested
        definitions[f"{kind}.{name}"] = own
        choices[name] = {"anyOf": [{"$ref": _REFERENCE.format(model=f"{kind}.{name}")}, {"type": "null"}]}
    definitions[f"{kind}_settings"] = {"type": "object", "properties": choices, "additionalProperties": False}
    schema = {"allOf": [{"$ref": _REFERENCE.format(model=f"{kind}_settings")}], "minProperties": 1, "maxProperties": 1}
    definitions[kind] = {"anyOf": [{"enum": bare}, schema] if bare else [schema]}
    return definitions


def _cleaned(node: Any) -> Any:
    """A schema without generated titles and empty defaults, names closed to their pattern, parts referred to."""
    if isinstance(node, list):
        return [_cleaned(item) for item in node]
    if not isinstance(node, dict):
        return node
    if PARTS in node:
        return {"$ref": _REFERENCE.format(model=node[PARTS].kind)}
    result = {
        key: {name: _cleaned(inner) for name, inner in value.items()}
        if key in ("properties", "patternProperties")
        else _cleaned(value)
        for key, value in node.items()
        if key != "title" and not (key == "default" and value in (None, [], {}))
    }
    if "patternProperties" in result:
        result["additionalProperties"] = False
    return result
