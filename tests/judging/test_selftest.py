"""The self-test tested: it finds what it plants, stays silent on honest records, and notices a judge that is broken."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmark.judging import hypothesis_tests, inspection
from benchmark.judging.selftest import faults, paper, rates
from benchmark.judging.selftest.faults import planted, unseen
from benchmark.judging.selftest.rates import LIMIT


def test_every_planted_fault_is_named_and_honest_records_are_left_in_peace() -> None:
    found = planted()
    assert [one for one in found if not one.caught] == []
    assert found[0].fault == "none: honest records"
    assert len(found) > 25


def test_what_records_cannot_show_really_passes() -> None:
    """The list of what cannot be found must be true: a fault that is found belongs to the others."""
    assert [one.fault for one in unseen() if one.caught] == []


def test_honest_records_are_reproduced_and_hold(tmp_path) -> None:
    faults.honest(tmp_path)
    verdicts = faults.verdicts_in(tmp_path)
    assert {cell.state for cell in verdicts.cells} == {"REPRODUCED"}
    assert {claim.state for claim in verdicts.claims} == {"HOLDS"}


def test_a_judge_that_checks_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "contradictions", lambda *_: [])
    missed = {one.fault for one in planted() if not one.caught}
    assert {"edited score", "penalty trained with weight 0, labelled 5", "training stopped half way"} <= missed


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "_CELL_PAPERS", 40)
    monkeypatch.setattr(rates, "_CLAIM_PAPERS", 80)
    monkeypatch.setattr(rates, "_LAW_PAPERS", 40)


@pytest.mark.usefixtures("few")
def test_rates_count_what_they_say() -> None:
    every = rates.rates()
    found = {(one.about, one.kind): one for one in every if one.law == "normal"}
    assert found["number at the margin: REPRODUCED", "false pass"].judged == 80
    assert found["two untrue claims: any HOLDS", "false pass"].judged == 80
    assert all(0 <= one.wrong <= one.judged for one in found.values())
    assert found["number off by twice the margin: REPRODUCED", "false pass"].wrong == 0
    assert found["true claim: REVERSED", "false alarm"].wrong == 0
    assert {one.law for one in every} == {"normal", "skewed", "heavy-tailed", "two-mode"}
    number = {one.law: one for one in every if one.about == "number at the margin: REPRODUCED"}
    assert number["skewed"].rate > 2 * LIMIT, "22 to 24 % in long simulations: what is promised does not hold"
    assert number["skewed"].passed
    assert number["skewed"].judged == 80


@pytest.mark.parametrize("law", rates.LAWS)
def test_laws_have_mean_0_and_deviation_1(law: str) -> None:
    random = np.random.default_rng(2)
    values = [rates.LAWS[law](random) for _ in range(100_000)]
    assert np.mean(values) == pytest.approx(0, abs=0.02)
    assert np.std(values) == pytest.approx(1, abs=0.15)


@pytest.mark.usefixtures("few")
def test_a_judge_that_calls_not_different_the_same_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking an interval that touches the margin's zone for agreement is the classical mistake."""

    def lenient(estimate: hypothesis_tests.Estimate, margin: float, alpha: float = hypothesis_tests.ALPHA) -> str:
        low, high = estimate.interval(alpha)
        return "inside" if low < margin and high > -margin else "above" if low > margin else "below"

    monkeypatch.setattr(hypothesis_tests, "equivalence", lenient)
    worst = max(one.rate for one in rates._cells() if one.kind == "false pass")
    assert worst > 10 * LIMIT


@pytest.mark.usefixtures("few")
def test_a_judge_without_holm_and_level_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hypothesis_tests, "holm", lambda p_values: [p / 10 for p in p_values])
    assert max(one.rate for one in rates._claims() if "untrue claims: any HOLDS" in one.about) > LIMIT


def test_made_up_runs_have_the_ids_that_planning_gives(tmp_path) -> None:
    one = paper.made("plain", 2).write(tmp_path)
    assert one.folder == tmp_path / paper.runs()["plain", 2].folder
    assert json.loads((one.folder / "record.json").read_bytes())["run_id"] == one.folder.name
