"""Every paper of the repository loads, and says so under its own name."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from benchmark.runs.plan import runs_of
from benchmark.spec.base import TIERS, canonical
from benchmark.spec.load import load
from benchmark.spec.readings import BASE

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


@pytest.mark.parametrize("file", PAPERS, ids=lambda file: file.stem)
def test_experiments_that_a_reading_is_said_to_change_are_those_whose_run_ids_differ(file: Path) -> None:
    """Of every planned reading, also on top of a ground: what is no other run must not count as another."""
    loaded = load(file)

    @cache
    def ids(name: str) -> dict[str, list[str]]:
        spec = loaded.readings.under(name)
        return {
            experiment: [run.run_id for tier in TIERS for run in runs_of(spec, experiment, tier, seeds=[0])]
            for experiment in spec.experiments
        }

    grounds = {name: name.partition("+")[0] for name in loaded.readings.planned if "+" in name}
    for name in loaded.readings.planned:
        for than in {BASE, grounds.get(name, BASE)}:
            differ = [one for one, own in ids(name).items() if own != ids(than)[one]]
            assert differ == loaded.readings.affected(name, than), (name, than)


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
