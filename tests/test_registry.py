from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.registry import Part, Registry, RegistryError, did_you_mean, nearest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package ``found_parts`` on the import path; its modules are forgotten afterwards."""
    package = tmp_path / "found_parts"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield package
    for name in [name for name in sys.modules if name.split(".")[0] == "found_parts"]:
        del sys.modules[name]


def write(folder: Path, file: str, *names: str) -> None:
    lines = ["import sys", "from benchmark.registry import Part", "registry = sys.modules['found_parts'].registry"]
    for name in names:
        lines += [f"@registry.register({name!r})", f"class {name.title().replace('_', '')}(Part):", "    pass"]
    (folder / file).write_text("\n".join(lines) + "\n")


def registry_of(folder: Path) -> Registry[Part]:
    import importlib

    importlib.invalidate_caches()
    registry: Registry[Part] = Registry("gadget", "found_parts")
    module = importlib.import_module("found_parts")
    module.registry = registry  # type: ignore[attr-defined]
    return registry


def test_files_of_the_folder_are_found(folder: Path) -> None:
    write(folder, "second.py", "beta", "gamma")
    write(folder, "first.py", "alpha")
    registry = registry_of(folder)
    assert registry.names() == ["alpha", "beta", "gamma"]
    assert registry.get("beta").name == "beta"
    assert [name for name, _ in registry.items()] == registry.names()


def test_one_name_twice_is_an_error_that_names_both(folder: Path) -> None:
    write(folder, "first.py", "alpha")
    write(folder, "second.py", "alpha")
    with pytest.raises(
        RegistryError, match=r"gadget 'alpha' is registered twice: found_parts.first, found_parts.second"
    ):
        registry_of(folder).names()


def test_a_broken_file_is_not_forgotten_at_the_next_look_up(folder: Path) -> None:
    write(folder, "alpha.py", "alpha")
    (folder / "broken.py").write_text("1 / 0\n")
    registry = registry_of(folder)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            registry.names()


def test_unknown_name_says_what_is_known(folder: Path) -> None:
    write(folder, "alpha.py", "alpha")
    with pytest.raises(RegistryError, match=r"unknown gadget 'alhpa', known: alpha; did you mean 'alpha'\?"):
        registry_of(folder).get("alhpa")


def test_one_class_has_one_name() -> None:
    registry: Registry[Part] = Registry("gadget", "benchmark.parts.networks")

    class Gadget(Part):
        pass

    registry.register("one")(Gadget)
    registry.register("one")(Gadget)
    with pytest.raises(RegistryError, match="registered as 'one' too"):
        registry.register("two")(Gadget)


def test_a_subclass_has_its_own_name() -> None:
    registry: Registry[Part] = Registry("gadget", "benchmark.parts.networks")

    @registry.register("one")
    class One(Part):
        pass

    @registry.register("two")
    class Two(One):
        pass

    assert (One.name, Two.name) == ("one", "two")


@pytest.mark.parametrize("name", ["", "A", "a b", "../x", "1a", "a" * 65])
def test_names_are_keys_of_a_spec(name: str) -> None:
    registry: Registry[Part] = Registry("gadget", "benchmark.parts.networks")
    with pytest.raises(RegistryError, match="must be lower case"):
        registry.register(name)(type("Gadget", (Part,), {"__module__": __name__}))


def test_did_you_mean() -> None:
    assert did_you_mean("learky_relu", ["relu", "leaky_relu", "tanh"]) == "; did you mean 'leaky_relu'?"
    assert did_you_mean("qqq", ["relu"]) == ""
    assert nearest("x" * 100_000, ["relu"]) is None
