"""The course report's claims in worlds of which the truth is known: as the paper says, and hostile ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from tests.papers import checks
from tests.papers.checks import Planted
from tests.papers.worlds import World, assert_told, but, false, true, unprobed

LOADED = checks.paper("gan_dcgan_mnist")
SPEC = LOADED.spec
EPOCH = 20
EPOCHS = {"gan": 100, "dcgan": 50}
EVERY = frozenset(range(10))
HALF = frozenset(range(5))
D, G = "discriminator_loss", "generator_loss"

# --- curves, by what they are after so many epochs --------------------------------------------------------------------


def time(epochs: int) -> np.ndarray:
    return np.arange(1, epochs * EPOCH + 1) / EPOCH


def falling(epochs: int, start: float, end: float, scale: float) -> np.ndarray:
    """A loss that falls exponentially with a time constant of ``scale`` epochs."""
    return end + (start - end) * np.exp(-time(epochs) / scale)


def flat(epochs: int, level: float) -> np.ndarray:
    return np.full(epochs * EPOCH, level)


def swing(epochs: int, level: float, size: float, period: float) -> np.ndarray:
    return level + size * np.sin(2 * np.pi * time(epochs) / period)


def jitter(curve: np.ndarray, size: float) -> np.ndarray:
    """Up and down from one batch to the next."""
    return curve + size * np.where(np.arange(len(curve)) % 2, 1.0, -1.0)


#: of a loss that stays where it is, from one batch to the next
NOISE = np.random.default_rng(11).normal(size=100 * EPOCH)


def spiked(curve: np.ndarray, epoch: float, level: float = 1000.0) -> np.ndarray:
    """One batch that is far out."""
    changed = curve.copy()
    changed[round(epoch * EPOCH)] = level
    return changed


def of(**curves: np.ndarray) -> Planted:
    """Losses of D and G by the letters d and g, and D's mean probabilities by real and fake."""
    names = {"d": D, "g": G, "real": "real_probability", "fake": "fake_probability"}
    return Planted(curves={names[name]: curve for name, curve in curves.items()}, iterations_per_epoch=EPOCH)


def scored(**scores: float) -> Planted:
    return Planted(scores=scores, iterations_per_epoch=EPOCH)


def broken(seeds: frozenset[int]) -> Planted:
    return Planted(diverged=seeds)


# --- the paper's own world --------------------------------------------------------------------------------------------


def run(system: str, d: float, g: tuple[float, float], scale: float, **scores: float) -> Planted:
    epochs = EPOCHS[system]
    curves = of(
        d=falling(epochs, 3.0, d, scale),
        g=falling(epochs, *g, scale),
        real=falling(epochs, 0.9, 0.52, scale),
        fake=falling(epochs, 0.1, 0.48, scale),
    )
    return replace(curves, scores=scores)


SCORES = {"digit_distance": 40.5, "fid": 35.5, "recognisability": 0.81, "recognised_share": 0.42, "sharpness_gap": 0.35}
BETTER = {"digit_distance": 8.5, "fid": 12.5, "recognisability": 0.95, "recognised_share": 0.88, "sharpness_gap": 0.05}
BASE = {
    "gan": run("gan", 1.3, (4.0, 0.9), 12, discriminator_accuracy=0.54, **SCORES),
    "dcgan": run("dcgan", 1.1, (4.0, 0.8), 3, **BETTER),
}
#: the same with the loss that the paper states, log(1 - D(G(z))), which is never positive
STATED = {
    "gan": run("gan", 1.3, (-0.1, -0.55), 12, discriminator_accuracy=0.54, **SCORES),
    "dcgan": run("dcgan", 1.1, (-0.1, -0.65), 3, **BETTER),
}
SWAPPED = {"gan": scored(**BETTER), "dcgan": scored(**SCORES)}
TIED = {"dcgan": scored(**SCORES)}


def stable(claim: str, name: str, base: Mapping[str, Planted]) -> list[World]:
    """Whether both losses stop moving, which DG-C2 and DG-C8 ask alike."""
    n, g = EPOCHS[name], base[name].curves[G]
    end = float(g[-1])
    late = time(n) > 0.9 * n
    return [
        true(claim, "one batch far out, late", **{name: of(g=spiked(g, 0.9 * n))}),
        true(claim, "batches differ much", **{name: of(g=jitter(g, 0.3))}),
        true(claim, "noise about one level", **{name: of(g=end + abs(end) * 0.1 * NOISE[: n * EPOCH])}),
        true(claim, "at one level from the first", **{name: of(g=flat(n, end))}),
        true(claim, "as late as three quarters", **{name: of(g=np.where(time(n) < 0.75 * n, 3 * end, end))}),
        false(claim, "drifting to the end", **{name: of(g=np.linspace(0.3 * end, 2 * end, n * EPOCH))}),
        false(claim, "drifting by 20 % in the last fifth", **{name: of(g=end * (0.2 + 0.8 * time(n) / n))}),
        false(claim, "a step in the last tenth", **{name: of(g=g + 0.4 * end * late)}),
        false(claim, "swinging slowly", **{name: of(g=swing(n, end, 0.3, n / 10))}),
        false(claim, "swinging quickly", **{name: of(g=swing(n, end, 0.3, n / 25))}),
        false(claim, "D drifting", **{name: of(d=np.linspace(0.5, 2.5, n * EPOCH))}),
    ]


def sooner(base: Mapping[str, Planted]) -> list[World]:
    """DG-C4."""
    claim, g = "DG-C4", base["gan"].curves[G]
    like_dcgan = falling(100, 3.0, 1.3, 3)
    drifting = like_dcgan + 0.01 * np.maximum(0, time(100) - 60)
    return [
        true(claim, "as the paper says"),
        true(claim, "the GAN never settles", gan=of(d=np.linspace(3, 1, 2000), g=np.linspace(g[0], g[-1], 2000))),
        true(claim, "a batch far out in the DCGAN", dcgan=of(d=spiked(base["dcgan"].curves[D], 30))),
        true(
            claim,
            "at 30 epochs, the GAN at 45",
            dcgan=of(d=np.where(time(50) < 30, 3.0, 1.1)),
            gan=of(d=np.where(time(100) < 45, 3.0, 1.3)),
        ),
        true(
            claim,
            "D wins, and its loss flickers near 0",
            dcgan=of(d=falling(50, 3.0, 0.02, 1) + 0.01 * NOISE[: 50 * EPOCH]),
        ),
        true(
            claim,
            "at 35 epochs, the GAN at 90",
            dcgan=of(d=np.where(time(50) < 35, 3.0, 1.1)),
            gan=of(d=np.interp(time(100), [0, 90], [4.0, 1.3])),
        ),
        false(claim, "the GAN from the first", gan=of(d=flat(100, 1.3), g=flat(100, float(g[-1])))),
        false(claim, "the GAN's D before", gan=of(d=falling(100, 3.0, 1.3, 0.5))),
        false(claim, "as soon, and the GAN drifts after epoch 60", gan=of(d=drifting), dcgan=of(d=like_dcgan[:1000])),
        false(claim, "neither settles", gan=of(d=np.linspace(3, 0.5, 2000)), dcgan=of(d=np.linspace(3, 1.5, 1000))),
        false(claim, "the DCGAN swings to the end", dcgan=of(d=swing(50, 1.1, 0.5, 7))),
        false(claim, "D sooner, G later", dcgan=of(g=np.where(time(50) < 45, g[0], g[-1]))),
    ]


def lower(base: Mapping[str, Planted]) -> list[World]:
    """DG-C5."""
    claim, d, g = "DG-C5", base["gan"].curves[D], base["gan"].curves[G]
    return [
        true(claim, "as the paper says"),
        true(claim, "by little", dcgan=of(d=d[-1000:] - 0.02, g=g[-1000:] - 0.02)),
        true(claim, "one batch far out", dcgan=of(g=spiked(base["dcgan"].curves[G], 45, g[0] * 100))),
        true(claim, "one batch of the GAN far below", gan=of(g=g - 0.01), dcgan=of(g=spiked(g[-1000:] - 0.1, 45, 9.0))),
        false(claim, "D's lower, G's higher", dcgan=of(g=flat(50, g[-1] + 0.3))),
        false(claim, "G's lower, D's higher", dcgan=of(d=flat(50, 1.5))),
        false(claim, "equal", dcgan=of(d=d[-1000:], g=g[-1000:])),
        false(claim, "lower before, higher in the end", dcgan=of(d=np.where(time(50) < 40, 0.3, 1.6))),
        false(claim, "lower mostly, far higher in the rest", dcgan=of(d=np.where(np.arange(1000) % 5 < 3, 0.2, 5.0))),
    ]


WORLDS = [
    # --- C1: better digits ---
    true("DG-C1", "as the paper says"),
    true("DG-C1", "by little", dcgan=scored(fid=35.25, digit_distance=40.25)),
    true("DG-C1", "the GAN breaks down", gan=broken(EVERY)),
    false("DG-C1", "worse", **SWAPPED),
    false("DG-C1", "as good", **TIED),
    false("DG-C1", "by one measure alone", dcgan=scored(fid=50.5)),
    false("DG-C1", "by the other alone", dcgan=scored(digit_distance=60.5)),
    false("DG-C1", "breaks down in half of the seeds", dcgan=broken(HALF)),
    # --- C2: the GAN's losses stop moving ---
    true("DG-C2", "as the paper says"),
    true("DG-C2", "D wins and its loss flickers near 0", gan=of(d=jitter(flat(100, 0.004), 0.003), g=flat(100, 9.0))),
    *stable("DG-C2", "gan", BASE),
    # --- C3: D cannot tell ---
    true("DG-C3", "as the paper says"),
    true(
        "DG-C3",
        "all are called real",
        gan=but({"": scored(discriminator_accuracy=0.502)}, {"": of(real=flat(100, 0.95), fake=flat(100, 0.95))})[""],
    ),
    false("DG-C3", "it is right", gan=scored(discriminator_accuracy=0.92)),
    false("DG-C3", "it is wrong", gan=scored(discriminator_accuracy=0.12)),
    false("DG-C3", "it tells, and draws the line elsewhere", gan=of(real=flat(100, 0.85), fake=flat(100, 0.65))),
    false("DG-C3", "right and wrong by turns", gan=of(real=swing(100, 0.5, 0.4, 3), fake=swing(100, 0.5, -0.4, 3))),
    # --- C4: sooner stable; C5: lower ---
    *sooner(BASE),
    *lower(BASE),
    # --- C6: clearer edges ---
    true("DG-C6", "as the paper says"),
    true("DG-C6", "by little", dcgan=scored(sharpness_gap=0.345)),
    true("DG-C6", "the GAN breaks down", gan=broken(EVERY)),
    false("DG-C6", "blurred", **SWAPPED),
    false("DG-C6", "speckled, twice as sharp as real digits", dcgan=scored(sharpness_gap=float(np.log(2)))),
    false("DG-C6", "as clear", **TIED),
    # --- C7: recognised better ---
    true("DG-C7", "as the paper says"),
    true(
        "DG-C7",
        "hardly any, of the GAN's fewer",
        gan=scored(recognisability=0.31, recognised_share=0.02),
        dcgan=scored(recognisability=0.34, recognised_share=0.05),
    ),
    true("DG-C7", "the GAN breaks down", gan=broken(EVERY)),
    false("DG-C7", "the GAN's better, most of both", **SWAPPED),
    false("DG-C7", "surer on average, of fewer", dcgan=scored(recognised_share=0.3)),
    false("DG-C7", "of more, less sure on average", dcgan=scored(recognisability=0.7)),
    false("DG-C7", "as well", **TIED),
    # --- C8: a similar plot ---
    true("DG-C8", "as the paper says"),
    true("DG-C8", "at other levels", dcgan=of(d=falling(50, 3.0, 0.6, 3), g=falling(50, 4.0, 0.4, 3))),
    *stable("DG-C8", "dcgan", BASE),
    false("DG-C8", "D tells", dcgan=of(real=flat(50, 0.83), fake=flat(50, 0.17))),
    false("DG-C8", "G's loss above D's, the GAN's below", dcgan=of(d=flat(50, 0.5), g=flat(50, 2.7))),
]


#: worlds of the stated loss, where the generator's has the other sign
STATED_WORLDS = [
    true("DG-C2", "saturated", gan=of(d=flat(100, 0.003), g=jitter(flat(100, -0.003), 0.002))),
    *stable("DG-C2", "gan", STATED),
    *stable("DG-C8", "dcgan", STATED),
    *sooner(STATED),
    *lower(STATED),
]


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_claims_tell_true_from_false(world: World) -> None:
    assert_told(SPEC, BASE, world)


@pytest.mark.parametrize("world", STATED_WORLDS, ids=str)
def test_claims_tell_true_from_false_with_the_stated_loss(world: World) -> None:
    assert_told(LOADED.under("stated_loss"), STATED, world)


def test_every_measured_claim_meets_both_kinds_of_world() -> None:
    assert unprobed(SPEC, WORLDS) == set()
