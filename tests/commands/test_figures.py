"""Claims by the figures that their places in a paper name."""

from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.commands.figures import claims_about, named_in
from benchmark.spec.load import load

ROOT = Path(__file__).parents[2]

NARROW = ["--results", str(ROOT / "results" / "reference" / "toy-narrow"), "--reading", "narrow"]


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ("sections 3.2 and 4.2, figure 1", [(1, "")]),
        ("section 6.1, figures 6a and 6b", [(6, "a"), (6, "b")]),
        ("figures 2 and 3 (left)", [(2, ""), (3, "")]),
        ("section 5.2, figures 6 to 8, table 1", [(6, ""), (7, ""), (8, "")]),
        ("table 4", []),
    ],
)
def test_figures_named_in_a_place(where, named):
    assert list(named_in(where)) == named


def test_claims_about_a_figure():
    """A figure without a letter is of all parts; figure 10 is not figure 1."""
    spec = load(ROOT / "papers" / "gan_rl.yaml").spec
    assert claims_about(spec, ["F1"]) == ["RL-C21"]
    assert claims_about(spec, ["F10b"]) == ["RL-C24"]
    assert set(claims_about(spec, ["F9a"])) == {"RL-C3", "RL-C35", "RL-C25", "RL-C23"}
    assert claims_about(spec, ["F99"]) == []


def test_judge_and_why_tell_of_a_figure(capsys):
    for words in (["judge", "gan_rl", "--figure", "F1", *NARROW], ["why", "f1", "gan_rl", *NARROW]):
        assert main(words) == 0
        told = capsys.readouterr().out
        assert "RL-C21  REVERSED IN PART" in told
        assert "RL-C22" not in told
        assert "on top of narrow: reversed under 9 of " in told, "what it depends on stands beside it"


def test_a_figure_without_a_claim_is_told(capsys):
    assert main(["judge", "gan_rl", "--figure", "F3", *NARROW]) == 5
    assert "no claim names figure F3" in capsys.readouterr().err
    assert main(["why", "F3", "gan_rl", *NARROW]) == 2
    assert "no claim names figure F3" in capsys.readouterr().err
