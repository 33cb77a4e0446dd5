"""Numerics tiers are never mixed, and a rougher one judges nothing before its scores are shown to agree with fp32's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import scipy.stats

from benchmark.cli import main
from benchmark.judging.equivalence import _agreement, equivalence
from benchmark.judging.inspection import Inspected
from benchmark.judging.judge import judge, judge_papers
from benchmark.judging.samples import Sample
from benchmark.judging.selftest import paper as made_up
from benchmark.judging.verdict import PaperVerdicts
from benchmark.parts.metrics.frechet import FrechetInceptionDistance
from benchmark.runs.plan import make_plan, make_run
from benchmark.runs.records import Stored, read_records
from benchmark.runs.sidecars import Equivalence, keep, read_all, recipe_of
from benchmark.spec.parts import METRICS
from benchmark.spec.quantities import Quantity
from tests.judging.factory import claim, determinant, evidence, expect, fid, paper, run, run_id, score, table
from tests.specs import load

TOY = Path(__file__).parents[1] / "toy.yaml"
VALUES = (30.1, 30.0, 29.9, 30.05)


def trained(results: Path, numerics: str, values: Sequence[float] = VALUES) -> list[Stored]:
    return [
        run(results, "a", seed, numerics=numerics, scores={"fid": score(value)}) for seed, value in enumerate(values)
    ]


def shown(agrees: bool = True, numerics: str = "bf16", experiment: str = "a") -> Equivalence:
    return Equivalence(
        schema_version=1, paper="small", experiment=experiment, tier="full", numerics=numerics,
        recipe=recipe_of(determinant(experiment, "full", 0)), runs={}, scores=[], agrees=agrees, says="as made up",
    )  # fmt: skip


def verdicts(stored: Sequence[Stored], numerics: str, *found: Equivalence) -> PaperVerdicts:
    cell = {"value": 30.0, "experiment": "a", "score": "fid"}
    spec = paper({"C": claim({"bound": fid("a"), "below": 40.0})}, {"T": table({"r": {"c": cell}})})
    inspected = Inspected()
    inspected.allow(found)
    return judge(spec, "0" * 64, stored, expect({"a": range(len(VALUES))}, numerics=numerics), inspected=inspected)


def test_tiers_are_not_mixed_in_one_sample(tmp_path: Path) -> None:
    stored = [
        *trained(tmp_path, "fp32", VALUES[:3]),
        run(tmp_path, "a", 3, numerics="bf16", scores={"fid": score(9.0)}),
    ]
    expected = {"a": {"full": {**expect({"a": range(3)})["a"]["full"], 3: run_id("a", "full", 3, "bf16")}}}
    found = evidence(stored, expected)
    sample = found.sample(Quantity(experiment="a", score="fid"), "full")
    assert sample.numbers == list(VALUES[:3])
    assert "trained in bf16, others in fp32" in sample.reasons[3]
    assert any("numerics tiers are not mixed" in line for line in found.damage)


@pytest.mark.parametrize("numerics", ["bf16", "tf32"])
def test_a_rougher_tier_judges_nothing_before_it_is_shown_to_agree(tmp_path: Path, numerics: str) -> None:
    stored = trained(tmp_path, numerics)
    others = (shown(agrees=False, numerics=numerics), shown(numerics="exact"), shown(numerics=numerics, experiment="b"))
    for found in ((), others):
        told = verdicts(stored, numerics, *found)
        assert [told.claims[0].state, told.cells[0].state] == ["NOT COMPARABLE"] * 2
        for reason in (told.claims[0].reason, told.cells[0].reason):
            assert f"a: {numerics} is not shown equivalent to fp32" in reason
    told = verdicts(stored, numerics, shown(numerics=numerics))
    assert [told.claims[0].state, told.cells[0].state] == ["HOLDS", "REPRODUCED"]


@pytest.mark.parametrize("numerics", ["fp32", "exact"])
def test_the_others_need_nothing(tmp_path: Path, numerics: str) -> None:
    told = verdicts(trained(tmp_path, numerics), numerics)
    assert [told.claims[0].state, told.cells[0].state] == ["HOLDS", "REPRODUCED"]


def sample_of(values: Sequence[float]) -> Sample:
    return Sample("fid", "a", "full", tuple(range(len(values))), values=dict(enumerate(values)))


@pytest.mark.parametrize("shift", [0.0, 2.6, 2.8, 3.0, -2.8, 9.0])
def test_agreement_is_two_one_sided_tests_on_the_differences_by_seed(shift: float) -> None:
    """FID's usual margin is a tenth of the mean: 3 of 30. scipy's one-sided tests of the differences decide alike."""
    metric = METRICS.get("frechet_inception_distance").model_construct()
    assert isinstance(metric, FrechetInceptionDistance)
    noise = (0.3, -0.2, 0.1, -0.3, 0.1)
    plain = [30 + 10 * one for one in (0.2, -0.1, 0.3, -0.2, -0.2)]
    rough = [value + shift + one for value, one in zip(plain, noise, strict=True)]
    found = _agreement("fid", metric, sample_of(plain), sample_of(rough), None, 7)
    differences = [second - first for first, second in zip(plain, rough, strict=True)]
    above = scipy.stats.ttest_1samp(differences, -3, alternative="greater").pvalue
    below = scipy.stats.ttest_1samp(differences, 3, alternative="less").pvalue
    assert found.margin == pytest.approx(3)
    assert found.says.endswith(", from 5 seeds where 7 are planned")
    assert found.agrees == (max(above, below) < 0.05) == (abs(shift) < 2.75)


def test_few_seeds_and_metrics_without_a_margin_show_nothing() -> None:
    metric = METRICS.get("frechet_inception_distance").model_construct()
    few = _agreement("fid", metric, sample_of([30.0, 31.0]), sample_of([30.0, 31.0]), None, 5)
    assert (few.agrees, few.says) == (False, "2 seeds measured in both tiers, of at least 3")
    metric = METRICS.get("modes_found").model_construct()
    none = _agreement("modes", metric, sample_of([8.0] * 3), sample_of([8.0] * 3), None, 5)
    assert not none.agrees
    assert "give one with --margin" in none.says
    zero = _agreement("modes", metric, sample_of([0.0] * 3), sample_of([0.0] * 3), 0.1, 5)
    assert (zero.agrees, zero.says) == (False, "its mean in fp32 is 0, and a share of 0 is no margin")
    some = _agreement("modes", metric, sample_of([8.0] * 3), sample_of([8.0] * 3), 0.1, 5)
    assert "margin 0.8, 10 % of the mean in fp32 as given, from 3 seeds" in some.says
    assert (some.agrees, some.margin) == (True, pytest.approx(0.8))


@pytest.mark.parametrize(("seeds", "agrees"), [(3, False), (4, True)])
def test_counts_that_agree_in_every_seed_might_differ_by_one_in_the_next(seeds: int, agrees: bool) -> None:
    """A spread as of seeds of which one is off by 1: t(0.95, 2) / 3 = 0.97 and t(0.95, 3) / 4 = 0.59, margin 0.8."""
    metric = METRICS.get("modes_found").model_construct()
    same = replace(sample_of([8.0] * seeds), resolution=1.0)
    found = _agreement("modes", metric, same, same, 0.1, 5)
    assert found.agrees == agrees
    assert found.high == pytest.approx(scipy.stats.t.ppf(0.95, seeds - 1) / seeds)


def planted(
    results: Path,
    numerics: Sequence[str],
    diverged: Sequence[str] = (),
    share: float | None = None,
    text: str = made_up.TEXT,
) -> Equivalence:
    """The made-up paper's runs in these tiers, near one another; seed 0 diverged in some of them."""
    spec, stored = made_up.loaded(text).spec, []
    for tier in numerics:
        for planned in make_plan(spec, "full", experiments=["plain"], numerics=tier):
            broken = planned.seed == 0 and tier in diverged
            changes = {"status": "diverged", "reason": "not finite at iteration 7"} if broken else {}
            one = made_up.made("plain", planned.seed, text=text, **changes)
            samples = one.samples["samples"] ^ (255 if tier == "bf16" else 0)
            score = one.score.model_copy(update={"value": None, "reason": "diverged"} if broken else {})
            made = replace(one, run=planned, score=score, samples={**one.samples, "samples": samples})
            stored.append(made.write(results))
    return equivalence(spec, stored, "plain", "full", "bf16", share=share)


def test_all_seeds_of_both_tiers_must_be_there_and_none_may_diverge(tmp_path: Path) -> None:
    agree = planted(tmp_path / "both", ("fp32", "bf16"))
    assert agree.agrees
    assert agree.says.startswith("bf16 gives the scores of fp32: fid: agrees: 90 % interval of the difference ")
    for one in ("fp32", "bf16"):
        alone = planted(tmp_path / one, [one])
        assert (alone.agrees, alone.says) == (False, "fid: 0 seeds measured in both tiers, of at least 3")
    for diverged, counts in ((["fp32"], (1, 0)), (["bf16"], (0, 1)), (["fp32", "bf16"], (1, 1))):
        broken = planted(tmp_path / "-".join(["x", *diverged]), ("fp32", "bf16"), diverged)
        runs = "run" if counts[0] == 1 else "runs"
        assert (broken.agrees, broken.says) == (False, f"{counts[0]} {runs} diverged in fp32, {counts[1]} in bf16")


def test_from_training_both_tiers_to_the_file_that_verify_recomputes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = load(TOY).spec
    words = ["equivalence", f"{TOY}/toy_minimax", "--tier", "smoke", "--numerics", "bf16", "--seeds", "0-2"]
    words += ["--results", str(tmp_path), "--device", "cpu", "--jobs", "1"]
    assert main(words) == 1
    assert "give one with --margin" in capsys.readouterr().out
    trained = {(run.record.numerics, run.record.seed): run.record.run_id for run in read_records(tmp_path)}
    assert set(trained) == {(numerics, seed) for numerics in ("fp32", "bf16") for seed in range(3)}
    main([*words, "--judge-only", "--margin", "0.99"])
    (kept,) = read_all(tmp_path, Equivalence)
    assert kept.runs == {seed: (trained["fp32", seed], trained["bf16", seed]) for seed in range(3)}
    assert (kept.experiment, kept.tier, kept.numerics, kept.share) == ("toy_minimax", "smoke", "bf16", 0.99)
    assert kept.recipe == recipe_of(make_run(spec, "toy_minimax", "smoke", 5, "fp32").determinant())
    assert all(one.margin is not None for one in kept.scores)
    nothing = equivalence(spec, [], "toy_minimax", "smoke", "bf16")
    assert (nothing.agrees, nothing.says) == (False, "no score was measured in either tier")

    capsys.readouterr()
    assert not _mismatches(tmp_path, capsys)
    (file,) = (tmp_path / "equivalence").glob("*.json")
    keep(tmp_path, kept.model_copy(update={"agrees": not kept.agrees}))
    (told,) = _mismatches(tmp_path, capsys)
    assert told.startswith(f"equivalence/{file.name}: agrees: stored {str(not kept.agrees).lower()}, recomputed")
    keep(tmp_path, kept)
    file.rename(file.with_name("toy-toy_minimax-full-bf16.json"))
    (told,) = _mismatches(tmp_path, capsys)
    assert "its name is not what its content makes it, " in told


@pytest.mark.parametrize("share", [None, 0.99])
def test_a_margin_that_was_given_stands_with_every_verdict_that_rests_on_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], share: float | None
) -> None:
    results, file = tmp_path / "results", tmp_path / "made_up.yaml"
    keep(results, planted(results, ("fp32", "bf16"), share=share))
    file.write_text(made_up.TEXT)
    told = "bf16 counts as fp32 by a given margin, 99 % of the mean"
    verdicts = judge_papers([load(file)], results, "bf16")[0].verdicts
    rests = {cell.measured.experiment for cell in verdicts.cells if cell.measured and told in cell.reason}
    assert rests == ({"plain"} if share else set())
    plain = next(cell for cell in verdicts.cells if cell.measured and cell.measured.experiment == "plain")
    capsys.readouterr()
    main(["why", plain.path, str(file), "--results", str(results), "--numerics", "bf16"])
    assert (told in " ".join(capsys.readouterr().out.split())) == (share is not None)
    fp32 = judge_papers([load(file)], results, "fp32")[0].verdicts
    assert told not in fp32.model_dump_json()


def test_scores_measured_in_neither_tier_are_named(tmp_path: Path) -> None:
    other = "{metric: {frechet_inception_distance: {samples: 5000, reference: training_data, reference_images: all, "
    other += "resize: tensorflow_bilinear, extractor: inception_2015_12_05}}, checkpoint: last}"
    text = made_up.TEXT.replace("    snapshots:", f"      other: {other}\n    snapshots:", 1)
    found = planted(tmp_path, ("fp32", "bf16"), text=text)
    assert found.agrees
    assert found.says.endswith(", from 5 seeds where 5 are planned; measured in neither tier: other")


def test_records_decide_whatever_the_file_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that was edited either way moves no state, and is told; ``verify`` finds the tier by itself."""
    kept, file = planted(tmp_path, ("fp32", "bf16")), tmp_path / "made_up.yaml"
    file.write_text(made_up.TEXT)
    loaded = load(file)

    def judged() -> PaperVerdicts:
        return judge_papers([loaded], tmp_path, "bf16")[0].verdicts

    def told(verdicts: PaperVerdicts) -> list[str]:
        return [line for line in verdicts.damage if line.startswith("equivalence/")]

    states = {}
    for agrees in (True, False):
        keep(tmp_path, kept.model_copy(update={"agrees": agrees}))
        states[agrees] = judged()
    assert states[True].numerics == "bf16"
    assert states[True].claims == states[False].claims
    assert "is not shown equivalent" not in json.dumps(states[True].model_dump(mode="json"))
    assert told(states[True]) == []
    assert len(told(states[False])) == 1

    for record in read_records(tmp_path):
        if record.record.numerics == "fp32":
            shutil.rmtree(record.folder)
    keep(tmp_path, kept)
    alone = judged()
    assert "is not shown equivalent" in json.dumps(alone.model_dump(mode="json"))
    assert "says otherwise than the records, which decide" in told(alone)[0]
    capsys.readouterr()
    main(["verify", str(tmp_path), str(file), "--json"])
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert problems
    assert all(problem.startswith("equivalence/") for problem in problems)


def _mismatches(results: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    main(["verify", str(results), str(TOY), "--json"])
    problems: list[str] = json.loads(capsys.readouterr().out)["problems"]
    return problems


@pytest.mark.parametrize(
    ("wrong", "told"),
    [("toy_minimax", "write PAPER/EXPERIMENT"), (f"{TOY}/toy_minimaks", "did you mean 'toy_minimax'")],
)
def test_what_is_no_experiment_is_told(wrong: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["equivalence", wrong, "--tier", "smoke", "--numerics", "bf16"]) == 2
    assert told in capsys.readouterr().err
