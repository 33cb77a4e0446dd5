"""Claims of LSGAN on Fashion-MNIST in worlds of which the truth is known: as the paper says, and hostile ones."""

from __future__ import annotations

import numpy as np
import pytest

from tests.papers import checks
from tests.papers.checks import Planted
from tests.papers.worlds import World, assert_told, but, false, true, unprobed

LOADED = checks.paper("lsgan_fashion_mnist")
SPEC = LOADED.spec
STEPS = 4000
TIME = np.linspace(0, 1, STEPS)
EVERY = frozenset(range(10))

#: the paper's numbers, and for what it does not print some that fit its sentences
FIDS = {
    "gan": 66.73,
    "gan_batch_norm": 144.43,
    "gan_batch_norm_005": 347.65,
    "lsgan": 48.72,
    "lsgan_batch_norm": 74.12,
    "lsgan_batch_norm_005": 144.11,
    "lsgan_deep_batch_norm": 60.23,
    "lsgan_deep": 70.11,
    "lsgan_batch_norm_after": 65.31,
    "lsgan_large": 80.21,
    "gan_large": 320.41,
    "lsgan_linear": 52.11,
    "pearson_linear": 50.13,
    "pearson_sigmoid": 380.17,
}


def level(value: float) -> np.ndarray:
    return np.full(STEPS, value)


def late(before: float, after: float, since: float = 0.5) -> np.ndarray:
    return np.where(since < TIME, after, before)


def scored(**scores: float) -> Planted:
    return Planted(scores=scores)


def fids(**values: float) -> dict[str, Planted]:
    return {name: scored(fid=value) for name, value in values.items()}


def curved(**curves: np.ndarray) -> Planted:
    return Planted(curves=curves)


def collapsed(seeds: int, fid: float) -> Planted:
    """An FID that all seeds have but so many, which collapse."""
    return Planted(scores={"fid": fid}, odd={seed: {"fid": 330.5 + seed} for seed in range(seeds)})


def broken() -> Planted:
    return Planted(diverged=EVERY)


def _base() -> dict[str, Planted]:
    """The GANs' images are blurred, and their D wins in the second half; real images have a sharpness of 600."""
    balanced = {
        "mean_real_output": level(0.6),
        "mean_fake_output": level(0.4),
        "generator_gradient": level(0.5),
        "generator_loss": level(0.8),
        "discriminator_loss": level(0.6),
    }
    won = {
        "mean_real_output": late(0.7, 0.99),
        "mean_fake_output": late(0.3, 0.01),
        "generator_gradient": late(0.5, -0.1),  # the noise of planted curves is wider than the bound
        "generator_loss": np.linspace(1.0, 6.0, STEPS),
        "discriminator_loss": late(0.4, 0.01),
    }
    crisp = {"sharpness": 520.5, "sharpness_gap": 0.14, "recognisability": 0.92}
    blurred = {"sharpness": 250.5, "sharpness_gap": 0.88, "recognisability": 0.61}
    return {
        name: Planted(
            curves=won if name.startswith("gan") else balanced,
            scores={
                "fid": fid,
                "clothes_distance": fid / 2,
                **(blurred if name.startswith("gan") else crisp),
                **({"sharpness_gap": 0.3, "recognisability": 0.85} if "batch_norm" in name else {}),
            },
        )
        for name, fid in FIDS.items()
    }


BASE = _base()
BALANCED = BASE["lsgan"].curves

WORLDS: list[World] = [
    # --- FID: C1 to C4 ---
    true("LS-C1", "as printed"),
    true("LS-C1", "by little, in every seed", **fids(gan=49.03, gan_batch_norm=74.62, gan_batch_norm_005=145.03)),
    true("LS-C1", "the GANs break down", gan=broken(), gan_batch_norm=broken(), gan_batch_norm_005=broken()),
    true("LS-C1", "one GAN of ten far out", gan=collapsed(1, 66.73)),
    false("LS-C1", "four GANs of ten far out, the others better", gan=collapsed(4, 47.73)),
    false("LS-C1", "not with batch normalisation", **fids(gan_batch_norm=70.12)),
    false("LS-C1", "all alike", **fids(gan=48.72, gan_batch_norm=74.12, gan_batch_norm_005=144.11)),
    true("LS-C2", "as printed"),
    true("LS-C2", "by a hair, in every seed", **fids(gan=48.99)),
    false("LS-C2", "second by a hair", **fids(gan=48.49)),
    false("LS-C2", "a tie", **fids(lsgan_batch_norm=48.72)),
    true("LS-C2-quality", "nearest, clearest and surest"),
    false("LS-C2-quality", "best in FID, and blurred", lsgan=scored(sharpness_gap=0.95)),
    false("LS-C2-quality", "clear pictures of something else", lsgan=scored(clothes_distance=90.5)),
    false("LS-C2-quality", "the least sure", lsgan=scored(recognisability=0.55)),
    true("LS-C3", "much worse, as printed"),
    true(
        "LS-C3",
        "no change at all",
        **fids(gan_batch_norm=66.73, gan_batch_norm_005=66.73, lsgan_batch_norm=48.72, lsgan_batch_norm_005=48.72),
    ),
    true("LS-C3", "it breaks down", gan_batch_norm=broken(), gan_batch_norm_005=broken()),
    false("LS-C3", "the GAN gains a tenth by it", **fids(gan_batch_norm=60.05)),
    false("LS-C3", "the LSGAN gains at one momentum", **fids(lsgan_batch_norm_005=40.05)),
    true("LS-C4", "as printed"),
    false("LS-C4", "as alike as their training", **fids(gan_batch_norm_005=144.43, lsgan_batch_norm_005=74.12)),
    true("LS-C4", "by little, in every seed", **fids(gan_batch_norm_005=145.03, lsgan_batch_norm_005=75.03)),
    false("LS-C4", "better for the LSGAN", **fids(lsgan_batch_norm_005=70.05)),
    # --- collapse: C5, C6, C11 ---
    true("LS-C5", "the larger GAN does, the larger LSGAN does not"),
    true("LS-C5", "although its D is never sure", gan_large=curved(**BALANCED)),
    true("LS-C5", "it breaks down altogether", gan_large=broken()),
    true("LS-C5", "in six of ten runs", gan_large=collapsed(6, 90.41)),
    true(
        "LS-C5",
        "in eight of ten runs, the LSGAN in one",
        gan_large=collapsed(8, 90.41),
        lsgan_large=collapsed(1, 80.21),
    ),
    false("LS-C5", "in one run of ten", gan_large=collapsed(1, 90.41)),
    false("LS-C5", "both in five of ten", gan_large=collapsed(5, 90.41), lsgan_large=collapsed(5, 80.21)),
    false("LS-C5", "neither does", **fids(gan_large=120.41)),
    false("LS-C5", "both do", **fids(lsgan_large=330.21)),
    false("LS-C5", "its D is sure, of good images", **fids(gan_large=60.41)),
    false("LS-C5", "the LSGAN does", **fids(gan_large=90.41, lsgan_large=330.21)),
    true("LS-C6", "G's loss rises throughout, D's is next to nothing"),
    true(
        "LS-C6",
        "from nine tenths of the run on",
        gan_large=curved(generator_loss=np.interp(TIME, [0, 0.88, 1], [1, 1, 6])),
    ),
    true("LS-C6", "early, and stays up", gan_large=curved(generator_loss=np.interp(TIME, [0, 0.2, 1], [1, 6, 6]))),
    true(
        "LS-C6",
        "with a few bursts of D's loss",
        gan_large=curved(discriminator_loss=np.where(np.arange(STEPS) % 50 == 0, 5.0, 0.01)),
    ),
    false(
        "LS-C6", "rises and comes down again", gan_large=curved(generator_loss=np.interp(TIME, [0, 0.6, 1], [1, 6, 2]))
    ),
    true(
        "LS-C6",
        "from high down to 1 and up again",
        gan_large=curved(generator_loss=np.interp(TIME, [0, 0.1, 0.2, 1], [5, 5, 1, 4])),
    ),
    false(
        "LS-C6",
        "up, and down in the last twentieth",
        gan_large=curved(generator_loss=np.interp(TIME, [0, 0.9, 0.96, 1], [1, 6, 6, 1])),
    ),
    false(
        "LS-C6",
        "up early, and slowly down to two thirds",
        gan_large=curved(generator_loss=np.interp(TIME, [0, 0.2, 1], [1, 6, 4])),
    ),
    false(
        "LS-C6", "D's loss next to nothing at the very end", gan_large=curved(discriminator_loss=late(0.5, 0.01, 0.97))
    ),
    false("LS-C6", "G's loss falls", gan_large=curved(generator_loss=np.linspace(6.0, 1.0, STEPS))),
    false("LS-C6", "G's loss stays", gan_large=curved(generator_loss=level(1.0))),
    false("LS-C6", "G's loss rises by next to nothing", gan_large=curved(generator_loss=np.linspace(1.0, 1.05, STEPS))),
    false(
        "LS-C6",
        "G's loss stays but for one iteration beyond all measure",
        gan_large=curved(generator_loss=np.where(np.arange(STEPS) == STEPS - 9, 1e5, 1.0)),
    ),
    false("LS-C6", "D's loss stays", gan_large=curved(discriminator_loss=level(0.4))),
    true("LS-C6", "in the half of the runs that collapse", gan_large=collapsed(5, 90.41)),
    false("LS-C6", "nothing collapses", **fids(gan_large=120.41)),
    false("LS-C6", "two runs collapse, too few to tell", gan_large=collapsed(2, 90.41)),
    true("LS-C11", "the larger GAN collapses alone"),
    true("LS-C11", "the GAN with batch normalisation collapses alone", **fids(gan_large=90.41, gan_batch_norm=244.43)),
    true("LS-C11", "it breaks down altogether", **fids(gan_large=90.41), gan=broken()),
    false("LS-C11", "none collapses, though FIDs differ", **fids(gan_large=190.41)),
    true("LS-C11", "six runs of the larger GAN", gan_large=collapsed(6, 90.41)),
    false("LS-C11", "one run of the larger GAN", gan_large=collapsed(1, 90.41)),
    false("LS-C11", "one of each", **fids(lsgan_batch_norm=274.12)),
    false("LS-C11", "the LSGANs collapse", **fids(gan_large=90.41, lsgan_large=280.21)),
    true("LS-C11-blur", "as clear as real, the GAN's are not"),
    true("LS-C11-blur", "both blurred, one less so", lsgan=scored(sharpness=350.5, sharpness_gap=0.54)),
    false("LS-C11-blur", "the GAN's are speckled, not blurred", gan=scored(sharpness=1450.5, sharpness_gap=0.88)),
    false("LS-C11-blur", "the LSGAN's are the more blurred", lsgan=scored(sharpness=150.5, sharpness_gap=1.39)),
    true("LS-C11-clothes", "surer and nearer"),
    true("LS-C11-clothes", "by little", lsgan=scored(recognisability=0.63, clothes_distance=32.5)),
    false("LS-C11-clothes", "surer of blank images", lsgan=scored(recognisability=0.995, clothes_distance=180.5)),
    false("LS-C11-clothes", "nearer and less sure", lsgan=scored(recognisability=0.55)),
    # --- depth and normalisation: C7 to C10 ---
    true("LS-C7", "both gain"),
    true("LS-C7", "the larger ones break down", gan_large=broken(), lsgan_large=broken()),
    false("LS-C7", "the GAN alone gains", **fids(lsgan_large=40.21)),
    false("LS-C7", "nothing changes", **fids(gan_large=66.73, lsgan_large=48.72)),
    true("LS-C8", "poor and meaningful", **fids(lsgan_deep_batch_norm=150.23)),
    false("LS-C8", "meaningless", **fids(lsgan_deep_batch_norm=240.17)),
    false("LS-C8", "it breaks down", lsgan_deep_batch_norm=broken()),
    true("LS-C9", "better than all four"),
    true(
        "LS-C9",
        "the shallow ones break down",
        **{
            name: broken()
            for name in FIDS
            if "_batch_norm" in name and name != "lsgan_batch_norm_after" and "deep" not in name
        },
    ),
    false("LS-C9", "as printed, behind one of four", **fids(lsgan_deep_batch_norm=94.23)),
    true("LS-C9-depth", "helps the deep one, harms the shallow one"),
    true("LS-C9-depth", "helps the deep one, and the shallow one not at all", **fids(lsgan_batch_norm=48.72)),
    false("LS-C9-depth", "depth alone helps", **fids(lsgan_deep=55.17)),
    false("LS-C9-depth", "helps the shallow one too", **fids(lsgan_batch_norm=40.12)),
    true("LS-C10", "a tenth lower"),
    true("LS-C10", "before the activation it breaks down", lsgan_batch_norm=broken()),
    false("LS-C10", "lower by a hair", **fids(lsgan_batch_norm_after=73.81)),
    false("LS-C10", "higher", **fids(lsgan_batch_norm_after=90.17)),
    # --- losses: C12, C13 ---
    true("LS-C12", "alike with a linear D, and collapsed behind a sigmoid"),
    true("LS-C12", "Pearson's a little better", **fids(pearson_linear=45.13)),
    true("LS-C12", "behind a sigmoid it breaks down", pearson_sigmoid=broken()),
    false("LS-C12", "no collapse behind a sigmoid", **fids(pearson_sigmoid=55.17)),
    false("LS-C12", "alike only since D's ends differ", **fids(lsgan_linear=90.11)),
    false("LS-C12", "alike since both collapse with a linear D", **fids(lsgan_linear=305.1, pearson_linear=310.1)),
    false("LS-C12", "Pearson's far better", **fids(pearson_linear=30.13)),
    false("LS-C12", "all collapse", **fids(lsgan=250.72)),
    false("LS-C12", "parted by a hair at the limit", **fids(lsgan=196.72, pearson_sigmoid=203.17)),
    true("LS-C13", "in half of the iterations of one, in none of the other"),
    true(
        "LS-C13",
        "in the last tenth alone",
        gan=curved(generator_gradient=late(0.5, -0.1, 0.9), mean_fake_output=late(0.3, 0.01, 0.9)),
    ),
    false(
        "LS-C13",
        "in both, in one more often",
        lsgan=curved(generator_gradient=late(0.5, -0.1, 0.7), mean_fake_output=late(0.4, 0.01, 0.7)),
    ),
    false(
        "LS-C13",
        "next to never in either",
        lsgan=curved(generator_gradient=late(0.5, -0.1, 0.992), mean_fake_output=late(0.4, 0.01, 0.992)),
        gan=curved(generator_gradient=late(0.5, -0.1, 0.985), mean_fake_output=late(0.3, 0.01, 0.985)),
    ),
    false("LS-C13", "in neither", gan=curved(**BALANCED)),
    false("LS-C13", "D is sure and the gradient lives", gan=curved(generator_gradient=level(0.5))),
    false("LS-C13", "with least squares", gan=curved(**BALANCED), lsgan=curved(**BASE["gan"].curves)),
]


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_claims_tell_true_from_false(world: World) -> None:
    assert_told(SPEC, BASE, world)


def test_every_measured_claim_meets_both_kinds_of_world() -> None:
    assert unprobed(SPEC, WORLDS) == set()


@pytest.mark.parametrize(
    ("reading", "claim", "changes", "base", "under"),
    [
        # 175 lies between the limits, 60 below and 320 above both
        ("collapse_at_150", "LS-C8", fids(lsgan_deep_batch_norm=175.23), True, False),
        ("collapse_at_150", "LS-C5", fids(gan_large=175.23), False, True),
        ("collapse_at_150", "LS-C6", fids(gan_large=175.23), False, True),
        ("collapse_at_150", "LS-C11", fids(gan_large=175.23), False, True),
        ("collapse_at_150", "LS-C12", fids(pearson_sigmoid=175.23), False, True),
        ("collapse_at_300", "LS-C8", fids(lsgan_deep_batch_norm=250.23), False, True),
        ("collapse_at_300", "LS-C5", fids(gan_large=250.23), True, False),
        ("any_improvement_counts", "LS-C3", fids(gan_batch_norm=65.03), True, False),
        ("any_improvement_counts", "LS-C9-depth", fids(lsgan_batch_norm=48.02), True, False),
        ("any_improvement_counts", "LS-C10", fids(lsgan_batch_norm_after=72.31), False, True),
        ("gradients_of_a_hundredth", "LS-C13", {"gan": curved(generator_gradient=level(0.005))}, False, True),
    ],
)
def test_readings_of_limits_decide_what_lies_between(
    reading: str, claim: str, changes: dict[str, Planted], base: bool, under: bool
) -> None:
    world = but(BASE, changes)
    for spec, holds in ((SPEC, base), (LOADED.under(reading), under)):
        finding = checks.judged(spec, claim, world)
        assert (finding.p < 0.05) == holds, finding.says
