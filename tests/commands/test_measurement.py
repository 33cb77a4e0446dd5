"""``score``, ``anchors`` and ``speed`` from the command line, and what the report shows of them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.commands import anchors
from benchmark.runs import sidecars
from benchmark.runs.files import to_json

TOY = str(Path(__file__).parents[1] / "toy.yaml")


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """One trained experiment; the cheap anchors are measured with it, however busy the machine is."""
    folder = tmp_path_factory.mktemp("results")
    words = ["run", TOY, "--tier", "smoke", "-e", "toy_minimax", "--results", str(folder), "-j", "1"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anchors, "_SECONDS", 300)
        assert main([*words, "--device", "cpu"]) == 0
    return folder


def run_id(results: Path) -> str:
    return next(results.glob("*/*/*/record.json")).parent.name


def test_a_run_leaves_anchors_in_the_report(results):
    """Eight modes in the real points, whatever the generator does."""
    known = sidecars.read(results).anchors
    assert {anchor.kind for anchor in known} == set(sidecars.KINDS)
    page = (results / "report" / "toy.html").read_text()
    assert re.search(r"<th[^>]*>real against real", page)
    row = page.partition('class="wrap">modes found')[2]
    assert re.findall(r'<td class="number">([^<]*)</td>', row)[0] == "8"


def test_anchors_are_there_already(results, capsys):
    before = {file: file.stat().st_mtime_ns for file in (results / "anchors").glob("*.json")}
    assert main(["anchors", TOY, "--results", str(results), "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    assert "0 measured now" in out
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert main(["anchors", TOY, "--results", str(results), "--device", "cpu", "--json"]) == 0
    rows = {row["score"]: row["anchors"] for row in json.loads(capsys.readouterr().out)}
    assert rows["modes"]["real"]["values"] == [8.0, 8.0]


READING = """
readings:
  rate:
    says: Another rate.
    of: [systems]
    change: {systems.toy_non_saturating.players.*.optimizer.adam.learning_rate: 2e-4}
"""


def test_a_run_under_a_reading_has_anchors_which_plan_counts_before_and_is_scored_again(tmp_path, capsys):
    spec, place = tmp_path / "toy.yaml", ["--results", str(tmp_path / "results")]
    spec.write_text(Path(TOY).read_text() + READING)
    about = [str(spec), "--tier", "smoke", "-e", "toy_minimax", "--reading", "rate", *place]

    def lacking() -> tuple[int, bool]:
        capsys.readouterr()
        assert main(["plan", *about, "--json"]) == 0
        (row,) = json.loads(capsys.readouterr().out)
        return row["anchors"], row["anchor_hours"] > 0

    assert lacking() == (2 * 4, True), "four kinds for each of two scores"
    assert main(["run", *about, "--device", "cpu", "-j", "1", "--no-report"]) == 0
    assert main(["plan", *about]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "0 of 1 runs left; ~0 s for 8 floors and ceilings that scores lack" in told
    assert main(["run", *about, "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    assert "report-rate" in out
    assert "Nothing has run yet" not in out
    assert [path.name for path in (tmp_path / "results").glob("report*")] == ["report-rate"], "none on the base"
    assert main(["anchors", str(spec), *place, "--device", "cpu", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {(row["tier"], row["reading"], row["score"], len(row["anchors"])) for row in rows} == {
        ("smoke", "rate", "modes", 4),
        ("smoke", "rate", "good", 4),
    }
    assert lacking() == (0, False)
    again = ["score", run_id(tmp_path / "results"), str(spec), *place, "--device", "cpu", "--score", "good", "--json"]
    assert main([*again, "--protocols", "noise"]) == 0
    grid = json.loads(capsys.readouterr().out)
    assert grid["again"] == grid["recorded"]


def test_a_grid_reaches_the_report(results, capsys):
    words = ["score", run_id(results)[:6], TOY, "--results", str(results), "--device", "cpu"]
    assert main([*words, "--score", "good", "--json"]) == 0
    grid = json.loads(capsys.readouterr().out)
    assert grid["again"] == grid["recorded"]
    assert set(grid["again"]) == {"good"}
    assert main([*words, "--protocols", "noise", "checkpoint"]) == 0
    out = capsys.readouterr().out
    assert "scored again" in out
    assert "count " not in out
    assert main([*words, "--score", "good", "--protocols", "count", "--counts", "2", "300"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "count 2 samples share of good samples does not take so many or so few" in out
    assert "count 300 samples instead of" in out
    (kept,) = sidecars.read(results).grids
    assert set(kept.again) == {"good", "modes"}, "scores and settings that were not scored again are kept"
    settings = [(variant.score, variant.axis, variant.setting) for variant in kept.variants]
    assert len(set(settings)) == len(settings)
    assert {("good", "noise"), ("good", "count"), ("modes", "noise")} <= {setting[:2] for setting in settings}
    file = kept.file(results)
    file.write_bytes(to_json({**json.loads(file.read_bytes()), "code": "0" * 64}))
    assert main([*words, "--score", "good", "--protocols", "noise"]) == 0
    assert "replaced what was scored before of good, modes: " in capsys.readouterr().err
    assert set(sidecars.read(results).grids[0].again) == {"good"}
    assert main(["report", TOY, "--results", str(results)]) == 0
    assert "How far the protocol alone moves a score" in (results / "report" / "toy.html").read_text()


def test_speed_is_kept_and_shown(results, capsys):
    words = ["speed", TOY, "--tier", "smoke", "-e", "toy_minimax", "--seconds", "1", "--rounds", "2"]
    assert main([*words, "--results", str(results), "--device", "cpu", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["loops"]) == {"toy/toy_minimax at smoke"}
    assert main(["speed", "--results", str(results), "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    assert "GFLOP/s" in out
    assert ", 1 thread\n" in out
    assert set(sidecars.read(results).calibrations[0].loops) == {"toy/toy_minimax at smoke"}, (
        "loops measured before are kept"
    )
    assert main(["report", TOY, "--results", str(results)]) == 0
    assert "times as long" in (results / "report" / "toy.html").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["score", "nothing"], "no run has an id"),
        (["score", "ID", TOY, "--score", "fidd"], "has no score 'fidd'"),
        (["score", "ID", TOY, "--protocols", "mod"], "did you mean 'mode'"),
        (["score", "ID", TOY, "--device", "fpga"], "--device fpga"),
        (["score", "ID", "gan_dcgan_mnist"], "gives no run"),
        (["score", "ID", "gan_dcgan_mnist"], "it is a run of toy"),
        (["speed", TOY, "-e", "no_such"], "no experiment matches"),
    ],
    ids=["run", "score", "axis", "device", "spec", "paper", "experiment"],
)
def test_bad_input_is_one_line(words, says, results, capsys):
    words = [run_id(results) if word == "ID" else word for word in words]
    assert main([*words, "--results", str(results)]) == 2
    errors = capsys.readouterr().err
    assert says in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("words", [["--seeds", "0-4"], ["--data-root", "."]])
def test_speed_offers_nothing_that_it_does_not_use(words, capsys):
    with pytest.raises(SystemExit):
        main(["speed", TOY, *words])
    assert f"unrecognized arguments: {' '.join(words)}" in capsys.readouterr().err


def test_an_edited_record_is_not_scored_again(results, tmp_path, capsys):
    shutil.copytree(results, tmp_path / "copy")
    (file,) = (tmp_path / "copy").glob(f"*/*/{run_id(results)}/record.json")
    file.write_text(file.read_text() + " ")
    assert main(["score", run_id(results), TOY, "--results", str(tmp_path / "copy")]) == 74
    assert "record.json has changed since it was written" in capsys.readouterr().err


def test_nothing_to_look_at_is_no_success(tmp_path, capsys):
    for command in (["anchors", TOY], ["equivalence", f"{TOY}/toy_minimax", "--numerics", "bf16", "--judge-only"]):
        assert main([*command, "--results", str(tmp_path)]) == 5
        assert "no run of " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
