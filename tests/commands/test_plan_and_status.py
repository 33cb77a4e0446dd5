"""What is to run, what is done and what it costs: plan, status, run-one."""

from __future__ import annotations

import json
import os
import platform
import shlex
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.runs.plan import make_plan
from benchmark.runs.records import read_records
from benchmark.spec.load import load

ROOT = Path(__file__).parents[2]
DCGAN = str(ROOT / "papers" / "gan_dcgan_mnist.yaml")
TOY = str(ROOT / "tests" / "toy.yaml")


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
    assert main([*shlex.split(lines[1])[1:], "--device", "cpu"]) == 0
    assert todo() == lines[:1]
    assert main(["plan", *about, "--results", str(engine), "--todo"]) == 0
    assert capsys.readouterr().out == ""
    (file,) = one.glob("*/*/*/record.json")
    assert lines[1].split()[:3] == ["ganrepro", "run-one", file.parent.name]
    ours, theirs = (
        json.loads((where / "toy" / "toy_minimax" / file.parent.name / "record.json").read_text())
        for where in (engine, one)
    )
    for volatile in ("timing", "environment"):
        ours.pop(volatile)
        theirs.pop(volatile)
    assert ours == theirs


def test_what_is_alike_is_one_command_and_one_training(tmp_path, capsys):
    """Two momenta and two ways to sample are, another place of the normalisation is not."""
    about = ["lsgan_fashion_mnist", "--tier", "smoke", "-e", "lsgan_batch_norm*", "--seeds", "0"]

    def todo() -> list[list[str]]:
        capsys.readouterr()
        assert main(["plan", *about, "--results", str(tmp_path), "--todo"]) == 1, "FID cannot be measured"
        return [shlex.split(line)[1:] for line in capsys.readouterr().out.splitlines()]

    alike, other = todo()
    assert (alike.index("--tier"), other.index("--tier")) == (5, 3)
    assert main([*alike, "--device", "cpu"]) == 0
    files = [*tmp_path.glob("*/*/*/record.json")]
    assert {file.parent.name for file in files} == {*alike[1:4]}
    assert len({(file.parent / "curves.npz").read_bytes() for file in files}) == 1
    assert todo() == [other]
    assert main([*alike, "--device", "cpu"]) == 0, "all of them are done"
    assert main(["run-one", "0123", *alike[1:], "--device", "cpu"]) == 2
    assert "plans no run 0123 at tier smoke" in capsys.readouterr().err


def test_an_unreadable_record_is_named_and_its_run_not_done_again(tmp_path, capsys):
    """It counts as neither done nor left, and what lies there is not written over."""
    about = [TOY, "--tier", "smoke", "-e", "toy_minimax", "--results", str(tmp_path)]
    assert main(["plan", *about, "--seeds", "0,1", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    file = tmp_path / "toy" / "toy_minimax" / row["run_ids"][0] / "record.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    assert main(["plan", *about, "--seeds", "0,1", "--todo"]) == 1
    told = capsys.readouterr()
    assert [line.split()[2] for line in told.out.splitlines()] == [row["run_ids"][1]]
    assert str(file) in told.err
    assert main(["plan", *about, "--seeds", "0,1", "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["runs"], row["done"], row["left"], row["unreadable"]) == (2, 0, 1, 1)
    assert main(["run", *about, "--seeds", "0", "--device", "cpu"]) == 3
    assert str(file) in capsys.readouterr().err
    assert file.read_text() == "{"
    assert main(["status", *about, "--seeds", "0,1", "--json"]) == 0
    assert [one["state"] for one in json.loads(capsys.readouterr().out)] == ["unreadable", "left"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "record.sha256").unlink(), "record.sha256 is missing"),
        (lambda folder: (folder / "curves.npz").unlink(), "curves.npz is missing"),
        (
            lambda folder: (folder / "record.json").write_text((folder / "record.json").read_text() + " "),
            "record.json has changed since it was written",
        ),
    ],
)
def test_a_spoilt_run_is_no_finished_one_and_not_done_again(tmp_path, capsys, spoil, reason):
    """What judge does not count, neither `status` nor `plan` calls finished."""
    shutil.copytree(ROOT / "results" / "reference" / "mnist-cpu", tmp_path, dirs_exist_ok=True)
    about = ["gan_dcgan_mnist", "--tier", "full", "-e", "gan", "--reading", "stated_loss", "--seeds", "0"]
    about += ["--results", str(tmp_path)]
    assert main(["plan", *about, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["runs"], row["done"], row["unreadable"]) == (1, 1, 0)
    spoil(tmp_path / "gan_dcgan_mnist" / "gan" / row["run_ids"][0])
    assert main(["plan", *about, "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["runs"], row["done"], row["left"], row["unreadable"]) == (1, 0, 0, 1)
    assert main(["status", *about, "--json"]) == 0
    (state,) = json.loads(capsys.readouterr().out)
    assert state["state"] == "damaged"
    assert state["reason"].endswith(reason)
    assert main(["status", *about]) == 0
    assert "damaged" in capsys.readouterr().out
    assert main(["run", *about, "--device", "cpu", "--no-report"]) == 3
    told = f"{reason}; its run is not done again before that file is mended or its folder removed"
    assert told in capsys.readouterr().err


def test_what_is_missing_is_told_beside_the_commands_and_by_the_exit_code(tmp_path, capsys):
    about = ["lsgan_fashion_mnist", "--tier", "full", "-e", "lsgan", "--seeds", "0", "--data-root", str(tmp_path)]
    assert main(["plan", *about, "--results", str(tmp_path), "--todo"]) == 1
    told = capsys.readouterr()
    assert "ganrepro data fetch fashion_mnist" in told.err
    assert "will not be measured: FID of 1 experiment:" in told.err
    (line,) = told.out.splitlines()
    assert line.startswith("ganrepro run-one ")
    assert main(["run-one", *shlex.split(line)[2:]]) == 2, "and it is refused for that reason"


def test_plan_tells_hours_memory_and_disk_and_what_is_trained_once(tmp_path, capsys):
    """Three of LSGAN's columns are one training with two momenta, sampled in two ways."""
    about = [
        "lsgan_fashion_mnist",
        "--tier",
        "full",
        "-e",
        "lsgan_batch_norm*",
        "--seeds",
        "0",
        "--results",
        str(tmp_path),
    ]
    assert main(["plan", *about, "--json"]) == 0
    rows = {row["experiment"]: row for row in json.loads(capsys.readouterr().out)}
    first, second = rows["lsgan_batch_norm"], rows["lsgan_batch_norm_batch_statistics"]
    assert (first["trainings"], second["trainings"]) == (1, 0)
    assert first["device_hours"] * 3600 == pytest.approx(first["training_seconds"] + first["evaluation_seconds"])
    assert second["device_hours"] * 3600 == pytest.approx(second["evaluation_seconds"])
    assert (first["basis"], first["device_bytes"]) == ("stated rates", 0)
    assert main(["plan", *about, "--device", "cuda"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "4 of 4 runs left in 2 trainings" in text, (
        "two momenta and two ways to sample are one; the other place is not"
    )
    assert f"{2 * first['images']:,} images to train on" in text
    assert "a GPU of 24 GB at 20 TFLOP/s" in text
    assert "~" in text
    assert main(["plan", *about, "--device", "H200"]) == 2
    assert "measured here are none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("choice", "experiments"),
    [
        (["--claim", "DG-C6"], {"gan", "dcgan"}),
        (["--claim", "DG-C2"], {"gan"}),
        (["--claim", "DG-C2", "-e", "dcgan"], set()),
    ],
)
def test_a_claim_selects_the_runs_that_it_needs(choice, experiments, capsys, tmp_path):
    code = main(["plan", DCGAN, "--tier", "full", "--json", "--results", str(tmp_path), *choice])
    assert code == (0 if experiments else 5)
    if experiments:
        assert {row["experiment"] for row in json.loads(capsys.readouterr().out)} == experiments


def test_a_table_selects_the_experiments_of_its_cells(capsys, tmp_path):
    import yaml

    rows = yaml.safe_load((ROOT / "papers" / "gan_rl.yaml").read_text())["tables"]["T3"]["rows"]
    printed = {cell["experiment"] for row in rows for cell in row["cells"].values() if "experiment" in cell}
    assert main(["plan", "--table", "T3", "--tier", "full", "--json", "--results", str(tmp_path), "gan_rl"]) == 0
    assert {row["experiment"] for row in json.loads(capsys.readouterr().out)} == printed
    assert len(printed) > 5


def test_status_tells_runs_apart(capsys, tmp_path):
    """A record, a live owner, a checkpoint whose owner is gone, and a run that nobody has begun."""
    results = tmp_path / "results"
    shutil.copytree(ROOT / "results" / "reference" / "default-job", results)
    words = [
        "status",
        "gan_rl",
        "-e",
        "toy_minimax",
        "--tier",
        "short",
        "--seeds",
        "0,1,7,8",
        "--results",
        str(results),
    ]

    def states() -> dict[int, tuple[str, int]]:
        capsys.readouterr()
        assert main([*words, "--json"]) == 0
        return {row["seed"]: (row["state"], row["iterations"]) for row in json.loads(capsys.readouterr().out)}

    assert states() == {0: ("finished", 15000), 1: ("finished", 15000), 7: ("left", 0), 8: ("left", 0)}
    folders = {
        run.seed: results / run.folder
        for run in make_plan(
            load(ROOT / "papers" / "gan_rl.yaml").spec, "short", experiments=["toy_minimax"], seeds=[7, 8]
        )
    }
    for folder in folders.values():
        (folder / "checkpoints").mkdir(parents=True)
        (folder / "checkpoints" / "000004000.pt").write_bytes(b"")
    (folders[7] / ".owner").write_text("process 1 on here")
    assert states() == {0: ("finished", 15000), 1: ("finished", 15000), 7: ("running", 4000), 8: ("interrupted", 4000)}
    os.utime(folders[7] / ".owner", (0, 0))
    assert states()[7] == ("interrupted", 4000)
    (folders[7] / ".owner").write_text(f"process {os.getpid()} on {platform.node()}")
    os.utime(folders[7] / ".owner", (0, 0))
    assert states()[7] == ("running", 4000), "a process of this machine is asked, whatever it has written"
    (folders[7] / ".progress").write_text('{"iteration": 9000, "first": 3000, "seconds": 60.0}')
    assert states()[7] == ("running", 9000)
    assert main(words) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "iteration 9,000 of 15,000, 100 a second, about 60 s left" in told
    (folders[7] / ".progress").write_text("{")
    assert states()[7] == ("running", 4000)
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    (folders[7] / ".owner").write_text(f"process {gone.pid} on {platform.node()}")
    assert states()[7] == ("interrupted", 4000)


def test_status_tells_what_it_does_not_count(capsys):
    """All runs of the toy's evidence are under readings: 30 under `narrow`, the others under one more choice."""
    folder = ROOT / "results" / "reference" / "toy-narrow"
    kept = Counter(run.record.reading for run in read_records(folder))
    words = ["status", "gan_rl", "-e", "toy_*", "--results", str(folder)]
    assert main(words) == 0
    out = " ".join(capsys.readouterr().out.split())
    named = kept.total() - kept[None]
    assert f"{named} records of other readings: narrow ({kept['narrow']}), " in out
    assert "(--reading narrow)" in out
    assert (
        f"{kept[None]} records beside these, of other seeds, tiers or numerics, of readings that they do not name"
        in out
    )
    assert main([*words, "--reading", "narrow"]) == 0
    out = capsys.readouterr().out
    assert "30 finished" in out
    assert f"{named - kept['narrow']} records of other readings" in out
    assert main([*words, "--reading", "narrow", "--seeds", "0"]) == 0
    out = capsys.readouterr().out
    assert f"{kept[None] + kept['narrow'] - 3} records beside these, of other seeds" in " ".join(out.split())
    assert main(["status", "gan_dcgan_mnist", "--results", str(folder.with_name("mnist-h200"))]) == 0
    left = "tier full: 6 finished, 4 left; tier short: 6 left; tier smoke: 6 left"
    assert left in capsys.readouterr().out, "two systems with 5, 3 and 3 seeds: what reduced tiers plan is told apart"


def test_runs_that_another_record_holds_are_done_and_those_that_one_will_hold_are_waiting(capsys):
    """The narrow runs are finished, those of the base are not: of both, readings that only count otherwise."""
    folder = str(ROOT / "results" / "reference" / "toy-narrow")
    about = ["gan_rl", "--tier", "full", "-e", "toy_minimax", "--seeds", "0,1", "--results", folder, "--reading"]
    words = [*about, "base", "--reading", "*mode_of_20_samples", "--reading", "iterations_20k"]
    expected = {  # done, with a record of its own, left, waiting
        None: (0, 0, 2, 0),
        "mode_of_20_samples": (0, 0, 0, 2),
        "iterations_20k": (0, 0, 0, 2),
        "narrow+mode_of_20_samples": (2, 0, 0, 0),
    }
    assert main(["plan", *words, "--json"]) == 0
    rows = {row["reading"]: row for row in json.loads(capsys.readouterr().out)}
    keys = ("done", "ended", "left", "waiting")
    assert {reading: tuple(row[key] for key in keys) for reading, row in rows.items()} == expected
    assert {reading: row["trainings"] for reading, row in rows.items() if row["trainings"]} == {None: 2}
    assert sum(row["device_hours"] for row in rows.values()) == rows[None]["device_hours"] > 0
    assert main(["plan", *words]) == 0
    out = capsys.readouterr().out
    assert "2 of 8 runs left; 4 more need no training" in " ".join(out.split())
    told = [line.split() for line in out.splitlines() if line.startswith("  toy_minimax")]
    assert [line[1:4] for line in told] == [["2", "0", "2"], ["2", "0", "0"], ["2", "2", "0"], ["2", "0", "0"]]
    assert [line[5:] == ["-", "-", "-"] for line in told] == [False, True, True, True]
    assert main(["plan", *words, "--todo"]) == 0
    assert {line.split()[2] for line in capsys.readouterr().out.splitlines()} == set(rows[None]["run_ids"])
    assert main(["status", *words, "--json"]) == 0
    states = Counter(row["state"] for row in json.loads(capsys.readouterr().out))
    assert states == {"left": 2, "waiting": 4, "held": 2}
    assert main(["plan", *about, "narrow", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["done"], row["ended"]) == (2, 2)


def test_a_finished_narrow_form_tells_no_hours_of_the_full_one(capsys):
    """10 narrow runs are finished: their own iteration is measured, that of the networks eight times as wide is not."""
    folder = str(ROOT / "results" / "reference" / "toy-narrow")
    words = ["plan", "gan_rl", "--tier", "full", "-e", "toy_minimax", "--seeds", "0", "--results", folder, "--json"]
    assert main([*words, *("--reading=narrow", "--reading=narrow+iterations_200k", "--reading=base")]) == 0
    rows = {row["reading"]: row for row in json.loads(capsys.readouterr().out)}
    assert [rows[name]["basis"] for name in ("narrow", "narrow+iterations_200k", None)] == [
        "finished runs",
        "finished runs",
        "stated rates",
    ]
    longer = rows["narrow+iterations_200k"]["training_seconds"] / rows["narrow"]["training_seconds"]
    assert longer == pytest.approx(200 / 30, rel=1e-2)


def test_a_command_of_a_reading_names_it(capsys, tmp_path):
    """Joined readings that the paper does not declare are planned by no word `all`."""
    words = ["plan", "gan_rl", "--tier", "full", "-e", "toy_reconstruction", "--seeds", "0", "--results", str(tmp_path)]
    assert main([*words, "--reading", "lambda_1+summed_error", "--todo"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    (_, _, run_id, *rest) = shlex.split(line)
    assert rest[rest.index("--reading") + 1] == "lambda_1+summed_error"
    assert main(["status", *rest, "--json"]) == 0
    assert [row["run_id"] for row in json.loads(capsys.readouterr().out)] == [run_id]
