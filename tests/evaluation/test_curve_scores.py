"""Scores of curves in a record: what training wrote there is what the curves give, and whoever edits one is found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmark.commands.verify import verified
from benchmark.evaluation.anchors import wanted
from benchmark.evaluation.rescoring import AXES, Scorer
from benchmark.judging.consistency import contradictions
from benchmark.runs import sidecars
from benchmark.runs.plan import make_run
from benchmark.runs.records import CURVES, RECORD, SAMPLES, RunRecord, Stored, read_record
from benchmark.runs.runner import OneRun
from benchmark.spec.source import SpecError
from benchmark.training.numerics import prepare
from tests.specs import load

TOY = Path(__file__).parents[1] / "toy.yaml"
PLAYERS = "first: discriminator_loss, second: generator_loss"
WHOLE = "window: {unit: share, start: 0.0, end: 1.0}"
SCORES = f"""    scores:
      gap: {{metric: {{loss_gap: {{{PLAYERS}, {WHOLE}}}}}, checkpoint: last, every: {{iterations: 20}}}}
      steadiness: {{metric: {{loss_fluctuation: {{curve: generator_loss, {WHOLE}, around: 5}}}}, checkpoint: last}}
      never: {{metric: {{balance_iteration: {{{PLAYERS}, bound: 1e-9, average: 5}}}}, checkpoint: last}}
"""


def spec_file(folder: Path, scores: str = SCORES) -> Path:
    """The toy paper with scores of curves beside its own."""
    file = folder / "toy.yaml"
    text = TOY.read_text()
    assert "    scores:\n" in text
    file.write_text(text.replace("    scores:\n", scores, 1))
    return file


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("curves")
    file = spec_file(folder)
    run = make_run(load(file).spec, "toy_minimax", "smoke", 0, "fp32")
    prepare(run.numerics, 1)
    record = OneRun(run, folder / "results", folder, "cpu").execute()
    return file, run, Stored(record, folder / "results" / run.folder)


def test_the_record_says_what_its_curves_give(trained) -> None:
    _, run, stored = trained
    scores, curves = stored.record.scores, stored.curves()
    gap = np.abs(curves["discriminator_loss"].astype(float) - curves["generator_loss"])
    assert [(at, pytest.approx(value)) for at, value in scores["gap"].series] == [
        (at, gap[:at].mean()) for at in (20, 40, 60)
    ]
    assert scores["gap"].value == pytest.approx(gap.mean())
    loss = curves["generator_loss"].astype(float)
    residual = loss[2:-2] - np.convolve(loss, np.ones(5) / 5, mode="valid")
    assert scores["steadiness"].value == pytest.approx(residual.std(ddof=1))
    assert scores["never"].value is None
    assert "does not stay below 1e-09 within 60 iterations" in str(scores["never"].reason)
    assert scores["gap"].protocol["iterations"] == run.iterations
    assert not {"generator_mode", "quantisation"} & set(scores["gap"].protocol), "nothing was sampled"
    assert {"generator_mode", "quantisation"} <= set(scores["good"].protocol)


def test_they_have_no_anchors_and_no_other_protocols(trained) -> None:
    _, run, stored = trained
    asked = {one.score for one in wanted([(run, stored.record)], sidecars.Companions(), "code")}
    assert asked == {"modes", "good"}
    grid = Scorer(run, stored.record, stored.folder, Path("none"), "cpu").grid(["gap"], AXES)
    assert grid.again == grid.recorded == {"gap": stored.record.scores["gap"].value}
    assert grid.variants == []


def edited(stored: Stored, folder: Path, **values: float) -> Stored:
    """A copy of the run with other values of its scores, its series changed in agreement."""
    data = stored.record.model_dump(mode="json")
    for name, value in values.items():
        data["scores"][name]["value"] = value
        for pair in data["scores"][name]["series"][-1:]:
            pair[1] = value
    place = folder / "results" / Path(*stored.folder.parts[-3:])
    place.mkdir(parents=True)
    for file in (CURVES, SAMPLES):
        (place / file).write_bytes((stored.folder / file).read_bytes())
    (place / RECORD).write_bytes(json.dumps(data).encode())
    return Stored(read_record(place / RECORD), place)


def test_an_edited_score_is_found_without_training_again(trained, tmp_path: Path) -> None:
    file, _, stored = trained
    assert contradictions(stored) == []
    assert not [line for line in verified(stored.folder.parents[2], [str(file)], "fp32").problems if "score" in line]
    changed = edited(stored, tmp_path, steadiness=0.001, gap=0.5)
    lines = contradictions(changed)
    assert len(lines) == 2
    assert "score gap is 0.5 at iteration 60, its curves give" in lines[0]
    assert "score steadiness is 0.001 at iteration 60, its curves give" in lines[1]
    found = verified(tmp_path / "results", [str(file)], "fp32").problems
    assert all(any(line in problem for problem in found) for line in lines)


def test_a_score_that_the_curves_do_not_give_at_all_is_found(trained, tmp_path: Path) -> None:
    _, _, stored = trained
    data = stored.record.model_dump(mode="json")
    data["scores"]["never"] |= {"value": 12.0, "reason": None, "iteration": 60}
    forged = Stored(RunRecord.model_validate_json(json.dumps(data)), stored.folder)
    (line,) = (line for line in contradictions(forged) if "its curves give" in line)
    assert "score never is 12.0 at iteration 60, its curves give none (does not stay below" in line


def test_a_curve_that_no_system_records_is_refused_by_the_loader(tmp_path: Path) -> None:
    file = spec_file(tmp_path, SCORES.replace("curve: generator_loss", "curve: generator_los"))
    with pytest.raises(SpecError, match=r"unknown curve 'generator_los', known: .*did you mean 'generator_loss'"):
        load(file)
