from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from benchmark.reporting.painter import DETAILS, Painter
from benchmark.reporting.pictures import (
    Panel,
    Picture,
    _logistic,
    image_grid,
    neighbour_rows,
    point_panels,
    shrunk,
    spaced,
)
from benchmark.reporting.run_groups import PaperRecords
from benchmark.spec.printed import Figure
from tests.reporting.factory import gan_rl, images_of, points_of, stored_run


def decoded(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def test_grid_holds_every_pixel_of_grey_images_in_reading_order() -> None:
    images = np.arange(3 * 4, dtype=np.uint8).reshape(3, 1, 2, 2)
    sheet = decoded(image_grid(images, 2, "a", "").uri)
    assert sheet.shape == (7, 7, 2)
    assert sheet[1:3, 1:3, 0].tolist() == [[0, 1], [2, 3]]
    assert sheet[1:3, 4:6, 0].tolist() == [[4, 5], [6, 7]]
    assert sheet[4:6, 1:3, 0].tolist() == [[8, 9], [10, 11]]
    assert sheet[:, :, 1].sum() == 3 * 4 * 255, "all but the images is clear"


def test_colour_survives_compression() -> None:
    images = np.zeros((1, 3, 16, 16), np.uint8)
    images[:, 0] = 200
    assert np.abs(decoded(image_grid(images, 1, "a", "").uri)[8, 8].astype(int) - [200, 0, 0, 255]).max() < 12


def test_surface_is_shown_as_the_logistic_of_the_raw_output() -> None:
    raw = np.array([-800.0, -1.0, 0.0, 2.0, 800.0], np.float32)
    with np.errstate(over="ignore"):
        expected = 1 / (1 + np.exp(-raw.astype(np.float64)))
    assert np.allclose(_logistic(raw), expected, atol=1e-12)


def test_surface_stands_upright() -> None:
    """Row index of the surface is the second coordinate, ascending: what is high up must be drawn at the top."""
    arrays = {name: values.copy() for name, values in points_of(1, 0, 600, shots=1).items()}
    arrays["samples"][:] = arrays["real"][:] = 50.0  # out of sight
    arrays["value_surface"][:] = -20.0
    arrays["value_surface"][0, -8:, :] = 20.0
    sheet = decoded(point_panels([("a", [Panel("0", arrays, 0)])], "iteration", 10, "alt", "").uri)[:, :, 3].astype(int)
    middle = sheet[:, sheet.shape[1] * 3 // 5]
    panel = middle[int(len(middle) * 0.28) : -4]
    assert panel[: len(panel) // 5].mean() > panel[-len(panel) // 5 :].mean() + 100


def test_spaced_keeps_the_last() -> None:
    assert spaced(20, 6)[-1] == 19
    assert len(spaced(20, 6)) == 6
    assert spaced(3, 6) == [0, 1, 2]


def test_large_images_shrink_by_means_of_blocks() -> None:
    images = np.zeros((1, 1, 4, 4), np.uint8)
    images[0, 0, :2, :2] = [[0, 100], [100, 200]]
    assert shrunk(images, 2)[0, 0].tolist() == [[100, 0], [0, 0]]
    assert shrunk(images, 4) is images


def test_neighbours_stand_right_of_their_sample_behind_a_gap() -> None:
    samples = np.full((1, 2, 1, 6, 6), 10, np.uint8)
    neighbours = np.stack([np.full((2, 1, 6, 6), 20, np.uint8), np.full((2, 1, 6, 6), 30, np.uint8)], axis=1)
    sheet = decoded(neighbour_rows({"samples": samples, "neighbours": neighbours}, 2, 64, "a", "").uri)
    assert sheet.shape == (2 * 7 + 1, 3 * 7 + 1 + 4, 2)
    # a pixel of margin, the sample, the gap of four and the pixel between, the two nearest
    assert sheet[3, :, 0].tolist() == [0] + [10] * 6 + [0] * 5 + [20] * 6 + [0] + [30] * 6 + [0]


def test_a_figure_may_name_the_epoch_whose_samples_it_shows(tmp_path: Path) -> None:
    """Snapshots after iterations 300, 600 and 900 of 100 an epoch: epoch 6 has one, epoch 5 none."""
    spec, arrays = gan_rl().spec, images_of(1, 900, shots=3)
    curves = {"discriminator_loss": np.zeros(900, np.float32)}
    stored = stored_run(tmp_path, spec, "toy_minimax", "full", 0, curves=curves, samples=arrays)
    stored = replace(stored, record=stored.record.model_copy(update={"iterations_per_epoch": 100.0}))
    evidence = PaperRecords(spec, [stored])
    painter = Painter(spec, evidence, DETAILS[0])
    group = evidence.group("toy_minimax")
    assert group is not None
    then = painter.samples(group, 6)
    assert then is not None
    assert "iteration 600" in then.caption
    assert decoded(then.uri)[1:17, 1:17, 0].tolist() == arrays["samples"][1, 0, 0].tolist()
    assert painter.samples(group, 5) is None
    last = painter.samples(group)
    assert last is not None
    assert "iteration 900" in last.caption
    with pytest.raises(ValidationError, match="epoch goes with by: samples"):
        Figure(where="figure 1", shows="losses", experiments=("toy_minimax",), by="curves", epoch=6)


def test_every_seed_is_shown_at_its_end(tmp_path: Path) -> None:
    """Two seeds draw one grey, one does not; a row each, and one seed alone has no such picture."""
    spec, curves = gan_rl().spec, {"discriminator_loss": np.zeros(900, np.float32)}
    levels = {0: 10, 1: 200, 2: 90}
    stored = []
    for seed, level in levels.items():
        arrays = images_of(1, 900, shots=3)
        arrays["samples"][-1] = level
        stored.append(stored_run(tmp_path, spec, "toy_minimax", "full", seed, curves=curves, samples=arrays))

    def shown(count: int) -> list[Picture]:
        evidence = PaperRecords(spec, stored[:count])
        group = evidence.group("toy_minimax")
        assert group is not None
        return [one for one in Painter(spec, evidence, DETAILS[0]).images(group) if "each seed" in one.caption]

    (strip,) = shown(3)
    sheet = decoded(strip.uri)
    assert sheet[1::17, 1, 0].tolist() == list(levels.values())
    assert sheet.shape[:2] == (3 * 17 + 1, 12 * 17 + 1)
    assert strip.says.startswith("12 generated images of each seed at its end, ")
    assert shown(1) == []


def test_points_are_shown_over_one_seeds_training_and_at_the_end_of_each(tmp_path: Path) -> None:
    spec, curves = gan_rl().spec, {"discriminator_loss": np.zeros(900, np.float32)}
    stored = [
        stored_run(tmp_path, spec, "toy_minimax", "full", seed, curves=curves, samples=points_of(0, seed, 900))
        for seed in range(3)
    ]

    def shown(count: int) -> list[str]:
        evidence = PaperRecords(spec, stored[:count])
        return [one.caption for one in Painter(spec, evidence, DETAILS[-1]).points(evidence.groups)]

    over_training = "full tier, seed 0, the lowest one and not a selected one"
    assert shown(1) == [over_training]
    assert shown(3) == [over_training, "full tier, seeds 0\N{EN DASH}2, each at its end"]
