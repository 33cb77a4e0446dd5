"""Labels: given or made, in prose, and without any effect on runs, seals and the recipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.judging.seal import make_seal
from benchmark.runs.plan import make_run
from benchmark.spec import names
from benchmark.spec.load import load
from benchmark.spec.provenance import recipe_values

FILE = Path(__file__).parents[2] / "papers" / "gan_dcgan_mnist.yaml"


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("cifar10_gan_a", "CIFAR-10 GAN a"),
        ("toy_minimax", "toy minimax"),
        ("wgan_gp_19", "WGAN-GP 19"),
        ("svhn_gan_rl", "SVHN GAN-RL"),
    ],
)
def test_a_label_is_made_from_the_key(key: str, label: str) -> None:
    assert names.made(key) == label


def test_a_label_changes_neither_runs_nor_rules_nor_what_is_stated(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    labels = ("\n  gan:\n    label: Some system", "      fid:\n        label: Some score\n        metric:")
    changed = text.replace("\n  gan:\n", f"{labels[0]}\n").replace("      fid:\n        metric:", labels[1])
    assert changed.count("label: Some") >= 3, "a system, an experiment and a score"
    file = tmp_path / FILE.name
    file.write_text(changed, encoding="utf-8")
    plain, labelled = load(FILE), load(file)
    assert names.of_experiment(labelled.spec, "gan") == "Some system"
    assert names.of_experiment(labelled.spec, "dcgan") != "Some system", "labels are not inherited"
    assert names.of_score(labelled.spec, "gan", "fid") == "Some score"
    ids = [make_run(one.spec, "gan", "full", 0, "fp32").run_id for one in (plain, labelled)]
    assert ids[0] == ids[1]
    items = [make_seal(one.spec, "now", 0).items for one in (plain, labelled)]
    assert items[0] == items[1]
    assert len(list(recipe_values(plain.source.data))) == len(list(recipe_values(labelled.source.data)))


def test_prose_names_experiments_scores_and_curves_and_leaves_words_alone() -> None:
    spec = load(FILE).spec
    gan = names.of_experiment(spec, "gan")
    dcgan = names.of_experiment(spec, "dcgan")
    say = names.in_prose(spec)
    assert say("sharpness_gap (dcgan) is below sharpness_gap (gan)") == (
        f"sharpness gap to real ({dcgan}) is below sharpness gap to real ({gan})"
    )
    assert say("gan: no run; dcgan: none") == f"{gan}: no run; {dcgan}: none"
    assert say("a gan of generator_loss in x/generator_loss/y") == "a gan of generator loss in x/generator_loss/y"


def test_plain_keys_in_lists_alone_and_before_certain_words_are_labelled() -> None:
    say = names.in_prose(load(FILE).spec)
    assert say("dcgan, gan: fid not measured") == "DCGAN, GAN: FID not measured"
    assert say("fid") == "FID"
    deeper = names.in_prose(load(FILE.with_name("lsgan_fashion_mnist.yaml")).spec)
    assert deeper("lsgan, lsgan_deep_batch_norm: no run") == "LSGAN and deeper LSGAN, BN: no run"
    assert (
        say("mean of fid over its evaluations over the whole run")
        == "mean of FID over its evaluations over the whole run"
    )
    assert say("who trains a gan") == "who trains a gan"
