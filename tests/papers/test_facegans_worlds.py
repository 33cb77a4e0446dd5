"""FaceGANs' claims in worlds of which the truth is known: as the paper says, and hostile ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.papers import checks
from tests.papers.checks import Planted
from tests.papers.worlds import World, assert_told, false, true, unprobed

SPEC = checks.paper("facegans").spec
LENGTH = 3160
RATES = ("x2", "x5", "x10")
EVERY = frozenset(range(10))
HALF = frozenset(range(5))
T = np.arange(1, LENGTH + 1)

# --- curves by iteration ----------------------------------------------------------------------------------------------


def flat(level: float) -> np.ndarray:
    return np.full(LENGTH, level)


def jitter(level: float, size: float) -> np.ndarray:
    """Up and down from one iteration to the next."""
    return level + size * np.where(T % 2, 1.0, -1.0)


def swing(level: float, size: float, period: int) -> np.ndarray:
    return level + size * np.sin(2 * np.pi * T / period)


def settling(start: float, end: float, iterations: float) -> np.ndarray:
    return end + (start - end) * np.exp(-(T - 1) / iterations)


def within(curve: np.ndarray, first: int, last: int, level: float) -> np.ndarray:
    """``curve`` with another level from iteration ``first`` to ``last``."""
    return np.where((first <= T) & (last >= T), level, curve)


def losses(generator: np.ndarray, discriminator: np.ndarray) -> Planted:
    return Planted(curves={"generator_loss": generator, "discriminator_loss": discriminator})


def apart(gap: np.ndarray) -> Planted:
    """Losses so far apart: G's is 3 and D's is above it."""
    return losses(flat(3.0), 3.0 + gap)


def answers(real: np.ndarray, fake: np.ndarray, raw: float = 0.5) -> Planted:
    """D's mean probabilities of real and of generated images, and its own number of real ones."""
    return Planted(curves={"real_probability": real, "fake_probability": fake, "mean_real_output": flat(raw)})


def fid(level: float) -> Planted:
    return Planted(scores={"fid": level})


def few(seeds: int, odd: float, level: float) -> Planted:
    """So many seeds with an odd FID, and the others with another."""
    return Planted(scores={"fid": level}, odd={seed: {"fid": odd} for seed in range(seeds)})


def fids(*levels: float) -> Planted:
    """FID every 316 iterations."""
    assert len(levels) == 10
    return Planted(scores={"fid": levels[-1]}, evaluated={"fid": {316 * k: level for k, level in enumerate(levels, 1)}})


def rates(base: str, *levels: float) -> dict[str, Planted]:
    return {f"{base}_rate_{point}": fid(level) for point, level in zip(RATES, levels, strict=True)}


# --- the paper's own world --------------------------------------------------------------------------------------------

FACEGAN = losses(settling(2.6, 0.5, 30), jitter(0.95, 0.01))
DCGAN = losses(jitter(0.7, 0.3), jitter(2.3, 0.3))
STANDARD = losses(jitter(0.8, 0.02), jitter(1.3, 0.02))
OTHER_LOSS = losses(jitter(0.9, 0.2), jitter(2.1, 0.2))


def _base() -> dict[str, Planted]:
    told = answers(settling(0.95, 0.62, 300), settling(0.05, 0.62, 300))
    course = fids(*np.linspace(90.5, 48.5, 9), 40.5)
    late = fids(*np.linspace(120.5, 62.5, 9), 60.5)
    return {
        "celeba_facegan": replace(course, curves={**FACEGAN.curves, **told.curves}),
        "celeba_dcgan": replace(late, curves=DCGAN.curves),
        "celeba_facegan_standard_loss": replace(STANDARD, scores={"fid": 45.5}),
        "celeba_dcgan_facegan_loss": OTHER_LOSS,
        "mnist_facegan": replace(FACEGAN, scores={"digit_distance": 10.5}),
        "mnist_dcgan": replace(DCGAN, scores={"digit_distance": 14.5}),
        "mnist_facegan_standard_loss": STANDARD,
        "mnist_dcgan_facegan_loss": OTHER_LOSS,
        **rates("celeba_facegan", 35.5, 38.5, 42.5),
        **rates("celeba_dcgan", 65.5, 90.5, 200.5),
        **rates("celeba_networks", 44.5, 46.5, 48.5),
    }


BASE = _base()


def spiked(experiment: str, curve: str, iteration: int, level: float = 1000.0) -> Planted:
    """One outlier in one curve."""
    return Planted(curves={curve: within(BASE[experiment].curves[curve], iteration, iteration, level)})


def mirrored(data: str) -> list[World]:
    """FG-C14 and FG-C15, which say the same of faces and of digits."""
    claim = {"celeba": "FG-C14", "mnist": "FG-C15"}[data]
    standard, facegan, other = (f"{data}_{name}" for name in ("facegan_standard_loss", "facegan", "dcgan_facegan_loss"))
    return [
        true(claim, "under both losses"),
        true(claim, "but for one iteration", **{standard: spiked(standard, "generator_loss", 2000)}),
        true(claim, "still 1.2 apart, the DCGAN 1.6", **{standard: losses(flat(0.8), flat(2.0))}),
        false(claim, "the loss alone does it", **{standard: losses(jitter(0.7, 0.4), jitter(2.4, 0.4))}),
        false(claim, "only with the standard loss", **{other: losses(flat(0.5), flat(0.9))}),
        false(claim, "closer, and swinging together", **{standard: losses(swing(3, 2, 150), swing(3.4, 2, 150))}),
        false(claim, "steadier, and further apart", **{standard: losses(flat(0.5), flat(2.5))}),
        false(claim, "D steadier, G not", **{facegan: Planted(curves={"generator_loss": swing(0.9, 0.5, 100)})}),
    ]


def allowed(claim: str, base: str, usual: str, level: float) -> list[World]:
    """FG-C9 and FG-C16 where they speak of the same: rates that one system stands and the other does not."""
    fine, lost = level * 0.88, level * 4
    return [
        true(claim, "5 and 10 times the rate, 1 point worse at 2", **rates(base, level + 1, fine, fine)),
        true(claim, "both lost at 10 times, it more than the DCGAN", **rates(base, fine, fine, 3 * lost)),
        true(
            claim,
            "the DCGAN breaks down at 10 times and does well below",
            **{
                **rates(base, fine, fine, fine),
                **rates("celeba_dcgan", 60.5, 61.5, 61.5),
                "celeba_dcgan_rate_x10": Planted(diverged=EVERY),
            },
        ),
        false(claim, "at no rate", **rates(base, lost, lost, lost)),
        false(claim, "the DCGAN stands all of them too", **rates("celeba_dcgan", 60.5, 61.5, 62.5)),
        false(
            claim,
            "ahead at 2 times, the DCGAN alone stands 5 and 10",
            **{**rates(base, fine, lost, lost), **rates("celeba_dcgan", 67.5, 62.5, 62.5)},
        ),
        false(
            claim,
            "better than the DCGAN at any rate, and hurt as much",
            **{**rates(base, level * 1.2, level * 1.4, lost), **rates("celeba_dcgan", 80.5, 100.5, 240.5)},
        ),
        false(
            claim,
            "breaks down at every higher rate",
            **{f"{base}_rate_{point}": Planted(diverged=EVERY) for point in RATES},
        ),
    ]


WORLDS = [
    # --- C1: less than 1 apart from 80 on ---
    true("FG-C1", "as the paper says"),
    true("FG-C1", "one iteration a thousand apart", celeba_facegan=spiked("celeba_facegan", "generator_loss", 2000)),
    true("FG-C1", "from 150 on", celeba_facegan=apart(within(flat(0.5), 1, 150, 3.0))),
    true("FG-C1", "both losses large", celeba_facegan=losses(flat(5.4), flat(5.0))),
    true("FG-C1", "swinging, never as far as 1", celeba_facegan=apart(swing(0.5, 0.45, 400))),
    false("FG-C1", "a little more than 1", celeba_facegan=apart(flat(1.05))),
    false("FG-C1", "every second iteration", celeba_facegan=apart(jitter(0.75, 0.7))),
    false("FG-C1", "from 400 on", celeba_facegan=apart(within(flat(0.3), 1, 400, 3.0))),
    false("FG-C1", "apart for good in the last 4 %", celeba_facegan=apart(within(flat(0.3), 3035, LENGTH, 3.0))),
    false("FG-C1", "apart for 140 iterations", celeba_facegan=apart(within(flat(0.5), 1500, 1640, 3.0))),
    # --- C2: more than 1 apart ---
    true("FG-C2", "as the paper says"),
    true("FG-C2", "by 1.1", celeba_dcgan=apart(flat(1.1))),
    true("FG-C2", "G's the higher", celeba_dcgan=apart(flat(-2.0))),
    true("FG-C2", "only from 60 on", celeba_dcgan=apart(within(flat(1.6), 1, 60, 0.2))),
    true("FG-C2", "equal in one iteration", celeba_dcgan=apart(within(flat(1.6), 2000, 2000, 0.0))),
    false("FG-C2", "below 1 in 48 % of the iterations", celeba_dcgan=apart(within(flat(1.6), 1640, LENGTH, 0.5))),
    false("FG-C2", "a little less than 1", celeba_dcgan=apart(flat(0.95))),
    false("FG-C2", "together in the last 4 %", celeba_dcgan=apart(within(flat(1.6), 3035, LENGTH, 0.1))),
    false("FG-C2", "far apart in a tenth of the iterations", celeba_dcgan=apart(np.where(T % 10, 0.6, 50.0))),
    # --- C3: D's always the higher ---
    true("FG-C3", "as the paper says"),
    true("FG-C3", "by a little", celeba_dcgan=apart(flat(0.05))),
    true("FG-C3", "but for one iteration", celeba_dcgan=apart(within(flat(1.6), 2000, 2000, -100.0))),
    true("FG-C3", "both swing", celeba_dcgan=losses(swing(2, 1, 300), swing(2.5, 1, 300))),
    false("FG-C3", "G's in 3 iterations of 100", celeba_dcgan=apart(np.where(T % 33, 1.6, -0.5))),
    false("FG-C3", "not in the first 60", celeba_dcgan=apart(within(flat(1.6), 1, 60, -1.5))),
    false("FG-C3", "not in the last 4 %", celeba_dcgan=apart(within(flat(1.6), 3035, LENGTH, -0.5))),
    false("FG-C3", "equal", celeba_dcgan=apart(flat(0.0))),
    # --- C4: steadier ---
    true("FG-C4", "as the paper says"),
    true("FG-C4", "but for one iteration", celeba_facegan=spiked("celeba_facegan", "discriminator_loss", 900)),
    true("FG-C4", "descending slowly", celeba_facegan=losses(np.linspace(3, 1, LENGTH), np.linspace(4, 1.5, LENGTH))),
    true(
        "FG-C4",
        "a little restless, the DCGAN swings slowly and widely",
        celeba_facegan=losses(jitter(1.0, 0.05), jitter(1.0, 0.05)),
        celeba_dcgan=losses(swing(2.0, 1.0, 300), swing(3.0, 1.0, 300)),
    ),
    false(
        "FG-C4",
        "as restless as the DCGAN's slow swings are wide",
        celeba_facegan=losses(jitter(1.0, 0.9), jitter(1.0, 0.9)),
        celeba_dcgan=losses(swing(2.0, 1.0, 300), swing(3.0, 1.0, 300)),
    ),
    true("FG-C4", "far apart and steady", celeba_facegan=losses(flat(0.2), flat(4.0))),
    false(
        "FG-C4",
        "the DCGAN but for one iteration",
        celeba_dcgan=losses(within(flat(0.7), 900, 900, 1000.0), within(flat(2.3), 900, 900, 1000.0)),
    ),
    false("FG-C4", "swinging over 19 iterations", celeba_facegan=Planted(curves={"generator_loss": swing(2, 2, 19)})),
    false("FG-C4", "swinging over 200 iterations", celeba_facegan=Planted(curves={"generator_loss": swing(2, 1, 200)})),
    false(
        "FG-C4", "swinging over 1,000 iterations", celeba_facegan=Planted(curves={"generator_loss": swing(2, 1, 1000)})
    ),
    true(
        "FG-C4", "descending over most of the run", celeba_facegan=losses(settling(3, 0.5, 1000), settling(2, 1, 1000))
    ),
    false("FG-C4", "restless in the last 3 %", celeba_facegan=losses(flat(0.5), np.where(T > 3065, jitter(1, 2), 1.0))),
    false(
        "FG-C4",
        "a jump every twenty iterations",
        celeba_facegan=Planted(curves={"generator_loss": np.where(T % 20, 0.5, 5.0)}),
    ),
    false("FG-C4", "closer and no steadier", celeba_facegan=losses(jitter(0.9, 0.5), jitter(1.0, 0.5))),
    false("FG-C4", "G steadier and D not", celeba_facegan=Planted(curves={"discriminator_loss": jitter(0.9, 0.6)})),
    false(
        "FG-C4",
        "a spike in every 120 iterations",
        celeba_facegan=losses(np.where(T % 120, 0.9, 10.0), np.where(T % 120, 0.9, 10.0)),
        celeba_dcgan=losses(jitter(1.0, 0.1), jitter(2.0, 0.1)),
    ),
    # --- C5: balance at about 80, of the DCGAN later ---
    true("FG-C5", "the DCGAN never"),
    true("FG-C5", "the DCGAN at 200", celeba_dcgan=apart(within(flat(0.5), 1, 200, 2.0))),
    true(
        "FG-C5",
        "at 130, the DCGAN at 1,500",
        celeba_facegan=apart(within(flat(0.5), 1, 130, 2.0)),
        celeba_dcgan=apart(within(flat(0.5), 1, 1500, 2.0)),
    ),
    true("FG-C5", "an outlier at 200", celeba_facegan=spiked("celeba_facegan", "generator_loss", 200)),
    true("FG-C5", "gradually", celeba_facegan=apart(settling(2.0, 0.4, 80))),
    false("FG-C5", "at 250", celeba_facegan=apart(within(flat(0.5), 1, 250, 2.0))),
    false(
        "FG-C5",
        "the DCGAN before",
        celeba_facegan=apart(within(flat(0.5), 1, 70, 2.0)),
        celeba_dcgan=apart(within(flat(0.5), 1, 30, 2.0)),
    ),
    false(
        "FG-C5",
        "the DCGAN before, lost after 3,000",
        celeba_facegan=apart(within(flat(0.5), 1, 70, 2.0)),
        celeba_dcgan=apart(within(within(flat(0.5), 1, 30, 2.0), 3000, LENGTH, 3.0)),
    ),
    false(
        "FG-C5",
        "the DCGAN before, with an outlier",
        celeba_facegan=apart(within(flat(0.5), 1, 70, 2.0)),
        celeba_dcgan=apart(within(within(flat(0.5), 1, 30, 2.0), 250, 250, 1000.0)),
    ),
    false(
        "FG-C5",
        "the DCGAN at 40, lost at 120",
        celeba_facegan=apart(within(flat(0.5), 1, 80, 2.0)),
        celeba_dcgan=apart(within(within(flat(0.5), 1, 40, 2.0), 120, LENGTH, 2.0)),
    ),
    false(
        "FG-C5",
        "the DCGAN in and out of it from the first, on average within it",
        celeba_facegan=apart(within(flat(0.5), 1, 150, 2.0)),
        celeba_dcgan=apart(jitter(0.8, 0.6)),
    ),
    false(
        "FG-C5",
        "both at 80, the DCGAN out of it for thirty iterations",
        celeba_facegan=apart(within(flat(0.5), 1, 80, 2.0)),
        celeba_dcgan=apart(within(within(flat(0.5), 1, 80, 2.0), 200, 230, 1.2)),
    ),
    false("FG-C5", "lost from 400 on", celeba_facegan=apart(within(flat(2.0), 70, 400, 0.5))),
    false("FG-C5", "both from the first", celeba_facegan=apart(flat(0.5)), celeba_dcgan=apart(flat(0.5))),
    # --- C6: G's larger at first, then closer ---
    true("FG-C6", "as the paper says"),
    true("FG-C6", "G leads from 20 to 80", celeba_facegan=apart(within(within(flat(0.5), 1, 80, -2.0), 1, 19, 0.3))),
    true("FG-C6", "closer only from 2,500 on", celeba_facegan=apart(within(flat(-2.0), 2500, LENGTH, 0.4))),
    true("FG-C6", "an outlier in the end", celeba_facegan=spiked("celeba_facegan", "generator_loss", 3100)),
    false("FG-C6", "D's at first", celeba_facegan=losses(flat(0.69), settling(1.6, 1.0, 30))),
    false(
        "FG-C6",
        "D's at first but for one iteration",
        celeba_facegan=losses(within(flat(0.69), 1, 1, 1000.0), flat(1.0)),
    ),
    false(
        "FG-C6",
        "closer, and far apart again",
        celeba_facegan=apart(within(within(flat(3.0), 1, 80, -2.0), 400, 1200, 0.3)),
    ),
    true("FG-C6", "ever more slowly, from 100 to 5", celeba_facegan=apart(-settling(100.0, 5.0, 200))),
    false("FG-C6", "closer by a hundredth", celeba_facegan=apart(-np.linspace(2.0, 1.98, LENGTH))),
    false("FG-C6", "closer midway, in the end as before", celeba_facegan=apart(-2 + 1.8 * np.sin(np.pi * T / LENGTH))),
    false(
        "FG-C6",
        "closer, with bursts in the last third",
        celeba_facegan=apart(np.where((T > 2200) & (T % 5 < 2), 8.0, -settling(2.0, 0.3, 100))),
    ),
    false("FG-C6", "no closer", celeba_facegan=apart(flat(-1.5))),
    false("FG-C6", "further apart", celeba_facegan=apart(np.linspace(-0.5, -3, LENGTH))),
    # --- C7: balance at about 60 on digits, and kept ---
    true("FG-C7", "as the paper says"),
    true("FG-C7", "at 100", mnist_facegan=apart(within(flat(0.5), 1, 100, 2.0))),
    true("FG-C7", "outliers", mnist_facegan=apart(np.where(T % 300, 0.5, 900.0))),
    false("FG-C7", "at 200", mnist_facegan=apart(within(flat(0.5), 1, 200, 2.0))),
    false("FG-C7", "only from 120 on", mnist_facegan=apart(within(flat(0.5), 1, 119, 2.0))),
    false("FG-C7", "never", mnist_facegan=apart(flat(1.2))),
    false("FG-C7", "lost in the last 4 %", mnist_facegan=apart(within(flat(0.5), 3035, LENGTH, 3.0))),
    false("FG-C7", "lost and found", mnist_facegan=apart(swing(1.0, 0.9, 400))),
    # --- C8: better faces ---
    true("FG-C8", "as the paper says"),
    true("FG-C8", "by half a point", celeba_facegan=fid(60.0 - 0.25)),
    true("FG-C8", "the DCGAN breaks down", celeba_dcgan=Planted(diverged=EVERY)),
    true("FG-C8", "one DCGAN of ten far out", celeba_dcgan=few(1, 400.5, 60.5)),
    false("FG-C8", "four DCGANs of ten far out, the others better", celeba_dcgan=few(4, 400.5, 38.5)),
    false("FG-C8", "by a part in a thousand", celeba_facegan=fid(60.45)),
    false("FG-C8", "worse", celeba_facegan=fid(70.5)),
    false("FG-C8", "as good", celeba_facegan=fid(60.5)),
    false("FG-C8", "breaks down in half of the seeds", celeba_facegan=Planted(diverged=HALF)),
    # --- C9: a higher rate, and faster ---
    true("FG-C9", "as the paper says"),
    true(
        "FG-C9",
        "no better in the end, as good in half the time",
        **{
            **rates("celeba_facegan", 41.5, 41.5, 41.5),
            "celeba_facegan_rate_x5": fids(90.5, 70.5, 50.5, 38.5, 37.5, 38.5, 39.5, 40.5, 40.5, 40.5),
        },
    ),
    false("FG-C9", "stood, and no faster", **rates("celeba_facegan", 41.5, 41.5, 41.5)),
    false(
        "FG-C9",
        "faster at twice the rate, which the DCGAN stands too, and no faster at the rates that it does not",
        **{**rates("celeba_facegan", 30.5, 44.1, 41.5), **rates("celeba_dcgan", 45.5, 90.5, 300.5)},
    ),
    false(
        "FG-C9",
        "faster for a while at a rate that ruins it",
        **{
            **rates("celeba_facegan", 41.5, 41.5, 41.5),
            "celeba_facegan_rate_x5": fids(90.5, 70.5, 50.5, 38.5, 37.5, 38.5, 100.5, 140.5, 200.5, 200.5),
        },
    ),
    false(
        "FG-C9",
        "stood, and faster by a hair",
        **{f"celeba_facegan_rate_{point}": fids(*np.linspace(90.5, 39.5, 10)) for point in RATES},
    ),
    *allowed("FG-C9", "celeba_facegan", "celeba_facegan", 40.5),
    # --- C10: cannot tell ---
    true("FG-C10", "D's own number is 1/2"),
    true("FG-C10", "its sigmoid is 1/2", celeba_facegan=answers(settling(0.9, 0.5, 90), settling(0.1, 0.5, 90), 0.0)),
    true("FG-C10", "a little off", celeba_facegan=answers(settling(0.9, 0.55, 90), settling(0.1, 0.5, 90), 0.2)),
    false("FG-C10", "1/2 on real images, -6 on generated ones", celeba_facegan=answers(flat(0.622), flat(0.002))),
    false("FG-C10", "the same answer, far from 1/2", celeba_facegan=answers(flat(0.86), settling(0.1, 0.86, 90), 1.8)),
    false("FG-C10", "never told them apart", celeba_facegan=answers(flat(0.622), flat(0.622))),
    false("FG-C10", "right and wrong by turns", celeba_facegan=answers(swing(0.6, 0.38, 40), swing(0.6, -0.38, 40))),
    false("FG-C10", "1/2 on average over time", celeba_facegan=answers(jitter(0.5, 0.45), jitter(0.5, 0.45), 0.0)),
    # --- C11: fewer iterations ---
    true("FG-C11", "as the paper says"),
    true(
        "FG-C11",
        "only from 2,528 on",
        celeba_facegan=fids(*[130.5] * 7, 50.5, 45.5, 40.5),
        celeba_dcgan=fids(*np.linspace(120.5, 60.5, 10)),
    ),
    true("FG-C11", "and worse again in the end", celeba_facegan=fids(*[80.5] * 4, 45.5, 50.5, 60.5, 70.5, 80.5, 90.5)),
    true("FG-C11", "the DCGAN breaks down", celeba_dcgan=Planted(diverged=EVERY)),
    false("FG-C11", "as good in the end alone", celeba_facegan=fids(*np.linspace(90.5, 70.5, 9), 40.5)),
    false("FG-C11", "never", celeba_facegan=fids(*np.linspace(150.5, 70.5, 10))),
    false(
        "FG-C11",
        "the DCGAN as good at 1,580 and worse later",
        celeba_facegan=fids(*np.linspace(120.5, 34.5, 10)),
        celeba_dcgan=fids(90.5, 70.5, 60.5, 50.5, 36.5, *[60.5] * 5),
    ),
    false(
        "FG-C11",
        "the DCGAN has done at 632 what it takes until 2,528 for",
        celeba_facegan=fids(*[100.5] * 7, 58.5, 50.5, 45.5),
        celeba_dcgan=fids(100.5, *[60.5] * 9),
    ),
    # --- C12: better digits ---
    true("FG-C12", "as the paper says"),
    true("FG-C12", "the DCGAN breaks down", mnist_dcgan=Planted(diverged=EVERY)),
    true("FG-C12", "by little", mnist_facegan=Planted(scores={"digit_distance": 14.25})),
    false("FG-C12", "worse", mnist_facegan=Planted(scores={"digit_distance": 20.5})),
    false("FG-C12", "as good", mnist_facegan=Planted(scores={"digit_distance": 14.5})),
    # --- C13: closer to each other ---
    true("FG-C13", "as the paper says"),
    true("FG-C13", "but for one iteration", celeba_facegan=spiked("celeba_facegan", "generator_loss", 2000)),
    true("FG-C13", "both less than 1", celeba_dcgan=apart(flat(0.7))),
    true("FG-C13", "both more than 1", celeba_facegan=apart(flat(1.2))),
    false("FG-C13", "as far", celeba_facegan=apart(flat(1.6))),
    false(
        "FG-C13",
        "the DCGAN but for one iteration",
        celeba_facegan=apart(flat(0.5)),
        celeba_dcgan=apart(within(flat(0.4), 2000, 2000, 1e4)),
    ),
    false(
        "FG-C13",
        "together half of the time and 8 apart in the rest",
        celeba_facegan=apart(within(flat(0.1), 2000, LENGTH, 8.0)),
    ),
    # --- C14, C15: mirrored networks ---
    *mirrored("celeba"),
    *mirrored("mnist"),
    # --- C16: the networks alone ---
    true("FG-C16", "as the paper says"),
    false("FG-C16", "the loss does it", **rates("celeba_networks", 60.5, 90.5, 200.5)),
    *allowed("FG-C16", "celeba_networks", "celeba_facegan_standard_loss", 45.5),
]


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_claims_tell_true_from_false(world: World) -> None:
    assert_told(SPEC, BASE, world)


def test_every_measured_claim_meets_both_kinds_of_world() -> None:
    assert unprobed(SPEC, WORLDS) == set()
