"""The committed evidence is what its records say, and gives the verdicts that the README tells."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmark.commands.report import under_reading
from benchmark.commands.verify import verified
from benchmark.judging.judge import SealedStates, expected_ones, judge_papers, states_file, verdicts_on
from benchmark.judging.readings import beyond
from benchmark.reporting.report import cover_page
from benchmark.reporting.summary import summary_table
from benchmark.reporting.view import paper_view
from benchmark.runs.files import read_as
from benchmark.runs.plan import make_plan, run_ids
from benchmark.runs.records import read_records
from benchmark.spec.readings import BASE
from tests.specs import load

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "results" / "reference"
#: verdicts in the README's table
TOLD = {
    "DG-C1": "NOT MEASURED",
    "DG-C2": "HOLDS",
    "DG-C3": "INTERIM",
    "DG-C4": "INTERIM",
    "DG-C5": "HOLDS IN PART",
    "DG-C6": "INTERIM",
    "DG-C7": "REVERSED IN PART",
    "DG-C8": "REVERSED IN PART",
}


def test_all_that_was_committed_is_there() -> None:
    """What each record says is computed again by ``verify``, which CI calls for every set."""
    sets = [folder for folder in sorted(REFERENCE.iterdir()) if folder.is_dir()]
    assert {folder.name: len([*read_records(folder)]) for folder in sets} == {
        "default-job": 15,
        "digits-small": 67,
        "digits-wide": 11,
        "fashion-short": 18,
        "mnist-cpu": 2,
        "mnist-h200": 6,
        "toy-narrow": 330,
        "toy-wide": 4,
    }


@pytest.mark.parametrize(("name", "runs", "scores"), [("mnist-h200", 6, 30), ("toy-wide", 4, 8)])
def test_every_record_agrees_with_its_files_and_its_scores(name: str, runs: int, scores: int) -> None:
    found = verified(REFERENCE / name, (), "fp32")
    assert (found.records, found.rescored) == (runs, scores)
    assert found.problems == []


@pytest.mark.parametrize("system", ["gan", "lsgan"])
def test_another_momentum_trained_alike_before_the_two_were_one_training(system: str) -> None:
    """LS-I11, seen in 18,760 iterations that were trained twice."""
    stored = {(run.record.experiment, run.record.seed): run for run in read_records(REFERENCE / "fashion-short")}
    first, second = (stored[name, 0] for name in (f"{system}_batch_norm", f"{system}_batch_norm_005"))
    assert "trained_with" not in second.record.environment
    ours, theirs = first.curves(), second.curves()
    assert len(ours["generator_loss"]) == 18_760
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert first.record.scores["clothes_distance"].value != second.record.scores["clothes_distance"].value


@pytest.mark.parametrize("system", ["toy_minimax", "toy_non_saturating", "toy_reconstruction"])
def test_a_training_that_was_repeated_has_the_same_curves(system: str) -> None:
    """Two readings that count modes otherwise, trained apart, by other versions of the code."""
    stored = {run.record.run_id: run for run in read_records(REFERENCE / "toy-narrow")}
    loaded = load(ROOT / "papers" / "gan_rl.yaml")
    first, second = (
        [stored[run.run_id] for run in make_plan(loaded.under(reading), "full", experiments=[system], seeds=range(5))]
        for reading in ("narrow", "narrow+within_10_deviations")
    )
    for one, other in zip(first, second, strict=True):
        assert one.record.hashes["code"] != other.record.hashes["code"]
        ours, theirs = one.curves(), other.curves()
        assert len(ours["generator_loss"]) == 30_000
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_verdicts_under_readings_are_among_the_states_that_are_kept() -> None:
    kept = read_as(states_file(REFERENCE / "toy-narrow", "gan_rl"), SealedStates)
    assert kept.states["narrow: RL-C21"] == "REVERSED IN PART"
    assert kept.states["RL-C21"] == "NOT RUN", "the base is another folder's"


def test_runs_under_readings_of_the_base_alone_are_shown_with_it() -> None:
    loaded = load(ROOT / "papers" / "gan_rl.yaml")
    (found,) = under_reading([loaded], REFERENCE / "toy-wide", "fp32", None)
    states = {
        one.reading: one.state
        for across in found.verdicts.readings
        if (across.claim, across.ground) == ("RL-C21", "base")
        for one in across.readings
    }
    assert states["base"] == "NOT RUN"
    assert states["iterations_20k"] == states["iterations_10k"] == "INTERIM"
    assert under_reading([loaded], REFERENCE / "mnist-cpu", "fp32", None) == [], "another paper's"


@pytest.mark.parametrize(
    ("name", "paper"),
    [
        ("toy-narrow", "gan_rl"),
        ("digits-small", "facegans"),
        ("digits-wide", "facegans"),
        ("toy-wide", "gan_rl"),
        ("mnist-cpu", "gan_dcgan_mnist"),
    ],
)
def test_every_run_is_counted_once_by_its_ground_or_beside_it(name: str, paper: str) -> None:
    loaded, stored = load(ROOT / "papers" / f"{paper}.yaml"), list(read_records(REFERENCE / name))
    counted = Counter()
    for ground in (None, *loaded.readings.grounds):
        own = expected_ones(stored, run_ids(loaded.under(ground), "fp32"))
        counted.update(run.record.run_id for run in (*own, *beyond(loaded, ground or BASE, stored, "fp32")))
    assert counted == dict.fromkeys((run.record.run_id for run in stored), 1)


def test_the_summary_counts_runs_of_other_readings() -> None:
    loaded = load(ROOT / "papers" / "gan_rl.yaml")
    text = summary_table(judge_papers([loaded], REFERENCE / "toy-wide", "fp32", write=False))
    of = Counter(run.record.reading is None for run in read_records(REFERENCE / "toy-wide"))
    assert f"{of[True]}/610 full" in text
    assert f" {of[False]} under\n" in re.sub(r" +\n", "\n", text), "in the last column: under other readings"
    assert "0.0 s" not in text, "they took time"


def test_the_cover_says_what_each_set_decides_and_what_it_holds_besides() -> None:
    loaded = load(ROOT / "papers" / "facegans.yaml")
    base, ground = (
        paper_view(known)
        for reading in (None, "small_digits")
        for known in judge_papers([loaded], REFERENCE / "digits-small", "fp32", reading, write=False)
    )
    assert [(state.word, count) for state, count, _ in ground.found] == [("HOLDS", 2), ("HOLDS IN PART", 1)]
    assert base.found == []
    besides = len(list(read_records(REFERENCE / "digits-small"))) - len(ground.stored)
    row = cover_page([base], [], [ground]).split('<tr class="also">')[1].split("</tr>")[0]
    assert f"under other readings: {besides}<" in row
    (alone,) = judge_papers([loaded], REFERENCE / "digits-small", "fp32", "small_digits+two_sigmoids", write=False)
    assert alone.beyond == [], "nothing is tried on what is no ground"


def test_the_readme_tells_the_verdicts_that_follow_today() -> None:
    file = ROOT / "papers" / "gan_dcgan_mnist.yaml"
    loaded = load(file)
    folder = REFERENCE / "mnist-h200"
    stored = list(read_records(folder))
    verdicts = verdicts_on(loaded, file.read_bytes(), stored, run_ids(loaded.spec, "fp32"), folder)
    assert not verdicts.stale, "no record is of another spec than today's"
    assert {claim.claim: claim.state for claim in verdicts.claims if claim.claim in TOLD} == TOLD
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:] for line in readme.splitlines() if line.startswith("| DG-C")]
    told = {claim.strip(): state.partition("(")[0].strip() for claim, _, state, *_ in rows}
    assert told == {claim: state for claim, state in TOLD.items() if claim in told}
    assert len(told) >= 6
