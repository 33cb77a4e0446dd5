"""The command line as a user meets it: exit codes, one-line errors, nothing heavy before it is needed."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.cli import main

ROOT = Path(__file__).parents[2]
DCGAN = str(ROOT / "papers" / "gan_dcgan_mnist.yaml")
TOY = str(ROOT / "tests" / "toy.yaml")


def run(*words: str, code: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "benchmark", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ})


def test_help_is_quick_and_light():
    """Python time of --help: best of three under 0.3 s, with nothing heavy imported."""
    seconds = []
    for _ in range(3):
        before = os.times()
        done = run("--help")
        after = os.times()
        seconds.append(after.children_user - before.children_user + after.children_system - before.children_system)
        assert done.returncode == 0
        assert "exit codes" in done.stdout
    assert min(seconds) < 0.3
    code = (
        "import sys; from benchmark.cli import parser; parser().format_help();"
        "print([n for n in ('torch', 'numpy', 'pandas', 'pydantic', 'yaml', 'matplotlib') if n in sys.modules])"
    )
    assert run(code=code).stdout.strip() == "[]"


def test_reading_commands_leave_torch_alone(tmp_path):
    several = [
        ["plan", DCGAN, "--json"],
        ["list"],
        ["validate", DCGAN, TOY],
        ["audit", TOY],
        ["judge", TOY, "--results", str(tmp_path)],
    ]
    code = (
        "import sys, io, contextlib; from benchmark.cli import main\n"
        f"for words in {several!r}:\n"
        "    with contextlib.redirect_stdout(io.StringIO()): code = main(words)\n"
        "    print(words[0], code, 'torch' in sys.modules)"
    )
    assert run(code=code).stdout.splitlines() == [f"{words[0]} 0 False" for words in several]


def test_plan_counts_by_hand(capsys, tmp_path):
    """60,000 images in batches of 100, incomplete batches dropped: 600 iterations an epoch."""
    assert main(["plan", DCGAN, "--json", "--results", str(tmp_path)]) == 0
    rows = {(row["experiment"], row["tier"]): row for row in json.loads(capsys.readouterr().out)}
    assert rows["gan", "full"]["iterations"] == 100 * 600
    assert rows["dcgan", "full"]["iterations"] == 50 * 600
    assert rows["gan", "full"]["images"] == 6_000_000
    assert rows["gan", "full"]["parameters"] == 1486352 + 1460225
    assert rows["gan", "full"]["missing"] is None or "ganrepro data fetch mnist" in rows["gan", "full"]["missing"]
    assert rows["gan", "smoke"]["dataset"] == "digits"
    assert len({run_id for row in rows.values() for run_id in row["run_ids"]}) == sum(
        row["runs"] for row in rows.values()
    )


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["run", "no_such_paper"], 2, "cannot be read"),
        (["run", DCGAN, "-e", "dcgann"], 2, "no experiment matches 'dcgann'"),
        (["run", DCGAN, "--tier", "short", "--data-root", "EMPTY"], 2, "ganrepro data fetch mnist"),
        (["run", TOY, "--tier", "smoke", "--device", "cuda:99"], 2, "--device cuda:99"),
        (["run", TOY, "--tier", "smoke", "--device", "fpga"], 2, "--device fpga"),
        (["run-one", "0123", TOY, "--tier", "smoke"], 2, "plans no run 0123"),
        (["run-one", "0123", TOY], 2, "needs --tier"),
        (["data", "verify", "mnistt"], 2, "did you mean 'mnist'"),
        (["data", "verify", "mnist", "--data-root", "EMPTY"], 1, None),
    ],
)
def test_bad_input_is_one_line_and_an_exit_code(words, code, says, capsys, tmp_path):
    words = [str(tmp_path) if word == "EMPTY" else word for word in words]
    extra = ["--results", str(tmp_path / "results")] if words[0].startswith("run") else []
    assert main([*words, *extra]) == code
    errors = capsys.readouterr().err
    assert "Traceback" not in errors
    assert says is None or says in errors
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("seeds", ["", "-1", "3-1", "1,1", "x", str(2**32)])
def test_bad_seeds_are_refused(seeds, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["plan", TOY, f"--seeds={seeds}"])
    assert caught.value.code == 2
    assert "seeds" in capsys.readouterr().err


def test_two_broken_specs_are_both_reported(capsys, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text("schema_version: 1\nwrong: 2\n")
    assert main(["validate", str(tmp_path / "one.yaml"), str(tmp_path / "two.yaml")]) == 2
    errors = capsys.readouterr().err
    assert "one.yaml:2:1: wrong: unknown key" in errors
    assert "two.yaml:2:1: wrong: unknown key" in errors


def test_an_empty_folder_of_papers_selects_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("GANREPRO_PAPERS", str(tmp_path))
    assert main(["list"]) == 5


def test_the_whole_pipeline_and_its_second_call(tmp_path):
    """Train, score, record, judge, report; then the same command again does nothing, quickly, and says so."""
    words = ["run", TOY, "--tier", "smoke", "--results", str(tmp_path), "-j", "2"]
    first = run(*words)
    assert first.returncode == 0, first.stderr
    assert "3 of 3 runs ended" in first.stderr
    page = tmp_path / "report" / "index.html"
    assert first.stdout.rstrip().splitlines()[-1].startswith("report: ")
    content = page.read_bytes()
    before = os.times()
    second = run(*words)
    assert second.returncode == 0
    assert "Nothing to train: all 3 runs are finished" in second.stderr
    assert os.times().children_user - before.children_user < 10
    assert page.read_bytes() == content
    assert second.stdout == first.stdout
    verdicts = json.loads((tmp_path / "verdicts" / "toy.json").read_text())
    assert {claim["state"] for claim in verdicts["claims"]} <= {
        "NOT COMPARABLE",
        "NOT RUN",
        "NOT ASSESSABLE",
        "VERIFIED BY TEST",
    }


def test_what_plan_leaves_to_do_run_one_does_as_the_engine_would(tmp_path, capsys):
    """Seed 5 is none of the spec's, and the folder has a name that a shell would split."""
    engine, one = tmp_path / "engine", tmp_path / "one by one"
    about = [TOY, "--tier", "smoke", "-e", "toy_minimax", "--seeds", "0,5"]
    assert main(["run", *about, "--results", str(engine), "--no-report", "--device", "cpu", "-j", "1"]) == 0

    def todo() -> list[str]:
        capsys.readouterr()
        assert main(["plan", *about, "--results", str(one), "--todo"]) == 0
        return capsys.readouterr().out.splitlines()

    lines = todo()
    assert len(lines) == 2
    assert main(["run-one", *shlex.split(lines[1]), "--device", "cpu"]) == 0
    assert todo() == lines[:1]
    assert main(["plan", *about, "--results", str(engine), "--todo"]) == 0
    assert capsys.readouterr().out == ""
    (file,) = one.glob("*/*/*/record.json")
    assert file.parent.name == lines[1].split()[0]
    ours, theirs = (
        json.loads((where / "toy" / "toy_minimax" / file.parent.name / "record.json").read_text())
        for where in (engine, one)
    )
    for volatile in ("timing", "environment"):
        ours.pop(volatile)
        theirs.pop(volatile)
    assert ours == theirs


def test_verifying_nothing_is_not_a_pass(tmp_path, capsys):
    assert main(["verify", str(tmp_path)]) == 5
    assert "holds no record" in capsys.readouterr().err
