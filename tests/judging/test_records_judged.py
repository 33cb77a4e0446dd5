"""Which records count: found wherever they lie; damaged, copied, edited and mixed ones are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmark.judging.judge import judge_papers, keep_states
from benchmark.judging.selftest import paper as made_up
from benchmark.runs.files import write_atomic
from benchmark.runs.records import RECORD, Stored, read_record, write_record_hash
from benchmark.spec.load import load
from benchmark.spec.quantities import Quantity

from .factory import cell, claim, evidence, expect, fid, paper, run, run_id, score, series, table
from .judged import BETTER, GOOD, SEEDS, verdicts


def test_records_are_found_wherever_they_lie(tmp_path: Path) -> None:
    stored = [run(tmp_path, "a", seed, folder="elsewhere", scores={"fid": score(GOOD[seed])}) for seed in SEEDS]
    found = verdicts(paper({"C1": claim({"bound": fid("a"), "below": 12.0})}), stored)
    assert (found.claims[0].state, found.stale, found.damage) == ("HOLDS", [], [])
    assert [(one.experiment, one.planned, one.finished, one.training_seconds) for one in found.experiments] == [
        ("a", 5, 5, 18000.0),
        ("b", 5, 0, 0.0),
        ("c", 5, 0, 0.0),
    ]


def test_stale_records_judge_nothing(tmp_path: Path) -> None:
    old = run(tmp_path, "old", 0, scores={"fid": score(1.0)})
    foreign = run(tmp_path, "other", 0, paper="other")
    found = verdicts(paper({"C1": BETTER}), [old, foreign])
    assert found.stale == [str(old.folder)]
    assert found.claims[0].state == "NOT RUN"


def test_the_same_seed_twice(tmp_path: Path) -> None:
    first, second = (run(tmp_path / name, "a", 0, scores={"fid": score(1.0)}) for name in "xy")
    (line,) = verdicts(paper(), [first, second]).damage
    assert line.startswith(f"{second.folder}: seed 0 of a at tier full is recorded in {first.folder}")


def test_copied_samples_are_not_an_independent_run(tmp_path: Path) -> None:
    stored = [
        run(tmp_path, "a", seed, scores={"fid": score(GOOD[seed])}, samples=b"same" if seed in (1, 3) else None)
        for seed in SEEDS
    ]
    found = verdicts(paper(tables={"T1": table({"x": {"A": cell(10.1, "a")}})}), stored)
    (line,) = found.damage
    assert line.startswith(f"{stored[3].folder}: same samples as seed 1")
    assert found.cells[0].measured is not None
    assert found.cells[0].measured.seeds[3] is None
    assert "not an independent run" in found.cells[0].measured.reasons[3]


def test_damage_is_told_of_the_paper_it_lies_in_by_its_place_below_the_results(tmp_path: Path) -> None:
    texts = {name: made_up.TEXT.replace(f"id: {made_up.PAPER}", f"id: {name}") for name in (made_up.PAPER, "other")}
    papers = []
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        papers.append(load(tmp_path / f"{name}.yaml"))
    results = tmp_path / "results"
    edited = made_up.made("plain", 0).write(results).folder
    (edited / "samples.npz").write_bytes(b"other")
    for name in texts:
        write_atomic(results / name / "plain" / "unreadable" / RECORD, b"{}")
    mine, others = (one.verdicts.damage for one in judge_papers(papers, results, "fp32", write=False))
    assert [line.split(": ")[0] for line in others] == [f"other/plain/unreadable/{RECORD}"]
    assert mine[0].startswith(f"{made_up.PAPER}/plain/unreadable/{RECORD}: ")
    assert mine[1:] == [f"{edited.relative_to(results)}/samples.npz has changed since its record was written"]


@pytest.mark.parametrize(
    ("how", "kept"),
    [
        ({}, True),
        ({"write": False}, False),
        ({"origin": "committed"}, False),
        ({"accepted": ("trained", "measured")}, False),
        ({"accepted": ("measured",)}, False),
    ],
)
def test_verdicts_are_kept_beside_this_machine_s_own_records_alone(
    tmp_path: Path, how: dict[str, Any], kept: bool
) -> None:
    file = tmp_path / "made_up.yaml"
    file.write_text(made_up.TEXT, encoding="utf-8")
    made_up.made("plain", 0).write(tmp_path / "results")
    (one,) = judge_papers([load(file)], tmp_path / "results", "fp32", **how)
    assert [run.record.seed for run in one.stored] == [0]
    assert (tmp_path / "results" / "verdicts" / f"{made_up.PAPER}.json").is_file() == kept


def test_changed_files_are_damage(tmp_path: Path) -> None:
    stored = [run(tmp_path, "a", seed, curves={"g": [1.0 + seed] * 100}) for seed in SEEDS]
    (stored[2].folder / "curves.npz").write_bytes(b"edited")
    (stored[4].folder / "samples.npz").unlink()
    whole = {"unit": "share", "start": 0, "end": 1}
    bound = claim({"bound": {"experiment": "a", "curve": "g", "statistic": {"mean": whole}}, "below": 9.0})
    found = verdicts(paper({"C1": bound}), stored)
    assert [line.rsplit("/", 1)[1] for line in found.damage] == [
        "curves.npz has changed since its record was written",
        "samples.npz is missing",
    ]
    seeds = found.claims[0].quantities[0].seeds
    assert (seeds[2], seeds[4]) == (None, 5.0)


def test_an_edited_seed_is_damage(tmp_path: Path) -> None:
    stored = series(tmp_path, "a", GOOD)
    file = stored[0].folder / RECORD
    edited = json.loads(file.read_text())
    edited["determinant"]["seed"] = 7
    file.write_text(json.dumps(edited))
    write_record_hash(file.parent, file.read_bytes())
    reread = [Stored(read_record(file), stored[0].folder), *stored[1:]]
    found = verdicts(paper(tables={"T1": table({"x": {"A": cell(10.1, "a")}})}), reread)
    assert found.damage == [f"{stored[0].folder}: run_id {run_id('a', 'full', 0)} is not the hash of its determinant"]
    assert found.cells[0].measured is not None
    assert found.cells[0].measured.seeds[0] is None


def test_without_a_seal_no_states_are_kept(tmp_path: Path) -> None:
    found = verdicts(paper({"C1": BETTER}), [])
    assert found.seal is None
    keep_states(tmp_path, found, [])
    assert not [*tmp_path.iterdir()]


def test_one_numerics_tier_counts_that_of_most_records(tmp_path: Path) -> None:
    expected: dict[str, Any] = {"a": {"full": {}}}
    stored = []
    for seed, numerics in enumerate(["fp32", "exact", "exact", "tomorrow"]):
        stored.append(run(tmp_path, "a", seed, numerics=numerics, scores={"fid": score(10.0 + seed / 10)}))
        expected["a"]["full"][seed] = stored[-1].record.run_id
    found = evidence(stored, expected)
    assert list(found.sample(Quantity(experiment="a", score="fid"), "full").values) == [1, 2, 3]
    (line,) = found.damage
    assert line == f"{stored[0].folder}: trained in fp32, others in exact: numerics tiers are not mixed"


def test_states_count_the_runs_and_the_seconds_of_each_tier(tmp_path: Path) -> None:
    stored = [
        run(tmp_path, "a", 0, seconds=100.0),
        run(tmp_path, "a", 1, seconds=50.0, status="diverged"),
        run(tmp_path, "a", 2, seconds=20.0, status="failed"),
        run(tmp_path, "a", 3, seconds=7.0),
        run(tmp_path, "a", 0, tier="short", seconds=5.0),
    ]
    found = evidence(stored, expect({"a": SEEDS}, tiers=("full", "short"))).states()
    assert [(one.tier, one.planned, one.finished, one.diverged, one.failed, one.training_seconds) for one in found] == [
        ("full", 5, 2, 1, 1, 177.0),
        ("short", 5, 1, 0, 0, 5.0),
    ]
    seconds = evidence(stored, expect({"a": SEEDS})).sample(Quantity(experiment="a", outcome="diverged"), "full")
    assert (seconds.values, seconds.resolution, seconds.runs) == ({0: 0.0, 1: 1.0, 3: 0.0}, 1.0, 4)


def test_one_run_under_several_seeds_counts_once(tmp_path: Path) -> None:
    several = series(tmp_path, "a", [10.123456789012, 10.123456789012, 10.5, 11.0, 10.2])
    found = verdicts(paper(tables={"T1": table({"x": {"A": cell(10.1, "a")}})}), several)
    (line,) = found.damage
    assert "same scores to the last digit as seed 0" in line
    assert found.cells[0].measured is not None
    assert found.cells[0].measured.seeds[1] is None
