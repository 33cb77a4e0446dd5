"""Improved GANs with reconstruction loss (Li, Xiao and Ouyang 2018): every claim in worlds that try to fool it.

One world is as the paper says. Each line of :data:`WORLDS` changes it in one way, and says whether the claim's sentence
is then true. Sentences that cannot be true together have a start of their own (RL-I9, RL-I12, and RL-C4 in print).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmark.judging.finding import Finding
from tests.papers import checks
from tests.papers.checks import Planted

SPEC = checks.paper("gan_rl").spec
World = Mapping[str, Planted]

#: a run's evaluations: 200, by share of the run, and the noise of one
T = np.arange(1, 201) / 200
NOISE = np.random.default_rng(5).normal(size=200)
#: a run's curves
LONG = np.linspace(0, 1, 4000)


def course(values: np.ndarray, *, noise: float = 0.2) -> dict[str, dict[int, float]]:
    """FID at each evaluation."""
    return {"fid": {1000 * (k + 1): float(value) for k, value in enumerate(values + noise * NOISE)}}


def level(value: float) -> np.ndarray:
    """A curve that stays where it is."""
    return np.full(len(LONG), value)


def spiked(values: np.ndarray, *at: int, height: float = 200.0) -> np.ndarray:
    found = values.copy()
    found[list(at)] = height
    return found


# --- the world as the paper says ------------------------------------------------------------------------------------

FIVE = ("gan", "gan_rl", "dragan", "age", "alpha_gan")
BEST = {"gan": "a", "gan_rl": "a", "dragan": "a", "age": "b", "alpha_gan": "b"}
#: FID at settings A to D
SETTINGS = {
    "gan": (37.4, 38.6, 41.2, 38.1),
    "gan_rl": (32.4, 33.5, 36.1, 33.3),
    "dragan": (35.1, 36.2, 39.3, 36.4),
    "age": (95.5, 40.7, 130.5, 99.5),
    "alpha_gan": (37.7, 35.3, 44.4, 36.6),
}
#: FID and by how much of it one evaluation strays
LAMBDAS = {
    "none": (37.4, 0.05),
    "half": (35.6, 0.03),
    "one": (34.1, 0.02),
    "five": (32.4, 0.01),
    "ten": (34.8, 0.015),
    "twenty": (36.9, 0.02),
}


def _as_claimed() -> dict[str, Planted]:
    world: dict[str, Planted] = {}
    for method, fids in SETTINGS.items():
        for setting, fid in zip("abcd", fids, strict=True):
            steady = 0.005 if method == "gan_rl" else 0.02
            inception = 6.5 - 0.02 * (fid - 32.4)
            world[f"cifar10_{method}_{setting}"] = Planted(
                scores={"fid": fid, "inception_score": inception}, wobble=steady
            )
    for weight, (fid, wobble) in LAMBDAS.items():
        world[f"cifar10_lambda_{weight}"] = Planted(scores={"fid": fid}, wobble=wobble)
    for table in ("T3", "T6"):
        for row in SPEC.tables[table].rows:
            for column, cell in row.cells.items():
                name = f"{row.label.lower()}_{column.lower().replace('-', '_')}"
                if row.label != "CIFAR-10":
                    wobble = 0.005 if column == "GAN-RL" else 0.02
                    world[name] = Planted(scores={"fid": cell.value + 0.01}, wobble=wobble)
    for method, precision, recall in zip(FIVE, (0.7, 0.75, 0.72, 0.6, 0.4), (0.3, 0.5, 0.4, 0.25, 0.1), strict=True):
        world[f"svhn_{method}"] = with_scores(world[f"svhn_{method}"], precision=precision, recall=recall)
    for method, repeats in zip(FIVE, (0.09, 0.02, 0.03, 0.11, 0.31), strict=True):
        world[f"lsun_{method}"] = with_scores(world[f"lsun_{method}"], repeats=repeats)
    for place in ("cifar10", "svhn", "lsun"):
        for method, seconds in zip(FIVE, (5000.0, 5800.0, 6100.0, 8800.0, 9900.0), strict=True):
            name = f"{place}_{method}" + (f"_{BEST[method]}" if place == "cifar10" else "")
            world[name] = replace(world[name], seconds=seconds)
    world["svhn_gan_gp"] = replace(world["svhn_gan_gp"], seconds=6200.0)
    world["svhn_wgan_gp"] = Planted(scores={"fid": 16.8}, seconds=15000.0)
    for method, fid, inception in (
        ("gan_rl", 17.4, 7.83),
        ("gan", 22.2, 7.31),
        ("wgan_gp", 29.3, 7.86),
        ("sn_gan", 21.7, 8.22),
    ):
        world[f"resnet_{method}"] = Planted(scores={"fid": fid, "inception_score": inception})
    world["lsun128_gan_rl"] = Planted(scores={"edges": 0.3, "precision": 0.7})
    for name, real, fake in (
        ("cifar10_gan_a", 0.7, 0.3),
        ("cifar10_gan_rl_a", 0.8, 0.2),
        ("svhn_gan", 0.7, 0.3),
        ("svhn_gan_rl", 0.8, 0.2),
    ):
        curves = {"real_probability": level(real), "fake_probability": level(fake)}
        world[name] = replace(world[name], curves={**curves, "generator_gradient": 1 - 0.5 * LONG})
    swing = 0.2 * np.sin(40 * LONG)
    world["toy_minimax"] = Planted(
        {"real_probability": 1 - 0.03 * LONG, "fake_probability": 0.04 * LONG}, {"modes": 1, "good": 0.9}
    )
    world["toy_non_saturating"] = Planted(
        {"real_probability": 0.6 + swing, "fake_probability": 0.4 - swing}, {"modes": 7, "good": 0.9}
    )
    closing = 0.3 * np.exp(-4 * LONG)
    world["toy_reconstruction"] = Planted(
        {"real_probability": 0.5 + closing, "fake_probability": 0.5 - closing}, {"modes": 8, "good": 0.8}
    )
    return world


def with_scores(outcome: Planted, **scores: float) -> Planted:
    return replace(outcome, scores={**outcome.scores, **scores})


CLAIMED = _as_claimed()
OTHERS = [f"cifar10_{method}_{best}" for method, best in BEST.items() if method != "gan_rl"]
SEEDS = 6
ALL = frozenset(range(10))


def but(_start: World = CLAIMED, **changes: float | Mapping[str, Any]) -> World:
    """The world with changes by experiment: a number is its FID, else fields of the outcome and scores by name."""
    world = dict(_start)
    for name, change in changes.items():
        given = {"fid": change} if isinstance(change, float | int) else dict(change)
        fields = {key: given.pop(key) for key in [*given] if key in Planted.__dataclass_fields__}
        curves = {key: given.pop(key) for key in [*given] if isinstance(given[key], np.ndarray)}
        world[name] = with_scores(replace(world[name], **fields), **given)
        if curves:
            world[name] = replace(world[name], curves={**world[name].curves, **curves})
    return world


def over(name: str, values: np.ndarray, start: World = CLAIMED, *, noise: float = 0.2) -> World:
    """The world with another course of an experiment's FID."""
    return but(start, **{name: {"evaluated": course(values, noise=noise)}})


def times(**seconds: float) -> World:
    return but(**{name: {"seconds": value} for name, value in seconds.items()})


BROKEN = {"diverged": ALL}


def few(seeds: int, fid: float) -> dict[str, Any]:
    """An FID of 400 in so many seeds."""
    return {"fid": fid, "odd": {seed: {"fid": 400.5} for seed in range(seeds)}}


#: of sentences that the world above cannot hold together with others
ALMOST_TWICE = but(svhn_gan=30.1, svhn_gan_rl=29.1, svhn_dragan=29.6, svhn_age=30.4)
NO_EFFECT = but(cifar10_age_d={"fid": 41.9, "inception_score": 6.32})
MORE_DATA = but(svhn_gan_rl=28.0, svhn_dragan_rl=24.0, svhn_gan_gp_rl=15.9)
STARTS = {"RL-C4": ALMOST_TWICE, "RL-C9": NO_EFFECT, "RL-C29": MORE_DATA, "RL-C40": NO_EFFECT}

FLAT = np.ones(200)
#: 40 % of evaluations of every part of the run
OFTEN = np.arange(200) % 5 < 2
SLOW = np.sin(2 * np.pi * 3 * T)  # three swings in the run
FALLING = 1 + 0.3 * (1 - T)  # steady progress of 30 %
LATE = LONG > 0.75

#: claim, what is otherwise, the world, and whether the sentence is then true (None: it cannot be told)
WORLDS: list[tuple[str, str, World, bool | None]] = [
    ("RL-C1", "a tie on one set", but(svhn_gan_rl=24.41), False),
    ("RL-C1", "a rival ahead by little on one set", but(lsun_dragan=25.1), False),
    ("RL-C1", "the rival that came second breaks down", but(lsun_dragan=BROKEN), True),
    ("RL-C1", "GAN-RL breaks down on one set", but(svhn_gan_rl=BROKEN), False),
    ("RL-C1", "half of one rival far out, the others better", but(svhn_dragan=few(3, 16.1)), None),
    ("RL-C2", "a tie with the next", but(cifar10_age_b=37.4), False),
    ("RL-C2", "AGE breaks down", but(cifar10_age_b=BROKEN), True),
    ("RL-C2", "another breaks down", but(cifar10_dragan_a=BROKEN), False),
    ("RL-C3", "on one of two sets", but(lsun_alpha_gan=30.1), False),
    ("RL-C3", "by breaking down", but(lsun_alpha_gan=BROKEN), True),
    ("RL-C4", "three times as high", but(ALMOST_TWICE, svhn_alpha_gan=90.1), False),
    ("RL-C4", "a fifth higher", but(ALMOST_TWICE, svhn_alpha_gan=36.1), False),
    ("RL-C4", "of all but one", but(ALMOST_TWICE, svhn_gan_rl=17.2), False),
    ("RL-C5", "GAN-RL faster than the GAN", times(cifar10_gan_rl_a=4900.0), False),
    ("RL-C5", "slower than DRAGAN on one set", times(lsun_dragan=5700.0), False),
    ("RL-C5", "AGE slowest on one set", times(svhn_age=9950.0), False),
    (
        "RL-C5",
        "by a twentieth each",
        times(svhn_gan=5600.0, svhn_dragan=6000.0, svhn_age=6300.0, svhn_alpha_gan=6600.0),
        True,
    ),
    ("RL-C6", "DRAGAN faster", times(svhn_dragan=5700.0), False),
    ("RL-C6", "DRAGAN slower by next to nothing", times(svhn_dragan=5803.0), False),
    ("RL-C6", "DRAGAN slower by more than slightly", times(svhn_dragan=6700.0), False),
    ("RL-C6", "AGE slower by less than much", times(svhn_age=6900.0), False),
    ("RL-C6", "alpha-GAN ten times as slow", times(svhn_alpha_gan=58000.0), True),
    ("RL-C7", "half as much again on one set", times(svhn_gan_rl=7500.0), False),
    ("RL-C7", "less than nothing", times(svhn_gan_rl=4500.0), True),
    ("RL-C8", "one method gains", but(cifar10_dragan_c=34.4), False),
    ("RL-C39", "one method gains", but(cifar10_gan_c={"inception_score": 6.9}), False),
    ("RL-C8", "one method does not change", but(cifar10_gan_c=CLAIMED["cifar10_gan_a"].scores), False),
    ("RL-C8", "one method breaks down", but(cifar10_gan_c=BROKEN), True),
    ("RL-C9", "AGE fails, as the next sentence has it", CLAIMED, False),
    ("RL-C9", "one method gains by a third", but(NO_EFFECT, cifar10_gan_d=25.1), False),
    ("RL-C39", "one method does not change", but(cifar10_gan_c=CLAIMED["cifar10_gan_a"].scores), False),
    ("RL-C40", "one method gains a fifth", but(NO_EFFECT, cifar10_gan_d={"inception_score": 7.8}), False),
    ("RL-C40", "one method loses a fifth", but(NO_EFFECT, cifar10_gan_d={"inception_score": 5.1}), False),
    ("RL-C9", "one method breaks down", but(NO_EFFECT, cifar10_gan_d=BROKEN), None),
    ("RL-C9", "at half the level", but(NO_EFFECT, cifar10_gan_a=18.7, cifar10_gan_d=21.3), False),
    (
        "RL-C10",
        "fails at its own setting too",
        but(cifar10_age_a=450.1, cifar10_age_b=200.1, cifar10_age_c=500.1, cifar10_age_d=600.1),
        False,
    ),
    ("RL-C10", "plausible at another setting", but(cifar10_age_d=60.1), False),
    ("RL-C10", "another method as sensitive", but(cifar10_gan_c=190.1), False),
    ("RL-C10", "best at another setting", but(cifar10_age_a=40.7, cifar10_age_b=95.5), False),
    ("RL-C11", "a tie", but(cifar10_alpha_gan_a=35.3), False),
    ("RL-C11", "breaks down with 0.9", but(cifar10_alpha_gan_a=BROKEN), True),
    ("RL-C12", "a tie of one method", but(cifar10_dragan_b=35.1), False),
    ("RL-C12", "one method better with 0.999", but(cifar10_gan_rl_b=31.1), False),
    ("RL-C30", "the higher rate is better for one method", but(cifar10_gan_rl_d=31.1), False),
    ("RL-C30", "two settings tie", but(cifar10_alpha_gan_a=35.3), False),
    ("RL-C30", "a setting breaks down", but(cifar10_dragan_c=BROKEN), True),
    ("RL-C13", "a tie with 10", but(cifar10_lambda_ten=32.4), False),
    ("RL-C13", "20 is best", but(cifar10_lambda_twenty=31.1), False),
    ("RL-C13", "all others break down", but(**{f"cifar10_lambda_{w}": BROKEN for w in LAMBDAS if w != "five"}), True),
    ("RL-C14", "0.5 worse than none", but(cifar10_lambda_half=38.1), False),
    ("RL-C14", "20 better than 10", but(cifar10_lambda_twenty=34.1), False),
    ("RL-C14", "1 as good as 5", but(cifar10_lambda_one=32.4), False),
    (
        "RL-C14",
        "by little each",
        but(
            cifar10_lambda_half=37.1,
            cifar10_lambda_one=36.8,
            cifar10_lambda_five=36.5,
            cifar10_lambda_ten=37.0,
            cifar10_lambda_twenty=37.3,
        ),
        True,
    ),
    ("RL-C15", "worst and calm", but(cifar10_lambda_none={"wobble": 0.005}), False),
    ("RL-C15", "swings slowly and widely", over("cifar10_lambda_none", 60 + 15 * SLOW), True),
    ("RL-C15", "20 is worst", but(cifar10_lambda_twenty=50.1), False),
    (
        "RL-C15",
        "above in the second half alone",
        over("cifar10_lambda_none", np.where(T < 0.5, 30, 45), noise=2),
        False,
    ),
    (
        "RL-C15",
        "below but for some leaps",
        over("cifar10_lambda_none", spiked(30 * FLAT, *range(3, 200, 12)), noise=2),
        False,
    ),
    ("RL-C15", "20 fluctuates as much", but(cifar10_lambda_twenty={"wobble": 0.06}), False),
    ("RL-C15", "one leap of weight 5", over("cifar10_lambda_five", spiked(32.4 * FLAT, 150)), True),
    ("RL-C32", "1 less stable than 0.5", but(cifar10_lambda_one={"wobble": 0.04}), False),
    ("RL-C32", "10 more stable than 5", but(cifar10_lambda_ten={"wobble": 0.004}), False),
    ("RL-C32", "5 has collapsed, and is steady at that", but(cifar10_lambda_five={"fid": 400.5, "wobble": 0.0}), False),
    ("RL-C32", "5 swings slowly", over("cifar10_lambda_five", 34 + 4 * SLOW), False),
    ("RL-C32", "5 makes steady progress", over("cifar10_lambda_five", 32.4 * FALLING), True),
    ("RL-C32", "5 leaps once", over("cifar10_lambda_five", spiked(32.4 * FLAT, 150)), True),
    ("RL-C33", "above in two of five evaluations", over("cifar10_lambda_five", np.where(OFTEN, 36, 30)), False),
    ("RL-C33", "above in the last quarter", over("cifar10_lambda_five", np.where(T > 0.75, 36, 30)), False),
    ("RL-C33", "above at the very start", over("cifar10_lambda_five", np.where(T < 0.08, 90, 32)), True),
    ("RL-C33", "one leap", over("cifar10_lambda_five", spiked(32 * FLAT, 120)), True),
    (
        "RL-C16",
        "collapsed, and steady at that",
        but(cifar10_gan_rl_a={"fid": 300.5, "inception_score": 1.1, "wobble": 0.0001}),
        False,
    ),
    ("RL-C16", "worse by Inception score", but(cifar10_gan_rl_a={"inception_score": 6.1}), False),
    ("RL-C16", "less steady than one", but(cifar10_dragan_a={"wobble": 0.002}), False),
    ("RL-C16", "swings slowly", over("cifar10_gan_rl_a", 32.4 + 4 * SLOW), False),
    ("RL-C16", "best for a moment alone", over("cifar10_gan_rl_a", spiked(39 * FLAT, 150, height=32.4)), False),
    ("RL-C16", "worse until the middle", over("cifar10_gan_rl_a", np.where(T < 0.5, 60, 32.4)), False),
    ("RL-C16", "steady progress", over("cifar10_gan_rl_a", np.minimum(34, 32.4 * FALLING - 2)), True),
    ("RL-C16", "the others break down", but(**dict.fromkeys(OTHERS, BROKEN)), True),
    ("RL-C16", "GAN-RL breaks down", but(cifar10_gan_rl_a=BROKEN), False),
    ("RL-C16", "one leap", over("cifar10_gan_rl_a", spiked(32.4 * FLAT, 150)), True),
    ("RL-C35", "good images of few kinds", but(svhn_gan_rl={"recall": 0.05}), False),
    ("RL-C35", "swings slowly", over("svhn_gan_rl", 17.2 + 3 * SLOW, noise=0.05), False),
    ("RL-C35", "collapsed, and steady at that", but(svhn_gan_rl={"fid": 300.5, "wobble": 0.0001}), False),
    ("RL-C35", "steady progress", over("svhn_gan_rl", 15 * FALLING, noise=0.05), True),
    ("RL-C31", "a tenth lower than one", but(svhn_dragan=19.1), False),
    ("RL-C31", "a tie with one", but(svhn_dragan=17.21), False),
    ("RL-C31", "a rival breaks down", but(svhn_alpha_gan=BROKEN), True),
    ("RL-C25", "above in the third quarter", over("lsun_gan_rl", np.where((T > 0.5) & (T <= 0.75), 60, 25.4)), False),
    ("RL-C25", "above in two of five evaluations", over("lsun_gan_rl", np.where(OFTEN, 36, 20)), False),
    (
        "RL-C25",
        "lower on average through a rival's leaps",
        over("lsun_dragan", spiked(24 * FLAT, *range(3, 200, 12))),
        False,
    ),
    ("RL-C25", "lower by little", but(lsun_gan_rl=27.6), False),
    ("RL-C25", "above at the very start", over("lsun_gan_rl", np.where(T < 0.08, 90, 25.4)), True),
    ("RL-C25", "one leap", over("lsun_gan_rl", spiked(25.4 * FLAT, 120)), True),
    ("RL-C25", "all make progress", over("lsun_dragan", 24 * FALLING, over("lsun_gan_rl", 20 * FALLING)), True),
    ("RL-C17", "a tie of one pair", but(celeba_dragan_rl=11.81), False),
    ("RL-C17", "one pair the other way", but(svhn_gan_gp_rl=16.5), False),
    ("RL-C17", "one breaks down without the loss", but(svhn_gan_gp=BROKEN), True),
    ("RL-C18", "without the penalty on one set", but(svhn_gan_rl=14.4), False),
    ("RL-C18", "without the reconstruction on one set", but(celeba_gan_gp=9.1), False),
    ("RL-C18", "the two combinations tie", but(celeba_dragan_rl=10.31), True),
    ("RL-C18", "one combination breaks down", but(svhn_dragan_rl=BROKEN), True),
    ("RL-C19", "worse on CelebA", but(celeba_dragan_rl=12.4), False),
    ("RL-C19", "one method gains little on LSUN", but(lsun_dragan_rl=26.6), False),
    ("RL-C19", "one method gains much on CelebA", but(celeba_gan_rl=18.1), False),
    (
        "RL-C19",
        "a larger gain on CelebA",
        but(celeba_gan_rl=19.8, celeba_dragan_rl=9.6, celeba_gan_gp_rl=9.7, lsun_gan_rl=30.8, lsun_gan_gp_rl=28.9),
        False,
    ),
    ("RL-C29", "as printed", CLAIMED, False),
    (
        "RL-C29",
        "in FID and not in shares",
        but(MORE_DATA, lsun_gan_rl=30.6, lsun_dragan_rl=25.0, lsun_gan_gp_rl=28.9),
        False,
    ),
    (
        "RL-C29",
        "the same gain everywhere",
        but(MORE_DATA, svhn_gan_rl=24.2, svhn_dragan_rl=20.9, svhn_gan_gp_rl=13.9),
        False,
    ),
    ("RL-C20", "a tie with SN-GAN", but(resnet_sn_gan=17.4), False),
    ("RL-C20", "Inception score well below", but(resnet_gan_rl={"inception_score": 7.61}), False),
    ("RL-C20", "Inception score well above", but(resnet_gan_rl={"inception_score": 8.05}), False),
    (
        "RL-C20",
        "the other two the other way round",
        but(resnet_sn_gan={"fid": 29.3, "inception_score": 7.51}, resnet_wgan_gp=21.7),
        True,
    ),
    ("RL-C20", "SN-GAN breaks down", but(resnet_sn_gan=BROKEN), True),
    ("RL-C38", "no gain by Inception score", but(resnet_gan={"inception_score": 7.95}), False),
    ("RL-C38", "a tie", but(resnet_gan=CLAIMED["resnet_gan_rl"].scores), False),
    ("RL-C38", "the GAN breaks down", but(resnet_gan=BROKEN), True),
    ("RL-C21", "minimax finds two", but(toy_minimax={"modes": 2}), False),
    ("RL-C21", "minimax finds none", but(toy_minimax={"modes": 0}), False),
    ("RL-C21", "non-saturating finds all", but(toy_non_saturating={"modes": 8}), False),
    ("RL-C21", "non-saturating misses two", but(toy_non_saturating={"modes": 6}), False),
    ("RL-C21", "minimax is a cloud that grazes one", but(toy_minimax={"good": 0.03}), False),
    ("RL-C21", "non-saturating draws seven eighths of the circle", but(toy_non_saturating={"good": 0.11}), False),
    ("RL-C21", "reconstruction misses one", but(toy_reconstruction={"modes": 7}), False),
    ("RL-C21", "reconstruction draws the circle", but(toy_reconstruction={"good": 0.11}), False),
    ("RL-C21", "one seed of ten breaks down", but(toy_reconstruction={"diverged": frozenset({3})}), True),
    ("RL-C22", "minimax undecided on real points", but(toy_minimax={"real_probability": level(0.5)}), False),
    ("RL-C22", "minimax undecided on generated points", but(toy_minimax={"fake_probability": level(0.5)}), False),
    (
        "RL-C22",
        "minimax close on average of leaps",
        but(toy_minimax={"real_probability": np.where(LONG * 100 % 1 < 0.6, 1.0, 0.8)}),
        False,
    ),
    (
        "RL-C22",
        "minimax close in the end alone",
        but(toy_minimax={"real_probability": np.where(LONG > 0.95, 1.0, 0.6)}),
        False,
    ),
    (
        "RL-C22",
        "minimax close from the middle on",
        but(toy_minimax={"real_probability": 0.6 + 0.4 * (LONG > 0.5)}),
        True,
    ),
    (
        "RL-C22",
        "non-saturating drifts and does not swing",
        but(toy_non_saturating={"real_probability": 0.9 - 0.4 * LONG}),
        False,
    ),
    (
        "RL-C22",
        "non-saturating is noisy and does not swing",
        but(toy_non_saturating={"real_probability": 0.6 + 0.05 * np.random.default_rng(3).normal(size=len(LONG))}),
        False,
    ),
    (
        "RL-C22",
        "reconstruction's gap closes by a hundredth",
        but(
            toy_reconstruction={
                "real_probability": 0.95 - 0.005 * LONG,
                "fake_probability": 0.5 + 0.005 * LONG,
            }
        ),
        False,
    ),
    ("RL-C22", "non-saturating is calm", but(toy_non_saturating={"real_probability": level(0.6)}), False),
    (
        "RL-C22",
        "non-saturating swings by little, though more than reconstruction",
        but(toy_non_saturating={"real_probability": 0.6 + 0.02 * np.sin(40 * LONG)}),
        False,
    ),
    (
        "RL-C22",
        "non-saturating swings fast",
        but(toy_non_saturating={"real_probability": 0.6 + 0.2 * np.sin(400 * LONG)}),
        True,
    ),
    (
        "RL-C22",
        "reconstruction's gap opens again",
        but(toy_reconstruction={"real_probability": 0.5 + 0.25 * np.abs(1 - 2 * LONG)}),
        False,
    ),
    (
        "RL-C22",
        "reconstruction drifts apart",
        but(toy_reconstruction={"real_probability": 0.5 + 0.3 * LONG, "fake_probability": 0.5 - 0.3 * LONG}),
        False,
    ),
    (
        "RL-C22",
        "reconstruction swings on generated points",
        but(toy_reconstruction={"fake_probability": 0.4 + 0.1 * np.sin(80 * LONG)}),
        False,
    ),
    (
        "RL-C22",
        "reconstruction is noisy and does not swing",
        but(toy_reconstruction={"fake_probability": 0.45 + 0.05 * np.random.default_rng(4).normal(size=len(LONG))}),
        True,
    ),
    (
        "RL-C22",
        "reconstruction settles late",
        but(toy_reconstruction={"real_probability": np.where(LATE, 0.6, 0.75 + 0.1 * np.sin(40 * LONG))}),
        True,
    ),
    (
        "RL-C22",
        "reconstruction leaps once at the end",
        but(
            toy_reconstruction={
                "real_probability": CLAIMED["toy_reconstruction"].curves["real_probability"]
                + 0.3 * (np.abs(LONG - 0.9) < 0.001)
            }
        ),
        True,
    ),
    ("RL-C23", "GAN among the good", but(lsun_gan=27.1), False),
    ("RL-C23", "alpha-GAN among those in between", but(lsun_alpha_gan=37.1), False),
    ("RL-C23", "alpha-GAN breaks down", but(lsun_alpha_gan=BROKEN), True),
    ("RL-C23", "DRAGAN better than GAN-RL", but(lsun_dragan=22.1), True),
    ("RL-C26", "GAN-RL makes noise, which repeats nothing", but(lsun_gan_rl={"fid": 400.5, "repeats": 0.0001}), False),
    (
        "RL-C26",
        "nobody repeats",
        but(
            lsun_gan_rl={"repeats": 0.001},
            lsun_dragan={"repeats": 0.0011},
            lsun_gan={"repeats": 0.004},
            lsun_age={"repeats": 0.005},
        ),
        False,
    ),
    ("RL-C26", "DRAGAN repeats as GAN", but(lsun_dragan={"repeats": 0.09}), False),
    ("RL-C24", "noise, not edges", but(lsun128_gan_rl={"edges": 1.6}), False),
    ("RL-C24", "blur", but(lsun128_gan_rl={"edges": 0.9}), False),
    ("RL-C24", "clear and like no bedroom", but(lsun128_gan_rl={"precision": 0.1}), False),
    (
        "RL-C34",
        "all messy, alpha-GAN most",
        but(**{f"svhn_{m}": {"precision": p} for m, p in zip(FIVE, (0.3, 0.4, 0.35, 0.32, 0.1), strict=True)}),
        False,
    ),
    ("RL-C34", "alpha-GAN as good as the rest", but(svhn_alpha_gan={"precision": 0.65}), False),
    ("RL-C34", "alpha-GAN breaks down", but(svhn_alpha_gan=BROKEN), True),
    ("RL-C28", "far better", but(svhn_gan_gp_rl=16.1, svhn_gan_gp=10.1), False),
    ("RL-C28", "far worse", but(svhn_wgan_gp=11.1), False),
    ("RL-C28", "alike since both fail", but(svhn_gan_gp=400.5, svhn_wgan_gp=402.5), False),
    ("RL-C28", "a tenth faster", times(svhn_wgan_gp=6800.0), False),
    ("RL-C28", "WGAN-GP breaks down", but(svhn_wgan_gp=BROKEN), False),
    (
        "RL-C36",
        "D calls all images more real",
        but(svhn_gan_rl={"real_probability": level(0.9), "fake_probability": level(0.6)}),
        False,
    ),
    ("RL-C4", "the others tie", but(svhn_gan=30.1, svhn_gan_rl=30.1, svhn_dragan=30.1, svhn_age=30.1), True),
    ("RL-C9", "by a twentieth, either way", but(NO_EFFECT, cifar10_gan_d=39.1, cifar10_gan_rl_d=31.1), True),
    ("RL-C10", "breaks down", but(cifar10_age_a=BROKEN, cifar10_age_c=BROKEN, cifar10_age_d=BROKEN), True),
    ("RL-C12", "one breaks down with 0.999", but(cifar10_gan_b=BROKEN), True),
    ("RL-C19", "a twentieth on CelebA", but(celeba_gan_rl=23.2, celeba_dragan_rl=11.2, celeba_gan_gp_rl=11.3), True),
    ("RL-C24", "barely", but(lsun128_gan_rl={"edges": 0.6, "precision": 0.55}), True),
    ("RL-C26", "alpha-GAN breaks down", but(lsun_alpha_gan=BROKEN), True),
    ("RL-C28", "ten times as fast", times(svhn_wgan_gp=62000.0), True),
    ("RL-C29", "none on the smallest", but(svhn_gan_rl=28.31, svhn_dragan_rl=24.41, svhn_gan_gp_rl=16.11), True),
    ("RL-C39", "one method breaks down", but(cifar10_gan_c=BROKEN), True),
    ("RL-C40", "by a twentieth", but(NO_EFFECT, cifar10_gan_d={"inception_score": 6.1}), True),
    (
        "RL-C36",
        "mostly right and often wrong",
        but(
            svhn_gan_rl={
                "real_probability": np.where(np.arange(len(LONG)) % 20 < 11, 0.95, 0.05),
                "fake_probability": np.where(np.arange(len(LONG)) % 20 < 11, 0.05, 0.95),
            }
        ),
        False,
    ),
    (
        "RL-C36",
        "by less than a part in four hundred",
        but(
            cifar10_gan_rl_a={"real_probability": level(0.70025), "fake_probability": level(0.29975)},
            svhn_gan_rl={"real_probability": level(0.70025), "fake_probability": level(0.29975)},
        ),
        False,
    ),
    ("RL-C36", "a tie on one set", but(cifar10_gan_rl_a=CLAIMED["cifar10_gan_a"].curves), False),
    (
        "RL-C36",
        "by a more certain no alone",
        but(svhn_gan_rl={"real_probability": level(0.7), "fake_probability": level(0.1)}),
        True,
    ),
    (
        "RL-C37",
        "none in one update of five",
        but(svhn_gan_rl={"generator_gradient": np.where(LONG * 50 % 1 < 0.2, 0.001, 1.0)}),
        False,
    ),
    ("RL-C37", "dies late", but(cifar10_gan_rl_a={"generator_gradient": np.where(LONG > 0.9, 0.001, 1.0)}), False),
    (
        "RL-C37",
        "dies at the very end",
        but(cifar10_gan_rl_a={"generator_gradient": np.where(LONG > 0.96, 0.001, 1.0)}),
        False,
    ),
    (
        "RL-C37",
        "falls to a fifth and stays",
        but(svhn_gan_rl={"generator_gradient": 0.2 + 0.8 * np.exp(-20 * LONG)}),
        True,
    ),
    (
        "RL-C37",
        "vanishes for a moment",
        but(svhn_gan_rl={"generator_gradient": np.where(np.abs(LONG - 0.5) < 0.005, 0.0, 1.0)}),
        True,
    ),
]


def test_lines_are_told_apart() -> None:
    named = [(claim, what) for claim, what, _, _ in WORLDS]
    assert len(named) == len(set(named))


def judged(claim: str, world: World) -> Finding:
    """With as many seeds as the claim asks for, but enough for exact tests."""
    return checks.judged(SPEC, claim, world, seeds=max(SPEC.claims[claim].min_seeds or 0, SEEDS))


MEASURED = sorted(name for name, claim in SPEC.claims.items() if claim.predicate is not None)


@pytest.mark.parametrize("claim", MEASURED)
def test_claims_hold_in_the_world_as_claimed(claim: str) -> None:
    finding = judged(claim, STARTS.get(claim, CLAIMED))
    assert set(finding.truths.values()) == {True}, finding.says
    assert finding.p < 0.05


@pytest.mark.parametrize(("claim", "world", "true"), [pytest.param(c, w, t, id=f"{c}: {x}") for c, x, w, t in WORLDS])
def test_worlds(claim: str, world: World, true: bool | None) -> None:
    finding = judged(claim, world)
    if true:
        assert finding.p < 0.05, finding.says
        assert finding.points == "same"
    else:
        assert finding.p > 0.05, finding.says
        assert true is None or not any(finding.truths.values()), finding.says_against


def test_every_measured_claim_has_a_world_of_either_kind() -> None:
    for kind in (True, False):
        assert {claim for claim, _, _, true in WORLDS if true is kind} == set(MEASURED)
