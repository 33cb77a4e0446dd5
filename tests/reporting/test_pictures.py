from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from benchmark.reporting.curve_charts import Band
from benchmark.reporting.figures import Line, line_chart, ticks
from benchmark.reporting.gallery import DETAILS
from benchmark.reporting.painter import Budget, Painter
from benchmark.reporting.pictures import _logistic, image_grid, neighbour_rows, point_panels, shrunk, spaced
from benchmark.reporting.run_groups import Evidence
from benchmark.spec.paper import Figure
from tests.reporting.factory import gan_rl, images_of, points_of, stored_run


def decoded(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def test_grid_holds_every_pixel_of_grey_images_in_reading_order() -> None:
    images = np.arange(3 * 4, dtype=np.uint8).reshape(3, 1, 2, 2)
    sheet = decoded(image_grid(images, 2, "a", "").uri)
    assert sheet.shape == (7, 7)
    assert sheet[1:3, 1:3].tolist() == [[0, 1], [2, 3]]
    assert sheet[1:3, 4:6].tolist() == [[4, 5], [6, 7]]
    assert sheet[4:6, 1:3].tolist() == [[8, 9], [10, 11]]
    assert (sheet[4:6, 4:6] == 255).all()


def test_colour_survives_compression() -> None:
    images = np.zeros((1, 3, 16, 16), np.uint8)
    images[:, 0] = 200
    assert np.abs(decoded(image_grid(images, 1, "a", "").uri)[8, 8].astype(int) - [200, 0, 0]).max() < 12


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
    sheet = decoded(point_panels([("a", arrays)], 1, 10, "alt", "").uri).astype(int).sum(axis=2)
    middle = sheet[:, sheet.shape[1] * 3 // 5]
    panel = middle[int(len(middle) * 0.28) : -4]
    assert panel[: len(panel) // 5].mean() < panel[-len(panel) // 5 :].mean() - 100


def test_spaced_keeps_the_last() -> None:
    assert spaced(20, 6)[-1] == 19
    assert len(spaced(20, 6)) == 6
    assert spaced(3, 6) == [0, 1, 2]


def test_chart_says_in_words_where_its_lines_end() -> None:
    positions = np.array([1.0, 2.0])
    band = Band(positions, np.array([0.0, 0.25]), np.array([0.0, 0.125]), np.array([0.0, 0.5]), 3)
    picture = line_chart("losses", [Line("generator_loss", band)], where="plain, full tier, 3 seeds")
    assert "generator_loss ends at 0.25 (0.125 to 0.5 over seeds)" in picture.alt
    assert "plain, full tier, 3 seeds" in picture.alt


def test_chart_draws_its_line_band_and_the_paper_s_point_where_they_belong() -> None:
    """Iterations 0 to 100 over 392 pixels from 52 on, values 0 to 10 from the bottom at 235 up to 42."""
    positions = np.array([0.0, 50.0, 100.0])
    band = Band(positions, np.array([10.0, 5.0, 0.0]), np.array([8.0, 4.0, 0.0]), np.array([10.0, 6.0, 2.0]), 3)
    picture = line_chart("FID", [Line("plain", band, published=2.5)], where="here", y_range=(0.0, 10.0))
    drawing = ElementTree.fromstring(unquote(picture.uri.partition(",")[2]))
    paths = [one.attrib for one in drawing.iter("{http://www.w3.org/2000/svg}path")]
    places = {kind: one["d"] for one in paths for kind in ("fill-opacity", "stroke-linejoin") if kind in one}
    high, low = 12 + 15, 275 - 40  # one row of the legend holds both entries
    y = [high + (low - high) * share for share in (0, 0.5, 1)]
    assert places["stroke-linejoin"] == f"M52.0 {y[0]:.1f}L248.0 {y[1]:.1f}L444.0 {y[2]:.1f}"
    first = f"M52.0 {high + (low - high) * 0.2:.1f}L248.0 {high + (low - high) * 0.6:.1f}L444.0 {low:.1f}"
    assert places["fill-opacity"].startswith(first)
    diamond = next(one for one in paths if one["d"].startswith("M444.0") and "l5 5" in one["d"])
    centre = float(re.findall(r"M444.0 ([0-9.]+)", diamond["d"])[0]) + 5
    assert centre == pytest.approx(high + (low - high) * 0.75, abs=0.06)
    assert "ends at 0 (0 to 2 over seeds), published 2.5" in picture.alt


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (-1, 1, [-1, -0.5, 0, 0.5, 1]), (0.02, 0.11, [0.02, 0.04, 0.06, 0.08, 0.1])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(20))
def test_ticks_lie_within_and_are_few(seed: int) -> None:
    random = np.random.default_rng(seed)
    low = random.normal() * 10 ** random.uniform(-4, 6)
    high = low + 10 ** random.uniform(-4, 6)
    found = ticks(low, high)
    assert 1 < len(found) <= 6
    assert low - 1e-6 * (high - low) <= found[0] < found[-1] <= high + 1e-6 * (high - low)


def test_large_images_shrink_by_means_of_blocks() -> None:
    images = np.zeros((1, 1, 4, 4), np.uint8)
    images[0, 0, :2, :2] = [[0, 100], [100, 200]]
    assert shrunk(images, 2)[0, 0].tolist() == [[100, 0], [0, 0]]
    assert shrunk(images, 4) is images


def test_neighbours_stand_right_of_their_sample_behind_a_gap() -> None:
    samples = np.full((1, 2, 1, 6, 6), 10, np.uint8)
    neighbours = np.stack([np.full((2, 1, 6, 6), 20, np.uint8), np.full((2, 1, 6, 6), 30, np.uint8)], axis=1)
    sheet = decoded(neighbour_rows({"samples": samples, "neighbours": neighbours}, 2, 64, "a", "").uri)
    assert sheet.shape == (2 * 7 + 1, 3 * 7 + 1 + 4)
    # a pixel of margin, the sample, the gap of four and the pixel between, the two nearest
    assert sheet[3].tolist() == [255] + [10] * 6 + [255] * 5 + [20] * 6 + [255] + [30] * 6 + [255]


def test_a_figure_may_name_the_epoch_whose_samples_it_shows(tmp_path: Path) -> None:
    """Snapshots after iterations 300, 600 and 900 of 100 an epoch: epoch 6 has one, epoch 5 none."""
    spec, arrays = gan_rl().spec, images_of(1, 900, shots=3)
    curves = {"discriminator_loss": np.zeros(900, np.float32)}
    stored = stored_run(tmp_path, spec, "toy_minimax", "full", 0, curves=curves, samples=arrays)
    stored = replace(stored, record=stored.record.model_copy(update={"iterations_per_epoch": 100.0}))
    evidence = Evidence(spec, [stored])
    painter = Painter(spec, evidence, DETAILS[0], Budget(10**7))
    group = evidence.group("toy_minimax")
    assert group is not None
    then, real = painter.images(group, 6)
    assert "iteration 600" in then.caption
    assert decoded(then.uri)[1:17, 1:17].tolist() == arrays["samples"][1, 0, 0].tolist()
    assert real.uri == painter.images(group)[1].uri
    assert painter.images(group, 5) == []
    assert "iteration 900" in painter.images(group)[0].caption
    with pytest.raises(ValidationError, match="epoch goes with by: samples"):
        Figure(where="figure 1", shows="losses", experiments=("toy_minimax",), by="curves", epoch=6)
