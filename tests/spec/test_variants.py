"""A file that extends a paper: what it adds, what it must not touch, and how it is compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.judging.seal import rules
from benchmark.runs.plan import make_plan
from benchmark.spec.load import load
from benchmark.spec.source import SpecError

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "docs" / "own-variants.md").read_text().split("```yaml\n")[1].split("```")[0]


@pytest.fixture
def variant(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(EXAMPLE)
    return file


def test_the_example_of_the_docs_adds_and_changes_nothing_of_the_paper(variant):
    assert len(EXAMPLE.splitlines()) <= 15
    paper, mine = load(ROOT / "papers" / "gan_rl.yaml").spec, load(variant).spec
    (name,) = mine.ours
    assert set(mine.experiments) == {*paper.experiments, name}
    assert mine.experiments[name].role == "added"
    for tier in ("full", "smoke"):
        ours = {run.run_id: run for run in make_plan(mine, tier)}
        theirs = {run.run_id for run in make_plan(paper, tier)}
        assert theirs < set(ours)
        assert {ours[run_id].experiment for run_id in set(ours) - theirs} == {name}
    assert rules(mine) == rules(paper)
    weights = {
        spec_name: [entry.weight for entry in mine.systems[system].players["generator"].minimise]
        for spec_name, system in (("paper", "gan_rl"), ("mine", mine.experiments[name].system))
    }
    assert weights["paper"] != weights["mine"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("extends: gan_rl\nours", "extends: gan_rll\nours", "mine.yaml:1:1: extends: no paper or file 'gan_rll'"),
        ("ours:", "our:", "did you mean 'ours'"),
        ("  svhn_half:", "  svhn_gan:", "the paper has one of this name"),
        ("T3/SVHN/", "T3/SVHNN/", "printed number"),
    ],
)
def test_mistakes_are_told_with_their_place(variant, old, new, says):
    assert old in EXAMPLE
    variant.write_text(EXAMPLE.replace(old, new, 1))
    with pytest.raises(SpecError) as caught:
        load(variant)
    assert says in str(caught.value)
    assert "mine.yaml:" in str(caught.value)


def test_a_variant_is_planned_run_and_judged_beside_the_paper(variant, tmp_path, capsys):
    results = str(tmp_path / "results")
    words = ["-e", "svhn_half", "--tier", "smoke", "--results", results]
    assert main(["run", str(variant), *words, "--device", "cpu", "-j", "1", "--no-report"]) == 0
    capsys.readouterr()
    assert main(["judge", str(variant), "--results", results]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "ours, SVHN half against T3/SVHN/GAN-RL: printed 17.2: not " in told
    assert main(["verify", results, str(variant)]) == 0
    capsys.readouterr()
    assert main(["verify", results]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("MISMATCH")]
    assert [line.partition(": ")[2] for line in lines] == [
        "judged with svhn_half, which no spec here has: name the file that adds it"
    ]
    assert main(["pack", str(variant), "--results", results, "-o", str(tmp_path / "x.zip")]) == 2
