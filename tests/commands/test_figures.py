"""Claims by the figures that they are read off."""

import re
from pathlib import Path

from benchmark.cli import main
from benchmark.commands.figures import claims_about
from benchmark.spec.load import load

ROOT = Path(__file__).parents[2]

WIDE = ["--results", str(ROOT / "results" / "reference" / "digits-wide"), "--reading", "digits_at_32"]


def test_claims_about_a_figure():
    """Figure 9 has SVHN on its left and LSUN on its right; a curve that the paper only describes is a figure too."""
    spec = load(ROOT / "papers" / "gan_rl.yaml").spec
    assert claims_about(spec, ["F1"]) == ["RL-C21"]
    assert claims_about(spec, ["F10b"]) == ["RL-C24"]
    assert set(claims_about(spec, ["F9a"])) == {"RL-C3", "RL-C35"}
    assert set(claims_about(spec, ["F9b"])) == {"RL-C3", "RL-C25", "RL-C23"}
    assert claims_about(spec, ["F99"]) == []
    spec = load(ROOT / "papers" / "gan_dcgan_mnist.yaml").spec
    assert "DG-C4" in claims_about(spec, ["F2-DCGAN"])


def test_judge_and_why_tell_of_a_figure(capsys):
    for words in (["judge", "facegans", "--figure", "F3-MNIST", *WIDE], ["why", "f3-mnist", "facegans", *WIDE]):
        assert main(words) == 0
        told = capsys.readouterr().out
        assert "FG-C7  HOLDS IN PART" in told
        assert "FG-C15  NOT RUN" in told
        assert "FG-C12" not in told
        assert re.search(r"on top of digits_at_32: in part\s+under \d+ of \d+ readings", told), "what it depends on"


def test_a_figure_without_a_claim_is_told_before_anything_is_read(capsys, monkeypatch):
    monkeypatch.setattr("benchmark.commands.judge.judge_papers", None)
    monkeypatch.setattr("benchmark.commands.why.judge_papers", None)
    assert main(["judge", "gan_rl", "--figure", "F3", "--figure", "F6c", *WIDE[:2]]) == 5
    assert "no claim names figure F3 or F6c" in capsys.readouterr().err
    assert main(["why", "F3", "gan_rl", *WIDE[:2]]) == 2
    assert "no claim names figure F3" in capsys.readouterr().err


def test_a_claim_of_a_paper_without_the_reading_is_told(capsys):
    assert main(["judge", "facegans", "gan_rl", "--claim", "RL-C21", *WIDE]) == 5
    told = capsys.readouterr()
    assert "left out, without reading digits_at_32: gan_rl" in told.err
    assert "no paper under this reading has RL-C21" in told.err
    assert told.out == ""
