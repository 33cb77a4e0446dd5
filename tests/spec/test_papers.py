"""Every paper of the repository loads, and says so under its own name."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.spec.load import canonical, load

PAPERS = sorted((Path(__file__).parents[2] / "papers").glob("*.yaml"))


def test_there_are_papers() -> None:
    assert PAPERS


@pytest.mark.parametrize("file", PAPERS, ids=lambda file: file.stem)
def test_paper_loads(file: Path) -> None:
    loaded = load(file)
    assert loaded.spec.paper.id == file.stem
    assert loaded.spec.experiments
    assert canonical(loaded.spec.model_dump(mode="json")) == canonical(load(file).spec.model_dump(mode="json"))


@pytest.mark.parametrize("file", PAPERS, ids=lambda file: file.stem)
def test_editors_find_the_schema(file: Path) -> None:
    first = file.read_text(encoding="utf-8").split("\n", 1)[0]
    assert first == "# yaml-language-server: $schema=paper.schema.json"
