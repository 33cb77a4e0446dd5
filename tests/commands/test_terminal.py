"""Tables and sentences fit the terminal; colour only where a person looks."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.commands import terminal
from benchmark.commands.run import sentence
from benchmark.spec.load import load

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_a_table_fits_and_loses_no_word(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    words = ["every", "word", "of", "a", "long", "text", "is", "still", "there", "when", "it", "has", "been", "wrapped"]
    text = terminal.table(
        ("name", "count", "about"), [("a_very_long_name_of_something", "1,234,567", " ".join(words))], right=(1,)
    )
    assert max(len(line) for line in text.splitlines()) <= columns
    assert "1,234,567" in text
    assert [word for word in text.split() if word in words] == words


def test_names_are_broken_between_their_words_and_headings_run_across(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    rows = [("  toy_non_saturating", "1,000", "in the leaky_discriminator_of_section_6"), "of all that follow"]
    text = terminal.table(("name", "count", "what"), [rows[1], rows[0]], right=(1,))
    lines = text.splitlines()
    assert lines[1] == "of all that follow"
    assert max(map(len, lines)) <= 60
    pieces = {word for line in lines[2:] for word in re.findall(r"[a-z]+", line)}
    assert pieces == {"toy", "non", "saturating", "in", "the", "leaky", "discriminator", "of", "section"}
    assert lines[2].startswith("  toy_")


def test_a_plan_of_all_readings_has_one_line_for_each_row(monkeypatch, capsys):
    """Eighty columns hold the names of the toy's systems and all numbers; readings are headings."""
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["plan", "gan_rl", "--tier", "full", "-e", "toy_*", "--reading", "all", "--seeds", "0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "gan_rl, tier full, on eight_gaussians, reading leaky_discriminator" in lines
    rows = [line.split() for line in lines if line.startswith("  toy_")]
    assert all(len(row) > 6 and row[0] in ("toy_minimax", "toy_non_saturating", "toy_reconstruction") for row in rows)


def test_long_times_are_said_in_hours():
    assert terminal.duration(41) == "41 s"
    assert terminal.duration(3600 * 2 + 600) == "2 h 10 min"
    assert terminal.duration(3600 * 6821.4) == "6,821 h"


def test_colour_is_for_terminals_without_no_color(monkeypatch):
    monkeypatch.setattr(sys, "stdout", type("Tty", (), {"isatty": lambda _: True})())
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert terminal.coloured("HOLDS", "good") == "\x1b[32mHOLDS\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.coloured("HOLDS", "good") == "HOLDS"


def test_agreement_counts_equal_scores_and_tells_how_far_the_rest_is():
    assert (
        sentence([(1.0, 1.0), (2.0, 2.0), (99.0, 100.0)], "R")
        == "2 of 3 scores equal those of R bit for bit, 1 differs by up to 1 % of the larger: "
        "rounding on another machine parts trainings of one seed"
    )
    assert sentence([(8.0, 8.0)], "R") == "1 of 1 scores equal those of R bit for bit"
    assert sentence([], "R") is None


def test_findings_of_all_papers_begin_with_a_claim_that_fails_on_its_own_table(capsys):
    """GAN-RL's claim of little more time: table 4 prints 6050 against 4158 seconds, 46 % more."""
    assert main(["audit", "--findings"]) == 0
    first, *findings = capsys.readouterr().out.splitlines()
    papers = {line[4:].partition(":")[0] for line in findings if line.startswith("  - ")}
    against = findings[: findings.index("HOW MUCH OF ITS RECIPE A PAPER STATES")]
    named = {line[4:].partition(":")[0] for line in against if line.startswith("  - ")}
    assert first == f"WHAT {len(named)} PAPERS SAY AGAINST THEMSELVES, without any run"
    assert papers - named == {"sn_gan"}, "of which nothing is found but that its text is not at hand"
    assert findings[0].startswith("  - gan_rl: RL-C7")
    assert "6050" in findings[0] + findings[1]
    assert main(["audit", "sn_gan", "--findings"]) == 0
    told = capsys.readouterr().out
    assert "gan_rl" not in told
    assert told.startswith("NOTHING DECISIVE AGAINST ITSELF")
    assert main(["audit", "gan_rl", "--findings", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["claims"] == ["RL-C7"]


def test_verdicts_and_audits_say_labels_where_the_report_does(capsys):
    """Keys of scores, curves and experiments are for files; a reader sees what they are called."""
    where = ["--results", str(ROOT / "results" / "reference" / "mnist-h200")]
    for words in (["judge", "gan_dcgan_mnist", "--details"], ["why", "DG-C7"], ["why", "DG-C5"]):
        assert main([*words, *where]) == 0
        printed = capsys.readouterr().out.partition("  from\n")[0].replace("(stated_loss)", "")
        assert not re.search(r"discriminator_loss|sharpness_gap|\((?:gan|dcgan)\)|min\(", printed), words
        assert not re.search(r"p[^<=\w]*: \d", printed), "one style of p values"
    assert main(["audit", "gan_rl", "--details"]) == 0
    printed = capsys.readouterr().out
    assert "FID (SVHN alpha-GAN) 58.2" in " ".join(printed.split())
    assert "(svhn_alpha_gan)" not in printed


@pytest.mark.parametrize("columns", [93, 120])
def test_an_audit_fits_the_terminal(columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["audit", "gan_dcgan_mnist"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert columns - 10 < max(map(len, lines)) <= columns


def test_a_verdict_names_a_file_without_the_folders_of_the_machine_that_ran(capsys, monkeypatch):
    """The reference records say where that machine looked for Inception's weights; a reader has another one."""
    monkeypatch.setenv("COLUMNS", "10000")
    where = ["--results", str(ROOT / "results" / "reference" / "mnist-h200")]
    assert main(["why", "DG-C1", *where]) == 0
    printed = capsys.readouterr().out.partition("  from\n")[0]
    assert "weights-inception-2015-12-05-6726825d.pth is missing" in printed
    assert not re.search(r"\s/\w+/", printed)


def test_a_papers_tables_figures_and_claims_are_listed_with_what_they_say(capsys):
    assert main(["list", "sn_gan"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    spec = load(ROOT / "papers" / "sn_gan.yaml").spec
    assert all(key in told for part in (spec.tables, spec.figures, spec.claims) for key in part)
    assert " ".join(next(iter(spec.claims.values())).says.split()[:3]) in told


def test_what_experiments_have_in_common_is_listed_once(capsys):
    assert main(["list", "gan_rl"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.count("Seven methods on LSUN bedrooms at 64 x 64.") == 1
    assert "lsun_dragan full, smoke lsun_dragan_rl" in told
    assert "smoke, short" not in told


def test_the_title_of_verdicts_under_a_reading_fits(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    evidence = str(ROOT / "results" / "reference" / "toy-narrow")
    assert main(["judge", "gan_rl", "--results", evidence, "--reading", "narrow+five_for_gans_alone"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(lines[:2]).endswith("under the reading narrow+five_for_gans_alone")
