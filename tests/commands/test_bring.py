"""Evidence that somebody brings: refused before anything is written, or judged by itself and told whose word it is."""

from __future__ import annotations

import json
import os
import re
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.cli import main
from benchmark.evaluation.measure import against, measure, metric_of
from benchmark.judging.selftest.paper import TEXT, made
from benchmark.runs.records import RECORD, read_records

PROXY = """\
      proxy:
        metric:
          proxy_frechet_distance:
            {classifier: digits_8x8, samples: 200, reference: training_data, reference_images: all}
        checkpoint: last
"""
OF_NETWORK = """\
      accuracy:
        metric: {discriminator_accuracy: {network: discriminator, samples: 200, threshold: 0.0}}
        checkpoint: last
"""
WHO = ["--who", "A. Author", "--code", "https://example.org/code", "--commit", "abc123"]
HEAD = "experiment,score,seed,value,source,samples,checkpoint\n"
SEEDS = range(5)


@pytest.fixture
def spec(tmp_path: Path) -> str:
    file = tmp_path / "made_up.yaml"
    file.write_text(TEXT.replace("    snapshots:", f"{PROXY}    snapshots:", 1))
    return str(file)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def bring(spec: str, results: Path, *words: str) -> int:
    return main(["bring", spec, *words, *WHO, "--results", str(results), "--data-root", str(results.parent / "data")])


def judged(spec: str, results: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["judge", spec, "--results", str(results), "--json", *words]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)[0]
    return found


def values(place: Path, **over: str) -> str:
    """FID as the made-up paper prints it: 30 and 20, with a little spread over the seeds."""
    file = place / "values.csv"
    rows = [
        f"{experiment},fid,{seed},{level + 0.1 * seed},table in the appendix,{over.get('samples', '10000')},last\n"
        for experiment, level in (("plain", 29.8), ("penalised", 19.8))
        for seed in SEEDS
    ]
    file.write_text(HEAD + "".join(rows))
    return str(file)


def test_reported_values_are_judged_by_themselves_and_decide_where_accepted(
    spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring(spec, results, "--values", values(tmp_path)) == 0
    assert "--accept reported --results" in capsys.readouterr().out
    found = judged(spec, results, capsys)
    assert {one["state"] for one in found["cells"]} == {"NOT RUN"}
    assert found["seal"]["status"] == "intact"
    assert found["seal"]["says"].endswith(
        "as they were sealed; no run has ended here, all records are of what others brought"
    )
    (column,) = found["brought"]
    assert (column["word"], column["says"], column["accepted"]) == ("reported", "as reported by A. Author", False)
    assert (column["code"], column["commit"]) == ("https://example.org/code", "abc123")
    assert len(column["unchecked"]) == 2
    assert [one["state"] for one in column["cells"]] == ["REPRODUCED", "REPRODUCED"]
    assert {one["claim"]: one["state"] for one in column["claims"]} == {"MU-C1": "HOLDS"}
    assert main(["judge", spec, "--results", str(results)]) == 0
    assert "not accepted: decides nothing" in capsys.readouterr().out
    taken = judged(spec, results, capsys, "--accept", "trained", "--accept", "reported")
    assert [(one["state"], one["word"]) for one in taken["cells"]] == [("REPRODUCED", "reported")] * 2
    assert all(one["reason"].startswith("as reported by A. Author, not trained here:") for one in taken["cells"])
    assert main(["judge", spec, "--results", str(results), "--accept", "reported"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "T1/digits/plain published 30.0, reported 30.0: REPRODUCED as reported by A. Author" in out
    assert "seed 0: 29.8; seed 1: 29.9" in out
    assert main(["verify", str(results), spec]) == 0


def test_why_says_in_a_line_what_was_brought_and_that_it_decides_nothing(
    spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring(spec, results, "--values", values(tmp_path)) == 0
    for what, state, theirs in (("MU-C1", "NOT RUN", "HOLDS"), ("T1/digits/plain", "NOT RUN", "REPRODUCED")):
        capsys.readouterr()
        assert main(["why", what, spec, "--results", str(results)]) == 0
        said = capsys.readouterr().out
        assert said.startswith(f"{what}  {state}\n")
        told = f"brought: as reported by A. Author: {theirs}; it decides nothing here (`ganrepro judge --accept "
        assert " ".join(said.split()).count(told) == 1
    (tmp_path / "none").mkdir()
    assert main(["why", "MU-C1", spec, "--results", str(tmp_path / "none")]) == 0
    assert "brought" not in capsys.readouterr().out


def test_the_report_says_whose_word_a_verdict_rests_on(
    spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring(spec, results, "--values", values(tmp_path)) == 0
    formats = ["--format", "html", "--format", "markdown", "--format", "csv"]
    assert main(["report", spec, "--results", str(results), *formats]) == 0
    pages = {file.name: file.read_text() for file in (results / "report").iterdir() if file.suffix != ".json"}
    page = pages["made_up.html"]
    assert "Evidence as reported by A. Author" in page
    assert "not accepted: decides nothing" in page
    assert "Evidence as reported by A. Author" in pages["report.md"]
    for name in ("index.html", "report.md", "summary.txt"):
        assert "Nothing was trained here: evidence is as reported by A. Author" in " ".join(pages[name].split())
    assert '<em class="soft">' not in page, "nothing that was brought stands among the paper's own verdicts"
    assert main(["report", spec, "--results", str(results), *formats, "--accept", "reported"]) == 0
    page = (results / "report" / "made_up.html").read_text()
    assert page.count('<em class="soft">as reported by A. Author</em>') >= 3
    assert "as reported by A. Author" in (results / "report" / "tables.csv").read_text()


def test_what_is_brought_is_never_mixed_with_runs_trained_here(
    spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reported values far from ours leave ours to the last digit; ours not accepted decide nothing and are shown."""
    for seed in SEEDS:
        made("plain", seed, text=Path(spec).read_text()).write(results)
    before = judged(spec, results, capsys)["cells"]
    file = Path(values(tmp_path))
    file.write_text(file.read_text().replace("plain,fid,0,29.8", "plain,fid,0,300"))
    assert bring(spec, results, "--values", str(file)) == 0
    after = judged(spec, results, capsys, "--accept", "trained", "--accept", "reported")
    (ours,) = (one for one in after["cells"] if one["column"] == "plain")
    assert ours["measured"] == next(one["measured"] for one in before if one["column"] == "plain")
    assert ours["word"] == "trained"
    (theirs,) = (one for one in after["brought"][0]["cells"] if one["column"] == "plain")
    assert theirs["measured"]["seeds"]["0"] == 300
    only = judged(spec, results, capsys, "--accept", "measured")
    assert {one["state"] for one in only["cells"]} == {"NOT RUN"}
    assert [(one["word"], one["accepted"]) for one in only["brought"]] == [("trained", False), ("reported", False)]


def test_the_documented_example_can_be_brought_as_it_is_printed(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "bring.md").read_text()
    (file,) = re.findall(r"(?:^    experiment,score.*\n)(?:^    .*\n)+", page, flags=re.M)
    (tmp_path / "values.csv").write_text(textwrap.dedent(file))
    (paper,) = re.findall(r"ganrepro bring (\w+) --values values.csv", page)
    assert bring(paper, tmp_path / "results", "--values", str(tmp_path / "values.csv")) == 0


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("0.npy", "0.npy: no folder of an experiment; samples lie in"),
        ("plain", "plain: no folder of an experiment; samples lie in"),
        ("plain/0.npz", "0.npz: not a readable array (it holds no numbers alone)"),
    ],
)
def test_samples_that_lie_elsewhere_or_are_none_say_so_in_one_line(
    spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str, message: str
) -> None:
    file = tmp_path / "given" / place
    file.parent.mkdir(parents=True)
    file.write_text("x")
    assert bring(spec, results, "--samples", str(tmp_path / "given")) == 2
    assert message in capsys.readouterr().err


def test_fewer_seeds_than_planned_are_an_interim_look(
    spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "few.csv"
    file.write_text(HEAD + "".join(f"plain,fid,{seed},{30 + 0.1 * seed},log,10000,last\n" for seed in (11, 12, 13)))
    assert bring(spec, results, "--values", str(file)) == 0
    (cell,) = judged(spec, results, capsys)["brought"][0]["cells"]
    assert (cell["interim"], cell["planned"], len([one for one in cell["measured"]["seeds"].values() if one])) == (
        True,
        5,
        3,
    )


def test_values_under_another_protocol_have_a_reason_and_no_score(
    spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring(spec, results, "--values", values(tmp_path, samples="5000")) == 0
    assert "reported with samples 5000, the paper's protocol here has 10000" in capsys.readouterr().out
    assert all(one.record.scores["fid"].value is None for one in read_records(results, brought=True))
    assert judged(spec, results, capsys)["brought"][0]["cells"] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "plane,fid,0,30,log,,\n", "values.csv:2: made_up has no experiment 'plane'; did you mean 'plain'?"),
        (HEAD + "plain,fidd,0,30,log,,\n", "values.csv:2: plain has no score 'fidd'; did you mean 'fid'?"),
        (HEAD + "plain,fid,0,30,log,,\nplain,fid,0,31,log,,\n", "values.csv:3: seed 0 of plain has its fid a second"),
        (HEAD + "plain,fid,0,about 30,log,,\n", "values.csv:2: value 'about 30' is no number"),
        (HEAD + "plain,fid,0,nan,log,,\n", "values.csv:2: value 'nan' is no number"),
        (HEAD + "plain,fid,0,-5,log,,\n", "values.csv:2: -5 is no value of FID"),
        (HEAD + "plain,fid,-1,30,log,,\n", "values.csv:2: seed '-1' is no whole number"),
        (HEAD + "plain,fid,0,30,,,\n", "values.csv:2: no source"),
        (HEAD.replace("samples", "sample") + "plain,fid,0,30,log,9,\n", "no field 'sample'; did you mean 'samples'?"),
        ("experiment,score,seed,value\nplain,fid,0,30\n", "values.csv:1: no column 'source'"),
        (HEAD + "plain,fid,0\n", "values.csv:2: 3 cells, the head has 7"),
        (HEAD, "hold no rows"),
        ("\xff", "no column"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused_by_file_and_line(
    text: str, message: str, spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "values.csv").write_text(text, encoding="utf-8")
    assert bring(spec, results, "--values", str(tmp_path / "values.csv")) == 2
    assert message in capsys.readouterr().err
    assert not results.exists()


@pytest.mark.parametrize("option", ["--values", "--curves"])
def test_a_pipe_is_refused_and_not_waited_for(
    option: str, spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "values.csv")
    assert bring(spec, results, option, str(tmp_path / "values.csv")) == 2
    assert "values.csv: is no file" in capsys.readouterr().err
    assert not results.exists()


@pytest.mark.parametrize("who", ["", " ", "A.\nAuthor", "A. Auth\udcffr"])
def test_who_made_it_is_one_line_of_text(
    who: str, spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bring", spec, "--values", values(tmp_path), *WHO, "--who", who, "--results", str(results)]
    assert main(words) == 2
    assert f"--who takes one line of text, not {who!a}" in capsys.readouterr().err
    assert not results.exists()


def curves(place: Path, last: int, name: str = "discriminator_loss") -> str:
    file = place / "curves.csv"
    rows = [f"plain,{seed},{step},{1 + 0.001 * seed + 1 / step}\n" for seed in SEEDS for step in range(1, last + 1)]
    file.write_text(f"experiment,seed,iteration,{name}\n" + "".join(rows))
    return str(file)


def test_curves_decide_claims_about_curves(
    spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring(spec, results, "--curves", curves(tmp_path, 40)) == 0
    (claim,) = judged(spec, results, capsys)["brought"][0]["claims"]
    assert (claim["claim"], claim["state"], claim["seeds"]) == ("MU-C2", "HOLDS", 5)


@pytest.mark.parametrize(
    ("last", "name", "message"),
    [
        (39, "discriminator_loss", "curves.csv:196: seed 4 of plain ends at iteration 39, the paper's budget is 40"),
        (40, "discriminator_los", "no curve 'discriminator_los'; did you mean 'discriminator_loss'?"),
    ],
)
def test_curves_that_stop_early_or_have_no_name_here_are_refused(
    last: int, name: str, message: str, spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Path(curves(tmp_path, last, name)).read_text()
    if last == 39:  # seeds are read in order: only the last one stops early
        head, *rows = text.splitlines(keepends=True)
        full = [f"plain,{seed},40,1.0\n" for seed in range(4)]
        text = head + "".join("".join(rows[39 * s : 39 * s + 39]) + (full[s] if s < 4 else "") for s in SEEDS)
        message = message.replace("196", "200")
    (tmp_path / "curves.csv").write_text(text)
    assert bring(spec, results, "--curves", str(tmp_path / "curves.csv")) == 2
    assert message in capsys.readouterr().err
    assert not results.exists()


def test_samples_are_measured_here_kept_as_moments_packed_and_verified(
    spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GANREPRO_CACHE", raising=False)
    monkeypatch.delenv("GANREPRO_WEIGHTS", raising=False)
    reference = against("digits", tmp_path, "cpu", (1, 8, 8))
    digits = reference.real(None)
    place = tmp_path / "given" / "plain"
    place.mkdir(parents=True)
    for seed in range(3):
        np.savez(place / f"{seed}.npz", digits[200 * seed : 200 * (seed + 1)].transpose(0, 2, 3, 1))
    np.save(place / "3.npy", digits[:50])
    np.save(place / "4.npy", np.zeros((200, 1, 9, 9), np.uint8))
    assert bring(spec, results, "--samples", str(tmp_path / "given")) == 0
    by_seed = {one.record.seed: one.record for one in read_records(results, brought=True)}
    for seed in range(3):
        metric = metric_of("proxy_frechet_distance:classifier=digits_8x8", 200)
        samples = digits[200 * seed : 200 * (seed + 1)]
        (expected,) = measure(samples, reference, [metric], tmp_path, "cpu", anchors=False)
        assert by_seed[seed].scores["proxy"].value == pytest.approx(expected.value, rel=1e-6)
        assert "generator_mode" not in by_seed[seed].scores["proxy"].protocol
    assert by_seed[3].scores["proxy"].reason == "200 samples asked for, 50 supplied"
    assert "have shape (200, 1, 9, 9)" in str(by_seed[4].scores["proxy"].reason)
    assert "missing" in str(by_seed[0].scores["fid"].reason)
    judged(spec, results, capsys)
    assert main(["verify", str(results), spec]) == 0
    assert "3 scores" in capsys.readouterr().out
    assert main(["pack", spec, "--results", str(results), "-o", str(tmp_path / "pack.zip")]) == 0
    assert main(["verify", str(tmp_path / "pack.zip")]) == 0
    (place / "0.npz").write_text("no array: nothing is read before it is known to be new")
    assert bring(spec, results, "--samples", str(tmp_path / "given")) == 2
    told = capsys.readouterr().err
    (folder,) = (one.folder for one in read_records(results, brought=True) if one.record.seed == 0)
    assert f"has been brought before; was that a mistake, delete {folder}" in told
    file = next(results.glob(f"*/plain/*/{RECORD}"))
    file.write_text(file.read_text().replace("A. Author", "B. Author"))
    assert main(["verify", str(results), spec]) == 1
    assert main(["judge", spec, "--results", str(results)]) == 0
    assert "has changed since it was written" in " ".join(capsys.readouterr().out.split())


def test_what_supplied_samples_measure_is_told_where_they_are_judged_whether_or_not_a_claim_asks_for_it(
    spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More samples help a proxy score, and none a score of the trained networks."""
    monkeypatch.delenv("GANREPRO_CACHE", raising=False)
    Path(spec).write_text(TEXT.replace("    snapshots:", f"{PROXY}{OF_NETWORK}    snapshots:", 1))
    digits = against("digits", tmp_path, "cpu", (1, 8, 8)).real(None)
    place = tmp_path / "given" / "plain"
    place.mkdir(parents=True)
    np.save(place / "0.npy", digits[:200])
    np.save(place / "1.npy", digits[200:250])
    assert bring(spec, results, "--samples", str(tmp_path / "given")) == 0
    told = capsys.readouterr().out
    assert told.count("accuracy none: there is no trained network here") == 2
    assert "proxy none: 200 samples asked for, 50 supplied" in told
    assert f"ganrepro judge made_up --accept measured --results {results}" in told
    (column,) = judged(spec, results, capsys, "--accept", "measured")["brought"]
    assert column["claims"] == column["cells"] == []
    scores = {one["label"]: one for one in column["scores"]}
    assert {*scores} == {"fid", "proxy", "accuracy"}
    assert {*scores["proxy"]["seeds"]} == {"0", "1"}, "nothing is said of seeds that nobody supplied"
    value = scores["proxy"]["seeds"]["0"]
    assert value is not None
    assert main(["judge", spec, "--results", str(results)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"seed 0: {value:.5g}; none of seed 1: " in told
    assert "none of seeds 0, 1: discriminator accuracy not measured: there is no trained network here" in told
    assert main(["report", spec, "--results", str(results)]) == 0
    for page in ("made_up.html", "report.md"):
        assert f"seed 0: {value:.5g}; none of seed 1: " in (results / "report" / page).read_text()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("plane/0.npy",), "no experiment 'plane'; did you mean 'plain'?"),
        (("plain/first.npy",), "'first' is no seed"),
        (("plain/0.npy", "plain/0.npz"), "seed 0 is in"),
        (("plain/0.npy", "plain/1.npy"), "not a readable array"),
    ],
)
def test_samples_that_cannot_be_placed_are_refused_before_anything_is_written(
    names: tuple[str, ...], message: str, spec: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in names:
        file = tmp_path / "given" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"no array")
    np.save(tmp_path / "given" / names[0], np.zeros((200, 1, 8, 8), np.uint8))
    assert bring(spec, results, "--samples", str(tmp_path / "given")) == 2
    assert message in capsys.readouterr().err
    assert not results.exists()
