"""HDCGAN's claims in worlds of which the truth is known: as the paper says, and hostile ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmark.judging.finding import Incomparable
from tests.papers import checks
from tests.papers.checks import Planted
from tests.papers.worlds import World, assert_told, but, false, true, unprobed

LOADED = checks.paper("hdcgan")
SPEC = LOADED.spec
EPOCH = 20
EVERY = frozenset(range(10))
FEW = frozenset(range(3))


def scored(**scores: float) -> Planted:
    """Scores at the end."""
    return Planted(scores=scores, iterations_per_epoch=EPOCH)


def course(**levels: Sequence[float]) -> Planted:
    """Scores after every epoch, the last of which is that at the end."""
    return Planted(
        scores={score: float(values[-1]) for score, values in levels.items()},
        evaluated={score: {EPOCH * k: float(level) for k, level in enumerate(v, 1)} for score, v in levels.items()},
        iterations_per_epoch=EPOCH,
    )


def quarters(*levels: float) -> Planted:
    """FID after every quarter of one epoch."""
    return Planted(
        evaluated={"fid": {EPOCH * k // 4: level for k, level in enumerate(levels, 1)}}, iterations_per_epoch=EPOCH
    )


def curved(scores: dict[str, float] | None = None, **curves: np.ndarray) -> Planted:
    return Planted(curves=curves, scores=scores or {}, iterations_per_epoch=EPOCH)


def broken(seeds: frozenset[int]) -> Planted:
    """Training that broke down in these seeds."""
    return Planted(diverged=seeds)


def both(first: Planted, second: Planted) -> Planted:
    return but({"": first}, {"": second})[""]


# --- curves over 19 epochs ------------------------------------------------------------------------------------------


def falling(start: float, end: float, epochs: int = 19) -> np.ndarray:
    return np.linspace(start, end, epochs * EPOCH)


def by_epoch(levels: Sequence[float]) -> np.ndarray:
    """A curve that stays at each epoch's level."""
    return np.repeat(np.asarray(levels, dtype=float), EPOCH)


def flat(level: float, epochs: int = 19) -> np.ndarray:
    return np.full(epochs * EPOCH, level)


def burst(height: float) -> np.ndarray:
    """A gradient of norm 1 but for one iteration late in the run."""
    curve = flat(1.0)
    curve[15 * EPOCH] = height
    return curve


def stretch(height: float) -> np.ndarray:
    """A gradient of norm 1 but for three epochs."""
    curve = flat(1.0)
    curve[12 * EPOCH : 15 * EPOCH] = height
    return curve


CALM = {"discriminator_gradient": flat(1.0), "generator_gradient": flat(1.0)}
GROWING = {"discriminator_gradient": np.geomspace(1.0, 5000.0, 19 * EPOCH), "generator_gradient": flat(1.0)}
#: FID by epoch: good after three, lost from the eighth on
LOST = [*np.linspace(150, 120, 7), *np.linspace(140, 320.5, 12)]
SAW = np.tile([0.3, -0.3], 19 * EPOCH // 2)


def sweep(by_batch: Sequence[float], by_rate: Sequence[float]) -> dict[str, Planted]:
    """FIDs of DCGANs of batch 8, 16 and 32 at half, once and twice the rate, sums of two effects."""
    return {
        f"dcgan_12_batch_{batch}{speed}": scored(fid=first + second)
        for batch, first in zip((8, 16, 32), by_batch, strict=True)
        for speed, second in zip(("_slower", "", "_faster"), by_rate, strict=True)
    }


def swept(**fids: float) -> dict[str, Planted]:
    """Single FIDs of the sweep."""
    return {f"dcgan_12_{name}": scored(fid=fid) for name, fid in fids.items()}


def losses_12(discriminator: np.ndarray, generator: np.ndarray) -> Planted:
    return curved(discriminator_loss=discriminator, generator_loss=generator)


SWINGS = by_epoch([1.2, 1.0] * 6)
BASE: dict[str, Planted] = {
    "hdcgan_celeba": course(fid=np.geomspace(150, 18.5, 74), ms_ssim=np.linspace(0.26, 0.1978, 74)),
    "wgan_gp_128": scored(ms_ssim=0.2854),
    "progressive_128": scored(ms_ssim=0.2838),
    "wide_128_wgan_gp": scored(ms_ssim=0.2754),
    "wide_128_progressive": scored(ms_ssim=0.2738),
    "progressive_512": scored(fid=190.5, collapse=0.3),
    "hdcgan_12": scored(fid_over_real=8.5),
    "hdcgan_as_cz": scored(fid=31.5, fid_over_real=5.5),
    "hdcgan_cz": scored(fid=45.5, fid_over_real=7.5, nearest=1.05, nearest_features=1.05),
    "hdcgan_19": curved(
        {
            "fid": 25.5,
            "duplicates": 0.02,
            "ms_ssim": 0.25,
            "collapse": 0.8,
            "normalised_generator": 0.2,
            "normalised_discriminator": 0.3,
        },
        discriminator_loss=falling(1.5, 0.9),
        generator_loss=falling(4.0, 2.0),
    ),
    "dcgan_19": both(
        course(fid=np.geomspace(400, 200.5, 19)),
        curved(
            {"ms_ssim": 0.6, "collapse": 0.3, "normalised_generator": 0.66, "normalised_discriminator": 0.7},
            discriminator_loss=flat(1.0) + SAW,
            generator_loss=flat(3.0) + 3 * SAW,
        ),
    ),
    "noise_nowhere": both(
        course(fid=np.geomspace(300, 40.5, 19)),
        curved({"duplicates": 0.6}, discriminator_loss=flat(0.1), **CALM),
    ),
    "selu_19": both(course(fid=LOST), curved({"ms_ssim": 0.35, "collapse": 0.3}, **GROWING)),
    "selu_19_low": course(fid=np.geomspace(200, 45.5, 19)),
    "first_epoch_selu": quarters(260.5, 180.5, 170.5, 160.5),
    "first_epoch_dcgan": quarters(350.5, 300.5, 260.5, 230.5),
    "wgan_19": scored(fid=310.5, collapse=0.3),
    "wgan_gp_19": scored(fid=290.5, collapse=0.3),
    "lapgan_19": scored(fid=280.5, collapse=0.3),
    "stark_hdcgan": scored(fid=44.5),
    "stark_dcgan": scored(fid=420.5),
    **sweep((130.5, 100.5, 80.5), (6.0, 0.0, 9.0)),
}
for name, losses in (
    ("dcgan_12_batch_8", losses_12(SWINGS, SWINGS)),
    ("dcgan_12_batch_32", losses_12(falling(1.5, 0.9, 12), falling(4.0, 2.0, 12))),
):
    BASE[name] = both(BASE[name], losses)

DCGAN_FID = BASE["dcgan_19"].evaluated["fid"].values()

WORLDS: list[World] = [
    # --- C1: much lower MS-SSIM ---
    true("HD-C1", "as printed"),
    true(
        "HD-C1",
        "all higher than printed, as far apart",
        hdcgan_celeba=scored(ms_ssim=0.31),
        wgan_gp_128=scored(ms_ssim=0.45),
        progressive_128=scored(ms_ssim=0.44),
    ),
    false("HD-C1", "by a hair's breadth", hdcgan_celeba=scored(ms_ssim=0.2830)),
    false("HD-C1", "lower, not much", hdcgan_celeba=scored(ms_ssim=0.2554)),
    false("HD-C1", "much lower than one of two", progressive_128=scored(ms_ssim=0.1838)),
    true(
        "HD-C1-crop",
        "rivals gain by the crop and stay far",
        wide_128_wgan_gp=scored(ms_ssim=0.2654),
        wide_128_progressive=scored(ms_ssim=0.2638),
    ),
    false(
        "HD-C1-crop",
        "the crop did it",
        wide_128_wgan_gp=scored(ms_ssim=0.2054),
        wide_128_progressive=scored(ms_ssim=0.2038),
    ),
    # --- C3: a great factor faster ---
    true("HD-C3", "ahead throughout"),
    true("HD-C3", "slow in the first epoch only", noise_nowhere=course(fid=[450, *np.geomspace(250, 40.5, 18)])),
    true(
        "HD-C3",
        "both come to the same, one much sooner",
        noise_nowhere=course(fid=[300, 150, 70, *[60.5] * 16]),
        dcgan_19=course(fid=[*np.geomspace(400, 61, 12), *[60.5] * 7]),
    ),
    true("HD-C3", "ahead, by swings", noise_nowhere=course(fid=np.geomspace(300, 40.5, 19) * (1 + SAW[:19] / 4))),
    false("HD-C3", "a point ahead", noise_nowhere=course(fid=[level - 1 for level in DCGAN_FID])),
    false("HD-C3", "a tenth ahead", noise_nowhere=course(fid=[level * 0.9 for level in DCGAN_FID])),
    false("HD-C3", "ahead for two epochs", noise_nowhere=course(fid=[200, 150, *list(DCGAN_FID)[2:]])),
    false(
        "HD-C3",
        "ahead, and lost at the end",
        noise_nowhere=course(fid=[*np.geomspace(300, 60, 12), *np.linspace(80, 260.5, 7)]),
    ),
    false("HD-C3", "the noise did it", noise_nowhere=course(fid=[*DCGAN_FID])),
    false(
        "HD-C3",
        "a quarter ahead, where nothing moves",
        noise_nowhere=course(fid=[300.5] * 19),
        dcgan_19=course(fid=[390.5] * 19),
    ),
    true(
        "HD-C3",
        "at 35 after one epoch, the DCGAN after eight",
        noise_nowhere=course(fid=[35.5] * 19),
        dcgan_19=course(fid=[*[390.5] * 8, *[40.5] * 11]),
    ),
    false(
        "HD-C3",
        "a point ahead, where nothing moves",
        noise_nowhere=course(fid=[299.5] * 19),
        dcgan_19=course(fid=[300.5] * 19),
    ),
    # --- C4: faster, then destroyed at high resolution ---
    true("HD-C4", "gradients grow without end and quality goes"),
    true("HD-C4", "lost in the last two epochs", selu_19=course(fid=[*np.linspace(150, 100, 17), 200.5, 320.5])),
    true("HD-C4", "collapsed without exploding", selu_19=curved({"collapse": 0.003}, **CALM)),
    true("HD-C4", "one burst, never recovered from", selu_19=curved(**{**CALM, "generator_gradient": burst(300.0)})),
    true("HD-C4", "no numbers", selu_19=both(curved(**CALM), broken(EVERY))),
    true("HD-C4", "in two ways", selu_19=both(curved({"collapse": 0.003}, **CALM), broken(FEW))),
    true("HD-C4", "fastest in its first quarter of an epoch", first_epoch_selu=quarters(250.5, 280.5, 290.5, 300.5)),
    false(
        "HD-C4",
        "one bad iteration of no consequence",
        selu_19=both(
            course(fid=np.geomspace(200, 20.5, 19)),
            curved({"ms_ssim": 0.25}, **{**CALM, "discriminator_gradient": burst(150.0)}),
        ),
    ),
    false(
        "HD-C4",
        "destroyed for a while",
        selu_19=course(fid=[*np.linspace(150, 120, 8), 320, 330, 310, *np.linspace(200, 90.5, 8)]),
    ),
    false("HD-C4", "never any good", selu_19=course(fid=[*np.linspace(330, 320.5, 19)])),
    false("HD-C4", "worse, without either sign", selu_19=curved(**CALM)),
    false("HD-C4", "in few seeds", selu_19=both(course(fid=np.geomspace(200, 40.5, 19)), broken(FEW))),
    false("HD-C4", "at low resolution too", selu_19_low=course(fid=LOST)),
    false("HD-C4", "no faster at first", first_epoch_selu=quarters(345.5, 320.5, 270.5, 240.5)),
    false("HD-C4", "a little faster at first", first_epoch_selu=quarters(340.5, 290.5, 250.5, 225.5)),
    false("HD-C4", "never any good at low resolution", selu_19_low=course(fid=[310.5] * 19)),
    false(
        "HD-C4",
        "a point ahead at first, where nothing moves",
        first_epoch_selu=quarters(299.5, 299.5, 299.5, 299.5),
        first_epoch_dcgan=quarters(300.5, 300.5, 300.5, 300.5),
    ),
    # --- C5: both errors fall steadily ---
    true("HD-C5", "straight down"),
    true("HD-C5", "ever more slowly", hdcgan_19=curved(generator_loss=np.geomspace(4.0, 0.5, 19 * EPOCH))),
    true("HD-C5", "with a saw in it", hdcgan_19=curved(discriminator_loss=falling(1.5, 0.9) + SAW)),
    true("HD-C5", "one iteration far out", hdcgan_19=curved(generator_loss=falling(4.0, 2.0) + burst(3.0) - 1.0)),
    false(
        "HD-C5",
        "one plunge, then a slow rise",
        hdcgan_19=curved(discriminator_loss=np.where(np.arange(19 * EPOCH) < EPOCH, 9.0, falling(0.5, 1.0))),
    ),
    false(
        "HD-C5",
        "swings wider than the fall",
        hdcgan_19=curved(generator_loss=falling(4.0, 3.0) + by_epoch([1.0, -1.0] * 9 + [0.0])),
    ),
    false(
        "HD-C5",
        "turns after thirteen epochs",
        hdcgan_19=curved(discriminator_loss=by_epoch([*np.linspace(1.5, 0.9, 13), *np.linspace(0.95, 1.3, 6)])),
    ),
    false("HD-C5", "bursts at the end", hdcgan_19=curved(generator_loss=by_epoch([*np.linspace(4.0, 2.0, 18), 12.0]))),
    false(
        "HD-C5",
        "four times from the same height",
        hdcgan_19=curved(generator_loss=by_epoch([*np.linspace(4, 2, 5)] * 3 + [*np.linspace(3.4, 2, 4)])),
    ),
    false("HD-C5", "by next to nothing", hdcgan_19=curved(discriminator_loss=falling(1.5, 1.47))),
    true(
        "HD-C5",
        "most of it in the first epoch",
        hdcgan_19=curved(discriminator_loss=by_epoch([6.0, *np.linspace(1.5, 0.9, 18)])),
    ),
    false("HD-C5", "one falls, the other rises", hdcgan_19=curved(generator_loss=falling(2.0, 4.0))),
    false("HD-C5", "one falls, the other stays", hdcgan_19=curved(discriminator_loss=flat(0.9))),
    true(
        "HD-C5",
        "one iteration beyond all measure, late",
        hdcgan_19=curved(generator_loss=falling(4.0, 2.0) + 1e4 * (burst(1e4) > 1)),
    ),
    true("HD-C5-smooth", "straight down in a narrow band"),
    true(
        "HD-C5-smooth",
        "one iteration beyond all measure",
        hdcgan_19=curved(generator_loss=falling(4.0, 2.0) + 1e4 * (burst(1e4) > 1)),
    ),
    true(
        "HD-C5-smooth", "half as wide as the DCGAN's", hdcgan_19=curved(discriminator_loss=falling(1.5, 0.9) + SAW / 2)
    ),
    false(
        "HD-C5-smooth", "steady, in as wide a band", hdcgan_19=curved(discriminator_loss=falling(1.5, 0.9) + 1.5 * SAW)
    ),
    false(
        "HD-C5-smooth",
        "narrow only since the loss is small",
        hdcgan_19=curved(generator_loss=falling(0.4, 0.2) + SAW / 2),
    ),
    false(
        "HD-C5-smooth",
        "narrow, and up and down from epoch to epoch",
        hdcgan_19=curved(generator_loss=by_epoch([3.0, 2.0] * 9 + [3.0])),
    ),
    false(
        "HD-C5-smooth",
        "smoothly, four times from the same height",
        hdcgan_19=curved(generator_loss=by_epoch([*np.linspace(4, 2, 5)] * 3 + [*np.linspace(3.4, 2, 4)])),
    ),
    false("HD-C5-smooth", "smooth in D alone", hdcgan_19=curved(generator_loss=falling(4.0, 2.0) + 4 * SAW)),
    # --- C6: rivals fail at 512 x 512 ---
    true("HD-C6", "all four fail"),
    true("HD-C6", "one breaks down in every seed", wgan_19=broken(EVERY)),
    true("HD-C6", "one repeats a few good faces", wgan_19=scored(fid=40.5, collapse=0.001)),
    false("HD-C6", "parted by a hair's breadth", hdcgan_19=scored(fid=149.5), dcgan_19=scored(fid=150.9)),
    false("HD-C6", "a LAPGAN draws faces too", lapgan_19=scored(fid=45.5)),
    false("HD-C6", "a DCGAN just does", dcgan_19=scored(fid=140.5)),
    false("HD-C6", "HDCGAN draws none", hdcgan_19=scored(fid=190.5)),
    false("HD-C6", "HDCGAN repeats a few faces", hdcgan_19=scored(fid=60.5, collapse=0.004)),
    true("HD-C6-pggan", "it fails", progressive_512=scored(fid=190.5)),
    true("HD-C6-pggan", "it breaks down", progressive_512=broken(EVERY)),
    true("HD-C6-pggan", "it collapses", progressive_512=scored(fid=90.5, collapse=0.002)),
    false("HD-C6-pggan", "it draws faces", progressive_512=scored(fid=20.5, collapse=0.9)),
    false("HD-C6-pggan", "it draws poor ones", progressive_512=scored(fid=140.5, collapse=0.5)),
    # --- C7: batch rather than rate ---
    true("HD-C7", "a larger batch always helps more"),
    true("HD-C7", "by little, and always", **sweep((100.5, 96.5, 92.5), (1.0, 0.0, 1.5))),
    true("HD-C7", "small batches break down", **{name: broken(EVERY) for name in BASE if "batch_8" in name}),
    false("HD-C7", "half the rate helps more", **swept(batch_8_slower=40.5, batch_32=50.5, batch_16=60.5)),
    false("HD-C7", "twice the rate helps more", **swept(batch_8_faster=40.5)),
    false("HD-C7", "beyond 16 it harms", **swept(batch_32=110.5)),
    false("HD-C7", "at the stated rate alone", **swept(batch_32_faster=180.5, batch_32_slower=170.5)),
    false("HD-C7", "nothing matters", **sweep((100.5, 100.5, 100.5), (0.0, 0.0, 0.0))),
    true("HD-C7-loss", "straight down with 32, up and down with 8"),
    true(
        "HD-C7-loss",
        "ever more slowly",
        dcgan_12_batch_32=losses_12(np.geomspace(2, 0.4, 240), np.geomspace(4, 0.5, 240)),
    ),
    false("HD-C7-loss", "calm and level", dcgan_12_batch_32=losses_12(flat(1.0, 12), flat(2.0, 12))),
    false(
        "HD-C7-loss", "down with 8 as well", dcgan_12_batch_8=losses_12(falling(1.5, 0.9, 12), falling(4.0, 2.0, 12))
    ),
    false(
        "HD-C7-loss",
        "twice from the same height",
        dcgan_12_batch_32=losses_12(falling(1.5, 0.9, 12), by_epoch([*np.linspace(4, 2, 6)] * 2)),
    ),
    false("HD-C7-loss", "one loss alone", dcgan_12_batch_32=curved(generator_loss=SWINGS)),
    # --- C8: noise against saturation and collapse ---
    true("HD-C8", "both there without noise, neither with it"),
    true(
        "HD-C8",
        "saturated only late",
        noise_nowhere=curved(discriminator_loss=np.where(np.arange(19 * EPOCH) > 14 * EPOCH, 0.05, 0.8)),
    ),
    true("HD-C8", "a third of repeats fewer", noise_nowhere=scored(duplicates=0.3), hdcgan_19=scored(duplicates=0.2)),
    false("HD-C8", "nothing to overcome", noise_nowhere=curved({"duplicates": 0.013}, discriminator_loss=flat(0.8))),
    false("HD-C8", "noise adds to the loss and no more", noise_nowhere=curved(discriminator_loss=flat(0.8))),
    false(
        "HD-C8",
        "next to no saturation without noise, none with it",
        noise_nowhere=curved(discriminator_loss=np.where(np.arange(19 * EPOCH) % 40, 0.8, 0.1)),
    ),
    false("HD-C8", "no repeats without noise", noise_nowhere=scored(duplicates=0.011)),
    false("HD-C8", "as many repeats with it", hdcgan_19=scored(duplicates=0.58)),
    false("HD-C8", "saturated with it as well", hdcgan_19=curved(discriminator_loss=flat(0.1))),
    true("HD-C8", "without noise training breaks down", noise_nowhere=broken(EVERY)),
    # --- C9, C10: good, and not memorised ---
    true("HD-C9", "good on both"),
    true(
        "HD-C9", "as good as real pictures", hdcgan_12=scored(fid_over_real=1.05), hdcgan_cz=scored(fid_over_real=1.02)
    ),
    false("HD-C9", "CZ is poor", hdcgan_cz=scored(fid_over_real=25.5)),
    false("HD-C9", "CelebA is poor", hdcgan_12=scored(fid_over_real=12.5)),
    false("HD-C9", "CZ breaks down", hdcgan_cz=broken(EVERY)),
    true("HD-C10", "as far from training images as these are"),
    true("HD-C10", "blurred faces, near to many", hdcgan_cz=scored(nearest=0.7, nearest_features=1.2)),
    false("HD-C10", "copies", hdcgan_cz=scored(nearest=0.15, nearest_features=0.1)),
    false("HD-C10", "shifted copies", hdcgan_cz=scored(nearest=1.02, nearest_features=0.2)),
    false("HD-C10", "blurred copies", hdcgan_cz=scored(nearest=0.2, nearest_features=1.2)),
    false(
        "HD-C10", "noise, far from everything", hdcgan_cz=scored(nearest=3.1, nearest_features=2.2, fid_over_real=90.5)
    ),
    # --- C11, C12: better, more varied; an easier set ---
    true("HD-C11", "better and more varied than DCGAN"),
    true("HD-C11", "slightly, in every seed", hdcgan_19=scored(fid=195.5, ms_ssim=0.59)),
    false("HD-C11", "better, less varied", hdcgan_19=scored(ms_ssim=0.75)),
    false("HD-C11", "more varied, worse", hdcgan_19=scored(fid=260.5)),
    false("HD-C11", "varied as noise is", hdcgan_19=scored(ms_ssim=0.02, collapse=3.5)),
    false("HD-C11", "speckle upon one face", hdcgan_19=scored(ms_ssim=0.2, collapse=0.05)),
    true("HD-C11", "less varied than the data, more than DCGAN", hdcgan_19=scored(collapse=0.42)),
    true("HD-C11", "both as varied as the data", hdcgan_19=scored(collapse=0.9), dcgan_19=scored(collapse=0.95)),
    true("HD-C11-training", "better and more varied with time"),
    true(
        "HD-C11-training",
        "only late",
        hdcgan_celeba=course(
            fid=[*[60.5] * 60, *np.linspace(58, 30, 14)], ms_ssim=[*[0.3] * 60, *np.linspace(0.29, 0.2, 14)]
        ),
    ),
    false(
        "HD-C11-training",
        "by a part in a thousand",
        hdcgan_celeba=course(fid=np.linspace(30.03, 30.0, 74), ms_ssim=np.linspace(0.2002, 0.2, 74)),
    ),
    false("HD-C11-training", "better, less varied", hdcgan_celeba=course(ms_ssim=np.linspace(0.2, 0.3, 74))),
    false("HD-C11-training", "worse, more varied", hdcgan_celeba=course(fid=np.geomspace(20, 90, 74))),
    false(
        "HD-C11-training",
        "there and back again",
        hdcgan_celeba=course(ms_ssim=[*[0.28] * 25, *np.linspace(0.28, 0.2, 25), *np.linspace(0.2, 0.28, 24)]),
    ),
    false("HD-C11-training", "one good evaluation at the end", hdcgan_celeba=course(ms_ssim=[*[0.28] * 73, 0.1])),
    true(
        "HD-C11-training",
        "with one lucky evaluation midway",
        hdcgan_celeba=course(ms_ssim=[*np.linspace(0.26, 0.23, 40), 0.05, *np.linspace(0.23, 0.2, 33)]),
    ),
    true("HD-C12", "much easier by either scale"),
    true("HD-C12", "CZ breaks down", hdcgan_cz=broken(EVERY)),
    false("HD-C12", "a little easier", hdcgan_as_cz=scored(fid=30.5), hdcgan_cz=scored(fid=32.5)),
    false("HD-C12", "CZ's own pictures lie as far apart", hdcgan_cz=scored(fid_over_real=1.3)),
    false("HD-C12", "CZ is easier", hdcgan_cz=scored(fid=20.5)),
    # --- C13: stable ---
    true("HD-C13", "calm beside an explosion"),
    true("HD-C13", "SELU alone gives no numbers", selu_19=broken(EVERY)),
    true(
        "HD-C13",
        "gradients grow tenfold, slowly",
        noise_nowhere=curved(generator_gradient=np.geomspace(1.0, 10.0, 19 * EPOCH)),
    ),
    true("HD-C13", "one bad iteration of no consequence", noise_nowhere=curved(generator_gradient=burst(300.0))),
    false("HD-C13", "G's gradient explodes as well", noise_nowhere=curved(generator_gradient=stretch(300.0))),
    false("HD-C13", "D's gradient explodes as well", noise_nowhere=curved(discriminator_gradient=stretch(300.0))),
    false(
        "HD-C13",
        "SELU alone has one bad iteration",
        selu_19=both(course(fid=np.geomspace(200, 90.5, 19)), curved(**{**CALM, "generator_gradient": burst(300.0)})),
    ),
    false(
        "HD-C13",
        "quality is lost as well",
        noise_nowhere=course(fid=[*np.linspace(120, 40, 10), *np.linspace(50, 90.5, 9)]),
    ),
    false(
        "HD-C13",
        "SELU alone is stable too, if not as good",
        selu_19=both(course(fid=np.geomspace(200, 90.5, 19)), curved(**CALM)),
    ),
    false(
        "HD-C13",
        "SELU alone breaks down in few seeds",
        selu_19=both(both(course(fid=np.geomspace(200, 42.5, 19)), curved(**CALM)), broken(FEW)),
    ),
    false("HD-C13", "calm, and never any good", noise_nowhere=course(fid=[330.5] * 19)),
    true("HD-C13", "SELU alone loses its quality in calm", selu_19=curved(**CALM)),
    # --- C14: self-normalising ---
    true("HD-C14", "near (0, 1), the DCGAN's are not"),
    true(
        "HD-C14",
        "they drift, the DCGAN's far more",
        hdcgan_19=scored(normalised_generator=0.45, normalised_discriminator=0.4),
        dcgan_19=scored(normalised_generator=1.2, normalised_discriminator=1.5),
    ),
    false(
        "HD-C14",
        "as far away as the DCGAN's",
        hdcgan_19=scored(normalised_generator=0.66, normalised_discriminator=0.7),
    ),
    false(
        "HD-C14",
        "batch normalisation does it alone",
        dcgan_19=scored(normalised_generator=0.21, normalised_discriminator=0.31),
    ),
    false("HD-C14", "in G alone", hdcgan_19=scored(normalised_discriminator=0.95)),
    # --- C15: robust ---
    true("HD-C15", "a tenth lost, the DCGAN twice itself"),
    true("HD-C15", "better with noise", stark_hdcgan=scored(fid=30.5), stark_dcgan=scored(fid=230.5)),
    true("HD-C15", "the DCGAN breaks down", stark_dcgan=broken(EVERY)),
    false("HD-C15", "half as much again lost", stark_hdcgan=scored(fid=62.5)),
    false("HD-C15", "the DCGAN loses less", stark_dcgan=scored(fid=204.5)),
    false(
        "HD-C15",
        "draws nothing with noise or without, the DCGAN even less",
        noise_nowhere=course(fid=[340.5] * 19),
        stark_hdcgan=scored(fid=345.5),
    ),
    false("HD-C15", "breaks down", stark_hdcgan=broken(EVERY)),
]


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_claims_tell_true_from_false(world: World) -> None:
    assert_told(SPEC, BASE, world)


def test_every_measured_claim_meets_both_kinds_of_world() -> None:
    assert unprobed(SPEC, WORLDS) == set()


@pytest.mark.parametrize("claim", ["HD-C1", "HD-C1-crop", "HD-C12"])
def test_claims_across_preparations_say_so(claim: str) -> None:
    """The paper compares images that were prepared in different ways; without `across` that is refused."""
    strict = SPEC.model_copy(update={"claims": {claim: SPEC.claims[claim].model_copy(update={"across": ()})}})
    with pytest.raises(Incomparable):
        checks.judged(strict, claim, BASE)


@pytest.mark.parametrize(
    ("reading", "claim", "changes", "base", "under"),
    [
        ("much_is_a_tenth", "HD-C1", {"hdcgan_celeba": scored(ms_ssim=0.2454)}, False, True),
        ("much_is_a_tenth", "HD-C1-crop", {"hdcgan_celeba": scored(ms_ssim=0.2354)}, False, True),
        ("much_is_a_tenth", "HD-C12", {"hdcgan_cz": scored(fid=36.5)}, False, True),
        ("recognisable_at_100", "HD-C6", {"dcgan_19": scored(fid=120.5)}, False, True),
        ("recognisable_at_100", "HD-C6-pggan", {"progressive_512": scored(fid=120.5)}, False, True),
        ("recognisable_at_200", "HD-C6", {"lapgan_19": scored(fid=180.5)}, True, False),
        ("recognisable_at_200", "HD-C6-pggan", {}, True, False),
        ("recognisable_at_200", "HD-C4", {"selu_19": course(fid=[*LOST[:-1], 190.5])}, True, False),
        (
            "steadily_in_nine_of_ten",
            "HD-C5",
            # three steps up of eighteen
            {"hdcgan_19": curved(generator_loss=by_epoch([20 - k + (2 if k in (4, 8, 12) else 0) for k in range(19)]))},
            True,
            False,
        ),
        ("good_at_three_times_real", "HD-C9", {}, True, False),
        ("good_at_three_times_real", "HD-C10", {}, True, False),
    ],
)
def test_readings_of_limits_decide_what_lies_between(
    reading: str, claim: str, changes: dict[str, Planted], base: bool, under: bool
) -> None:
    world = but(BASE, changes)
    for spec, holds in ((SPEC, base), (LOADED.under(reading), under)):
        finding = checks.judged(spec, claim, world)
        assert (finding.p < 0.05) == holds, finding.says
