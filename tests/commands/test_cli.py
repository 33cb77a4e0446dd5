"""The command line as a user meets it: exit codes, one-line errors, nothing heavy before it is needed."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmark.cli import main, parser
from benchmark.commands import run as run_command
from benchmark.commands.report import reference_evidence
from benchmark.commands.select_runs import load_papers
from benchmark.runs import sidecars
from benchmark.runs.records import read_records
from tests.judging.test_readings_of_records import READINGS, runs
from tests.judging.test_readings_of_records import record as made
from tests.spec.small import TEXT
from tests.specs import load

ROOT = Path(__file__).parents[2]
DCGAN = str(ROOT / "papers" / "gan_dcgan_mnist.yaml")
TOY = str(ROOT / "tests" / "toy.yaml")
SMALL = str(ROOT / "tests" / "spec" / "small.yaml")


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
        "import sys; from benchmark.cli import parser; parser(()).format_help();"
        "print([n for n in ('torch', 'numpy', 'pandas', 'pydantic', 'yaml', 'matplotlib') if n in sys.modules])"
    )
    assert run(code=code).stdout.strip() == "[]"


def test_reading_commands_work_without_what_training_needs(tmp_path):
    """As in an installation without the extra: importing torch and its company fails."""
    results = tmp_path / "results"
    shutil.copytree(ROOT / "results" / "reference" / "default-job", results)
    formats = [word for name in ("html", "markdown", "csv", "latex") for word in ("--format", name)]
    where = ["gan_dcgan_mnist", "--results", str(results)]
    several = [
        (["list"], 0),
        (["validate", DCGAN, TOY], 0),
        (["audit", TOY], 0),
        (["plan", DCGAN, "--json"], 0),
        (["status", *where], 0),
        (["judge", *where], 0),
        (["why", "DG-C5", *where], 0),
        (["report", *where, *formats], 0),
        (["compare", str(results), str(results)], 0),
        (["pack", *where, "-o", str(tmp_path / "pack.zip")], 0),
        (["run", TOY, "--tier", "smoke", "--results", str(tmp_path / "none"), "--device", "cpu"], 2),
        (["sys-info"], 0),
    ]
    code = (
        "import sys, io, contextlib\n"
        "for name in ('torch', 'torchvision', 'torch_fidelity', 'sklearn', 'safetensors'): sys.modules[name] = None\n"
        "from benchmark.cli import main\n"
        f"for words, _ in {several!r}:\n"
        "    with contextlib.redirect_stdout(io.StringIO()): code = main(words)\n"
        "    print(words[0], code)"
    )
    done = run(code=code)
    assert done.stdout.splitlines() == [f"{words[0]} {expected}" for words, expected in several], done.stderr
    assert "this needs torch: pip install 'ganrepro[train]'" in done.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["run", "gan_rll"], 2, "did you mean 'gan_rl'"),
        (["plan", DCGAN, "--claim", "DG-C55"], 2, "did you mean 'DG-C5'"),
        (["judge", TOY, "--results", "EMPTY/none"], 2, "there is no results folder"),
        (["report", TOY, "--results", "EMPTY/none"], 2, "there is no results folder"),
        (["why", "DG-C55", "--results", "EMPTY"], 2, "did you mean 'DG-C5'"),
        (["run", DCGAN, "-e", "dcgann"], 2, "no experiment matches 'dcgann'"),
        (["plan", "-e", "dcgann"], 2, "ganrepro: no experiment matches 'dcgann'; did you mean 'dcgan'?"),
        (["plan", DCGAN, "--claim", "DG-C9"], 5, "no experiment regenerates DG-C9"),
        (
            ["plan", SMALL, "-e", "ring", "--tier", "short"],
            5,
            "no experiment here has tier short: --tier full or smoke",
        ),
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
    words = [word.replace("EMPTY", str(tmp_path)) for word in words]
    extra = ["--results", str(tmp_path / "results")] if words[0].startswith("run") else []
    assert main([*words, *extra]) == code
    errors = capsys.readouterr().err
    assert "Traceback" not in errors
    assert says is None or says in errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seeds", ["", "-1", "3-1", "1,1", "x", str(2**32), "0-99999999999", "0-20000"])
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


def test_a_file_of_tables_alone_is_in_no_commands_way(capsys, tmp_path, monkeypatch):
    """`ganrepro new --tables-only` puts one beside the papers with experiments."""
    monkeypatch.setenv("GANREPRO_PAPERS", str(tmp_path))
    (tmp_path / "toy.yaml").write_text(Path(TOY).read_text())
    assert main(["new", "printed", "--tables-only"]) == 0
    results = tmp_path / "results"
    results.mkdir()
    for words, says in (
        (["plan"], "toy_minimax"),
        (["plan", "-e", "toy_minimax"], "toy_minimax"),
        (["status"], "left"),
    ):
        capsys.readouterr()
        assert main([*words, "--tier", "smoke", "--results", str(results)]) == 0
        assert says in capsys.readouterr().out
    assert main(["plan", "printed"]) == 5
    assert "these papers have no experiment" in capsys.readouterr().err


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


def test_verifying_nothing_is_not_a_pass(tmp_path, capsys):
    assert main(["verify", str(tmp_path)]) == 5
    assert "holds no record" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["judge"], ["plan"], ["run", "--tier", "smoke"], ["status"]])
def test_a_file_where_results_belong_is_named(command, capsys, tmp_path):
    (tmp_path / "record.json").write_text("{}")
    assert main([*command, "gan_dcgan_mnist", "--results", str(tmp_path / "record.json")]) == 74
    assert capsys.readouterr().err == f"ganrepro: {tmp_path / 'record.json'}: is a file, results lie in a folder\n"
    assert (tmp_path / "record.json").read_text() == "{}"


def test_a_reader_that_stops_early_is_no_error():
    """As `| head -1` does, and with an output that is closed from the start."""
    command = f"{shlex.quote(sys.executable)} -m benchmark"
    for line in (
        f"set -o pipefail; {command} schema | head -1",
        f"{command} schema >&-",
        f"{command} list --json | true",
    ):
        done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), line


def test_without_words_the_help_is_printed(capsys):
    assert main([]) == 0
    assert "exit codes" in capsys.readouterr().out


def test_a_misspelt_command_is_told_with_the_nearest(capsys):
    with pytest.raises(SystemExit):
        main(["jugde"])
    assert "did you mean 'judge'" in capsys.readouterr().err


def test_a_new_paper_loads_plans_and_is_never_overwritten(capsys, tmp_path):
    for words, name in (([], "whole"), (["--tables-only"], "printed")):
        file = tmp_path / f"{name}.yaml"
        assert main(["new", name, *words, "-o", str(file)]) == 0
        assert main(["validate", str(file)]) == 0
        content = file.read_bytes()
        assert main(["new", name, *words, "-o", str(file)]) == 2
        assert file.read_bytes() == content
        assert main(["audit", str(file)]) == 0
    capsys.readouterr()
    assert main(["plan", str(tmp_path / "whole.yaml"), "--tier", "smoke", "--json", "--results", str(tmp_path)]) == 0
    assert [row["iterations"] for row in json.loads(capsys.readouterr().out)] == [1797 // 64] * 2


def test_no_paper_has_the_name_of_a_folder_that_results_have(capsys, tmp_path, monkeypatch):
    """Such a paper's runs would lie among what belongs to no run; committed results show such names."""
    monkeypatch.setenv("GANREPRO_PAPERS", str(tmp_path))
    papers = {file.stem for file in (ROOT / "papers").glob("*.yaml")}
    found = {path.name for path in (ROOT / "results" / "reference").glob("*/*/")} - papers
    assert found >= {"seals"}
    for name in (*found, *sidecars.FOLDERS):
        assert main(["new", name]) == 2
        assert "is a folder of every results folder" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_why_names_values_and_the_records_that_they_are_from(capsys):
    assert main(["why", "DG-C6", "--results", str(ROOT / "results" / "reference" / "mnist-h200")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    records = [
        json.loads(file.read_text())
        for file in (ROOT / "results" / "reference" / "mnist-h200").glob("*/*/*/record.json")
    ]
    assert len(records) == 6
    for record in records:
        assert f"{record['run_id']}/record.json" in told
        assert f"{record['scores']['sharpness_gap']['value']:.5g}" in told


def test_judge_names_the_readings_that_have_runs_where_the_one_asked_for_has_none(capsys):
    folder = str(ROOT / "results" / "reference" / "digits-wide")
    assert main(["judge", "facegans", "--results", folder, "--reading", "small_digits"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    of = Counter(run.record.reading for run in read_records(ROOT / "results" / "reference" / "digits-wide"))
    ranked = sorted(of.items(), key=lambda one: ("+" in one[0], -one[1]))
    told = ", ".join(f"{reading} ({count})" for reading, count in ranked)
    assert f"no finished run here is of this reading; finished runs are of: {told}" in out
    assert main(["judge", "facegans", "--results", folder, "--reading", "digits_at_32"]) == 0
    assert "no finished run" not in capsys.readouterr().out


def test_papers_without_the_reading_are_told(capsys):
    papers = ["gan_rl", "gan_dcgan_mnist", "sn_gan"]
    assert main(["plan", *papers, "--reading", "small_gan", "--reading", "base"]) == 0
    assert "left out" not in capsys.readouterr().err, "every paper has a base"
    assert main(["plan", *papers, "--reading", "small_gan", "--json"]) == 0
    told = capsys.readouterr()
    assert told.err == "left out, without reading small_gan: gan_rl, sn_gan\n"
    assert {one["paper"] for one in json.loads(told.out)} == {"gan_dcgan_mnist"}


@pytest.mark.parametrize(
    ("reading", "reports"),
    [
        (None, {None: ["gan_dcgan_mnist", "gan_rl"]}),
        (["base"], {None: ["gan_dcgan_mnist", "gan_rl"]}),
        (["small_gan", "base"], {"small_gan": ["gan_dcgan_mnist"], None: ["gan_dcgan_mnist", "gan_rl"]}),
        (["beta_09", "small_gan"], {"beta_09": ["gan_dcgan_mnist"], "small_gan": ["gan_dcgan_mnist"]}),
        (["all"], {None: ["gan_dcgan_mnist", "gan_rl"]}),
    ],
)
def test_reports_of_a_run_are_under_its_readings_and_the_base_s_on_all_that_has_runs(
    reading, reports, tmp_path, monkeypatch
):
    of = {}

    def summarise(papers, results, numerics, *, reading, quiet):
        of[reading] = [loaded.spec.paper.id for loaded in papers]
        return []

    (tmp_path / "gan_rl" / "toy_minimax" / "0123").mkdir(parents=True)
    monkeypatch.setattr(run_command, "summarise", summarise)
    options = argparse.Namespace(papers=["gan_dcgan_mnist"], reading=reading, numerics="fp32", json=False)
    run_command._reports(options, load_papers(["gan_dcgan_mnist"]), tmp_path)
    assert of == reports


def test_names_of_readings_and_experiments_may_be_joined_by_commas(capsys):
    words = ["plan", "gan_dcgan_mnist", "--tier", "full", "--json"]
    assert main([*words, "-e", "gan,dcgan", "--reading", "small_gan,base"]) == 0
    joined = capsys.readouterr().out
    assert main([*words, "-e", "gan", "-e", "dcgan", "--reading", "small_gan", "--reading", "base"]) == 0
    assert json.loads(joined) == json.loads(capsys.readouterr().out) != []


def test_why_under_a_reading(capsys):
    """Under the base there are no runs of it, under the reading some of each system."""
    words = ["why", "FG-C12", "facegans", "--results", str(ROOT / "results" / "reference" / "digits-wide")]
    told = []
    for reading in (["base"], ["digits_at_32"]):
        assert main([*words, "--reading", *reading]) == 0
        told.append(capsys.readouterr().out)
    of = Counter(run.record.reading for run in read_records(ROOT / "results" / "reference" / "digits-wide"))
    assert told[0].startswith("FG-C12  NOT RUN\n")
    assert not told[1].startswith("FG-C12  NOT RUN\n")
    assert (told[0].count("record.json"), told[1].count("record.json")) == (0, of["digits_at_32"])
    assert "digits_at_32+two_sigmoids: INTERIM, 1 of 5 seeds" in told[1], "beside a verdict under a ground stand others"
    assert "three_times_as_late" not in told[0] + told[1], "another rule for curves says nothing of digits"


def test_why_says_in_its_first_line_that_readings_disagree(tmp_path, capsys):
    """ring_saturating finds fewer modes than ring, and more where both are trained twice as long."""
    file, results = tmp_path / "small.yaml", tmp_path / "results"
    file.write_text(TEXT + READINGS, encoding="utf-8")
    loaded = load(file)
    for reading, modes in ((None, (7.0, 2.0)), ("longer", (2.0, 7.0))):
        for experiment, mean in zip(("ring", "ring_saturating"), modes, strict=True):
            for one in runs(loaded, reading, experiment):
                made(results, one, mean + one.seed / 10)
    assert main(["why", "C1", str(file), "--results", str(results)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith("C1 HOLDS, but readings disagree: holds under 1 of 2 readings, reversed under 1; 2 not run")


def test_a_report_is_written_under_each_reading_that_is_named(tmp_path):
    words = ["report", "gan_dcgan_mnist", "--format", "markdown", "--results", str(tmp_path)]
    assert main([*words, "--reading", "base", "--reading", "small_gan", "--reading", "beta_0*"]) == 0
    assert {file.parent.name for file in tmp_path.glob("*/report.md")} == {
        "report",
        "report-small_gan",
        "report-beta_09",
    }


def test_completion_completes_every_command_option_and_choice(capsys):
    """What bash offers, against what each command's own help names."""
    commands = parser().commands
    assert main(["completion", "bash"]) == 0
    asked, expected = [capsys.readouterr().out], []

    def ask(words: list[str], offers: set[str]) -> None:
        asked.append(f"COMP_WORDS=({' '.join(words)} '') COMP_CWORD={len(words)}; _ganrepro; echo ${{COMPREPLY[@]}}")
        expected.append(offers)

    ask(["ganrepro"], set(commands))
    for name, command in commands.items():
        options = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", command.format_usage())) | {"-h"}
        asked.append(f"COMP_WORDS=(ganrepro {name} -) COMP_CWORD=2; _ganrepro; echo ${{COMPREPLY[@]}}")
        expected.append(options)
    ask(["ganrepro", "plan", "--tier"], {"full", "short", "smoke"})
    ask(["ganrepro", "data"], {"fetch", "verify"})
    ask(["ganrepro", "audit"], {file.stem for file in (ROOT / "papers").glob("*.yaml")})
    done = subprocess.run(["bash", "-c", "\n".join(asked)], capture_output=True, text=True, check=True)
    for line, offers in zip(done.stdout.splitlines(), expected, strict=True):
        assert offers <= set(line.split())
    assert main(["completion", "zsh"]) == 0
    assert "bashcompinit" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["plan", "--teir", "full"], "--tier"),
        (["judge", "--detials"], "--details"),
        (["plan", "--tier", "smok"], "smoke"),
        (["report", "--format", "htlm"], "html"),
        (["report", "--claim", "RL-C77"], "RL-C7"),
        (["plan", "--figure", "F66"], "F6"),
        (["plan", "gan_rll"], "gan_rl"),
        (["plan", "gan_rl", "--reading", "narow"], "narrow"),
        (["data", "verify", "mnits"], "mnist"),
    ],
)
def test_what_is_misspelt_is_told_with_what_is_nearest(words, near, capsys):
    reference = ["--results", str(ROOT / "results" / "reference" / "default-job")] if words[0] == "report" else []
    try:
        code = main([*words, *reference])
    except SystemExit as error:
        code = error.code
    assert code == 2
    assert f"did you mean '{near}'" in capsys.readouterr().err


def test_an_option_that_no_other_is_like_is_told_without_a_guess(capsys):
    with pytest.raises(SystemExit):
        main(["sys-info", "--results", "somewhere"])
    told = capsys.readouterr().err
    assert "unrecognized arguments: --results" in told
    assert "did you mean" not in told


def test_validate_and_pack_and_data_answer_in_json(capsys, tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text((ROOT / "papers" / "sn_gan.yaml").read_text().replace("optimizer:", "optimiser:", 1))
    assert main(["validate", "sn_gan", str(file), "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert {"line", "column", "message"} <= set(told.pop(str(file))[0])
    assert [*told.values()] == [[]], "the other file is valid"
    where = ["--results", str(ROOT / "results" / "reference" / "mnist-h200")]
    assert main(["pack", *where, "--json", "-o", str(tmp_path / "p.zip")]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["runs"], facts["papers"]) == (6, ["gan_dcgan_mnist"])
    assert facts["sha256"] == hashlib.sha256((tmp_path / "p.zip").read_bytes()).hexdigest()
    assert main(["data", "verify", "mnist", "--data-root", str(tmp_path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["right"] == []
    assert "mnist" in found["wrong"][0]


def test_a_copy_of_committed_evidence_is_no_second_evidence(tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "results" / "reference" / "mnist-h200", copy)
    papers = load_papers(["gan_dcgan_mnist"])

    def beside() -> list[str | None]:
        return [paper.origin for paper in reference_evidence(papers, copy, "fp32", [])]

    assert beside() == ["default-job", "mnist-cpu"]
    one = next(copy.glob("*/*/*/record.json"))
    one.unlink()
    assert beside() == ["default-job", "mnist-cpu", "mnist-h200"]
    one.symlink_to("/dev/zero")
    assert beside() == ["default-job", "mnist-cpu", "mnist-h200"], "a link is no record"


def test_a_report_on_one_claim_holds_nothing_else(capsys, tmp_path):
    results = tmp_path / "results"
    shutil.copytree(ROOT / "results" / "reference" / "mnist-h200", results)
    words = ["report", "gan_dcgan_mnist", "sn_gan", "--claim", "DG-C5", "--figure", "F2", "--json"]
    assert main([*words, "--results", str(results)]) == 0
    files = [Path(file) for file in json.loads(capsys.readouterr().out)["files"]]
    assert {file.parent.name for file in files} == {"report-DG-C5-F2"}
    pages = {file.name: file.read_text() for file in files if file.suffix == ".html"}
    assert "sn_gan.html" not in pages
    assert set(re.findall(r'id="(DG-C\d|F\d)"', pages["gan_dcgan_mnist.html"])) == {"DG-C5", "F2"}
