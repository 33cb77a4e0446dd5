"""Claims by the figures that they are read off."""

import re
from pathlib import Path

from benchmark.cli import main
from benchmark.commands.figures import claims_about
from benchmark.spec.load import load

ROOT = Path(__file__).parents[2]

NARROW = ["--results", str(ROOT / "results" / "reference" / "toy-narrow"), "--reading", "narrow"]


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
    for words in (["judge", "gan_rl", "--figure", "F1", *NARROW], ["why", "f1", "gan_rl", *NARROW]):
        assert main(words) == 0
        told = capsys.readouterr().out
        assert "RL-C21  REVERSED IN PART" in told
        assert "RL-C22" not in told
        assert re.search(r"on top of narrow: reversed\s+under \d+ of \d+ readings", told), "what it depends on is told"


def test_a_figure_without_a_claim_is_told(capsys):
    assert main(["judge", "gan_rl", "--figure", "F3", *NARROW]) == 5
    assert "no claim names figure F3" in capsys.readouterr().err
    assert main(["why", "F3", "gan_rl", *NARROW]) == 2
    assert "no claim names figure F3" in capsys.readouterr().err
