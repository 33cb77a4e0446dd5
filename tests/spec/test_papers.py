"""Every paper of the repository loads, and says so under its own name."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmark.spec.base import canonical
from benchmark.spec.load import load

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


def _rests(alternatives: Sequence[str]) -> list[str]:
    """What a comma without quotes cut off: the rest of a sentence, or of a number."""
    begun = [text for text in alternatives if re.match(r"(which|as|so|and|or|but|since|of)\b", text)]
    return begun + [
        text
        for before, text in itertools.pairwise(alternatives)
        if re.search(r"\D\d{1,3}$", before) and re.match(r"\d{3}\b(?! x)", text)
    ]


@pytest.mark.parametrize("file", PAPERS, ids=lambda file: file.stem)
def test_no_alternative_is_the_rest_of_a_sentence(file: Path) -> None:
    assert {name: rests for name, one in load(file).spec.unstated.items() if (rests := _rests(one.alternatives))} == {}


def test_a_list_split_by_its_own_comma_is_noticed() -> None:
    assert _rests(["with the 531", "131 easier ones", "5 x 5", "which that program advises"]) == [
        "which that program advises",
        "131 easier ones",
    ]
    assert _rests(["128 maps", "256", "128 x 128"]) == []
