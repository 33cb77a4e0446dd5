"""``selftest``: what it prints, when it fails, and the faults in tiny real runs."""

from __future__ import annotations

import json

import pytest

from benchmark.cli import main
from benchmark.commands import selftest
from benchmark.commands.real_faults import real_faults
from benchmark.judging.selftest import faults, rates
from benchmark.judging.selftest.faults import Caught
from benchmark.judging.selftest.rates import Rate


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "rates", lambda: [Rate(about="all", kind=k, wrong=1, judged=50) for k in KINDS])
    monkeypatch.setattr(selftest, "_FLIPS", 6)


KINDS = ("false pass", "false alarm")


@pytest.mark.usefixtures("few")
def test_it_prints_rates_faults_and_what_cannot_be_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest"]) == 0
    text = capsys.readouterr().out
    assert "false pass     2.0 %    1 of 50" in text
    assert "found  edited score" in text
    assert "6 of 6 found" in text
    assert "another learning rate than the record states" in text
    assert "MISSED" not in text


@pytest.mark.usefixtures("few")
def test_a_rate_above_the_limit_or_a_missed_fault_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each alone: everything else is in order."""
    with monkeypatch.context() as patch:
        patch.setattr(rates, "rates", lambda: [Rate(about="all", kind=k, wrong=4, judged=50) for k in KINDS])
        patch.setattr(selftest, "packed_faults", list)
        patch.setattr(faults, "planted", lambda: [Caught(fault="one", caught=True, finding="found")])
        patch.setattr(faults, "unseen", list)
        assert main(["selftest", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["rates"][0]["rate"] == 0.08
    assert all(one["caught"] for one in answer["planted"])
    monkeypatch.setattr(rates, "rates", lambda: [Rate(about="all", kind=k, wrong=0, judged=50) for k in KINDS])
    monkeypatch.setattr(selftest, "packed_faults", list)
    monkeypatch.setattr(faults, "findings", lambda *_: [])
    assert main(["selftest", "--json"]) == 1
    planted = json.loads(capsys.readouterr().out)["planted"]
    assert not any(one["caught"] for one in planted[1:])


@pytest.mark.slow
def test_faults_in_tiny_real_runs_are_found_by_their_record_or_by_training_a_little_again() -> None:
    found = {one.fault: one for one in real_faults()}
    assert [one.fault for one in found.values() if not one.caught] == []
    assert "weighted sum of its terms" in found["penalty of weight 0 labelled 5"].finding
    assert found["half of the data"].finding.startswith("record: trained on other data")
    for hidden in ("half of the data, its hash forged", "another seed", "another learning rate"):
        assert found[hidden].finding.startswith("replay: ")
