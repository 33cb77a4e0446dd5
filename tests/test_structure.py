"""What may know what: the directions of docs/architecture.md, read off the imports, and names that must not leak."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from benchmark.registry import Part
from benchmark.spec.parts import OBJECTIVES, REGISTRIES, Subject
from benchmark.spec.systems import System

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "benchmark"
PARTS = {"datasets", "networks", "initialisers", "objectives", "penalties", "optimizers", "schedules", "metrics"}
BASE = {"registry", "spec"}
#: what reads and writes results folders, without torch
RECORDS = {
    "runs.files",
    "runs.records",
    "runs.integrity",
    "runs.plan",
    "runs.derived",
    "runs.sidecars",
    "runs.bundle",
    "runs.merge",
    "runs.brought",
    "runs.costs",
    "runs.pace",
    "runs.anchored",
    "runs.continued",
}
#: what measures trained systems
EVALUATION = {f"evaluation.{name}" for name in ("scoring", "rescoring", "anchors", "calibration")}
#: room, or module of a room, of benchmark/ -> the others that it may import
ALLOWED: dict[str, set[str]] = {
    "registry": set(),
    "places": set(),
    "batches": set(),
    "spec": {"registry", "places"},
    **{f"parts.{kind}": BASE for kind in sorted(PARTS)},
    "parts.datasets": BASE | {"runs.files"},
    "parts.metrics": BASE | {"parts.extractors", "batches", "runs.files"},
    "parts.extractors": BASE | {"batches"},
    "runs.files": BASE,
    "runs.plan": BASE,
    "runs.records": BASE | {"runs.files"},
    "runs.integrity": BASE | {"runs.files", "runs.records"},
    "runs.derived": BASE | {"runs.files", "runs.plan", "runs.records"},
    "runs.sidecars": BASE | {"runs.files", "runs.records"},
    "runs.bundle": BASE | {"runs.files"},
    "runs.merge": BASE | {"runs.files", "runs.records", "runs.integrity", "runs.sidecars"},
    "runs.brought": BASE | {"runs.files", "runs.plan", "runs.records"},
    "runs.costs": BASE
    | {f"runs.{name}" for name in ("files", "plan", "records", "derived", "sidecars", "anchored", "continued")},
    "runs.pace": BASE,
    "runs.anchored": BASE | {"runs.environment"},
    "runs.continued": BASE
    | {f"runs.{name}" for name in ("files", "plan", "records", "derived", "integrity", "environment")},
    "runs.environment": BASE | {"runs.plan"},
    "training": BASE | {"runs.plan", "runs.files", "batches"},
    **dict.fromkeys(
        sorted(EVALUATION), BASE | RECORDS | EVALUATION | {"training", "runs.environment", "parts.metrics"}
    ),
    "evaluation.textbook": BASE | RECORDS | {"training", "parts.datasets"},
    "evaluation.calibration": BASE
    | RECORDS
    | {"training", "runs.environment", "parts.datasets", "evaluation.textbook"},
    **dict.fromkeys(
        ("evaluation.given", "evaluation.measure", "evaluation.bring"),
        BASE
        | RECORDS
        | EVALUATION
        | {"training", "batches", "parts.metrics", "parts.datasets", "evaluation.given", "evaluation.measure"},
    ),
    "evaluation.recompute": BASE | RECORDS,
    "runs.runner": BASE | RECORDS | EVALUATION | {"training", "runs.environment"},
    "runs.retrain": BASE | RECORDS | {"training", "runs.runner"},
    "runs.engines": BASE | RECORDS | {"training", "runs.runner", "runs.environment", "batches", "places"},
    "judging": BASE | RECORDS,
    "reporting": BASE | RECORDS | {"judging"},
}
#: what reads specs, plans, records and verdicts must do so on a machine without torch
WITHOUT_TORCH = ("spec", *sorted(RECORDS), "judging", "reporting", *(f"parts.{kind}" for kind in sorted(PARTS)))
#: modules that torch's absence would not stop from loading, yet would take long or be missing
HEAVY = ("torch", "torchvision", "torch_fidelity", "sklearn", "matplotlib", "scipy")


def files(part: str) -> list[Path]:
    """Python files of a module or folder of the package."""
    place = PACKAGE.joinpath(*part.split("."))
    return sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]


def present() -> list[str]:
    return [part for part in ALLOWED if all(file.is_file() for file in files(part))]


def imports(file: Path) -> Iterator[tuple[str, int]]:
    """Modules of the package that a file imports, anywhere in it, as ``folder_or_module`` and line."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            steps = name.split(".")
            if steps[0] == "benchmark" and len(steps) > 1 and steps[1] != "__version__":
                depth = 3 if steps[1] in ("parts", "runs", "evaluation") else 2
                yield ".".join(steps[1:depth]), node.lineno


@pytest.mark.parametrize("part", present())
def test_imports_run_one_way(part: str) -> None:
    for file in files(part):
        for imported, line in imports(file):
            allowed = imported == part or imported in ALLOWED[part]
            assert allowed, f"{file.relative_to(ROOT)}:{line}: {part} must not import {imported}"


def test_every_module_of_the_package_has_a_rule() -> None:
    """Entry points and commands may import everything; any other module lies in a room with a rule."""
    for file in sorted(PACKAGE.rglob("*.py")):
        steps = file.relative_to(PACKAGE).with_suffix("").parts
        if steps[0] not in ("__init__", "__main__", "cli", "commands") and steps[-1] != "__init__":
            assert steps[0] in ALLOWED or ".".join(steps[:2]) in ALLOWED, f"{file.relative_to(ROOT)} has no rule"


def test_commands_do_not_import_each_other_in_circles() -> None:
    knows = {file.stem: {name for name in _commands(file) if name != file.stem} for file in files("commands")}
    while ready := {name for name, needs in knows.items() if not needs & set(knows)}:
        knows = {name: needs for name, needs in knows.items() if name not in ready}
    assert not knows, f"these import each other: {knows}"


def _commands(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("benchmark.commands"):
            yield from (
                [alias.name for alias in node.names]
                if node.module == "benchmark.commands"
                else [(node.module or "").split(".")[2]]
            )


def modules_of(part: str) -> list[str]:
    """Importable names of a part's modules; a folder ``modules`` holds torch modules, imported when a part is used."""
    found = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files(part)]
    return [name.removesuffix(".__init__") for name in found if ".modules" not in name]


def test_nothing_that_reads_papers_or_records_imports_torch() -> None:
    """In a fresh interpreter: all those modules, all registered parts, and a paper loaded, checked and planned."""
    code = f"""
import importlib, sys
from pathlib import Path
for module in {[module for part in WITHOUT_TORCH for module in modules_of(part)]}:
    importlib.import_module(module)
    loaded = [heavy for heavy in {HEAVY[:3]} if heavy in sys.modules]
    assert not loaded, f"{{module}} imports {{loaded}}"
from benchmark.runs.plan import make_plan
from benchmark.spec.load import load
from benchmark.spec.parts import REGISTRIES
from benchmark.spec.schema import schema_text
assert sum(len(registry.names()) for registry in REGISTRIES) > 20
schema_text()
for paper in sorted(Path("papers").glob("*.yaml")):
    spec = load(paper).spec
    for tier in ("full", "short", "smoke"):
        for run in make_plan(spec, tier):
            assert run.parameter_count > 0 and run.disk_bytes > 0
loaded = [heavy for heavy in {HEAVY[:3]} if heavy in sys.modules]
assert not loaded, f"loading or planning imports {{loaded}}"
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_parts_import_heavy_libraries_only_inside_their_methods() -> None:
    for kind in sorted(PARTS):
        for file in files(f"parts.{kind}"):
            if "modules" in file.relative_to(PACKAGE).parts:
                continue  # torch modules, imported when a part is used
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                heavy = [name for name in names if name.split(".")[0] in HEAVY]
                assert not heavy, f"{file.relative_to(ROOT)}:{node.lineno}: imports {heavy} when it is loaded"


@cache
def names_of_papers() -> set[str]:
    """Ids of papers, networks, systems and experiments, and the roles and players inside systems."""
    names: set[str] = set()
    for file in sorted((ROOT / "papers").glob("*.yaml")):
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        names.add(data["paper"]["id"])
        for section in ("networks", "systems", "experiments"):
            names |= set(data[section])
        for system in data["systems"].values():
            names |= {*system.get("networks", ()), *system.get("players", ())}
    return names


@cache
def names_of_parts() -> set[str]:
    """Names of parts; words that have a plain meaning too, or are functions of torch, are left out."""
    plain = {"tap", "linear", "normal", "constant", "flatten", "reshape", "upsample", "precision", "recall", "drift"}
    plain |= {
        "digits",
        "collapse",
        "duplicates",
        "orthogonal",
        "minimax",
        "hinge",
        "dropout",
        "adam",
        "sgd",
        "sigmoid",
        "tanh",
        "relu",
    }
    return {name for registry in REGISTRIES for name in registry.names()} - plain


def words(file: Path) -> dict[str, int]:
    """Identifiers and the words of texts in a file's code, docstrings and remarks left out, with a line of each."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            for word in re.findall(r"\w+", node.value):
                found.setdefault(word, node.lineno)
        for name in (getattr(node, "id", None), getattr(node, "attr", None), getattr(node, "arg", None)):
            if isinstance(name, str):
                found.setdefault(name, getattr(node, "lineno", 0))
    return found


#: torch's name for a source of random numbers is also what papers call one of their networks
TORCH_WORDS = {"generator", "Generator"}


#: what trains, samples and scores any paper
MACHINERY = ("training", "evaluation.scoring", "runs.runner")


@pytest.mark.parametrize("part", [*MACHINERY, "runs.engines"])
def test_the_machinery_knows_no_paper_and_no_part_by_name(part: str) -> None:
    contract = {*System.model_fields, *dir(Subject)}  # words of the machinery that a paper may use as names too
    for file in files(part):
        found, whole = words(file), texts(file.read_text(encoding="utf-8"))
        leaked = {name: found[name] for name in sorted((names_of_parts() - TORCH_WORDS - contract) & set(found))}
        leaked |= {name: whole[name] for name in sorted((names_of_papers() - TORCH_WORDS - contract) & set(whole))}
        assert not leaked, f"{file.relative_to(ROOT)}: {leaked}"


def texts(source: str) -> dict[str, int]:
    """Texts of some code, with a line of each: what a special case for a paper's name compares with.

    A variable or a word of a sentence may be called as a network of some paper is, ``reader`` say.
    """
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {node.value: node.lineno for node in nodes if isinstance(node.value, str)}


def test_a_name_is_a_special_case_as_a_text_alone() -> None:
    special = 'if run.paper == "began":\n    packed = reader("it began")'
    assert set(texts(special)) == {"began", "it began"}


def roles_in_texts(source: str) -> list[int]:
    """Lines where a text names a role, which only specs may do."""
    tree = ast.parse(source)
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value in ("generator", "discriminator", "encoder", "real_logit", "fake_logit", "fake")
    ]


def test_roles_are_never_texts_of_the_machinery() -> None:
    for part in (*MACHINERY, "runs.plan"):
        for file in files(part):
            assert roles_in_texts(file.read_text(encoding="utf-8")) == [], file
    assert roles_in_texts("x = networks['generator']") == [1], "the check sees what it looks for"


REGISTERED = [(registry, name, part) for registry in REGISTRIES for name, part in registry.items()]


@pytest.mark.parametrize(("registry", "name", "part"), REGISTERED, ids=lambda value: str(getattr(value, "kind", value)))
def test_parts_hide_no_setting(registry: object, name: str, part: type[Part]) -> None:
    """Every setting is written in the spec; defaults are an objective's neutral weight 1, and what no id holds."""
    own = part.__dict__.get("__doc__")
    assert own, f"{name} needs a docstring: it is what editors show"
    assert own.strip() != (Part.__doc__ or "").strip()
    for field, info in part.model_fields.items():
        if registry is OBJECTIVES and field == "weight":
            assert info.default == 1.0
        elif info.exclude_if is not None:
            assert info.default is None
        else:
            assert info.is_required(), f"{name}.{field} has a default"


def test_parts_lie_in_the_folder_of_their_kind() -> None:
    for registry, name, part in REGISTERED:
        assert part.__module__.startswith(registry.package + "."), name
        assert PACKAGE.joinpath(*registry.package.split(".")[1:]).is_dir()


def test_no_two_classes_have_one_name() -> None:
    """But a layer of a spec and the torch module that it builds, which are one thing."""
    places: dict[str, list[str]] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        where = file.relative_to(PACKAGE).parent.as_posix().removesuffix("/modules")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(f"{where}: {'module' if file.parent.name == 'modules' else ''}")
    several = {name: found for name, found in places.items() if len(found) > 1}
    assert "PixelNorm" in several, "the twins are seen"
    twins = ["parts/networks: ", "parts/networks: module"]
    assert {name: found for name, found in several.items() if sorted(found) != twins} == {}


def test_one_score_passes_through_at_most_twenty_files() -> None:
    tour = (ROOT / "docs" / "architecture.md").read_text()
    life = tour.partition("## The life of one score")[2].partition("\n## ")[0]
    files = re.findall(r"^\d+\. `([^`]+)`", life, re.MULTILINE)
    assert 15 < len(set(files)) == len(files) <= 20
    assert [file for file in files if not (PACKAGE / file).is_file()] == []
